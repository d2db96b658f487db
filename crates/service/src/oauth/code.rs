//! Authorization codes: what a browser carries from whoever agreed to the client, for a minute and for one use. A
//! code that comes a second time ends what the first one gave (RFC 6749, 4.1.2).

use super::client::Client;
use super::grant::{Agreement, Tokens, Wanted, begin, end_as_stolen};
use super::scope::Scopes;
use super::{Fault, read, written};
use crate::secret::{self, Secret};
use crate::token::fresh_key;
use crate::{Error, Service};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rolecall_model::Timestamp;
use rolecall_model::id::TokenKey;
use rolecall_store::{OrganizationKey, Ticket};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The kind under which the store keeps them.
const CODE: &str = "code";
/// How long a code counts.
const CODE_SECONDS: i64 = 60;
/// How long a used one is remembered, so that it is known when it comes again.
const KEPT_SECONDS: i64 = 60 * 60;

/// What a code stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    pub client: String,
    pub redirect_uri: String,
    /// SHA-256 of what the client alone knows (RFC 7636).
    pub challenge: String,
    pub nonce: Option<String>,
    pub scope: String,
    pub host: Option<String>,
    pub agreement: Agreement,
    pub until: Timestamp,
    pub state: State,
}

/// What has become of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    Fresh,
    /// It gave this grant.
    Used(TokenKey),
    /// It came again after it gave this grant.
    Reused(TokenKey),
}

/// What a client shows for a code.
pub(crate) struct Shown<'a> {
    pub code: &'a str,
    pub redirect_uri: Option<&'a str>,
    pub verifier: Option<&'a str>,
}

impl Code {
    /// When a code made now stops to count.
    pub(crate) fn until(service: &Service) -> Timestamp {
        service.now().plus_seconds(CODE_SECONDS)
    }

    /// Keeps it, and gives the text that the browser carries.
    pub(crate) async fn keep(&self, service: &Service) -> Result<String, Error> {
        let secret = Secret::generate()?;
        let ticket = Ticket {
            organization: OrganizationKey(self.agreement.organization.bytes()),
            owner: self.agreement.session.bytes(),
            expires_at: service.now().plus_seconds(KEPT_SECONDS).micros(),
            data: written(self)?,
        };
        service.store().put_ticket(CODE, secret.hash(), &ticket).await?;
        Ok(secret.expose().to_owned())
    }

    fn fits(&self, client: &Client, shown: &Shown<'_>) -> Result<(), Fault> {
        if self.client != client.id {
            return Err(Fault::grant("the code was issued to another client"));
        }
        if shown.redirect_uri != Some(self.redirect_uri.as_str()) {
            return Err(Fault::grant("redirect_uri is not the one that the code was asked for with"));
        }
        let Some(verifier) = shown.verifier else {
            return Err(Fault::request("code_verifier is missing; it belongs to the code_challenge (RFC 7636)"));
        };
        if !(43..=128).contains(&verifier.len()) {
            return Err(Fault::grant("code_verifier must have 43 to 128 characters (RFC 7636)"));
        }
        let challenge = BASE64.encode(Sha256::digest(verifier));
        if !bool::from(challenge.as_bytes().ct_eq(self.challenge.as_bytes())) {
            return Err(Fault::grant("code_verifier does not belong to the code_challenge"));
        }
        Ok(())
    }
}

/// Gives tokens for a code.
pub(crate) async fn exchange(
    service: &Service,
    client: &'static Client,
    shown: &Shown<'_>,
    request_id: &str,
) -> Result<Tokens, Fault> {
    let hash = secret::hash(shown.code);
    let Some(ticket) = service.store().ticket(CODE, hash).await? else { return Err(unknown()) };
    let code: Code = read(&ticket)?;
    code.fits(client, shown)?;
    if code.state != State::Fresh {
        return reused(service, hash, ticket, request_id).await;
    }
    if service.now() >= code.until {
        return Err(Fault::grant("the code has expired; ask for another"));
    }
    let key = fresh_key()?;
    let used = written(&Code { state: State::Used(key), ..code.clone() })?;
    if !service.store().change_ticket(CODE, hash, &ticket.data, used).await? {
        let Some(ticket) = service.store().ticket(CODE, hash).await? else { return Err(unknown()) };
        return reused(service, hash, ticket, request_id).await;
    }
    let wanted = Wanted {
        agreement: &code.agreement,
        client,
        scopes: Scopes::read(&code.scope),
        host: code.host.as_deref(),
        nonce: code.nonce.as_deref(),
    };
    let tokens = begin(service, &wanted, key, request_id).await?;
    // It may have come again before there was a grant to end.
    let now = service.store().ticket(CODE, hash).await?;
    if let Some(ticket) = now
        && matches!(read::<Code>(&ticket)?.state, State::Reused(_))
    {
        return reused(service, hash, ticket, request_id).await;
    }
    Ok(tokens)
}

/// Ends what a code gave that came again.
async fn reused(service: &Service, hash: [u8; 32], mut ticket: Ticket, request_id: &str) -> Result<Tokens, Fault> {
    let code: Code = read(&ticket)?;
    let (State::Used(grant) | State::Reused(grant)) = code.state else { return Err(unknown()) };
    if code.state == State::Used(grant) {
        let after = written(&Code { state: State::Reused(grant), ..code })?;
        // When it is changed already, somebody else said the same.
        let _said = service.store().change_ticket(CODE, hash, &ticket.data, after.clone()).await?;
        ticket.data = after;
    }
    let organization = service.organization(ticket.organization).await?;
    end_as_stolen(service, &organization, grant, "an authorization code", request_id).await?;
    Err(Fault::grant("the code was used before, so what it gave was revoked; ask for another"))
}

fn unknown() -> Fault {
    Fault::grant("the code is not known here, or no longer; ask for another")
}
