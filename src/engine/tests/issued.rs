//! What counts as issued: it is lowered at whom it counts, whoever has the voucher, and what comes
//! back to a revoked voucher is revoked with it.

use super::programmes::end_year;
use super::steps::{both, by_two, refused, revoke, seq};
use super::transfers::{self, FAR_PROGRAMME, OTHERS, SISTER, decide, propose, succession, to_host};
use super::world::*;
use crate::domain::{ClaimId, EnterpriseId, Seq, VoucherId};
use crate::engine::books::AccountKind as Kind;
use crate::engine::command::*;
use crate::engine::event::{Event, Recorded};
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::{invariants, refusal_of};

/// What counts as issued to the other firm, the far firm, the firm and its sister.
fn issued(w: &World) -> [i64; 4] {
    invariants::check(&w.state).expect("every invariant holds");
    [OTHER_FIRM, FAR_FIRM, FIRM, SISTER].map(|firm| w.state.usage_of(PROGRAMME, firm).issued.get())
}

/// A transfer that both persons approve; the child.
fn give(w: &mut World, voucher: VoucherId, kind: TransferRequest, amount: i64) -> VoucherId {
    let child = VoucherId(w.state.voucher_count() as u32);
    let transfer = w.state.transfer_count() as u32;
    w.by(MAKER, propose(voucher, kind, amount));
    let events = w.by(CHECKER, decide(transfer, true));
    assert_eq!(events[0].event.name(), "TransferApproved", "{events:?}");
    child
}

fn issue(firm: EnterpriseId, amount: i64) -> Command {
    Command::IssueVoucher(IssueVoucher {
        programme: PROGRAMME,
        enterprise: EnterpriseKey::Id(firm),
        amount: fen(amount),
        application: None,
    })
}

/// The refusal of a command, if it is refused.
fn said(events: &[Recorded]) -> Option<Code> {
    refusal_of(&events.last().expect("an event").event)
}

fn open(to: EnterpriseId) -> TransferRequest {
    TransferRequest::Open { to }
}

/// The firm has 1,000.00 of its own and 300.00 of the other firm's 600.00.
fn given_openly() -> (World, VoucherId) {
    let mut w = transfers::world();
    let child = give(&mut w, OTHERS, open(FIRM), 30_000);
    assert_eq!(issued(&w), [60_000, 0, 100_000, 0]);
    (w, child)
}

#[test]
fn a_received_voucher_that_is_revoked_leaves_no_room_for_its_holder() {
    let (mut w, child) = given_openly();
    let done = by_two(&mut w, revoke(child));
    assert_eq!(issued(&w), [30_000, 0, 100_000, 0]);
    let beyond = w.system(issue(FIRM, 100_001));
    assert_eq!(said(&beyond), Some(Code::IssueCapExceeded));
    assert_eq!(refused(&mut w, CHECKER, done), None);
    assert_eq!(issued(&w), [60_000, 0, 100_000, 0]);
    // The room that it leaves is the giver's; once that is used the voucher stays revoked.
    let done = by_two(&mut w, revoke(child));
    assert_eq!(said(&w.system(issue(OTHER_FIRM, 170_000))), None);
    assert_eq!(refused(&mut w, CHECKER, done), Some(Code::StepUsed));
    assert_eq!(issued(&w), [200_000, 0, 100_000, 0]);
}

#[test]
fn an_affiliates_voucher_counts_at_whom_it_was_issued_to_however_far_it_went() {
    let mut w = transfers::world();
    w.issue(FIRM, 30_000);
    let child = give(
        &mut w,
        VoucherId(3),
        TransferRequest::Affiliate { to: SISTER },
        20_000,
    );
    let back = give(
        &mut w,
        child,
        TransferRequest::Affiliate { to: FIRM },
        15_000,
    );
    let onward = give(&mut w, back, open(OTHER_FIRM), 10_000);
    assert_eq!(issued(&w), [60_000, 0, 130_000, 0]);
    for (voucher, left) in [(onward, 120_000), (child, 115_000), (back, 110_000)] {
        w.system(revoke(voucher));
        assert_eq!(issued(&w), [60_000, 0, left, 0]);
    }
}

