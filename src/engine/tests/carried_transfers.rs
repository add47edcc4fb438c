//! Transfers, and steps that are undone, of vouchers whose money was carried into another year:
//! the books are those of the year it is charged to, the caps those of the programme that judges.

use super::programmes::{create, end_year};
use super::steps::{by_two, change, decide, half_to_far_firm, propose, refused, revoke, seq};
use super::transfers::{self, FAR_PROGRAMME, OTHERS};
use super::world::*;
use crate::domain::{EnterpriseId, Fen, ProgrammeId, UsageId, VoucherId};
use crate::engine::books::AccountKind as Kind;
use crate::engine::command::*;
use crate::engine::event::Event;
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::refusal_of;
use crate::engine::state::{State, usage_key};
use crate::engine::terms::RateTerms;

/// The year after that of `PROGRAMME`.
const NEXT: ProgrammeId = ProgrammeId(2);
/// What `PROGRAMME` is charged to when its year was carried into `NEXT`.
const PACK: ProgrammeId = ProgrammeId(3);

fn carried(w: &mut World) {
    create(w, "310117-2026", HOME, 2026);
    end_year(w, PROGRAMME, Some(NEXT));
    assert_eq!(w.state.charged(PROGRAMME), PACK);
}

fn budget(w: &World, programme: ProgrammeId) -> [i64; 3] {
    [Kind::Outstanding, Kind::Held, Kind::Lapsed].map(|kind| w.state.budget(programme, kind).get())
}

#[test]
fn a_transfer_after_a_carry_is_charged_to_the_new_year_and_capped_by_the_old_rules() {
    let mut w = transfers::world();
    carried(&mut w);
    let outstanding = w.state.budget(PACK, Kind::Outstanding).get();
    let gone = budget(&w, PROGRAMME);
    w.by(MAKER, propose(OTHERS, half_to_far_firm(), 30_000));
    assert_eq!(budget(&w, PACK), [outstanding - 30_000, 30_000, 0]);
    let done = seq(&w.by(CHECKER, decide(0, true)));
    assert_eq!(budget(&w, PACK), [outstanding, 0, 0]);
    assert_eq!(budget(&w, PROGRAMME), gone);
    for firm in [OTHER_FIRM, FAR_FIRM] {
        assert_eq!(w.state.usage_of(PROGRAMME, firm).issued, fen(30_000));
        assert_eq!(w.state.usage_of(PACK, firm).issued, Fen::ZERO);
    }
    // The shares are counted under the programme that judges, whatever is charged.
    let too_much = TransferRequest::Succession {
        to: FAR_FIRM,
        cap_share: ratio(500_001),
    };
    let said = w.by(MAKER, propose(OTHERS, too_much, 1));
    assert_eq!(refusal_of(&said[0].event), Some(Code::CapSharesExceeded));
    assert_eq!(refused(&mut w, MAKER, done), None);
    assert_eq!(budget(&w, PACK), [outstanding, 0, 0]);
    assert_eq!(w.state.usage_of(PROGRAMME, OTHER_FIRM).issued, fen(60_000));
    assert_eq!(w.state.usage_of(PROGRAMME, FAR_FIRM).issued, Fen::ZERO);
}

#[test]
fn a_share_declared_before_a_carry_counts_after_it() {
    let mut w = transfers::world();
    w.by(MAKER, propose(OTHERS, half_to_far_firm(), 30_000));
    carried(&mut w);
    assert_eq!(w.state.budget(PACK, Kind::Held), fen(30_000));
    let said = w.by(
        MAKER,
        propose(
            OTHERS,
            TransferRequest::Succession {
                to: FAR_FIRM,
                cap_share: ratio(500_001),
            },
            1,
        ),
    );
    assert_eq!(refusal_of(&said[0].event), Some(Code::CapSharesExceeded));
    w.by(CHECKER, decide(0, true));
    assert_eq!(w.state.budget(PACK, Kind::Held), Fen::ZERO);
    assert_eq!(w.state.usage_of(PROGRAMME, FAR_FIRM).issued, fen(30_000));
}

#[test]
fn a_move_after_a_carry_gives_the_money_back_to_the_year_it_was_charged_to() {
    let mut w = transfers::world();
    carried(&mut w);
    let outstanding = w.state.budget(PACK, Kind::Outstanding).get();
    let kind = TransferRequest::Move {
        to_city: HOST,
        programme: FAR_PROGRAMME,
    };
    w.by(FILER, propose(OTHERS, kind, 50_000));
    w.by(MAKER, decide(0, true));
    let events = w.by(CHECKER, decide(0, true));
    assert!(matches!(events[0].event, Event::TransferMoved(_)));
    assert_eq!(budget(&w, PACK), [outstanding - 50_000, 0, 50_000]);
    assert_eq!(budget(&w, FAR_PROGRAMME)[0], 50_000);
    assert_eq!(w.state.usage_of(PROGRAMME, OTHER_FIRM).issued, fen(10_000));
    let there = w.state.usage_of(FAR_PROGRAMME, OTHER_FIRM);
    assert_eq!(there.issued, fen(50_000));
}

