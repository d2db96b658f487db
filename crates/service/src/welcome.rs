//! Adding people: with a password that somebody chose for them, or by an invitation; and setting a password for
//! somebody. Not here: the links themselves (`link.rs`).

use crate::ctx::Ctx;
use crate::execute::{Done, execute_with, may_give, to_the_end};
use crate::link::{make_first_link, may_act_as, require_password_possible, sets_password};
use crate::password;
use crate::{Delivery, Error, LinkKind, LinkMade};
use rolecall_model::command::SubjectRef;
use rolecall_model::name::Text;
use rolecall_model::principal::{PrincipalChange, PrincipalKind, Subject};
use rolecall_model::refusal::Kind;
use rolecall_model::token::TokenCommand;
use rolecall_model::user::{NewUser, UserCommand};
use rolecall_model::{Change, Command, Refusal, resolve};
use rolecall_store::Row;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// How somebody who is added comes in.
#[derive(Clone, Default)]
pub struct Welcome {
    /// By this password, which is theirs at once.
    pub password: Option<String>,
    /// By a link to choose one; unless told otherwise, when they have an address and can choose a password.
    pub invite: Option<bool>,
    /// How the link reaches them.
    pub delivery: Delivery,
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
    welcome(ctx, new, Welcome { invite, ..Welcome::default() }, digest).await
}

/// Adds a user, with a password if one is given, and makes it a link if one is wanted. Who has a password already is
/// given a link to choose another.
///
/// # Errors
/// What stands in the way, every rule that the password breaks among it; then nothing has changed.
pub async fn welcome(
    ctx: &Ctx,
    mut new: NewUser,
    welcome: Welcome,
    digest: [u8; 32],
) -> Result<(Done, Invited), Error> {
    let Welcome { password, invite, delivery } = welcome;
    let wanted = is_invited(ctx, &new, invite)?;
    let kind = if password.is_some() { LinkKind::Reset } else { LinkKind::Invitation };
    let mut rows = Vec::new();
    if let Some(password) = password {
        may_give(ctx, &UserCommand::Create(new.clone()).into())?;
        rows.push(with_password(ctx, &mut new, password).await?);
    }
    let ctx = ctx.clone();
    to_the_end(async move {
        let done = execute_with(&ctx, UserCommand::Create(new).into(), digest, rows).await?;
        let invited = if wanted && !ctx.is_dry_run() {
            invite_new(&ctx, &done, kind, delivery).await
        } else {
            Invited::default()
        };
        Ok((done, invited))
    })
    .await
}

fn is_invited(ctx: &Ctx, new: &NewUser, invite: Option<bool>) -> Result<bool, Error> {
    let refuse = |message: &str| Err(Refusal::new(Kind::NotNow, "invite", message).into());
    let passwords = ctx.present.org().sign_in_rules().passwords;
    match invite {
        Some(true) if !passwords => {
            refuse("nobody can be invited while passwords are switched off; people sign in by their provider")
        }
        Some(true) if new.disabled => refuse("a user that starts disabled cannot be invited"),
        Some(asked) => Ok(asked),
        None => Ok(passwords && !new.disabled && new.email.is_some()),
    }
}

/// The row of a new user's password, under a subject that is drawn beforehand.
async fn with_password(ctx: &Ctx, new: &mut NewUser, password: String) -> Result<Row, Error> {
    if !ctx.present.org().sign_in_rules().passwords {
        let message = "passwords are switched off in this organization; people sign in by their provider";
        return Err(Refusal::new(Kind::NotNow, "password", message).into());
    }
    let subject = fresh_subject()?;
    let about = [Some(&new.name), new.email.as_ref(), new.username.as_ref()];
    let about: Vec<&str> = about.into_iter().flatten().map(String::as_str).collect();
    let row = password::first_row(subject, password, &about, "password").await?;
    (new.subject, new.password) = (Some(subject), true);
    Ok(row)
}

/// A subject for a user who is not there yet.
pub(crate) fn fresh_subject() -> Result<Subject, Error> {
    let mut bits = [0; 16];
    bits.copy_from_slice(&crate::clock::random()?[..16]);
    Ok(Subject::new(PrincipalKind::User, u128::from_be_bytes(bits)))
}

async fn invite_new(ctx: &Ctx, done: &Done, kind: LinkKind, delivery: Delivery) -> Invited {
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
    match make_first_link(&ctx, kind, &user, delivery).await {
        Ok(link) => Invited { link: Some(link), warning: None },
        Err(error) => {
            tracing::warn!(%error, "somebody was added and not invited");
            let warning = format!("the user was added, but not invited: {error}; invite it by itself");
            Invited { link: None, warning: Some(warning) }
        }
    }
}

/// Sets a user's password, which who sets it knows. All sessions of the account end, and links to choose one count no
/// more.
///
/// # Errors
/// What stands in the way, every rule that the password breaks among it; `NotHeld` for who may not act as the user;
/// `Managed` for a user whom a connected SCIM client manages.
pub async fn set_password(ctx: &Ctx, user: &SubjectRef, password: String) -> Result<Done, Error> {
    may_give(ctx, &sets_password(user.clone()))?;
    let org = ctx.present.org();
    let (id, found) = resolve::user(org, user, "").map_err(Refusal::of_target)?;
    may_act_as(org, ctx.actor(), id, ctx.now())?;
    if found.scim().is_some() && crate::connection::is_connected(org) {
        let message = "the user is managed by SCIM; its password is the identity provider's";
        return Err(Refusal::new(Kind::Managed, "", message).into());
    }
    require_password_possible(org, id)?;
    let digest = Sha256::digest(format!("set password {id:?} {password}")).into();
    let row = ctx.service.new_password(&ctx.organization, id, password, "password").await?;
    let whose = SubjectRef::Number(id.number());
    let commands =
        vec![sets_password(whose.clone()), TokenCommand::EndSessions { subject: whose, except: None }.into()];
    execute_with(ctx, Command::Batch(commands), digest, vec![row]).await
}

/// Everything that is wrong with a password that the caller might choose, each as a sentence.
pub fn password_faults_of(ctx: &Ctx, password: &str) -> Vec<&'static str> {
    let user = ctx.org().principal(ctx.principal());
    let about = user.map(|user| [Some(&user.name), user.email.as_ref(), user.username.as_ref()]).unwrap_or_default();
    let about: Vec<&str> = about.into_iter().flatten().map(Text::as_str).collect();
    password::faults(password, &about)
}