#[test]
fn a_move_out_of_a_received_voucher_lowers_what_was_issued_to_the_giver() {
    let (mut w, child) = given_openly();
    w.by(FILER, propose(child, to_host(), 20_000));
    w.by(MAKER, decide(1, true));
    let events = w.by(CHECKER, decide(1, true));
    let Event::TransferMoved(moved) = &events[0].event else {
        panic!("{events:?}");
    };
    assert_eq!(issued(&w), [40_000, 0, 100_000, 0]);
    let there = |w: &World| w.state.usage_of(FAR_PROGRAMME, FIRM).issued;
    assert_eq!(there(&w), fen(20_000));
    // What was issued there counts there.
    let moved = moved.child;
    w.system(revoke(moved));
    assert_eq!(there(&w), fen(0));
    assert_eq!(issued(&w), [40_000, 0, 100_000, 0]);
}

#[test]
fn what_came_back_of_a_received_voucher_is_reissued_to_its_holder_and_counts_there() {
    let (mut w, child) = given_openly();
    w.system(revoke(child));
    let again = |amount| {
        Command::ReissueVoucher(ReissueVoucher {
            voucher: child,
            amount: fen(amount),
        })
    };
    let new = VoucherId(w.state.voucher_count() as u32);
    assert_eq!(said(&w.system(again(30_000))), None);
    assert_eq!(issued(&w), [30_000, 0, 130_000, 0]);
    w.system(revoke(new));
    assert_eq!(issued(&w), [30_000, 0, 100_000, 0]);
    let beyond = w.system(issue(FIRM, 100_001));
    assert_eq!(said(&beyond), Some(Code::IssueCapExceeded));
}

/// The other firm has vouchers of 600.00 and 400.00, and a share of what it had and used goes to
/// the far firm with 600.00; the child and the other voucher.
fn succeeded(share: u32) -> (World, [VoucherId; 2], Seq) {
    let mut w = transfers::world();
    let second = VoucherId(3);
    w.issue(OTHER_FIRM, 40_000);
    w.by(MAKER, propose(OTHERS, succession(FAR_FIRM, share), 60_000));
    let done = seq(&w.by(CHECKER, decide(0, true)));
    (w, [VoucherId(4), second], done)
}

#[test]
fn what_a_succession_took_along_counts_at_the_receiver_and_the_rest_at_the_giver() {
    // Share; issued to giver and receiver after it, after the child is revoked, and after the
    // giver's other voucher is.
    for (share, lines) in [
        (0, [[100_000, 0], [40_000, 0], [0, 0]]),
        (300_000, [[70_000, 30_000], [40_000, 0], [0, 0]]),
        (600_000, [[40_000, 60_000], [40_000, 0], [0, 0]]),
        (800_000, [[20_000, 80_000], [20_000, 20_000], [0, 0]]),
        (1_000_000, [[0, 100_000], [0, 40_000], [0, 0]]),
    ] {
        let (mut w, [child, second], _) = succeeded(share);
        let line = |[giver, receiver]: [i64; 2]| [giver, receiver, 100_000, 0];
        assert_eq!(issued(&w), line(lines[0]), "{share}");
        let first = by_two(&mut w, revoke(child));
        assert_eq!(issued(&w), line(lines[1]), "{share}");
        let last = by_two(&mut w, revoke(second));
        assert_eq!(issued(&w), line(lines[2]), "{share}");
        assert_eq!(refused(&mut w, CHECKER, last), None);
        assert_eq!(issued(&w), line(lines[1]), "{share}");
        assert_eq!(refused(&mut w, CHECKER, first), None);
        assert_eq!(issued(&w), line(lines[0]), "{share}");
    }
}

