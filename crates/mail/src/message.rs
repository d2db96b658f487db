//! A letter as a message: text and HTML side by side, with the headers that every message needs.

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::{Address, error::Error};
use rolecall_service::{Letter, PostError};
use uuid::Uuid;

/// Says that no person wrote it, so that no machine answers (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(AutoSubmitted)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Builds the message. One that cannot be built never can.
pub(crate) fn build(from: &Mailbox, letter: &Letter) -> Result<Message, PostError> {
    let to: Address = letter.to.parse().map_err(|_| for_good("the recipient's address is none"))?;
    let id = format!("<{}@{}>", Uuid::now_v7().simple(), from.email.domain());
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(line(&letter.subject))
        .date_now()
        .message_id(Some(id))
        .header(AutoSubmitted)
        .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
        .map_err(|error: Error| for_good(&error.to_string()))
}

fn for_good(message: &str) -> PostError {
    PostError { again: false, message: message.to_owned() }
}

/// A subject on one line, whatever it holds: a break would begin another header.
fn line(subject: &str) -> String {
    subject.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(to: &str, subject: &str) -> Result<String, PostError> {
        let letter = Letter {
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: "Hello Ada,\n.\nhere: https://roles.example/?a=1\n".to_owned(),
            html: "<p>Hello <b>Ada</b></p>".to_owned(),
        };
        let from = "Rolecall <roles@mail.example>".parse().unwrap();
        Ok(String::from_utf8(build(&from, &letter)?.formatted()).unwrap())
    }

    fn headers(message: &str) -> Vec<&str> {
        let (head, _) = message.split_once("\r\n\r\n").unwrap();
        head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).collect()
    }

    fn header<'a>(message: &'a str, name: &str) -> &'a str {
        let prefix = format!("{name}: ");
        let found: Vec<&str> = headers(message).into_iter().filter_map(|line| line.strip_prefix(&prefix)).collect();
        assert_eq!(found.len(), 1, "{name} in {message}");
        found[0]
    }

    #[test]
    fn a_message_has_every_header_it_needs_once() {
        let message = built("ada@example.com", "Your invitation").unwrap();
        assert_eq!(header(&message, "From"), "Rolecall <roles@mail.example>");
        assert_eq!(header(&message, "To"), "ada@example.com");
        assert_eq!(header(&message, "Subject"), "Your invitation");
        assert_eq!(header(&message, "Auto-Submitted"), "auto-generated");
        assert_eq!(header(&message, "MIME-Version"), "1.0");
        let id = header(&message, "Message-ID");
        assert!(id.starts_with('<') && id.ends_with("@mail.example>"), "{id}");
        assert!(header(&message, "Date").contains(':'), "{message}");
        assert_ne!(header(&built("ada@example.com", "").unwrap(), "Message-ID"), id);
    }

    #[test]
    fn text_and_html_are_alternatives_with_the_better_one_last() {
        let message = built("ada@example.com", "x").unwrap();
        assert!(header(&message, "Content-Type").starts_with("multipart/alternative"), "{message}");
        let (plain, html) = (message.find("text/plain").unwrap(), message.find("text/html").unwrap());
        assert!(plain < html);
    }

    #[test]
    fn nothing_of_a_letter_becomes_a_header() {
        let break_ins =
            ["\r\nBcc: eve@example.com", "\nBcc: eve@example.com", "\rBcc: eve@example.com", "\0\r\n\r\nBcc: x"];
        for break_in in break_ins {
            let message = built("ada@example.com", &format!("Hello{break_in}")).unwrap();
            assert!(headers(&message).iter().all(|line| !line.to_lowercase().starts_with("bcc")), "{message}");
            assert_eq!(headers(&message).len(), headers(&built("ada@example.com", "x").unwrap()).len(), "{message}");
            let error = built(&format!("ada@example.com{break_in}"), "x").unwrap_err();
            assert!(!error.again, "{error}");
        }
    }

    #[test]
    fn a_long_subject_in_another_script_is_folded_and_encoded() {
        let message = built("ada@example.com", &"Zürich 東京 ".repeat(40)).unwrap();
        assert!(header(&message, "Subject").starts_with("=?utf-8?b?"), "{message}");
        assert!(message.is_ascii() && message.split("\r\n").all(|line| line.len() <= 998));
    }

    #[test]
    fn what_is_no_address_is_never_tried_again() {
        for to in ["", "ada", "ada@", "@example.com", "a@example.com, b@example.com", "Ada <ada@example.com>"] {
            assert!(!built(to, "x").unwrap_err().again, "{to}");
        }
    }
}
