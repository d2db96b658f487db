//! The browser that asks for a page: its cookies, its address, and the proof that a form was ours.
//!
//! Two cookies: the session's secret once somebody has signed in, and before and after it one of the
//! form, a random text that only this browser has. A form carries a hash over both, so a page of
//! another origin cannot send one, and a session cannot be swapped under a form.

use crate::shell::{Page, Shell};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rolecall_service::{
    Ctx, Error, PeerAddr, Request, Secret, SignedIn, Visitor, browser_name, forwarded_address, html::escape,
};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

/// The façade's name in entries.
pub(crate) const FACADE: &str = "signin";

/// A browser that asks for a page or sends a form.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    secure: bool,
    session: Option<String>,
    /// What only this browser has; fresh when it had none.
    form: String,
    is_fresh: bool,
    /// The value of a form that it may send.
    pub csrf: String,
    origin: Option<String>,
    host: Option<String>,
    site: Option<String>,
    /// From where it asks: behind a trusted proxy, what that says.
    pub address: IpAddr,
    /// What people recognize it by.
    pub name: String,
    /// The request's id in the logs.
    pub request_id: String,
}

impl FromRequestParts<Shell> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shell: &Shell) -> Result<Self, Infallible> {
        let secure = shell.settings.secure;
        let session = cookie(&parts.headers, session_cookie(secure)).filter(|value| !value.is_empty());
        let kept = cookie(&parts.headers, form_cookie(secure)).filter(|value| value.len() >= 40 && value.len() < 100);
        let is_fresh = kept.is_none();
        let form = kept.unwrap_or_else(|| Secret::generate().map(|s| s.expose().to_owned()).unwrap_or_default());
        let csrf = proof(&form, session.as_deref());
        let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let agent = text(header::USER_AGENT).unwrap_or_default();
        Ok(Browser {
            secure,
            session,
            csrf,
            form,
            is_fresh,
            origin: text(header::ORIGIN),
            host: text(header::HOST).or_else(|| parts.uri.authority().map(ToString::to_string)),
            site: text(HeaderName::from_static("sec-fetch-site")),
            address: address(parts, &shell.settings.trusted_proxies),
            name: browser_name(&agent),
            request_id: text(HeaderName::from_static("x-request-id")).unwrap_or_default(),
        })
    }
}

impl Browser {
    /// The hidden field that every form carries.
    pub(crate) fn field(&self) -> String {
        format!("<input type=\"hidden\" name=\"csrf\" value=\"{}\">", escape(&self.csrf))
    }

    /// Refuses a form that was not made for this browser by us.
    ///
    /// # Errors
    /// A page that says so.
    #[expect(clippy::result_large_err, reason = "it is sent at once")]
    pub(crate) fn require_own_form(&self, csrf: &str) -> Result<(), Response> {
        use subtle_eq as same;
        let own_origin = self.origin.as_deref().is_none_or(|origin| self.is_own(origin));
        // Some send "null" for a page whose address they keep to themselves; then the site must be said.
        let own_origin =
            own_origin || self.origin.as_deref() == Some("null") && self.site.as_deref() == Some("same-origin");
        let own_site = self.site.as_deref().is_none_or(|site| matches!(site, "same-origin" | "none"));
        if own_origin && own_site && !self.is_fresh && !self.form.is_empty() && same(csrf, &self.csrf) {
            return Ok(());
        }
        let body = "<h1>This form is out of date</h1><p>It was made for another session or another browser, \
                    or your browser keeps no cookies. Nothing was done.</p>\
                    <p><a href=\"/signin\">Start again</a></p>";
        Err(Page::new("Out of date", body).status(StatusCode::FORBIDDEN).into_response())
    }

    fn is_own(&self, origin: &str) -> bool {
        let host = origin.split_once("://").map(|(_, host)| host);
        host.is_some() && host == self.host.as_deref()
    }

