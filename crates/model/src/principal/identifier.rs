//! Identifiers: one space for all users and applications of an organization. A string with `@` is
//! an email, or an external id equal to its own user's email; nothing else may contain `@`.

use super::{PrincipalKind, Profile};
use crate::id::PrincipalId;
use crate::name::{LONGEST_IDENTIFIER, Text, fold, parse_text};
use crate::organization::Org;
use crate::refusal::{Kind, Refusal};

/// Prefixes that only opaque ids have.
const RESERVED: [&str; 5] = ["usr_", "app_", "grp_", "org_", "tok_"];

/// Identifiers as they are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identifiers {
    /// An address, in small letters.
    pub email: Option<Text>,
    /// A sign-in name, in small letters.
    pub username: Option<Text>,
    /// The id another system knows it by.
    pub external_id: Option<Text>,
    /// An OAuth client id.
    pub client_id: Option<Text>,
}

/// Identifiers as they are kept, from how somebody wrote them.
///
/// # Errors
/// `Invalid`, naming the field.
pub fn parse_identifiers(
    email: Option<&str>,
    username: Option<&str>,
    external_id: Option<&str>,
    client_id: Option<&str>,
) -> Result<Identifiers, Refusal> {
    let email = email.map(parse_email).transpose()?;
    let username = username.map(|raw| folded(&plain(raw, "username")?, "username")).transpose()?;
    let client_id = client_id.map(|raw| plain(raw, "client_id")).transpose()?;
    let external_id = external_id.map(|raw| parse_external_id(raw, email.as_ref())).transpose()?;
    Ok(Identifiers { email, username, external_id, client_id })
}

/// An address as it is kept: in small letters, something before and after one `@`.
fn parse_email(raw: &str) -> Result<Text, Refusal> {
    let text = parse_text(raw, "email", LONGEST_IDENTIFIER)?;
    let parts = text.split_once('@');
    let sound = parts.is_some_and(|(local, domain)| {
        let dots = |part: &str| !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && dots(domain)
    });
    let odd = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ',' | ';' | '(' | ')' | '[' | ']' | '\\');
    if !sound || text.contains(odd) {
        let message =
            format!("\"{}\" is not an email address; write it like ada@example.com", crate::refusal::shown(raw));
        return Err(Refusal::invalid("email", message));
    }
    folded(&text, "email")
}

/// In small letters, which may be longer than what they were made of, and still not too long.
fn folded(text: &str, field: &str) -> Result<Text, Refusal> {
    parse_text(&fold(text), field, LONGEST_IDENTIFIER)
}

fn parse_external_id(raw: &str, email: Option<&Text>) -> Result<Text, Refusal> {
    let text = identifier(raw, "external_id")?;
    if text.contains('@') && email.is_none_or(|email| *email != fold(&text)) {
        let message =
            "an external_id with \"@\" must equal the user's own email, or somebody else's sign-in could find it";
        return Err(Refusal::invalid("external_id", message));
    }
    Ok(text)
}

fn plain(raw: &str, field: &str) -> Result<Text, Refusal> {
    let text = identifier(raw, field)?;
    if text.contains('@') {
        return Err(Refusal::invalid(field, format!("{field} must not contain \"@\"; an address goes into \"email\"")));
    }
    Ok(text)
}

fn identifier(raw: &str, field: &str) -> Result<Text, Refusal> {
    let text = parse_text(raw, field, LONGEST_IDENTIFIER)?;
    if text.is_empty() {
        return Err(Refusal::invalid(field, format!("{field} must not be empty; leave it out instead")));
    }
    let folded = fold(&text);
    if let Some(prefix) = RESERVED.iter().find(|prefix| folded.starts_with(**prefix)) {
        let message = format!("{field} must not begin with \"{prefix}\", which only opaque ids do");
        return Err(Refusal::invalid(field, message));
    }
    Ok(text)
}

/// Refuses identifiers that another user or application has, whatever kind of identifier it is there.
///
/// # Errors
/// `Taken`.
pub(crate) fn require_free(org: &Org, wanted: &Identifiers, own: Option<PrincipalId>) -> Result<(), Refusal> {
    let fields = [
        ("email", &wanted.email),
        ("username", &wanted.username),
        ("external_id", &wanted.external_id),
        ("client_id", &wanted.client_id),
    ];
    for (field, value) in fields {
        let Some(value) = value else { continue };
        if org.has_identifier(value, own) {
            let message = format!("another user or application is known as \"{value}\"");
            return Err(Refusal::new(Kind::Taken, field, message));
        }
    }
    Ok(())
}

impl Identifiers {
    pub(crate) fn of(profile: &Profile) -> Self {
        let text = |personal: &Option<super::Personal>| personal.as_ref().map(|p| p.0.clone());
        Identifiers {
            email: text(&profile.email),
            username: text(&profile.username),
            external_id: text(&profile.external_id),
            client_id: profile.client_id.clone(),
        }
    }

    /// Whether there is one by which a person or machine can be found.
    pub(crate) const fn is_empty(&self) -> bool {
        self.email.is_none() && self.username.is_none() && self.external_id.is_none() && self.client_id.is_none()
    }
}

impl PrincipalKind {
    pub(crate) fn require_identifiers(self, identifiers: &Identifiers) -> Result<(), Refusal> {
        if self == PrincipalKind::User && identifiers.is_empty() {
            let message = "a user needs an email, a username or an external_id by which to be found";
            return Err(Refusal::invalid("email", message));
        }
        Ok(())
    }
}
