//! How often an address has asked with a wrong suffix.
//!
//! Kept in memory by each node and forgotten with it: a try is no event, and who has no token
//! writes into no database. Right suffixes are answered however many were wrong, since many
//! people may ask from one address; a try hits with a chance of 2⁻⁵⁰ whatever the count.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Wrong suffixes of an address that are answered as what they are.
pub(super) const WRONG_MAX: u32 = 20;
/// How long tries count.
pub(super) const REST: Duration = Duration::from_secs(15 * 60);
/// Addresses that are kept: at some 60 bytes each less than four megabytes.
const ADDRESSES_MAX: usize = 65_536;

/// The tries of one address.
#[derive(Clone, Copy)]
struct Tried {
    since: Instant,
    wrong: u32,
}

/// The tries of all addresses.
#[derive(Default)]
pub(super) struct Tries(Mutex<HashMap<IpAddr, Tried>>);

/// What stands for an address: of IPv6 the network, since one household has all of it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(network.into())
        }
        address => address,
    }
}

impl Tries {
    /// Counts a wrong suffix; true if there were too many before it.
    pub(super) fn wrong(&self, address: IpAddr, now: Instant) -> bool {
        let counts = |tried: &Tried| now.duration_since(tried.since) < REST;
        let mut tries = self.0.lock();
        if tries.len() >= ADDRESSES_MAX {
            tries.retain(|_, tried| counts(tried));
            if tries.len() >= ADDRESSES_MAX {
                tries.clear();
            }
        }
        let none = Tried {
            since: now,
            wrong: 0,
        };
        let tried = tries.entry(network(address)).or_insert(none);
        if !counts(tried) {
            *tried = none;
        }
        tried.wrong = tried.wrong.saturating_add(1);
        tried.wrong > WRONG_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_is_told_to_stop_after_some_wrong_tries_and_for_some_time() {
        let tries = Tries::default();
        let now = Instant::now();
        let one = address("192.0.2.1");
        for _ in 0..WRONG_MAX {
            assert!(!tries.wrong(one, now));
        }
        assert!(tries.wrong(one, now));
        assert!(tries.wrong(address("::ffff:192.0.2.1"), now));
        assert!(!tries.wrong(address("192.0.2.2"), now));
        let last = now + REST - Duration::from_secs(1);
        assert!(tries.wrong(one, last));
        assert!(!tries.wrong(one, now + REST));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let tries = Tries::default();
        let now = Instant::now();
        for host in 0..WRONG_MAX {
            assert!(!tries.wrong(address(&format!("2001:db8:0:1::{host:x}")), now));
        }
        assert!(tries.wrong(address("2001:db8:0:1:ffff::1"), now));
        assert!(!tries.wrong(address("2001:db8:0:2::1"), now));
    }

    #[test]
    fn addresses_without_number_take_no_memory_without_bound() {
        let tries = Tries::default();
        let now = Instant::now();
        for number in 0..=u32::try_from(ADDRESSES_MAX).expect("fits") {
            tries.wrong(IpAddr::V4(number.into()), now);
        }
        assert!(tries.0.lock().len() <= ADDRESSES_MAX);
    }
}
