//! Signing in by password, and the steps after it. For whoever asks, an account that is not there, one
//! that is disabled, one without a password and a wrong password are the same, in words and in time.

use crate::ctx::{Ctx, Request};
use crate::event::Event;
use crate::organization::Organization;
use crate::password::Checked;
use crate::session::{Opening, SignedIn};
use crate::visitor::Visitor;
use crate::{Error, Service};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::PrincipalId;
use rolecall_model::moment::Actor;
use rolecall_model::name::Text;
use rolecall_model::principal::{Principal, PrincipalKind, Subject};
use rolecall_model::token::TokenCommand;
use rolecall_model::user::{UserCommand, UserPatch};
use rolecall_model::{Command, Refusal};
use rolecall_store::{OrganizationKey, Row};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A sign-in that waits for its second factor.
pub(crate) const FACTOR: &str = "factor";
/// A sign-in that waits until a second factor is set up.
pub(crate) const ENROLL: &str = "enroll";
/// Seconds that such a sign-in waits.
const PATIENCE: i64 = 600;
/// What everybody hears whose sign-in failed.
pub(crate) const NOT_RIGHT: &str = "the name or the password is not right";

/// What comes after a password.
#[derive(Debug)]
pub enum Step {
    /// Nothing: somebody signed in.
    Done(SignedIn),
    /// A second factor. The secret stands for the sign-in so far.
    Factor(crate::Secret),
    /// Setting up a second factor, which the organization demands.
    Enroll(crate::Secret),
}

/// A way to sign in elsewhere, as the page offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderOffer {
    /// Its name, which stands in addresses.
    pub name: String,
    /// What people call it.
    pub title: String,
}

/// What the page to sign in shows of an organization.
#[derive(Clone, Debug)]
pub struct Door {
    /// What people call the organization.
    pub title: String,
    /// Whether passwords count.
    pub passwords: bool,
    /// Whether a link to choose a new one can be mailed.
    pub mail: bool,
    /// Whether passkeys can be used.
    pub passkeys: bool,
    /// Where else one can sign in.
    pub providers: Vec<ProviderOffer>,
}

/// A sign-in so far, as its ticket holds it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Begun {
    pub subject: [u8; 16],
    /// The hash of the password that was right, which must still be the one.
    pub password: String,
}

impl Service {
    /// The organization that a sign-in page names; the home one when it names none.
    ///
    /// # Errors
    /// `NotFound`.
    pub(crate) async fn named_organization(&self, name: Option<&str>) -> Result<Arc<Organization>, Error> {
        let found = match name.filter(|name| !name.is_empty()) {
            Some(name) => self.row_named(name),
            None => self.rows().into_iter().find(|row| row.home),
        };
        let row = found.ok_or_else(|| match name {
            Some(name) => Error::not_found("organization", name),
            None => Error::NotFound { message: "nothing is set up yet; the server's log has the link".to_owned() },
        })?;
        self.organization(row.key).await
    }

    /// What the page to sign in shows.
    ///
    /// # Errors
    /// `NotFound` when there is no such organization.
    pub async fn sign_in_door(&self, organization: Option<&str>) -> Result<Door, Error> {
        let organization = self.named_organization(organization).await?;
        let view = organization.view();
        let org = view.org();
        let active = org.providers.iter().filter(|provider| provider.active);
        let offer = |name: &Text, title: &Text| ProviderOffer { name: name.to_string(), title: title.to_string() };
        Ok(Door {
            title: org.settings().map(|settings| settings.title.to_string()).unwrap_or_default(),
            passwords: org.sign_in_rules().passwords,
            mail: self.has_mail(),
            passkeys: self.has_passkeys(),
            providers: active.map(|provider| offer(&provider.name, &provider.title)).collect(),
        })
    }

