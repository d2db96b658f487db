//! Links by which somebody chooses a password: invitations and resets. A link counts once, for a while,
//! and only the newest. It is mailed; without a mail server it is shown to who asked for it, and then
//! counts only as long as that one may act for the account: nobody becomes more by a link they kept.

use crate::ctx::Ctx;
use crate::execute::{Asked, Origin, may_give, submit};
use crate::mail::letter;
use crate::organization::Organization;
use crate::password::PASSWORD;
use crate::session::SignedIn;
use crate::signin::{Begun, ENROLL, FACTOR, Step};
use crate::visitor::Visitor;
use crate::{Error, Key, Secret, Service, View, event};
use rolecall_model::command::SubjectRef;
use rolecall_model::decide::decide;
use rolecall_model::id::PrincipalId;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::principal::{Principal, PrincipalKind, Subject};
use rolecall_model::refusal::Kind;
use rolecall_model::rights::Rights;
use rolecall_model::token::TokenCommand;
use rolecall_model::user::{UserCommand, UserPatch};
use rolecall_model::{Command, Org, Refusal, Timestamp, resolve};
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

/// How a link reaches whom it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// By mail; where none is sent, shown to who asked for it.
    #[default]
    MailOrShow,
    /// Shown only.
    Show,
    /// Shown, and mailed where mail is sent.
    MailAndShow,
}

/// What became of a link that was asked for.
#[derive(Clone, Debug)]
pub struct LinkMade {
    /// Whether it is on its way by mail.
    pub mailed: bool,
    /// The link itself, when it is shown: to be handed over by who asked for it.
    pub link: Option<String>,
    /// The secret in it, for who has pages of their own.
    pub secret: Option<Secret>,
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
    /// The account.
    pub user: PrincipalId,
    /// What people call who has seen the link, when that is another.
    pub made_by: Option<String>,
    /// The state in which the account stands.
    pub view: Arc<View>,
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
    make_link_by(ctx, kind, user, Delivery::MailOrShow).await
}

/// Makes a link for a user, to be delivered so.
///
/// # Errors
/// As [`make_link`].
pub async fn make_link_by(ctx: &Ctx, kind: LinkKind, user: &SubjectRef, delivery: Delivery) -> Result<LinkMade, Error> {
    let limited =
        |ctx: &Ctx, subject| ctx.service.limits().mail(ctx.organization.key, &format!("{} {subject}", kind.ticket()));
    make(ctx, kind, user, delivery, limited).await
}

/// The same for somebody who was added this moment: their first link is not one too many.
pub(crate) async fn make_first_link(
    ctx: &Ctx,
    kind: LinkKind,
    user: &SubjectRef,
    delivery: Delivery,
) -> Result<LinkMade, Error> {
    make(ctx, kind, user, delivery, |_, _| Ok(())).await
}

async fn make(
    ctx: &Ctx,
    kind: LinkKind,
    user: &SubjectRef,
    delivery: Delivery,
    limited: impl FnOnce(&Ctx, Subject) -> Result<(), Error>,
) -> Result<LinkMade, Error> {
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
    limited(ctx, found.subject)?;
    if ctx.is_dry_run() {
        return Ok(LinkMade { mailed: false, link: None, secret: None, expires: ctx.now() });
    }
    let asked_by = org.principal(ctx.principal()).map(|asker| asker.name.to_string());
    let asker = Asker { seen_by: ctx.principal().number(), name: asked_by.as_deref(), delivery };
    let made = ctx.service.link(&ctx.organization, kind, id, Some(asker)).await?;
    let how = match (made.mailed, made.link.is_some()) {
        (true, true) => "mailed, and shown to who asked for it",
        (true, false) => "mailed",
        (false, _) => "shown to who asked for it",
    };
    event::note(ctx, kind.event(), &format!("for {}, {how}", found.subject));
    Ok(made)
}

pub(crate) fn sets_password(user: SubjectRef) -> Command {
    UserCommand::Change(user, UserPatch { password: Some(true), ..UserPatch::default() }).into()
}

/// Refuses who may not set a user's password: the rule that nobody gives what they do not hold decides.
pub(crate) fn may_act_as(org: &Org, actor: Actor, id: PrincipalId, now: Timestamp) -> Result<(), Error> {
    let moment = Moment::new(now, actor, crate::clock::random()?);
    decide(org, sets_password(SubjectRef::Number(id.number())), &moment)?;
    Ok(())
}

pub(crate) fn require_password_possible(org: &Org, id: PrincipalId) -> Result<(), Error> {
    let refuse = |message: &str| Err(Refusal::new(Kind::NotNow, "", message).into());
    if !org.sign_in_rules().passwords {
        return refuse("passwords are switched off in this organization; people sign in by their provider");
    }
    match org.principal(id) {
        Some(user) if !user.active => refuse("the user is disabled; enable it first"),
        _ => Ok(()),
    }
}

