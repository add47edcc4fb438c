//! Simulations: the published rules give what happened, other rules what a hand-made example says.

use std::sync::Arc;

use proptest::prelude::*;

use super::random::{Step, cases, command};
use super::steps;
use super::transfers::OTHERS;
use super::world::*;
use crate::domain::{Day, Fen, OrderId};
use crate::engine::command::*;
use crate::engine::event::{Event, Recorded, SYSTEM};
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::simulate::{Question, RanOut, Report, SimulatedClaim, Simulation};

fn question() -> Question {
    Question {
        programme: Some(PROGRAMME),
        terms: None,
        agreement: None,
        from: Day::MIN,
        to: Day::MAX,
        budget: None,
    }
}

fn simulate(events: &[Recorded], question: Question) -> (Report, Vec<SimulatedClaim>) {
    let mut simulation = Simulation::new(question);
    let mut claims = Vec::new();
    let mut each = |claim: &SimulatedClaim| claims.push(claim.clone());
    events
        .iter()
        .for_each(|recorded| simulation.take(recorded, &mut each));
    (simulation.finish(&mut each), claims)
}

/// Half of 800.00 twice, what is left of the voucher two days later, and nothing after that.
fn history() -> World {
    let mut world = World::new();
    for day in ["2025-03-11", "2025-03-12", "2025-03-14", "2025-03-15"] {
        world.advance(day);
        let claim = world.claim();
        world.file(claim);
    }
    world
}

/// A quarter instead of a half.
fn quarter() -> VersionTerms {
    let mut terms = World::terms();
    terms.rates = Box::new([RateTerms {
        category: TESTING,
        tiers: Box::new([Tier {
            up_to: Fen::MAX,
            ratio: ratio(250_000),
        }]),
        cap_claim: fen(60_000),
    }]);
    terms
}

fn with(terms: VersionTerms) -> Question {
    Question {
        terms: Some(Arc::new(terms)),
        ..question()
    }
}

/// Result and amount after, claim by claim.
fn after(claims: &[SimulatedClaim]) -> Vec<(Option<Code>, i64)> {
    let after = claims.iter().map(|claim| &claim.after);
    after
        .map(|after| (after.refused, after.amount.get()))
        .collect()
}

#[test]
fn the_published_rules_give_what_happened() {
    let world = history();
    let (report, claims) = simulate(&world.out, with(World::terms()));
    let exhausted = Some(Code::VoucherExhausted);
    let happened = [
        (None, 40_000),
        (None, 40_000),
        (None, 20_000),
        (exhausted, 0),
    ];
    assert_eq!(after(&claims), happened);
    assert_eq!((report.changed, report.left_out), (0, 0));
    assert_eq!(report.before, report.after);
    let parts: Vec<_> = report.before.parts.into_iter().collect();
    assert_eq!(parts, [(HOME, 60_000), (HOST, 40_000)]);
}

#[test]
fn a_lower_ratio_early_leaves_more_of_the_voucher_for_later() {
    let world = history();
    let asked = Question {
        budget: Some(fen(90_000)),
        ..with(quarter())
    };
    let (report, claims) = simulate(&world.out, asked);
    assert_eq!(after(&claims), [(None, 20_000); 4]);
    assert_eq!((report.claims, report.changed), (4, 3));
    let appeared = report.results.get(&(Some(Code::VoucherExhausted), None));
    assert_eq!(appeared, Some(&1));
    assert_eq!(
        (report.before.amount, report.after.amount),
        (100_000, 80_000)
    );
    let owed = |side: &crate::engine::simulate::Side| {
        (
            side.payable[&HOST],
            side.receivable[&HOME],
            side.parts[&HOME],
        )
    };
    assert_eq!(owed(&report.before), (40_000, 40_000, 60_000));
    assert_eq!(owed(&report.after), (32_000, 32_000, 48_000));
    // 900.00 were passed by the third claim; the draft stays within them.
    let on = day("2025-03-14");
    assert_eq!(report.before.ran_out, Some(RanOut { on }));
    assert_eq!(report.after.ran_out, None);
}

#[test]
fn a_lower_cap_refuses_what_is_beyond_it() {
    let mut terms = World::terms();
    terms.cap_enterprise = fen(50_000);
    let (_, claims) = simulate(&history().out, with(terms));
    let beyond = Some(Code::YearCapExhausted);
    let expected = [(None, 40_000), (None, 10_000), (beyond, 0), (beyond, 0)];
    assert_eq!(after(&claims), expected);
}

