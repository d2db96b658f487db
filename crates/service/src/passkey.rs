//! Passkeys (Web Authentication): a device that a person unlocks signs in for them, without a password
//! and without a second factor, as it is two of its own. They are found by the account that the device
//! names, so the page to sign in need not know who is there.

use crate::ctx::Ctx;
use crate::execute::execute_with;
use crate::organization::Organization;
use crate::session::SignedIn;
use crate::visitor::Visitor;
use crate::{Error, Secret, Service};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::PrincipalId;
use rolecall_model::principal::{Principal, PrincipalKind, Subject};
use rolecall_model::refusal::Kind;
use rolecall_model::user::{UserCommand, UserPatch};
use rolecall_model::{Command, Refusal, Timestamp};
use rolecall_store::{OrganizationKey, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

/// The kind under which the store keeps the passkeys of a user, sealed.
pub(crate) const PASSKEYS: &str = "passkeys";
/// A ceremony that waits for the device.
const CEREMONY: &str = "passkey";
/// Seconds that it waits.
const PATIENCE: i64 = 600;
/// Most passkeys of one user.
const MOST: usize = 20;
/// Longest name of one, in characters.
const LONGEST_NAME: usize = 60;

/// A passkey as the store keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    name: String,
    /// When it was registered, in microseconds since 1970.
    at: i64,
    passkey: Passkey,
}

/// A passkey as its owner sees it.
#[derive(Clone, Debug)]
pub struct PasskeyView {
    /// What names it here.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// When it was registered.
    pub registered: Timestamp,
}

/// What a browser needs to ask the device.
#[derive(Debug)]
pub struct Ceremony {
    /// Stands for the ceremony when it is finished.
    pub ticket: Secret,
    /// The options, as `navigator.credentials` takes them, with bytes in base64url.
    pub options: Value,
}

#[derive(Serialize, Deserialize)]
enum Waiting {
    Registration { subject: [u8; 16], state: Box<PasskeyRegistration> },
    SignIn { state: Box<DiscoverableAuthentication> },
}

impl Kept {
    fn id(&self) -> String {
        crate::codes::hex(&Sha256::digest(self.passkey.cred_id().as_ref() as &[u8])[..8])
    }
}

impl Service {
    /// Whether passkeys can be used: browsers bind them to a name, not to an address of numbers.
    pub fn has_passkeys(&self) -> bool {
        self.relying_party().is_ok()
    }

    fn relying_party(&self) -> Result<Webauthn, Error> {
        let unfit = || {
            let message = "passkeys need a server that is reached by a name and by https (or as localhost); \
                           set its public URL";
            Error::from(Refusal::new(Kind::NotNow, "", message))
        };
        let url = Url::parse(self.public_url()).map_err(|_| unfit())?;
        let name = url.domain().ok_or_else(unfit)?.to_owned();
        if url.scheme() != "https" && name != "localhost" {
            return Err(unfit());
        }
        let built = WebauthnBuilder::new(&name, &url).map(|builder| builder.rp_name("Rolecall"));
        built.and_then(WebauthnBuilder::build).map_err(|_| unfit())
    }

    async fn passkeys_of(&self, organization: OrganizationKey, subject: [u8; 16]) -> Result<Vec<Kept>, Error> {
        let row = self.store().secret(organization, PASSKEYS, subject).await?;
        row.and_then(|row| row.data).map_or_else(|| Ok(Vec::new()), |data| self.unsealed(PASSKEYS, &data))
    }

    fn passkeys_row(&self, subject: [u8; 16], passkeys: &[Kept]) -> Result<Row, Error> {
        if passkeys.is_empty() {
            return Ok(Row::SecretGone { kind: PASSKEYS, key: subject });
        }
        let data = Some(self.sealed(PASSKEYS, &passkeys)?);
        Ok(Row::Secret { kind: PASSKEYS, key: subject, hash: None, data })
    }

