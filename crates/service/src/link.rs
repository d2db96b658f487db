//! Links by which somebody chooses a password: invitations and resets. A link counts once, for a while,
//! and only the newest. It is mailed; without a mail server it is shown to who asked for it, and then
//! counts only as long as that one may act for the account: nobody becomes more by a link they kept.

use crate::ctx::Ctx;
use crate::execute::{Done, execute_with, may_give, to_the_end};
use crate::mail::letter;
use crate::organization::Organization;
use crate::password::PASSWORD;
use crate::session::SignedIn;
use crate::signin::{Begun, ENROLL, FACTOR, Step, Visitor};
use crate::{Error, Key, Secret, Service, event};
use rolecall_model::command::SubjectRef;
use rolecall_model::decide::decide;
use rolecall_model::id::PrincipalId;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::principal::{Principal, PrincipalChange, PrincipalKind, Subject};
use rolecall_model::refusal::Kind;
use rolecall_model::token::TokenCommand;
use rolecall_model::user::{NewUser, UserCommand, UserPatch};
use rolecall_model::{Change, Command, Org, Refusal, Timestamp, resolve};
use rolecall_store::Row;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Seconds for which a reset link counts.
const RESET_SECONDS: i64 = 3_600;
/// Seconds that a sign-in waits for its second factor.
const PATIENCE: i64 = 600;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// The first password of who was added.
    Invitation,
    /// A new password of who has lost theirs.
    Reset,
}

impl LinkKind {
    const fn ticket(self) -> &'static str {
        match self {
            LinkKind::Invitation => "invitation",
            LinkKind::Reset => "reset",
        }
    }

    const fn event(self) -> &'static str {
        match self {
            LinkKind::Invitation => "invited",
            LinkKind::Reset => "reset_link_made",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            LinkKind::Invitation => "/signin/invitation",
            LinkKind::Reset => "/signin/reset",
        }
    }
}

/// What became of a link that was asked for.
#[derive(Clone, Debug)]
pub struct LinkMade {
    /// Whether it is on its way by mail.
    pub mailed: bool,
    /// The link itself, when there is no mail server: to be handed over by who asked for it.
    pub link: Option<String>,
    /// Until when it counts.
    pub expires: Timestamp,
}

/// What a link's page shows.
#[derive(Clone, Debug)]
pub struct LinkView {
    /// What people call the organization.
    pub organization: String,
    /// What people call the account.
    pub name: String,
    /// By what it signs in.
    pub identifier: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    subject: [u8; 16],
    /// The number of who saw the link; none when only the mail has it.
    seen_by: Option<u32>,
    /// The address it was mailed to, which must still be the account's.
    #[serde(default)]
    mailed_to: Option<String>,
}

/// Makes a link for a user and mails it. Older ones count no more.
///
/// # Errors
/// What stands in the way; `NotHeld` for who may not act as the user; `Busy` when one was made a moment
/// ago.
pub async fn make_link(ctx: &Ctx, kind: LinkKind, user: &SubjectRef) -> Result<LinkMade, Error> {
    let command = sets_password(user.clone());
    may_give(ctx, &command)?;
    let org = ctx.present.org();
    let (id, found) = resolve::user(org, user, "").map_err(Refusal::of_target)?;
    may_act_as(org, ctx.actor(), id, ctx.now())?;
    require_password_possible(org, id)?;
    if kind == LinkKind::Invitation && found.sign_in.password {
        let message = "this user has chosen a password already; make a reset link instead";
        return Err(Refusal::new(Kind::NotNow, "", message).into());
    }
    ctx.service.limits().mail(ctx.organization.key, &format!("{} {}", kind.ticket(), found.subject))?;
    if ctx.is_dry_run() {
        return Ok(LinkMade { mailed: false, link: None, expires: ctx.now() });
    }
    let seen_by = Some(ctx.principal().number());
    let asked_by = org.principal(ctx.principal()).map(|asker| asker.name.to_string());
    let made = ctx.service.link(&ctx.organization, kind, id, seen_by, asked_by.as_deref()).await?;
    let how = if made.mailed { "mailed" } else { "shown to who asked for it" };
    event::note(ctx, kind.event(), &format!("for {}, {how}", found.subject));
    Ok(made)
}

