//! Passkeys: the forms for them, and what their script asks for.

use crate::account::{again, recent_sender};
use crate::browser::Browser;
use crate::shell::{Page, Shell, problem, sentence, with_retry};
use crate::signin::{self, Wanted};
use axum::Json;
use axum::extract::{Form, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use rolecall_service::{self as service, Ceremony, Ctx, Error, html::escape};
use serde::Deserialize;
use serde_json::json;

/// The path of the script.
pub(crate) const SCRIPT: &str = "/signin/passkey.js";

/// The script, the same for everybody.
pub(crate) async fn script() -> Response {
    let mut response = include_str!("passkey.js").into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

/// What the forms say.
#[derive(Deserialize)]
pub(crate) struct Filled {
    csrf: String,
    #[serde(default)]
    organization: String,
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    ticket: String,
    #[serde(default)]
    credential: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    id: String,
}

/// The button to sign in by a passkey; the script shows it where there can be one.
pub(crate) fn button(hidden: &str) -> String {
    format!(
        "<form class=\"ways\" method=\"post\" action=\"/signin/passkey\" data-passkey=\"get\" data-options=\"/signin/passkey/options\" hidden>\
         {hidden}{CEREMONY}<button class=\"plain\">Sign in with a passkey</button></form>"
    )
}

const CEREMONY: &str = "<input type=\"hidden\" name=\"ticket\"><input type=\"hidden\" name=\"credential\">\
    <p class=\"wrong\" role=\"alert\" hidden></p>";

/// One's passkeys, on one's own page.
pub(crate) async fn section(ctx: &Ctx, browser: &Browser) -> Result<String, Error> {
    if !ctx.service().has_passkeys() {
        return Ok(String::new());
    }
    let rows = service::passkeys(ctx).await?.into_iter().map(|passkey| {
        let day = passkey.registered.to_string();
        format!(
            "<li><span>{}<small>since {}</small></span><form method=\"post\" action=\"/account/passkeys/remove\">{}\
             <input type=\"hidden\" name=\"id\" value=\"{}\">\
             <button class=\"plain small\" aria-label=\"Remove {}\">Remove</button></form></li>",
            escape(&passkey.name),
            escape(day.get(..10).unwrap_or(&day)),
            browser.field(),
            escape(&passkey.id),
            escape(&passkey.name),
        )
    });
    let rows: String = rows.collect();
    // Without scripts there is nothing to do here but to remove what there is.
    let section = if rows.is_empty() { "<section data-passkey-too hidden>" } else { "<section>" };
    Ok(format!(
        "{section}<h2>Passkeys</h2><p class=\"soft\">A device that you unlock by finger, face or PIN signs you in, without a password.</p>\
         <ul class=\"plain\">{}</ul>\
         <form method=\"post\" action=\"/account/passkeys\" data-passkey=\"create\" data-options=\"/account/passkeys/options\" hidden>\
         {}{CEREMONY}<label for=\"passkey\">What you call the device</label>\
         <input id=\"passkey\" name=\"name\" maxlength=\"60\" value=\"{}\">\
         <button class=\"plain\">Add a passkey</button></form></section>",
        rows,
        browser.field(),
        escape(&browser.name),
    ))
}

/// What the script needs to ask a device that signs in.
pub(crate) async fn sign_in_options(
    State(shell): State<Shell>,
    browser: Browser,
    Form(filled): Form<Filled>,
) -> Response {
    if let Err(refused) = browser.require_own_form(&filled.csrf) {
        return refused;
    }
    let named = Some(filled.organization.as_str()).filter(|name| !name.is_empty());
    options(shell.service.begin_passkey(named, &browser.visitor()).await)
}

/// Signs in whoever the device answers for.
pub(crate) async fn sign_in(State(shell): State<Shell>, browser: Browser, Form(filled): Form<Filled>) -> Response {
    if let Err(refused) = browser.require_own_form(&filled.csrf) {
        return refused;
    }
    match shell.service.finish_passkey(&filled.ticket, &filled.credential, &browser.visitor()).await {
        Ok(signed_in) => browser.signed_in(&signed_in, &filled.return_to),
        Err(error @ Error::Unauthenticated(_)) => {
            let (organization, return_to) = (filled.organization, filled.return_to);
            let wanted = Wanted { organization, return_to, ..Wanted::default() };
            let page = signin::form(&shell, &browser, &wanted, "", Some(&error.to_string())).await;
            browser.answer(page.status(StatusCode::UNAUTHORIZED))
        }
        Err(error) => with_retry(problem(&error).into_response(), &error),
    }
}

/// What the script needs to ask a new device.
pub(crate) async fn registration_options(
    State(shell): State<Shell>,
    browser: Browser,
    Form(filled): Form<Filled>,
) -> Response {
    match recent_sender(&shell, &browser, &filled.csrf).await {
        Ok(ctx) => options(service::begin_registration(&ctx).await),
        Err(response) => response,
    }
}

/// Registers what the device made.
pub(crate) async fn register(State(shell): State<Shell>, browser: Browser, Form(filled): Form<Filled>) -> Response {
    let ctx = match recent_sender(&shell, &browser, &filled.csrf).await {
        Ok(ctx) => ctx,
        Err(response) => return response,
    };
    match service::finish_registration(&ctx, &filled.ticket, &filled.credential, &filled.name).await {
        Ok(()) => Redirect::to("/account?done=passkey").into_response(),
        Err(Error::Refused(refusal)) => again(&ctx, &browser, &refusal.message).await,
        Err(error) => problem(&error).into_response(),
    }
}

/// Removes one.
pub(crate) async fn remove(State(shell): State<Shell>, browser: Browser, Form(filled): Form<Filled>) -> Response {
    let ctx = match recent_sender(&shell, &browser, &filled.csrf).await {
        Ok(ctx) => ctx,
        Err(response) => return response,
    };
    match service::remove_passkey(&ctx, &filled.id).await {
        Ok(()) | Err(Error::NotFound { .. }) => Redirect::to("/account?done=removed").into_response(),
        Err(Error::Refused(refusal)) => again(&ctx, &browser, &refusal.message).await,
        Err(error) => problem(&error).into_response(),
    }
}

fn options(begun: Result<Ceremony, Error>) -> Response {
    match begun {
        Ok(Ceremony { ticket, options }) => {
            Json(json!({ "ticket": ticket.expose(), "options": options })).into_response()
        }
        Err(error) => {
            let status = match &error {
                Error::Busy { .. } => StatusCode::TOO_MANY_REQUESTS,
                Error::NotFound { .. } => StatusCode::NOT_FOUND,
                _ => StatusCode::CONFLICT,
            };
            let detail = sentence(&error.to_string());
            with_retry((status, Json(json!({ "detail": detail }))).into_response(), &error)
        }
    }
}

/// A page with the script of passkeys.
pub(crate) fn with_script(page: Page) -> Page {
    page.script(SCRIPT)
}
