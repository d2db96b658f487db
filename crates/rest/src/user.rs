//! Users over the wire.

use crate::answer::{Answer, Item, Reply, encoded};
use crate::call::{Call, reference, subject};
use crate::json::{Attributes, given, nullable};
use crate::noun::{self, Noun, Sight};
use crate::page::{Asked, Entry, has, sorted};
use crate::problem::Problem;
use crate::route::{Route, Value};
use crate::sign_in::LinkMadeView;
use crate::visible::Visible;
use crate::wire::{self, BindingBody, HeldPolicyView, HeldRoleView, TermsBody, TermsView};
use rolecall_model::assignment::Granted;
use rolecall_model::command::SubjectRef;
use rolecall_model::id::{Holder, PrincipalId};
use rolecall_model::principal::{Identity, Principal, PrincipalChange, PrincipalKind};
use rolecall_model::user::{NewUser, UserCommand, UserPatch};
use rolecall_model::{Change, Org, Refusal, operation as op, resolve};
use rolecall_service as service;
use rolecall_service::Ctx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A new user. It needs an email, a username or an external id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUserBody {
    /// What people call it; absent means as its identifier.
    #[serde(default)]
    pub name: String,
    /// Its address.
    #[serde(default)]
    pub email: Option<String>,
    /// Its sign-in name.
    #[serde(default)]
    pub username: Option<String>,
    /// The id another system knows it by.
    #[serde(default)]
    pub external_id: Option<String>,
    /// The address of its picture.
    #[serde(default)]
    pub picture: Option<String>,
    /// Whether it may act at all.
    #[serde(default = "yes")]
    pub active: bool,
    /// Policies it is given at once.
    #[serde(default)]
    pub policies: Vec<String>,
    /// Roles it is given at once.
    #[serde(default)]
    pub roles: Vec<BindingBody>,
    /// Groups it joins at once.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The conditions of those grants and memberships.
    #[serde(default)]
    pub terms: TermsBody,
    /// Extra attributes, kept as they are.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: Attributes,
    /// Whether it is invited to choose a password; absent means when it has an address and passwords count. Not in a
    /// batch.
    #[serde(default)]
    pub invite: Option<bool>,
}

pub(crate) const fn yes() -> bool {
    true
}

impl NewUserBody {
    pub(crate) fn new_user(self, ctx: &Ctx) -> Result<NewUser, Problem> {
        let terms = self.terms.terms(ctx).map_err(|problem| problem.under("terms"))?;
        Ok(NewUser {
            name: self.name,
            email: self.email,
            username: self.username,
            external_id: self.external_id,
            picture: self.picture,
            disabled: !self.active,
            grants: wire::grants(self.policies, self.roles),
            groups: wire::references(self.groups),
            terms,
            number: None,
            subject: None,
            password: false,
            attributes: self.attributes,
            identity: None,
            scim: None,
        })
    }
}

/// What of a user is to change; what is absent stays, null takes a value away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserPatchBody {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Its address.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub email: Option<Option<String>>,
    /// Its sign-in name.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub username: Option<Option<String>>,
    /// The id another system knows it by.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub external_id: Option<Option<String>>,
    /// The address of its picture.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub picture: Option<Option<String>>,
    /// Whether it may act at all: false disables it, true enables it again.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
    /// Attributes to put over the present ones; null takes one away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Object)]
    pub attributes: Option<Attributes>,
}

impl From<UserPatchBody> for UserPatch {
    fn from(body: UserPatchBody) -> Self {
        let UserPatchBody { name, email, username, external_id, picture, active, attributes } = body;
        UserPatch { name, email, username, external_id, picture, active, attributes, ..UserPatch::default() }
    }
}

/// A group that a user is in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JoinedView {
    /// The group's name.
    pub group: String,
    /// On what conditions.
    #[serde(flatten)]
    pub terms: TermsView,
}

/// An account at a sign-in provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentityView {
    /// The provider's name.
    pub provider: String,
    /// Its issuer identifier when the link was made.
    pub issuer: String,
    /// What the provider knows the user by.
    pub sub: String,
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    /// Its opaque id, which never changes.
    pub subject: String,
    /// Its number; users and applications share one counter.
    pub number: u32,
    /// What people call it.
    pub name: String,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Its sign-in name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The id another system knows it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The address of its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Whether it may act at all.
    pub active: bool,
    /// Whether it has any means to sign in that counts now.
    pub can_sign_in: bool,
    /// Its accounts at sign-in providers.
    pub identities: Vec<IdentityView>,
    /// Who says what it is called and whether it is active: `scim` when the identity provider does by SCIM, absent
    /// when administrators do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed: Option<&'static str>,
    /// Whether a one-time code is asked for after the password.
    pub second_factor: bool,
    /// How many passkeys it has.
    pub passkeys: u16,
    /// Policies it has been given itself, as far as the caller may see them.
    pub policies: Vec<HeldPolicyView>,
    /// Roles it has been given itself, as far as the caller may see them.
    pub roles: Vec<HeldRoleView>,
    /// Groups it is in, as far as the caller may see groups.
    pub groups: Vec<JoinedView>,
    /// Extra attributes.
    #[schema(value_type = Object)]
    pub attributes: Attributes,
    /// The revision that made it.
    pub created_revision: u64,
    /// The revision that last changed it or what it holds: its entity tag.
    pub revision: u64,
}

