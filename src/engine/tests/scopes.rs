//! Scopes, keys, references, bulk and replay.

use super::world::*;
use crate::domain::{InlineText, PeriodId, RecordedAt};
use crate::engine::command::*;
use crate::engine::event::Event;
use crate::engine::state::PeriodStatus;
use crate::engine::{
    AtomicOutcome, Rejection, State, TIMERS_PER_BATCH, advance, rehearse, submit, submit_atomic,
};

fn bytes(state: &State) -> Vec<u8> {
    postcard::to_allocvec(state).expect("a state can be written")
}

fn keyed(world: &mut World, key: u128, fingerprint: u128) -> Submission {
    let command = Command::FileClaim(world.claim());
    Submission {
        key: Some(key),
        fingerprint,
        ..Submission::new(FILER, command)
    }
}

#[test]
fn the_fold_of_the_events_is_the_state() {
    let mut world = World::new();
    let claim = world.claim();
    world.approve(claim);
    world.advance("2025-04-10");
    let mut folded = State::empty();
    world.out.iter().for_each(|recorded| folded.apply(recorded));
    assert_eq!(bytes(&folded), bytes(&world.state));
}

#[test]
fn a_rehearsal_leaves_no_trace() {
    let mut world = World::new();
    let claim = Command::FileClaim(world.claim());
    let before = bytes(&world.state);
    let commands = [
        claim,
        Command::AdvanceDate(AdvanceDate {
            to: day("2025-12-01"),
        }),
        Command::RevokeVoucher(RevokeVoucher { voucher: VOUCHER }),
    ];
    for command in commands {
        let principal = match command {
            Command::FileClaim(_) => FILER,
            _ => MAKER,
        };
        let mut out = Vec::new();
        let submission = Submission {
            key: Some(5),
            ..Submission::new(principal, command)
        };
        rehearse(&mut world.state, RecordedAt(9), &submission, &mut out).expect("no rejection");
        assert!(!out.is_empty());
        assert_eq!(bytes(&world.state), before);
    }
}

#[test]
fn a_key_gives_the_first_answer_for_seven_days_and_refuses_other_content() {
    let mut world = World::new();
    let first = keyed(&mut world, 1, 10);
    let done = world.send(&first).expect("no rejection");
    let again = world.send(&first).expect("no rejection");
    assert_eq!((again.replayed, again.first), (true, done.first));
    let other = keyed(&mut world, 1, 11);
    assert_eq!(world.send(&other), Err(Rejection::KeyReused));
    let late = RecordedAt(8 * 24 * 3600 * 1_000_000);
    let done = submit(&mut world.state, late, &other, &mut world.out).expect("no rejection");
    assert!(!done.replayed);
}

#[test]
fn a_reference_names_its_object_for_ever() {
    let mut world = World::new();
    let text = InlineText::parse("R-1").expect("short");
    let source = RefSource::Import;
    let reference = |fingerprint, claim| Submission {
        fingerprint,
        external_ref: Some(Box::new(ExternalRef {
            key: 7,
            source,
            text,
        })),
        ..Submission::new(FILER, Command::FileClaim(claim))
    };
    let (first, second) = (world.claim(), world.claim());
    let done = world
        .send(&reference(1, first.clone()))
        .expect("no rejection");
    let again = world.send(&reference(1, first)).expect("no rejection");
    assert_eq!((again.replayed, again.first), (true, done.first));
    assert_eq!(
        world.send(&reference(2, second)),
        Err(Rejection::RefConflict)
    );
}