/// What became of the invitation of somebody who was added.
#[derive(Clone, Debug, Default)]
pub struct Invited {
    /// The invitation, when there is one.
    pub link: Option<LinkMade>,
    /// Why there is none although there should be.
    pub warning: Option<String>,
}

/// Adds a user and invites it: unless told otherwise, when it has an address and can choose a password. Once the user
/// is there, this does not fail any more. Who repeats a request invites nobody again.
///
/// # Errors
/// What stands in the way; then nothing has changed.
pub async fn create_user(
    ctx: &Ctx,
    new: NewUser,
    invite: Option<bool>,
    digest: [u8; 32],
) -> Result<(Done, Invited), Error> {
    let refuse = |message: &str| Err(Refusal::new(Kind::NotNow, "invite", message).into());
    let passwords = ctx.present.org().sign_in_rules().passwords;
    let wanted = match invite {
        Some(true) if !passwords => {
            return refuse("nobody can be invited while passwords are switched off; people sign in by their provider");
        }
        Some(true) if new.disabled => return refuse("a user that starts disabled cannot be invited"),
        Some(asked) => asked,
        None => passwords && !new.disabled && new.email.is_some(),
    };
    let ctx = ctx.clone();
    to_the_end(async move {
        let done = execute_with(&ctx, UserCommand::Create(new).into(), digest, Vec::new()).await?;
        let invited = if wanted && !ctx.is_dry_run() { invite_new(&ctx, &done).await } else { Invited::default() };
        Ok((done, invited))
    })
    .await
}

async fn invite_new(ctx: &Ctx, done: &Done) -> Invited {
    if done.repeated {
        let warning = "this request was answered before, and nobody was invited again";
        return Invited { link: None, warning: Some(warning.to_owned()) };
    }
    let created = done.changes.iter().find_map(|change| match change {
        Change::Principal(PrincipalChange::Created { id, .. }) => Some(SubjectRef::Number(id.number())),
        _ => None,
    });
    let Some(user) = created else { return Invited::default() };
    let ctx = Ctx { present: Arc::clone(&done.view), ..ctx.with_view(Arc::clone(&done.view)) };
    match make_link(&ctx, LinkKind::Invitation, &user).await {
        Ok(link) => Invited { link: Some(link), warning: None },
        Err(error) => {
            tracing::warn!(%error, "somebody was added and not invited");
            let warning = format!("the user was added, but not invited: {error}; invite it by itself");
            Invited { link: None, warning: Some(warning) }
        }
    }
}

fn sets_password(user: SubjectRef) -> Command {
    UserCommand::Change(user, UserPatch { password: Some(true), ..UserPatch::default() }).into()
}

/// Refuses who may not set a user's password: the rule that nobody gives what they do not hold decides.
fn may_act_as(org: &Org, actor: Actor, id: PrincipalId, now: Timestamp) -> Result<(), Error> {
    let moment = Moment::new(now, actor, crate::clock::random()?);
    decide(org, sets_password(SubjectRef::Number(id.number())), &moment)?;
    Ok(())
}

fn require_password_possible(org: &Org, id: PrincipalId) -> Result<(), Error> {
    let refuse = |message: &str| Err(Refusal::new(Kind::NotNow, "", message).into());
    if !org.sign_in_rules().passwords {
        return refuse("passwords are switched off in this organization; people sign in by their provider");
    }
    match org.principal(id) {
        Some(user) if !user.active => refuse("the user is disabled; enable it first"),
        _ => Ok(()),
    }
}

