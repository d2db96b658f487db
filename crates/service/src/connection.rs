//! The SCIM connection of an organization: one token, in the hand of its identity provider. Not here: what the client
//! asks for (`rolecall-scim`).

use crate::ctx::Ctx;
use crate::execute::{Done, execute_with};
use crate::token::{fresh_key, last_used, with_secret};
use crate::{Error, Secret, Service};
use rolecall_engine::Place;
use rolecall_model::token::{Token, TokenCommand, TokenKind};
use rolecall_model::{Command, Org, Timestamp, operation as op};
use sha2::{Digest, Sha256};

/// How the connection stands.
#[derive(Clone, Debug)]
pub struct ConnectionState {
    /// When its token was issued; none when there is no connection.
    pub issued: Option<Timestamp>,
    /// When it was last used; none for never.
    pub last_used: Option<Timestamp>,
}

impl Service {
    /// Where SCIM clients ask.
    pub fn scim_url(&self) -> String {
        format!("{}/scim/v2", self.public_url())
    }
}

/// Sets the connection up, or gives it a new token: older ones count no more. The secret comes with this answer only.
///
/// # Errors
/// As [`issue_token`](crate::issue_token).
pub async fn connect(ctx: &Ctx) -> Result<(Done, Option<Secret>), Error> {
    let key = fresh_key()?;
    with_secret(ctx, TokenCommand::ConnectScim(key).into(), key, Sha256::digest("connect scim").into()).await
}

/// How the connection stands.
///
/// # Errors
/// `Forbidden`; when the store cannot be read.
pub async fn connection(ctx: &Ctx) -> Result<ConnectionState, Error> {
    ctx.require(op::PROVIDERS_READ, Place::ORGANIZATION)?;
    let newest = tokens(ctx.org()).max_by_key(|token| token.issued);
    let Some(token) = newest else { return Ok(ConnectionState { issued: None, last_used: None }) };
    let used = last_used(ctx, &[token.key]).await?.into_iter().next().flatten();
    Ok(ConnectionState { issued: Some(token.issued), last_used: used })
}

/// Ends the connection. What it manages stays managed until somebody unlinks it.
///
/// # Errors
/// What stands in the way; `NotFound` when there is none.
pub async fn disconnect(ctx: &Ctx) -> Result<Done, Error> {
    ctx.require(op::PROVIDERS_WRITE, Place::ORGANIZATION)?;
    let revoke = |token: &Token| Command::from(TokenCommand::Revoke(token.key));
    let commands: Vec<Command> = tokens(ctx.present.org()).map(revoke).collect();
    // Who repeats a request asks for the same, although there is nothing to revoke any more.
    let digest = Sha256::digest("disconnect scim").into();
    let done = execute_with(ctx, Command::Batch(commands), digest, Vec::new()).await?;
    if done.changes.is_empty() {
        return Err(Error::NotFound { message: "there is no SCIM connection".to_owned() });
    }
    Ok(done)
}

/// Whether there is a SCIM client whose token counts.
pub fn is_connected(org: &Org) -> bool {
    tokens(org).next().is_some()
}

fn tokens(org: &Org) -> impl Iterator<Item = &Token> {
    org.tokens.iter().map(|row| &row.value).filter(|token| token.kind == TokenKind::Scim)
}
