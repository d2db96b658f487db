//! Single sign-on: to a provider and back (`OpenID` Connect Core 1.0, the authorization code flow with PKCE).
//!
//! Not here: who somebody is that comes back, and what follows from it (`rolecall_service::sso`).

mod fetch;
mod known;
mod proof;

pub(crate) use known::Providers;

use crate::browser::{Browser, return_path};
use crate::shell::{Page, Shell, problem, sentence, with_retry};
use crate::signin::query;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient};
use openidconnect::{ClientId, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use rolecall_service::sso::{self, Begun, Client, Failure, Pending};
use rolecall_service::{Error, Service, html::escape};
use serde::Deserialize;

/// Where somebody wants to sign in, and go on to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    organization: String,
    return_to: String,
}

/// What a provider sends back with the browser (RFC 6749, section 4.1.2; RFC 9207).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answered {
    state: String,
    code: String,
    error: String,
    error_description: String,
    iss: Option<String>,
}

/// Why somebody was not signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    /// The provider cannot be reached, or does not speak as it should. The cause is for the log.
    #[error("{0}")]
    Broken(String),
    /// The provider said that it did not sign the person in.
    #[error("the provider answered \"{0}\"")]
    Declined(String),
    /// What the provider said does not prove anything.
    #[error("{0}")]
    Unproven(String),
}

/// Sends the browser to a provider.
pub(crate) async fn go(
    State(shell): State<Shell>,
    browser: Browser,
    Path(provider): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let organization = Some(wanted.organization.as_str()).filter(|name| !name.is_empty());
    let return_to = return_path(&wanted.return_to).unwrap_or_default();
    let named = (organization, provider.as_str());
    let begun = match sso::begin(&shell.service, named, browser.binding(), return_to, &browser.visitor()).await {
        Ok(begun) => begun,
        Err(error) => return with_retry(problem(&error).into_response(), &error),
    };
    match there(&shell, &begun).await {
        Ok(address) => {
            let mut response = browser.answer(Redirect::to(&address));
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(wrong) => {
            tell(&shell.service, &browser, &begun.client, &wrong);
            refused(&begun.client, &wrong, return_to)
        }
    }
}

/// The address at the provider to go to.
async fn there(shell: &Shell, begun: &Begun) -> Result<String, Wrong> {
    let Begun { client, state, nonce, verifier } = begun;
    let known = shell.sso.known(client).await?;
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.clone()));
    let (state, nonce) = (CsrfToken::new(state.clone()), Nonce::new(nonce.clone()));
    let asking = CoreClient::from_provider_metadata(known.metadata.clone(), client_id(client), None)
        .set_redirect_uri(redirect_uri(&shell.service)?);
    let request = asking
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
        .add_scopes(scopes(client))
        .set_pkce_challenge(challenge);
    let (address, _, _) = request.url();
    Ok(address.into())
}

fn scopes(client: &Client) -> Vec<Scope> {
    let mut scopes: Vec<&str> = client.provider.scopes.iter().map(AsRef::as_ref).collect();
    if client.provider.group_sync.add_groups_scope && !scopes.contains(&"groups") {
        scopes.push("groups");
    }
    // `openid` goes without saying.
    scopes.into_iter().filter(|scope| *scope != "openid").map(|scope| Scope::new(scope.to_owned())).collect()
}

fn client_id(client: &Client) -> ClientId {
    ClientId::new(client.provider.client_id.to_string())
}

fn redirect_uri(service: &Service) -> Result<RedirectUrl, Wrong> {
    let address = format!("{}/signin/sso/callback", service.public_url());
    RedirectUrl::new(address).map_err(|error| Wrong::Broken(format!("the public URL of this server: {error}")))
}

