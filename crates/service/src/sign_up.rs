//! Public sign-up: links by which whoever has one adds itself, until they expire or are switched off. Who joins is
//! given what the catalog gives to everybody new, and nothing else.
//!
//! A link is no state of the organization: it stands in the store as a ticket that is looked at and not taken, sealed
//! with the server's key, because whoever manages it is shown it again. It counts only while who made it may add users;
//! who joins is added in that one's name. Not here: the page (`rolecall-signin`).

use crate::ctx::Ctx;
use crate::execute::{Asked, Origin, submit};
use crate::organization::Organization;
use crate::secret::hash;
use crate::visitor::Visitor;
use crate::welcome::fresh_subject;
use crate::{Error, Service, View, event, password};
use rolecall_engine::Place;
use rolecall_model::id::PrincipalId;
use rolecall_model::moment::Actor;
use rolecall_model::name::parse_name;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::Kind;
use rolecall_model::user::{NewUser, UserCommand};
use rolecall_model::{Command, Refusal, Timestamp, operation as op};
use rolecall_store::{OrganizationKey, Ticket};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The kind under which the store keeps them.
const SIGN_UP: &str = "sign_up";
/// Whose they are: the organization's.
const OWNER: [u8; 16] = [0; 16];
/// Until when the store keeps one, in microseconds: longer than it counts, as one that has expired can be prolonged.
const KEPT: i64 = i64::MAX;
/// Most links of an organization; those that have expired make room.
const MOST_LINKS: usize = 100;
/// The longest time for which one counts, in seconds: 30 days.
pub const LONGEST_SECONDS: i64 = 30 * 86_400;
/// How often a change is tried while others change the same link.
const TRIES: usize = 10;

/// A link as its ticket holds it. There are no names of people in it, so nothing of it needs to be erased.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Content {
    secret: String,
    name: String,
    made_by: u32,
    made_at: i64,
    until: i64,
    enabled: bool,
    joined: Vec<u32>,
}

/// A link as who manages it is shown it.
#[derive(Clone)]
pub struct SignUpLink {
    /// 32 hexadecimal digits: who has them may join.
    pub secret: String,
    /// What it is called.
    pub name: String,
    /// Who made it.
    pub made_by: Option<PrincipalId>,
    /// When.
    pub made_at: Timestamp,
    /// Until when it counts.
    pub until: Timestamp,
    /// Whether it counts at all.
    pub enabled: bool,
    /// Who joined by it, as far as they are still there.
    pub joined: Vec<PrincipalId>,
}

/// What of a link is to change.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignUpPatch {
    /// Until when it counts.
    pub until: Option<Timestamp>,
    /// Whether it counts at all.
    pub enabled: Option<bool>,
}

/// Who joins.
#[derive(Clone, Default)]
pub struct NewMember {
    /// What people call it.
    pub name: String,
    /// Its address.
    pub email: Option<String>,
    /// Its sign-in name.
    pub username: Option<String>,
    /// The password it chose.
    pub password: String,
}

/// Somebody who joined.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The new user.
    pub user: PrincipalId,
    /// When it joined.
    pub at: Timestamp,
    /// The state with it.
    pub view: Arc<View>,
}

/// Makes a link. One that would count longer than [`LONGEST_SECONDS`] is cut to that.
///
/// # Errors
/// `Forbidden` for who may not add users; `Refused` for a name or a time that is none, and for one link too many.
pub async fn make_sign_up_link(ctx: &Ctx, name: &str, until: Timestamp) -> Result<SignUpLink, Error> {
    ctx.require(op::USERS_WRITE, Place::ORGANIZATION)?;
    let (service, key) = (&ctx.service, ctx.organization.key);
    let name = parse_name(name, "name")?.to_string();
    let until = sound_end(ctx, until)?;
    let bits = u128::from_be_bytes(bits(crate::clock::random()?));
    let content = Content {
        secret: format!("{bits:032x}"),
        name,
        made_by: ctx.principal().number(),
        made_at: ctx.now().micros(),
        until: until.micros(),
        enabled: true,
        joined: Vec::new(),
    };
    make_room(service, key, ctx.now()).await?;
    let data = service.sealed(SIGN_UP, &content)?;
    let ticket = Ticket { organization: key, owner: OWNER, expires_at: KEPT, data };
    service.store().put_ticket(SIGN_UP, hash(&content.secret), &ticket).await?;
    event::note(ctx, "sign_up_link_made", &format!("{}, until {until}", described(&content)));
    Ok(shown(ctx.org(), content))
}

fn bits(random: [u8; 32]) -> [u8; 16] {
    let mut bits = [0; 16];
    bits.copy_from_slice(&random[..16]);
    bits
}

