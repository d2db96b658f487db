//! Giving tokens back (RFC 7009): what a client holds of a grant ends the grant.

use super::access::is_access_token;
use super::application::{ClientProof, Known};
use super::grant::end;
use super::{Fault, refresh};
use crate::{Error, Service};
use rolecall_model::id::TokenKey;
use rolecall_model::moment::Actor;
use rolecall_model::token::TokenKind;
use rolecall_store::OrganizationKey;

impl Service {
    /// Ends the grant that a token belongs to, if it is a grant to this client. Of any other token nothing is said.
    ///
    /// # Errors
    /// `invalid_client`; when it cannot be written.
    pub async fn revoke(&self, proof: &ClientProof, token: Option<&str>, request_id: &str) -> Result<(), Fault> {
        let client = match self.client(proof).await? {
            Known::Public(client) => client.id.to_owned(),
            Known::Application(application) => application.client_id,
        };
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(Fault::request("token is missing"));
        };
        let Some((organization, grant)) = self.grant_of(token, &client).await? else { return Ok(()) };
        let organization = self.organization(organization).await?;
        let view = organization.view();
        let found = view.org().token_of_key(grant).filter(|token| token.kind == TokenKind::Grant);
        let Some(found) = found.filter(|token| token.client.as_deref() == Some(client.as_str())) else { return Ok(()) };
        // A grant may always let go of itself.
        let actor = Actor::Principal { id: found.principal, token: Some(found.id) };
        Ok(end(self, &organization, grant, actor, request_id).await?)
    }

    /// The grant behind a token. An older refresh token will do: whoever gives it back means the family.
    async fn grant_of(&self, token: &str, client: &str) -> Result<Option<(OrganizationKey, TokenKey)>, Error> {
        if is_access_token(token) {
            return match self.read_access_token(token).await {
                Ok(access) if access.client_id == client => Ok(Some((access.organization(), access.tok))),
                Ok(_) | Err(Error::Unauthenticated(_)) => Ok(None),
                Err(error) => Err(error),
            };
        }
        let found = refresh::find(self, token).await?;
        let found = found.filter(|(family, _, _)| family.client == client);
        Ok(found.map(|(_, _, ticket)| (ticket.organization, TokenKey::from_bytes(ticket.owner))))
    }
}
