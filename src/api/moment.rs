//! Moments of the past at which books are read: the end of a business day, or a place in the
//! journal.

use std::collections::BTreeMap;

use super::context::{Cx, day};
use super::problem::Problem;
use crate::domain::{Day, MemberId, RecordedAt, Seq};
use crate::engine::posting;
use crate::node::Node;
use crate::views::{AccountSum, account_place};

/// A moment as it was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    /// The end of a business day, or now within the present one.
    Day(Day),
    /// After so many events.
    Events(Seq),
    /// After what was recorded up to an instant.
    Instant(RecordedAt),
}

/// Reads the parameter with a day, today if none is given, or `at`.
pub(super) fn asked(cx: &Cx<'_>, name: &str) -> Result<Asked, Problem> {
    match (cx.param(name), cx.param("at")) {
        ("", "") => Ok(Asked::Day(cx.state.business_date())),
        (text, "") => Ok(Asked::Day(day(name, text)?)),
        ("", at) => {
            if let Ok(events) = at.parse() {
                return Ok(Asked::Events(Seq(events)));
            }
            let instant = at.parse::<jiff::Timestamp>();
            let instant = instant.map_err(|_| {
                Problem::field("at", "is a Quantong-Sequence, or like 2026-11-23T10:00:00Z")
            })?;
            Ok(Asked::Instant(RecordedAt(instant.as_microsecond())))
        }
        _ => Err(Problem::field("at", format!("goes without {name}"))),
    }
}

/// Refuses an instant that has not come: what stands in the books then is not known yet. The clock
/// of the node that recorded the newest event may be a little ahead of this one's.
pub(super) fn refuse_future(cx: &Cx<'_>, asked: Asked, now: RecordedAt) -> Result<(), Problem> {
    let now = now.max(cx.state.recorded_at());
    match asked {
        Asked::Instant(at) if at > now => {
            let now = jiff::Timestamp::from_microsecond(now.0);
            let now = now.map_or_else(|_| String::new(), |now| now.to_string());
            Err(Problem::field("at", format!("lies ahead: it is now {now}")))
        }
        _ => Ok(()),
    }
}

type Place = (&'static str, &'static str, u32);

/// What stands in the books of a member at a moment: all of the days up to one, and what the events
/// of the day after have posted so far.
pub(super) struct Moment {
    /// The business day at the moment.
    pub(super) day: Day,
    /// Number of events up to the moment, where it is one within a day.
    pub(super) events: Option<Seq>,
    /// The last day that is read from the views as a whole, as they write it.
    pub(super) whole: String,
    posted: BTreeMap<Place, [i64; 2]>,
}

impl Moment {
    /// Finds what was asked for among the first `seen` events. Reads the journal of one day at
    /// most.
    pub(super) async fn find(
        node: &Node,
        asked: Asked,
        party: MemberId,
        seen: Seq,
    ) -> Result<Moment, Problem> {
        let events = match asked {
            Asked::Day(day) => {
                return Ok(Moment {
                    day,
                    events: None,
                    whole: day.to_string(),
                    posted: BTreeMap::new(),
                });
            }
            Asked::Events(events) => events,
            Asked::Instant(at) => node.events_until(at, seen).await?,
        };
        if events > seen {
            return Err(Problem::field("at", format!("there are {} events", seen.0)));
        }
        let last = events.0.checked_sub(1);
        let last = last.ok_or_else(|| Problem::field("at", "is before the first event"))?;
        let last = node.event(Seq(last)).await?;
        let day = last
            .ok_or_else(|| Problem::new("UNAVAILABLE"))?
            .meta
            .business_date;
        let from = node.events_before_day(day, events).await?;
        let mut posted: BTreeMap<Place, [i64; 2]> = BTreeMap::new();
        node.each_event(from, events, |recorded| {
            posting(&recorded.event, &mut |pair| {
                if pair.debit.party() == party {
                    let amount = pair.amount.get();
                    posted.entry(account_place(pair.debit)).or_default()[0] += amount;
                    posted.entry(account_place(pair.credit)).or_default()[1] += amount;
                }
            });
        })
        .await?;
        // No day is before the first one, whose text nothing is written with.
        let whole = Day::try_new(day.get() - 1).map(|day| day.to_string());
        Ok(Moment {
            day,
            events: Some(events),
            whole: whole.unwrap_or_default(),
            posted,
        })
    }

    /// What was posted to an account on the day that is not read as a whole.
    pub(super) fn posted(&self, account: &str, about: &str, about_id: u32) -> [i64; 2] {
        let found = self
            .posted
            .iter()
            .find(|(place, _)| (place.0, place.1, place.2) == (account, about, about_id));
        found.map_or([0, 0], |(_, sums)| *sums)
    }

    /// Adds what the views lack to the sums of all accounts, and keeps their order.
    pub(super) fn complete(&self, sums: Vec<AccountSum>) -> Vec<AccountSum> {
        let mut all: BTreeMap<(String, String, u32), [i64; 2]> = BTreeMap::new();
        for sum in sums {
            all.insert(
                (sum.account, sum.about, sum.about_id),
                [sum.debits, sum.credits],
            );
        }
        for ((account, about, id), [debits, credits]) in &self.posted {
            let sums = all.entry(((*account).to_owned(), (*about).to_owned(), *id));
            let sums = sums.or_default();
            sums[0] += debits;
            sums[1] += credits;
        }
        let sum =
            |((account, about, about_id), [debits, credits]): ((_, _, _), [i64; 2])| AccountSum {
                account,
                about,
                about_id,
                debits,
                credits,
            };
        all.into_iter().map(sum).collect()
    }
}