/// Takes the browser that comes back from a provider.
pub(crate) async fn back(
    State(shell): State<Shell>,
    browser: Browser,
    answered: Result<Query<Answered>, QueryRejection>,
) -> Response {
    // Whatever is no answer of a provider belongs to no sign-in.
    let answered = answered.map(|Query(answered)| answered).unwrap_or_default();
    let pending = match sso::resume(&shell.service, &answered.state, browser.binding(), &browser.visitor()).await {
        Ok(pending) => pending,
        Err(failure) => return lost(&failure),
    };
    let arrival = match proof::of(&shell, &pending, answered).await {
        Ok(arrival) => arrival,
        Err(wrong) => {
            tell(&shell.service, &browser, &pending.client, &wrong);
            return refused(&pending.client, &wrong, &pending.return_to);
        }
    };
    let Pending { client, return_to, .. } = &pending;
    match sso::arrive(&shell.service, client, &arrival, &browser.visitor()).await {
        Ok(signed_in) => browser.signed_in(&signed_in, return_to),
        Err(Failure::Error(error)) => with_retry(problem(&error).into_response(), &error),
        Err(failure) => barred(client, &failure, return_to),
    }
}

/// The details go to the log, and that it happened to the events.
fn tell(service: &Service, browser: &Browser, client: &Client, wrong: &Wrong) {
    let (provider, request_id) = (&client.provider.name, &browser.request_id);
    tracing::warn!(%provider, organization = client.named, request_id, error = %wrong, "single sign-on failed");
    let reason = match wrong {
        Wrong::Broken(_) => "the provider cannot be reached or does not answer as it should; see the server's log",
        Wrong::Declined(_) => "the provider did not sign the person in; see the server's log",
        Wrong::Unproven(_) => "what the provider answered proves nothing; see the server's log",
    };
    sso::note_failure(service, client, reason, &browser.visitor());
}

/// The page for who comes back with something that belongs to no sign-in here.
fn lost(failure: &Failure) -> Response {
    if let Failure::Error(error) = failure {
        return with_retry(problem(error).into_response(), error);
    }
    let body = format!(
        "<h1>Please sign in once more</h1><p>{}</p><p>Nobody was signed in.</p>\
         <p><a href=\"/signin\">Go to sign-in</a></p>",
        escape(&sentence(&failure.to_string()))
    );
    Page::new("Sign in once more", body).status(StatusCode::BAD_REQUEST).into_response()
}

/// The page for who was not signed in for a reason at the provider.
fn refused(client: &Client, wrong: &Wrong, return_to: &str) -> Response {
    let title = &client.provider.title;
    let (status, heading, text) = match wrong {
        Wrong::Broken(_) => (
            StatusCode::BAD_GATEWAY,
            format!("{title} does not answer"),
            "It cannot be reached from here, or does not answer as it should. Try again in a moment; if it \
             stays like this, tell an administrator: the server's log says what is wrong.",
        ),
        Wrong::Declined(code) if code == "access_denied" => (
            StatusCode::FORBIDDEN,
            format!("{title} did not sign you in"),
            "You declined there, or you may not use it for this. Try again, or ask whoever runs it to let you.",
        ),
        Wrong::Declined(_) => (
            StatusCode::BAD_GATEWAY,
            format!("{title} did not sign you in"),
            "It gave a reason that an administrator finds in the server's log. Try again, or tell one.",
        ),
        Wrong::Unproven(_) => (
            StatusCode::FORBIDDEN,
            "You were not signed in".to_owned(),
            "What came back does not prove who you are. Try again; if it happens again, tell an administrator: \
             the server's log says why.",
        ),
    };
    Page::new("Not signed in", format!("<h1>{}</h1><p>{text}</p>{}", escape(&heading), way_back(client, return_to)))
        .status(status)
        .into_response()
}

/// The page for who is not let in here.
fn barred(client: &Client, failure: &Failure, return_to: &str) -> Response {
    let body = format!(
        "<h1>You were not signed in</h1><p>{} knows you, but this place does not let you in.</p><p>{}</p>{}",
        escape(&client.provider.title),
        escape(&sentence(&failure.to_string())),
        way_back(client, return_to)
    );
    Page::new("Not signed in", body).status(StatusCode::FORBIDDEN).into_response()
}

fn way_back(client: &Client, return_to: &str) -> String {
    let again = format!("organization={}&amp;return_to={}", query(&client.named), query(return_to));
    format!(
        "<p><a class=\"button\" href=\"/signin/sso/{}?{again}\">Try again</a></p>\
         <p><a href=\"/signin?{again}\">Sign in another way</a></p>",
        query(&client.provider.name)
    )
}

/// An error with its causes, for the log. Never with `Debug`, which shows bodies and so tokens.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |said, cause| format!("{said}: {cause}"))
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Wrong::Broken(error.to_string())
    }
}
