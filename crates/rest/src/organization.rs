//! The caller's organization: its settings and what its catalog brought.

use crate::action::{ActionView, Actions};
use crate::answer::{Answer, Reply};
use crate::call::Call;
use crate::environment::{EnvironmentView, Environments};
use crate::json::given;
use crate::noun::{Noun, Sight};
use crate::policy::{Policies, PolicyView};
use crate::problem::Problem;
use crate::resource_type::{ResourceTypeView, ResourceTypes};
use crate::role::{RoleView, Roles};
use crate::route::Route;
use crate::slot::{self, SlotView};
use crate::visible::Visible;
use crate::wire::{self, HeldPolicyView, HeldRoleView};
use rolecall_model::id::Holder;
use rolecall_model::organization::{NameRule, ProjectRule, Settings, SettingsPatch};
use rolecall_model::{Org, operation as op};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What of the settings is to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsPatchBody {
    /// What people call the organization.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub title: Option<String>,
}

impl From<SettingsPatchBody> for SettingsPatch {
    fn from(SettingsPatchBody { title }: SettingsPatchBody) -> Self {
        SettingsPatch { title, ..SettingsPatch::default() }
    }
}

/// The caller's organization.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganizationView {
    /// Its opaque id.
    pub id: String,
    /// Its name, unique in the installation.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Whether it is the home of the installation.
    pub home: bool,
    /// The catalog it was made with.
    pub catalog: String,
    /// How names are compared: `folded` (case does not matter) or `exact`.
    pub names: &'static str,
    /// Whether a binding may name a project that is not there yet: `open` or `closed`.
    pub projects: &'static str,
    /// The roles that a project's creator gets there.
    pub creator: Vec<String>,
    /// How many things there are.
    pub counts: CountsView,
    /// The newest revision.
    pub revision: u64,
}

/// How many things an organization has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CountsView {
    /// Users.
    pub users: usize,
    /// Applications.
    pub applications: usize,
    /// Groups.
    pub groups: usize,
    /// Projects, archived ones too.
    pub projects: usize,
    /// Environments.
    pub environments: usize,
    /// Actions, Rolecall's own too.
    pub actions: usize,
    /// Roles.
    pub roles: usize,
    /// Policies.
    pub policies: usize,
    /// Tokens, without sessions.
    pub tokens: usize,
}

/// What an organization costs in memory on the node that answers, in bytes, about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemoryView {
    /// Users and applications: profiles, assignments and memberships.
    pub profiles: usize,
    /// The other nouns, and who gave what, when and why.
    pub nouns: usize,
    /// What finds records by their names and identifiers.
    pub names: usize,
    /// What leads back from policies and roles to who has them.
    pub holders: usize,
    /// The index that answers questions.
    pub index: usize,
    /// All of it.
    pub total: usize,
    /// All of it for each user and application.
    pub per_subject: usize,
}

/// What the catalog brought and never changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CatalogView {
    /// The catalog's name.
    pub name: String,
    /// How names are compared: `folded` or `exact`.
    pub names: &'static str,
    /// Whether a binding may name a project that is not there yet: `open` or `closed`.
    pub projects: &'static str,
    /// The roles that a project's creator gets there.
    pub creator: Vec<String>,
    /// Predefined actions, Rolecall's own too.
    pub actions: Vec<ActionView>,
    /// Predefined roles.
    pub roles: Vec<RoleView>,
    /// Predefined policies.
    pub policies: Vec<PolicyView>,
    /// The environments, in order.
    pub environments: Vec<EnvironmentView>,
    /// Slots.
    pub slots: Vec<SlotView>,
    /// Predefined resource types.
    pub resource_types: Vec<ResourceTypeView>,
    /// Policies that every active user and application has.
    pub everyone_policies: Vec<HeldPolicyView>,
    /// Roles that every active user and application has.
    pub everyone_roles: Vec<HeldRoleView>,
}

const fn names(settings: &Settings) -> &'static str {
    match settings.names {
        NameRule::Folded => "folded",
        NameRule::Exact => "exact",
    }
}

const fn projects(settings: &Settings) -> &'static str {
    match settings.projects {
        ProjectRule::Closed => "closed",
        ProjectRule::Open => "open",
    }
}

