//! What a version of a programme's rules may say beside its rates: caps, exclusions, recognition.

use serde::{Deserialize, Serialize};

use super::EnterpriseKind;
use crate::domain::{CategoryId, Day, Fen, MemberId, ProviderId, Seq};

/// Most exclusions of one version.
pub const EXCLUSIONS_MAX: usize = 64;

/// Most recognitions of one version: every member four times a year for four years is less.
pub const RECOGNITIONS_MAX: usize = 256;

/// Most days of a rolling period: ten years.
pub const ROLLING_DAYS_MAX: u16 = 3_660;

/// Most months of a rolling period: ten years.
pub const ROLLING_MONTHS_MAX: u16 = 120;

/// How far back a rolling period reaches from a filing date, which it includes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RollingPeriod {
    /// So many days, the filing date being the last.
    Days(u16),
    /// From the day after the same day so many months ago; where that month has no such day, from
    /// the first of the next.
    Months(u16),
}

impl RollingPeriod {
    /// The first day of the period that ends on `last`.
    pub fn first_day(self, last: Day) -> Day {
        match self {
            RollingPeriod::Days(days) => last.minus_days(u32::from(days).saturating_sub(1)),
            RollingPeriod::Months(months) => last.minus_months(months).next(),
        }
    }
}

/// A cap on what an enterprise is approved under all programmes of the issuing city with a filing
/// date in a rolling period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RollingCap {
    /// The cap.
    pub cap: Fen,
    /// The period.
    pub period: RollingPeriod,
}

/// What is not funded: a claim is excluded if everything that is given here fits it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Exclusion {
    /// Holders of this kind.
    pub enterprise_kind: Option<EnterpriseKind>,
    /// Services of this category.
    pub category: Option<CategoryId>,
    /// Services of this provider.
    pub provider: Option<ProviderId>,
    /// Services of providers of this city.
    pub host: Option<MemberId>,
}

/// Recognises the providers of a host city for contracts of some days and categories.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Recognition {
    /// The host city.
    pub host: MemberId,
    /// First contract date.
    pub from: Day,
    /// Last contract date, inclusive.
    pub to: Day,
    /// Bit n for category n; zero for all.
    pub categories: u64,
}

/// What a simulation of a draft found: how much would have been otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimulationOutcome {
    /// The event that saved the draft which was simulated.
    pub saved: Seq,
    /// Claims decided again.
    pub claims: u64,
    /// Those of which anything would have been different.
    pub changed: u64,
    /// Sum approved as it was, net of reversals; `None` if it is no amount.
    pub before: Option<Fen>,
    /// Sum approved as it would have been.
    pub after: Option<Fen>,
}