#[test]
fn what_is_issued_after_a_succession_is_not_counted_for_what_it_took_along() {
    let (mut w, [_, second], _) = succeeded(1_000_000);
    let later = VoucherId(w.state.voucher_count() as u32);
    w.issue(OTHER_FIRM, 50_000);
    assert_eq!(issued(&w), [50_000, 100_000, 100_000, 0]);
    let early = by_two(&mut w, revoke(second));
    assert_eq!(issued(&w), [50_000, 60_000, 100_000, 0]);
    w.system(revoke(later));
    assert_eq!(issued(&w), [0, 60_000, 100_000, 0]);
    assert_eq!(refused(&mut w, CHECKER, early), None);
    assert_eq!(issued(&w), [0, 100_000, 100_000, 0]);
}

#[test]
fn a_second_succession_takes_the_same_share_of_what_was_issued_before_and_after_the_first() {
    let (mut w, [child, second], _) = succeeded(500_000);
    w.issue(OTHER_FIRM, 30_001);
    assert_eq!(issued(&w), [80_001, 50_000, 100_000, 0]);
    // All that is left to be shared: half of what was.
    let half = give(&mut w, second, succession(SISTER, 250_000), 10_000);
    // 40,000 and a half: of 50,000 and 30,001 the parts are 25,000 and 15,000.
    assert_eq!(issued(&w), [40_001, 50_000, 100_000, 40_000]);
    w.system(revoke(VoucherId(5)));
    assert_eq!(issued(&w), [25_000, 50_000, 100_000, 25_000]);
    w.system(revoke(half));
    assert_eq!(issued(&w), [25_000, 50_000, 100_000, 15_000]);
    w.system(revoke(second));
    assert_eq!(issued(&w), [0, 45_000, 100_000, 15_000]);
    w.system(revoke(child));
    assert_eq!(issued(&w), [0, 0, 100_000, 0]);
}

#[test]
fn a_succession_stays_where_what_it_took_along_went_on_or_was_revoked() {
    // The receiver passed it on, and was issued as much again.
    let mut w = transfers::world();
    w.issue(FIRM, 10_000);
    w.by(MAKER, propose(OTHERS, succession(FIRM, 500_000), 1));
    let done = seq(&w.by(CHECKER, decide(0, true)));
    assert_eq!(issued(&w), [30_000, 0, 140_000, 0]);
    give(&mut w, VoucherId(3), succession(SISTER, 1_000_000), 1);
    assert_eq!(said(&w.system(issue(FIRM, 150_000))), None);
    assert_eq!(issued(&w), [30_000, 0, 150_000, 140_000]);
    assert_eq!(refused(&mut w, MAKER, done), Some(Code::StepUsed));
    // More was revoked than it had left with the giver.
    let (mut w, [_, second], done) = succeeded(1_000_000);
    w.system(revoke(second));
    assert_eq!(refused(&mut w, MAKER, done), Some(Code::StepUsed));
    // What was issued and revoked since has nothing to do with it.
    let (mut w, _, done) = succeeded(1_000_000);
    let later = VoucherId(w.state.voucher_count() as u32);
    w.issue(OTHER_FIRM, 50_000);
    w.system(revoke(later));
    assert_eq!(refused(&mut w, MAKER, done), None);
    assert_eq!(issued(&w), [100_000, 0, 100_000, 0]);
}

/// What the other firm's voucher has free, held, approved and returned.
fn money(w: &World) -> [i64; 4] {
    let row = w.state.voucher(OTHERS).expect("it is there");
    [row.free, row.held, row.approved, row.returned].map(|fen| fen.get())
}

fn lapsed_total(w: &World) -> i128 {
    let row = w.state.programme(PROGRAMME);
    row.map_or(0, |row| row.lapsed_total)
}

/// Binds 100.00 of the other firm's voucher, and later lets it go.
type Bound = (fn(&mut World), fn(&mut World));