#[test]
fn an_atomic_bulk_is_done_whole_or_not_at_all() {
    let mut world = World::new();
    let claim = |world: &mut World| Submission::new(FILER, Command::FileClaim(world.claim()));
    let (good, mut bad) = (claim(&mut world), claim(&mut world));
    if let Command::FileClaim(claim) = &mut bad.command {
        claim.category = DESIGN;
    }
    let free = world.state.voucher(VOUCHER).map(|row| row.free);
    let items = [good.clone(), bad];
    let outcome = submit_atomic(
        &mut world.state,
        RecordedAt(1),
        Some((1, 1)),
        &items,
        &mut world.out,
    );
    let Ok(AtomicOutcome::Refused(faults)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        faults.iter().map(|fault| fault.item).collect::<Vec<_>>(),
        [1]
    );
    assert_eq!(world.state.voucher(VOUCHER).map(|row| row.free), free);
    assert!(matches!(
        world.out.last().map(|r| &r.event),
        Some(Event::ClaimRefused(_))
    ));
    let items = [good, claim(&mut world)];
    let key = Some((2, 2));
    let outcome = submit_atomic(&mut world.state, RecordedAt(1), key, &items, &mut world.out);
    let Ok(AtomicOutcome::Done(done)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((done.events, done.replayed), (2, false));
    let outcome = submit_atomic(&mut world.state, RecordedAt(1), key, &items, &mut world.out);
    let Ok(AtomicOutcome::Done(again)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        (again.first, again.events, again.replayed),
        (done.first, 2, true)
    );
    let other = Some((2, 3));
    let outcome = submit_atomic(
        &mut world.state,
        RecordedAt(1),
        other,
        &items,
        &mut world.out,
    );
    assert_eq!(outcome, Err(Rejection::KeyReused));
    let mut folded = State::empty();
    world.out.iter().for_each(|recorded| folded.apply(recorded));
    assert_eq!(bytes(&folded), bytes(&world.state));
}

#[test]
fn timers_run_in_chunks_and_the_close_comes_first() {
    let mut world = World::new();
    let claim = world.claim();
    world.approve(claim);
    let mut out = Vec::new();
    let to = day("2025-10-20");
    let mut chunks = 0;
    while !advance(&mut world.state, RecordedAt(1), to, &mut out) {
        chunks += 1;
        assert!(chunks * TIMERS_PER_BATCH < 100_000, "the timers end");
    }
    let order: Vec<&str> = out
        .iter()
        .filter(|r| r.meta.business_date == day("2025-04-01"))
        .map(|r| r.event.name())
        .collect();
    assert_eq!(order, ["PositionFixed", "PositionFixed", "PeriodClosed"]);
    assert_eq!(world.state.business_date(), to);
    let dates: Vec<_> = out.iter().map(|r| r.meta.business_date).collect();
    assert!(dates.is_sorted());
    let lapsed = out.iter().any(|r| {
        matches!(r.event, Event::VoucherLapsed(_)) && r.meta.business_date == day("2025-10-11")
    });
    assert!(lapsed);
}

#[test]
fn a_period_closes_early_by_two_operators_and_agrees_when_all_confirm() {
    let mut world = World::new();
    let claim = world.claim();
    world.approve(claim);
    let period = PeriodId(0);
    world.by(MAKER, Command::RequestClose(ClosePeriod { period }));
    let same = world.by(MAKER, Command::ClosePeriod(ClosePeriod { period }));
    assert!(crate::engine::refusal_of(&same[0].event).is_some());
    world.by(CHECKER, Command::ClosePeriod(ClosePeriod { period }));
    let status = |world: &World| world.state.period(period).map(|row| row.status);
    assert_eq!(status(&world), Some(PeriodStatus::Closed));
    for member in [HOME, HOST] {
        let confirm = ConfirmStatement {
            period,
            member,
            revision: 1,
        };
        world.by(MAKER, Command::ConfirmStatement(confirm));
    }
    assert_eq!(status(&world), Some(PeriodStatus::Agreed));
    let mode = SettlementMode::Hub(HUB);
    let document_no = Some(crate::domain::Text::parse("文").expect("short"));
    world.by(
        MAKER,
        Command::InstructPeriod(InstructPeriod {
            period,
            mode,
            document_no,
        }),
    );
    assert_eq!(world.state.instructions_of(period).count(), 2);
    world.advance("2025-03-25");
    assert_eq!(status(&world), Some(PeriodStatus::SettledWithCarry));
    let arrears = world
        .state
        .lines()
        .last()
        .map(|(_, line)| (line.debtor, line.creditor));
    assert_eq!(arrears, Some((HOST, HOME)));
}
