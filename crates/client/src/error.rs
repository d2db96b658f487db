//! What can go wrong on the way to the server and there.

use serde::Deserialize;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address is none.
    #[error("`{0}` is not an address; write it like http://127.0.0.1:7400")]
    Address(String),
    /// The certificate authority cannot be read.
    #[error("the certificate authority's file cannot be read as PEM")]
    Certificate,
    /// The server cannot be reached.
    #[error("no server answers at {url} ({why}); start one with `rolecall serve`, or set ROLECALL_URL")]
    Unreachable {
        /// Where.
        url: String,
        /// What the system said.
        why: String,
    },
    /// The server's certificate does not show that it is the one meant.
    #[error("the certificate of {url} is not trusted ({why}); name the authority that signed it with --ca-cert")]
    Untrusted {
        /// Where.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The answer broke off or is none of ours.
    #[error("the answer cannot be read: {0}")]
    Broken(String),
    /// A file could not be read or written.
    #[error("{0}")]
    File(String),
    /// The server refused.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// A stable word for the rule.
        code: String,
        /// The sentence.
        message: String,
        /// Which part of the request it is about.
        field: Option<String>,
        /// Places or names it speaks of.
        details: Vec<String>,
    },
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Problem {
    code: String,
    detail: String,
    title: String,
    field: Option<String>,
    details: Vec<String>,
}

impl ClientError {
    /// The refusal that a problem document says.
    pub(crate) fn refused(status: u16, body: &[u8]) -> Self {
        let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
        let message = [problem.detail, problem.title, format!("the server answered with status {status}")];
        let message = message.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        ClientError::Refused { status, code: problem.code, message, field: problem.field, details: problem.details }
    }

    /// The HTTP status, when the server answered with one.
    pub const fn status(&self) -> Option<u16> {
        match self {
            ClientError::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}