fn described(content: &Content) -> String {
    format!("the sign-up link \"{}\"", content.name)
}

fn sound_end(ctx: &Ctx, until: Timestamp) -> Result<Timestamp, Error> {
    if until <= ctx.now() {
        return Err(Refusal::invalid("until", format!("until ({until}) has passed; name a time to come")).into());
    }
    Ok(until.min(ctx.now().plus_seconds(LONGEST_SECONDS)))
}

/// Drops links that have expired when there are too many.
async fn make_room(service: &Service, key: OrganizationKey, now: Timestamp) -> Result<(), Error> {
    let all = contents(service, key).await?;
    if all.len() < MOST_LINKS {
        return Ok(());
    }
    let over = all.iter().filter(|content| content.until <= now.micros());
    let mut left = all.len();
    for content in over {
        service.store().take_ticket(SIGN_UP, hash(&content.secret)).await?;
        left -= 1;
    }
    if left < MOST_LINKS {
        return Ok(());
    }
    let message = format!("there are at most {MOST_LINKS} sign-up links that count; let some expire first");
    Err(Refusal::new(Kind::TooMany, "", message).into())
}

async fn contents(service: &Service, key: OrganizationKey) -> Result<Vec<Content>, Error> {
    let tickets = service.store().tickets_of(key, SIGN_UP, OWNER).await?;
    tickets.iter().map(|ticket| service.unsealed(SIGN_UP, &ticket.data)).collect()
}

fn shown(org: &rolecall_model::Org, content: Content) -> SignUpLink {
    let known = |number: u32| PrincipalId::new(number).filter(|id| org.principal(*id).is_some());
    SignUpLink {
        secret: content.secret,
        name: content.name,
        made_by: known(content.made_by),
        made_at: Timestamp::from_micros(content.made_at),
        until: Timestamp::from_micros(content.until),
        enabled: content.enabled,
        joined: content.joined.into_iter().filter_map(known).collect(),
    }
}

/// All links, the oldest first.
///
/// # Errors
/// `Forbidden` for who may not add users.
pub async fn sign_up_links(ctx: &Ctx) -> Result<Vec<SignUpLink>, Error> {
    ctx.require(op::USERS_WRITE, Place::ORGANIZATION)?;
    let mut all = contents(&ctx.service, ctx.organization.key).await?;
    all.sort_by(|left, right| (left.made_at, &left.secret).cmp(&(right.made_at, &right.secret)));
    Ok(all.into_iter().map(|content| shown(ctx.org(), content)).collect())
}

/// The link of this secret.
///
/// # Errors
/// `Forbidden` for who may not add users; `NotFound`.
pub async fn sign_up_link(ctx: &Ctx, secret: &str) -> Result<SignUpLink, Error> {
    ctx.require(op::USERS_WRITE, Place::ORGANIZATION)?;
    let (content, _) = found(ctx, secret).await?;
    Ok(shown(ctx.org(), content))
}

async fn found(ctx: &Ctx, secret: &str) -> Result<(Content, Vec<u8>), Error> {
    let ticket = ctx.service.store().ticket(SIGN_UP, hash(secret)).await?;
    let ticket = ticket.filter(|ticket| ticket.organization == ctx.organization.key);
    let gone = || Error::NotFound { message: "no sign-up link has this secret".to_owned() };
    let data = ticket.ok_or_else(gone)?.data;
    Ok((ctx.service.unsealed(SIGN_UP, &data)?, data))
}

/// Changes what is given of a link.
///
/// # Errors
/// As [`make_sign_up_link`]; `NotFound`.
pub async fn change_sign_up_link(ctx: &Ctx, secret: &str, patch: SignUpPatch) -> Result<SignUpLink, Error> {
    ctx.require(op::USERS_WRITE, Place::ORGANIZATION)?;
    let until = patch.until.map(|until| sound_end(ctx, until)).transpose()?;
    for _ in 0..TRIES {
        let (before, data) = found(ctx, secret).await?;
        let mut after = before.clone();
        after.until = until.map_or(after.until, Timestamp::micros);
        after.enabled = patch.enabled.unwrap_or(after.enabled);
        if replace(&ctx.service, &data, &after).await? {
            let end = Timestamp::from_micros(after.until);
            let state = if after.enabled { "on" } else { "off" };
            event::note(ctx, "sign_up_link_changed", &format!("{}: {state}, until {end}", described(&after)));
            return Ok(shown(ctx.org(), after));
        }
    }
    Err(contended())
}

