//! What clients ask by themselves, without anybody at a browser.

use super::fault::{bearer_refusal, not_kept, refusal};
use super::parameters::{Pairs, Parameters};
use crate::browser::Browser;
use crate::shell::Shell;
use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use rolecall_service::oauth::{ClientProof, Fault, TokenRequest};
use serde::Serialize;

type Sent = Result<Form<Pairs>, FormRejection>;

fn answer(answer: Result<impl Serialize, Fault>) -> Response {
    match answer {
        Ok(body) => not_kept(Json(body)),
        Err(fault) => refusal(&fault),
    }
}

/// What a client shows of itself.
fn proof(headers: &HeaderMap, form: &Parameters) -> ClientProof {
    let header = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default().to_owned());
    ClientProof { header, id: form.owned("client_id"), secret: form.owned("client_secret") }
}

/// Gives tokens.
pub(super) async fn token(shell: State<Shell>, browser: Browser, headers: HeaderMap, sent: Sent) -> Response {
    let give = async {
        let form = Parameters::of_form(sent)?;
        let request = TokenRequest {
            client: proof(&headers, &form),
            grant_type: form.owned("grant_type"),
            code: form.owned("code"),
            redirect_uri: form.owned("redirect_uri"),
            code_verifier: form.owned("code_verifier"),
            refresh_token: form.owned("refresh_token"),
            device_code: form.owned("device_code"),
            scope: form.owned("scope"),
        };
        shell.service.token(&request, &browser.request_id).await
    };
    answer(give.await)
}

/// Begins for a terminal without a browser.
pub(super) async fn device(shell: State<Shell>, browser: Browser, headers: HeaderMap, sent: Sent) -> Response {
    let begin = async {
        let form = Parameters::of_form(sent)?;
        let (scope, host) = (form.get("scope"), form.get("host"));
        shell.service.start_device(&proof(&headers, &form), scope, host, browser.address).await
    };
    answer(begin.await)
}

/// Ends a grant. Of a token that is not known nothing is said (RFC 7009, 2.2).
pub(super) async fn revoke(shell: State<Shell>, browser: Browser, headers: HeaderMap, sent: Sent) -> Response {
    let end = async {
        let form = Parameters::of_form(sent)?;
        shell.service.revoke(&proof(&headers, &form), form.get("token"), &browser.request_id).await
    };
    match end.await {
        Ok(()) => not_kept(()),
        Err(fault) => refusal(&fault),
    }
}

/// Says what a token is worth.
pub(super) async fn introspect(shell: State<Shell>, headers: HeaderMap, sent: Sent) -> Response {
    let look = async {
        let form = Parameters::of_form(sent)?;
        shell.service.introspect(&proof(&headers, &form), form.get("token")).await
    };
    answer(look.await)
}

/// Says who somebody is.
pub(super) async fn user_info(shell: State<Shell>, headers: HeaderMap) -> Response {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    let Some(token) = token else {
        // Who shows nothing is told how to, and no error (RFC 6750, 3.1).
        let how = [(header::WWW_AUTHENTICATE, "Bearer realm=\"rolecall\", scope=\"openid\"")];
        return not_kept((axum::http::StatusCode::UNAUTHORIZED, how));
    };
    match shell.service.user_info(token).await {
        Ok(info) => not_kept(Json(info)),
        Err(fault) => bearer_refusal(&fault).into_response(),
    }
}
