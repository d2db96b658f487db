//! Joining by a public sign-up link: a name, an address and a password of one's own.

use crate::browser::Browser;
use crate::link::RULES;
use crate::shell::{Page, Shell, problem, with_retry, wrong};
use crate::signin::query;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use rolecall_service::{Error, NewMember, html::escape};
use serde::Deserialize;

/// What a link says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Link {
    link: String,
}

/// What the form says.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filled {
    csrf: String,
    link: String,
    name: String,
    email: String,
    password: String,
    again: String,
}

/// Shows the form, when the link counts.
pub(crate) async fn show(State(shell): State<Shell>, browser: Browser, Query(link): Query<Link>) -> Response {
    match shell.service.look_at_sign_up(&link.link).await {
        Ok(title) => {
            let filled = Filled { link: link.link, ..Filled::default() };
            browser.answer(form(&browser, &title, &filled, None))
        }
        Err(error) => over(&error),
    }
}

/// Adds who joins. They sign in afterwards, as at every other time.
pub(crate) async fn take(State(shell): State<Shell>, browser: Browser, Form(filled): Form<Filled>) -> Response {
    if let Err(refused) = browser.require_own_form(&filled.csrf) {
        return refused;
    }
    let title = match shell.service.look_at_sign_up(&filled.link).await {
        Ok(title) => title,
        Err(error) => return over(&error),
    };
    let again = |status: StatusCode, message: &str| {
        form(&browser, &title, &filled, Some(message)).status(status).into_response()
    };
    if filled.password != filled.again {
        return again(StatusCode::UNPROCESSABLE_ENTITY, "the two passwords are not the same; type them again");
    }
    let new = NewMember {
        name: filled.name.clone(),
        email: Some(filled.email.clone()).filter(|email| !email.trim().is_empty()),
        username: None,
        password: filled.password.clone(),
    };
    match shell.service.sign_up(&filled.link, new, &browser.visitor()).await {
        Ok(joined) => {
            let name = joined.view.org().settings().map(|settings| settings.name.to_string()).unwrap_or_default();
            Redirect::to(&format!("/signin?done=joined&organization={}", query(&name))).into_response()
        }
        Err(Error::Refused(refusal)) => again(StatusCode::UNPROCESSABLE_ENTITY, &refusal.message),
        Err(error @ Error::Busy { .. }) => with_retry(again(StatusCode::TOO_MANY_REQUESTS, &error.to_string()), &error),
        Err(error) => over(&error),
    }
}

/// A link that does not count.
fn over(error: &Error) -> Response {
    if !matches!(error, Error::Unauthenticated(_)) {
        return with_retry(problem(error).into_response(), error);
    }
    let body = "<h1>This link does not count</h1><p>It is too old, or was switched off. Nothing was done.</p>\
                <p>Ask whoever gave it to you for a new one, or <a href=\"/signin\">sign in</a> if you have an account.</p>";
    Page::new("Link", body).status(StatusCode::GONE).into_response()
}

fn form(browser: &Browser, title: &str, filled: &Filled, failed: Option<&str>) -> Page {
    let title = format!("Join {title}");
    let body = format!(
        "<h1>{}</h1>{}<form method=\"post\" action=\"/signin/join\">{}\
         <input type=\"hidden\" name=\"link\" value=\"{}\">\
         <label for=\"name\">Your name</label>\
         <input id=\"name\" name=\"name\" value=\"{}\" autocomplete=\"name\" maxlength=\"200\" required autofocus>\
         <label for=\"email\">Email</label>\
         <input id=\"email\" name=\"email\" type=\"email\" value=\"{}\" autocomplete=\"username\" maxlength=\"254\" required>\
         <label for=\"password\">Password</label>\
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"new-password\" minlength=\"10\" required aria-describedby=\"rules\">\
         <small id=\"rules\">{RULES}</small>\
         <label for=\"again\">The same again</label>\
         <input id=\"again\" name=\"again\" type=\"password\" autocomplete=\"new-password\" required>\
         <button>Join</button></form>",
        escape(&title),
        wrong(failed),
        browser.field(),
        escape(&filled.link),
        escape(&filled.name),
        escape(&filled.email),
    );
    Page::new(title, body)
}