    /// Begins to sign somebody in, whoever it will be.
    ///
    /// # Errors
    /// `NotFound` for the organization; `Refused` when passkeys cannot be used here; `Busy` after too
    /// many tries.
    pub async fn begin_passkey(&self, organization: Option<&str>, visitor: &Visitor<'_>) -> Result<Ceremony, Error> {
        let organization = self.named_organization(organization).await?;
        self.limits().address(visitor.address)?;
        let begun = self.relying_party()?.start_discoverable_authentication();
        let (options, state) = begun.map_err(|error| Error::Internal(error.to_string()))?;
        let waiting = Waiting::SignIn { state: Box::new(state) };
        let (ticket, _) = self.make_ticket(CEREMONY, (organization.key, [0; 16]), PATIENCE, &waiting).await?;
        let mut options = serde_json::to_value(options).map_err(|error| Error::Internal(error.to_string()))?;
        // The page asks when its button is pressed, not beside the field of the name.
        if let Some(map) = options.as_object_mut() {
            map.remove("mediation");
        }
        Ok(Ceremony { ticket, options })
    }

    /// Signs in whoever the device answers for.
    ///
    /// # Errors
    /// `Unauthenticated`, the same for every reason.
    pub async fn finish_passkey(
        &self,
        ticket: &str,
        credential: &str,
        visitor: &Visitor<'_>,
    ) -> Result<SignedIn, Error> {
        let refused = || Error::Unauthenticated("this passkey does not count here; sign in another way".to_owned());
        let found = self.take_ticket::<Waiting>(CEREMONY, ticket).await?.ok_or_else(refused)?;
        let Waiting::SignIn { state } = found.content else { return Err(refused()) };
        let credential: PublicKeyCredential = serde_json::from_str(credential).map_err(|_| refused())?;
        let relying_party = self.relying_party()?;
        let identified = relying_party.identify_discoverable_authentication(&credential);
        let (user, credential_id) = identified.map_err(|_| refused())?;
        let subject = *user.as_bytes();
        let organization = self.organization(found.organization).await?;
        let mut passkeys = self.passkeys_of(organization.key, subject).await?;
        let kept = passkeys.iter_mut().find(|kept| AsRef::<[u8]>::as_ref(kept.passkey.cred_id()) == credential_id);
        let Some(kept) = kept else {
            self.note_failure(&organization, None, visitor, "a passkey that is not known");
            return Err(refused());
        };
        let key = DiscoverableKey::from(&kept.passkey);
        let Ok(result) = relying_party.finish_discoverable_authentication_v2(&credential, *state, &key) else {
            let id = user_of(&organization, subject).map(|(id, _)| id);
            self.note_failure(&organization, id, visitor, "a passkey that did not prove itself");
            return Err(refused());
        };
        let changed = kept.passkey.update_credential(&result) == Some(true);
        let Some((id, true)) = user_of(&organization, subject) else { return Err(refused()) };
        if changed {
            let row = self.passkeys_row(subject, &passkeys)?;
            self.store().append(organization.key, 0, &[], vec![row]).await?;
        }
        self.open_own_session(&organization, id, visitor, Vec::new(), Vec::new()).await
    }
}

/// The user of a subject, and whether it is active.
fn user_of(organization: &Arc<Organization>, subject: [u8; 16]) -> Option<(PrincipalId, bool)> {
    let subject = Subject::new(PrincipalKind::User, u128::from_be_bytes(subject));
    let view = organization.view();
    view.org().find_principal(&subject.to_string()).map(|(id, user)| (id, user.active && user.sign_in.passkeys > 0))
}

fn caller(ctx: &Ctx) -> Result<&Principal, Error> {
    let gone = || Error::Unauthenticated("the account is not there any more".to_owned());
    ctx.present.org().principal(ctx.principal()).filter(|user| user.kind() == PrincipalKind::User).ok_or_else(gone)
}

/// The caller's passkeys.
///
/// # Errors
/// When they cannot be read.
pub async fn passkeys(ctx: &Ctx) -> Result<Vec<PasskeyView>, Error> {
    let kept = ctx.service.passkeys_of(ctx.organization.key, caller(ctx)?.subject.bytes()).await?;
    let view = |kept: &Kept| PasskeyView {
        id: kept.id(),
        name: kept.name.clone(),
        registered: Timestamp::from_micros(kept.at),
    };
    Ok(kept.iter().map(view).collect())
}

