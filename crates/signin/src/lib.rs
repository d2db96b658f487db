//! How people and programs sign in: the pages for it, and the protocols. One file for each of them;
//! what they share is the [`shell`] around a page and the [`browser`] that asks for it.
//!
//! Not here: passwords, sessions and what an access token is worth (`rolecall-service`), mail
//! (`rolecall-mail`). Pages are plain HTML and work without scripts; only passkeys need one.

mod browser;
mod shell;

pub use browser::PeerAddr;
pub use shell::{Page, escape};

use axum::Router;
use rolecall_service::Service;
use shell::Shell;
use std::net::IpAddr;

/// What the pages need to know of the server around them.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Whether browsers reach the server by https, as its public URL says.
    pub secure: bool,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpAddr>,
}

/// Routes of this crate, each with the reason why it needs no credential of the API.
pub const ROUTES: &[(&str, &str)] = &[];

/// The router of all pages and protocols.
pub fn router(service: Service, settings: Settings) -> Router {
    let _shell = Shell::new(service, settings);
    Router::new()
}
