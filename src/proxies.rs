//! The real sender of a request, behind reverse proxies.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use app::Door;
use http::{HeaderMap, header};
use ipnet::IpNet;

use crate::account::Origin;

/// The address that stands for whoever connects to the UNIX socket. No peer on a network has it.
pub const UNIX_PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The reverse proxies that are trusted.
#[derive(Debug)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Trusts these addresses and networks.
    pub fn new(trusted: Vec<IpNet>) -> Self {
        Self(trusted)
    }

    /// Whether this peer is a trusted proxy. Whoever may connect to the UNIX socket is, because its permissions say so.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        peer == UNIX_PEER.ip() || self.lists(peer)
    }

    fn lists(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The sender of a request: the peer or, if trusted proxies say so in `X-Forwarded-For`, the client behind them. Whom a proxy at the UNIX
    /// socket says nothing about comes from this machine.
    pub fn origin(&self, door: Door, peer: SocketAddr, headers: &HeaderMap) -> Origin {
        let mut trusted = self.trusts(peer.ip());
        let mut address: IpAddr = match peer.ip() {
            unix if unix == UNIX_PEER.ip() => Ipv4Addr::LOCALHOST.into(),
            address => address.to_canonical(),
        };
        let chain = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let chain: Vec<&str> = chain.flat_map(|value| value.split(',')).collect();
        for named in chain.into_iter().rev() {
            match named.trim().parse::<IpAddr>() {
                Ok(behind) if trusted => address = behind.to_canonical(),
                _ => break,
            }
            trusted = self.lists(address);
        }
        Origin { door, address: Some(address), user_agent: headers.get(header::USER_AGENT).cloned() }
    }

    /// Whether a trusted proxy says that the browser's connection uses TLS.
    pub fn says_https(&self, peer: SocketAddr, headers: &HeaderMap) -> bool {
        self.trusts(peer.ip()) && headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxies =
            Proxies::new(["127.0.0.1/32", "10.0.0.0/30"].map(|network| network.parse().expect("a network")).into());
        let origin = |peer: &str, forwarded: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", value.parse().expect("a legal header"));
            }
            let peer = SocketAddr::new(peer.parse().expect("an address"), 1);
            proxies.origin(Door::Api, peer, &headers).address.map(|address| address.to_string())
        };
        let is = |address: &str| Some(address.to_owned());
        assert_eq!(origin("192.0.2.1", &[]), is("192.0.2.1"));
        assert_eq!(origin("192.0.2.1", &["198.51.100.1"]), is("192.0.2.1"));
        assert_eq!(origin("127.0.0.1", &["198.51.100.1"]), is("198.51.100.1"));
        // Entries that the client has written itself come first, and are ignored.
        assert_eq!(origin("127.0.0.1", &["203.0.113.9, 198.51.100.1"]), is("198.51.100.1"));
        assert_eq!(origin("127.0.0.1", &["198.51.100.1", "10.0.0.1"]), is("198.51.100.1"));
        assert_eq!(origin("::ffff:10.0.0.2", &["198.51.100.1"]), is("198.51.100.1"));
        assert_eq!(origin("10.0.0.4", &["198.51.100.1"]), is("10.0.0.4"));
        assert_eq!(origin("127.0.0.1", &["nonsense"]), is("127.0.0.1"));
        // The UNIX socket, whose address nobody else can claim.
        assert_eq!(origin("0.0.0.0", &["203.0.113.9, 198.51.100.1"]), is("198.51.100.1"));
        assert_eq!(origin("0.0.0.0", &["198.51.100.1, 127.0.0.1"]), is("198.51.100.1"));
        assert_eq!(origin("0.0.0.0", &[]), is("127.0.0.1"));
        assert_eq!(origin("127.0.0.1", &["198.51.100.1, 0.0.0.0"]), is("0.0.0.0"));
    }
}
