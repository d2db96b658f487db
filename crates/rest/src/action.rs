//! Actions over the wire.

use crate::answer::{Item, Reply};
use crate::call::{Call, reference};
use crate::json::{Attributes, given};
use crate::noun::{self, Noun, Sight};
use crate::page::has;
use crate::route::{Route, Value};
use crate::wire;
use rolecall_model::action::{ActionChange, ActionCommand, ActionPatch, Level, NewAction};
use rolecall_model::{Change, Org, Refusal, operation as op, resolve};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where an action happens.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LevelBody {
    /// In the organization as a whole.
    Organization,
    /// In a project, in all its environments.
    Project,
    /// In an environment of a project.
    Environment,
}

impl From<LevelBody> for Level {
    fn from(body: LevelBody) -> Self {
        match body {
            LevelBody::Organization => Level::Organization,
            LevelBody::Project => Level::Project,
            LevelBody::Environment => Level::Environment,
        }
    }
}

/// A new action.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewActionBody {
    /// Its name: no spaces, not beginning with `rolecall.`.
    pub name: String,
    /// Where it happens.
    pub level: LevelBody,
    /// What people call it.
    #[serde(default)]
    pub title: String,
    /// What it lets one do.
    #[serde(default)]
    pub description: String,
    /// Under which heading it is shown.
    #[serde(default)]
    pub category: String,
    /// The actions that whoever may do this may do as well.
    #[serde(default)]
    pub includes: Vec<String>,
    /// Extra attributes, kept as they are.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: Attributes,
}

impl From<NewActionBody> for NewAction {
    fn from(body: NewActionBody) -> Self {
        let NewActionBody { name, level, title, description, category, includes, attributes } = body;
        let includes = wire::references(includes);
        NewAction { name, level: level.into(), title, description, category, includes, attributes }
    }
}

/// What of an action is to change; what is absent stays. Name and level are fixed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionPatchBody {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// What it lets one do.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Under which heading it is shown.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub category: Option<String>,
    /// All actions it includes from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub includes: Option<Vec<String>>,
    /// Attributes to put over the present ones; null takes one away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Object)]
    pub attributes: Option<Attributes>,
}

impl From<ActionPatchBody> for ActionPatch {
    fn from(body: ActionPatchBody) -> Self {
        let ActionPatchBody { title, description, category, includes, attributes } = body;
        ActionPatch { title, description, category, includes: includes.map(wire::references), attributes }
    }
}

/// An action.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActionView {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Where it happens: `organization`, `project` or `environment`.
    pub level: &'static str,
    /// What people call it.
    pub title: String,
    /// What it lets one do.
    pub description: String,
    /// Under which heading it is shown.
    pub category: String,
    /// The actions it includes itself; those include others in turn.
    pub includes: Vec<String>,
    /// Whether it comes with the catalog or the product and never changes.
    pub predefined: bool,
    /// Extra attributes.
    #[schema(value_type = Object)]
    pub attributes: Attributes,
    /// The revision that made it.
    pub created_revision: u64,
    /// The revision that last changed it: its entity tag.
    pub revision: u64,
}

/// Actions.
pub(crate) struct Actions;

impl Noun for Actions {
    const WORD: &'static str = "action";
    const PATH: &'static str = "/actions";
    type View = ActionView;

    fn resolve(org: &Org, named: &str) -> Result<u32, Refusal> {
        resolve::action(org, &reference(named), "").map(rolecall_model::id::ActionId::number)
    }

    fn view(Sight { org, .. }: Sight<'_>, number: u32) -> Option<Item<ActionView>> {
        let action = org.actions.get(number)?;
        let view = ActionView {
            number,
            name: action.name.to_string(),
            level: action.level.word(),
            title: action.title.to_string(),
            description: action.description.to_string(),
            category: action.category.to_string(),
            includes: action.includes.iter().map(|id| wire::action(org, *id)).collect(),
            predefined: action.predefined,
            attributes: wire::attributes(&action.attributes),
            created_revision: action.created.0,
            revision: action.changed.0,
        };
        Some(Item { revision: action.changed.0, view })
    }

    fn of_change(change: &Change) -> Option<u32> {
        match change {
            Change::Action(ActionChange::Created(row) | ActionChange::Changed { after: row, .. }) => {
                Some(row.id.number())
            }
            _ => None,
        }
    }

    fn key(view: &ActionView) -> String {
        view.name.clone()
    }
}

async fn list(call: Call) -> Reply {
    noun::list::<Actions, _>(
        &call,
        |org| &org.actions,
        |_, row| {
            (has(&row.name, call.query("search")) || has(&row.title, call.query("search")))
                && noun::is(&call, "predefined", row.predefined)
                && call.query("level").is_none_or(|word| word == row.level.word())
                && call.query("category").is_none_or(|category| category == row.category)
        },
    )
}

async fn create(call: Call) -> Reply {
    let body: NewActionBody = call.json().await?;
    let done = call.change(ActionCommand::Create(body.into())).await?;
    noun::made::<Actions>(&call, &done)
}

async fn change(call: Call) -> Reply {
    let body: ActionPatchBody = call.json().await?;
    let done = call.change(ActionCommand::Change(call.target("action"), body.into())).await?;
    noun::changed::<Actions>(&call, &done)
}

async fn delete(call: Call) -> Reply {
    let done = call.change(ActionCommand::Delete(call.target("action"))).await?;
    call.gone(&done)
}

/// The routes of actions.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/actions", "list_actions", "List actions")
            .needs(op::ACTIONS_READ)
            .lists::<ActionView>()
            .param("level", Value::OneOf(&["organization", "project", "environment"]), "Only those of this level.")
            .param("category", Value::Text, "Only those under this heading.")
            .param("predefined", Value::Flag, "Only those that come with the catalog, or only one's own.")
            .by(list),
        Route::post("/actions", "create_action", "Add an action of one's own")
            .needs(op::ACTIONS_WRITE)
            .takes::<NewActionBody>()
            .makes::<ActionView>()
            .by(create),
        Route::get("/actions/{action}", "read_action", "Read an action")
            .seen_by(op::ACTIONS_READ)
            .answers::<ActionView>()
            .by(|call| async move { noun::read::<Actions>(&call) }),
        Route::patch("/actions/{action}", "change_action", "Change an action")
            .needs(op::ACTIONS_WRITE)
            .seen_by(op::ACTIONS_READ)
            .takes::<ActionPatchBody>()
            .answers::<ActionView>()
            .by(change),
        Route::delete(
            "/actions/{action}",
            "delete_action",
            "Delete an action that no role permits and no action includes",
        )
        .needs(op::ACTIONS_WRITE)
        .seen_by(op::ACTIONS_READ)
        .by(delete),
    ]
}
