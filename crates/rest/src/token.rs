//! Tokens over the wire. A secret is answered once, when it is issued.

use crate::answer::{Answer, Item, Reply};
use crate::call::{Call, subject};
use crate::page::{After, Asked, Entry, has, sorted};
use crate::problem::Problem;
use crate::route::{Route, Value};
use crate::wire::{self, ScopeView};
use rolecall_engine::Place;
use rolecall_model::collection::Row;
use rolecall_model::command::SubjectRef;
use rolecall_model::id::{Holder, PrincipalId, TokenKey};
use rolecall_model::token::{Token, TokenChange, TokenCommand, TokenKind};
use rolecall_model::{Change, Org, Timestamp, operation as op, resolve};
use rolecall_service::{self as service, Done, NewToken, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A token to be issued.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTokenBody {
    /// Whose it will be, by any identifier; absent means the caller's own.
    #[serde(default)]
    pub subject: Option<String>,
    /// What it is called, for people.
    pub name: String,
    /// Where at most its holder acts through it: the project; absent means all.
    #[serde(default)]
    pub project: Option<String>,
    /// The environment; absent means all.
    #[serde(default)]
    pub environment: Option<String>,
    /// The only actions its holder can do through it, with what they include; absent means all.
    #[serde(default)]
    pub actions: Option<Vec<String>>,
    /// When it stops to count; absent means never.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// How a token is replaced by another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotationBody {
    /// For so many seconds the old one goes on to count, at most 30 days; 0 ends it at once.
    #[serde(default)]
    pub overlap_seconds: u32,
}

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// Its opaque id.
    pub key: String,
    /// Its number.
    pub number: u32,
    /// What it is called.
    pub name: String,
    /// What it is for: `personal` (programs of whoever has it), `secret` (an application's client secret) or `scim`.
    pub kind: &'static str,
    /// Whose it is.
    pub subject: String,
    /// What people call who has it.
    pub subject_name: String,
    /// Where at most its holder acts through it.
    #[serde(flatten)]
    pub scope: ScopeView,
    /// The only actions its holder can do through it; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<String>>,
    /// When it was issued.
    #[schema(value_type = String, format = DateTime)]
    pub issued: Timestamp,
    /// When it stops to count; absent means never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// When it was last used, to within ten seconds; absent means never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used: Option<Timestamp>,
    /// The revision that issued it: its entity tag.
    pub revision: u64,
}

/// A new token with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssuedTokenView {
    /// The token.
    #[serde(flatten)]
    pub view: TokenView,
    /// The secret. Nobody can show it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

fn view(org: &Org, row: &Row<Token>, last_used: Option<Timestamp>) -> TokenView {
    TokenView {
        key: row.key.to_string(),
        number: row.id.number(),
        name: row.value.name.to_string(),
        kind: row.kind.word(),
        subject: wire::principal(org, row.principal),
        subject_name: wire::holder_name(org, Holder::Principal(row.principal)),
        scope: ScopeView::of(org, row.scope),
        actions: row.actions.as_ref().map(|ids| ids.iter().map(|id| wire::action(org, *id)).collect()),
        issued: row.issued,
        until: row.until,
        last_used,
        revision: row.changed.0,
    }
}

/// Whether the caller may see what this owner holds.
pub(crate) fn may_see(call: &Call, owner: PrincipalId) -> bool {
    owner == call.ctx.principal() || call.ctx.may(op::TOKENS_READ, Place::ORGANIZATION)
}

/// Whether it is shown among tokens; sessions and grants have a list of their own.
const fn is_listed(token: &Token) -> bool {
    !token.kind.is_passing()
}

/// The token that the path names, if the caller may see it.
fn key(call: &Call) -> Result<TokenKey, Problem> {
    let named = call.path("token");
    let key = named.parse().map_err(|_| Problem::not_found("token", named))?;
    let row = call.org().token_of_key(key).filter(|row| is_listed(row) && may_see(call, row.principal));
    row.map(|row| row.key).ok_or_else(|| Problem::not_found("token", named))
}

