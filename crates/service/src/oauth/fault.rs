//! Why a client is refused, in the words of OAuth 2.0. The sentence helps whoever writes the client; it never holds
//! a secret.

use crate::Error;
use rolecall_store::StoreError;
use std::borrow::Cow;

/// Why a client is not given what it asks for.
#[derive(Debug)]
pub enum Fault {
    /// The client is to blame, or whoever it asks for has not agreed.
    Refused {
        /// The word of the standard, such as `invalid_grant`.
        code: &'static str,
        /// What to mend.
        description: Cow<'static, str>,
    },
    /// It could not be done.
    Failed(Error),
}

impl Fault {
    pub(crate) fn refused(code: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Fault::Refused { code, description: description.into() }
    }

    /// The request itself is wrong.
    pub fn request(description: impl Into<Cow<'static, str>>) -> Self {
        Fault::refused("invalid_request", description)
    }

    pub(crate) fn grant(description: impl Into<Cow<'static, str>>) -> Self {
        Fault::refused("invalid_grant", description)
    }

    pub(crate) fn client(description: impl Into<Cow<'static, str>>) -> Self {
        Fault::refused("invalid_client", description)
    }

    /// The word of the standard.
    pub const fn code(&self) -> &'static str {
        match self {
            Fault::Refused { code, .. } => code,
            Fault::Failed(Error::Busy { .. } | Error::NotYet { .. } | Error::Closing) => "temporarily_unavailable",
            Fault::Failed(_) => "server_error",
        }
    }

    /// What to mend.
    pub fn description(&self) -> Cow<'static, str> {
        match self {
            Fault::Refused { description, .. } => description.clone(),
            Fault::Failed(error) => error.to_string().into(),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Failed(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Fault::Failed(error.into())
    }
}
