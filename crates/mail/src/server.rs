//! The address of a mail server, and how it is to be spoken to. Nothing of it is repeated in a refusal, since it may
//! hold a password.

use crate::Misfit;
use lettre::transport::smtp::authentication::Credentials;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::net::IpAddr;
use url::Url;

/// The port of `smtps://` unless named (RFC 8314).
const WRAPPED_PORT: u16 = 465;
/// The port of `smtp://` unless named: submission (RFC 6409).
const SUBMISSION_PORT: u16 = 587;

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// TLS from the first byte.
    Wrapped,
    /// TLS after `STARTTLS`, or nothing is sent.
    Required,
    /// TLS if the server offers it.
    Opportunistic,
    /// None, on this machine only.
    Plain,
}

/// A mail server.
#[derive(Clone)]
pub(crate) struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub credentials: Option<Credentials>,
}

impl Server {
    /// Reads `smtps://user:password@host:465` or `smtp://host:25?tls=required|opportunistic|none`.
    pub(crate) fn parse(text: &str) -> Result<Self, Misfit> {
        let url =
            Url::parse(text.trim()).map_err(|error| Misfit::new(format!("the mail server's address: {error}")))?;
        let security = security(&url)?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(Misfit::new("the mail server's address names no host; write smtps://HOST"));
        }
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(Misfit::new(
                "the mail server's address ends after host and port; write reserved characters of a password as %XX",
            ));
        }
        if security == Security::Plain && !is_loopback(&host) {
            return Err(Misfit::new(format!(
                "mail to {host} must not go unprotected: tls=none is for a server on this machine; use tls=required or \
                 smtps://"
            )));
        }
        let port = match (url.port(), security) {
            (Some(port), _) => port,
            (None, Security::Wrapped) => WRAPPED_PORT,
            (None, _) => SUBMISSION_PORT,
        };
        Ok(Server { host, port, security, credentials: credentials(&url)? })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Server { host, port, security, credentials: _ } = self;
        f.debug_struct("Server")
            .field("host", host)
            .field("port", port)
            .field("security", security)
            .finish_non_exhaustive()
    }
}

fn security(url: &Url) -> Result<Security, Misfit> {
    let mut tls = None;
    for (name, value) in url.query_pairs() {
        if name != "tls" || tls.is_some() {
            return Err(Misfit::new("the mail server's address takes one option, tls=required, opportunistic or none"));
        }
        tls = Some(value);
    }
    match (url.scheme(), tls.as_deref()) {
        ("smtps", None) => Ok(Security::Wrapped),
        ("smtps", Some(_)) => Err(Misfit::new("smtps:// is always protected; leave tls away, or use smtp://")),
        ("smtp", None | Some("required")) => Ok(Security::Required),
        ("smtp", Some("opportunistic")) => Ok(Security::Opportunistic),
        ("smtp", Some("none")) => Ok(Security::Plain),
        ("smtp", Some(_)) => Err(Misfit::new("tls is required, opportunistic or none")),
        _ => Err(Misfit::new("the mail server's address begins with smtps:// or smtp://")),
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, Misfit> {
    let decoded = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .map(String::from)
            .map_err(|_| Misfit::new("user and password of the mail server are UTF-8, written with %XX where needed"))
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, Some(password)) if !user.is_empty() => Ok(Some(Credentials::new(decoded(user)?, decoded(password)?))),
        _ => Err(Misfit::new("the mail server's address has a user or a password, but not both")),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Server::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn every_form_of_address_is_read() {
        let cases = [
            ("smtps://mail.example", "mail.example", 465, Security::Wrapped),
            ("smtps://user:secret@mail.example:4650", "mail.example", 4650, Security::Wrapped),
            ("smtp://mail.example", "mail.example", 587, Security::Required),
            ("smtp://mail.example:25?tls=required", "mail.example", 25, Security::Required),
            ("smtp://mail.example:25/?tls=opportunistic", "mail.example", 25, Security::Opportunistic),
            ("smtp://localhost:1025?tls=none", "localhost", 1025, Security::Plain),
            ("smtp://127.0.0.2:25?tls=none", "127.0.0.2", 25, Security::Plain),
            ("smtp://[::1]:25?tls=none", "::1", 25, Security::Plain),
            (" smtps://mail.example\n", "mail.example", 465, Security::Wrapped),
        ];
        for (text, host, port, security) in cases {
            let server = Server::parse(text).unwrap();
            assert_eq!((server.host.as_str(), server.port, server.security), (host, port, security), "{text}");
        }
    }

    #[test]
    fn user_and_password_may_hold_any_character() {
        let server = Server::parse("smtps://user%40example.com:a%2Fb%3A%20%C3%A9@mail.example").unwrap();
        let expected = Credentials::new("user@example.com".to_owned(), "a/b: é".to_owned());
        assert_eq!(server.credentials, Some(expected));
        assert_eq!(Server::parse("smtps://mail.example").unwrap().credentials, None);
    }

    #[test]
    fn mail_never_leaves_this_machine_unprotected_by_mistake() {
        for host in ["mail.example", "10.0.0.1", "localhost.example", "[2001:db8::1]", "0.0.0.0"] {
            let said = refusal(&format!("smtp://{host}:25?tls=none"));
            assert!(said.contains("must not go unprotected: tls=none is for a server on this machine"), "{said}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_mend() {
        let cases = [
            ("mail.example:25", "begins with smtps:// or smtp://"),
            ("https://mail.example", "begins with smtps:// or smtp://"),
            ("smtp://", "names no host"),
            ("smtps://mail.example?tls=none", "smtps:// is always protected"),
            ("smtp://mail.example?tls=maybe", "tls is required, opportunistic or none"),
            ("smtp://mail.example?starttls=yes", "takes one option"),
            ("smtp://localhost?tls=none&tls=required", "takes one option"),
            ("smtp://mail.example/inbox", "ends after host and port"),
            ("smtps://user@mail.example", "a user or a password, but not both"),
            ("smtps://:secret@mail.example", "a user or a password, but not both"),
            ("smtps://mail.example:99999", "the mail server's address: invalid port"),
        ];
        for (text, expected) in cases {
            let said = refusal(text);
            assert!(said.contains(expected), "{text}: {said}");
        }
    }

    #[test]
    fn a_password_is_repeated_nowhere() {
        let server = Server::parse("smtps://user:unmistakable@mail.example").unwrap();
        assert!(!format!("{server:?}").contains("unmistakable"));
        for text in ["smtps://user:unmistakable@", "smtp://user:unmis/takable@host", "smtps://u:unmistakable@h:port"] {
            let said = refusal(text);
            assert!(!said.contains("unmis") && !said.contains("takable"), "{said}");
        }
    }
}