const BOUND: &[Bound] = &[
    (
        |w| {
            let mut claim = w.claim();
            claim.voucher = VoucherKey::Id(OTHERS);
            (claim.contract_amount, claim.invoice_amount) = (fen(20_000), fen(20_000));
            w.approve(claim);
        },
        |w| {
            let claim = ClaimId(0);
            w.by(MAKER, Command::ReverseClaim(ReverseClaim { claim }));
        },
    ),
    (
        |w| {
            w.by(MAKER, propose(OTHERS, succession(SISTER, 0), 10_000));
        },
        |w| {
            w.by(CHECKER, decide(0, false));
        },
    ),
    (
        |w| {
            w.by(MAKER, propose(OTHERS, succession(SISTER, 0), 10_000));
        },
        |w| {
            let transfer = crate::domain::TransferId(0);
            let withdraw = WithdrawTransfer { transfer };
            w.by(MAKER, Command::WithdrawTransfer(withdraw));
        },
    ),
    (
        |w| {
            let order = ProposeOrder {
                provider: LAB,
                category: TESTING,
                contract_amount: fen(20_000),
                hold_until: day("2025-04-10"),
                lines: Box::new([(OTHERS, fen(10_000))]),
            };
            w.by(FILER, Command::ProposeOrder(order));
            let order = crate::domain::OrderId(0);
            w.by(FILER, Command::ConfirmOrder(ConfirmOrder { order }));
        },
        |w| {
            w.advance("2025-04-11");
        },
    ),
];

#[test]
fn what_comes_back_to_a_revoked_voucher_goes_where_its_revocation_went() {
    for (line, (bind, let_go)) in BOUND.iter().enumerate() {
        let mut w = transfers::world();
        bind(&mut w);
        let available = w.state.budget(PROGRAMME, Kind::Available).get();
        let done = by_two(&mut w, revoke(OTHERS));
        assert_eq!(money(&w)[3], 50_000, "line {line}");
        assert_eq!(issued(&w), [10_000, 0, 100_000, 0], "line {line}");
        let_go(&mut w);
        assert_eq!(money(&w), [0, 0, 0, 60_000], "line {line}");
        assert_eq!(issued(&w), [0, 0, 100_000, 0], "line {line}");
        let now = w.state.budget(PROGRAMME, Kind::Available).get();
        assert_eq!(now, available + 60_000, "line {line}");
        assert_eq!(lapsed_total(&w), 0, "line {line}: it did not lapse");
        // It would have gone to the voucher: the revocation is not as it was any more.
        let undone = refused(&mut w, CHECKER, done);
        assert_eq!(undone, Some(Code::StepUsed), "line {line}");
        let all = Command::ReissueVoucher(ReissueVoucher {
            voucher: OTHERS,
            amount: fen(60_000),
        });
        assert_eq!(said(&w.system(all)), None, "line {line}");
        assert_eq!(issued(&w), [60_000, 0, 100_000, 0], "line {line}");
    }
}

#[test]
fn a_revocation_is_undone_while_what_was_bound_is_bound_and_it_comes_back_to_the_voucher() {
    for (line, (bind, let_go)) in BOUND.iter().enumerate() {
        let mut w = transfers::world();
        bind(&mut w);
        let before = money(&w);
        let done = by_two(&mut w, revoke(OTHERS));
        assert_eq!(refused(&mut w, CHECKER, done), None, "line {line}");
        assert_eq!(money(&w), before, "line {line}");
        assert_eq!(issued(&w), [60_000, 0, 100_000, 0], "line {line}");
        let_go(&mut w);
        assert_eq!(money(&w), [60_000, 0, 0, 0], "line {line}");
    }
}

