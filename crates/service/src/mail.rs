//! Mail: a letter is sealed into the outbox and sent from there, again and again until it is taken or given up.
//! Not here: how it travels (`rolecall-mail` implements [`Post`]).

pub mod letter;
pub(crate) mod notice;
mod outbox;
#[cfg(test)]
mod tests;

pub use self::letter::Letter;
pub(crate) use self::outbox::Outbox;

use crate::{Error, Service};
use async_trait::async_trait;
use rolecall_store::OrganizationKey;

/// What a letter is sealed for.
const PURPOSE: &str = "mail";

/// Takes letters to where they are read.
#[async_trait]
pub trait Post: Send + Sync {
    /// Hands a letter over to whoever delivers it. It may take a minute, not longer.
    async fn send(&self, letter: &Letter) -> Result<(), PostError>;
}

/// Why a letter was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PostError {
    /// Whether it may be taken later. A recipient that is refused for good is not tried again.
    pub again: bool,
    /// What was said.
    pub message: String,
}

impl Service {
    /// Whether mail can be sent. Without it, links are shown to whoever made them.
    pub fn has_mail(&self) -> bool {
        self.options().post.is_some()
    }

    /// Sends a letter: when this returns, it is kept and will be tried for three days. Nothing happens when no mail
    /// can be sent.
    ///
    /// # Errors
    /// `Store` when it could not be kept.
    pub(crate) async fn mail(&self, organization: OrganizationKey, letter: &Letter) -> Result<(), Error> {
        if !self.has_mail() {
            return Ok(());
        }
        let plain = serde_json::to_vec(letter).map_err(|error| Error::Internal(error.to_string()))?;
        let sealed = self.key().seal(PURPOSE, &plain)?;
        self.store().put_mail(organization, self.now().micros(), sealed).await?;
        self.outbox().wake();
        Ok(())
    }

    /// How many letters wait to be sent.
    ///
    /// # Errors
    /// `Store`.
    pub async fn waiting_mail(&self) -> Result<u64, Error> {
        Ok(self.store().waiting_mail().await?)
    }
}
