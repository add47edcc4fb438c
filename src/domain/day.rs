//! Civil days and months.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A civil day of the ledger's time zone, counted from 1970-01-01; years 1900 to 2999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(i32);

/// The text is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a day is written like 2025-01-31 and lies between 1900 and 2999")]
pub struct DayError;

const EPOCH: Date = Date::constant(1970, 1, 1);

impl Day {
    /// The first day that can be written, 1900-01-01.
    pub const MIN: Day = Day(-25_567);
    /// The last day that can be written, 2999-12-31.
    pub const MAX: Day = Day(376_199);

    /// A day from its number, day 0 being 1970-01-01.
    pub const fn try_new(days: i32) -> Result<Day, DayError> {
        if days < Day::MIN.0 || days > Day::MAX.0 {
            Err(DayError)
        } else {
            Ok(Day(days))
        }
    }

    /// Parses `YYYY-MM-DD`, nothing else.
    pub fn parse(text: &str) -> Result<Day, DayError> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10
            && bytes.iter().enumerate().all(|(i, b)| match i {
                4 | 7 => *b == b'-',
                _ => b.is_ascii_digit(),
            });
        if !shaped {
            return Err(DayError);
        }
        Day::try_from(text.parse::<Date>().map_err(|_| DayError)?)
    }

    /// The number of days since 1970-01-01.
    pub const fn get(self) -> i32 {
        self.0
    }

    /// The day as a civil date.
    pub fn date(self) -> Date {
        EPOCH
            .checked_add(jiff::Span::new().days(self.0))
            .expect("a day lies between 1900 and 2999")
    }

    /// The day `days` later, at most [`Day::MAX`].
    pub const fn plus_days(self, days: u32) -> Day {
        let later = self.0 as i64 + days as i64;
        if later > Day::MAX.0 as i64 {
            Day::MAX
        } else {
            Day(later as i32)
        }
    }

    /// The day `days` earlier, at least [`Day::MIN`].
    pub const fn minus_days(self, days: u32) -> Day {
        let earlier = self.0 as i64 - days as i64;
        if earlier < Day::MIN.0 as i64 {
            Day::MIN
        } else {
            Day(earlier as i32)
        }
    }

    /// The day after, at most [`Day::MAX`].
    pub const fn next(self) -> Day {
        self.plus_days(1)
    }

    /// The day before; the first day for the first day.
    pub const fn previous(self) -> Day {
        if self.0 > Day::MIN.0 {
            Day(self.0 - 1)
        } else {
            Day::MIN
        }
    }

    /// The same day of the month `months` later, clamped to that month's last day.
    pub fn plus_months(self, months: u16) -> Day {
        let later = self
            .date()
            .checked_add(jiff::Span::new().months(i64::from(months)));
        later
            .ok()
            .and_then(|date| Day::try_from(date).ok())
            .unwrap_or(Day::MAX)
    }

    /// The same day of the month `months` earlier, clamped to that month's last day.
    pub fn minus_months(self, months: u16) -> Day {
        let earlier = self
            .date()
            .checked_sub(jiff::Span::new().months(i64::from(months)));
        earlier
            .ok()
            .and_then(|date| Day::try_from(date).ok())
            .unwrap_or(Day::MIN)
    }

    /// The month this day lies in.
    pub fn month(self) -> Month {
        let date = self.date();
        Month {
            year: date.year(),
            month: date.month(),
        }
    }

    /// The year this day lies in.
    pub fn year(self) -> i16 {
        self.date().year()
    }
}

impl TryFrom<Date> for Day {
    type Error = DayError;

    fn try_from(date: Date) -> Result<Day, DayError> {
        let span = date.since((jiff::Unit::Day, EPOCH)).map_err(|_| DayError)?;
        Day::try_new(span.get_days())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.date().to_string())
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Day, DayError> {
        Day::parse(text)
    }
}

/// A civil month, written `2025-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The first day of the month.
    pub fn first_day(self) -> Day {
        Day::try_from(Date::constant(self.year, self.month, 1))
            .expect("made from a day, so within the bounds")
    }

    /// The month after.
    pub fn next(self) -> Month {
        self.first_day().plus_months(1).month()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}", self.year, self.month))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect(text)
    }

    #[test]
    fn the_bounds_are_the_days_they_claim_to_be() {
        assert_eq!(Day::MIN.to_string(), "1900-01-01");
        assert_eq!(Day::MAX.to_string(), "2999-12-31");
        assert_eq!(day("1970-01-01").get(), 0);
    }

    #[test]
    fn months_are_added_with_the_day_clamped_to_the_month_end() {
        assert_eq!(day("2025-08-31").plus_months(6), day("2026-02-28"));
        assert_eq!(day("2023-08-31").plus_months(6), day("2024-02-29"));
        assert_eq!(day("2024-02-29").plus_months(12), day("2025-02-28"));
        assert_eq!(day("2025-11-30").plus_months(3), day("2026-02-28"));
    }

    #[test]
    fn a_month_knows_its_first_day_and_its_successor() {
        assert_eq!(day("2025-12-31").month().next().to_string(), "2026-01");
        assert_eq!(day("2025-12-31").month().first_day(), day("2025-12-01"));
    }

    #[test]
    fn other_spellings_of_a_day_are_refused() {
        let bad = [
            "2025-1-1",
            "20250101",
            "2025-02-29",
            "2025-01-01T00:00",
            "1899-12-31",
            "",
        ];
        for text in bad {
            assert_eq!(Day::parse(text), Err(DayError), "{text}");
        }
    }
}
