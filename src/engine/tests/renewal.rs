//! Extension and reissue on the boundaries of days.

use super::vouchers::{NEW, extend, issue, reissue, revoke};
use super::world::*;
use crate::domain::{ClaimId, Day};
use crate::engine::command::*;
use crate::engine::event::Event;
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::refusal_of;

/// What lapsed when the date came, with the days it was stamped with.
fn lapses(world: &mut World, to: &str) -> Vec<(Day, i64)> {
    let events = world.advance(to);
    let lapses = events.iter().filter_map(|r| match &r.event {
        Event::VoucherLapsed(e) => Some((r.meta.business_date, e.amount.get())),
        _ => None,
    });
    lapses.collect()
}

#[test]
fn an_extension_moves_the_lapse_to_the_day_after_the_new_last_day() {
    let mut world = World::new();
    world.advance("2025-10-10");
    world.system(extend("2028-01-31", "2028-02-29"));
    assert_eq!(lapses(&mut world, "2028-02-28"), []);
    assert_eq!(lapses(&mut world, "2028-02-29"), []);
    let lapsed = [(day("2028-03-01"), 100_000)];
    assert_eq!(lapses(&mut world, "2028-12-31"), lapsed);
}

#[test]
fn deadlines_from_the_end_of_a_month_are_clamped_to_the_month() {
    let mut world = World::new();
    world.advance("2025-08-31");
    let events = world.issue(OTHER_FIRM, 1);
    let Event::VoucherIssued(issued) = &events[0].event else {
        panic!("{events:?}");
    };
    assert_eq!(issued.use_by, day("2026-02-28"));
    assert_eq!(issued.cash_by, day("2026-03-30"));
    // Ten years after a 31st of August.
    let last = Command::ExtendVoucher(ExtendVoucher {
        voucher: NEW,
        use_by: day("2035-08-31"),
        cash_by: day("2035-09-30"),
    });
    let events = world.system(last);
    assert_eq!(refusal_of(&events[0].event), None);
}

#[test]
fn ten_years_after_a_leap_day_end_in_february() {
    let mut world = World::new();
    world.advance("2028-02-29");
    let events = world.by(MAKER, issue(OTHER_FIRM, 1, None));
    let Event::VoucherIssued(issued) = &events[0].event else {
        panic!("{events:?}");
    };
    let voucher = issued.voucher;
    assert_eq!(issued.use_by, day("2028-08-29"));
    let mut said = |use_by| {
        let extend = Command::ExtendVoucher(ExtendVoucher {
            voucher,
            use_by: day(use_by),
            cash_by: day("2038-12-31"),
        });
        refusal_of(&world.system(extend)[0].event)
    };
    assert_eq!(said("2038-03-01"), Some(Code::ExtensionOutOfBounds));
    assert_eq!(said("2038-02-28"), None);
}

/// Files a claim of 400.00, goes to `today`, extends to the days, and undoes the claim on `undone`.
fn undone_after_extension(today: &str, cash_by: &str, undone: &str) -> World {
    let mut world = World::new();
    let claim = world.claim();
    world.approve(claim);
    world.advance(today);
    world.system(extend("2025-10-31", cash_by));
    world.advance(undone);
    world.by(
        CHECKER,
        Command::ReverseClaim(ReverseClaim { claim: ClaimId(0) }),
    );
    world
}

#[test]
fn what_lapsed_stays_lapsed_and_what_comes_back_later_stays_with_an_extended_voucher() {
    let row = |world: &World| {
        let row = world.state.voucher(VOUCHER).expect("there");
        (row.free.get(), row.returned.get())
    };
    // On the last day nothing has lapsed yet.
    let world = undone_after_extension("2025-10-10", "2025-12-31", "2025-12-31");
    assert_eq!(row(&world), (100_000, 0));
    // On the day after it has, and an extension does not bring it back.
    let mut world = undone_after_extension("2025-10-11", "2025-12-31", "2025-12-31");
    assert_eq!(row(&world), (40_000, 60_000));
    let lapsed = [(day("2026-01-01"), 40_000)];
    assert_eq!(lapses(&mut world, "2026-01-01"), lapsed);
    assert_eq!(row(&world), (0, 100_000));
    // After the new last day what comes back goes on to the programme.
    let world = undone_after_extension("2025-10-11", "2025-12-31", "2026-01-01");
    assert_eq!(row(&world), (0, 100_000));
}