/// An order that holds half of its contract of 800.00.
fn contracted(world: &mut World) -> OrderId {
    let propose = ProposeOrder {
        provider: LAB,
        category: TESTING,
        contract_amount: fen(80_000),
        hold_until: day("2025-05-31"),
        lines: Box::new([(VOUCHER, fen(40_000))]),
    };
    let order = OrderId(0);
    world.by(FILER, Command::ProposeOrder(propose));
    world.by(FILER, Command::ConfirmOrder(ConfirmOrder { order }));
    world.sign(order, day("2025-03-10"));
    order
}

#[test]
fn a_hold_counts_to_its_contract_under_the_simulated_rules() {
    let mut world = World::new();
    let mut first = world.claim();
    first.invoice_amount = fen(2_000);
    world.approve(first);
    contracted(&mut world);
    let beside = world.claim();
    assert_eq!(world.approve(beside).amount, fen(40_000));
    let capped = VersionTerms {
        cap_contract: Some(fen(60_000)),
        ..World::terms()
    };
    let (_, claims) = simulate(&world.out, with(capped));
    assert_eq!(after(&claims), [(None, 1_000), (None, 19_000)]);
}

#[test]
fn an_order_holds_what_the_simulated_rules_leave_of_it() {
    let mut world = World::new();
    let order = contracted(&mut world);
    let mut claim = world.claim();
    claim.order = Some(Capture { order, last: true });
    claim.contract_amount = fen(80_000);
    let (number, on) = world
        .state
        .order(order)
        .and_then(|row| row.contract)
        .expect("signed");
    (claim.contract_no, claim.contract_date) = (number, on);
    assert_eq!(world.approve(claim).amount, fen(40_000));
    let (report, claims) = simulate(&world.out, with(World::terms()));
    assert_eq!((after(&claims), report.changed), (vec![(None, 40_000)], 0));
    // A quarter of the bill, for which a quarter of the contract is held.
    let (_, claims) = simulate(&world.out, with(quarter()));
    assert_eq!(after(&claims), [(None, 20_000)]);
    // What no limit leaves anything of is not confirmed, and the claim has no hold.
    let none = VersionTerms {
        cap_enterprise: fen(0),
        ..World::terms()
    };
    let (_, claims) = simulate(&world.out, with(none));
    assert_eq!(after(&claims), [(Some(Code::VoucherExhausted), 0)]);
}

#[test]
fn days_before_the_first_one_asked_for_stand_as_they_were() {
    let asked = Question {
        from: day("2025-03-14"),
        ..with(quarter())
    };
    let (report, claims) = simulate(&history().out, asked);
    let exhausted = Some(Code::VoucherExhausted);
    assert_eq!(after(&claims), [(None, 20_000), (exhausted, 0)]);
    // The whole programme has spent what was spent before, too.
    assert_eq!((report.claims, report.after.spent), (2, 100_000));
    let asked = Question {
        to: day("2025-03-12"),
        ..with(quarter())
    };
    let (report, claims) = simulate(&history().out, asked);
    assert_eq!(after(&claims), [(None, 20_000); 2]);
    assert_eq!(report.after.amount, 40_000);
}

#[test]
fn a_version_published_later_gives_way_to_a_draft_from_before_it() {
    let mut world = World::new();
    world.advance("2025-03-11");
    let mut later = World::terms();
    later.effective_from = day("2025-03-12");
    later.cap_enterprise = fen(150_000);
    let claim = world.claim();
    world.file(claim);
    world.publish(later);
    world.advance("2025-03-12");
    let mut claim = world.claim();
    claim.contract_date = day("2025-03-12");
    world.file(claim);
    let (_, claims) = simulate(&world.out, with(quarter()));
    assert_eq!(after(&claims), [(None, 20_000); 2]);
    // One that takes effect with the later version leaves the first one alone.
    let mut draft = quarter();
    draft.effective_from = day("2025-03-12");
    let (_, claims) = simulate(&world.out, with(draft));
    assert_eq!(after(&claims), [(None, 40_000), (None, 20_000)]);
}

#[test]
fn a_draft_of_an_agreement_moves_the_parts_of_its_days_only() {
    let draft = AgreementTerms {
        home: HOME,
        host: HOST,
        category: None,
        from: day("2025-03-12"),
        to: day("2025-03-12"),
        model: PayerModel::HostPays,
        pool: None,
        shares: Box::new([(HOME, ratio(500_000)), (HOST, ratio(500_000))]),
        accrues_at: AccrualPoint::Approval,
    };
    let mut world = World::new();
    for on in ["2025-03-11", "2025-03-12"] {
        world.advance(on);
        let mut claim = world.claim();
        claim.contract_date = day(on);
        world.approve(claim);
    }
    let asked = Question {
        programme: None,
        agreement: Some(Arc::new(draft)),
        ..question()
    };
    let (report, claims) = simulate(&world.out, asked);
    let changed: Vec<bool> = claims.iter().map(SimulatedClaim::is_changed).collect();
    assert_eq!(changed, [false, true]);
    let (before, after) = (report.before, report.after);
    assert_eq!((before.parts[&HOME], before.parts[&HOST]), (48_000, 32_000));
    assert_eq!((after.parts[&HOME], after.parts[&HOST]), (44_000, 36_000));
    assert_eq!(
        (after.payable[&HOST], after.payable[&HOME]),
        (16_000, 20_000)
    );
    assert_eq!((after.paid[&HOME], after.paid[&HOST]), (40_000, 40_000));
}

