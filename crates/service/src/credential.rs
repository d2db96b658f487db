//! Credentials: from the text of a header to who calls. A credential counts only while its token and
//! its subject do, which the published state says; the store is asked once for each secret.

use crate::organization::Organization;
use crate::secret;
use crate::{Error, Service};
use rolecall_model::Timestamp;
use rolecall_model::id::{PrincipalId, TokenId, TokenKey};
use rolecall_store::{OrganizationKey, StoreError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The kind under which the store keeps tokens.
pub(crate) const TOKEN: &str = "token";
/// Secrets remembered; beyond it the memory starts anew.
const REMEMBERED: usize = 100_000;

/// Who calls.
pub(crate) struct Caller {
    pub organization: Arc<Organization>,
    pub principal: PrincipalId,
    pub token: TokenId,
}

/// Secrets seen before, and when tokens were last used.
#[derive(Default)]
pub(crate) struct Credentials {
    known: RwLock<HashMap<[u8; 32], (OrganizationKey, TokenKey)>>,
    used: Mutex<HashMap<(OrganizationKey, TokenKey), Timestamp>>,
    /// Held while uses are written down, so that who waits for it finds all of them written.
    flushing: tokio::sync::Mutex<()>,
}

impl Service {
    /// Finds out who calls.
    pub(crate) async fn authenticate(&self, credential: Option<&str>, now: Timestamp) -> Result<Caller, Error> {
        let refused = |why: &str| Err(Error::Unauthenticated(why.to_owned()));
        let Some(text) = credential.map(bare).filter(|text| !text.is_empty()) else {
            return refused("a credential is missing; send the header \"Authorization: Bearer <token>\"");
        };
        if secret::is_mistyped(text) {
            return refused("the token was cut or mistyped; copy it whole");
        }
        let hash = secret::hash(text);
        let Some((key, token_key)) = self.find_secret(hash).await? else {
            return refused("the token is not known here; issue a new one");
        };
        let organization = self.organization(key).await?;
        let view = organization.view();
        let org = view.org();
        let Some(token) = org.token_of_key(token_key) else {
            self.credentials().forget(hash);
            return refused("the token was revoked; issue a new one");
        };
        if !token.counts_at(now) {
            return refused("the token has expired; issue a new one");
        }
        if !org.principal(token.principal).is_some_and(|principal| principal.active) {
            return refused("whose token this is has been disabled; ask an administrator");
        }
        self.credentials().use_now(key, token_key, now);
        Ok(Caller { principal: token.principal, token: token.id, organization })
    }

    async fn find_secret(&self, hash: [u8; 32]) -> Result<Option<(OrganizationKey, TokenKey)>, Error> {
        let known = self.credentials().known.read().unwrap_or_else(PoisonError::into_inner).get(&hash).copied();
        if known.is_some() {
            return Ok(known);
        }
        let Some((organization, key)) = self.store().secret_by_hash(TOKEN, hash).await? else { return Ok(None) };
        let found = (organization, TokenKey::from_bytes(key));
        let mut known = self.credentials().known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(hash, found);
        Ok(Some(found))
    }

    /// Writes down when tokens were last used. What cannot be written waits for the next time.
    pub(crate) async fn flush_last_use(&self) -> Result<(), Error> {
        let _one_at_a_time = self.credentials().flushing.lock().await;
        let used = std::mem::take(&mut *self.credentials().used.lock().unwrap_or_else(PoisonError::into_inner));
        let mut by_organization: HashMap<OrganizationKey, Vec<([u8; 16], i64)>> = HashMap::new();
        for ((organization, key), at) in used {
            by_organization.entry(organization).or_default().push((key.bytes(), at.micros()));
        }
        let mut failed = None;
        for (organization, uses) in by_organization {
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
        self.credentials().used.lock().unwrap_or_else(PoisonError::into_inner).get(&(organization, key)).copied()
    }
}

impl Credentials {
    fn forget(&self, hash: [u8; 32]) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(&hash);
    }

    fn use_now(&self, organization: OrganizationKey, key: TokenKey, now: Timestamp) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert((organization, key), now);
    }

    fn put_back(&self, organization: OrganizationKey, uses: &[([u8; 16], i64)]) {
        let mut waiting = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, at) in uses {
            waiting.entry((organization, TokenKey::from_bytes(*key))).or_insert(Timestamp::from_micros(*at));
        }
    }

    /// Forgets the secrets of an organization that is gone.
    pub(crate) fn forget_organization(&self, organization: OrganizationKey) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (key, _)| *key != organization);
        drop(known);
        self.used.lock().unwrap_or_else(PoisonError::into_inner).retain(|(key, _), _| *key != organization);
    }
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
