//! Issuing tokens: the secret is made here, shown once and kept as a hash.

use crate::clock::random;
use crate::ctx::Ctx;
use crate::execute::{Done, execute_with};
use crate::secret::Secret;
use crate::{Error, credential};
use rolecall_engine::Place;
use rolecall_model::application::{ApplicationCommand, NewApplication, client_id_from};
use rolecall_model::change::Change;
use rolecall_model::command::SubjectRef;
use rolecall_model::id::TokenKey;
use rolecall_model::operation as op;
use rolecall_model::refusal::Kind;
use rolecall_model::scope::ScopeRef;
use rolecall_model::token::{TokenChange, TokenCommand, TokenKind};
use rolecall_model::{Command, Ref, Refusal, Timestamp, token};
use rolecall_store::Row;
use sha2::{Digest, Sha256};

/// What a client secret is called unless somebody says otherwise.
pub const CLIENT_SECRET: &str = "client secret";

/// A token to be issued.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Whose it will be.
    pub subject: SubjectRef,
    /// What it is called.
    pub name: String,
    /// Where at most its holder acts through it.
    pub scope: ScopeRef,
    /// The only actions its holder can do through it; none means all.
    pub actions: Option<Vec<Ref>>,
    /// When it stops to count; none means never.
    pub until: Option<Timestamp>,
    /// What it is for.
    pub kind: TokenKind,
}

/// Issues a token. The secret comes with this answer only; a dry run has none.
///
/// # Errors
/// What stands in the way; `NotNow` when the same request was answered before, as its secret cannot
/// be shown again.
pub async fn issue_token(ctx: &Ctx, new: NewToken) -> Result<(Done, Option<Secret>), Error> {
    let digest = Sha256::digest(format!("{new:?}")).into();
    let (command, secret, row) = issuing(new)?;
    shown_once(execute_with(ctx, command, digest, vec![row]).await?, secret, ctx)
}

/// Issues a token, unless its subject has one of this name and kind, or has `most` of the kind.
///
/// # Errors
/// As [`issue_token`]; `Taken` for the name, `TooMany` for one too many.
pub async fn issue_token_apart(ctx: &Ctx, new: NewToken, most: usize) -> Result<(Done, Option<Secret>), Error> {
    let digest = Sha256::digest(format!("{new:?} {most}")).into();
    let (new, secret, row) = prepared(new)?;
    let command = TokenCommand::IssueApart { new, most }.into();
    shown_once(execute_with(ctx, command, digest, vec![row]).await?, secret, ctx)
}

/// Replaces a token by another of the same subject, name, kind, reach and end. The old one goes on to count for so
/// many seconds, for its users to take the new one. The secret comes with this answer only.
///
/// # Errors
/// As [`issue_token`].
pub async fn rotate_token(ctx: &Ctx, old: TokenKey, overlap: u32) -> Result<(Done, Option<Secret>), Error> {
    let digest = Sha256::digest(format!("rotate {old} {overlap}")).into();
    let fresh = fresh_key()?;
    with_secret(ctx, TokenCommand::Rotate { old, fresh, overlap }.into(), fresh, digest).await
}

/// Carries out a command that issues a token under this key.
pub(crate) async fn with_secret(
    ctx: &Ctx,
    command: Command,
    key: TokenKey,
    digest: [u8; 32],
) -> Result<(Done, Option<Secret>), Error> {
    let secret = Secret::generate()?;
    let row = Row::Secret { kind: credential::TOKEN, key: key.bytes(), hash: Some(secret.hash()), data: None };
    shown_once(execute_with(ctx, command, digest, vec![row]).await?, secret, ctx)
}

