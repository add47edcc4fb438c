//! Where time comes from. The engine never asks: instants and days come in with the command.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::{Day, RecordedAt};

/// Offset of Asia/Shanghai, which has had no daylight saving time since 1991: eight hours.
const SHANGHAI_OFFSET_US: i64 = 8 * 3600 * 1_000_000;
const DAY_US: i64 = 24 * 3600 * 1_000_000;

/// A jump of the clock by more days than this waits for an operator's `advance-date`.
pub const JUMP_DAYS_MAX: i32 = 2;

/// The node's clock.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system's clock; the business date follows it.
    System,
    /// The system's clock; the business date moves by command only.
    SystemWithManualDate,
    /// A clock that tests set, in microseconds since 1970; the business date follows it.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The instant.
    pub fn now(&self) -> RecordedAt {
        match self {
            Clock::System | Clock::SystemWithManualDate => {
                RecordedAt(jiff::Timestamp::now().as_microsecond())
            }
            Clock::Manual(at) => RecordedAt(at.load(Ordering::Relaxed)),
        }
    }

    /// The civil day in Asia/Shanghai at an instant.
    pub fn day_of(at: RecordedAt) -> Day {
        let days = (at.0 + SHANGHAI_OFFSET_US).div_euclid(DAY_US);
        i32::try_from(days)
            .ok()
            .and_then(|days| Day::try_new(days).ok())
            .unwrap_or(Day::MAX)
    }

    /// The day that the business date should move to by itself: the clock's day, if it is later
    /// than `today` and not so much later that an operator has to confirm it.
    pub fn next_date(&self, now: RecordedAt, today: Day) -> Option<Day> {
        if matches!(self, Clock::SystemWithManualDate) {
            return None;
        }
        let day = Clock::day_of(now);
        (day > today && day.get() - today.get() <= JUMP_DAYS_MAX).then_some(day)
    }

    /// How many days the clock is ahead of the business date.
    pub fn days_ahead(&self, today: Day) -> i32 {
        Clock::day_of(self.now()).get() - today.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> RecordedAt {
        let instant: jiff::Timestamp = text.parse().expect("an instant");
        RecordedAt(instant.as_microsecond())
    }

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    #[test]
    fn the_day_begins_at_midnight_in_shanghai() {
        assert_eq!(
            Clock::day_of(at("2024-02-28T15:59:59.999999Z")),
            day("2024-02-28")
        );
        assert_eq!(Clock::day_of(at("2024-02-28T16:00:00Z")), day("2024-02-29"));
        // A voucher that may be drawn up to a leap day lapses at midnight in Shanghai.
        assert_eq!(
            Clock::day_of(at("2028-02-29T15:59:59.999999Z")),
            day("2028-02-29")
        );
        assert_eq!(Clock::day_of(at("2028-02-29T16:00:00Z")), day("2028-03-01"));
    }

    #[test]
    fn a_jump_of_more_than_two_days_waits_for_an_operator() {
        let now = at("2025-03-03T04:00:00Z");
        let clock = Clock::Manual(Arc::new(AtomicI64::new(now.0)));
        assert_eq!(
            clock.next_date(now, day("2025-03-01")),
            Some(day("2025-03-03"))
        );
        assert_eq!(clock.next_date(now, day("2025-02-28")), None);
        assert_eq!(clock.next_date(now, day("2025-03-03")), None);
        assert_eq!(clock.next_date(now, day("2025-03-04")), None);
    }
}
