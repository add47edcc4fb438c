//! Lapse, extension after it and money that comes back later, on the first and last moments of
//! days: ends of months, leap days, the last days of use, of cashing and of holds.

use super::world::*;
use crate::domain::{ClaimId, Day, OrderId, VoucherId};
use crate::engine::command::*;
use crate::engine::event::{Event, Recorded};
use crate::engine::refusal::RefusalCode as Code;
use crate::engine::refusal_of;
use crate::engine::state::VoucherRow;

/// The voucher of these tests; the world's own stands beside it.
const LATE: VoucherId = VoucherId(1);

/// Issue day, months of use, days to cash; the days that follow.
type Deadlines = (&'static str, u16, u16, &'static str, &'static str);

const DEADLINES: &[Deadlines] = &[
    // 31 → 30, into the next year.
    ("2025-05-31", 6, 30, "2025-11-30", "2025-12-30"),
    ("2025-08-31", 1, 0, "2025-09-30", "2025-09-30"),
    ("2025-10-31", 2, 1, "2025-12-31", "2026-01-01"),
    // 31 → 28 and 29; 30 → 28 and 29.
    ("2027-01-31", 1, 1, "2027-02-28", "2027-03-01"),
    ("2028-01-31", 1, 0, "2028-02-29", "2028-02-29"),
    ("2028-01-30", 1, 1, "2028-02-29", "2028-03-01"),
    ("2027-11-30", 3, 0, "2028-02-29", "2028-02-29"),
    // From a leap day; onto a leap day by days.
    ("2028-02-29", 12, 0, "2029-02-28", "2029-02-28"),
    ("2028-02-29", 1, 0, "2028-03-29", "2028-03-29"),
    ("2028-01-28", 1, 1, "2028-02-28", "2028-02-29"),
    // 30 → 31 does not stretch.
    ("2025-04-30", 1, 0, "2025-05-30", "2025-05-30"),
];

fn next(text: &str) -> String {
    day(text).next().to_string()
}

/// A world in which the voucher was issued so; labs are admitted for all of it.
fn world(&(issued, use_months, cash_days, use_by, cash_by): &Deadlines) -> (World, FileClaim) {
    let mut w = World::new();
    w.advance(issued);
    w.publish(VersionTerms {
        effective_from: day(issued),
        use_months,
        cash_days,
        ..World::terms()
    });
    w.issue(OTHER_FIRM, 100_000);
    let row = w.state.voucher(LATE).expect("issued");
    assert_eq!((row.use_by, row.cash_by), (day(use_by), day(cash_by)));
    let lab = w.readmit("2025-01-01", "2030-12-31");
    let claim = FileClaim {
        voucher: VoucherKey::Id(LATE),
        provider: ProviderKey::Id(lab),
        contract_date: day(issued),
        ..w.claim()
    };
    (w, claim)
}

fn claim_of(w: &mut World, claim: &FileClaim, contract_date: &str) -> Option<Code> {
    let again = FileClaim {
        contract_date: day(contract_date),
        invoice_no: w.claim().invoice_no,
        invoice_amount: fen(20_000),
        ..claim.clone()
    };
    refusal_of(&w.file(again))
}

fn row(w: &World) -> &VoucherRow {
    w.state.voucher(LATE).expect("issued")
}

/// Free and returned.
fn money(w: &World) -> (i64, i64) {
    (row(w).free.get(), row(w).returned.get())
}

fn lapses(events: &[Recorded]) -> Vec<(Day, i64)> {
    let of = |recorded: &Recorded| match &recorded.event {
        Event::VoucherLapsed(e) if e.voucher == LATE => {
            Some((recorded.meta.business_date, e.amount.get()))
        }
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

fn advance(w: &mut World, to: &str) -> Vec<Recorded> {
    if day(to) > w.state.business_date() {
        w.advance(to)
    } else {
        Vec::new()
    }
}

#[test]
fn contracts_count_to_the_last_day_of_use_and_claims_to_the_last_day_to_cash() {
    for line in DEADLINES {
        let (_, _, _, use_by, cash_by) = *line;
        let (mut w, claim) = world(line);
        advance(&mut w, use_by);
        assert_eq!(claim_of(&mut w, &claim, use_by), None, "{line:?}");
        let events = advance(&mut w, cash_by);
        assert_eq!(lapses(&events), [], "{line:?}");
        assert_eq!(claim_of(&mut w, &claim, use_by), None, "{line:?}");
        // A contract of the day after is too late on any day, if claims are still taken then.
        if use_by != cash_by {
            let said = claim_of(&mut w, &claim, &next(use_by));
            assert_eq!(said, Some(Code::VoucherExpired), "{line:?}");
        }
        let events = w.advance(&next(cash_by));
        let lapsed = [(day(&next(cash_by)), 80_000)];
        assert_eq!(lapses(&events), lapsed, "{line:?}");
        let said = claim_of(&mut w, &claim, use_by);
        assert_eq!(said, Some(Code::CashDeadlinePassed), "{line:?}");
        assert_eq!(money(&w), (0, 80_000), "{line:?}");
    }
}

#[test]
fn a_day_that_is_passed_over_is_lapsed_on_as_if_it_had_been_waited_for() {
    for line in DEADLINES {
        let (mut w, _) = world(line);
        let events = w.advance("2031-03-01");
        assert_eq!(lapses(&events), [(day(&next(line.4)), 100_000)], "{line:?}");
    }
}

#[test]
fn money_that_comes_back_on_the_last_day_is_free_and_on_the_day_after_it_lapses() {
    for line in DEADLINES {
        for (back_on, expected) in [
            (line.4.to_owned(), (100_000, 0)),
            (next(line.4), (0, 100_000)),
        ] {
            let (mut w, claim) = world(line);
            assert_eq!(claim_of(&mut w, &claim, line.0), None);
            advance(&mut w, &back_on);
            let reverse = ReverseClaim { claim: ClaimId(0) };
            w.by(MAKER, Command::ReverseClaim(reverse));
            assert_eq!(money(&w), expected, "{line:?} on {back_on}");
        }
    }
}

#[test]
fn an_extension_after_the_lapse_leaves_what_lapsed_and_keeps_what_comes_back() {
    for line in DEADLINES {
        let (mut w, claim) = world(line);
        assert_eq!(claim_of(&mut w, &claim, line.0), None);
        advance(&mut w, &next(line.4));
        assert_eq!(money(&w), (0, 90_000), "{line:?}");
        // To the end of the February that comes.
        let year = w.state.business_date().year() + 1;
        let last = day(&format!("{year}-03-01")).minus_days(1);
        let extend = ExtendVoucher {
            voucher: LATE,
            use_by: last,
            cash_by: last,
        };
        w.system(Command::ExtendVoucher(extend));
        assert_eq!(money(&w), (0, 90_000), "{line:?}");
        w.by(
            MAKER,
            Command::ReverseClaim(ReverseClaim { claim: ClaimId(0) }),
        );
        assert_eq!(money(&w), (10_000, 90_000), "{line:?}");
        let events = w.advance(&last.to_string());
        assert_eq!(lapses(&events), [], "{line:?}");
        let events = w.advance(&last.next().to_string());
        assert_eq!(lapses(&events), [(last.next(), 10_000)], "{line:?}");
        assert_eq!(money(&w), (0, 100_000), "{line:?}");
    }
}

#[test]
fn a_hold_lasts_to_the_end_of_its_last_day_also_where_that_is_the_voucher_s_own() {
    for line in DEADLINES {
        let (issued, _, _, _, cash_by) = *line;
        let (mut w, claim) = world(line);
        let ProviderKey::Id(provider) = claim.provider else {
            panic!("by id");
        };
        let order = |until: &str| {
            Command::ProposeOrder(ProposeOrder {
                provider,
                category: TESTING,
                contract_amount: fen(100_000),
                hold_until: day(until),
                lines: Box::new([(LATE, fen(30_000))]),
            })
        };
        let said = w.by(FILER, order(&next(cash_by)));
        let said = refusal_of(&said[0].event);
        assert_eq!(said, Some(Code::HoldPastDeadline), "{line:?}");
        w.by(FILER, order(cash_by));
        let id = OrderId(0);
        w.by(FILER, Command::ConfirmOrder(ConfirmOrder { order: id }));
        assert_eq!(row(&w).held, fen(30_000), "{line:?}");
        w.sign(id, day(issued));
        advance(&mut w, cash_by);
        let part = FileClaim {
            contract_date: day(issued),
            invoice_amount: fen(20_000),
            order: Some(Capture {
                order: id,
                last: false,
            }),
            ..claim
        };
        assert_eq!(refusal_of(&w.file(part.clone())), None, "{line:?}");
        assert_eq!(row(&w).held, fen(20_000), "{line:?}");
        let events = w.advance(&next(cash_by));
        let first = (day(&next(cash_by)), 70_000);
        assert_eq!(lapses(&events), [first], "what is free lapses first");
        assert_eq!(row(&w).held.get(), 0, "{line:?}");
        assert_eq!(money(&w), (0, 90_000), "{line:?}");
    }
}
