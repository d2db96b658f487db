//! Roles over the wire. Where a role is created is decided in `rolecall_model::role`.

use crate::answer::{Item, Reply};
use crate::call::{Call, reference};
use crate::json::{Attributes, given};
use crate::noun::{self, Noun, Sight};
use crate::page::has;
use crate::route::{Route, Value};
use crate::wire::{self, PermitBody};
use rolecall_model::role::{Bindable, NewRole, RoleChange, RoleCommand, RolePatch};
use rolecall_model::{Change, Org, Refusal, operation as op, resolve};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A new role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRoleBody {
    /// Its name, unique among roles: 1 to 100 characters.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Where it may be bound: `organization`, `project` or `anywhere`; absent means what its slot
    /// says, else wherever its permits make sense.
    #[serde(default)]
    pub bindable: Option<BindableBody>,
    /// The slot it belongs to: then a subject holds at most one role of the slot.
    #[serde(default)]
    pub slot: Option<String>,
    /// What it permits.
    #[serde(default)]
    pub permits: Vec<PermitBody>,
    /// Extra attributes, kept as they are.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: Attributes,
}

/// Where a role may be bound.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BindableBody {
    /// In all projects.
    Organization,
    /// At a named project, perhaps in one environment.
    Project,
    /// At any scope.
    Anywhere,
}

impl From<BindableBody> for Bindable {
    fn from(body: BindableBody) -> Self {
        match body {
            BindableBody::Organization => Bindable::Organization,
            BindableBody::Project => Bindable::Project,
            BindableBody::Anywhere => Bindable::Anywhere,
        }
    }
}

impl From<NewRoleBody> for NewRole {
    fn from(body: NewRoleBody) -> Self {
        let NewRoleBody { name, description, bindable, slot, permits, attributes } = body;
        let permits = wire::permits(permits);
        NewRole { name, description, bindable: bindable.map(Into::into), slot, permits, attributes }
    }
}

/// What of a role is to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolePatchBody {
    /// Its new name.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// All it permits from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub permits: Option<Vec<PermitBody>>,
    /// Attributes to put over the present ones; null takes one away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Object)]
    pub attributes: Option<Attributes>,
}

impl From<RolePatchBody> for RolePatch {
    fn from(body: RolePatchBody) -> Self {
        let RolePatchBody { name, description, permits, attributes } = body;
        RolePatch { name, description, permits: permits.map(wire::permits), attributes }
    }
}

/// Permits to add or to take away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PermitsBody {
    /// The permits.
    pub permits: Vec<PermitBody>,
}

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoleView {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where it may be bound: `organization`, `project` or `anywhere`.
    pub bindable: &'static str,
    /// The slot it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// What it permits, in the order given.
    pub permits: Vec<PermitBody>,
    /// Whether it comes with the catalog and never changes.
    pub predefined: bool,
    /// Extra attributes.
    #[schema(value_type = Object)]
    pub attributes: Attributes,
    /// The revision that made it.
    pub created_revision: u64,
    /// The revision that last changed it: its entity tag.
    pub revision: u64,
}

/// Roles.
pub(crate) struct Roles;

impl Noun for Roles {
    const WORD: &'static str = "role";
    const PATH: &'static str = "/roles";
    type View = RoleView;

    fn resolve(org: &Org, named: &str) -> Result<u32, Refusal> {
        resolve::role(org, &reference(named), "").map(rolecall_model::id::RoleId::number)
    }

    fn view(Sight { org, .. }: Sight<'_>, number: u32) -> Option<Item<RoleView>> {
        let role = org.roles.get(number)?;
        let slot = role.slot.and_then(|id| org.slots.get(id.number())).map(|slot| slot.name.to_string());
        let view = RoleView {
            number,
            name: role.name.to_string(),
            description: role.description.to_string(),
            bindable: role.bindable.word(),
            slot,
            permits: wire::permit_views(org, &role.permits),
            predefined: role.predefined,
            attributes: wire::attributes(&role.attributes),
            created_revision: role.created.0,
            revision: role.changed.0,
        };
        Some(Item { revision: role.changed.0, view })
    }