#[test]
fn a_proposal_that_ends_after_a_carry_gives_back_in_the_new_year() {
    let mut w = transfers::world();
    w.by(MAKER, propose(OTHERS, half_to_far_firm(), 30_000));
    carried(&mut w);
    let outstanding = w.state.budget(PACK, Kind::Outstanding);
    w.advance("2025-10-11");
    assert_eq!(w.state.budget(PACK, Kind::Held), Fen::ZERO);
    assert_eq!(w.state.budget(PACK, Kind::Outstanding), Fen::ZERO);
    let lapsed = w.state.budget(PACK, Kind::Lapsed);
    assert_eq!(Some(lapsed), outstanding.checked_add(fen(30_000)));
}

#[test]
fn a_revocation_after_a_carry_is_undone_and_one_before_it_is_not() {
    let mut w = transfers::world();
    let before = by_two(&mut w, revoke(OTHERS));
    carried(&mut w);
    assert_eq!(refused(&mut w, CHECKER, before), Some(Code::StepUsed));
    let outstanding = w.state.budget(PACK, Kind::Outstanding);
    let after = by_two(&mut w, revoke(VoucherId(2)));
    assert_eq!(w.state.budget(PACK, Kind::Lapsed), fen(60_000));
    assert_eq!(refused(&mut w, CHECKER, after), None);
    assert_eq!(w.state.budget(PACK, Kind::Outstanding), outstanding);
    assert_eq!(w.state.budget(PACK, Kind::Lapsed), Fen::ZERO);
}

#[test]
fn a_cut_is_not_undone_once_the_year_has_ended() {
    let mut w = transfers::world();
    let cut = by_two(&mut w, change(PROGRAMME, 5_000, false));
    carried(&mut w);
    assert_eq!(refused(&mut w, CHECKER, cut), Some(Code::YearEnded));
}

#[test]
fn nothing_moves_into_a_programme_whose_year_has_ended() {
    let mut w = transfers::world();
    let kind = TransferRequest::Move {
        to_city: HOST,
        programme: FAR_PROGRAMME,
    };
    w.by(FILER, propose(OTHERS, kind, 50_000));
    w.by(MAKER, decide(0, true));
    end_year(&mut w, FAR_PROGRAMME, None);
    let said = w.by(CHECKER, decide(0, true));
    assert_eq!(refusal_of(&said[0].event), Some(Code::YearEnded));
}

/// What a firm has used in two categories, and in the rolling periods of its city.
fn used(state: &State, firm: EnterpriseId) -> (Fen, Fen, Fen) {
    let position = state.usage.position(usage_key(PROGRAMME, firm));
    let of = |category| {
        position.map_or(Fen::ZERO, |at| {
            let usage = UsageId::from_index(at).expect("few");
            state.used_in_category(usage, category)
        })
    };
    let since = state.used_since(HOME, firm, day("2025-01-01"));
    (of(TESTING), of(DESIGN), since)
}

#[test]
fn what_was_used_in_each_category_comes_back_with_a_transfer_that_is_undone() {
    let mut w = transfers::world();
    let rates = [TESTING, DESIGN].map(|category| RateTerms {
        category,
        ..World::terms().rates[0].clone()
    });
    w.publish(VersionTerms {
        rates: rates.into(),
        ..transfers::allow_all()
    });
    w.issue(FIRM, 60_000);
    let voucher = VoucherId(3);
    for (category, invoice) in [(TESTING, 20_000), (DESIGN, 10_001)] {
        let mut claim = w.claim();
        claim.voucher = VoucherKey::Id(voucher);
        claim.category = category;
        claim.invoice_amount = fen(invoice);
        w.approve(claim);
    }
    let before = used(&w.state, FIRM);
    assert!(before.0 > Fen::ZERO && before.1 > Fen::ZERO, "{before:?}");
    w.by(MAKER, propose(voucher, half_to_far_firm(), 1_000));
    let done = seq(&w.by(CHECKER, decide(0, true)));
    let moved = used(&w.state, FAR_FIRM);
    assert!(moved.0 > Fen::ZERO && moved.1 > Fen::ZERO, "{moved:?}");
    assert_eq!(
        moved.0.checked_add(moved.1),
        Some(moved.2),
        "all counts on that day"
    );
    assert_eq!(refused(&mut w, MAKER, done), None);
    assert_eq!(used(&w.state, FIRM), before);
    assert_eq!(used(&w.state, FAR_FIRM), (Fen::ZERO, Fen::ZERO, Fen::ZERO));
}

#[test]
fn a_firm_that_is_no_more_still_gives_what_it_has() {
    let mut w = transfers::world();
    let gone = Payee::Enterprise(OTHER_FIRM);
    w.system(super::parties::dissolve(gone, Some(FIRM)));
    w.by(MAKER, propose(OTHERS, half_to_far_firm(), 60_000));
    let done = w.by(CHECKER, decide(0, true));
    assert_eq!(done[0].event.name(), "TransferApproved");
}
