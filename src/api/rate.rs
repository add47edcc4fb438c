//! How many requests a second one token may send, where the operator says so.
//!
//! Counted in memory by each node, in a bucket for each token: so many requests at once, refilled
//! evenly. A client in a loop is told to wait; what protects the node itself is its queue.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Tokens that are counted: some four megabytes. Whoever sends more made-up ones than that begins
/// anew, and is turned down for what they are.
const TOKENS_MAX: usize = 65_536;

/// A second, which is what a full bucket holds: a request takes its part of it.
const FULL: Duration = Duration::from_secs(1);

/// What one token has left.
#[derive(Clone, Copy)]
struct Bucket {
    since: Instant,
    left: Duration,
}

/// The buckets of all tokens.
#[derive(Default)]
pub(super) struct Rates(Mutex<HashMap<[u8; 32], Bucket>>);

impl Rates {
    /// Counts a request; how long to wait if it is one too many. A second's worth may come at
    /// once.
    pub(super) fn over(&self, token: [u8; 32], per_second: u32, now: Instant) -> Option<Duration> {
        let cost = FULL / per_second.max(1);
        let mut buckets = self.0.lock();
        if buckets.len() >= TOKENS_MAX && !buckets.contains_key(&token) {
            // A bucket that is full again is like none.
            buckets.retain(|_, bucket| now.duration_since(bucket.since) < FULL);
            if buckets.len() >= TOKENS_MAX {
                buckets.clear();
            }
        }
        let full = Bucket {
            since: now,
            left: FULL,
        };
        let bucket = buckets.entry(token).or_insert(full);
        let refilled = now.duration_since(bucket.since).min(FULL);
        let left = (bucket.left + refilled).min(FULL);
        let rest = left.checked_sub(cost);
        *bucket = Bucket {
            since: now,
            left: rest.unwrap_or(left),
        };
        rest.is_none().then(|| cost - left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_s_worth_comes_at_once_and_the_rest_evenly() {
        let rates = Rates::default();
        let now = Instant::now();
        let after = |ms: u64| now + Duration::from_millis(ms);
        let own = [1; 32];
        for _ in 0..10 {
            assert_eq!(rates.over(own, 10, now), None);
        }
        let wait = rates.over(own, 10, now).expect("one too many");
        assert_eq!(wait.as_millis(), 100);
        assert_eq!(rates.over([2; 32], 10, now), None, "another token");
        assert_eq!(rates.over(own, 10, after(150)), None);
        assert!(rates.over(own, 10, after(160)).is_some());
        for _ in 0..10 {
            assert_eq!(rates.over(own, 10, after(5_000)), None);
        }
        assert!(rates.over(own, 10, after(5_000)).is_some());
    }

    #[test]
    fn tokens_without_number_take_no_memory_without_bound() {
        let rates = Rates::default();
        let now = Instant::now();
        for number in 0..=u32::try_from(TOKENS_MAX).expect("fits") {
            let mut token = [0; 32];
            token[..4].copy_from_slice(&number.to_be_bytes());
            rates.over(token, 1, now);
        }
        assert!(rates.0.lock().len() <= TOKENS_MAX);
    }
}
