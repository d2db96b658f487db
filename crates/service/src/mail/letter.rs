//! What letters say: the same sentences as text and as HTML that a phone shows in one column, without pictures or
//! anything else to fetch. What people chose (names, titles) is escaped, and none of it breaks a line.

use crate::html::escape;
use rolecall_model::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write as _};

/// A letter to one recipient.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The address it goes to.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// What it says, as text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl fmt::Debug for Letter {
    /// Without what it says: that may be a link that lets its reader in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// What an invitation says.
#[derive(Clone, Copy)]
pub struct Invitation<'a> {
    /// The address it goes to.
    pub to: &'a str,
    /// The organization's title.
    pub organization_title: &'a str,
    /// How the recipient is called; may be empty.
    pub name: &'a str,
    /// Who invites, if somebody does.
    pub by: Option<&'a str>,
    /// Where to choose a password.
    pub link: &'a str,
    /// How long the link counts.
    pub hours: u64,
}

/// What a letter about a forgotten password says.
#[derive(Clone, Copy)]
pub struct Reset<'a> {
    /// The address it goes to.
    pub to: &'a str,
    /// The organization's title.
    pub organization_title: &'a str,
    /// How the recipient is called; may be empty.
    pub name: &'a str,
    /// Where to choose a new password.
    pub link: &'a str,
    /// How long the link counts.
    pub hours: u64,
}

/// What a letter says about something that has happened to an account.
#[derive(Clone, Copy)]
pub struct Notice<'a> {
    /// The address it goes to.
    pub to: &'a str,
    /// The organization's title.
    pub organization_title: &'a str,
    /// How the recipient is called; may be empty.
    pub name: &'a str,
    /// When it happened.
    pub at: Timestamp,
    /// Where to look at one's account.
    pub link: &'a str,
}

/// Invites somebody to choose a password.
pub fn invitation(about: &Invitation<'_>) -> Letter {
    let title = line(about.organization_title);
    let invites = match about.by {
        Some(by) => format!("{} invites you to {title}.", line(by)),
        None => format!("You are invited to {title}."),
    };
    Draft {
        to: about.to,
        name: about.name,
        subject: format!("Your invitation to {title}"),
        before: vec![format!("{invites} Choose a password to begin.")],
        button: ("Choose a password", about.link),
        after: vec![
            format!("The link counts once, within {}.", span(about.hours)),
            "If you did not expect this letter, you need not do anything.".to_owned(),
        ],
    }
    .letter()
}

/// Lets somebody choose a new password.
pub fn reset(about: &Reset<'_>) -> Letter {
    let title = line(about.organization_title);
    Draft {
        to: about.to,
        name: about.name,
        subject: format!("A new password for {title}"),
        before: vec![format!("Somebody, probably you, asked for a new password for your account at {title}.")],
        button: ("Choose a new password", about.link),
        after: vec![
            format!("The link counts once, within {}.", span(about.hours)),
            "If it was not you, you need not do anything: your password stays as it is.".to_owned(),
        ],
    }
    .letter()
}

/// Says that a password was changed.
pub fn password_changed(about: &Notice<'_>) -> Letter {
    let title = line(about.organization_title);
    let subject = format!("Your password for {title} was changed");
    notice(about, subject, &format!("The password of your account at {title} was changed"))
}

/// Says that there is a new way to sign in, such as `an authenticator app` or `a passkey`.
pub fn method_added(about: &Notice<'_>, method: &str) -> Letter {
    let (title, method) = (line(about.organization_title), line(method));
    let subject = format!("A new way to sign in to {title}");
    notice(about, subject, &format!("A new way to sign in was added to your account at {title}: {method}"))
}

/// Says that a way to sign in is gone.
pub fn method_removed(about: &Notice<'_>, method: &str) -> Letter {
    let (title, method) = (line(about.organization_title), line(method));
    notice(
        about,
        format!("A way to sign in to {title} was removed"),
        &format!("A way to sign in was removed from your account at {title}: {method}"),
    )
}