impl IdentityView {
    fn of(org: &Org, identity: &Identity) -> Self {
        let Identity { provider, issuer, sub } = identity;
        IdentityView { provider: wire::provider(org, *provider), issuer: issuer.to_string(), sub: sub.to_string() }
    }
}

/// A user that was added, and what became of its invitation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewUserView {
    /// The user.
    #[serde(flatten)]
    pub user: UserView,
    /// Its invitation to choose a password; absent when it was not invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation: Option<LinkMadeView>,
    /// Why it was not invited although it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// The number of the user or application that a path names.
pub(crate) fn resolve_principal(org: &Org, named: &str, kind: PrincipalKind) -> Result<u32, Refusal> {
    let wanted = subject(named);
    let found = match kind {
        PrincipalKind::User => resolve::user(org, &wanted, ""),
        PrincipalKind::Application => resolve::application(org, &wanted, ""),
    };
    found.map(|(id, _)| id.number())
}

/// The number of the user or application that a change made or changed.
pub(crate) fn changed_principal(change: &Change, kind: PrincipalKind) -> Option<u32> {
    match change {
        Change::Principal(
            PrincipalChange::Created { id, subject, .. } | PrincipalChange::Changed { id, subject, .. },
        ) => (subject.kind() == kind).then(|| id.number()),
        _ => None,
    }
}

/// Users.
pub(crate) struct Users;

impl Noun for Users {
    const WORD: &'static str = "user";
    const PATH: &'static str = "/users";
    type View = UserView;

    fn resolve(org: &Org, named: &str) -> Result<u32, Refusal> {
        resolve_principal(org, named, PrincipalKind::User)
    }

    fn view(sight: Sight<'_>, number: u32) -> Option<Item<UserView>> {
        let Sight { ctx, org, at } = sight;
        let id = PrincipalId::new(number)?;
        let user = org.principal(id)?;
        let (policies, roles) = wire::held(org, Holder::Principal(id), at, &Visible::to(ctx));
        let sees_groups = ctx.may(op::GROUPS_READ, rolecall_engine::Place::ORGANIZATION) || ctx.principal() == id;
        let joined = user.memberships.iter().filter(|_| sees_groups).map(|membership| JoinedView {
            group: org.group(membership.group).map(|group| group.name.to_string()).unwrap_or_default(),
            terms: TermsView::of(org, membership.provenance, at),
        });
        let text = |text: &Option<rolecall_model::name::Text>| text.as_ref().map(ToString::to_string);
        let view = UserView {
            subject: user.subject.to_string(),
            number,
            name: user.name.to_string(),
            email: text(&user.email),
            username: text(&user.username),
            external_id: text(&user.external_id),
            picture: user.picture().map(ToString::to_string),
            active: user.active,
            can_sign_in: org.can_sign_in(user),
            identities: user.identities().iter().map(|identity| IdentityView::of(org, identity)).collect(),
            managed: user.scim().map(|_| "scim"),
            second_factor: user.sign_in.codes,
            passkeys: user.sign_in.passkeys,
            policies,
            roles,
            groups: joined.collect(),
            attributes: wire::attributes(&user.attributes()),
            created_revision: user.created.0,
            revision: user.changed.0,
        };
        Some(Item { revision: user.changed.0, view })
    }

    fn of_change(change: &Change) -> Option<u32> {
        changed_principal(change, PrincipalKind::User)
    }

    fn key(view: &UserView) -> String {
        view.subject.clone()
    }
}

/// Filters of users and applications, from the query.
struct Filter {
    active: Option<bool>,
    group: Option<rolecall_model::id::GroupId>,
    policy: Option<Granted>,
    role: Option<Granted>,
}

impl Filter {
    fn of(call: &Call) -> Result<Self, Problem> {
        let org = call.org();
        let group = call.query("group").map(|name| resolve::group(org, &reference(name), "group")).transpose()?;
        let policy = call.query("policy").map(|name| resolve::policy(org, &reference(name), "policy")).transpose()?;
        let role = call.query("role").map(|name| resolve::role(org, &reference(name), "role")).transpose()?;
        let active = call.query("active").map(|word| word == "true");
        Ok(Filter { active, group, policy: policy.map(Granted::Policy), role: role.map(Granted::Role) })
    }

    fn takes(&self, visible: &Visible<'_>, org: &Org, id: PrincipalId, principal: &Principal) -> bool {
        let holds = |granted: &Granted| {
            let mut held = principal.assignments.iter().filter(|assignment| assignment.grant.granted() == *granted);
            held.any(|assignment| visible.sees(org, Holder::Principal(id), assignment.grant))
        };
        self.active.is_none_or(|active| principal.active == active)
            && self.group.is_none_or(|group| principal.memberships.iter().any(|membership| membership.group == group))
            && self.policy.as_ref().is_none_or(holds)
            && self.role.as_ref().is_none_or(holds)
    }
}

