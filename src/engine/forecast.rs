//! How far a budget will reach at the pace so far. Nothing is decided by it: the hard stop is in
//! the rules of an issue.

use super::books::AccountKind;
use super::state::{ProgrammeStatus, State};
use crate::domain::{Day, Fen, ProgrammeId};

/// What is known of a budget on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetPace {
    /// First day of the first version.
    pub from: Day,
    /// The day of the question.
    pub today: Day,
    /// Last day of the budget year.
    pub year_end: Day,
    /// The appropriation.
    pub appropriation: Fen,
    /// What of it is on vouchers or was approved.
    pub committed: Fen,
    /// What is free on vouchers.
    pub outstanding: Fen,
    /// Running total of what lapsed, in fen.
    pub lapsed: i128,
    /// What was approved.
    pub redeemed: Fen,
}

/// What is to be expected of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Days of the pace, today included; 0 before the first one.
    pub days: u32,
    /// The day on which everything will be committed: if after `days` days as much was committed
    /// as is, day k has k parts of it in `days`. `None` without pace, or beyond the year.
    pub exhausted_on: Option<Day>,
    /// What of the outstanding money will lapse, if of it as large a part lapses as lapsed of what
    /// has ended so far; rounded down to the fen. `None` while nothing has ended.
    pub breakage: Option<Fen>,
}

impl BudgetPace {
    /// What follows from it.
    pub fn forecast(&self) -> Forecast {
        let days = (i64::from(self.today.get()) - i64::from(self.from.get()) + 1).max(0);
        let days = u32::try_from(days).unwrap_or(u32::MAX);
        Forecast {
            days,
            exhausted_on: self.exhausted_on(days),
            breakage: self.breakage(),
        }
    }

    fn exhausted_on(&self, days: u32) -> Option<Day> {
        let committed = i128::from(self.committed.get());
        if days == 0 || committed <= 0 {
            return None;
        }
        let needed = i128::from(self.appropriation.get()) * i128::from(days);
        // Rounded up: on the day before not everything is committed.
        let day_no = (needed + committed - 1) / committed;
        let ahead = u32::try_from(day_no - i128::from(days)).ok();
        let day = if day_no <= i128::from(days) {
            self.today
        } else {
            let room = i64::from(self.year_end.get()) - i64::from(self.today.get());
            let ahead = ahead.filter(|ahead| i64::from(*ahead) <= room)?;
            self.today.plus_days(ahead)
        };
        (day <= self.year_end).then_some(day)
    }

    fn breakage(&self) -> Option<Fen> {
        let ended = self.lapsed + i128::from(self.redeemed.get());
        if ended <= 0 {
            return None;
        }
        let part = i128::from(self.outstanding.get()).checked_mul(self.lapsed)? / ended;
        Fen::from_i128(part)
    }
}

impl State {
    /// What a programme has committed: what is on vouchers, held, claimed or approved.
    pub fn committed(&self, id: ProgrammeId) -> Fen {
        let kinds = [
            AccountKind::Outstanding,
            AccountKind::Held,
            AccountKind::Claimed,
            AccountKind::Approved,
        ];
        let sum = kinds.iter().try_fold(Fen::ZERO, |sum, kind| {
            sum.checked_add(self.budget(id, *kind))
        });
        sum.expect("the parts are at most the appropriation")
    }

