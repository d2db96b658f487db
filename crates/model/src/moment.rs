//! What a decision needs from the world: the time, randomness and who acts. Handing them in keeps
//! decisions pure and lets a test hold both.

use crate::id::{Opaque, PrincipalId, ProviderId, TokenId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::cell::Cell;

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The installation itself: first start, recovery on the machine, a catalog's consequences.
    System,
    /// A user or application, perhaps through a token that narrows what it may do.
    Principal {
        /// Who.
        id: PrincipalId,
        /// Through which token.
        token: Option<TokenId>,
    },
    /// An administrator of the home organization, acting on another organization. It is opaque
    /// here, as its numbers mean nothing in this organization.
    Home,
    /// A sign-in provider, through which somebody signed in. Its limits were tested when it was set up.
    Provider(ProviderId),
    /// The SCIM client, through this token. Its limits were tested when the token was issued.
    Scim(TokenId),
}

impl Actor {
    /// The user or application, when it is one.
    pub const fn principal(self) -> Option<PrincipalId> {
        match self {
            Actor::Principal { id, .. } => Some(id),
            Actor::System | Actor::Home | Actor::Provider(_) | Actor::Scim(_) => None,
        }
    }
}

/// The instant, the actor and a source of randomness for one command.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The instant.
    pub now: Timestamp,
    /// Who acts.
    pub actor: Actor,
    seed: [u8; 32],
    drawn: Cell<u64>,
}

impl Moment {
    /// A moment from an instant, an actor and 32 random bytes. The same bytes give the same ids.
    pub const fn new(now: Timestamp, actor: Actor, seed: [u8; 32]) -> Self {
        Moment { now, actor, seed, drawn: Cell::new(0) }
    }

    /// A fresh opaque id.
    pub fn opaque<const KIND: u8>(&self) -> Opaque<KIND> {
        let drawn = self.drawn.get();
        self.drawn.set(drawn + 1);
        opaque(&self.seed, drawn)
    }

    /// A seed from which a bulk word draws its ids, so that the word need not list them.
    pub fn bulk_seed(&self) -> [u8; 32] {
        let drawn = self.drawn.get();
        self.drawn.set(drawn + 1);
        hash(&self.seed, drawn)
    }
}

/// The id number `index` of a seed.
pub(crate) fn opaque<const KIND: u8>(seed: &[u8; 32], index: u64) -> Opaque<KIND> {
    let digest = hash(seed, index);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Opaque::from_bytes(bytes)
}

fn hash(seed: &[u8; 32], index: u64) -> [u8; 32] {
    Sha256::new().chain_update(seed).chain_update(index.to_be_bytes()).finalize().into()
}