fn notice(about: &Notice<'_>, subject: String, what: &str) -> Letter {
    Draft {
        to: about.to,
        name: about.name,
        subject,
        before: vec![format!("{what} ({}).", minute(about.at))],
        button: ("Look at your account", about.link),
        after: vec![
            "If it was you, you need not do anything. If it was not, choose a new password and tell your administrator."
                .to_owned(),
        ],
    }
    .letter()
}

/// A letter before it is text and HTML.
struct Draft<'a> {
    to: &'a str,
    name: &'a str,
    subject: String,
    before: Vec<String>,
    button: (&'static str, &'a str),
    after: Vec<String>,
}

impl Draft<'_> {
    fn letter(self) -> Letter {
        let (text, html) = (self.text(), self.html());
        Letter { to: self.to.to_owned(), subject: self.subject, text, html }
    }

    fn greeting(&self) -> String {
        let name = line(self.name);
        if name.is_empty() { "Hello,".to_owned() } else { format!("Hello {name},") }
    }

    fn text(&self) -> String {
        let (label, link) = self.button;
        let mut text = format!("{}\n\n", self.greeting());
        for sentence in &self.before {
            let _ = write!(text, "{sentence}\n\n");
        }
        let _ = write!(text, "{label}:\n{}\n\n", line(link));
        text.push_str(&self.after.join("\n\n"));
        text.push('\n');
        text
    }

    fn html(&self) -> String {
        let (label, link) = (self.button.0, escape(&line(self.button.1)));
        let mut body = String::new();
        for sentence in std::iter::once(&self.greeting()).chain(&self.before) {
            let _ = write!(body, "<p style=\"margin:0 0 16px\">{}</p>", escape(sentence));
        }
        let _ = write!(
            body,
            "<p style=\"margin:24px 0\"><a href=\"{link}\" style=\"{BUTTON}\">{label}</a></p>\
             <p style=\"{SMALL}\">If the button does nothing, open this address:<br>\
             <a href=\"{link}\" style=\"color:#0b5f4b\">{link}</a></p>"
        );
        for sentence in &self.after {
            let _ = write!(body, "<p style=\"{SMALL}\">{}</p>", escape(sentence));
        }
        let title = escape(&self.subject);
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title></head>\n\
             <body style=\"margin:0;padding:0;background:#f3f4f2\">\
             <div style=\"max-width:480px;margin:0 auto;padding:32px 20px;{FONT}\">\n{body}\n</div></body></html>\n"
        )
    }
}

const FONT: &str = "font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;color:#1b1f24";
const BUTTON: &str = "display:inline-block;padding:12px 20px;border-radius:6px;background:#0b5f4b;color:#ffffff;\
    font-weight:600;text-decoration:none";
const SMALL: &str = "margin:0 0 12px;font-size:14px;color:#57606a;overflow-wrap:anywhere";

/// Text on one line: what people chose must not look like another paragraph or another header.
fn line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace() || is_direction(c))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Characters that turn the direction of what follows: with them a name can make a link read as another one.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A span of hours as people say it.
fn span(hours: u64) -> String {
    match hours {
        0 | 1 => "an hour".to_owned(),
        24 => "a day".to_owned(),
        hours if hours % 24 == 0 => format!("{} days", hours / 24),
        hours => format!("{hours} hours"),
    }
}