    /// Signs somebody in by password.
    ///
    /// # Errors
    /// `Unauthenticated`, the same for every reason; `Busy`.
    pub async fn sign_in(
        &self,
        organization: Option<&str>,
        identifier: &str,
        password: String,
        visitor: &Visitor<'_>,
    ) -> Result<Step, Error> {
        let organization = self.named_organization(organization).await?;
        self.limits().address(visitor.address)?;
        let view = organization.view();
        let found = view.org().find_principal(identifier.trim());
        let user = found.filter(|(_, user)| user.kind() == PrincipalKind::User);
        // One account has its tries once, whatever it is called by.
        let account = user.map_or_else(|| identifier.to_owned(), |(_, user)| user.subject.to_string());
        self.limits().account(organization.key, &account)?;
        let checked =
            self.check_password(organization.key, user.map(|(_, user)| user.subject), password.clone()).await?;
        let counts = |user: &Principal| user.active && user.sign_in.password && view.org().sign_in_rules().passwords;
        let (Checked::Right { current, outdated }, Some((id, user))) = (checked, user.filter(|(_, user)| counts(user)))
        else {
            self.note_failure(&organization, user.map(|(id, _)| id), visitor, NOT_RIGHT);
            return Err(Error::Unauthenticated(NOT_RIGHT.to_owned()));
        };
        let (subject, sign_in) = (user.subject, user.sign_in);
        // Whoever changes the password from here on makes this sign-in worthless.
        let renewed =
            if outdated { self.renew_password(organization.key, subject, password, &current).await? } else { None };
        let begun = Begun { subject: subject.bytes(), password: renewed.unwrap_or(current) };
        let whose = (organization.key, subject.bytes());
        if sign_in.codes {
            let (secret, _) = self.make_ticket(FACTOR, whose, PATIENCE, &begun).await?;
            return Ok(Step::Factor(secret));
        }
        if view.org().sign_in_rules().second_factor {
            let (secret, _) = self.make_ticket(ENROLL, whose, PATIENCE, &begun).await?;
            return Ok(Step::Enroll(secret));
        }
        self.finish_sign_in(&organization, id, &begun, visitor).await.map(Step::Done)
    }

    /// Opens the session of somebody whose factors were all right. A password that was changed
    /// meanwhile counts no more.
    pub(crate) async fn finish_sign_in(
        &self,
        organization: &Arc<Organization>,
        id: PrincipalId,
        begun: &Begun,
        visitor: &Visitor<'_>,
    ) -> Result<SignedIn, Error> {
        self.finish_sign_in_with(organization, id, begun, visitor, (Vec::new(), Vec::new())).await
    }

    /// The same, in one entry with what comes before.
    pub(crate) async fn finish_sign_in_with(
        &self,
        organization: &Arc<Organization>,
        id: PrincipalId,
        begun: &Begun,
        visitor: &Visitor<'_>,
        (commands, rows): (Vec<Command>, Vec<Row>),
    ) -> Result<SignedIn, Error> {
        let signed_in = self.open_own_session(organization, id, visitor, commands, rows).await?;
        // The row of a new password is written with the entry that ends all sessions there are. This
        // one may have come after that entry.
        let now = self.kept_password(organization.key, begun.subject).await?.unwrap_or_default().current;
        if now == begun.password {
            return Ok(signed_in);
        }
        let request = Request {
            credential: Some(signed_in.session.expose()),
            facade: visitor.facade,
            request_id: visitor.request_id,
            idempotency_key: None,
            if_match: None,
            dry_run: false,
            at_least: None,
            at: None,
        };
        let ctx = self.enter_session(request).await?;
        if let Some(key) = ctx.token().and_then(|id| ctx.org().token(id)).map(|token| token.key) {
            crate::session::end_session(&ctx, key).await?;
        }
        Err(Error::Unauthenticated("the password was changed meanwhile; sign in with the new one".to_owned()))
    }

