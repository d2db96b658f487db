//! The question whether a client may act for whoever has signed in, in words that people understand.

use rolecall_service::Ctx;
use rolecall_service::html::escape;
use rolecall_service::oauth::{Client, Scope, Scopes};

/// What a client would be able to do.
const fn meaning(scope: Scope) -> &'static str {
    match scope {
        Scope::OpenId => "know who you are",
        Scope::Profile => "see your name and username",
        Scope::Email => "see your email address",
        Scope::Offline => "stay signed in for 30 days, or until you end it on your account page",
        Scope::All => "do everything you may do here",
    }
}

/// Who asks, and what for.
pub(super) fn question(client: &Client, host: Option<&str>, scopes: Scopes) -> String {
    let host = host.map(|host| format!(" on <strong>{}</strong>", escape(host))).unwrap_or_default();
    let meanings = scopes.words().map(|scope| format!("<li>{}</li>", meaning(scope)));
    format!(
        "<h1>{} asks to act for you</h1><p>The application <strong>{}</strong>{host} would be able to:</p><ul>{}</ul>",
        escape(client.title),
        escape(client.title),
        meanings.collect::<String>()
    )
}

/// As whom one answers.
pub(super) fn signed_in_as(ctx: &Ctx, otherwise: &str) -> String {
    let user = ctx.org().principal(ctx.principal());
    let name = user.map(|user| user.best_identifier().to_string()).unwrap_or_default();
    let title = ctx.org().settings().map(|settings| settings.title.to_string()).unwrap_or_default();
    format!(
        "<p class=\"soft\">You are signed in as {} at {}. <a href=\"{}\">Sign in as somebody else</a></p>",
        escape(&name),
        escape(&title),
        escape(otherwise)
    )
}

/// The two answers.
pub(super) const ANSWERS: &str = "<p>Allow it only if you began this yourself, a moment ago.</p>\
    <button name=\"decision\" value=\"allow\">Allow</button> \
    <button name=\"decision\" value=\"deny\" class=\"plain\">Deny</button>";
