//! How a command fails: what it says on standard error and which exit code it ends with.

use rolecall_client::ClientError;
use std::process::ExitCode;

/// Exit code of a denied check.
pub const DENIED: u8 = 1;
/// Exit code of wrong use.
pub const WRONG_USE: u8 = 2;
/// Exit code of a refused or failed command.
pub const FAILED: u8 = 3;

/// Why a command did not do what it should.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
    details: Vec<String>,
}

impl Failure {
    /// The command was not given as it must be.
    pub fn wrong_use(message: impl Into<String>) -> Self {
        Failure { code: WRONG_USE, message: message.into(), details: Vec::new() }
    }

    /// It was refused or went wrong.
    pub fn failed(message: impl Into<String>) -> Self {
        Failure { code: FAILED, message: message.into(), details: Vec::new() }
    }

    /// What is said.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Says it and gives the exit code.
    pub fn report(&self) -> ExitCode {
        eprintln!("rolecall: {}", self.message);
        for detail in &self.details {
            eprintln!("  - {detail}");
        }
        ExitCode::from(self.code)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let details = match &error {
            // One detail is in the sentence already.
            ClientError::Refused { details, .. } if details.len() > 1 => details.clone(),
            _ => Vec::new(),
        };
        let field = match &error {
            ClientError::Refused { field: Some(field), message, .. } if !field.is_empty() && !message.contains(field.as_str()) => {
                format!(" (at {field})")
            }
            _ => String::new(),
        };
        Failure { code: FAILED, message: format!("{error}{field}"), details }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::failed(format!("{error:#}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::failed(error.to_string())
    }
}