    /// Opens a session as the user itself, in one entry with what comes before.
    pub(crate) async fn open_own_session(
        &self,
        organization: &Arc<Organization>,
        id: PrincipalId,
        visitor: &Visitor<'_>,
        commands: Vec<Command>,
        rows: Vec<Row>,
    ) -> Result<SignedIn, Error> {
        let opening = Opening {
            actor: Actor::Principal { id, token: None },
            commands,
            rows,
            subject: SubjectRef::Number(id.number()),
            browser: visitor.browser.to_owned(),
            request_id: visitor.request_id.to_owned(),
            facade: visitor.facade,
        };
        Ok(self.open_session(organization, opening).await?.0)
    }

    /// The user of a sign-in so far, if it may still sign in.
    pub(crate) async fn begun_user(
        &self,
        organization: OrganizationKey,
        subject: [u8; 16],
    ) -> Result<(Arc<Organization>, PrincipalId), Error> {
        let organization = self.organization(organization).await?;
        let subject = Subject::new(PrincipalKind::User, u128::from_be_bytes(subject));
        let view = organization.view();
        let found = view.org().find_principal(&subject.to_string()).filter(|(_, user)| user.active);
        let id = found.map(|(id, _)| id).ok_or_else(|| Error::Unauthenticated(NOT_RIGHT.to_owned()))?;
        Ok((organization, id))
    }

    /// A sign-in that failed changes no state: it is an event. What was typed stands nowhere, as it may
    /// be a password in the wrong field.
    pub(crate) fn note_failure(
        &self,
        organization: &Arc<Organization>,
        principal: Option<PrincipalId>,
        visitor: &Visitor<'_>,
        message: &str,
    ) {
        self.note_visit(organization, principal, visitor, "sign_in_failed", message);
    }

    /// Writes down what a visitor did that changes no state.
    pub(crate) fn note_visit(
        &self,
        organization: &Arc<Organization>,
        principal: impl Into<Option<PrincipalId>>,
        visitor: &Visitor<'_>,
        kind: &str,
        message: &str,
    ) {
        let event = Event {
            position: 0,
            at: self.now(),
            principal: principal.into().map(PrincipalId::number),
            facade: visitor.facade.to_owned(),
            request: visitor.request_id.to_owned(),
            kind: kind.to_owned(),
            message: format!("{message} (from {})", visitor.address),
        };
        self.events().note(organization, event);
    }
}

/// Changes the caller's own password. All its other sessions end.
///
/// # Errors
/// `Unauthenticated` when the old one is wrong; `Refused`, naming every rule the new one breaks;
/// `Busy`.
pub async fn change_password(ctx: &Ctx, old: String, new: String) -> Result<(), Error> {
    let (service, organization) = (&ctx.service, &ctx.organization);
    let gone = || Error::Unauthenticated("the account is not there any more".to_owned());
    let user = ctx.present.org().principal(ctx.principal()).ok_or_else(gone)?;
    if user.kind() != PrincipalKind::User || !user.sign_in.password {
        let message = "this account has no password; sign in as before, or ask for a link to choose one";
        return Err(Refusal::new(rolecall_model::refusal::Kind::NotNow, "old", message).into());
    }
    service.limits().account(organization.key, &user.subject.to_string())?;
    let checked = service.check_password(organization.key, Some(user.subject), old).await?;
    if !matches!(checked, Checked::Right { .. }) {
        crate::event::note(ctx, "password_change_failed", "the old password was not right");
        return Err(Refusal::invalid("old", "the old password is not right").into());
    }
    let row = service.new_password(organization, ctx.principal(), new, "new").await?;
    let me = SubjectRef::Number(ctx.principal().number());
    let patch = UserPatch { password: Some(true), ..UserPatch::default() };
    let except = ctx.token().and_then(|id| ctx.present.org().token(id)).map(|token| token.key);
    let commands =
        vec![UserCommand::Change(me.clone(), patch).into(), TokenCommand::EndSessions { subject: me, except }.into()];
    crate::execute::execute_with(ctx, Command::Batch(commands), [0; 32], vec![row]).await?;
    Ok(())
}