/// An instant to the minute, in UTC.
fn minute(at: Timestamp) -> String {
    match jiff::Timestamp::from_microsecond(at.micros()) {
        Ok(instant) => instant.strftime("%-d %B %Y, %H:%M UTC").to_string(),
        Err(_) => at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://roles.example/signin/invitation?token=abc&organization=acme";

    fn asked<'a>(title: &'a str, name: &'a str, by: Option<&'a str>) -> Invitation<'a> {
        Invitation { to: "ada@example.com", organization_title: title, name, by, link: LINK, hours: 72 }
    }

    fn told() -> Notice<'static> {
        let at = "2030-01-31T09:05:59Z".parse().unwrap();
        let link = "https://roles.example/account";
        Notice { to: "ada@example.com", organization_title: "Acme", name: "Ada", at, link }
    }

    #[test]
    fn an_invitation_says_who_invites_where_to_and_for_how_long() {
        let letter = invitation(&asked("Acme", "Ada", Some("Grace Hopper")));
        assert_eq!(letter.to, "ada@example.com");
        assert_eq!(letter.subject, "Your invitation to Acme");
        let expected = format!(
            "Hello Ada,\n\nGrace Hopper invites you to Acme. Choose a password to begin.\n\nChoose a password:\n{LINK}\n\n\
             The link counts once, within 3 days.\n\nIf you did not expect this letter, you need not do anything.\n"
        );
        assert_eq!(letter.text, expected);
        let nobody = invitation(&asked("Acme", "", None)).text;
        assert!(nobody.starts_with("Hello,\n\nYou are invited to Acme."), "{nobody}");
    }

    #[test]
    fn the_link_is_a_button_and_stands_there_to_be_copied() {
        let html = invitation(&asked("Acme", "Ada", None)).html;
        let link = LINK.replace('&', "&amp;");
        assert_eq!(html.matches(&format!("href=\"{link}\"")).count(), 2);
        assert!(html.contains(&format!(">{link}</a>")), "{html}");
    }

    #[test]
    fn what_people_chose_is_escaped_and_breaks_no_line() {
        let name = "Ada\r\nBcc: eve@example.com\n\n<script>alert('\"x\"')</script>\u{202e}";
        let letter = invitation(&asked(name, name, Some(name)));
        for text in [&letter.subject, &letter.text] {
            assert!(!text.contains('\r') && !text.contains('\u{202e}'), "{text:?}");
        }
        assert!(!letter.subject.contains('\n') && !letter.text.contains("\nBcc"), "{letter:?}");
        assert!(!letter.html.contains("<script") && !letter.html.contains("alert('"), "{}", letter.html);
        assert!(letter.html.contains("&lt;script&gt;alert(&#39;&quot;x&quot;&#39;)"), "{}", letter.html);
    }

    #[test]
    fn html_fetches_nothing_and_fits_a_phone() {
        let method = method_added(&told(), "a passkey");
        for html in [invitation(&asked("Acme", "Ada", None)).html, method.html] {
            assert!(html.contains("width=device-width") && html.contains("max-width:480px"), "{html}");
            assert!(["<img", "<link", "url(", "src=", "<table"].iter().all(|word| !html.contains(word)), "{html}");
        }
    }

    #[test]
    fn a_forgotten_password_gets_a_link_and_what_to_do_if_it_was_not_you() {
        let about = Reset { to: "ada@example.com", organization_title: "Acme", name: "Ada", link: LINK, hours: 1 };
        let letter = reset(&about);
        assert_eq!(letter.subject, "A new password for Acme");
        assert!(letter.text.contains(LINK) && letter.text.contains("within an hour"), "{}", letter.text);
        assert!(letter.text.contains("If it was not you"), "{}", letter.text);
    }

    #[test]
    fn notices_say_what_happened_and_when() {
        let changed = password_changed(&told());
        assert_eq!(changed.subject, "Your password for Acme was changed");
        assert!(changed.text.contains("was changed (31 January 2030, 09:05 UTC)."), "{}", changed.text);
        let added = method_added(&told(), "a passkey");
        assert_eq!(added.subject, "A new way to sign in to Acme");
        assert!(added.text.contains("at Acme: a passkey (31 January 2030, 09:05 UTC)."), "{}", added.text);
        let removed = method_removed(&told(), "a passkey");
        assert_eq!(removed.subject, "A way to sign in to Acme was removed");
        assert!(removed.text.contains("from your account at Acme: a passkey ("), "{}", removed.text);
    }

    #[test]
    fn a_letter_prints_nothing_of_what_it_says() {
        let shown = format!("{:?}", invitation(&asked("Acme", "Ada", None)));
        assert!(!shown.contains("token=abc") && !shown.contains("ada@"), "{shown}");
    }

    #[test]
    fn spans_read_as_people_say_them() {
        let cases = [(1, "an hour"), (2, "2 hours"), (24, "a day"), (36, "36 hours"), (72, "3 days")];
        for (hours, expected) in cases {
            assert_eq!(span(hours), expected);
        }
    }
}