#[test]
fn what_comes_back_to_a_revoked_voucher_after_the_close_of_its_year_goes_to_lapsed() {
    for (line, (bind, let_go)) in BOUND.iter().enumerate() {
        let mut w = transfers::world();
        bind(&mut w);
        w.system(revoke(OTHERS));
        end_year(&mut w, PROGRAMME, None);
        let available = w.state.budget(PROGRAMME, Kind::Available);
        let_go(&mut w);
        assert_eq!(money(&w), [0, 0, 0, 60_000], "line {line}");
        assert_eq!(w.state.budget(PROGRAMME, Kind::Lapsed), fen(10_000));
        assert_eq!(w.state.budget(PROGRAMME, Kind::Available), available);
        assert_eq!(issued(&w), [0, 0, 100_000, 0], "line {line}");
    }
}

#[test]
fn what_comes_back_to_a_revoked_voucher_after_its_last_day_is_revoked_too() {
    let mut w = transfers::world();
    BOUND[0].0(&mut w);
    w.system(revoke(OTHERS));
    w.advance("2025-10-11");
    let lapsed = lapsed_total(&w);
    BOUND[0].1(&mut w);
    assert_eq!(money(&w), [0, 0, 0, 60_000]);
    assert_eq!(lapsed_total(&w), lapsed);
    assert_eq!(issued(&w), [0, 0, 100_000, 0]);
}

#[test]
fn what_comes_back_to_a_received_voucher_that_was_revoked_leaves_room_to_the_giver() {
    let (mut w, child) = given_openly();
    w.consent(child, ConsentGiver::Holder(None), 1_000_000);
    let mut claim = w.claim();
    claim.voucher = VoucherKey::Id(child);
    (claim.contract_amount, claim.invoice_amount) = (fen(20_000), fen(20_000));
    w.approve(claim);
    both(&mut w, revoke(child));
    assert_eq!(issued(&w), [40_000, 0, 100_000, 0]);
    let claim = ClaimId(0);
    w.by(MAKER, Command::ReverseClaim(ReverseClaim { claim }));
    assert_eq!(issued(&w), [30_000, 0, 100_000, 0]);
}

#[test]
fn a_succession_takes_its_share_of_what_counts_whatever_an_older_event_says() {
    let mut w = transfers::world();
    w.by(
        MAKER,
        propose(OTHERS, succession(FAR_FIRM, 1_000_000), 60_000),
    );
    let mut then = w.state.clone();
    let mut decided = w.by(CHECKER, decide(0, true)).remove(0);
    let done = decided.meta.seq;
    let Event::TransferApproved(e) = &mut decided.event else {
        panic!("{decided:?}");
    };
    assert_eq!(e.issued_moved, fen(60_000));
    e.issued_moved = fen(90_000);
    then.apply(&decided);
    w.state = then;
    assert_eq!(issued(&w), [0, 60_000, 100_000, 0]);
    // Undone though a part of it was revoked since, which only an older journal does.
    let mut undone = w.state.clone();
    assert_eq!(refused(&mut w, MAKER, done), None);
    let reversed = w.out.iter().rev();
    let mut reversed = reversed.filter(|r| matches!(r.event, Event::StepReversed(_)));
    let mut reversed = reversed.next().expect("it is undone").clone();
    w.state = undone.clone();
    let child = VoucherId(3);
    w.system(revoke(child));
    assert_eq!(issued(&w), [0, 0, 100_000, 0]);
    undone = w.state.clone();
    (reversed.meta.seq, reversed.meta.recorded_at) = (undone.next_seq(), undone.recorded_at());
    let Event::StepReversed(e) = &mut reversed.event else {
        unreachable!("it is undone");
    };
    let crate::engine::event::Undone::Transfer(of) = &mut e.undone else {
        unreachable!("a transfer");
    };
    of.amount = fen(0);
    undone.apply(&reversed);
    assert_eq!(undone.usage_of(PROGRAMME, OTHER_FIRM).issued, fen(0));
    assert_eq!(undone.usage_of(PROGRAMME, FAR_FIRM).issued, fen(0));
}
