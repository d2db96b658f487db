//! A sign-in under way: what is kept while the browser is at the provider. It counts once, for ten minutes, and
//! only in the browser that began it, so that nobody can be signed in as somebody else by a link.

use super::Failure;
use super::arrive::note_failure_of;
use super::provider::{Client, client_of};
use crate::secret::Secret;
use crate::visitor::Visitor;
use crate::{Error, Service};
use rolecall_model::Timestamp;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// The kind under which the store keeps them.
const TICKET: &str = "sso";
/// How long somebody may take at the provider.
const SECONDS: i64 = 600;

/// A sign-in that was begun.
#[derive(Debug)]
pub struct Begun {
    /// The provider.
    pub client: Client,
    /// What the provider sends back with the browser.
    pub state: String,
    /// What the ID token must repeat.
    pub nonce: String,
    /// By which the code is proven to have been asked for here.
    pub verifier: String,
}

/// A sign-in that goes on.
#[derive(Debug)]
pub struct Pending {
    /// The provider.
    pub client: Client,
    /// What the ID token must repeat.
    pub nonce: String,
    /// By which the code is proven to have been asked for here.
    pub verifier: String,
    /// Where the person wanted to go.
    pub return_to: String,
    /// The instant.
    pub now: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    provider: String,
    issuer: String,
    client_id: String,
    nonce: String,
    verifier: String,
    return_to: String,
    binding: [u8; 32],
}

/// Begins a sign-in by a provider in a browser.
///
/// # Errors
/// `NotFound` when there is no such provider, or it is switched off; `Busy` after too many tries.
pub async fn begin(
    service: &Service,
    (organization, provider): (Option<&str>, &str),
    binding: [u8; 32],
    return_to: &str,
    visitor: &Visitor<'_>,
) -> Result<Begun, Error> {
    service.limits().address(visitor.address)?;
    let client = super::client(service, organization, provider).await?;
    let (nonce, verifier) = (draw()?, draw()?);
    let kept = Kept {
        provider: client.provider.name.to_string(),
        issuer: client.provider.issuer.to_string(),
        client_id: client.provider.client_id.to_string(),
        nonce: nonce.clone(),
        verifier: verifier.clone(),
        return_to: return_to.to_owned(),
        binding,
    };
    let whose = (client.organization.key, [0; 16]);
    let (state, _) = service.make_ticket(TICKET, whose, SECONDS, &kept).await?;
    Ok(Begun { client, state: state.expose().to_owned(), nonce, verifier })
}

/// Goes on with a sign-in that comes back from its provider. It counts once; that another browser shows it does
/// not use it up.
///
/// # Errors
/// `Stale` when it took too long, was used, or never was; `OtherBrowser`; `NotFound` when the provider is gone.
pub async fn resume(
    service: &Service,
    state: &str,
    binding: [u8; 32],
    visitor: &Visitor<'_>,
) -> Result<Pending, Failure> {
    let found = service.look_at_ticket::<Kept>(TICKET, state).await?.ok_or(Failure::Stale)?;
    let organization = service.organization(found.organization).await?;
    if !bool::from(found.content.binding.ct_eq(&binding)) {
        note_failure_of(service, &organization, &found.content.provider, "it came back to another browser", visitor);
        return Err(Failure::OtherBrowser);
    }
    let kept = service.take_ticket::<Kept>(TICKET, state).await?.ok_or(Failure::Stale)?.content;
    let client = client_of(service, organization, &kept.provider).await?;
    if client.provider.issuer != kept.issuer || client.provider.client_id != kept.client_id {
        return Err(Failure::Stale);
    }
    let Kept { nonce, verifier, return_to, .. } = kept;
    Ok(Pending { client, nonce, verifier, return_to, now: service.now() })
}

fn draw() -> Result<String, Error> {
    Ok(Secret::generate()?.expose().to_owned())
}
