//! Credentials: from the text of a header to who calls. A credential counts only while its token and
//! its subject do, which the published state says at every request; the store is asked once for each
//! secret. So a revocation that was answered is felt by the very next request on this node.

mod known;

pub(crate) use known::{Credentials, Known};

use crate::view::View;
use crate::{Error, Service};
use crate::{oauth, secret};
use arc_swap::Guard;
use rolecall_model::Timestamp;
use rolecall_model::id::{PrincipalId, TokenKey};
use rolecall_model::token::TokenKind;
use rolecall_store::{OrganizationKey, StoreError};
use std::sync::Arc;

/// The kind under which the store keeps tokens.
pub(crate) const TOKEN: &str = "token";

/// For what a credential is shown: each kind of token counts in one place only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenUse {
    /// As a bearer of the API: tokens, client secrets, access tokens.
    Bearer,
    /// As the cookie of a browser.
    Session,
    /// By the SCIM client.
    Scim,
}

impl TokenUse {
    const fn takes(self, kind: TokenKind) -> bool {
        match self {
            TokenUse::Bearer => matches!(kind, TokenKind::Personal | TokenKind::Secret),
            TokenUse::Session => matches!(kind, TokenKind::Session),
            TokenUse::Scim => matches!(kind, TokenKind::Scim),
        }
    }

    const fn refusal(self) -> &'static str {
        match self {
            TokenUse::Bearer => "this credential does not count here; send a token or an access token",
            TokenUse::Session => "the session has ended; sign in again",
            TokenUse::Scim => "only the SCIM token counts here; make one with \"rolecall create scim-token\"",
        }
    }
}

/// Who calls, and the state that says so.
pub(crate) struct Caller {
    pub known: Arc<Known>,
    pub principal: PrincipalId,
    /// Not counted by reference: a reader that counts shares a cache line with all the others.
    pub view: Guard<Arc<View>>,
}

impl Service {
    /// Finds out who calls the API. Waits only for a secret that was not seen before.
    pub(crate) async fn authenticate(&self, credential: Option<&str>, now: Timestamp) -> Result<Caller, Error> {
        self.authenticate_as(TokenUse::Bearer, credential, now).await
    }

    /// Finds out who calls, with a credential for this use.
    pub(crate) async fn authenticate_as(
        &self,
        for_use: TokenUse,
        credential: Option<&str>,
        now: Timestamp,
    ) -> Result<Caller, Error> {
        let Some(text) = credential.map(bare).filter(|text| !text.is_empty()) else {
            return refused("a credential is missing; send the header \"Authorization: Bearer <token>\"");
        };
        let hash = secret::hash(text);
        let known = match self.credentials().find(&hash) {
            Some(known) if !known.organization.is_closed() => known,
            // Boxed, because it is rare and would make the future of every request large.
            _ => Box::pin(self.get_to_know(text, hash)).await?,
        };
        if known.is_idle(&known.organization.look(), now) {
            // It may have been used on another node meanwhile.
            Box::pin(self.learn_last_use(&known)).await?;
        }
        let view = known.organization.look();
        match known.count_at(for_use, &view, now) {
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
        if oauth::is_access_token(text) {
            let oauth::Verified { organization, parent, until } = self.verify_access_token(text).await?;
            let organization = self.organization(organization).await?;
            let Some(id) = organization.look().org().token_of_key(parent).map(|token| token.id) else {
                return refused("the access token's grant was revoked; sign in again");
            };
            let known = Known::new(organization, parent, id).passing(until);
            return Ok(self.credentials().remember(hash, known));
        }
        let Some((key, token_key)) = self.store().secret_by_hash(TOKEN, hash).await? else {
            return refused("the token is not known here; issue a new one");
        };
        let (organization, key_of_token) = (self.organization(key).await?, TokenKey::from_bytes(token_key));
        if organization.look().org().token_of_key(key_of_token).is_none() {
            // Another node may have issued it a moment ago.
            self.hear_of_others(&organization).await?;
        }
        let Some(id) = organization.look().org().token_of_key(key_of_token).map(|token| token.id) else {
            return refused("the token was revoked; issue a new one");
        };
        let known = Known::new(organization, key_of_token, id);
        self.learn_last_use(&known).await?;
        Ok(self.credentials().remember(hash, known))
    }

    /// Learns when a session was last used: it ends after a while without a request.
    async fn learn_last_use(&self, known: &Known) -> Result<(), Error> {
        if !known.is_session(&known.organization.look()) {
            return Ok(());
        }
        let key = known.key().bytes();
        let used = self.store().last_used(known.organization.key, TOKEN, &[key]).await?;
        if let Some((_, at)) = used.first() {
            known.was_used_at(*at);
        }
        Ok(())
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