async fn replace(service: &Service, before: &[u8], after: &Content) -> Result<bool, Error> {
    let sealed = service.sealed(SIGN_UP, after)?;
    Ok(service.store().change_ticket(SIGN_UP, hash(&after.secret), before, sealed).await?)
}

fn contended() -> Error {
    let message = "the sign-up link is changed by others all the time; try again".to_owned();
    Error::Busy { retry_after: std::time::Duration::from_secs(1), message, tries: false }
}

/// The same to everybody, whatever is wrong with a link.
fn over() -> Error {
    Error::Unauthenticated("this sign-up link does not count; ask whoever gave it to you for a new one".to_owned())
}

impl Service {
    /// What the organization is called that a link lets one join, if the link counts.
    ///
    /// # Errors
    /// `Unauthenticated` when it does not.
    pub async fn look_at_sign_up(&self, secret: &str) -> Result<String, Error> {
        let (organization, _) = self.sign_up_content(secret).await?;
        let view = organization.view();
        Ok(view.org().settings().map(|settings| settings.title.to_string()).unwrap_or_default())
    }

    async fn sign_up_content(&self, secret: &str) -> Result<(Arc<Organization>, Content), Error> {
        let ticket = self.store().ticket(SIGN_UP, hash(secret)).await?.ok_or_else(over)?;
        let content: Content = self.unsealed(SIGN_UP, &ticket.data)?;
        if !content.enabled || content.until <= self.now().micros() {
            return Err(over());
        }
        let organization = self.organization(ticket.organization).await?;
        let view = organization.view();
        let org = view.org();
        let may_add = |maker: PrincipalId| {
            let rights = rolecall_model::rights::Rights::of_actor(org, acting(maker), self.now());
            crate::need::holds(&rights, op::USERS_WRITE, Place::ORGANIZATION)
        };
        if !org.sign_in_rules().passwords || !PrincipalId::new(content.made_by).is_some_and(may_add) {
            return Err(over());
        }
        Ok((organization, content))
    }

    /// Adds who joins by a link, with the password it chose. It signs in afterwards.
    ///
    /// # Errors
    /// `Unauthenticated` when the link does not count; `Refused` for what is wrong with who joins, an identifier that
    /// is taken and every rule that the password breaks among it; `Busy`.
    pub async fn sign_up(&self, secret: &str, new: NewMember, visitor: &Visitor<'_>) -> Result<Joined, Error> {
        self.limits().address(visitor.address)?;
        let (organization, content) = self.sign_up_content(secret).await?;
        let maker = PrincipalId::new(content.made_by).ok_or_else(over)?;
        let subject = fresh_subject()?;
        let about = [Some(&new.name), new.email.as_ref(), new.username.as_ref()];
        let about: Vec<&str> = about.into_iter().flatten().map(String::as_str).collect();
        let row = password::first_row(subject, new.password, &about, "password").await?;
        let command = Command::User(UserCommand::Create(NewUser {
            name: new.name,
            email: new.email,
            username: new.username,
            subject: Some(subject),
            password: true,
            terms: Terms::of(Source::Manual),
            ..NewUser::default()
        }));
        let origin = Origin { actor: acting(maker), facade: visitor.facade, request: visitor.request_id.to_owned() };
        let asked = Asked { command, origin, if_match: None, idempotency: None, rows: vec![row] };
        let done = submit(self, &organization, asked).await.map_err(|error| match error {
            // Who made the link has lost the right to since it was looked at.
            Error::Forbidden { .. } | Error::NotFound { .. } => over(),
            error => error,
        })?;
        let user = done.view.org().principal_id(&subject.to_string()).ok_or_else(over)?;
        self.note_visit(&organization, user, visitor, "signed_up", &format!("joined by {}", described(&content)));
        self.remember_joined(secret, user).await;
        Ok(Joined { user, at: done.view.org().at(), view: done.view })
    }

    /// Writes down who joined by a link. Who joined is there without it.
    async fn remember_joined(&self, secret: &str, user: PrincipalId) {
        for _ in 0..TRIES {
            let remembered = async {
                let Some(ticket) = self.store().ticket(SIGN_UP, hash(secret)).await? else { return Ok(true) };
                let mut content: Content = self.unsealed(SIGN_UP, &ticket.data)?;
                content.joined.push(user.number());
                replace(self, &ticket.data, &content).await
            };
            match remembered.await {
                Ok(true) => return,
                Ok(false) => {}
                Err::<bool, Error>(error) => {
                    tracing::warn!(%error, "a sign-up link does not say who joined by it");
                    return;
                }
            }
        }
    }
}

const fn acting(maker: PrincipalId) -> Actor {
    Actor::Principal { id: maker, token: None }
}
