//! Credentials: from the text of a header to who calls. A credential counts only while its token and
//! its subject do, which the published state says at every request; the store is asked once for each
//! secret. So a revocation that was answered is felt by the very next request on this node.

mod known;

pub(crate) use known::{Credentials, Known};

use crate::secret;
use crate::view::View;
use crate::{Error, Service};
use arc_swap::Guard;
use rolecall_model::Timestamp;
use rolecall_model::id::{PrincipalId, TokenKey};
use rolecall_store::{OrganizationKey, StoreError};
use std::sync::Arc;

/// The kind under which the store keeps tokens.
pub(crate) const TOKEN: &str = "token";

/// Who calls, and the state that says so.
pub(crate) struct Caller {
    pub known: Arc<Known>,
    pub principal: PrincipalId,
    /// Not counted by reference: a reader that counts shares a cache line with all the others.
    pub view: Guard<Arc<View>>,
}

impl Service {
    /// Finds out who calls. Waits only for a secret that was not seen before.
    pub(crate) async fn authenticate(&self, credential: Option<&str>, now: Timestamp) -> Result<Caller, Error> {
        let Some(text) = credential.map(bare).filter(|text| !text.is_empty()) else {
            return refused("a credential is missing; send the header \"Authorization: Bearer <token>\"");
        };
        let hash = secret::hash(text);
        let known = match self.credentials().find(&hash) {
            Some(known) if !known.organization.is_closed() => known,
            // Boxed, because it is rare and would make the future of every request large.
            _ => Box::pin(self.get_to_know(text, hash)).await?,
        };
        let view = known.organization.look();
        match known.count_at(&view, now) {
            Ok(principal) => Ok(Caller { known, principal, view }),
            Err(why) => {
                self.credentials().forget_gone(&hash, &known, &view);
                Err(why)
            }
        }
    }

    /// Asks the store whose secret this is.
    async fn get_to_know(&self, text: &str, hash: [u8; 32]) -> Result<Arc<Known>, Error> {
        if secret::is_mistyped(text) {
            return refused("the token was cut or mistyped; copy it whole");
        }
        let Some((key, token_key)) = self.store().secret_by_hash(TOKEN, hash).await? else {
            return refused("the token is not known here; issue a new one");
        };
        let (organization, key_of_token) = (self.organization(key).await?, TokenKey::from_bytes(token_key));
        let Some(id) = organization.look().org().token_of_key(key_of_token).map(|token| token.id) else {
            return refused("the token was revoked; issue a new one");
        };
        Ok(self.credentials().remember(hash, Known::new(organization, key_of_token, id)))
    }

    /// Writes down when tokens were last used. What cannot be written waits for the next time.
    pub(crate) async fn flush_last_use(&self) -> Result<(), Error> {
        let _one_at_a_time = self.credentials().flushing.lock().await;
        let mut failed = None;
        for (organization, uses) in self.credentials().take_uses() {
            if let Err(error) = self.store().touch(organization, TOKEN, &uses).await {
                if !matches!(error, StoreError::NoOrganization) {
                    self.credentials().put_back(organization, &uses);
                }
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    /// When a token was last used, as far as this node has not written it down yet.
    pub(crate) fn used_here(&self, organization: OrganizationKey, key: TokenKey) -> Option<Timestamp> {
        self.credentials().used(organization, key)
    }
}

fn refused<T>(why: &str) -> Result<T, Error> {
    Err(Error::Unauthenticated(why.to_owned()))
}

/// The credential without the word before it.
fn bare(header: &str) -> &str {
    let header = header.trim();
    match header.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => rest.trim(),
        _ => header,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_the_same_with_and_without_the_word_before_it() {
        for header in ["tok", "Bearer tok", "bearer tok", "BEARER   tok ", " tok "] {
            assert_eq!(bare(header), "tok");
        }
        // Another scheme is no credential of ours, so it is looked up whole and not found.
        assert_eq!(bare("Basic tok"), "Basic tok");
        assert_eq!(bare("Bearer "), "Bearer");
    }
}