/// Who asks for a link to somebody's account.
#[derive(Clone, Copy)]
struct Asker<'a> {
    seen_by: u32,
    name: Option<&'a str>,
    delivery: Delivery,
}

impl Service {
    async fn link(
        &self,
        organization: &Arc<Organization>,
        kind: LinkKind,
        id: PrincipalId,
        asker: Option<Asker<'_>>,
    ) -> Result<LinkMade, Error> {
        let view = organization.view();
        let org = view.org();
        let gone = || Error::not_found("user", &id.number().to_string());
        let user = org.principal(id).ok_or_else(gone)?;
        let owner = user.subject.bytes();
        let delivery = asker.map(|asker| asker.delivery).unwrap_or_default();
        let address = user.email.as_ref().filter(|_| self.has_mail() && delivery != Delivery::Show);
        let is_shown = delivery != Delivery::MailOrShow || address.is_none();
        let seconds = match kind {
            LinkKind::Invitation => i64::from(org.sign_in_rules().invite_seconds),
            LinkKind::Reset => RESET_SECONDS,
        };
        // Who says to have lost a password that was never chosen does not end the invitation to choose it.
        let older: &[LinkKind] =
            if asker.is_some() { &[LinkKind::Invitation, LinkKind::Reset] } else { &[LinkKind::Reset] };
        for older in older {
            self.store().drop_tickets_of(organization.key, older.ticket(), owner).await?;
        }
        let mailed_to = address.map(ToString::to_string);
        let seen_by = asker.map(|asker| asker.seen_by).filter(|_| is_shown);
        let content = Content { subject: owner, seen_by, mailed_to };
        let (secret, expires) = self.make_ticket(kind.ticket(), (organization.key, owner), seconds, &content).await?;
        let link = format!("{}{}?token={}", self.public_url(), kind.path(), secret.expose());
        let made = LinkMade {
            mailed: address.is_some(),
            link: is_shown.then(|| link.clone()),
            secret: is_shown.then_some(secret),
            expires,
        };
        let Some(address) = address else { return Ok(made) };
        let title = org.settings().map(|settings| settings.title.to_string()).unwrap_or_default();
        let hours = u64::try_from(seconds / 3_600).unwrap_or(1).max(1);
        let letter = match kind {
            LinkKind::Invitation => letter::invitation(&letter::Invitation {
                to: address,
                organization_title: &title,
                name: &user.name,
                by: asker.and_then(|asker| asker.name),
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
        Ok(made)
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
        if let Some((id, _)) = found.filter(|(id, user)| may_choose(view.org(), *id, user)) {
            self.mail_reset_link(organization, id);
        }
        Ok(())
    }

    /// The same for protocols that tell whether there is such an account. Where no mail is sent, administrators learn
    /// that somebody asked.
    ///
    /// # Errors
    /// `Busy`; `NotFound` when nobody has the address, or may not choose a password.
    pub async fn forgot_known_password(&self, email: &str, visitor: &Visitor<'_>) -> Result<(), Error> {
        let organization = self.named_organization(None).await?;
        self.limits().address(visitor.address)?;
        let view = organization.view();
        let found = view.org().find_principal(email.trim()).filter(|(id, user)| may_choose(view.org(), *id, user));
        let Some((id, user)) = found else { return Err(Error::not_found("user", email)) };
        self.limits().mail(organization.key, &format!("forgot {}", user.subject))?;
        if self.has_mail() {
            self.mail_reset_link(organization, id);
        } else {
            self.note_visit(&organization, id, visitor, "reset_asked", "no mail is sent here; make a link by hand");
        }
        Ok(())
    }

    fn mail_reset_link(&self, organization: Arc<Organization>, id: PrincipalId) {
        let service = self.clone();
        tokio::spawn(async move {
            if let Err(error) = service.link(&organization, LinkKind::Reset, id, None).await {
                tracing::warn!(%error, "a reset link was not mailed");
            }
        });
    }

    /// What the page of a link shows, if it counts.
    ///
    /// # Errors
    /// `Unauthenticated` when it does not.
    pub async fn look_at_link(&self, kind: LinkKind, token: &str) -> Result<LinkView, Error> {
        let (organization, id, seen_by) = self.link_target(kind, token).await?;
        let view = organization.view();
        let user = view.org().principal(id).ok_or_else(over)?;
        let organization = view.org().settings().map(|settings| settings.title.to_string()).unwrap_or_default();
        let (name, identifier) = (user.name.to_string(), user.best_identifier().to_string());
        let maker = seen_by.and_then(|maker| view.org().principal(maker));
        let made_by = maker.map(|maker| maker.name.to_string());
        Ok(LinkView { organization, name, identifier, user: id, made_by, view })
    }

    /// Whose a link is, and who has seen it.
    async fn link_target(
        &self,
        kind: LinkKind,
        token: &str,
    ) -> Result<(Arc<Organization>, PrincipalId, Option<PrincipalId>), Error> {
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
        let Some(seen_by) = found.content.seen_by else { return Ok((organization, id, None)) };
        // Since then the account may have been given what whoever saw the link may not give.
        let maker = PrincipalId::new(seen_by).filter(|id| view.org().principal(*id).is_some_and(|p| p.active));
        let maker = maker.ok_or_else(over)?;
        let actor = Actor::Principal { id: maker, token: None };
        may_act_as(view.org(), actor, id, self.now()).map_err(|_| over())?;
        // And whoever saw it may have lost the right to set passwords.
        let rights = Rights::of_actor(view.org(), actor, self.now());
        let may = |action, place| crate::need::holds(&rights, action, place);
        let needs = crate::need::of(view.org(), &sets_password(SubjectRef::Number(id.number())), Some(actor));
        needs.iter().try_for_each(|need| need.check(view.org(), &may)).map_err(|_| over())?;
        Ok((organization, id, Some(maker)))
    }

    /// Chooses the password that a link is for and signs nobody in. All sessions of the account end.
    ///
    /// # Errors
    /// As [`use_link`](Self::use_link).
    pub async fn choose_password(
        &self,
        kind: LinkKind,
        token: &str,
        password: String,
        visitor: &Visitor<'_>,
    ) -> Result<(), Error> {
        let (organization, id, row) = self.take_link(kind, token, password, visitor).await?;
        self.submit_as(&organization, id, newly_chosen(id), vec![row], visitor).await
    }

    /// Takes a link whose password keeps every rule: whose it is, and the password's row.
    async fn take_link(
        &self,
        kind: LinkKind,
        token: &str,
        password: String,
        visitor: &Visitor<'_>,
    ) -> Result<(Arc<Organization>, PrincipalId, Row), Error> {
        self.limits().address(visitor.address)?;
        let (organization, id, _) = self.link_target(kind, token).await?;
        let row = self.new_password(&organization, id, password, "password").await?;
        if self.take_ticket::<Content>(kind.ticket(), token).await?.is_none() {
            return Err(over());
        }
        Ok((organization, id, row))
    }

    /// Hands commands of a user, who has shown by something else than a session that it is the one, to the writer.
    async fn submit_as(
        &self,
        organization: &Arc<Organization>,
        id: PrincipalId,
        commands: Vec<Command>,
        rows: Vec<Row>,
        visitor: &Visitor<'_>,
    ) -> Result<(), Error> {
        let actor = Actor::Principal { id, token: None };
        let origin = Origin { actor, facade: visitor.facade, request: visitor.request_id.to_owned() };
        let asked = Asked { command: Command::Batch(commands), origin, if_match: None, idempotency: None, rows };
        submit(self, organization, asked).await.map(drop)
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
        let (organization, id, row) = self.take_link(kind, token, password, visitor).await?;
        self.sign_in_by_link(&organization, id, row, visitor).await
    }

    async fn sign_in_by_link(
        &self,
        organization: &Arc<Organization>,
        id: PrincipalId,
        row: Row,
        visitor: &Visitor<'_>,
    ) -> Result<Step, Error> {
        let commands = newly_chosen(id);
        let view = organization.view();
        let user = view.org().principal(id).ok_or_else(over)?;
        let (subject, codes) = (user.subject, user.sign_in.codes);
        let demanded = view.org().sign_in_rules().second_factor;
        let signed_in: SignedIn = if codes || demanded {
            self.submit_as(organization, id, commands, vec![row], visitor).await?;
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

/// What happens when somebody has chosen a password by a link.
fn newly_chosen(id: PrincipalId) -> Vec<Command> {
    let me = SubjectRef::Number(id.number());
    vec![sets_password(me.clone()), TokenCommand::EndSessions { subject: me, except: None }.into()]
}

/// Whether somebody who has lost the password may choose another by a mailed link. Who signs in elsewhere only does not
/// come by a password all of a sudden; who was added and cannot sign in by anything yet chooses the first one.
fn may_choose(org: &Org, id: PrincipalId, user: &Principal) -> bool {
    let first = !user.sign_in.is_possible() && user.scim().is_none();
    user.kind() == PrincipalKind::User
        && user.email.is_some()
        && (user.sign_in.password || first)
        && require_password_possible(org, id).is_ok()
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
