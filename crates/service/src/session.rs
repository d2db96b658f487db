//! Sessions: browsers in which somebody signed in. A session is a token of a kind of its own, so that
//! every node learns from the log that it began and that it ended. Its secret is a cookie.

use crate::ctx::Ctx;
use crate::execute::{Asked, Done, Origin, execute, submit};
use crate::organization::Organization;
use crate::secret::Secret;
use crate::token::fresh_key;
use crate::{Error, Service, credential};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::TokenKey;
use rolecall_model::moment::Actor;
use rolecall_model::scope::ScopeRef;
use rolecall_model::token::{NewToken, TokenCommand, TokenKind};
use rolecall_model::{Command, Timestamp};
use rolecall_store::Row;
use std::sync::Arc;

/// Longest name of a browser that is kept, in characters.
const LONGEST_BROWSER: usize = 80;

/// Somebody signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// What the browser keeps as its cookie.
    pub session: Secret,
    /// When the session ends in any case.
    pub until: Timestamp,
    /// In how many seconds that is.
    pub seconds: u32,
    /// Who.
    pub subject: String,
}

/// A session to be opened.
pub(crate) struct Opening {
    /// Who acts: the user itself, or the provider it came from.
    pub actor: Actor,
    /// What happens in the same entry, before the session is issued.
    pub commands: Vec<Command>,
    /// What is written beside the entry.
    pub rows: Vec<Row>,
    /// Who signs in; those commands may make it.
    pub subject: SubjectRef,
    /// What people recognize the browser by.
    pub browser: String,
    /// The request's id in the logs.
    pub request_id: String,
    /// Which façade it came through.
    pub facade: &'static str,
}

impl Service {
    /// Opens a session, in one entry with whatever comes before it.
    ///
    /// # Errors
    /// What stands in the way; then nothing has changed.
    pub(crate) async fn open_session(
        &self,
        organization: &Arc<Organization>,
        opening: Opening,
    ) -> Result<(SignedIn, Done), Error> {
        let Opening { actor, mut commands, mut rows, subject, browser, request_id, facade } = opening;
        let (secret, key) = (Secret::generate()?, fresh_key()?);
        let seconds = organization.look().org().sign_in_rules().session_seconds;
        let until = self.now().plus_seconds(seconds.into());
        let browser: String = browser.chars().filter(|c| !c.is_control()).take(LONGEST_BROWSER).collect();
        let name = if browser.trim().is_empty() { "browser".to_owned() } else { browser };
        commands.push(Command::Token(TokenCommand::Issue(NewToken {
            key,
            name,
            subject: subject.clone(),
            scope: ScopeRef::ORGANIZATION,
            actions: None,
            until: Some(until),
            kind: TokenKind::Session,
            client: None,
        })));
        rows.push(Row::Secret { kind: credential::TOKEN, key: key.bytes(), hash: Some(secret.hash()), data: None });
        let origin = Origin { actor, facade, request: request_id };
        let command = Command::Batch(commands);
        let asked = Asked { command, origin, if_match: None, idempotency: None, rows };
        let done = submit(self, organization, asked).await?;
        let org = done.view.org();
        let owner = org.token_of_key(key).and_then(|token| org.principal(token.principal));
        let subject = owner.map(|owner| owner.subject.to_string()).unwrap_or_default();
        Ok((SignedIn { session: secret, until, seconds, subject }, done))
    }
}

/// Ends one session, one's own or with the right another's.
///
/// # Errors
/// What stands in the way.
pub async fn end_session(ctx: &Ctx, key: TokenKey) -> Result<Done, Error> {
    execute(ctx, TokenCommand::Revoke(key).into()).await
}

/// Ends all sessions of somebody and all grants to OAuth clients; of oneself all but the one in use.
///
/// # Errors
/// What stands in the way.
pub async fn end_sessions(ctx: &Ctx, subject: SubjectRef) -> Result<Done, Error> {
    let except = ctx.token().and_then(|id| ctx.org().token(id)).map(|token| token.key);
    execute(ctx, TokenCommand::EndSessions { subject, except }.into()).await
}
