//! Environments over the wire, and their order.

use crate::answer::{Answer, Item, Reply};
use crate::call::{Call, reference};
use crate::json::{Attributes, given};
use crate::noun::{self, Noun, Sight};
use crate::page::has;
use crate::route::Route;
use crate::wire;
use rolecall_model::environment::{EnvironmentChange, EnvironmentCommand, EnvironmentPatch, NewEnvironment};
use rolecall_model::{Change, Org, Refusal, operation as op, resolve};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A new environment; it stands last in the order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEnvironmentBody {
    /// Its name, which never changes.
    pub name: String,
    /// What people call it; absent means as its name.
    #[serde(default)]
    pub title: String,
    /// Extra attributes, kept as they are.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: Attributes,
}

impl From<NewEnvironmentBody> for NewEnvironment {
    fn from(NewEnvironmentBody { name, title, attributes }: NewEnvironmentBody) -> Self {
        NewEnvironment { name, title, attributes }
    }
}

/// What of an environment is to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvironmentPatchBody {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// Attributes to put over the present ones; null takes one away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Object)]
    pub attributes: Option<Attributes>,
}

impl From<EnvironmentPatchBody> for EnvironmentPatch {
    fn from(EnvironmentPatchBody { title, attributes }: EnvironmentPatchBody) -> Self {
        EnvironmentPatch { title, attributes }
    }
}

/// The order of all environments.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvironmentOrderBody {
    /// Their names, each once.
    pub environments: Vec<String>,
}

/// An environment (Union calls it a domain).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EnvironmentView {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Its place in the order, from 1.
    pub position: usize,
    /// Whether it cannot be deleted.
    pub protected: bool,
    /// Extra attributes.
    #[schema(value_type = Object)]
    pub attributes: Attributes,
    /// The revision that made it.
    pub created_revision: u64,
    /// The revision that last changed it: its entity tag.
    pub revision: u64,
}

/// Environments.
pub(crate) struct Environments;

impl Noun for Environments {
    const WORD: &'static str = "environment";
    const PATH: &'static str = "/environments";
    type View = EnvironmentView;

    fn resolve(org: &Org, named: &str) -> Result<u32, Refusal> {
        resolve::environment(org, &reference(named), "").map(rolecall_model::id::EnvironmentId::number)
    }

    fn view(Sight { org, .. }: Sight<'_>, number: u32) -> Option<Item<EnvironmentView>> {
        let environment = org.environments.get(number)?;
        let position = org.environment_order().iter().position(|id| *id == environment.id).map_or(0, |index| index + 1);
        let view = EnvironmentView {
            number,
            name: environment.name.to_string(),
            title: environment.title.to_string(),
            position,
            protected: environment.protected,
            attributes: wire::attributes(&environment.attributes),
            created_revision: environment.created.0,
            revision: environment.changed.0,
        };
        Some(Item { revision: environment.changed.0, view })
    }

    fn of_change(change: &Change) -> Option<u32> {
        match change {
            Change::Environment(EnvironmentChange::Created(row) | EnvironmentChange::Changed { after: row, .. }) => {
                Some(row.id.number())
            }
            _ => None,
        }
    }

    fn key(view: &EnvironmentView) -> String {
        view.name.clone()
    }
}

async fn list(call: Call) -> Reply {
    noun::list::<Environments, _>(
        &call,
        |org| &org.environments,
        |_, row| has(&row.name, call.query("search")) || has(&row.title, call.query("search")),
    )
}

async fn create(call: Call) -> Reply {
    let body: NewEnvironmentBody = call.json().await?;
    let done = call.change(EnvironmentCommand::Create(body.into())).await?;
    noun::made::<Environments>(&call, &done)
}

async fn change(call: Call) -> Reply {
    let body: EnvironmentPatchBody = call.json().await?;
    let done = call.change(EnvironmentCommand::Change(call.target("environment"), body.into())).await?;
    noun::changed::<Environments>(&call, &done)
}

async fn order(call: Call) -> Reply {
    let body: EnvironmentOrderBody = call.json().await?;
    let done = call.change(EnvironmentCommand::Order(wire::references(body.environments))).await?;
    call.changed(&done, |view, _| {
        let names = view.org().environment_order().iter().map(|id| wire::environment(view.org(), *id));
        Answer::json(&EnvironmentOrderBody { environments: names.collect() }).ok()
    })
}

async fn delete(call: Call) -> Reply {
    let done = call.change(EnvironmentCommand::Delete(call.target("environment"))).await?;
    call.gone(&done)
}

/// The routes of environments.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/environments", "list_environments", "List environments")
            .needs(op::ENVIRONMENTS_READ)
            .lists::<EnvironmentView>()
            .by(list),
        Route::post("/environments", "create_environment", "Add an environment")
            .needs(op::ENVIRONMENTS_WRITE)
            .takes::<NewEnvironmentBody>()
            .makes::<EnvironmentView>()
            .by(create),
        Route::put("/environments/order", "order_environments", "Put all environments in an order")
            .needs(op::ENVIRONMENTS_WRITE)
            .takes::<EnvironmentOrderBody>()
            .answers::<EnvironmentOrderBody>()
            .by(order),
        Route::get("/environments/{environment}", "read_environment", "Read an environment")
            .seen_by(op::ENVIRONMENTS_READ)
            .answers::<EnvironmentView>()
            .by(|call| async move { noun::read::<Environments>(&call) }),
        Route::patch("/environments/{environment}", "change_environment", "Change an environment")
            .needs(op::ENVIRONMENTS_WRITE)
            .seen_by(op::ENVIRONMENTS_READ)
            .takes::<EnvironmentPatchBody>()
            .answers::<EnvironmentView>()
            .by(change),
        Route::delete("/environments/{environment}", "delete_environment", "Delete an environment that nothing names")
            .needs(op::ENVIRONMENTS_WRITE)
            .seen_by(op::ENVIRONMENTS_READ)
            .by(delete),
    ]
}
