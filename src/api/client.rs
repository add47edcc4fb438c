//! Where a request comes from: who is connected, or behind a proxy that is trusted, whom it names.

use std::net::IpAddr;
use std::str::FromStr;

use actix_web::HttpRequest;

use super::server::Shared;

/// Set by proxies: the addresses on the way, the client's first.
const FORWARDED_FOR: &str = "X-Forwarded-For";

/// An address, or all that begin like one: `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// True if the address lies in it.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differs = own.to_bits() ^ other.to_bits();
                differs.checked_shr(32 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differs = own.to_bits() ^ other.to_bits();
                differs.checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// What is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is an address like 10.0.0.5 or a network like 10.0.0.0/8 or fd00::/8")]
pub struct NoNetwork;

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Network, NoNetwork> {
        let (address, bits) = match text.split_once('/') {
            None => (text, None),
            Some((address, bits)) => (address, Some(bits)),
        };
        let address: IpAddr = address.parse().map_err(|_| NoNetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => bits.parse().map_err(|_| NoNetwork)?,
        };
        if bits > most {
            return Err(NoNetwork);
        }
        Ok(Network { address, bits })
    }
}

/// The client's address. A header is believed only from a proxy that is trusted, and only what the
/// nearest one that is not says of itself: what stands before that may be made up.
fn behind(peer: IpAddr, named: &[&str], trusted: &[Network]) -> IpAddr {
    let mut client = peer;
    for text in named.iter().rev() {
        let by_proxy = trusted.iter().any(|network| network.contains(client));
        match text.trim().parse() {
            Ok(address) if by_proxy => client = address,
            _ => break,
        }
    }
    client
}

/// Where a request comes from.
pub(super) fn address(request: &HttpRequest, shared: &Shared) -> Option<IpAddr> {
    if let Some(told) = super::forward::client_of(request, &shared.node) {
        return Some(told);
    }
    let peer = request.peer_addr()?.ip().to_canonical();
    let trusted = &shared.settings.trusted_proxies;
    if trusted.is_empty() {
        return Some(peer);
    }
    let headers = request.headers().get_all(FORWARDED_FOR);
    let texts: Vec<&str> = headers.filter_map(|value| value.to_str().ok()).collect();
    let named: Vec<&str> = texts.iter().flat_map(|text| text.split(',')).collect();
    Some(behind(peer, &named, trusted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn networks(texts: &[&str]) -> Vec<Network> {
        let networks = texts.iter().map(|text| text.parse().expect("a network"));
        networks.collect()
    }

    #[test]
    fn a_network_holds_the_addresses_that_begin_like_it() {
        for (network, address, inside) in [
            ("10.0.0.5", "10.0.0.5", true),
            ("10.0.0.5", "10.0.0.4", false),
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("0.0.0.0/0", "::1", false),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("::/0", "fe80::1", true),
        ] {
            let network: Network = network.parse().expect("a network");
            assert_eq!(
                network.contains(ip(address)),
                inside,
                "{network:?} {address}"
            );
        }
        for text in [
            "",
            "10.0.0",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/-1",
            "proxy",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NoNetwork), "{text}");
        }
    }

    #[test]
    fn a_client_is_whom_the_nearest_trusted_proxy_names() {
        let trusted = networks(&["10.0.0.0/8"]);
        for (peer, named, client) in [
            ("192.0.2.1", vec![], "192.0.2.1"),
            // Who is not trusted names nobody.
            ("192.0.2.1", vec!["198.51.100.7"], "192.0.2.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
            // What the client itself has written stands further left.
            (
                "10.0.0.1",
                vec!["203.0.113.9", " 198.51.100.7"],
                "198.51.100.7",
            ),
            ("10.0.0.1", vec!["198.51.100.7", "10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", vec!["198.51.100.7", "unknown"], "10.0.0.1"),
        ] {
            assert_eq!(behind(ip(peer), &named, &trusted), ip(client), "{named:?}");
        }
    }
}
