//! Time spent in the stages of the pipeline.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A stage of the pipeline.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    Execute,
    Encode,
    Hash,
    Commit,
}

/// Counters of the stages.
#[derive(Debug, Default)]
pub(super) struct Times {
    nanos: [AtomicU64; 4],
    batches: AtomicU64,
    events: AtomicU64,
    refusals: AtomicU64,
}

/// Time spent in each stage since the node started. The stages overlap: their sum is more than
/// what has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTimes {
    /// Deciding and applying.
    pub execute: Duration,
    /// Encoding leaves.
    pub encode: Duration,
    /// Hashing leaves into the tree.
    pub hash: Duration,
    /// Writing rows durably.
    pub commit: Duration,
    /// Batches written.
    pub batches: u64,
    /// Events written.
    pub events: u64,
    /// Those of them that are refusals by a rule.
    pub refusals: u64,
}

impl StageTimes {
    /// What was spent since an earlier reading.
    pub fn since(&self, before: &StageTimes) -> StageTimes {
        StageTimes {
            execute: self.execute.saturating_sub(before.execute),
            encode: self.encode.saturating_sub(before.encode),
            hash: self.hash.saturating_sub(before.hash),
            commit: self.commit.saturating_sub(before.commit),
            batches: self.batches.saturating_sub(before.batches),
            events: self.events.saturating_sub(before.events),
            refusals: self.refusals.saturating_sub(before.refusals),
        }
    }
}

impl Times {
    pub(super) fn measure<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let value = work();
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanos[stage as usize].fetch_add(nanos, Ordering::Relaxed);
        value
    }

    pub(super) fn count_batch(&self, events: u64, refusals: u64) {
        self.refusals.fetch_add(refusals, Ordering::Relaxed);
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> StageTimes {
        let of =
            |stage: Stage| Duration::from_nanos(self.nanos[stage as usize].load(Ordering::Relaxed));
        StageTimes {
            execute: of(Stage::Execute),
            encode: of(Stage::Encode),
            hash: of(Stage::Hash),
            commit: of(Stage::Commit),
            batches: self.batches.load(Ordering::Relaxed),
            events: self.events.load(Ordering::Relaxed),
            refusals: self.refusals.load(Ordering::Relaxed),
        }
    }
}