    /// The caller whose session this browser has; none when it has none that counts.
    ///
    /// # Errors
    /// When it cannot be looked up.
    pub(crate) async fn caller(&self, shell: &Shell) -> Result<Option<Ctx>, Error> {
        let Some(session) = self.session.as_deref() else { return Ok(None) };
        match shell.service.enter_session(self.request(Some(session))).await {
            Ok(ctx) => Ok(Some(ctx)),
            Err(Error::Unauthenticated(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A request of the service from this browser.
    pub(crate) fn request<'a>(&'a self, credential: Option<&'a str>) -> Request<'a> {
        Request {
            credential,
            facade: FACADE,
            request_id: &self.request_id,
            idempotency_key: None,
            if_match: None,
            dry_run: false,
            at_least: None,
            at: None,
        }
    }

    /// What is bound to this browser before anybody signed in, for a redirect that comes back.
    pub(crate) fn binding(&self) -> [u8; 32] {
        Sha256::new().chain_update("binding").chain_update(&self.form).finalize().into()
    }

    /// An answer with the cookie of the form, when the browser has none yet.
    pub(crate) fn answer(&self, response: impl IntoResponse) -> Response {
        let mut response = response.into_response();
        if self.is_fresh {
            let cookie = set_cookie(form_cookie(self.secure), &self.form, self.secure, None);
            append(response.headers_mut(), &cookie);
        }
        response
    }

    /// The answer to who has just signed in: the cookie of the new session, whatever there was before,
    /// and on to where they wanted to go.
    pub(crate) fn signed_in(&self, signed_in: &SignedIn, return_to: &str) -> Response {
        let seconds = signed_in.seconds;
        let session = set_cookie(session_cookie(self.secure), signed_in.session.expose(), self.secure, Some(seconds));
        // A fresh form cookie too: nothing from before the sign-in is worth anything after it.
        let fresh = Secret::generate().map(|secret| secret.expose().to_owned()).unwrap_or_default();
        let form = set_cookie(form_cookie(self.secure), &fresh, self.secure, None);
        let cookies = AppendHeaders([(header::SET_COOKIE, session), (header::SET_COOKIE, form)]);
        (cookies, Redirect::to(return_path(return_to).unwrap_or("/account"))).into_response()
    }

    /// The same with a page in place of going on.
    pub(crate) fn signed_in_with(&self, signed_in: &SignedIn, page: Page) -> Response {
        let mut response = self.signed_in(signed_in, "");
        let cookies: Vec<HeaderValue> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        response = page.into_response();
        for cookie in cookies {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// From where it asks, as the service wants to know it.
    pub(crate) fn visitor(&self) -> Visitor<'_> {
        Visitor { address: self.address, browser: &self.name, request_id: &self.request_id, facade: FACADE }
    }

    /// The answer to who has signed out.
    pub(crate) fn signed_out(&self, to: &str) -> Response {
        let gone = set_cookie(session_cookie(self.secure), "", self.secure, Some(0));
        (AppendHeaders([(header::SET_COOKIE, gone)]), Redirect::to(to)).into_response()
    }
}

/// A path on this server to return to; anything that a browser could read as another origin is none.
pub(crate) fn return_path(wanted: &str) -> Option<&str> {
    let plain = wanted.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let own = wanted.starts_with('/') && !wanted.starts_with("//");
    (plain && own && wanted.len() <= 4_000).then_some(wanted)
}

const fn session_cookie(secure: bool) -> &'static str {
    if secure { "__Host-rolecall" } else { "rolecall" }
}

const fn form_cookie(secure: bool) -> &'static str {
    if secure { "__Host-rolecall-form" } else { "rolecall-form" }
}

fn set_cookie(name: &str, value: &str, secure: bool, seconds: Option<u32>) -> String {
    let secure = if secure { "; Secure" } else { "" };
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")
}

fn append(headers: &mut HeaderMap, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        headers.append(header::SET_COOKIE, value);
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

fn proof(form: &str, session: Option<&str>) -> String {
    let digest = Sha256::new()
        .chain_update("form")
        .chain_update(form)
        .chain_update([0])
        .chain_update(session.unwrap_or_default())
        .finalize();
    URL_SAFE_NO_PAD.encode(digest)
}

/// Compared without telling by time how much of it was right.
fn subtle_eq(given: &str, expected: &str) -> bool {
    let (given, expected) = (Sha256::digest(given), Sha256::digest(expected));
    given == expected
}

/// Where a request came from, behind trusted proxies what those say.
fn address(parts: &Parts, trusted: &[IpAddr]) -> IpAddr {
    let peer = parts.extensions.get::<PeerAddr>().map(|peer| peer.0.ip());
    let peer = peer.or_else(|| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()));
    let lines = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    forwarded_address(peer, lines, trusted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_server_is_returned_to() {
        for sound in ["/", "/account", "/oauth2/authorize?client_id=a&x=%2F%2Fevil"] {
            assert_eq!(return_path(sound), Some(sound));
        }
        for odd in
            ["", "account", "//evil.example", "/\\evil.example", "https://evil.example", "/a b", "/a\r\nb", "\t/a"]
        {
            assert_eq!(return_path(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn a_form_belongs_to_one_browser_and_one_session() {
        assert_ne!(proof("a", None), proof("b", None));
        assert_ne!(proof("a", Some("s")), proof("a", None));
        assert_ne!(proof("a", Some("s")), proof("as", None));
    }
}
