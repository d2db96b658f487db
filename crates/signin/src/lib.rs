//! How people and programs sign in: the pages for it, and the protocols. One file for each of them;
//! what they share is the `shell` around a page and the `browser` that asks for it.
//!
//! Not here: passwords, sessions and what an access token is worth (`rolecall-service`), mail
//! (`rolecall-mail`). Pages are plain HTML and work without scripts; only passkeys need one.

mod account;
mod browser;
mod code;
mod join;
mod link;
mod oauth;
mod passkey;
mod provider;
mod shell;
mod signin;
mod sso;

pub use rolecall_service::PeerAddr;
pub use shell::Page;

use axum::Router;
use axum::routing::{get, post};
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
pub const ROUTES: &[(&str, &str)] = &[
    ("/signin", "the page to sign in; shows what the organization is called and by what one can sign in"),
    ("/signin/code", "takes the second factor of a sign-in; a secret of ten minutes stands for the first"),
    ("/signin/enroll", "sets up a second factor in the middle of a sign-in; a secret stands for the first"),
    ("/signin/invitation", "chooses a first password; the link's secret is the credential and counts once"),
    ("/signin/reset", "chooses a new password; the link's secret is the credential and counts once"),
    ("/signin/join", "adds somebody by a public sign-up link, whose secret is the credential until it is switched off"),
    ("/signin/forgot", "mails a link to the account's own address; says the same to everybody"),
    ("/signin/passkey.js", "the script that stands between a form and a passkey's device, the same for everybody"),
    ("/signin/passkey/options", "what a device is asked that signs in; tells nothing of any account"),
    ("/signin/passkey", "signs in by what a device has signed"),
    ("/account/passkeys", "registers a passkey of one's own; needs the session's cookie and a form of ours"),
    ("/account/passkeys/options", "what a new device is asked; needs the session's cookie and a form of ours"),
    ("/account/passkeys/remove", "removes a passkey of one's own; needs the session's cookie and a form of ours"),
    ("/signin/sso/{provider}", "goes on to a provider to sign in there; changes nothing but a ticket of ten minutes"),
    ("/signin/sso/callback", "comes back from a provider, whose signed answer is the credential and counts once"),
    ("/signin/out", "ends the session of the browser that sends it; needs its cookie and a form of ours"),
    ("/account", "one's own page; needs the session's cookie"),
    ("/account/password", "changes one's own password; needs the session's cookie, a form of ours and the old one"),
    ("/account/sessions/{key}", "ends a session of one's own; needs the session's cookie and a form of ours"),
    ("/account/codes", "sets up one's own one-time codes; needs the session's cookie and a form of ours"),
    ("/account/codes/off", "switches one's own codes off; needs the session's cookie, a form of ours and a code"),
    ("/oauth2/authorize", "asks whoever has signed in whether a client may act for them; needs the session's cookie"),
    ("/oauth2/token", "gives a client tokens for a code, a refresh token or its secret, which are the credential"),
    ("/oauth2/device", "gives a terminal two codes, which are worth nothing until somebody agrees on a page"),
    ("/oauth2/revoke", "ends what a client was granted; the token that is given back is the credential"),
    ("/oauth2/introspect", "says what a token is worth, to an application that shows its secret"),
    ("/oauth2/userinfo", "says who somebody is; needs an access token that was granted for it"),
    ("/device", "the page to type a terminal's code on; needs the session's cookie"),
    ("/.well-known/openid-configuration", "discovery comes before credentials, as OpenID Connect says"),
    ("/.well-known/oauth-authorization-server", "discovery comes before credentials, as RFC 8414 says"),
    ("/.well-known/jwks.json", "the public halves of the keys that sign tokens, for everybody who checks one"),
];

/// The router of all pages and protocols.
pub fn router(service: Service, settings: Settings) -> Router {
    Router::new()
        .route("/signin", get(signin::show).post(signin::take))
        .route("/signin/code", post(code::take))
        .route("/signin/enroll", post(code::enroll))
        .route("/signin/invitation", get(link::invitation).post(link::accept))
        .route("/signin/reset", get(link::reset).post(link::choose))
        .route("/signin/join", get(join::show).post(join::take))
        .route("/signin/forgot", get(link::forgot).post(link::mail))
        .route("/signin/passkey.js", get(passkey::script))
        .route("/signin/passkey/options", post(passkey::sign_in_options))
        .route("/signin/passkey", post(passkey::sign_in))
        .route("/account/passkeys", post(passkey::register))
        .route("/account/passkeys/options", post(passkey::registration_options))
        .route("/account/passkeys/remove", post(passkey::remove))
        .route("/signin/sso/callback", get(sso::back))
        .route("/signin/sso/{provider}", get(sso::go))
        .route("/signin/out", post(signin::out))
        .route("/account", get(account::show))
        .route("/account/password", post(account::change_password))
        .route("/account/sessions/{key}", post(account::end_session))
        .route("/account/codes", post(account::set_up_codes))
        .route("/account/codes/off", post(account::codes_off))
        .merge(oauth::router())
        .with_state(Shell::new(service, settings))
}
