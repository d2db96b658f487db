//! Users. The wire has a first and a last name, inside there is one name; how many of its words are the first name is kept
//! where it cannot be seen (a number, so that nothing personal stands in two places).

use crate::door::Caller;
use crate::fault::{fault, invalid};
use crate::filter::Filters;
use crate::identity;
use crate::page::Page;
use crate::wire::common::{User, UserIdentifier, UserSpec};
use crate::wire::identity::{CreateUserRequest, ListUsersRequest, ListUsersResponse};
use crate::{action, policy, role};
use connectrpc::ConnectError;
use rolecall_engine::Place;
use rolecall_model::assignment::Grant;
use rolecall_model::command::SubjectRef;
use rolecall_model::id::PrincipalId;
use rolecall_model::principal::{Principal, PrincipalChange, PrincipalKind};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::user::{NewUser, UserCommand};
use rolecall_model::{Change, Ref, operation as op, resolve};
use rolecall_service::{Done, LinkKind, make_link};
use serde_json::{Map, Value, json};

/// By what users are filtered.
const FIELDS: [&str; 5] = ["email", "first_name", "last_name", "user_handle", "subject"];

/// Adds a user and answers with its subject. It gets a mail with a link to choose a password, where mail is sent.
pub(crate) async fn create(caller: &Caller, request: &CreateUserRequest) -> Result<String, ConnectError> {
    caller.ctx.require(op::USERS_WRITE, Place::ORGANIZATION).map_err(fault)?;
    let spec = &*request.spec;
    caller.organization(&spec.organization)?;
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let name = Name::of(&spec.first_name, &spec.last_name);
    let new = NewUser {
        attributes: name.kept(),
        name: name.whole,
        email: given(&spec.email),
        username: given(&spec.user_handle),
        picture: given(&spec.photo_url),
        groups: spec.groups.iter().map(|group| Ref::from(group.as_str())).collect(),
        terms: Terms::of(Source::Manual),
        ..NewUser::default()
    };
    let done = caller.execute(UserCommand::Create(new)).await?;
    let subject = created(&done).ok_or_else(|| invalid("the user was made before and is gone again"))?;
    if !request.suppress_invite_email && !done.repeated {
        invite(caller, &subject).await;
    }
    Ok(subject)
}

/// The subject of who was made.
fn created(done: &Done) -> Option<String> {
    done.changes.iter().find_map(|change| match change {
        Change::Principal(PrincipalChange::Created { subject, .. }) => Some(subject.to_string()),
        _ => None,
    })
}

/// The user is there whether or not a mail can be sent: an administrator can send another.
async fn invite(caller: &Caller, subject: &str) {
    let service = caller.ctx.service();
    let mailed = service.has_mail() && service.public_url().starts_with("http");
    let Some(ctx) = caller.ctx.renewed().filter(|_| mailed) else { return };
    if let Err(error) = make_link(&ctx, LinkKind::Invitation, &SubjectRef::User(subject.into())).await {
        tracing::warn!(%error, "an invitation was not mailed");
    }
}

/// Deletes a user, and with it what it held.
pub(crate) async fn delete(caller: &Caller, organization: &str, id: &UserIdentifier) -> Result<(), ConnectError> {
    caller.organization(organization)?;
    caller.execute(UserCommand::Delete(reference(id)?)).await.map(drop)
}

fn reference(id: &UserIdentifier) -> Result<SubjectRef, ConnectError> {
    if id.subject.is_empty() {
        return Err(invalid("the user's subject is missing"));
    }
    Ok(SubjectRef::User(id.subject.as_str().into()))
}

/// A user whom the caller may see.
pub(crate) fn get(caller: &Caller, id: &UserIdentifier) -> Result<User, ConnectError> {
    let (id, user) = identity::seen(caller, &reference(id)?)?;
    Ok(shown(caller, caller.own(), id, user, true))
}

/// A page of users.
pub(crate) fn list(caller: &Caller, request: &ListUsersRequest) -> Result<ListUsersResponse, ConnectError> {
    caller.ctx.require(op::USERS_READ, Place::ORGANIZATION).map_err(fault)?;
    let own = caller.organization(&request.organization)?;
    let org = caller.ctx.org();
    let page = Page::of(&request.request)?;
    let filters = Filters::of(&request.request, &FIELDS)?;
    let wanted = match request.role_id.as_option() {
        Some(id) => {
            let name = role::named(caller, id)?;
            Some(resolve::role(org, &Ref::from(name), "").map_err(|refusal| fault(refusal.into()))?)
        }
        None => None,
    };
    let keep = |id: PrincipalId, user: &Principal| {
        let name = Name::read(user);
        let subject = user.subject.to_string();
        let text =
            |text: &'_ Option<rolecall_model::name::Text>| text.as_ref().map(ToString::to_string).unwrap_or_default();
        let (email, handle) = (text(&user.email), text(&user.username));
        let field = |field: &str| match field {
            "email" => email.as_str(),
            "first_name" => name.first(),
            "last_name" => name.last(),
            "user_handle" => handle.as_str(),
            _ => subject.as_str(),
        };
        filters.keep(field) && wanted.is_none_or(|role| role::held(caller, id).contains(&role))
    };
    let is_user = |(_, principal): &(PrincipalId, &Principal)| principal.kind() == PrincipalKind::User;
    // Somebody is looked for by address far more often than all are listed.
    let users: Vec<(PrincipalId, &Principal)> = match filters.only("email") {
        Some(email) => {
            org.find_principal(email).into_iter().filter(is_user).filter(|(id, user)| keep(*id, user)).collect()
        }
        None if filters.is_empty() && wanted.is_none() => org.principals().filter(is_user).collect(),
        None => org.principals().filter(is_user).filter(|(id, user)| keep(*id, user)).collect(),
    };
    let count = i64::try_from(users.len()).unwrap_or(i64::MAX);
    let with_policies = !request.exclude_identity_assignments;
    let (users, token) = page.take(users.into_iter().map(|(id, user)| (id.number(), (id, user))), |(id, user)| {
        shown(caller, &own, id, user, with_policies)
    });
    Ok(ListUsersResponse { users, token, count })
}

