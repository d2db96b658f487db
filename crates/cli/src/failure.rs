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
    /// Which part of what was written it is about, such as `permits[2].action`.
    field: Option<String>,
    /// On which line of what was written it stands.
    line: Option<u64>,
    mendable: bool,
    changed: bool,
}

impl Failure {
    /// The command was not given as it must be.
    pub fn wrong_use(message: impl Into<String>) -> Self {
        Failure {
            code: WRONG_USE,
            message: message.into(),
            details: Vec::new(),
            field: None,
            line: None,
            mendable: false,
            changed: false,
        }
    }

    /// It was refused or went wrong.
    pub fn failed(message: impl Into<String>) -> Self {
        Failure { code: FAILED, ..Failure::wrong_use(message) }
    }

    /// What was written has a mistake; writing it otherwise can mend it.
    pub fn mistake(message: impl Into<String>) -> Self {
        Failure { mendable: true, ..Failure::failed(message) }
    }

    /// Which part of what was written it is about.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// Whether other words in the same file could succeed.
    pub const fn is_mendable(&self) -> bool {
        self.mendable
    }

    /// Whether somebody changed the thing meanwhile.
    pub const fn is_changed(&self) -> bool {
        self.changed
    }

    /// The same failure, on a line of what was written.
    #[must_use]
    pub fn on_line(mut self, line: Option<u64>) -> Self {
        self.line = line.or(self.line);
        self
    }

    /// The same failure with one more line.
    #[must_use]
    pub fn with_detail(mut self, detail: String) -> Self {
        self.details.push(detail);
        self
    }

    /// The same failure, about a file: where it stands becomes part of the sentence.
    #[must_use]
    pub fn in_file(mut self, file: &str) -> Self {
        let line = self.line.take().map(|line| format!(", line {line}")).unwrap_or_default();
        self.message = format!("{file}{line}: {}", self.message);
        self
    }

    /// All its lines; what was written has moved down by so many lines.
    pub fn lines(&self, moved: u64) -> Vec<String> {
        let line = self.line.map(|line| format!("line {}: ", line + moved)).unwrap_or_default();
        let details = self.details.iter().map(|detail| format!("  - {detail}"));
        std::iter::once(format!("{line}{}", self.message)).chain(details).collect()
    }

    /// Says it and gives the exit code.
    pub fn report(&self) -> ExitCode {
        eprintln!("rolecall: {}", self.lines(0).join("\n"));
        ExitCode::from(self.code)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        let ClientError::Refused { status, code, field, details, .. } = error else {
            return Failure::failed(message);
        };
        // A missing right or a resting server is not mended by other words.
        let mendable = (400..500).contains(&status) && !matches!(code.as_str(), "unauthenticated" | "forbidden");
        let message = match code.as_str() {
            // The server speaks of headers; at a command line there are other ways.
            "unauthenticated" => {
                let why = message.split("; send the header").next().unwrap_or_default();
                format!("{why}; run \"rolecall login\", set ROLECALL_TOKEN or give --token")
            }
            _ => message,
        };
        // One detail is in the sentence already.
        let details = if details.len() > 1 { details } else { Vec::new() };
        Failure {
            code: FAILED,
            message,
            details,
            field: field.filter(|field| !field.is_empty()),
            line: None,
            mendable,
            changed: status == 412,
        }
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