/// Begins to register a passkey of the caller's.
///
/// # Errors
/// `Refused` when passkeys cannot be used here, or when there are too many.
pub async fn begin_registration(ctx: &Ctx) -> Result<Ceremony, Error> {
    let user = caller(ctx)?;
    let subject = user.subject.bytes();
    let there = ctx.service.passkeys_of(ctx.organization.key, subject).await?;
    if there.len() >= MOST {
        let message = format!("an account has at most {MOST} passkeys; remove one that is no longer used");
        return Err(Refusal::new(Kind::TooMany, "", message).into());
    }
    let exclude = there.iter().map(|kept| kept.passkey.cred_id().clone()).collect();
    let relying_party = ctx.service.relying_party()?;
    let (identifier, name) = (user.best_identifier(), user.name.clone());
    let begun = relying_party.start_passkey_registration(Uuid::from_bytes(subject), &identifier, &name, Some(exclude));
    let (options, state) = begun.map_err(|error| Error::Internal(error.to_string()))?;
    let waiting = Waiting::Registration { subject, state: Box::new(state) };
    let (ticket, _) = ctx.service.make_ticket(CEREMONY, (ctx.organization.key, subject), PATIENCE, &waiting).await?;
    let mut options = serde_json::to_value(options).map_err(|error| Error::Internal(error.to_string()))?;
    // The device must keep whose it is, or it could not sign in without being told the account.
    if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection").and_then(Value::as_object_mut) {
        selection.insert("residentKey".to_owned(), "required".into());
        selection.insert("requireResidentKey".to_owned(), true.into());
    }
    Ok(Ceremony { ticket, options })
}

/// Registers the passkey that the device made.
///
/// # Errors
/// `Refused` when it did not prove itself or the ceremony took too long.
pub async fn finish_registration(ctx: &Ctx, ticket: &str, credential: &str, name: &str) -> Result<(), Error> {
    let refused = |message: &str| Error::from(Refusal::invalid("credential", message));
    let subject = caller(ctx)?.subject.bytes();
    let found = ctx.service.take_ticket::<Waiting>(CEREMONY, ticket).await?;
    let found = found.filter(|found| found.organization == ctx.organization.key);
    let state = match found.map(|found| found.content) {
        Some(Waiting::Registration { subject: whose, state }) if whose == subject => state,
        _ => return Err(refused("this took too long; begin again")),
    };
    let credential: RegisterPublicKeyCredential =
        serde_json::from_str(credential).map_err(|_| refused("the browser did not answer with a passkey"))?;
    let made = ctx.service.relying_party()?.finish_passkey_registration(&credential, &state);
    let passkey = made.map_err(|_| refused("the passkey did not prove itself; begin again"))?;
    let mut all = ctx.service.passkeys_of(ctx.organization.key, subject).await?;
    if all.iter().any(|kept| kept.passkey.cred_id() == passkey.cred_id()) {
        return Err(refused("this device is registered already"));
    }
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let name = if name.is_empty() { "passkey".to_owned() } else { name };
    all.push(Kept { name, at: ctx.now().micros(), passkey });
    set(ctx, subject, &all).await
}

/// Removes a passkey of the caller's.
///
/// # Errors
/// `NotFound`; `LastAdministrator` when nobody could administer the organization without it.
pub async fn remove_passkey(ctx: &Ctx, id: &str) -> Result<(), Error> {
    let subject = caller(ctx)?.subject.bytes();
    let mut all = ctx.service.passkeys_of(ctx.organization.key, subject).await?;
    let before = all.len();
    all.retain(|kept| kept.id() != id);
    if all.len() == before {
        return Err(Error::not_found("passkey", id));
    }
    set(ctx, subject, &all).await
}

async fn set(ctx: &Ctx, subject: [u8; 16], all: &[Kept]) -> Result<(), Error> {
    let row = ctx.service.passkeys_row(subject, all)?;
    let passkeys = u16::try_from(all.len()).unwrap_or(u16::MAX);
    let patch = UserPatch { passkeys: Some(passkeys), ..UserPatch::default() };
    let command: Command = UserCommand::Change(SubjectRef::Number(ctx.principal().number()), patch).into();
    execute_with(ctx, command, [0; 32], vec![row]).await.map(drop)
}
