//! One-time codes by time (RFC 6238) as a second factor, and the recovery codes for when the phone is
//! gone. The secret of the codes is sealed; a recovery code is a ticket that counts once.

use crate::clock::random;
use crate::ctx::Ctx;
use crate::execute::{Done, execute, execute_with};
use crate::organization::Organization;
use crate::secret::hash;
use crate::session::SignedIn;
use crate::signin::{Begun, ENROLL, FACTOR};
use crate::visitor::Visitor;
use crate::{Error, Secret, Service};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::PrincipalId;
use rolecall_model::refusal::Kind;
use rolecall_model::user::{UserCommand, UserPatch};
use rolecall_model::{Command, Refusal, resolve};
use rolecall_store::{OrganizationKey, Row, StoreError, Ticket};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use totp_rs::{Builder, Totp};

/// The kind under which the store keeps what codes are made from.
pub(crate) const CODES: &str = "codes";
/// A secret that is offered and not confirmed yet.
const OFFERED: &str = "codes_offered";
/// A code that was used: each counts once.
const USED: &str = "code_used";
/// A recovery code.
pub(crate) const RECOVERY: &str = "recovery";
/// How many recovery codes somebody gets.
const RECOVERY_CODES: usize = 10;
/// Seconds in which an offered secret can be confirmed.
const TO_CONFIRM: i64 = 900;
/// Seconds for which a used code is remembered: longer than any clock lets it count.
const REMEMBERED: i64 = 300;
/// Letters of a recovery code: digits and small letters without those that are easily mistaken.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What an authenticator app needs to know.
#[derive(Debug)]
pub struct CodesOffer {
    /// Stands for the offer when it is confirmed.
    pub offer: Secret,
    /// The secret as people type it: base 32.
    pub secret: String,
    /// The secret as an app reads it (`otpauth://…`).
    pub address: String,
}

/// The secret behind somebody's codes.
#[derive(Serialize, Deserialize)]
struct Shared {
    subject: [u8; 16],
    secret: Vec<u8>,
}

fn totp(secret: &[u8], account: &str, issuer: &str) -> Result<Totp, Error> {
    // A colon would part the name in two, and some apps take it badly.
    let plain = |text: &str| text.replace(':', " ");
    let builder = Builder::new().with_secret(secret.to_vec());
    let builder = builder.with_account_name(plain(account)).with_issuer(Some(plain(issuer)));
    builder.build().map_err(|error| Error::Internal(error.to_string()))
}

impl Service {
    /// Offers a secret to somebody who signs in and must set up codes first.
    ///
    /// # Errors
    /// `Unauthenticated` when the sign-in has waited too long.
    pub async fn offer_codes_at_sign_in(&self, begun: &str) -> Result<CodesOffer, Error> {
        let found = self.look_at_ticket::<Begun>(ENROLL, begun).await?.ok_or_else(too_late)?;
        let (organization, id) = self.begun_user(found.organization, found.content.subject).await?;
        self.offer_codes(&organization, id).await
    }

    /// Confirms the offered secret by a code of it and signs in. Answers with the recovery codes, which
    /// are shown this once.
    ///
    /// # Errors
    /// `Unauthenticated` when the sign-in has waited too long; `Refused` when the code is not right.
    pub async fn confirm_codes_at_sign_in(
        &self,
        begun: &str,
        offer: &str,
        code: &str,
        visitor: &Visitor<'_>,
    ) -> Result<(SignedIn, Vec<String>), Error> {
        let found = self.look_at_ticket::<Begun>(ENROLL, begun).await?.ok_or_else(too_late)?;
        let (organization, id) = self.begun_user(found.organization, found.content.subject).await?;
        let has_codes = organization.view().org().principal(id).is_none_or(|user| user.sign_in.codes);
        let password = self.kept_password(organization.key, found.content.subject).await?.unwrap_or_default().current;
        // Whoever began this knew a password that may be another's by now, or a second factor is there already.
        if has_codes || password != found.content.password {
            return Err(too_late());
        }
        let (row, recovery) = self.confirmed(&organization, found.content.subject, offer, code).await?;
        if self.take_ticket::<Begun>(ENROLL, begun).await?.is_none() {
            return Err(too_late());
        }
        let patch = UserPatch { codes: Some(true), ..UserPatch::default() };
        let command = UserCommand::Change(SubjectRef::Number(id.number()), patch).into();
        let change = (vec![command], vec![row]);
        let signed_in = self.finish_sign_in_with(&organization, id, &found.content, visitor, change).await?;
        self.keep_recovery_codes(organization.key, found.content.subject, &recovery).await?;
        Ok((signed_in, recovery))
    }

