//! Groups over the wire. Their members are in `membership.rs`.

use crate::answer::{Item, Reply};
use crate::call::{Call, reference, subject};
use crate::json::{Attributes, given};
use crate::noun::{self, Noun, Sight};
use crate::page::has;
use crate::problem::Problem;
use crate::route::{Route, Value};
use crate::visible::Visible;
use crate::wire::{self, BindingBody, HeldPolicyView, HeldRoleView, TermsBody};
use rolecall_model::group::{GroupChange, GroupCommand, GroupPatch, NewGroup};
use rolecall_model::id::Holder;
use rolecall_model::{Change, Org, Refusal, operation as op, resolve};
use rolecall_service::Ctx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A new group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroupBody {
    /// Its name, unique among groups.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Names of the groups of sign-in providers whose people join it.
    #[serde(default)]
    pub sso_names: Vec<String>,
    /// Its members, by any identifier, in order.
    #[serde(default)]
    pub members: Vec<String>,
    /// Policies it is given at once.
    #[serde(default)]
    pub policies: Vec<String>,
    /// Roles it is given at once.
    #[serde(default)]
    pub roles: Vec<BindingBody>,
    /// The conditions of those memberships and grants.
    #[serde(default)]
    pub terms: TermsBody,
    /// Extra attributes, kept as they are.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: Attributes,
}

impl NewGroupBody {
    pub(crate) fn command(self, ctx: &Ctx) -> Result<GroupCommand, Problem> {
        let terms = self.terms.terms(ctx).map_err(|problem| problem.under("terms"))?;
        Ok(GroupCommand::Create(NewGroup {
            name: self.name,
            description: self.description,
            sso_names: self.sso_names,
            members: self.members.iter().map(|name| subject(name)).collect(),
            grants: wire::grants(self.policies, self.roles),
            terms,
            attributes: self.attributes,
            scim: None,
        }))
    }
}

/// What of a group is to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupPatchBody {
    /// Its new name.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// All SSO names from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub sso_names: Option<Vec<String>>,
    /// Attributes to put over the present ones; null takes one away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Object)]
    pub attributes: Option<Attributes>,
}

impl From<GroupPatchBody> for GroupPatch {
    fn from(GroupPatchBody { name, description, sso_names, attributes }: GroupPatchBody) -> Self {
        GroupPatch { name, description, sso_names, members: None, attributes, scim: None }
    }
}

/// A group of users.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupView {
    /// Its opaque id, which never changes.
    pub subject: String,
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Names of the groups of sign-in providers whose people join it, in the order given.
    pub sso_names: Vec<String>,
    /// Who says what it is called and who is in it: `scim` when the identity provider does by SCIM, absent when
    /// administrators do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed: Option<&'static str>,
    /// How many members it has; `/groups/{group}/members` lists them.
    pub member_count: usize,
    /// Policies it has been given, as far as the caller may see them.
    pub policies: Vec<HeldPolicyView>,
    /// Roles it has been given, as far as the caller may see them.
    pub roles: Vec<HeldRoleView>,
    /// Extra attributes.
    #[schema(value_type = Object)]
    pub attributes: Attributes,
    /// The revision that made it.
    pub created_revision: u64,
    /// The revision that last changed it, its members or what it holds: its entity tag.
    pub revision: u64,
}

/// Groups.
pub(crate) struct Groups;

impl Noun for Groups {
    const WORD: &'static str = "group";
    const PATH: &'static str = "/groups";
    type View = GroupView;

    fn resolve(org: &Org, named: &str) -> Result<u32, Refusal> {
        resolve::group(org, &reference(named), "").map(rolecall_model::id::GroupId::number)
    }

    fn view(Sight { ctx, org, at }: Sight<'_>, number: u32) -> Option<Item<GroupView>> {
        let group = org.groups.get(number)?;
        let (policies, roles) = wire::held(org, Holder::Group(group.id), at, &Visible::to(ctx));
        let view = GroupView {
            subject: group.subject.to_string(),
            number,
            name: group.name.to_string(),
            description: group.description.to_string(),
            sso_names: group.sso_names.iter().map(ToString::to_string).collect(),
            managed: group.scim.as_ref().map(|_| "scim"),
            member_count: group.members.len(),
            policies,
            roles,
            attributes: wire::attributes(&group.attributes),
            created_revision: group.created.0,
            revision: group.changed.0,
        };
        Some(Item { revision: group.changed.0, view })
    }

    fn of_change(change: &Change) -> Option<u32> {
        match change {
            Change::Group(
                GroupChange::Created { id, .. } | GroupChange::Changed { id, .. } | GroupChange::Ordered { id, .. },
            ) => Some(id.number()),
            _ => None,
        }
    }

    fn key(view: &GroupView) -> String {
        view.name.clone()
    }
}

async fn list(call: Call) -> Reply {
    let member = call
        .query("member")
        .map(|name| resolve::user(call.org(), &subject(name), "member"))
        .transpose()?
        .map(|(id, _)| id);
    noun::list::<Groups, _>(
        &call,
        |org| &org.groups,
        |_, group| {
            (has(&group.name, call.query("search")) || has(&group.description, call.query("search")))
                && member.is_none_or(|member| group.members.contains(&member))
        },
    )
}

async fn create(call: Call) -> Reply {
    let body: NewGroupBody = call.json().await?;
    let done = call.change(body.command(&call.ctx)?).await?;
    noun::made::<Groups>(&call, &done)
}

async fn change(call: Call) -> Reply {
    let body: GroupPatchBody = call.json().await?;
    let done = call.change(GroupCommand::Change(call.target("group"), body.into())).await?;
    noun::changed::<Groups>(&call, &done)
}

async fn unlink(call: Call) -> Reply {
    let patch = GroupPatch { scim: Some(None), ..GroupPatch::default() };
    let done = call.change(GroupCommand::Change(call.target("group"), patch)).await?;
    noun::changed::<Groups>(&call, &done)
}

async fn delete(call: Call) -> Reply {
    let done = call.change(GroupCommand::Delete(call.target("group"))).await?;
    call.gone(&done)
}

/// The routes of groups.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/groups", "list_groups", "List groups")
            .needs(op::GROUPS_READ)
            .lists::<GroupView>()
            .param("member", Value::Text, "Only those that this user is in.")
            .by(list),
        Route::post("/groups", "create_group", "Make a group")
            .needs(op::GROUPS_WRITE)
            .takes::<NewGroupBody>()
            .makes::<GroupView>()
            .by(create),
        Route::get("/groups/{group}", "read_group", "Read a group, by name or opaque id")
            .seen_by(op::GROUPS_READ)
            .answers::<GroupView>()
            .by(|call| async move { noun::read::<Groups>(&call) }),
        Route::patch("/groups/{group}", "change_group", "Change a group")
            .needs(op::GROUPS_WRITE)
            .seen_by(op::GROUPS_READ)
            .takes::<GroupPatchBody>()
            .answers::<GroupView>()
            .by(change),
        Route::post(
            "/groups/{group}/unlink",
            "release_group",
            "Take a group out of SCIM's hands: it and its members can be changed here again",
        )
        .needs(op::GROUPS_WRITE)
        .seen_by(op::GROUPS_READ)
        .answers::<GroupView>()
        .by(unlink),
        Route::delete("/groups/{group}", "delete_group", "Delete a group, and with it its memberships and assignments")
            .needs(op::GROUPS_WRITE)
            .seen_by(op::GROUPS_READ)
            .by(delete),
    ]
}