/// Adds an application, with a secret if asked for. The secret comes with this answer only.
///
/// # Errors
/// As [`issue_token`].
pub async fn create_application(
    ctx: &Ctx,
    new: NewApplication,
    with_secret: bool,
) -> Result<(Done, Option<Secret>), Error> {
    let digest: [u8; 32] = Sha256::digest(format!("{new:?}{with_secret}")).into();
    let create = |new: &NewApplication| Command::Application(ApplicationCommand::Create(new.clone()));
    if !with_secret {
        return Ok((execute_with(ctx, create(&new), digest, Vec::new()).await?, None));
    }
    // The token names its owner by client id, which therefore must be known before it is made.
    let mut new = new;
    let client_id = new.client_id.clone().or_else(|| client_id_from(&new.name).map(Into::into));
    let Some(client_id) = client_id else {
        let message = "no client id can be made from this name; give one as client_id";
        return Err(Refusal::invalid("client_id", message).into());
    };
    let subject = SubjectRef::Application(client_id.trim().into());
    new.client_id = Some(client_id);
    let token = NewToken {
        subject,
        name: CLIENT_SECRET.to_owned(),
        scope: ScopeRef::ORGANIZATION,
        actions: None,
        until: None,
        kind: TokenKind::Secret,
    };
    let (issue, secret, row) = issuing(token)?;
    let done = execute_with(ctx, Command::Batch(vec![create(&new), issue]), digest, vec![row]).await?;
    shown_once(done, secret, ctx)
}

fn issuing(new: NewToken) -> Result<(Command, Secret, Row), Error> {
    let (new, secret, row) = prepared(new)?;
    Ok((TokenCommand::Issue(new).into(), secret, row))
}

fn prepared(new: NewToken) -> Result<(token::NewToken, Secret, Row), Error> {
    let secret = Secret::generate()?;
    let key = fresh_key()?;
    let row = Row::Secret { kind: credential::TOKEN, key: key.bytes(), hash: Some(secret.hash()), data: None };
    let NewToken { subject, name, scope, actions, until, kind } = new;
    Ok((token::NewToken { key, name, subject, scope, actions, until, kind, client: None }, secret, row))
}

/// A key under which no token stands yet.
pub(crate) fn fresh_key() -> Result<TokenKey, Error> {
    let mut bits = [0; 16];
    bits.copy_from_slice(&random()?[..16]);
    Ok(TokenKey::from_bytes(bits))
}

fn shown_once(done: Done, secret: Secret, ctx: &Ctx) -> Result<(Done, Option<Secret>), Error> {
    if done.repeated {
        let issued = done.changes.iter().find_map(|change| match change {
            Change::Token(TokenChange::Issued(token)) => Some(token.key.to_string()),
            _ => None,
        });
        let message = format!(
            "this request was answered before, and the secret of token {} is shown only once; revoke it and issue another",
            issued.unwrap_or_default(),
        );
        return Err(Refusal::new(Kind::NotNow, "", message).into());
    }
    Ok((done, (!ctx.is_dry_run()).then_some(secret)))
}

/// When each token was last used, to within ten seconds; none for never, and for tokens that the
/// caller may not see.
///
/// # Errors
/// When the store cannot be read.
pub async fn last_used(ctx: &Ctx, keys: &[TokenKey]) -> Result<Vec<Option<Timestamp>>, Error> {
    let organization = ctx.organization.key;
    let all = ctx.may(op::TOKENS_READ, Place::ORGANIZATION);
    let visible =
        |key: &TokenKey| all || ctx.org().token_of_key(*key).is_some_and(|token| token.principal == ctx.principal());
    let bytes: Vec<[u8; 16]> = keys.iter().map(|key| key.bytes()).collect();
    let written = ctx.service.store().last_used(organization, credential::TOKEN, &bytes).await?;
    let written: std::collections::HashMap<_, _> = written.into_iter().collect();
    let times = keys.iter().map(|key| {
        if !visible(key) {
            return None;
        }
        let stored = written.get(&key.bytes()).map(|at| Timestamp::from_micros(*at));
        stored.max(ctx.service.used_here(organization, *key))
    });
    Ok(times.collect())
}