    async fn offer_codes(&self, organization: &Arc<Organization>, id: PrincipalId) -> Result<CodesOffer, Error> {
        let view = organization.view();
        let org = view.org();
        let user = org.principal(id).ok_or_else(too_late)?;
        let title = org.settings().map(|settings| settings.title.to_string()).unwrap_or_default();
        let secret = random()?[..20].to_vec();
        let totp = totp(&secret, &user.best_identifier(), &title)?;
        let shared = Shared { subject: user.subject.bytes(), secret: secret.clone() };
        let whose = (organization.key, user.subject.bytes());
        let (offer, _) = self.make_ticket(OFFERED, whose, TO_CONFIRM, &shared).await?;
        let address = totp.to_url().map_err(|error| Error::Internal(error.to_string()))?;
        Ok(CodesOffer { offer, secret: totp_rs::Secret::from(secret).to_base32(), address })
    }

    /// The row and the recovery codes of an offer that a code of it confirms.
    async fn confirmed(
        &self,
        organization: &Organization,
        subject: [u8; 16],
        offer: &str,
        code: &str,
    ) -> Result<(Row, Vec<String>), Error> {
        self.limits().code(organization.key, &hex(&subject))?;
        let offered = self.look_at_ticket::<Shared>(OFFERED, offer).await?;
        let offered =
            offered.filter(|found| found.organization == organization.key && found.content.subject == subject);
        let offered = offered.ok_or_else(too_late)?;
        if totp(&offered.content.secret, "", "")?.check(&digits(code), self.seconds()).is_none() {
            let message = "this code is not right; wait for the next one and see that your phone's clock is right";
            return Err(Refusal::invalid("code", message).into());
        }
        let data = self.sealed(CODES, &offered.content)?;
        let row = Row::Secret { kind: CODES, key: subject, hash: None, data: Some(data) };
        let recovery = (0..RECOVERY_CODES).map(|_| recovery_code()).collect::<Result<Vec<_>, _>>()?;
        Ok((row, recovery))
    }

    async fn keep_recovery_codes(
        &self,
        organization: OrganizationKey,
        owner: [u8; 16],
        codes: &[String],
    ) -> Result<(), Error> {
        self.store().drop_tickets_of(organization, RECOVERY, owner).await?;
        for code in codes {
            let ticket = Ticket { organization, owner, expires_at: i64::MAX, data: Vec::new() };
            self.store().put_ticket(RECOVERY, recovery_hash(organization, &owner, code), &ticket).await?;
        }
        Ok(())
    }

    /// Takes the second factor of a sign-in: a code of the app, or a recovery code.
    ///
    /// # Errors
    /// `Unauthenticated` when the code is not right or the sign-in has waited too long; `Busy` after too
    /// many tries.
    pub async fn sign_in_with_code(&self, begun: &str, code: &str, visitor: &Visitor<'_>) -> Result<SignedIn, Error> {
        self.limits().address(visitor.address)?;
        let found = self.look_at_ticket::<Begun>(FACTOR, begun).await?.ok_or_else(too_late)?;
        let (organization, id) = self.begun_user(found.organization, found.content.subject).await?;
        self.limits().code(organization.key, &hex(&found.content.subject))?;
        if !self.takes_code(&organization, found.content.subject, code).await? {
            let message = "this code is not right, or was used already; wait for the next one";
            self.note_failure(&organization, Some(id), visitor, "the second factor was not right");
            return Err(Error::Unauthenticated(message.to_owned()));
        }
        if self.take_ticket::<Begun>(FACTOR, begun).await?.is_none() {
            return Err(too_late());
        }
        self.finish_sign_in(&organization, id, &found.content, visitor).await
    }