fn settings(org: &Org) -> Result<&Settings, Problem> {
    org.settings().ok_or_else(|| Problem::new("not_now", "the organization has not been made yet"))
}

fn view(call: &Call, org: &Org) -> Result<OrganizationView, Problem> {
    let settings = settings(org)?;
    let counts = CountsView {
        users: org.user_count(),
        applications: org.application_count(),
        groups: org.groups.len(),
        projects: org.projects.len(),
        environments: org.environments.len(),
        actions: org.actions.len(),
        roles: org.roles.len(),
        policies: org.policies.len(),
        tokens: org.tokens.iter().filter(|token| !token.kind.is_passing()).count(),
    };
    Ok(OrganizationView {
        id: settings.id.to_string(),
        name: settings.name.to_string(),
        title: settings.title.to_string(),
        home: call.ctx.is_home(),
        catalog: settings.catalog.to_string(),
        names: names(settings),
        projects: projects(settings),
        creator: settings.creator.iter().map(|id| wire::role(org, *id)).collect(),
        counts,
        revision: org.revision().0,
    })
}

async fn read(call: Call) -> Reply {
    Answer::json(&view(&call, call.org())?)
}

async fn memory(call: Call) -> Reply {
    let memory = rolecall_service::memory(&call.ctx).await?;
    let parts = memory.organization;
    Answer::json(&MemoryView {
        profiles: parts.profiles,
        nouns: parts.nouns,
        names: parts.names,
        holders: parts.holders,
        index: memory.index,
        total: memory.total(),
        per_subject: memory.per_subject(),
    })
}

async fn change(call: Call) -> Reply {
    let body: SettingsPatchBody = call.json().await?;
    let done = call.change(SettingsPatch::from(body)).await?;
    call.changed(&done, |after, _| Answer::json(&view(&call, after.org()).ok()?).ok())
}

async fn catalog(call: Call) -> Reply {
    let org = call.org();
    let settings = settings(org)?;
    let sight = Sight { ctx: &call.ctx, org, at: call.ctx.asked_at() };
    let (everyone_policies, everyone_roles) = wire::held(org, Holder::Everyone, sight.at, &Visible::to(&call.ctx));
    let catalog = CatalogView {
        name: settings.catalog.to_string(),
        names: names(settings),
        projects: projects(settings),
        creator: settings.creator.iter().map(|id| wire::role(org, *id)).collect(),
        actions: all::<Actions>(sight, org.actions.iter().filter(|row| row.predefined).map(|row| row.id.number())),
        roles: all::<Roles>(sight, org.roles.iter().filter(|row| row.predefined).map(|row| row.id.number())),
        policies: all::<Policies>(sight, org.policies.iter().filter(|row| row.predefined).map(|row| row.id.number())),
        environments: all::<Environments>(sight, org.environment_order().iter().map(|id| id.number())),
        slots: slot::views(org),
        resource_types: all::<ResourceTypes>(
            sight,
            org.resource_types.iter().filter(|row| row.predefined).map(|row| row.id.number()),
        ),
        everyone_policies,
        everyone_roles,
    };
    Answer::json(&catalog)
}

fn all<N: Noun>(sight: Sight<'_>, numbers: impl Iterator<Item = u32>) -> Vec<N::View> {
    numbers.filter_map(|number| Some(N::view(sight, number)?.view)).collect()
}

/// The routes of the caller's organization.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/organization", "read_organization", "Read the caller's organization and its settings")
            .needs(op::SETTINGS_READ)
            .answers::<OrganizationView>()
            .by(read),
        Route::patch("/organization", "change_organization", "Change the settings of the caller's organization")
            .needs(op::SETTINGS_WRITE)
            .takes::<SettingsPatchBody>()
            .answers::<OrganizationView>()
            .by(change),
        Route::get("/organization/memory", "read_memory", "Read what the caller's organization costs in memory here")
            .needs(op::SETTINGS_READ)
            .answers::<MemoryView>()
            .by(memory),
        Route::get("/catalog", "read_catalog", "Read what the catalog brought and never changes")
            .needs(op::SETTINGS_READ)
            .answers::<CatalogView>()
            .by(catalog),
    ]
}
