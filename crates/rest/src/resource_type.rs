//! Resource types over the wire: how outside questions name places.

use crate::answer::{Item, Reply};
use crate::call::{Call, reference};
use crate::json::{given, nullable};
use crate::noun::{self, Noun, Sight};
use crate::page::has;
use crate::route::Route;
use crate::wire;
use rolecall_model::resource_type::{ResourceTypeChange, ResourceTypeCommand, Stands};
use rolecall_model::{Change, Org, Ref, Refusal, operation as op};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a resource of a type stands for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StandsBody {
    /// A resource is a project: its id is the project's name.
    ForProject,
    /// A resource is an environment: its id is the environment's name.
    ForEnvironment,
    /// A resource is the organization, whatever its id.
    ForOrganization,
    /// A resource lies in the project and environment that its properties name.
    Within,
}

impl From<StandsBody> for Stands {
    fn from(body: StandsBody) -> Self {
        match body {
            StandsBody::ForProject => Stands::ForProject,
            StandsBody::ForEnvironment => Stands::ForEnvironment,
            StandsBody::ForOrganization => Stands::ForOrganization,
            StandsBody::Within => Stands::Within,
        }
    }
}

impl From<Stands> for StandsBody {
    fn from(stands: Stands) -> Self {
        match stands {
            Stands::ForProject => StandsBody::ForProject,
            Stands::ForEnvironment => StandsBody::ForEnvironment,
            Stands::ForOrganization => StandsBody::ForOrganization,
            Stands::Within => StandsBody::Within,
        }
    }
}

/// A new resource type.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewResourceTypeBody {
    /// Its name, unique among resource types.
    pub name: String,
    /// What a resource of it stands for.
    pub stands: StandsBody,
    /// The actions that make sense on it; absent means all of the level it stands for.
    #[serde(default)]
    pub actions: Option<Vec<String>>,
}

impl From<NewResourceTypeBody> for ResourceTypeCommand {
    fn from(NewResourceTypeBody { name, stands, actions }: NewResourceTypeBody) -> Self {
        ResourceTypeCommand::Create { name, stands: stands.into(), actions: actions.map(wire::references) }
    }
}

/// What of a resource type is to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceTypePatchBody {
    /// What a resource of it stands for.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub stands: Option<StandsBody>,
    /// The actions that make sense on it; null means all.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Vec<String>>)]
    pub actions: Option<Option<Vec<String>>>,
}

impl ResourceTypePatchBody {
    pub(crate) fn on(self, target: Ref) -> ResourceTypeCommand {
        let actions = self.actions.map(|actions| actions.map(wire::references));
        ResourceTypeCommand::Change { target, stands: self.stands.map(Into::into), actions }
    }
}

/// A type of resources.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResourceTypeView {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// What a resource of it stands for.
    pub stands: StandsBody,
    /// The actions that make sense on it; absent means all of the level it stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<String>>,
    /// Whether it comes with the catalog or the product and never changes.
    pub predefined: bool,
    /// The revision that made it.
    pub created_revision: u64,
    /// The revision that last changed it: its entity tag.
    pub revision: u64,
}

/// Resource types.
pub(crate) struct ResourceTypes;

impl Noun for ResourceTypes {
    const WORD: &'static str = "resource_type";
    const PATH: &'static str = "/resource-types";
    type View = ResourceTypeView;

    fn resolve(org: &Org, named: &str) -> Result<u32, Refusal> {
        let found = match reference(named) {
            Ref::Name(name) => org.resource_types.named(&name, org.folds_names()),
            Ref::Number(number) => org.resource_types.get(number),
        };
        let known = org.resource_types.iter().map(|row| row.name.as_str());
        let near = rolecall_model::name::nearest(named, known);
        found.map(|row| row.id.number()).ok_or_else(|| Refusal::unknown("", "resource type", named, near))
    }

    fn view(Sight { org, .. }: Sight<'_>, number: u32) -> Option<Item<ResourceTypeView>> {
        let row = org.resource_types.get(number)?;
        let actions = row.actions.as_ref().map(|ids| ids.iter().map(|id| wire::action(org, *id)).collect());
        let view = ResourceTypeView {
            number,
            name: row.name.to_string(),
            stands: row.stands.into(),
            actions,
            predefined: row.predefined,
            created_revision: row.created.0,
            revision: row.changed.0,
        };
        Some(Item { revision: row.changed.0, view })
    }

    fn of_change(change: &Change) -> Option<u32> {
        match change {
            Change::ResourceType(ResourceTypeChange::Created(row) | ResourceTypeChange::Changed { after: row, .. }) => {
                Some(row.id.number())
            }
            _ => None,
        }
    }

    fn key(view: &ResourceTypeView) -> String {
        view.name.clone()
    }
}

async fn list(call: Call) -> Reply {
    noun::list::<ResourceTypes, _>(&call, |org| &org.resource_types, |_, row| has(&row.name, call.query("search")))
}

async fn create(call: Call) -> Reply {
    let body: NewResourceTypeBody = call.json().await?;
    let done = call.change(ResourceTypeCommand::from(body)).await?;
    noun::made::<ResourceTypes>(&call, &done)
}

async fn change(call: Call) -> Reply {
    let body: ResourceTypePatchBody = call.json().await?;
    let done = call.change(body.on(call.target("resource_type"))).await?;
    noun::changed::<ResourceTypes>(&call, &done)
}

async fn delete(call: Call) -> Reply {
    let done = call.change(ResourceTypeCommand::Delete(call.target("resource_type"))).await?;
    call.gone(&done)
}

/// The routes of resource types.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/resource-types", "list_resource_types", "List resource types")
            .needs(op::ACTIONS_READ)
            .lists::<ResourceTypeView>()
            .by(list),
        Route::post("/resource-types", "create_resource_type", "Add a resource type")
            .needs(op::ACTIONS_WRITE)
            .takes::<NewResourceTypeBody>()
            .makes::<ResourceTypeView>()
            .by(create),
        Route::get("/resource-types/{resource_type}", "read_resource_type", "Read a resource type")
            .seen_by(op::ACTIONS_READ)
            .answers::<ResourceTypeView>()
            .by(|call| async move { noun::read::<ResourceTypes>(&call) }),
        Route::patch("/resource-types/{resource_type}", "change_resource_type", "Change a resource type")
            .needs(op::ACTIONS_WRITE)
            .seen_by(op::ACTIONS_READ)
            .takes::<ResourceTypePatchBody>()
            .answers::<ResourceTypeView>()
            .by(change),
        Route::delete("/resource-types/{resource_type}", "delete_resource_type", "Delete a resource type")
            .needs(op::ACTIONS_WRITE)
            .seen_by(op::ACTIONS_READ)
            .by(delete),
    ]
}
