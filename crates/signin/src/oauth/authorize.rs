//! The authorization endpoint: checks what a client asks for, lets somebody sign in and asks them.
#![allow(clippy::result_large_err, reason = "both sides are answers, and one of them is sent at once")]

use super::consent::{ANSWERS, question, signed_in_as};
use super::fault::{not_kept, page};
use super::parameters::{Pairs, Parameters, address};
use crate::browser::{Browser, return_path};
use crate::shell::{Page, Shell, problem};
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use rolecall_service::oauth::{Authorization, AuthorizeRequest, Fault, Rejected, Step};
use rolecall_service::{Ctx, html::escape};

const TITLE: &str = "This cannot be asked";
/// Fields that are a form's own and no part of the request.
const OF_THE_FORM: [&str; 2] = ["csrf", "decision"];

/// A request comes in by a browser.
pub(super) async fn show(
    State(shell): State<Shell>,
    browser: Browser,
    query: Result<Query<Pairs>, QueryRejection>,
) -> Response {
    match Parameters::of_query(query) {
        Ok(parameters) => go_on(&shell, &browser, &parameters, None).await.unwrap_or_else(|answer| answer),
        Err(fault) => page(TITLE, &fault),
    }
}

/// Somebody has answered. The request comes with the form and is checked once more.
pub(super) async fn take(
    State(shell): State<Shell>,
    browser: Browser,
    form: Result<Form<Pairs>, FormRejection>,
) -> Response {
    let parameters = match Parameters::of_form(form) {
        Ok(parameters) => parameters,
        Err(fault) => return page(TITLE, &fault),
    };
    if let Err(refused) = browser.require_own_form(parameters.get("csrf").unwrap_or_default()) {
        return refused;
    }
    let decision = parameters.get("decision");
    go_on(&shell, &browser, &parameters, decision).await.unwrap_or_else(|answer| answer)
}

async fn go_on(
    shell: &Shell,
    browser: &Browser,
    parameters: &Parameters,
    decision: Option<&str>,
) -> Result<Response, Response> {
    let authorization = request(parameters).check(&shell.service).map_err(|rejected| match rejected {
        Rejected::Here(fault) => page(TITLE, &fault),
        Rejected::Back(address) => sent(&address),
    })?;
    let caller = browser.caller(shell).await.map_err(|error| problem(&error).into_response())?;
    match (authorization.step(caller.as_ref()), caller) {
        (Step::Back(address), _) => Ok(sent(&address)),
        (Step::Ask, Some(ctx)) => match decision {
            Some("allow") => Ok(allow(&authorization, &ctx).await),
            Some(_) => Ok(sent(&authorization.deny())),
            None => Ok(browser.answer(ask(shell, browser, parameters, &authorization, &ctx)?)),
        },
        (Step::Allow, Some(ctx)) => Ok(allow(&authorization, &ctx).await),
        (Step::SignIn { again }, _) => {
            Ok(Redirect::to(&sign_in(shell, parameters, &authorization, again)?).into_response())
        }
        // Nobody is asked who has not signed in.
        (Step::Ask | Step::Allow, None) => {
            Ok(Redirect::to(&sign_in(shell, parameters, &authorization, false)?).into_response())
        }
    }
}

fn request(parameters: &Parameters) -> AuthorizeRequest {
    AuthorizeRequest {
        client_id: parameters.owned("client_id"),
        redirect_uri: parameters.owned("redirect_uri"),
        response_type: parameters.owned("response_type"),
        response_mode: parameters.owned("response_mode"),
        scope: parameters.owned("scope"),
        state: parameters.owned("state"),
        nonce: parameters.owned("nonce"),
        code_challenge: parameters.owned("code_challenge"),
        code_challenge_method: parameters.owned("code_challenge_method"),
        prompt: parameters.owned("prompt"),
        max_age: parameters.owned("max_age"),
        request: parameters.owned("request"),
        request_uri: parameters.owned("request_uri"),
        organization: parameters.owned("organization"),
        host: parameters.owned("host"),
        since: parameters.owned("since"),
    }
}

async fn allow(authorization: &Authorization, ctx: &Ctx) -> Response {
    match authorization.allow(ctx).await {
        Ok(address) => sent(&address),
        Err(fault) => sent(&authorization.fail(&fault)),
    }
}

/// Back to the client, which alone is to see what stands in the address.
fn sent(address: &str) -> Response {
    let mut response = not_kept(Redirect::to(address));
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Where to sign in and come back from.
fn sign_in(
    shell: &Shell,
    parameters: &Parameters,
    authorization: &Authorization,
    again: bool,
) -> Result<String, Response> {
    let since = authorization.since_now(&shell.service).map_err(|error| problem(&error).into_response())?;
    let kept = parameters.without(&["csrf", "decision", "since"]);
    let back = address("/oauth2/authorize", kept.chain([("since", since.as_str())]));
    if return_path(&back).is_none() {
        return Err(sent(&authorization.fail(&Fault::request("the request is too long"))));
    }
    let mut wanted = vec![("return_to", back.as_str())];
    wanted.extend(authorization.organization.as_deref().map(|name| ("organization", name)));
    wanted.extend(again.then_some(("again", "true")));
    Ok(address("/signin", wanted.into_iter()))
}

fn ask(
    shell: &Shell,
    browser: &Browser,
    parameters: &Parameters,
    authorization: &Authorization,
    ctx: &Ctx,
) -> Result<Page, Response> {
    let hidden = parameters
        .without(&OF_THE_FORM)
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value)));
    let body = format!(
        "{}{}<form method=\"post\" action=\"/oauth2/authorize\">{}{}{ANSWERS}</form>",
        question(authorization.client, authorization.host.as_deref(), authorization.scopes),
        signed_in_as(ctx, &sign_in(shell, parameters, authorization, true)?),
        browser.field(),
        hidden.collect::<String>(),
    );
    let title = format!("{} asks to act for you", authorization.client.title);
    Ok(Page::new(title, body).form_action(authorization.origin()))
}