#[test]
fn an_extended_voucher_takes_contracts_up_to_its_new_last_day() {
    let mut world = World::new();
    world.system(extend("2025-09-11", "2025-10-10"));
    world.advance("2025-09-12");
    let on = |world: &mut World, contract_date| {
        let contract_date = day(contract_date);
        let claim = FileClaim {
            contract_date,
            ..world.claim()
        };
        refusal_of(&world.file(claim))
    };
    assert_eq!(on(&mut world, "2025-09-12"), Some(Code::VoucherExpired));
    assert_eq!(on(&mut world, "2025-09-11"), None);
}

#[test]
fn a_child_of_a_transfer_keeps_its_own_deadlines() {
    let mut world = World::new();
    let proposal = Command::ProposeTransfer(ProposeTransfer {
        voucher: VOUCHER,
        kind: TransferRequest::Succession {
            to: OTHER_FIRM,
            cap_share: ratio(0),
        },
        amount: fen(30_000),
        document_no: None,
        expires_on: None,
    });
    world.by(MAKER, proposal);
    let decision = Command::DecideTransfer(DecideTransfer {
        transfer: crate::domain::TransferId(0),
        approve: true,
    });
    world.by(CHECKER, decision);
    world.system(extend("2025-12-31", "2026-01-31"));
    let child = world.state.voucher(NEW).expect("the child");
    assert_eq!(child.cash_by, day("2025-10-10"));
    let lapsed = [(day("2025-10-11"), 30_000)];
    assert_eq!(lapses(&mut world, "2025-10-11"), lapsed);
}

#[test]
fn what_came_back_is_issued_again_once_and_linked_both_ways() {
    let mut world = World::new();
    world.system(revoke());
    world.advance("2025-03-20");
    let issued: Vec<_> = [60_000, 40_000]
        .into_iter()
        .map(|amount| match &world.system(reissue(amount))[0].event {
            Event::VoucherIssued(e) => e.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(issued.iter().all(|e| e.replaces == Some(VOUCHER)));
    assert!(issued.iter().all(|e| e.enterprise == FIRM));
    assert_eq!(issued[0].use_by, day("2025-09-20"));
    let reissued = world.state.reissued_of(VOUCHER).expect("reissued");
    assert_eq!(reissued.amount, fen(100_000));
    let vouchers: Vec<_> = issued.iter().map(|e| e.voucher).collect();
    assert_eq!(reissued.vouchers, vouchers);
}

#[test]
fn a_second_person_agrees_to_extension_and_reissue_and_the_reason_stays_the_makers() {
    let approve = |n| {
        Command::DecideProposal(DecideProposal {
            proposal: crate::domain::ProposalId(n),
            approve: true,
        })
    };
    let mut world = World::new();
    let waits = world.by(MAKER, extend("2025-12-31", "2026-01-31"));
    assert!(matches!(waits[0].event, Event::ActionProposed(_)));
    let cash_by = |world: &World| world.state.voucher(VOUCHER).expect("there").cash_by;
    assert_eq!(cash_by(&world), day("2025-10-10"));
    let own = world.by(MAKER, approve(0));
    assert_eq!(refusal_of(&own[0].event), Some(Code::SecondPersonRequired));
    let done = world.by(CHECKER, approve(0));
    let extended = done.last().expect("an event");
    assert!(
        matches!(extended.event, Event::VoucherExtended(_)),
        "{done:?}"
    );
    assert_eq!(
        (extended.meta.principal, extended.meta.second),
        (MAKER, Some(CHECKER))
    );
    assert!(extended.meta.reason.is_some());
    assert_eq!(cash_by(&world), day("2026-01-31"));
    world.system(revoke());
    world.by(MAKER, reissue(70_000));
    let done = world.by(CHECKER, approve(1));
    let issued = done.last().expect("an event");
    assert!(matches!(&issued.event, Event::VoucherIssued(e) if e.replaces == Some(VOUCHER)));
    // What a second person has agreed to meanwhile is not there any more.
    world.by(MAKER, reissue(30_000));
    world.system(reissue(1));
    let failed = world.by(CHECKER, approve(2));
    let last = &failed.last().expect("an event").event;
    assert!(matches!(last, Event::ProposalFailed(e) if e.code == Code::ReissueExceeded));
}
