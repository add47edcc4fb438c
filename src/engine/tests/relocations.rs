//! Firms that go to another city: who moves them, and what goes along.

use super::transfers::{
    FAR_PROGRAMME, OTHERS, decide, first, issued, propose, succession, to_host, transfer, world,
};
use super::world::*;
use crate::domain::{ProgrammeCode, ProgrammeId, VoucherId};
use crate::engine::command::*;
use crate::engine::event::Event;
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::refusal_of;

#[test]
fn a_firm_that_moved_takes_its_other_vouchers_along_later() {
    let mut w = world();
    let other = VoucherId(w.state.voucher_count() as u32);
    w.issue(OTHER_FIRM, 10_000);
    for (transfer, voucher) in [(0, OTHERS), (1, other)] {
        w.by(FILER, propose(voucher, to_host(), 10_000));
        w.by(MAKER, decide(transfer, true));
        let events = w.by(CHECKER, decide(transfer, true));
        assert!(matches!(first(&events), Event::TransferMoved(_)));
    }
    assert_eq!(issued(&w, FAR_PROGRAMME, OTHER_FIRM), (20_000, 0));
}

/// A city whose voucher another city's firm holds does not move the firm.
#[test]
fn a_firm_is_moved_by_its_own_city_alone() {
    let mut w = world();
    let child = VoucherId(w.state.voucher_count() as u32);
    transfer(&mut w, OTHERS, succession(FAR_FIRM, 0), 1_000);
    w.system(Command::CreateProgramme(Box::new(CreateProgramme {
        code: ProgrammeCode::parse("330500-2025").expect("short"),
        title: Name::parse("2025").expect("short"),
        city: THIRD,
        budget_year: 2025,
    })));
    let programme = ProgrammeId(w.state.programme_count() as u16 - 1);
    let stays = |to_city| (TransferRequest::Relocation { to_city }, 0);
    let on = TransferRequest::Move {
        to_city: THIRD,
        programme,
    };
    for (kind, amount) in [stays(HOME), stays(THIRD), (on, 1_000)] {
        let events = w.by(MAKER, propose(child, kind, amount));
        let expected = Some(Code::TransferReceiverNotEligible);
        assert_eq!(refusal_of(first(&events)), expected, "{kind:?}");
    }
    // What it was given goes home with it, if both cities will.
    let events = w.by(MAKER, propose(child, to_host(), 1_000));
    assert_eq!(refusal_of(first(&events)), None);
}
