//! Which requests come from this machine itself, and from the Union client, which sends no credential over plain http. A
//! server started with `--trust-loopback` lets them act as the first administrator.
//!
//! A web page that somebody on this machine looks at must not pass for that client. It cannot send this content type
//! without asking first, its browser says where it comes from (`Origin`), and one that was rebound to this machine by its
//! DNS server names another host. A proxy on this machine hands on requests from elsewhere, and says so.

use axum::body::Body;
use axum::http::{HeaderName, Request, header};
use std::net::{IpAddr, SocketAddr};

/// The one content type that the client sends.
const CONTENT_TYPE: &str = "application/proto";

/// Headers that a browser or a proxy adds.
const STRANGE: [HeaderName; 8] = [
    header::ORIGIN,
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("sec-fetch-site"),
];

/// Whether a request of the Union client comes from this machine, and directly.
pub(crate) fn is_from_here(request: &Request<Body>, peer: SocketAddr) -> bool {
    let headers = request.headers();
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let is_of_the_client = kinds.next().is_some_and(|kind| kind == CONTENT_TYPE) && kinds.next().is_none();
    let mut hosts = headers.get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let named = request.uri().host().or_else(|| hosts.next());
    rolecall_union::speaks(request.uri().path())
        && peer.ip().to_canonical().is_loopback()
        && is_of_the_client
        && named.is_some_and(is_this_machine)
        && hosts.all(is_this_machine)
        && !STRANGE.iter().any(|name| headers.contains_key(name))
}

/// Whether a host, perhaps with a port, is this machine by a name that no DNS server decides.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/cloudidl.identity.RoleService/List";

    fn request(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
        let all = headers.iter().fold(Request::post(path), |request, (name, value)| request.header(*name, *value));
        all.body(Body::empty()).unwrap()
    }

    fn passes(path: &str, peer: &str, headers: &[(&str, &str)]) -> bool {
        is_from_here(&request(path, headers), peer.parse().unwrap())
    }

    #[test]
    fn the_client_on_this_machine_passes() {
        for host in ["127.0.0.1:7400", "localhost:7400", "LOCALHOST", "[::1]:7400", "127.1.2.3"] {
            let headers = [("host", host), ("content-type", "application/proto")];
            assert!(passes(PATH, "127.0.0.1:50000", &headers), "{host}");
        }
        assert!(passes(PATH, "[::1]:50000", &[("host", "[::1]:7400"), ("content-type", "application/proto")]));
        assert!(passes(PATH, "[::ffff:127.0.0.1]:5", &[("host", "localhost"), ("content-type", "application/proto")]));
    }

    #[test]
    fn nothing_else_passes() {
        let (host, kind) = (("host", "127.0.0.1:7400"), ("content-type", "application/proto"));
        assert!(!passes(PATH, "10.0.0.1:50000", &[host, kind]), "another machine");
        assert!(!passes("/api/v1/users", "127.0.0.1:5", &[host, kind]), "another path");
        for name in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "", "0.0.0.0"] {
            assert!(!passes(PATH, "127.0.0.1:5", &[("host", name), kind]), "the host {name:?}");
        }
        assert!(!passes(PATH, "127.0.0.1:5", &[kind]), "no host");
        assert!(!passes(PATH, "127.0.0.1:5", &[host, ("host", "evil.example"), kind]), "two hosts");
        for other in ["application/json", "text/plain", "application/proto; charset=utf-8", "application/grpc+proto"] {
            assert!(!passes(PATH, "127.0.0.1:5", &[host, ("content-type", other)]), "{other}");
        }
        assert!(!passes(PATH, "127.0.0.1:5", &[host]), "no content type");
        for name in STRANGE {
            assert!(!passes(PATH, "127.0.0.1:5", &[host, kind, (name.as_str(), "x")]), "{name}");
        }
    }
}
