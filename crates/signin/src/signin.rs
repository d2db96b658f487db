//! The page to sign in, and the steps after a password.

use crate::browser::{Browser, return_path};
use crate::shell::{Page, Shell, problem, with_retry, wrong};
use crate::{code, passkey, provider};
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use rolecall_service::{Error, Step, html::escape};
use serde::Deserialize;

/// What the address of the page says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// Which organization; the home one when it says none.
    pub organization: String,
    /// Where to go on afterwards, a path of this server.
    pub return_to: String,
    /// That somebody has just signed out or chosen a password.
    pub done: String,
    /// That a session which goes on does not do: a client asks for a new sign-in, or somebody else is to sign in.
    pub again: bool,
}

/// What the form says.
#[derive(Deserialize)]
pub(crate) struct Filled {
    csrf: String,
    #[serde(default)]
    organization: String,
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    identifier: String,
    #[serde(default)]
    password: String,
}

/// Shows the form, or goes on when this browser has a session already.
pub(crate) async fn show(State(shell): State<Shell>, browser: Browser, Query(wanted): Query<Wanted>) -> Response {
    match browser.caller(&shell).await {
        Ok(Some(_)) if !wanted.again => {
            return Redirect::to(return_path(&wanted.return_to).unwrap_or("/account")).into_response();
        }
        Ok(_) => {}
        Err(error) => return problem(&error).into_response(),
    }
    let page = form(&shell, &browser, &wanted, "", None).await;
    browser.answer(page)
}

/// Takes a name and a password.
pub(crate) async fn take(State(shell): State<Shell>, browser: Browser, Form(filled): Form<Filled>) -> Response {
    if let Err(refused) = browser.require_own_form(&filled.csrf) {
        return refused;
    }
    let Filled { organization, return_to, identifier, password, .. } = filled;
    let named = Some(organization.as_str()).filter(|name| !name.is_empty());
    match shell.service.sign_in(named, &identifier, password, &browser.visitor()).await {
        Ok(step) => go_on(&browser, step, &return_to),
        Err(error) => {
            let wanted = Wanted { organization, return_to, ..Wanted::default() };
            let status = match &error {
                Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
                Error::Busy { .. } => StatusCode::TOO_MANY_REQUESTS,
                _ => return problem(&error).into_response(),
            };
            let page = form(&shell, &browser, &wanted, &identifier, Some(&error.to_string())).await;
            with_retry(browser.answer(page.status(status)), &error)
        }
    }
}

/// What comes after a password that was right.
pub(crate) fn go_on(browser: &Browser, step: Step, return_to: &str) -> Response {
    match step {
        Step::Done(signed_in) => browser.signed_in(&signed_in, return_to),
        Step::Factor(begun) => browser.answer(code::ask(browser, begun.expose(), return_to, None)),
        Step::Enroll(begun) => browser.answer(code::must_enroll(browser, begun.expose(), return_to)),
    }
}

/// Ends this browser's session.
pub(crate) async fn out(State(shell): State<Shell>, browser: Browser, Form(form): Form<Csrf>) -> Response {
    if let Err(refused) = browser.require_own_form(&form.csrf) {
        return refused;
    }
    let ended = match browser.caller(&shell).await {
        Ok(Some(ctx)) => match ctx.token().and_then(|id| ctx.org().token(id)).map(|token| token.key) {
            Some(key) => rolecall_service::end_session(&ctx, key).await.map(drop),
            None => Ok(()),
        },
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    match ended {
        Ok(()) => browser.signed_out("/signin?done=out"),
        Err(error) => problem(&error).into_response(),
    }
}

/// A form with nothing but the proof that it is ours.
#[derive(Deserialize)]
pub(crate) struct Csrf {
    pub csrf: String,
}

pub(crate) async fn form(
    shell: &Shell,
    browser: &Browser,
    wanted: &Wanted,
    identifier: &str,
    failed: Option<&str>,
) -> Page {
    let door = match shell.service.sign_in_door(Some(&wanted.organization)).await {
        Ok(door) => door,
        Err(error) => return problem(&error),
    };
    let done = match wanted.done.as_str() {
        "out" => "<p class=\"good\" role=\"status\">You have signed out.</p>",
        "joined" => "<p class=\"good\" role=\"status\">You have joined. Sign in with the password you chose.</p>",
        "mailed" => {
            "<p class=\"good\" role=\"status\">If there is such an account with an address, a link is on its way to it.</p>"
        }
        _ => "",
    };
    let hidden = format!(
        "{}<input type=\"hidden\" name=\"organization\" value=\"{}\">\
         <input type=\"hidden\" name=\"return_to\" value=\"{}\">",
        browser.field(),
        escape(&wanted.organization),
        escape(return_path(&wanted.return_to).unwrap_or_default()),
    );
    let by_password = if door.passwords {
        let lost = if door.mail {
            format!(
                "<p><a href=\"/signin/forgot?organization={}\">I have forgotten my password</a></p>",
                query(&wanted.organization)
            )
        } else {
            String::new()
        };
        format!(
            "<form method=\"post\" action=\"/signin\">{hidden}\
             <label for=\"identifier\">Email or username</label>\
             <input id=\"identifier\" name=\"identifier\" value=\"{}\" autocomplete=\"username webauthn\" autocapitalize=\"none\" spellcheck=\"false\" required{}>\
             <label for=\"password\">Password</label>\
             <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required{}>\
             <button>Sign in</button></form>{lost}",
            escape(identifier),
            if identifier.is_empty() { " autofocus" } else { "" },
            if identifier.is_empty() { "" } else { " autofocus" },
        )
    } else {
        String::new()
    };
    let passkey = if door.passkeys { passkey::button(&hidden) } else { String::new() };
    let others = provider::buttons(&door.providers, &wanted.organization, &wanted.return_to);
    let or = match (by_password.is_empty(), others.is_empty(), passkey.is_empty()) {
        (true, ..) | (_, true, true) => "",
        (false, false, _) => "<p class=\"or\">or</p>",
        // Alone, a passkey is shown by the script, and this with it.
        (false, true, false) => "<p class=\"or\" data-passkey-too hidden>or</p>",
    };
    let body =
        format!("<h1>Sign in to {}</h1>{done}{}{by_password}{or}{others}{passkey}", escape(&door.title), wrong(failed));
    let page = Page::new("Sign in", body);
    if door.passkeys { passkey::with_script(page) } else { page }
}

/// Text as it may stand in a query.
pub(crate) fn query(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut safe, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            safe.push(char::from(byte));
        } else {
            // Writing to a string never fails.
            let _written = write!(safe, "%{byte:02X}");
        }
        safe
    })
}