    /// Whether a code counts; then it counts no more.
    async fn takes_code(&self, organization: &Organization, subject: [u8; 16], code: &str) -> Result<bool, Error> {
        let six = digits(code);
        if six.len() != 6 {
            let taken = self.store().take_ticket(RECOVERY, recovery_hash(organization.key, &subject, code)).await?;
            return Ok(taken.is_some());
        }
        let row = self.store().secret(organization.key, CODES, subject).await?;
        let Some(data) = row.and_then(|row| row.data) else { return Ok(false) };
        let shared: Shared = self.unsealed(CODES, &data)?;
        let Some(step) = totp(&shared.secret, "", "")?.check(&six, self.seconds()) else { return Ok(false) };
        let used = hash(&format!("{}:{}:{step}", hex(&organization.key.0), hex(&subject)));
        let expires_at = self.now().plus_seconds(REMEMBERED).micros();
        let ticket = Ticket { organization: organization.key, owner: subject, expires_at, data: Vec::new() };
        match self.store().put_ticket(USED, used, &ticket).await {
            Ok(()) => Ok(true),
            Err(StoreError::Taken(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn seconds(&self) -> u64 {
        u64::try_from(self.now().micros() / 1_000_000).unwrap_or_default()
    }
}

/// Offers the caller a secret for one-time codes.
///
/// # Errors
/// When it cannot be made.
pub async fn offer_codes(ctx: &Ctx) -> Result<CodesOffer, Error> {
    ctx.service.offer_codes(&ctx.organization, ctx.principal()).await
}

/// Confirms the offered secret by a code of it. From now on a code is asked for after the password.
/// Answers with the recovery codes, which are shown this once.
///
/// # Errors
/// `Refused` when the code is not right; `Unauthenticated` when the offer has waited too long.
pub async fn confirm_codes(ctx: &Ctx, offer: &str, code: &str) -> Result<Vec<String>, Error> {
    let gone = || Error::Unauthenticated("the account is not there any more".to_owned());
    let subject = ctx.present.org().principal(ctx.principal()).ok_or_else(gone)?.subject.bytes();
    let (row, recovery) = ctx.service.confirmed(&ctx.organization, subject, offer, code).await?;
    let patch = UserPatch { codes: Some(true), ..UserPatch::default() };
    let command: Command = UserCommand::Change(SubjectRef::Number(ctx.principal().number()), patch).into();
    execute_with(ctx, command, [0; 32], vec![row]).await?;
    ctx.service.keep_recovery_codes(ctx.organization.key, subject, &recovery).await?;
    Ok(recovery)
}

/// Asks the caller for its second factor once more: a code of the app, or a recovery code.
///
/// # Errors
/// `Refused` when it is not right; `Busy` after too many tries.
async fn require_code(ctx: &Ctx, code: &str) -> Result<(), Error> {
    let gone = || Error::Unauthenticated("the account is not there any more".to_owned());
    let subject = ctx.present.org().principal(ctx.principal()).ok_or_else(gone)?.subject.bytes();
    ctx.service.limits().code(ctx.organization.key, &hex(&subject))?;
    if ctx.service.takes_code(&ctx.organization, subject, code).await? {
        return Ok(());
    }
    Err(Refusal::invalid("code", "this code is not right, or was used already; wait for the next one").into())
}

/// Takes the codes and passkeys of somebody away who has lost them. One's own are switched off on one's own
/// page, where a code is asked for: a stolen session or token must not be enough.
///
/// # Errors
/// `Refused` for oneself; otherwise what stands in the way.
pub async fn end_codes(ctx: &Ctx, subject: SubjectRef) -> Result<Done, Error> {
    let (id, user) = resolve::user(ctx.present.org(), &subject, "").map_err(Refusal::of_target)?;
    if id == ctx.principal() {
        let message = "your own second factor is switched off on your account page, which asks for a code";
        return Err(Refusal::new(Kind::NotNow, "", message).into());
    }
    let row = Row::SecretGone { kind: crate::passkey::PASSKEYS, key: user.subject.bytes() };
    let patch = UserPatch { codes: Some(false), passkeys: Some(0), ..UserPatch::default() };
    execute_with(ctx, UserCommand::Change(subject, patch).into(), [0; 32], vec![row]).await
}

/// Switches the caller's own codes off, for a code of them.
///
/// # Errors
/// `Refused` when the code is not right, or the organization demands a second factor; `Busy`.
pub async fn end_own_codes(ctx: &Ctx, code: &str) -> Result<Done, Error> {
    if ctx.present.org().sign_in_rules().second_factor {
        let message = "the organization demands a second factor; set up a new one instead";
        return Err(Refusal::new(Kind::NotNow, "", message).into());
    }
    require_code(ctx, code).await?;
    let patch = UserPatch { codes: Some(false), ..UserPatch::default() };
    execute(ctx, UserCommand::Change(SubjectRef::Number(ctx.principal().number()), patch).into()).await
}

fn too_late() -> Error {
    Error::Unauthenticated("this took too long; sign in again".to_owned())
}

/// The digits of what somebody typed; apps show a gap in the middle.
fn digits(code: &str) -> String {
    let typed: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    if typed.len() == 6 && typed.bytes().all(|byte| byte.is_ascii_digit()) { typed } else { String::new() }
}

/// Sixteen letters, eighty bits: too many to be tried, even by who has the database.
fn recovery_code() -> Result<String, Error> {
    let letters: Vec<u8> = random()?.iter().take(16).map(|byte| LETTERS[usize::from(byte & 31)]).collect();
    let parts: Vec<String> =
        letters.chunks(4).map(|four| four.iter().map(|byte| char::from(*byte)).collect()).collect();
    Ok(parts.join("-"))
}

fn recovery_hash(organization: OrganizationKey, subject: &[u8; 16], code: &str) -> [u8; 32] {
    let typed: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    hash(&format!("{}:{}:{}", hex(&organization.0), hex(subject), typed.to_ascii_lowercase()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string never fails.
        let _written = write!(text, "{byte:02x}");
        text
    })
}
