//! Sessions over the wire: browsers in which somebody signed in, and what somebody granted to an OAuth client. Both
//! are tokens of a kind of their own.

use crate::answer::Reply;
use crate::call::{Call, subject};
use crate::page::{Asked, Entry, has, sorted};
use crate::problem::Problem;
use crate::route::{Route, Value};
use crate::wire;
use rolecall_engine::Place;
use rolecall_model::collection::Row;
use rolecall_model::id::{Holder, PrincipalId, TokenKey};
use rolecall_model::token::{Token, TokenCommand, TokenKind};
use rolecall_model::{Org, Timestamp, operation as op, resolve};
use rolecall_service as service;
use serde::Serialize;
use utoipa::ToSchema;

/// Somewhere that somebody is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// Its opaque id.
    pub key: String,
    /// The browser, or what the client called itself.
    pub name: String,
    /// `session` (a browser) or `grant` (an OAuth client).
    pub kind: &'static str,
    /// The OAuth client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Who signed in.
    pub subject: String,
    /// What people call who signed in.
    pub subject_name: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub issued: Timestamp,
    /// When it ends in any case; absent means never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// When it was last used, to within ten seconds; absent means never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used: Option<Timestamp>,
    /// Whether it is the one through which this was asked.
    pub current: bool,
}

fn view(call: &Call, org: &Org, row: &Row<Token>, last_used: Option<Timestamp>) -> SessionView {
    SessionView {
        key: row.key.to_string(),
        name: row.value.name.to_string(),
        kind: row.kind.word(),
        client: row.client.as_ref().map(ToString::to_string),
        subject: wire::principal(org, row.principal),
        subject_name: wire::holder_name(org, Holder::Principal(row.principal)),
        issued: row.issued,
        until: row.until,
        last_used,
        current: call.ctx.token() == Some(row.id),
    }
}

/// Whether a browser was not used for so long that its session is over.
fn is_idle(org: &Org, token: &Token, last_used: Option<Timestamp>, at: Timestamp) -> bool {
    let last = last_used.map_or(token.issued, |used| used.max(token.issued));
    token.kind == TokenKind::Session && at >= last.plus_seconds(org.sign_in_rules().idle_seconds.into())
}

fn may_see(call: &Call, owner: PrincipalId) -> bool {
    owner == call.ctx.principal() || call.ctx.may(op::TOKENS_READ, Place::ORGANIZATION)
}

async fn list(call: Call) -> Reply {
    let owner = call
        .query("subject")
        .map(|name| resolve::principal(call.org(), &subject(name), "subject").map(|(id, _)| id))
        .transpose()?;
    let asked = Asked::of(&call)?;
    let org = asked.view.org();
    let wanted = |row: &&Row<Token>| {
        row.kind.is_passing()
            && row.counts_at(asked.at)
            && owner.is_none_or(|owner| row.principal == owner)
            && may_see(&call, row.principal)
            && (has(&row.value.name, call.query("search"))
                || has(&wire::holder_name(org, Holder::Principal(row.principal)), call.query("search")))
    };
    let entries = org.tokens.iter().filter(wanted).map(|row| Entry {
        number: row.id.number(),
        name: &row.value.name,
        created: row.created.0,
        changed: row.changed.0,
    });
    let (numbers, next) = sorted(&call, &asked, entries);
    let rows: Vec<&Row<Token>> = numbers.into_iter().filter_map(|number| org.tokens.get(number)).collect();
    let keys: Vec<TokenKey> = rows.iter().map(|row| row.key).collect();
    let used = service::last_used(&call.ctx, &keys).await?;
    let living = rows.into_iter().zip(used).filter(|(row, used)| !is_idle(org, row, *used, asked.at));
    let views = living.map(|(row, used)| view(&call, org, row, used)).collect();
    asked.answer(&call, views, next)
}

async fn end(call: Call) -> Reply {
    let named = call.path("session");
    let key: TokenKey = named.parse().map_err(|_| Problem::not_found("session", named))?;
    // One that is gone goes on to the service, which may have answered this very request before.
    let hidden = |row: &Row<Token>| !row.kind.is_passing() || !may_see(&call, row.principal);
    if call.org().token_of_key(key).is_some_and(hidden) {
        return Err(Problem::not_found("session", named));
    }
    let done = call.change(TokenCommand::Revoke(key)).await?;
    call.gone(&done)
}

async fn end_all(call: Call) -> Reply {
    let done = service::end_sessions(&call.ctx, call.subject("user")).await?;
    call.gone(&done)
}

/// The routes of sessions.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/sessions", "list_sessions", "List where people are signed in: oneself, and with the right others")
            .open("only one's own are listed without rolecall.tokens.read")
            .lists::<SessionView>()
            .param("subject", Value::Text, "Only of this user.")
            .by(list),
        Route::delete("/sessions/{session}", "end_session", "End a session or an OAuth client's grant, by its key")
            .open("one's own; rolecall.tokens.write for others")
            .by(end),
        Route::delete(
            "/users/{user}/sessions",
            "end_sessions",
            "End all sessions of a user and what it granted to OAuth clients; of oneself all but the one in use",
        )
        .open("one's own; rolecall.tokens.write for others")
        .by(end_all),
    ]
}
