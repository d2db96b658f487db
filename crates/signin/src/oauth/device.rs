//! The page for a terminal's code: type it, see who asks, answer.

use super::consent::{ANSWERS, question, signed_in_as};
use super::parameters::address;
use crate::browser::Browser;
use crate::shell::{Page, Shell, problem, wrong};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use rolecall_service::oauth::{DeviceAsked, Fault, decide_device, device_asked};
use rolecall_service::{Ctx, Error, html::escape};
use serde::Deserialize;

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    user_code: String,
}

/// What the forms say.
#[derive(Deserialize)]
pub(super) struct Filled {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    user_code: String,
    #[serde(default)]
    decision: String,
}

/// Shows where to type the code. One that came with the address stands there already, to be compared.
pub(super) async fn show(State(shell): State<Shell>, browser: Browser, Query(wanted): Query<Wanted>) -> Response {
    match visitor(&shell, &browser, &wanted.user_code).await {
        Ok(ctx) => browser.answer(form(&browser, &ctx, &wanted.user_code, None)),
        Err(response) => response,
    }
}

/// Takes the code, and then the answer.
pub(super) async fn take(State(shell): State<Shell>, browser: Browser, Form(filled): Form<Filled>) -> Response {
    if let Err(refused) = browser.require_own_form(&filled.csrf) {
        return refused;
    }
    let ctx = match visitor(&shell, &browser, &filled.user_code).await {
        Ok(ctx) => ctx,
        Err(response) => return response,
    };
    let allow = filled.decision == "allow";
    let answered = if filled.decision.is_empty() {
        device_asked(&ctx, &filled.user_code, browser.address).await.map(|asked| ask(&browser, &ctx, &asked))
    } else {
        decide_device(&ctx, &filled.user_code, allow, browser.address).await.map(|()| done(allow))
    };
    match answered {
        Ok(page) => page.into_response(),
        Err(fault) => failed(&browser, &ctx, &filled.user_code, &fault),
    }
}

/// Whoever has signed in, or the way to do so first.
async fn visitor(shell: &Shell, browser: &Browser, code: &str) -> Result<Ctx, Response> {
    match browser.caller(shell).await {
        Ok(Some(ctx)) => Ok(ctx),
        Ok(None) => {
            let back = here(code);
            Err(Redirect::to(&address("/signin", [("return_to", back.as_str())].into_iter())).into_response())
        }
        Err(error) => Err(problem(&error).into_response()),
    }
}

fn here(code: &str) -> String {
    if code.is_empty() { "/device".to_owned() } else { address("/device", [("user_code", code)].into_iter()) }
}

fn elsewhere(code: &str) -> String {
    let back = here(code);
    address("/signin", [("again", "true"), ("return_to", back.as_str())].into_iter())
}

fn form(browser: &Browser, ctx: &Ctx, code: &str, failed: Option<&str>) -> Page {
    let body = format!(
        "<h1>Connect a terminal</h1><p>Type the code that your terminal shows. If it stands here already, compare it.</p>{}\
         <form method=\"post\" action=\"/device\">{}<label for=\"user_code\">Code</label>\
         <input id=\"user_code\" class=\"code\" name=\"user_code\" value=\"{}\" placeholder=\"XXXX-XXXX\" maxlength=\"20\" \
         autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" required autofocus>\
         <button>Go on</button></form>{}",
        wrong(failed),
        browser.field(),
        escape(code),
        signed_in_as(ctx, &elsewhere(code)),
    );
    Page::new("Connect a terminal", body)
}

fn ask(browser: &Browser, ctx: &Ctx, asked: &DeviceAsked) -> Page {
    let minutes = (ctx.now().micros() - asked.at.micros()) / 60_000_000;
    let when = match minutes {
        ..=0 => "less than a minute ago".to_owned(),
        1 => "a minute ago".to_owned(),
        minutes => format!("{minutes} minutes ago"),
    };
    let body = format!(
        "{}<p>It asked {when} from the address <strong>{}</strong> and shows the code <code>{}</code>. \
         Whoever sent you this code could act as you: if it is not on a screen before you, deny it.</p>{}\
         <form method=\"post\" action=\"/device\">{}<input type=\"hidden\" name=\"user_code\" value=\"{}\">{ANSWERS}</form>",
        question(asked.client, asked.host.as_deref(), asked.scopes),
        escape(&asked.address),
        escape(&asked.code),
        signed_in_as(ctx, &elsewhere(&asked.code)),
        browser.field(),
        escape(&asked.code),
    );
    Page::new(format!("{} asks to act for you", asked.client.title), body)
}

fn done(allowed: bool) -> Page {
    let (title, text) = if allowed {
        ("Your terminal is connected", "It goes on by itself within a few seconds. You can close this window.")
    } else {
        ("Nothing was allowed", "The terminal was told so. You can close this window.")
    };
    Page::new(title, format!("<h1>{title}</h1><p class=\"good\" role=\"status\">{text}</p>"))
}

fn failed(browser: &Browser, ctx: &Ctx, code: &str, fault: &Fault) -> Response {
    match fault {
        Fault::Refused { description, .. } => {
            form(browser, ctx, code, Some(description)).status(StatusCode::BAD_REQUEST).into_response()
        }
        Fault::Failed(error @ Error::Busy { retry_after, .. }) => {
            let page = form(browser, ctx, code, Some(&error.to_string())).status(StatusCode::TOO_MANY_REQUESTS);
            let mut response = page.into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
            response
        }
        Fault::Failed(error) => problem(error).into_response(),
    }
}