/// How many users there are.
pub(crate) fn count(caller: &Caller) -> Result<i64, ConnectError> {
    caller.ctx.require(op::USERS_READ, Place::ORGANIZATION).map_err(fault)?;
    Ok(i64::try_from(caller.ctx.org().user_count()).unwrap_or(i64::MAX))
}

/// A user as the wire has it, with what it has been given if that is asked for.
pub(crate) fn shown(caller: &Caller, own: &str, id: PrincipalId, user: &Principal, with_policies: bool) -> User {
    let org = caller.ctx.org();
    let name = Name::read(user);
    let text = |text: &Option<rolecall_model::name::Text>| text.as_ref().map(ToString::to_string).unwrap_or_default();
    let sees_groups = caller.ctx.may(op::GROUPS_READ, Place::ORGANIZATION) || caller.ctx.principal() == id;
    let groups = user.memberships.iter().filter(|_| sees_groups).filter_map(|membership| org.group(membership.group));
    let spec = UserSpec {
        first_name: name.first().to_owned(),
        last_name: name.last().to_owned(),
        email: text(&user.email),
        organization: own.to_owned(),
        user_handle: text(&user.username),
        groups: groups.map(|group| group.name.to_string()).collect(),
        photo_url: user.picture().map(ToString::to_string).unwrap_or_default(),
    };
    let mut shown =
        User { id: UserIdentifier { subject: user.subject.to_string() }.into(), spec: spec.into(), ..User::default() };
    for assignment in caller.ctx.seen_assignments(id).filter(|_| with_policies) {
        match assignment.grant {
            Grant::Policy(id) => shown.policies.extend(org.policy(id).map(|row| policy::shown(org, own, row))),
            Grant::Role(binding) => {
                shown.roles.extend(org.role(binding.role).map(|row| role::bound(org, own, row, binding.scope)));
            }
        }
    }
    shown
}

/// A name with the place where the first name ends.
pub(crate) struct Name {
    whole: String,
    /// Where the first name ends and where the last begins, in bytes.
    parts: (usize, usize),
    first_words: usize,
}

impl Name {
    /// From its two parts.
    fn of(first: &str, last: &str) -> Self {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let first_words = words(first).len();
        let whole = [words(first), words(last)].concat().join(" ");
        Name::cut(whole, Some(first_words))
    }

    /// From a user's whole name. One whom nobody named is called by its identifier, which is no name.
    pub(crate) fn read(user: &Principal) -> Self {
        let identifier = user.best_identifier();
        let whole = if user.name == identifier { String::new() } else { user.name.to_string() };
        let kept = action::kept(&user.attributes(), "first_words").and_then(|words| usize::try_from(words).ok());
        Name::cut(whole, kept)
    }

    fn cut(whole: String, first_words: Option<usize>) -> Self {
        let count = whole.split_whitespace().count();
        let first_words = first_words.filter(|words| *words <= count).unwrap_or_else(|| usual(count));
        let ends = whole.match_indices(' ').map(|(at, _)| at).nth(first_words.wrapping_sub(1));
        let parts = match (first_words, ends) {
            (0, _) => (0, 0),
            (_, Some(at)) => (at, at + 1),
            (_, None) => (whole.len(), whole.len()),
        };
        Name { whole, parts, first_words }
    }

    /// The first name; all but the last word unless it is known better.
    pub(crate) fn first(&self) -> &str {
        self.whole.get(..self.parts.0).unwrap_or_default()
    }

    /// The last name.
    pub(crate) fn last(&self) -> &str {
        self.whole.get(self.parts.1..).unwrap_or_default()
    }

    /// What must be kept to cut the name at the same place again.
    fn kept(&self) -> Map<String, Value> {
        if self.first_words == usual(self.whole.split_whitespace().count()) {
            return Map::new();
        }
        Map::from_iter([("union".to_owned(), json!({"first_words": self.first_words}))])
    }
}

/// How many of a name's words are usually the first name.
const fn usual(words: usize) -> usize {
    if words > 1 { words - 1 } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_where_it_was_put_together() {
        for (first, last, kept) in [
            ("Jane", "Doe", false),
            ("Mary Ann", "Smith", false),
            ("Ludwig", "van Beethoven", true),
            ("Ada", "", false),
            ("", "Lovelace", true),
            ("", "", false),
        ] {
            let name = Name::of(first, last);
            assert_eq!((name.first(), name.last()), (first, last));
            assert_eq!(!name.kept().is_empty(), kept, "{first} {last}");
            let words = name.kept().get("union").and_then(|union| union["first_words"].as_u64());
            let again = Name::cut(name.whole.clone(), words.and_then(|words| usize::try_from(words).ok()));
            assert_eq!((again.first(), again.last()), (first, last));
        }
    }
}
