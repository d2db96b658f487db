//! The way to a mail server.

use crate::message::build;
use crate::server::{Security, Server};
use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use rolecall_service::{Letter, Post, PostError};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::fmt;
use std::time::Duration;

/// How long the server may take for one answer.
const ONE_ANSWER: Duration = Duration::from_secs(20);
/// How long a whole letter may take.
const ONE_LETTER: Duration = Duration::from_mins(1);

/// What is wrong with the settings of mail. It never repeats a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Misfit(String);

impl Misfit {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Misfit(message.into())
    }
}

/// How mail leaves.
#[derive(Clone)]
pub struct SmtpSettings {
    /// `smtps://user:password@host:465`, or `smtp://host:587?tls=required|opportunistic|none`.
    pub url: String,
    /// Whom mail comes from: an address, with or without a name before it.
    pub from: String,
    /// Certificates, as PEM, of authorities to trust beside the public ones.
    pub authorities: Option<Vec<u8>>,
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSettings").field("from", &self.from).finish_non_exhaustive()
    }
}

/// Sends letters through one mail server, each over a connection of its own.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    server: Server,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Smtp {
    /// Checks the settings. Nobody is called yet.
    ///
    /// # Errors
    /// Which setting cannot be, and what it should be.
    pub fn new(settings: &SmtpSettings) -> Result<Self, Misfit> {
        let server = Server::parse(&settings.url)?;
        let from: Mailbox = settings.from.trim().parse().map_err(|_| {
            Misfit::new(format!(
                "mail comes from an address such as Rolecall <roles@example.com>, not {:?}",
                settings.from
            ))
        })?;
        let authorities = settings.authorities.as_deref().map(certificates).transpose()?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .timeout(Some(ONE_ANSWER))
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .tls(protection(&server, authorities)?);
        if let Some(credentials) = server.credentials.clone() {
            builder = builder.credentials(credentials);
        }
        Ok(Smtp { transport: builder.build(), from, server })
    }

    /// Where mail goes to, for the log: host and port.
    pub fn destination(&self) -> String {
        format!("{}:{}", self.server.host, self.server.port)
    }
}

#[async_trait]
impl Post for Smtp {
    async fn send(&self, letter: &Letter) -> Result<(), PostError> {
        let message = build(&self.from, letter)?;
        match tokio::time::timeout(ONE_LETTER, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                let code = error.status().map(u16::from);
                let message = error.to_string();
                Err(PostError { again: !is_final(code, &message), message })
            }
            Err(_) => Err(PostError { again: true, message: "the mail server is too slow".to_owned() }),
        }
    }
}

/// Whether a refusal is about the recipient and for good. What is said about us (a wrong password, a sender that may
/// not send, a policy) can be mended, and then the letter should still arrive.
fn is_final(code: Option<u16>, answer: &str) -> bool {
    let Some(code) = code else { return false };
    let status = answer.split(|c: char| !c.is_ascii_digit() && c != '.').find(|word| is_status(word));
    let about_the_recipient = |status: &str| {
        let detail = &status[2..];
        // RFC 3463: 1 addresses, 2 mailboxes; of these, 1.7 and 1.8 are about the sender's.
        (detail.starts_with("1.") || detail.starts_with("2.")) && !matches!(detail, "1.7" | "1.8")
    };
    match (code, status) {
        (550..=556, Some(status)) => about_the_recipient(status),
        // Without a status, only what RFC 5321 says of a mailbox.
        (550 | 551 | 553, None) => true,
        _ => false,
    }
}

/// Whether a word is an enhanced status code of a refusal for good, such as `5.1.1`.
fn is_status(word: &str) -> bool {
    let mut parts = word.split('.');
    let number = |part: Option<&str>| part.is_some_and(|part| (1..=3).contains(&part.len()));
    parts.next() == Some("5") && number(parts.next()) && number(parts.next()) && parts.next().is_none()
}

fn protection(server: &Server, authorities: Option<Certificate>) -> Result<Tls, Misfit> {
    if server.security == Security::Plain {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(server.host.clone());
    if let Some(authorities) = authorities {
        parameters = parameters.add_root_certificate(authorities);
    }
    let parameters = parameters.build_rustls();
    let parameters = parameters.map_err(|error| Misfit::new(format!("TLS to the mail server: {error}")))?;
    Ok(match server.security {
        Security::Wrapped => Tls::Wrapper(parameters),
        Security::Opportunistic => Tls::Opportunistic(parameters),
        Security::Required | Security::Plain => Tls::Required(parameters),
    })
}

fn certificates(pem: &[u8]) -> Result<Certificate, Misfit> {
    let unusable = || Misfit::new("the mail server's authorities hold no certificate that can be read as PEM");
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().map_err(|_| unusable())?;
    if found.is_empty() {
        return Err(unusable());
    }
    Certificate::from_pem(pem).map_err(|_| unusable())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, from: &str) -> SmtpSettings {
        SmtpSettings { url: url.to_owned(), from: from.to_owned(), authorities: None }
    }

    #[tokio::test]
    async fn settings_that_can_be_are_taken_without_calling_anybody() {
        let smtp = Smtp::new(&settings("smtps://u:secret@mail.example", "Roles <roles@mail.example>")).unwrap();
        assert_eq!(smtp.destination(), "mail.example:465");
        assert!(!format!("{smtp:?}").contains("secret"));
        assert!(!format!("{:?}", settings("smtps://u:secret@mail.example", "x")).contains("secret"));
        for from in ["", "roles", "Roles <roles>", "roles@mail.example\r\nBcc: eve@example.com"] {
            let said = Smtp::new(&settings("smtps://mail.example", from)).unwrap_err().to_string();
            assert!(said.contains("mail comes from an address such as"), "{said}");
        }
    }

    #[test]
    fn authorities_must_be_certificates() {
        let pem = include_bytes!("../../server/tests/tls/authority.pem");
        let with = |authorities: &[u8]| {
            let settings = settings("smtps://mail.example", "roles@mail.example");
            Smtp::new(&SmtpSettings { authorities: Some(authorities.to_owned()), ..settings })
        };
        with(pem).unwrap();
        for wrong in [&b""[..], b"not PEM", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
            assert!(with(wrong).unwrap_err().to_string().contains("hold no certificate"));
        }
    }

    #[test]
    fn only_a_refusal_of_the_recipient_is_final() {
        let cases = [
            (None, "connection refused", false),
            (Some(421), "4.3.2 closing", false),
            (Some(450), "4.2.1 later", false),
            (Some(535), "5.7.8 wrong password", false),
            (Some(530), "5.7.0 authenticate first", false),
            (Some(550), "permanent error (550): 5.1.1 no such user", true),
            (Some(550), "no such user", true),
            (Some(550), "5.7.1 relaying denied", false),
            (Some(552), "5.2.2 mailbox full", true),
            (Some(553), "5.1.8 sender's domain unknown", false),
            (Some(554), "5.7.1 relay access denied", false),
            (Some(554), "no service here", false),
            (Some(554), "5.1.1 unknown, see 10.5.1.1", true),
        ];
        for (code, answer, expected) in cases {
            assert_eq!(is_final(code, answer), expected, "{code:?} {answer}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_tried_again() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let smtp = Smtp::new(&settings(&format!("smtp://{address}?tls=none"), "roles@mail.example")).unwrap();
        let (subject, text, html) = (String::new(), String::new(), String::new());
        let letter = Letter { to: "ada@example.com".to_owned(), subject, text, html };
        assert!(smtp.send(&letter).await.unwrap_err().again);
    }
}
