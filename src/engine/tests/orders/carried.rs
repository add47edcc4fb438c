//! Orders whose vouchers' money was carried into another year: what is held, drawn and released is
//! charged to the year it was carried into.

use super::*;
use crate::engine::tests::programmes::{create, end_year};

/// The year after that of `PROGRAMME`, and what was carried into it.
const NEXT: ProgrammeId = ProgrammeId(1);
const PACK: ProgrammeId = ProgrammeId(2);

fn carried() -> World {
    let mut w = delivered(50_000);
    create(&mut w, "310117-2026", HOME, 2026);
    end_year(&mut w, PROGRAMME, Some(NEXT));
    assert_eq!(w.state.charged(PROGRAMME), PACK);
    w
}

/// Outstanding, held and approved of a budget.
fn budget(w: &World, programme: ProgrammeId) -> [i64; 3] {
    let kinds = [
        AccountKind::Outstanding,
        AccountKind::Held,
        AccountKind::Approved,
    ];
    kinds.map(|kind| w.state.budget(programme, kind).get())
}

#[test]
fn a_claim_on_an_order_after_a_carry_is_charged_to_the_year_it_was_carried_into() {
    let mut w = carried();
    assert_eq!(budget(&w, PACK), [110_000, 50_000, 0]);
    let events = w.capture(40_000, false);
    assert_eq!(amounts(&events), [20_000]);
    let Event::ClaimApproved(e) = &events[0].event else {
        panic!("{events:?}");
    };
    assert_eq!(e.programme, PACK);
    assert_eq!(budget(&w, PACK), [110_000, 30_000, 20_000]);
    assert_eq!(budget(&w, PROGRAMME), [0, 0, 0]);
    // The last claim releases what is left in the same year.
    w.capture(20_000, true);
    assert_eq!(budget(&w, PACK), [130_000, 0, 30_000]);
    assert_eq!(w.money(VOUCHER), [70_000, 0, 30_000, 0]);
}

#[test]
fn a_claim_on_an_order_while_the_year_ends_is_approved_at_once() {
    let mut w = delivered(50_000);
    w.by(
        MAKER,
        Command::StartYearClosing(StartYearClosing {
            programme: PROGRAMME,
        }),
    );
    assert_eq!(amounts(&w.capture(40_000, false)), [20_000]);
    assert_eq!(budget(&w, PROGRAMME), [110_000, 30_000, 20_000]);
}

#[test]
fn no_order_is_confirmed_once_the_year_has_begun_to_end_but_in_the_next_one() {
    let mut w = proposed(50_000);
    w.system(crate::engine::tests::programmes::closing(PROGRAMME));
    let said = w.by(LABS_MAN, confirm());
    assert_eq!(refusal_of(&said[0].event), Some(Code::YearEnded));
    assert_eq!(w.money(VOUCHER), [100_000, 0, 0, 0]);
    let mut w = proposed(50_000);
    create(&mut w, "310117-2026", HOME, 2026);
    end_year(&mut w, PROGRAMME, Some(NEXT));
    w.done(LABS_MAN, confirm());
    assert_eq!(budget(&w, PACK)[1], 50_000);
}
