//! From where somebody signs in, as far as the request says.

use crate::door::{App, FACADE, request_id};
use axum::extract::ConnectInfo;
use axum::http::header;
use axum::http::request::Parts;
use rolecall_service::{PeerAddr, Visitor, browser_name, forwarded_address};
use std::net::{IpAddr, SocketAddr};

/// From where a request came.
pub(crate) struct Origin {
    address: IpAddr,
    browser: String,
    request_id: String,
}

impl Origin {
    pub(crate) fn of(app: &App, parts: &Parts) -> Self {
        let peer = parts.extensions.get::<PeerAddr>().map(|peer| peer.0.ip());
        let peer = peer.or_else(|| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()));
        let lines = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let address = forwarded_address(peer, lines, &app.settings.trusted_proxies);
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Origin { address, browser: browser_name(agent), request_id: request_id(&parts.headers).to_owned() }
    }

    /// The same as the service wants to know it.
    pub(crate) fn visitor(&self) -> Visitor<'_> {
        let Origin { address, browser, request_id } = self;
        Visitor { address: *address, browser, request_id, facade: FACADE }
    }
}
