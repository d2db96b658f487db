//! From where somebody signs in: through which façade, from which address, with what.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// From where somebody signs in.
#[derive(Clone, Debug)]
pub struct Visitor<'a> {
    /// The address the request came from.
    pub address: IpAddr,
    /// What people recognize the browser by.
    pub browser: &'a str,
    /// The request's id in the logs.
    pub request_id: &'a str,
    /// Which façade it came through.
    pub facade: &'static str,
}

/// Where a request came from, as the listener saw it: an extension of the request.
#[derive(Clone, Copy, Debug)]
pub struct PeerAddr(pub SocketAddr);

/// The address that a request came from: its peer's, or behind trusted proxies the last that none of them is. `lines`
/// are the values of `X-Forwarded-For`.
pub fn forwarded_address<'l>(peer: Option<IpAddr>, lines: impl Iterator<Item = &'l str>, trusted: &[IpAddr]) -> IpAddr {
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical();
    if !trusted.contains(&peer) {
        return peer;
    }
    let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let mut nearest = peer;
    for hop in hops.into_iter().rev() {
        // What stands before a hop that cannot be read may be anybody's word.
        let Some(address) = hop_address(hop) else { break };
        nearest = address;
        if !trusted.contains(&address) {
            break;
        }
    }
    nearest
}

/// The address of a hop, with or without its port.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let address = hop.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|hop| hop.ip()));
    address.map(|address| address.to_canonical())
}

/// What people recognize a browser by: its family and system, as far as its `User-Agent` says.
pub fn browser_name(agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, n)| *n);
    let family = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (family, system) {
        (Some(family), Some(system)) => format!("{family} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_proxy_the_last_hop_that_none_of_ours_wrote_counts() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let from = |peer: &str, header: &str, trusted: &[IpAddr]| {
            forwarded_address(Some(peer.parse().unwrap()), [header].into_iter(), trusted).to_string()
        };
        assert_eq!(from("9.9.9.9", "1.1.1.1", &[proxy]), "9.9.9.9", "who is no proxy of ours is not believed");
        assert_eq!(from("10.0.0.1", "1.1.1.1, 2.2.2.2", &[proxy]), "2.2.2.2");
        assert_eq!(from("10.0.0.1", "1.1.1.1, 2.2.2.2:443, 10.0.0.1", &[proxy]), "2.2.2.2");
        assert_eq!(from("10.0.0.1", "1.1.1.1, unknown", &[proxy]), "10.0.0.1");
        assert_eq!(forwarded_address(None, [].into_iter(), &[proxy]).to_string(), "0.0.0.0");
    }

    #[test]
    fn a_browser_has_a_name_that_people_recognize() {
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert_eq!(browser_name(agent), "Firefox on Linux");
        assert_eq!(browser_name(""), "browser");
    }
}
