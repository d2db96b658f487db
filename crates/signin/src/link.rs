//! Choosing a password by a link: after an invitation, or when the old one is lost.

use crate::browser::Browser;
use crate::shell::{Page, Shell, problem, with_retry, wrong};
use crate::signin::{go_on, query};
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use rolecall_service::{Error, LinkKind, LinkView, html::escape};
use serde::Deserialize;

/// What a link says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Token {
    token: String,
}

/// What the form says.
#[derive(Deserialize)]
pub(crate) struct Filled {
    csrf: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

/// Shows an invitation.
pub(crate) async fn invitation(shell: State<Shell>, browser: Browser, token: Query<Token>) -> Response {
    show(&shell, &browser, LinkKind::Invitation, &token.token).await
}

/// Takes the first password.
pub(crate) async fn accept(shell: State<Shell>, browser: Browser, Form(filled): Form<Filled>) -> Response {
    take(&shell, &browser, LinkKind::Invitation, filled).await
}

/// Shows where a new password is chosen.
pub(crate) async fn reset(shell: State<Shell>, browser: Browser, token: Query<Token>) -> Response {
    show(&shell, &browser, LinkKind::Reset, &token.token).await
}

/// Takes a new password.
pub(crate) async fn choose(shell: State<Shell>, browser: Browser, Form(filled): Form<Filled>) -> Response {
    take(&shell, &browser, LinkKind::Reset, filled).await
}

async fn show(shell: &Shell, browser: &Browser, kind: LinkKind, token: &str) -> Response {
    match shell.service.look_at_link(kind, token).await {
        Ok(view) => browser.answer(form(browser, kind, token, &view, None)),
        Err(error) => over(kind, &error),
    }
}

async fn take(shell: &Shell, browser: &Browser, kind: LinkKind, filled: Filled) -> Response {
    if let Err(refused) = browser.require_own_form(&filled.csrf) {
        return refused;
    }
    let view = match shell.service.look_at_link(kind, &filled.token).await {
        Ok(view) => view,
        Err(error) => return over(kind, &error),
    };
    let again = |message: &str| {
        let page = form(browser, kind, &filled.token, &view, Some(message));
        page.status(StatusCode::UNPROCESSABLE_ENTITY).into_response()
    };
    if filled.password != filled.again {
        return again("the two passwords are not the same; type them again");
    }
    match shell.service.use_link(kind, &filled.token, filled.password.clone(), &browser.visitor()).await {
        Ok(step) => go_on(browser, step, ""),
        Err(Error::Refused(refusal)) => again(&refusal.message),
        Err(error @ Error::Unauthenticated(_)) => over(kind, &error),
        Err(error) => with_retry(problem(&error).into_response(), &error),
    }
}

/// A link that does not count.
fn over(kind: LinkKind, error: &Error) -> Response {
    if !matches!(error, Error::Unauthenticated(_)) {
        return with_retry(problem(error).into_response(), error);
    }
    let new = match kind {
        LinkKind::Invitation => "Ask whoever invited you for a new one",
        LinkKind::Reset => "<a href=\"/signin/forgot\">Ask for a new one</a>",
    };
    let body = format!(
        "<h1>This link does not count any more</h1>\
         <p>It was used, it is too old, or a newer one was made. Nothing was done.</p>\
         <p>{new}, or <a href=\"/signin\">sign in</a> if you have a password.</p>"
    );
    Page::new("Link", body).status(StatusCode::GONE).into_response()
}

fn form(browser: &Browser, kind: LinkKind, token: &str, view: &LinkView, failed: Option<&str>) -> Page {
    let (action, title, intro, button) = match kind {
        LinkKind::Invitation => (
            "/signin/invitation",
            format!("Welcome to {}", view.organization),
            format!("You sign in as {}. Choose a password.", view.identifier),
            "Choose it and sign in",
        ),
        LinkKind::Reset => (
            "/signin/reset",
            "Choose a new password".to_owned(),
            format!(
                "It is for {} at {}. Everywhere else the account will be signed out.",
                view.identifier, view.organization
            ),
            "Choose it",
        ),
    };
    let body = format!(
        "<h1>{}</h1><p class=\"soft\">{}</p>{}<form method=\"post\" action=\"{action}\">{}\
         <input type=\"hidden\" name=\"token\" value=\"{}\">\
         <input type=\"text\" name=\"username\" value=\"{}\" autocomplete=\"username\" hidden readonly>\
         <label for=\"password\">New password</label>\
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"new-password\" minlength=\"10\" required autofocus aria-describedby=\"rules\">\
         <small id=\"rules\">{RULES}</small>\
         <label for=\"again\">The same again</label>\
         <input id=\"again\" name=\"again\" type=\"password\" autocomplete=\"new-password\" required>\
         <button>{button}</button></form>",
        escape(&title),
        escape(&intro),
        wrong(failed),
        browser.field(),
        escape(token),
        escape(&view.identifier),
    );
    Page::new(title, body)
}

/// The rules as people read them.
pub(crate) const RULES: &str = "At least 10 characters, with a capital and a small letter, a digit and a special \
    character; no character three times in a row, and none of your last five passwords.";

/// What the page of a lost password says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Lost {
    organization: String,
}

/// What its form says.
#[derive(Deserialize)]
pub(crate) struct LostFilled {
    csrf: String,
    #[serde(default)]
    organization: String,
    #[serde(default)]
    identifier: String,
}

/// Shows where to ask for a link.
pub(crate) async fn forgot(browser: Browser, Query(lost): Query<Lost>) -> Response {
    browser.answer(forgot_form(&browser, &lost.organization, None))
}

/// Mails a link to who is there; says the same to everybody.
pub(crate) async fn mail(State(shell): State<Shell>, browser: Browser, Form(filled): Form<LostFilled>) -> Response {
    if let Err(refused) = browser.require_own_form(&filled.csrf) {
        return refused;
    }
    let named = Some(filled.organization.as_str()).filter(|name| !name.is_empty());
    match shell.service.forgot_password(named, &filled.identifier, &browser.visitor()).await {
        Ok(()) => {
            Redirect::to(&format!("/signin?done=mailed&organization={}", query(&filled.organization))).into_response()
        }
        Err(error @ Error::Busy { .. }) => {
            let page = forgot_form(&browser, &filled.organization, Some(&error.to_string()));
            with_retry(page.status(StatusCode::TOO_MANY_REQUESTS).into_response(), &error)
        }
        Err(error) => problem(&error).into_response(),
    }
}

fn forgot_form(browser: &Browser, organization: &str, failed: Option<&str>) -> Page {
    let body = format!(
        "<h1>A new password</h1><p class=\"soft\">We mail you a link by which you choose it.</p>{}\
         <form method=\"post\" action=\"/signin/forgot\">{}<input type=\"hidden\" name=\"organization\" value=\"{}\">\
         <label for=\"identifier\">Email or username</label>\
         <input id=\"identifier\" name=\"identifier\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required autofocus>\
         <button>Mail me a link</button></form><p><a href=\"/signin\">Back to sign-in</a></p>",
        wrong(failed),
        browser.field(),
        escape(organization),
    );
    Page::new("Forgotten password", body)
}