/// Answers a page of users or applications.
pub(crate) fn list_principals<N: Noun>(call: &Call, kind: PrincipalKind) -> Reply {
    let filter = Filter::of(call)?;
    let asked = Asked::of(call)?;
    let org = asked.view.org();
    let visible = Visible::to(&call.ctx);
    let search = call.query("search");
    let keep = |id: PrincipalId, principal: &Principal| {
        principal.kind() == kind
            && filter.takes(&visible, org, id, principal)
            && (search.is_none() || texts(principal).any(|text| has(text, search)))
    };
    let entries = org.principals().filter(|(id, principal)| keep(*id, principal)).map(|(id, principal)| Entry {
        number: id.number(),
        name: &principal.name,
        created: principal.created.0,
        changed: principal.changed.0,
    });
    let (numbers, next) = sorted(call, &asked, entries);
    let sight = Sight { ctx: &call.ctx, org, at: asked.at };
    let items = numbers.into_iter().filter_map(|number| Some(N::view(sight, number)?.view)).collect();
    asked.answer::<N::View>(call, items, next)
}

fn texts(principal: &Principal) -> impl Iterator<Item = &str> {
    let identifiers = [&principal.email, &principal.username, &principal.external_id];
    let identifiers = identifiers.into_iter().flatten().map(rolecall_model::name::Text::as_str);
    identifiers.chain([principal.name.as_str()]).chain(principal.client_id().map(rolecall_model::name::Text::as_str))
}

fn user_ref(call: &Call) -> SubjectRef {
    call.subject("user")
}

async fn list(call: Call) -> Reply {
    list_principals::<Users>(&call, PrincipalKind::User)
}

async fn create(call: Call) -> Reply {
    let body: NewUserBody = call.json().await?;
    let (invite, new) = (body.invite, body.new_user(&call.ctx)?);
    let (done, invited) = service::create_user(&call.ctx, new, invite, call.digest()).await?;
    let (invitation, warning) = (invited.link.map(LinkMadeView::from), invited.warning);
    call.changed(&done, |view, changes| {
        let number = changes.iter().find_map(Users::of_change)?;
        let sight = Sight { ctx: &call.ctx, org: view.org(), at: call.ctx.now() };
        let Item { revision, view: user } = Users::view(sight, number)?;
        let path = format!("/users/{}", encoded(&user.subject));
        let view = NewUserView { user, invitation, warning };
        Some(Answer::item(&Item { revision, view }).ok()?.made(&path).secret())
    })
}

async fn unlink(call: Call) -> Reply {
    let patch = UserPatch { scim: Some(None), ..UserPatch::default() };
    let done = call.change(UserCommand::Change(user_ref(&call), patch)).await?;
    noun::changed::<Users>(&call, &done)
}

async fn change(call: Call) -> Reply {
    let body: UserPatchBody = call.json().await?;
    let done = call.change(UserCommand::Change(user_ref(&call), body.into())).await?;
    noun::changed::<Users>(&call, &done)
}

async fn delete(call: Call) -> Reply {
    let done = call.change(UserCommand::Delete(user_ref(&call))).await?;
    call.gone(&done)
}

async fn erase(call: Call) -> Reply {
    let done = service::erase(&call.ctx, user_ref(&call)).await?;
    call.gone(&done)
}

/// The routes of users.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/users", "list_users", "List users")
            .needs(op::USERS_READ)
            .lists::<UserView>()
            .param("active", Value::Flag, "Only active ones, or only disabled ones.")
            .param("group", Value::Text, "Only members of this group.")
            .param("policy", Value::Text, "Only those who have been given this policy themselves.")
            .param("role", Value::Text, "Only those who have been given this role themselves.")
            .by(list),
        Route::post("/users", "create_user", "Add a user, and invite it to choose a password")
            .needs(op::USERS_WRITE)
            .takes::<NewUserBody>()
            .makes::<NewUserView>()
            .by(create),
        Route::get("/users/{user}", "read_user", "Read a user, by any identifier")
            .seen_by(op::USERS_READ)
            .answers::<UserView>()
            .by(|call| async move { noun::read::<Users>(&call) }),
        Route::patch("/users/{user}", "change_user", "Change, disable or enable a user")
            .needs(op::USERS_WRITE)
            .seen_by(op::USERS_READ)
            .takes::<UserPatchBody>()
            .answers::<UserView>()
            .by(change),
        Route::delete("/users/{user}", "delete_user", "Delete a user, and with it what it held")
            .needs(op::USERS_WRITE)
            .seen_by(op::USERS_READ)
            .by(delete),
        Route::post(
            "/users/{user}/unlink",
            "release_user",
            "Take a user out of SCIM's hands: it can be changed here again",
        )
        .needs(op::USERS_WRITE)
        .seen_by(op::USERS_READ)
        .answers::<UserView>()
        .by(unlink),
        Route::post("/users/{user}/erase", "erase_user", "Delete a user and take its values out of the whole history")
            .needs(op::USERS_ERASE)
            .seen_by(op::USERS_READ)
            .by(erase),
    ]
}
