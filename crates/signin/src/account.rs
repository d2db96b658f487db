//! One's own page: the password, where one is signed in, and the second factor.

use crate::browser::Browser;
use crate::link::RULES;
use crate::shell::{Page, Shell, problem, sentence, with_retry, wrong};
use crate::signin::{Csrf, query};
use crate::{code, passkey};
use axum::extract::{Form, OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use rolecall_model::id::TokenKey;
use rolecall_model::principal::Principal;
use rolecall_model::token::TokenKind;
use rolecall_service::{self as service, Ctx, Error, html::escape};
use serde::Deserialize;

/// The caller whose page it is, or the way to sign in first.
async fn owner(shell: &Shell, browser: &Browser, back: &str) -> Result<Ctx, Response> {
    match browser.caller(shell).await {
        Ok(Some(ctx)) => Ok(ctx),
        Ok(None) => Err(Redirect::to(&format!("/signin?return_to={}", query(back))).into_response()),
        Err(error) => Err(problem(&error).into_response()),
    }
}

/// The same for a form, which must be ours.
pub(crate) async fn sender(shell: &Shell, browser: &Browser, csrf: &str) -> Result<Ctx, Response> {
    browser.require_own_form(csrf)?;
    owner(shell, browser, "/account").await
}

/// The same for what would let somebody else in for good: who signed in a while ago does it again first, so
/// that a session left open somewhere is not enough.
pub(crate) async fn recent_sender(shell: &Shell, browser: &Browser, csrf: &str) -> Result<Ctx, Response> {
    let ctx = sender(shell, browser, csrf).await?;
    let token = ctx.token().and_then(|id| ctx.org().token(id));
    if token.is_some_and(|token| token.issued.plus_seconds(RECENT) > ctx.now()) {
        return Ok(ctx);
    }
    let body = "<h1>Sign in once more</h1><p>This changes how you sign in, and you did that a while ago. \
                To be sure that it is you, sign in again; then you are back here.</p>\
                <p><a class=\"button\" href=\"/signin?again=true&amp;return_to=%2Faccount\">Sign in again</a></p>";
    Err(Page::new("Sign in once more", body).status(StatusCode::FORBIDDEN).into_response())
}

/// Seconds for which a sign-in is recent.
const RECENT: i64 = 600;

/// Shows the page.
pub(crate) async fn show(State(shell): State<Shell>, browser: Browser, OriginalUri(uri): OriginalUri) -> Response {
    let ctx = match owner(&shell, &browser, "/account").await {
        Ok(ctx) => ctx,
        Err(response) => return response,
    };
    let done = match uri.query() {
        Some("done=password") => Some("Your password is changed. Everywhere else you are signed out."),
        Some("done=ended") => Some("That session has ended."),
        Some("done=passkey") => Some("The passkey is added."),
        Some("done=removed") => Some("The passkey is removed."),
        Some("done=codes") => Some("One-time codes are switched off."),
        _ => None,
    };
    match page(&ctx, &browser, done, None).await {
        Ok(page) => browser.answer(page),
        Err(error) => problem(&error).into_response(),
    }
}

async fn page(ctx: &Ctx, browser: &Browser, done: Option<&str>, failed: Option<&str>) -> Result<Page, Error> {
    let gone = || Error::Unauthenticated("the account is not there any more".to_owned());
    let user = ctx.org().principal(ctx.principal()).ok_or_else(gone)?;
    let title = ctx.org().settings().map(|settings| settings.title.to_string()).unwrap_or_default();
    let done = done.map(|text| format!("<p class=\"good\" role=\"status\">{text}</p>")).unwrap_or_default();
    let body = format!(
        "<h1>{}</h1><p class=\"soft\">{} at {}</p>{done}{}{}{}{}{}\
         <h2>Leave</h2><form method=\"post\" action=\"/signin/out\">{}<button class=\"plain\">Sign out</button></form>",
        escape(&user.name),
        escape(&user.best_identifier()),
        escape(&title),
        wrong(failed),
        sessions(ctx, browser).await?,
        password(ctx, user, browser),
        codes(user, browser),
        passkey::section(ctx, browser).await?,
        browser.field(),
    );
    Ok(passkey::with_script(Page::new("Your account", body)))
}

async fn sessions(ctx: &Ctx, browser: &Browser) -> Result<String, Error> {
    let org = ctx.org();
    let theirs = org.tokens_of(ctx.principal()).filter_map(|id| org.token(id));
    let mut theirs: Vec<_> = theirs.filter(|token| token.kind.is_passing() && token.counts_at(ctx.now())).collect();
    theirs.sort_by_key(|token| std::cmp::Reverse((token.issued, token.id)));
    let keys: Vec<TokenKey> = theirs.iter().map(|token| token.key).collect();
    let used = service::last_used(ctx, &keys).await?;
    let rows = theirs.into_iter().zip(used).map(|(token, used)| {
        let here = ctx.token() == Some(token.id);
        let when = used.unwrap_or(token.issued);
        let note = if here { "this browser".to_owned() } else { format!("last used {}", day(&when.to_string())) };
        let kind = if token.kind == TokenKind::Grant { "an application, " } else { "" };
        let button = if here {
            String::new()
        } else {
            format!(
                "<form method=\"post\" action=\"/account/sessions/{}\">{}<button class=\"plain small\" aria-label=\"End {}\">End</button></form>",
                token.key,
                browser.field(),
                escape(&token.value.name)
            )
        };
        format!("<li><span>{}<small>{kind}{note}</small></span>{button}</li>", escape(&token.value.name))
    });
    Ok(format!("<h2>Where you are signed in</h2><ul class=\"plain\">{}</ul>", rows.collect::<String>()))
}

/// A time as people read it, to the minute.
fn day(time: &str) -> String {
    let minute = time.get(..16).unwrap_or(time).replace('T', " ");
    format!("{} UTC", escape(&minute))
}

fn password(ctx: &Ctx, user: &Principal, browser: &Browser) -> String {
    if !user.sign_in.password || !ctx.org().sign_in_rules().passwords {
        return String::new();
    }
    format!(
        "<h2>Password</h2><form method=\"post\" action=\"/account/password\">{}\
         <input type=\"text\" name=\"username\" value=\"{}\" autocomplete=\"username\" hidden readonly>\
         <label for=\"old\">The old one</label>\
         <input id=\"old\" name=\"old\" type=\"password\" autocomplete=\"current-password\" required>\
         <label for=\"new\">The new one</label>\
         <input id=\"new\" name=\"new\" type=\"password\" autocomplete=\"new-password\" minlength=\"10\" required aria-describedby=\"rules\">\
         <small id=\"rules\">{RULES}</small>\
         <label for=\"again\">The new one again</label>\
         <input id=\"again\" name=\"again\" type=\"password\" autocomplete=\"new-password\" required>\
         <button>Change it</button></form>",
        browser.field(),
        escape(&user.best_identifier()),
    )
}

fn codes(user: &Principal, browser: &Browser) -> String {
    if !user.sign_in.password {
        return String::new();
    }
    let (text, button, action) = if user.sign_in.codes {
        ("A code of your authenticator app is asked for after the password.", "Set up another app", "/account/codes")
    } else {
        (
            "After the password, a code that an app on your phone shows can be asked for.",
            "Set up codes",
            "/account/codes",
        )
    };
    let off = if user.sign_in.codes {
        format!(
            "<form method=\"post\" action=\"/account/codes/off\">{}<button class=\"plain\">Switch codes off</button></form>",
            browser.field()
        )
    } else {
        String::new()
    };
    format!(
        "<h2>One-time codes</h2><p class=\"soft\">{text}</p>\
         <form method=\"post\" action=\"{action}\">{}<button class=\"plain\">{button}</button></form>{off}",
        browser.field()
    )
}

/// What the form of the password says.
#[derive(Deserialize)]
pub(crate) struct NewPassword {
    csrf: String,
    #[serde(default)]
    old: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

/// Changes the password.
pub(crate) async fn change_password(
    State(shell): State<Shell>,
    browser: Browser,
    Form(form): Form<NewPassword>,
) -> Response {
    let ctx = match sender(&shell, &browser, &form.csrf).await {
        Ok(ctx) => ctx,
        Err(response) => return response,
    };
    if form.new != form.again {
        return again(&ctx, &browser, "the two new passwords are not the same; type them again").await;
    }
    match service::change_password(&ctx, form.old, form.new).await {
        Ok(()) => Redirect::to("/account?done=password").into_response(),
        Err(Error::Refused(refusal)) => again(&ctx, &browser, &refusal.message).await,
        Err(error) => with_retry(problem(&error).into_response(), &error),
    }
}

pub(crate) async fn again(ctx: &Ctx, browser: &Browser, message: &str) -> Response {
    match page(ctx, browser, None, Some(message)).await {
        Ok(page) => page.status(StatusCode::UNPROCESSABLE_ENTITY).into_response(),
        Err(error) => problem(&error).into_response(),
    }
}

/// Ends one of the sessions.
pub(crate) async fn end_session(
    State(shell): State<Shell>,
    browser: Browser,
    Path(key): Path<String>,
    Form(form): Form<Csrf>,
) -> Response {
    let ctx = match sender(&shell, &browser, &form.csrf).await {
        Ok(ctx) => ctx,
        Err(response) => return response,
    };
    let key: Option<TokenKey> = key.parse().ok();
    let own = key.filter(|key| ctx.org().token_of_key(*key).is_some_and(|token| token.principal == ctx.principal()));
    let Some(key) = own else { return Redirect::to("/account?done=ended").into_response() };
    match service::end_session(&ctx, key).await {
        Ok(_) => Redirect::to("/account?done=ended").into_response(),
        Err(error) => problem(&error).into_response(),
    }
}

/// What the forms of one-time codes say.
#[derive(Deserialize)]
pub(crate) struct Codes {
    csrf: String,
    #[serde(default)]
    offer: String,
    #[serde(default)]
    code: String,
}

/// Shows a secret for codes, or takes the code that confirms it.
pub(crate) async fn set_up_codes(State(shell): State<Shell>, browser: Browser, Form(form): Form<Codes>) -> Response {
    let ctx = match recent_sender(&shell, &browser, &form.csrf).await {
        Ok(ctx) => ctx,
        Err(response) => return response,
    };
    let fields = browser.field();
    if form.offer.is_empty() {
        return match service::offer_codes(&ctx).await {
            Ok(offer) => code::set_up("/account/codes", &fields, &offer).into_response(),
            Err(error) => problem(&error).into_response(),
        };
    }
    match service::confirm_codes(&ctx, &form.offer, &form.code).await {
        Ok(recovery) => code::recovery_codes(&recovery, "/account").into_response(),
        Err(Error::Refused(refusal)) => {
            code::not_confirmed("/account/codes", &fields, &form.offer, &refusal.message).into_response()
        }
        Err(error) => with_retry(problem(&error).into_response(), &error),
    }
}

/// Switches codes off, after a code or the password was asked for.
pub(crate) async fn codes_off(State(shell): State<Shell>, browser: Browser, Form(form): Form<Codes>) -> Response {
    let ctx = match sender(&shell, &browser, &form.csrf).await {
        Ok(ctx) => ctx,
        Err(response) => return response,
    };
    if form.code.is_empty() {
        return ask_for_code(&browser, None).into_response();
    }
    match service::end_own_codes(&ctx, &form.code).await {
        Ok(_) => Redirect::to("/account?done=codes").into_response(),
        Err(error @ (Error::Refused(_) | Error::Busy { .. })) => {
            let page = ask_for_code(&browser, Some(&error.to_string())).status(StatusCode::UNPROCESSABLE_ENTITY);
            with_retry(page.into_response(), &error)
        }
        Err(error) => problem(&error).into_response(),
    }
}

fn ask_for_code(browser: &Browser, failed: Option<&str>) -> Page {
    let body = format!(
        "<h1>Switch one-time codes off</h1><p class=\"soft\">{}</p>{}\
         <form method=\"post\" action=\"/account/codes/off\">{}\
         <label for=\"code\">A code of the app, or a recovery code</label>\
         <input id=\"code\" class=\"code\" name=\"code\" autocomplete=\"one-time-code\" required autofocus>\
         <button>Switch them off</button></form><p><a href=\"/account\">Leave them on</a></p>",
        sentence("to be sure that it is you"),
        wrong(failed),
        browser.field(),
    );
    Page::new("Switch codes off", body)
}