impl Service {
    async fn link(
        &self,
        organization: &Arc<Organization>,
        kind: LinkKind,
        id: PrincipalId,
        seen_by: Option<u32>,
        asked_by: Option<&str>,
    ) -> Result<LinkMade, Error> {
        let view = organization.view();
        let org = view.org();
        let gone = || Error::not_found("user", &id.number().to_string());
        let user = org.principal(id).ok_or_else(gone)?;
        let owner = user.subject.bytes();
        let address = user.email.as_ref().filter(|_| self.has_mail());
        let seconds = match kind {
            LinkKind::Invitation => i64::from(org.sign_in_rules().invite_seconds),
            LinkKind::Reset => RESET_SECONDS,
        };
        // Who says to have lost a password that was never chosen does not end the invitation to choose it.
        let older: &[LinkKind] =
            if seen_by.is_some() { &[LinkKind::Invitation, LinkKind::Reset] } else { &[LinkKind::Reset] };
        for older in older {
            self.store().drop_tickets_of(organization.key, older.ticket(), owner).await?;
        }
        let mailed_to = address.map(ToString::to_string);
        let content = Content { subject: owner, seen_by: seen_by.filter(|_| address.is_none()), mailed_to };
        let (secret, expires) = self.make_ticket(kind.ticket(), (organization.key, owner), seconds, &content).await?;
        let link = format!("{}{}?token={}", self.public_url(), kind.path(), secret.expose());
        let Some(address) = address else { return Ok(LinkMade { mailed: false, link: Some(link), expires }) };
        let title = org.settings().map(|settings| settings.title.to_string()).unwrap_or_default();
        let hours = u64::try_from(seconds / 3_600).unwrap_or(1).max(1);
        let letter = match kind {
            LinkKind::Invitation => letter::invitation(&letter::Invitation {
                to: address,
                organization_title: &title,
                name: &user.name,
                by: asked_by,
                link: &link,
                hours,
            }),
            LinkKind::Reset => letter::reset(&letter::Reset {
                to: address,
                organization_title: &title,
                name: &user.name,
                link: &link,
                hours,
            }),
        };
        self.mail(organization.key, &letter).await?;
        Ok(LinkMade { mailed: true, link: None, expires })
    }

    /// Mails a reset link to somebody who says to have lost the password. Whether there is such an
    /// account is not told, and takes no other time: the mail is made beside the answer.
    ///
    /// # Errors
    /// `Busy`; `Refused` when there is no mail server.
    pub async fn forgot_password(
        &self,
        organization: Option<&str>,
        identifier: &str,
        visitor: &Visitor<'_>,
    ) -> Result<(), Error> {
        let organization = self.named_organization(organization).await?;
        if !self.has_mail() {
            let message = "no mail can be sent here; ask an administrator for a link to choose a new password";
            return Err(Refusal::new(Kind::NotNow, "", message).into());
        }
        self.limits().address(visitor.address)?;
        let view = organization.view();
        let found = view.org().find_principal(identifier.trim());
        let account = found.map_or_else(|| identifier.trim().to_owned(), |(_, user)| user.subject.to_string());
        self.limits().mail(organization.key, &format!("forgot {account}"))?;
        // Who signs in elsewhere only does not come by a password all of a sudden; who was added and cannot sign in
        // by anything yet chooses the first one.
        let first = |user: &Principal| !user.sign_in.is_possible() && user.scim().is_none();
        let may = |user: &Principal| {
            user.kind() == PrincipalKind::User && user.active && (user.sign_in.password || first(user))
        };
        let found = found.filter(|(_, user)| may(user) && user.email.is_some());
        let Some((id, _)) = found.filter(|(id, _)| require_password_possible(view.org(), *id).is_ok()) else {
            return Ok(());
        };
        let service = self.clone();
        tokio::spawn(async move {
            if let Err(error) = service.link(&organization, LinkKind::Reset, id, None, None).await {
                tracing::warn!(%error, "a reset link was not mailed");
            }
        });
        Ok(())
    }

    /// What the page of a link shows, if it counts.
    ///
    /// # Errors
    /// `Unauthenticated` when it does not.
    pub async fn look_at_link(&self, kind: LinkKind, token: &str) -> Result<LinkView, Error> {
        let (organization, id) = self.link_target(kind, token).await?;
        let view = organization.view();
        let user = view.org().principal(id).ok_or_else(over)?;
        let organization = view.org().settings().map(|settings| settings.title.to_string()).unwrap_or_default();
        Ok(LinkView { organization, name: user.name.to_string(), identifier: user.best_identifier().to_string() })
    }

    async fn link_target(&self, kind: LinkKind, token: &str) -> Result<(Arc<Organization>, PrincipalId), Error> {
        let found = self.look_at_ticket::<Content>(kind.ticket(), token).await?.ok_or_else(over)?;
        let organization = self.organization(found.organization).await?;
        let view = organization.view();
        let subject = Subject::new(PrincipalKind::User, u128::from_be_bytes(found.content.subject));
        let id = view.org().principal_id(&subject.to_string()).ok_or_else(over)?;
        if require_password_possible(view.org(), id).is_err() {
            return Err(over());
        }
        let user = view.org().principal(id).ok_or_else(over)?;
        if found.content.mailed_to.as_deref().is_some_and(|address| user.email.as_deref() != Some(address)) {
            return Err(over());
        }
        if let Some(seen_by) = found.content.seen_by {
            // Since then the account may have been given what whoever saw the link may not give.
            let maker = PrincipalId::new(seen_by).filter(|id| view.org().principal(*id).is_some_and(|p| p.active));
            let actor = Actor::Principal { id: maker.ok_or_else(over)?, token: None };
            may_act_as(view.org(), actor, id, self.now()).map_err(|_| over())?;
        }
        Ok((organization, id))
    }