    fn of_change(change: &Change) -> Option<u32> {
        match change {
            Change::Role(RoleChange::Created(role) | RoleChange::Changed { after: role, .. }) => Some(role.id.number()),
            _ => None,
        }
    }

    fn key(view: &RoleView) -> String {
        view.name.clone()
    }
}

async fn list(call: Call) -> Reply {
    let action =
        call.query("action").map(|name| resolve::action(call.org(), &reference(name), "action")).transpose()?;
    noun::list::<Roles, _>(
        &call,
        |org| &org.roles,
        |org, role| {
            (has(&role.name, call.query("search")) || has(&role.description, call.query("search")))
                && noun::is(&call, "predefined", role.predefined)
                && call.query("bindable").is_none_or(|word| word == role.bindable.word())
                && call.query("slot").is_none_or(|name| {
                    role.slot.is_some_and(|id| org.slots.get(id.number()).is_some_and(|slot| slot.name == name))
                })
                && action.is_none_or(|action| {
                    role.permits.iter().any(|permit| org.closure().includes(permit.action, action))
                })
        },
    )
}

async fn create(call: Call) -> Reply {
    let body: NewRoleBody = call.json().await?;
    let done = call.change(RoleCommand::Create(body.into())).await?;
    noun::made::<Roles>(&call, &done)
}

async fn change(call: Call) -> Reply {
    let body: RolePatchBody = call.json().await?;
    let done = call.change(RoleCommand::Change(call.target("role"), body.into())).await?;
    noun::changed::<Roles>(&call, &done)
}

async fn permit(call: Call) -> Reply {
    let body: PermitsBody = call.json().await?;
    let done = call.change(RoleCommand::Permit(call.target("role"), wire::permits(body.permits))).await?;
    noun::changed::<Roles>(&call, &done)
}

async fn withdraw(call: Call) -> Reply {
    let body: PermitsBody = call.json().await?;
    let done = call.change(RoleCommand::Withdraw(call.target("role"), wire::permits(body.permits))).await?;
    noun::changed::<Roles>(&call, &done)
}

async fn delete(call: Call) -> Reply {
    let done = call.change(RoleCommand::Delete(call.target("role"))).await?;
    call.gone(&done)
}

/// The routes of roles.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/roles", "list_roles", "List roles")
            .needs(op::ROLES_READ)
            .lists::<RoleView>()
            .param("predefined", Value::Flag, "Only those that come with the catalog, or only one's own.")
            .param("action", Value::Text, "Only those that permit this action, by itself or by what includes it.")
            .param(
                "bindable",
                Value::OneOf(&["organization", "project", "anywhere"]),
                "Only those that may be bound there.",
            )
            .param("slot", Value::Text, "Only those of this slot.")
            .by(list),
        Route::post("/roles", "create_role", "Make a role")
            .needs(op::ROLES_WRITE)
            .takes::<NewRoleBody>()
            .makes::<RoleView>()
            .by(create),
        Route::get("/roles/{role}", "read_role", "Read a role")
            .seen_by(op::ROLES_READ)
            .answers::<RoleView>()
            .by(|call| async move { noun::read::<Roles>(&call) }),
        Route::patch("/roles/{role}", "change_role", "Change a role")
            .needs(op::ROLES_WRITE)
            .seen_by(op::ROLES_READ)
            .takes::<RolePatchBody>()
            .answers::<RoleView>()
            .by(change),
        Route::delete("/roles/{role}", "delete_role", "Delete a role that nobody holds and no policy binds")
            .needs(op::ROLES_WRITE)
            .seen_by(op::ROLES_READ)
            .by(delete),
        Route::post("/roles/{role}/permits", "add_permits", "Add permits to a role")
            .needs(op::ROLES_WRITE)
            .seen_by(op::ROLES_READ)
            .takes::<PermitsBody>()
            .answers::<RoleView>()
            .by(permit),
        Route::post(
            "/roles/{role}/permits/remove",
            "remove_permits",
            "Take permits from a role; those that are not there are passed over",
        )
        .needs(op::ROLES_WRITE)
        .seen_by(op::ROLES_READ)
        .takes::<PermitsBody>()
        .answers::<RoleView>()
        .by(withdraw),
    ]
}