#[test]
fn a_reversal_gives_back_what_would_have_been_paid() {
    let mut world = World::new();
    let claim = world.claim();
    let claim = world.approve(claim).claim;
    world.by(MAKER, Command::ReverseClaim(ReverseClaim { claim }));
    let (report, _) = simulate(&world.out, with(quarter()));
    assert_eq!((report.before.amount, report.after.amount), (0, 0));
    assert_eq!((report.before.spent, report.after.spent), (0, 0));
    assert_eq!((report.before.approved, report.after.approved), (1, 1));
}

/// What is taken back before a claim on the other firm's voucher is filed.
type TakenBack = fn(&mut World);

const TAKEN_BACK: &[TakenBack] = &[
    |w| {
        w.by(MAKER, steps::propose(OTHERS, succession(), 60_000));
        let transfer = crate::domain::TransferId(0);
        w.by(
            MAKER,
            Command::WithdrawTransfer(WithdrawTransfer { transfer }),
        );
    },
    |w| {
        w.by(MAKER, steps::propose(OTHERS, succession(), 60_000));
        let step = steps::seq(&w.by(CHECKER, steps::decide(0, true)));
        assert_eq!(steps::refused(w, MAKER, step), None);
    },
    |w| {
        let step = steps::by_two(w, steps::revoke(OTHERS));
        assert_eq!(steps::refused(w, CHECKER, step), None);
    },
    |w| {
        let later = ExtendVoucher {
            voucher: OTHERS,
            use_by: day("2025-12-31"),
            cash_by: day("2026-01-31"),
        };
        let step = steps::by_two(w, Command::ExtendVoucher(later));
        assert_eq!(steps::refused(w, CHECKER, step), None);
        w.advance("2025-10-11");
    },
    |w| {
        let step = steps::by_two(w, steps::change(PROGRAMME, 1, true));
        assert_eq!(steps::refused(w, CHECKER, step), None);
    },
    |w| {
        let consent = w.system(Command::GiveConsent(GiveConsent {
            voucher: OTHERS,
            giver: ConsentGiver::Holder(Some(LAB)),
            up_to: fen(1_000),
            until: day("2025-12-31"),
        }));
        assert_eq!(steps::refused(w, SYSTEM, steps::seq(&consent)), None);
    },
];

fn succession() -> TransferRequest {
    steps::half_to_far_firm()
}

#[test]
fn what_was_taken_back_is_taken_back_again() {
    for (n, taken_back) in TAKEN_BACK.iter().enumerate() {
        let mut w = super::transfers::world();
        taken_back(&mut w);
        let mut claim = w.claim();
        claim.voucher = VoucherKey::Id(OTHERS);
        w.file(claim);
        let (report, claims) = simulate(&w.out, question());
        assert_eq!(claims.len(), 1, "line {n}");
        assert!(!claims[0].is_changed(), "line {n}: {:?}", claims[0]);
        assert_eq!(report.left_out, 0, "line {n}");
    }
}

#[test]
fn what_cannot_be_decided_again_is_counted() {
    let mut w = super::transfers::world();
    w.by(MAKER, steps::propose(OTHERS, succession(), 60_000));
    w.by(CHECKER, steps::decide(0, true));
    // A journal that names a firm that it never registered.
    let mut events = w.out.clone();
    for recorded in &mut events {
        if let Event::TransferProposed(e) = &mut recorded.event {
            e.to = crate::domain::EnterpriseId(999);
        }
    }
    assert_eq!(simulate(&events, question()).0.left_out, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn the_rules_that_held_give_every_claim_of_a_random_history_again(
        steps in prop::collection::vec(any::<Step>(), 1..80),
    ) {
        let mut world = World::new();
        for step in steps {
            let (principal, command) = command(&mut world, step);
            let _sent = world.send(&Submission::new(principal, command));
        }
        let (report, claims) = simulate(&world.out, question());
        let changed: Vec<_> = claims.iter().filter(|claim| claim.is_changed()).collect();
        prop_assert_eq!(changed, Vec::<&SimulatedClaim>::new());
        prop_assert_eq!(report.left_out, 0);
        prop_assert_eq!(&report.before, &report.after);
        let same = Question { terms: Some(Arc::new(World::terms())), ..question() };
        prop_assert_eq!(simulate(&world.out, same).0, report);
    }
}