/// A page of the tokens of a sort, each with when it was last used: those that the caller may see and that the query
/// asks for by `subject` and `search`.
///
/// # Errors
/// `not_found` for a subject that is not there; what the store says.
pub(crate) async fn page<'a>(
    call: &Call,
    asked: &'a Asked,
    is_of_the_sort: impl Fn(&Row<Token>) -> bool,
) -> Result<(Vec<(&'a Row<Token>, Option<Timestamp>)>, Option<After>), Problem> {
    let owner = call
        .query("subject")
        .map(|name| resolve::principal(call.org(), &subject(name), "subject").map(|(id, _)| id))
        .transpose()?;
    let org = asked.view.org();
    let search = call.query("search");
    let wanted = |row: &&Row<Token>| {
        is_of_the_sort(row)
            && owner.is_none_or(|owner| row.principal == owner)
            && may_see(call, row.principal)
            && (has(&row.value.name, search) || has(&wire::holder_name(org, Holder::Principal(row.principal)), search))
    };
    let entries = org.tokens.iter().filter(wanted).map(|row| Entry {
        number: row.id.number(),
        name: &row.value.name,
        created: row.created.0,
        changed: row.changed.0,
    });
    let (numbers, next) = sorted(call, asked, entries);
    let rows: Vec<&Row<Token>> = numbers.into_iter().filter_map(|number| org.tokens.get(number)).collect();
    let keys: Vec<TokenKey> = rows.iter().map(|row| row.key).collect();
    let used = service::last_used(&call.ctx, &keys).await?;
    Ok((rows.into_iter().zip(used).collect(), next))
}

async fn list(call: Call) -> Reply {
    let asked = Asked::of(&call)?;
    let org = asked.view.org();
    let (rows, next) = page(&call, &asked, |row| is_listed(row)).await?;
    let views = rows.into_iter().map(|(row, used)| view(org, row, used)).collect();
    asked.answer(&call, views, next)
}

async fn issue(call: Call) -> Reply {
    let body: NewTokenBody = call.json().await?;
    let NewTokenBody { subject: owner, name, project, environment, actions, until } = body;
    let subject = owner.map_or(SubjectRef::Number(call.ctx.principal().number()), |name| subject(&name));
    let scope = wire::scope_ref(project.as_deref(), environment.as_deref());
    let actions = actions.map(wire::references);
    let new = NewToken { subject, name, scope, actions, until, kind: TokenKind::Personal };
    let (done, secret) = service::issue_token(&call.ctx, new).await?;
    issued(&call, &done, secret)
}

/// Answers with the token that was issued and its secret, this once.
pub(crate) fn issued(call: &Call, done: &Done, secret: Option<Secret>) -> Reply {
    let token = secret.map(|secret| secret.expose().to_owned());
    call.changed(done, |after, changes| {
        let issued = changes.iter().find_map(|change| match change {
            Change::Token(TokenChange::Issued(token)) => Some(token.id),
            _ => None,
        });
        let row = after.org().token(issued?)?;
        let view = view(after.org(), row, None);
        let (path, revision) = (format!("/tokens/{}", view.key), view.revision);
        Some(Answer::item(&Item { revision, view: IssuedTokenView { view, token } }).ok()?.made(&path).secret())
    })
}

async fn rotate(call: Call) -> Reply {
    let body: RotationBody = call.json().await?;
    let (done, secret) = service::rotate_token(&call.ctx, key(&call)?, body.overlap_seconds).await?;
    issued(&call, &done, secret)
}

async fn read(call: Call) -> Reply {
    let key = key(&call)?;
    let used = service::last_used(&call.ctx, &[key]).await?.into_iter().next().flatten();
    let row = call.org().token_of_key(key).ok_or_else(|| Problem::not_found("token", call.path("token")))?;
    Answer::item(&Item { revision: row.changed.0, view: view(call.org(), row, used) })
}

async fn revoke(call: Call) -> Reply {
    let named = call.path("token");
    let key: TokenKey = named.parse().map_err(|_| Problem::not_found("token", named))?;
    // One that is gone goes on to the service, which may have answered this very request before.
    if call.org().token_of_key(key).is_some_and(|row| !is_listed(row) || !may_see(&call, row.principal)) {
        return Err(Problem::not_found("token", named));
    }
    let done = call.change(TokenCommand::Revoke(key)).await?;
    call.gone(&done)
}

/// The routes of tokens.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/tokens", "list_tokens", "List tokens: one's own, and with the right those of others")
            .open("only one's own are listed without rolecall.tokens.read")
            .lists::<TokenView>()
            .param("subject", Value::Text, "Only of this user or application.")
            .by(list),
        Route::post(
            "/tokens",
            "issue_token",
            "Issue a token, one's own or with the right another's; its secret is answered once",
        )
        .open("one's own; rolecall.tokens.write for others")
        .takes::<NewTokenBody>()
        .makes::<IssuedTokenView>()
        .by(issue),
        Route::get("/tokens/{token}", "read_token", "Read a token by its key")
            .open("what the caller may not see is not found")
            .answers::<TokenView>()
            .by(read),
        Route::post(
            "/tokens/{token}/rotate",
            "rotate_token",
            "Replace a token by one of the same reach and end; its secret is answered once, the old one counts for a while",
        )
        .open("one's own, also by the very token; rolecall.tokens.write for others")
        .takes::<RotationBody>()
        .makes::<IssuedTokenView>()
        .by(rotate),
        Route::delete("/tokens/{token}", "revoke_token", "Revoke a token")
            .open("one's own; rolecall.tokens.write for others")
            .by(revoke),
    ]
}