    /// Chooses the password that a link is for. All sessions of the account end; who has a second factor
    /// is asked for it as at every sign-in.
    ///
    /// # Errors
    /// `Unauthenticated` when the link does not count; `Refused`, naming every rule that the password
    /// breaks; then the link still counts.
    pub async fn use_link(
        &self,
        kind: LinkKind,
        token: &str,
        password: String,
        visitor: &Visitor<'_>,
    ) -> Result<Step, Error> {
        self.limits().address(visitor.address)?;
        let (organization, id) = self.link_target(kind, token).await?;
        let row = self.new_password(&organization, id, password, "password").await?;
        if self.take_ticket::<Content>(kind.ticket(), token).await?.is_none() {
            return Err(over());
        }
        self.sign_in_by_link(&organization, id, row, visitor).await
    }

    async fn sign_in_by_link(
        &self,
        organization: &Arc<Organization>,
        id: PrincipalId,
        row: Row,
        visitor: &Visitor<'_>,
    ) -> Result<Step, Error> {
        let me = SubjectRef::Number(id.number());
        let commands = vec![sets_password(me.clone()), TokenCommand::EndSessions { subject: me, except: None }.into()];
        let view = organization.view();
        let user = view.org().principal(id).ok_or_else(over)?;
        let (subject, codes) = (user.subject, user.sign_in.codes);
        let demanded = view.org().sign_in_rules().second_factor;
        let signed_in: SignedIn = if codes || demanded {
            let actor = Actor::Principal { id, token: None };
            let origin = crate::execute::Origin { actor, facade: "signin", request: visitor.request_id.to_owned() };
            let command = Command::Batch(commands);
            let asked = crate::execute::Asked { command, origin, if_match: None, idempotency: None, rows: vec![row] };
            crate::execute::submit(self, organization, asked).await?;
            let password = self.kept_password(organization.key, subject.bytes()).await?.unwrap_or_default().current;
            let begun = Begun { subject: subject.bytes(), password };
            let kind = if codes { FACTOR } else { ENROLL };
            let (secret, _) = self.make_ticket(kind, (organization.key, subject.bytes()), PATIENCE, &begun).await?;
            return Ok(if codes { Step::Factor(secret) } else { Step::Enroll(secret) });
        } else {
            self.open_own_session(organization, id, visitor, commands, vec![row]).await?
        };
        Ok(Step::Done(signed_in))
    }
}

/// A link to choose a password that was made on the machine itself, and the row that keeps it.
pub(crate) fn by_the_system(key: &Key, subject: Subject, now: Timestamp) -> Result<(Secret, Row), Error> {
    let secret = Secret::generate()?;
    let kind = LinkKind::Reset.ticket();
    let content = Content { subject: subject.bytes(), seen_by: None, mailed_to: None };
    let plain = serde_json::to_vec(&content).map_err(|error| Error::Internal(error.to_string()))?;
    let expires_at = now.plus_seconds(24 * RESET_SECONDS).micros();
    let data = key.seal(kind, &plain)?;
    let row = Row::Ticket { kind, hash: secret.hash(), owner: subject.bytes(), expires_at, data };
    Ok((secret, row))
}

fn over() -> Error {
    Error::Unauthenticated("this link does not count any more; ask for a new one".to_owned())
}

/// The kinds of secrets that go with a user.
pub(crate) const OF_A_USER: [&str; 3] = [PASSWORD, crate::codes::CODES, crate::passkey::PASSKEYS];
/// The kinds of links.
pub(crate) const LINKS: [&str; 2] = ["invitation", "reset"];
/// The kinds of sign-ins that are under way.
pub(crate) const BEGUN: [&str; 2] = [FACTOR, ENROLL];
/// The kinds of tickets that go with a user.
pub(crate) const TICKETS_OF_A_USER: [&str; 5] = ["invitation", "reset", FACTOR, ENROLL, crate::codes::RECOVERY];