    /// The pace of a programme that is open and has rules; packs have a year behind them.
    pub fn budget_pace(&self, id: ProgrammeId) -> Option<BudgetPace> {
        let row = self.programme(id)?;
        if row.status != ProgrammeStatus::Open || row.year_ends.pack.is_some() {
            return None;
        }
        let from = row
            .versions
            .iter()
            .map(|terms| terms.effective_from)
            .min()?;
        let year_end = Day::parse(&format!("{:04}-12-31", row.budget_year)).ok()?;
        Some(BudgetPace {
            from,
            today: self.business_date(),
            year_end,
            appropriation: self.budget(id, AccountKind::Appropriation),
            committed: self.committed(id),
            outstanding: self.budget(id, AccountKind::Outstanding),
            lapsed: row.lapsed_total,
            redeemed: self.budget(id, AccountKind::Approved),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fen(fen: i64) -> Fen {
        Fen::try_new(fen).expect("an amount")
    }

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    fn pace(from: &str, today: &str, appropriation: i64, committed: i64) -> BudgetPace {
        BudgetPace {
            from: day(from),
            today: day(today),
            year_end: day("2026-12-31"),
            appropriation: fen(appropriation),
            committed: fen(committed),
            outstanding: Fen::ZERO,
            lapsed: 0,
            redeemed: Fen::ZERO,
        }
    }

    #[test]
    fn the_day_of_exhaustion_is_the_first_on_which_the_pace_reaches_the_appropriation() {
        const MOST: i64 = 1_000_000_000_000_000;
        let lines = [
            // From, today, appropriation, committed; days, day of exhaustion.
            // Ten days took a tenth: day 100 is the last of a hundred.
            (
                "2026-01-01",
                "2026-01-10",
                1_000,
                100,
                10,
                Some("2026-04-10"),
            ),
            // A fen more than a hundred days' worth is reached on day 101.
            (
                "2026-01-01",
                "2026-01-10",
                1_001,
                100,
                10,
                Some("2026-04-11"),
            ),
            ("2026-01-01", "2026-01-10", 999, 100, 10, Some("2026-04-10")),
            // The first day.
            ("2026-01-01", "2026-01-01", 365, 1, 1, Some("2026-12-31")),
            ("2026-01-01", "2026-01-01", 366, 1, 1, None),
            // Everything is committed, or more than there is after a cut by mistake.
            ("2026-01-01", "2026-03-01", 500, 500, 60, Some("2026-03-01")),
            ("2026-01-01", "2026-03-01", 400, 500, 60, Some("2026-03-01")),
            // No pace: nothing committed, or the rules are of tomorrow.
            ("2026-01-01", "2026-03-01", 500, 0, 60, None),
            ("2026-03-02", "2026-03-01", 500, 100, 0, None),
            ("2026-12-31", "2026-03-01", 500, 100, 0, None),
            // The year is over and nobody has closed it.
            ("2026-01-01", "2027-01-05", 500, 500, 370, None),
            // No budget at all, and the largest one.
            ("2026-01-01", "2026-01-10", 0, 0, 10, None),
            (
                "2026-01-01",
                "2026-01-10",
                MOST,
                MOST,
                10,
                Some("2026-01-10"),
            ),
            ("2026-01-01", "2026-12-31", MOST, 1, 365, None),
        ];
        for line in lines {
            let (from, today, appropriation, committed, days, expected) = line;
            let forecast = pace(from, today, appropriation, committed).forecast();
            assert_eq!(forecast.days, days, "{line:?}");
            assert_eq!(forecast.exhausted_on, expected.map(day), "{line:?}");
        }
    }

    #[test]
    fn the_breakage_is_the_part_that_lapsed_of_what_has_ended() {
        let lines = [
            // Outstanding, lapsed, redeemed; expected.
            (9_000, 100, 200, Some(3_000)),
            (1, 1, 1, Some(0)),
            (3, 1, 1, Some(1)),
            (9_000, 0, 200, Some(0)),
            (9_000, 200, 0, Some(9_000)),
            (0, 200, 100, Some(0)),
            (9_000, 0, 0, None),
            (
                1_000_000_000_000_000,
                1_000_000_000_000_000,
                1_000_000_000_000_000,
                Some(500_000_000_000_000),
            ),
        ];
        for line in lines {
            let (outstanding, lapsed, redeemed, expected) = line;
            let pace = BudgetPace {
                outstanding: fen(outstanding),
                lapsed,
                redeemed: fen(redeemed),
                ..pace("2026-01-01", "2026-01-10", 0, 0)
            };
            assert_eq!(pace.forecast().breakage, expected.map(fen), "{line:?}");
        }
    }
}
