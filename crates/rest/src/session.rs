//! Sessions over the wire: browsers in which somebody signed in, and what somebody granted to an OAuth client. Both
//! are tokens of a kind of their own.

use crate::answer::Reply;
use crate::call::Call;
use crate::page::Asked;
use crate::problem::Problem;
use crate::route::{Route, Value};
use crate::token::{may_see, page};
use crate::wire;
use rolecall_model::collection::Row;
use rolecall_model::id::{Holder, TokenKey};
use rolecall_model::token::{Token, TokenCommand, TokenKind};
use rolecall_model::{Org, Timestamp};
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

async fn list(call: Call) -> Reply {
    let asked = Asked::of(&call)?;
    let org = asked.view.org();
    let (rows, next) = page(&call, &asked, |row| row.kind.is_passing() && row.counts_at(asked.at)).await?;
    let living = rows.into_iter().filter(|(row, used)| !is_idle(org, row, *used, asked.at));
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
