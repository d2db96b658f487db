//! Why a command is refused. Every message names what to mend; façades translate the kind.

use std::fmt;

/// What kind of rule stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A value cannot be what it is.
    Invalid,
    /// Something named is not there.
    Unknown,
    /// The name or identifier belongs to another.
    Taken,
    /// It is used elsewhere and cannot go.
    InUse,
    /// It comes from the catalog and never changes.
    Predefined,
    /// The caller would give what it does not hold.
    NotHeld,
    /// No administrator would remain.
    LastAdministrator,
    /// More than is taken at once.
    TooMany,
    /// The project is archived.
    Archived,
    /// Somebody changed it since it was read.
    Changed,
    /// A SCIM client manages it.
    Managed,
    /// The state does not allow it.
    NotNow,
}

impl Kind {
    /// A stable word for machines.
    pub const fn code(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid",
            Kind::Unknown => "unknown",
            Kind::Taken => "taken",
            Kind::InUse => "in_use",
            Kind::Predefined => "predefined",
            Kind::NotHeld => "not_held",
            Kind::LastAdministrator => "last_administrator",
            Kind::TooMany => "too_many",
            Kind::Archived => "archived",
            Kind::Changed => "changed",
            Kind::Managed => "managed",
            Kind::NotNow => "not_now",
        }
    }
}

/// A refused command: which rule, which field, what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of rule stands in the way.
    pub kind: Kind,
    /// Where in the command, as a path such as `bindings[2].role`; empty when it is the whole.
    pub field: String,
    /// A sentence in lower case that names what to mend.
    pub message: String,
    /// Where the thing is used, or what is missing: at most twenty, the message has the count.
    pub details: Vec<String>,
    /// Whether the missing thing is the command's own target (the path of a request) rather than
    /// something its body names.
    pub target: bool,
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Refusal {
    /// A refusal of `kind` about `field`.
    pub fn new(kind: Kind, field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        Refusal { kind, field, message, details: Vec::new(), target: false }
    }

    /// A value that cannot be what it is.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Refusal::new(Kind::Invalid, field, message)
    }

    /// Something named that is not there, with the nearest known name.
    pub fn unknown(field: &str, noun: &str, name: &str, nearest: Option<&str>) -> Self {
        let message = match nearest {
            Some(nearest) => format!("no {noun} named \"{}\"; did you mean \"{nearest}\"?", shown(name)),
            None => format!("no {noun} named \"{}\"", shown(name)),
        };
        Refusal::new(Kind::Unknown, field, message)
    }

    /// A name that belongs to another.
    pub fn taken(field: &str, noun: &str, name: &str) -> Self {
        let message = format!("there is already {} named \"{}\"", with_article(noun), shown(name));
        Refusal::new(Kind::Taken, field, message)
    }

    /// A noun of the catalog that never changes.
    pub fn predefined(noun: &str, name: &str) -> Self {
        let message = format!(
            "the {noun} \"{name}\" comes with the catalog and cannot be changed or deleted; \
             create one of your own instead"
        );
        Refusal::new(Kind::Predefined, "", message)
    }

    /// The same refusal with the places it speaks of.
    #[must_use]
    pub fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self.details.truncate(20);
        self
    }

    /// The same refusal, about the command's own target.
    #[must_use]
    pub fn of_target(mut self) -> Self {
        self.target = true;
        self
    }

    /// The same refusal, found at `path` of a larger command.
    #[must_use]
    pub fn under(mut self, path: &str) -> Self {
        self.field = match (path, self.field.as_str()) {
            ("", _) => self.field,
            (path, "") => path.to_owned(),
            (path, field) => format!("{path}.{field}"),
        };
        self
    }
}

/// A name as a message shows it: cut when very long, without control characters.
pub fn shown(name: &str) -> String {
    let mut text: String = name.chars().take(80).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    if name.chars().nth(80).is_some() {
        text.push('…');
    }
    text
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {noun}")
}
