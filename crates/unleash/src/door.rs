//! The door: who calls is known before anything of a request is read. A credential comes in the `Authorization` header,
//! with or without "Bearer", or as the cookie that signing in gave.

use crate::Settings;
use crate::fault::Fault;
use crate::user;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use rolecall_model::id::OrganizationId;
use rolecall_service::{Ctx, Error, Request, Secret, Service};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The name under which the service and the audit know this façade.
pub(crate) const FACADE: &str = "unleash";

/// The cookie that signing in gives.
pub(crate) const COOKIE: &str = "unleash-session";

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What all calls share.
pub(crate) struct App {
    pub service: Service,
    pub settings: Settings,
    /// The address under which everything lies, for links: no slash at its end.
    pub base: String,
    /// Lists of users as they were last written.
    pub lists: user::Lists,
    /// Held while somebody reads what is there and replaces it.
    turns: Mutex<HashMap<OrganizationId, Arc<tokio::sync::Mutex<()>>>>,
}

/// That nobody else replaces anything in the organization.
pub(crate) type Turn = tokio::sync::OwnedMutexGuard<()>;

impl App {
    pub(crate) fn new(service: Service, public_url: &str, settings: Settings) -> Self {
        let base = format!("{}{}", public_url.trim_end_matches('/'), crate::PATH);
        App { service, settings, base, lists: user::Lists::default(), turns: Mutex::default() }
    }

    /// The link by which somebody new chooses a password.
    pub(crate) fn new_user_link(&self, secret: &Secret) -> String {
        format!("{}/new-user?token={}", self.base, secret.expose())
    }

    /// Waits until nobody else replaces anything in an organization.
    pub(crate) async fn turn(&self, organization: OrganizationId) -> Turn {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(organization).or_default())
        };
        turn.lock_owned().await
    }

    /// Lets a caller in.
    ///
    /// # Errors
    /// 401, as `AuthenticationRequired` without a credential and as `UnauthorizedError` with one that means nothing.
    pub(crate) async fn enter(&self, parts: &Parts) -> Result<Ctx, Fault> {
        if let Some(credential) = credential(&parts.headers)? {
            return Ok(self.service.enter(request(&parts.headers, Some(credential))).await?);
        }
        let cookie = cookie(&parts.headers, COOKIE).ok_or_else(Fault::sign_in_first)?;
        require_own_page(parts)?;
        // A session that is over reads like none: the way out is the same.
        self.service.enter_session(request(&parts.headers, Some(cookie))).await.map_err(|error| match error {
            Error::Unauthenticated(_) => Fault::sign_in_first(),
            error => error.into(),
        })
    }
}

/// Refuses a change that another site's page has a browser ask for. The cookie is not sent for such a one, but from a
/// sibling of this host it is.
fn require_own_page(parts: &Parts) -> Result<(), Fault> {
    let text = |name: HeaderName| parts.headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let site = text(SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
    let host = text(header::HOST).or_else(|| parts.uri.authority().map(axum::http::uri::Authority::as_str));
    let own = |origin: &str| origin.split_once("://").map(|(_, rest)| rest) == host;
    let origin = text(header::ORIGIN).is_none_or(own);
    if parts.method.is_safe() || site && origin {
        return Ok(());
    }
    let message = "a page of another site asked for this; send the header \"Authorization\" instead of the cookie";
    Err(Fault::new(StatusCode::FORBIDDEN, "ForbiddenError", message))
}

fn credential(headers: &HeaderMap) -> Result<Option<&str>, Fault> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let first = given.next();
    if given.next().is_some() {
        return Err(Fault::unauthorized("there are two Authorization headers; send one"));
    }
    let unreadable = || Fault::unauthorized("the Authorization header has characters that no credential has");
    first.map(|value| value.to_str().map_err(|_| unreadable())).transpose()
}

/// A request without anything that only clients of our own API say.
pub(crate) fn request<'a>(headers: &'a HeaderMap, credential: Option<&'a str>) -> Request<'a> {
    Request {
        credential,
        facade: FACADE,
        request_id: request_id(headers),
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    }
}

/// The request's id in the logs.
pub(crate) fn request_id(headers: &HeaderMap) -> &str {
    headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default()
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(known, value)| *known == name && !value.is_empty()).map(|(_, value)| value).next()
}
