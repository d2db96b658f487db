//! Who a client is: one of our own, which has no secret, or an application that shows its secret (RFC 6749, 2.3).

use super::Fault;
use super::access::{ACCESS_SECONDS, Granting, is_access_token};
use super::client::Client;
use super::grant::Tokens;
use super::scope::Scopes;
use crate::organization::Organization;
use crate::{Error, Service};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rolecall_model::id::TokenKey;
use rolecall_model::token::TokenKind;
use std::sync::Arc;

/// What a client shows of itself.
#[derive(Clone, Default)]
pub struct ClientProof {
    /// The `Authorization` header.
    pub header: Option<String>,
    /// `client_id` of the form.
    pub id: Option<String>,
    /// `client_secret` of the form.
    pub secret: Option<String>,
}

/// A client that is known.
pub(crate) enum Known {
    /// One of our own.
    Public(&'static Client),
    /// An application, by its secret.
    Application(Application),
}

/// An application that showed its secret.
pub(crate) struct Application {
    pub organization: Arc<Organization>,
    pub client_id: String,
    subject: String,
    secret: TokenKey,
}

impl ClientProof {
    fn given(&self) -> Result<(String, Option<String>), Fault> {
        let Some(header) = self.header.as_deref() else {
            let Some(id) = self.id.clone() else {
                return Err(Fault::client(
                    "say which client asks: client_id, or the header \"Authorization: Basic …\"",
                ));
            };
            return Ok((id, self.secret.clone().filter(|secret| !secret.is_empty())));
        };
        if self.secret.is_some() {
            return Err(Fault::request("give the secret once, by the header or in the form"));
        }
        let (id, secret) = basic(header).ok_or_else(|| {
            Fault::client("the header must be \"Authorization: Basic\" with base64 of \"client id:secret\"")
        })?;
        if self.id.as_ref().is_some_and(|other| *other != id) {
            return Err(Fault::request("client_id of the form is not that of the header"));
        }
        Ok((id, Some(secret).filter(|secret| !secret.is_empty())))
    }
}

/// Id and secret of a header. Both may be form-encoded (RFC 6749, 2.3.1); a plain one of ours reads the same, as
/// secrets have no characters that need it. Only the secret is certain to be: some encode that alone.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, rest) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(BASE64.decode(rest.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let id = if id.contains('%') { form_decoded(id)? } else { id.to_owned() };
    Some((id, form_decoded(secret)?))
}

fn form_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

impl Service {
    /// Finds out which client asks.
    pub(crate) async fn client(&self, proof: &ClientProof) -> Result<Known, Fault> {
        let (id, secret) = proof.given()?;
        match (Client::named(&id), secret) {
            (Some(client), None) => Ok(Known::Public(client)),
            (Some(_), Some(_)) => Err(Fault::client("this client has no secret; leave it out")),
            (None, Some(secret)) => Ok(Known::Application(self.application(id, &secret).await?)),
            (None, None) => Err(Fault::client("this client is not known here, or its secret is missing")),
        }
    }

    async fn application(&self, id: String, secret: &str) -> Result<Application, Fault> {
        // The same whether the client is not there or its secret is wrong.
        let wrong =
            || Fault::client("the client id and the secret do not belong together, or the secret counts no longer");
        if is_access_token(secret) {
            return Err(wrong());
        }
        let caller = match self.authenticate(Some(secret), self.now()).await {
            Err(Error::Unauthenticated(_)) => return Err(wrong()),
            other => other?,
        };
        let org = caller.view.org();
        let token = org.token(caller.known.token).filter(|token| token.kind == TokenKind::Secret).ok_or_else(wrong)?;
        let owner = org.principal(caller.principal).ok_or_else(wrong)?;
        let owns = owner.rare.as_ref().and_then(|rare| rare.client_id.as_ref()).is_some_and(|own| **own == *id);
        if !owns {
            return Err(wrong());
        }
        let (subject, secret) = (owner.subject.to_string(), token.key);
        Ok(Application { organization: Arc::clone(&caller.known.organization), client_id: id, subject, secret })
    }
}

/// Gives an application an access token for its secret (RFC 6749, 4.4).
pub(crate) async fn credentials(
    service: &Service,
    application: &Application,
    scope: Option<&str>,
) -> Result<Tokens, Fault> {
    let scopes = Scopes::asked(scope, Scopes::APPLICATION)?;
    let granting = Granting {
        organization: application.organization.key,
        subject: application.subject.clone(),
        client: &application.client_id,
        scopes,
        parent: application.secret,
        auth_time: None,
    };
    Ok(Tokens {
        access_token: service.issue_access_token(&granting).await?,
        token_type: "Bearer",
        expires_in: ACCESS_SECONDS,
        refresh_token: None,
        id_token: None,
        scope: scopes.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(pair: &str) -> Option<(String, String)> {
        basic(&format!("Basic {}", BASE64.encode(pair)))
    }

    #[test]
    fn id_and_secret_are_read_from_a_header_encoded_or_not() {
        let both = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(header("deploy-bot:rolecall_x"), both("deploy-bot", "rolecall_x"));
        assert_eq!(header("deploy%2Dbot:a%20b+c"), both("deploy-bot", "a b c"));
        // Some encode the secret alone.
        assert_eq!(header("a+b:c%3Ad"), both("a+b", "c:d"));
        assert_eq!(header("a:b:c"), both("a", "b:c"));
    }

    #[test]
    fn a_header_of_another_form_is_none() {
        for pair in ["", "no-colon", "a:%", "a:%4", "a:%zz", "a%zz:b"] {
            assert_eq!(header(pair), None, "{pair}");
        }
        for odd in ["", "Basic", "Bearer YTpi", "Basic YTpi!"] {
            assert_eq!(basic(odd), None, "{odd}");
        }
    }
}
