//! Refresh tokens: each counts once, and gives the next. The family is one ticket that says which of them is the
//! newest, so an older one is known for what it is for as long as the family lives, and ends it (RFC 9700, 4.14).

use super::client::Client;
use super::grant::{Parent, REFRESH, Tokens, end_as_stolen};
use super::scope::Scopes;
use super::{Fault, read, written};
use crate::secret::{self, PREFIX, Secret};
use crate::{Error, Service};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use rolecall_model::Timestamp;
use rolecall_model::id::TokenKey;
use rolecall_store::Ticket;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// What is kept of a family of refresh tokens. The ticket's owner is the grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Family {
    pub client: String,
    pub scope: String,
    pub auth_time: Timestamp,
    /// The hash of the newest one's second half.
    newest: String,
}

/// A refresh token: which family, and which of it. Recognized by its prefix as all secrets of ours.
struct Text<'a> {
    family: &'a str,
    turn: &'a str,
}

impl<'a> Text<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (family, turn) = text.split_once('.')?;
        let sound = text.starts_with(PREFIX) && text.len() < 200;
        sound.then_some(Text { family, turn })
    }
}

fn fresh_turn() -> Result<(String, String), Error> {
    let turn = Secret::generate()?.expose().trim_start_matches(PREFIX).to_owned();
    let hash = BASE64.encode(secret::hash(&turn));
    Ok((turn, hash))
}

impl Family {
    /// A family with its first refresh token, and the hash under which it is found.
    pub(crate) fn begin(client: &str, scopes: Scopes, auth_time: Timestamp) -> Result<(Self, String, [u8; 32]), Error> {
        let family = Secret::generate()?;
        let (turn, newest) = fresh_turn()?;
        let text = format!("{}.{turn}", family.expose());
        Ok((Family { client: client.to_owned(), scope: scopes.to_string(), auth_time, newest }, text, family.hash()))
    }

    fn is_newest(&self, turn: &str) -> bool {
        let hash = BASE64.encode(secret::hash(turn));
        self.newest.as_bytes().ct_eq(hash.as_bytes()).into()
    }

    pub(crate) fn scopes(&self) -> Scopes {
        Scopes::read(&self.scope)
    }
}

/// The family of a refresh token, whether this one is the newest, and its ticket.
pub(crate) async fn find(service: &Service, text: &str) -> Result<Option<(Family, bool, Ticket)>, Error> {
    let Some(Text { family, turn }) = Text::read(text) else { return Ok(None) };
    let Some(ticket) = service.store().ticket(REFRESH, secret::hash(family)).await? else { return Ok(None) };
    let family: Family = read(&ticket)?;
    let newest = family.is_newest(turn);
    Ok(Some((family, newest, ticket)))
}

/// Gives new tokens for a refresh token, which counts no longer then.
pub(crate) async fn refresh(
    service: &Service,
    client: &Client,
    text: &str,
    scope: Option<&str>,
    request_id: &str,
) -> Result<Tokens, Fault> {
    let Some((family, newest, ticket)) = find(service, text).await? else {
        return Err(Fault::grant("the refresh token is not known here, or no longer; sign in again"));
    };
    // Whoever has another client's token neither uses it nor ends it.
    if family.client != client.id {
        return Err(Fault::grant("the refresh token was issued to another client"));
    }
    let (organization, grant) = (service.organization(ticket.organization).await?, TokenKey::from_bytes(ticket.owner));
    if !newest {
        end_as_stolen(service, &organization, grant, "a refresh token", request_id).await?;
        return Err(reused());
    }
    let now = service.now();
    let view = organization.view();
    let token = view.org().token_of_key(grant).filter(|token| token.counts_at(now));
    let Some(token) = token.filter(|_| now.micros() < ticket.expires_at) else {
        return Err(Fault::grant("the grant has expired or was revoked; sign in again"));
    };
    if !view.org().principal(token.principal).is_some_and(|principal| principal.active) {
        return Err(Fault::grant("whose grant this is has been disabled; ask an administrator"));
    }
    let scopes = narrowed(&family, scope)?;
    let (turn, newest) = fresh_turn()?;
    let after = written(&Family { newest, ..family.clone() })?;
    let handle = text.split_once('.').map(|(handle, _)| handle).unwrap_or_default();
    if !service.store().change_ticket(REFRESH, secret::hash(handle), &ticket.data, after).await? {
        // Somebody was a moment quicker with the same token.
        end_as_stolen(service, &organization, grant, "a refresh token", request_id).await?;
        return Err(reused());
    }
    let parent = Parent { organization: &organization, key: grant, auth_time: family.auth_time };
    let tokens = parent.tokens(service, client.id, scopes, None).await?;
    Ok(Tokens { refresh_token: Some(format!("{handle}.{turn}")), ..tokens })
}

/// What is asked for of what was granted; all of it when nothing is.
fn narrowed(family: &Family, scope: Option<&str>) -> Result<Scopes, Fault> {
    let granted = family.scopes();
    let Some(scope) = scope.filter(|scope| !scope.trim().is_empty()) else { return Ok(granted) };
    let asked = Scopes::asked(Some(scope), Scopes::EVERYTHING)?;
    if !granted.covers(asked) {
        return Err(Fault::refused("invalid_scope", format!("only \"{granted}\" was granted; ask for that or less")));
    }
    Ok(asked)
}

fn reused() -> Fault {
    Fault::grant("the refresh token was used before, so the whole grant was revoked; sign in again")
}
