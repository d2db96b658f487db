//! Policies over the wire. Their rules are in `rolecall_model::policy`.

use crate::answer::{Item, Reply};
use crate::call::{Call, reference};
use crate::json::{Attributes, given};
use crate::noun::{self, Noun, Sight};
use crate::page::has;
use crate::route::{Route, Value};
use crate::wire::{self, BindingBody};
use rolecall_model::policy::{NewPolicy, PolicyChange, PolicyCommand, PolicyPatch};
use rolecall_model::{Change, Org, Refusal, operation as op, resolve};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A new policy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPolicyBody {
    /// Its name, unique among policies: 1 to 100 characters.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its bindings, at most 1000.
    #[serde(default)]
    pub bindings: Vec<BindingBody>,
    /// Extra attributes, kept as they are.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: Attributes,
}

impl From<NewPolicyBody> for NewPolicy {
    fn from(body: NewPolicyBody) -> Self {
        let NewPolicyBody { name, description, bindings, attributes } = body;
        NewPolicy { name, description, bindings: wire::bindings(bindings), attributes }
    }
}

/// What of a policy is to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyPatchBody {
    /// Its new name.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// All its bindings from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub bindings: Option<Vec<BindingBody>>,
    /// Attributes to put over the present ones; null takes one away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Object)]
    pub attributes: Option<Attributes>,
}

impl From<PolicyPatchBody> for PolicyPatch {
    fn from(body: PolicyPatchBody) -> Self {
        let PolicyPatchBody { name, description, bindings, attributes } = body;
        PolicyPatch { name, description, bindings: bindings.map(wire::bindings), attributes }
    }
}

/// Bindings to add or to take away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BindingsBody {
    /// The bindings.
    pub bindings: Vec<BindingBody>,
}

/// A policy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyView {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its bindings, in the order given.
    pub bindings: Vec<BindingBody>,
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

/// Policies.
pub(crate) struct Policies;

impl Noun for Policies {
    const WORD: &'static str = "policy";
    const PATH: &'static str = "/policies";
    type View = PolicyView;

    fn resolve(org: &Org, named: &str) -> Result<u32, Refusal> {
        resolve::policy(org, &reference(named), "").map(rolecall_model::id::PolicyId::number)
    }

    fn view(Sight { org, .. }: Sight<'_>, number: u32) -> Option<Item<PolicyView>> {
        let policy = org.policies.get(number)?;
        let view = PolicyView {
            number,
            name: policy.name.to_string(),
            description: policy.description.to_string(),
            bindings: wire::binding_views(org, &policy.bindings),
            predefined: policy.predefined,
            attributes: wire::attributes(&policy.attributes),
            created_revision: policy.created.0,
            revision: policy.changed.0,
        };
        Some(Item { revision: policy.changed.0, view })
    }

    fn of_change(change: &Change) -> Option<u32> {
        match change {
            Change::Policy(PolicyChange::Created(policy) | PolicyChange::Changed { after: policy, .. }) => {
                Some(policy.id.number())
            }
            _ => None,
        }
    }

    fn key(view: &PolicyView) -> String {
        view.name.clone()
    }
}

async fn list(call: Call) -> Reply {
    let role = call.query("role").map(|name| resolve::role(call.org(), &reference(name), "role")).transpose()?;
    noun::list::<Policies, _>(
        &call,
        |org| &org.policies,
        |_, policy| {
            (has(&policy.name, call.query("search")) || has(&policy.description, call.query("search")))
                && noun::is(&call, "predefined", policy.predefined)
                && role.is_none_or(|role| policy.bindings.iter().any(|binding| binding.role == role))
        },
    )
}

async fn create(call: Call) -> Reply {
    let body: NewPolicyBody = call.json().await?;
    let done = call.change(PolicyCommand::Create(body.into())).await?;
    noun::made::<Policies>(&call, &done)
}

async fn change(call: Call) -> Reply {
    let body: PolicyPatchBody = call.json().await?;
    let done = call.change(PolicyCommand::Change(call.target("policy"), body.into())).await?;
    noun::changed::<Policies>(&call, &done)
}

async fn bind(call: Call) -> Reply {
    let body: BindingsBody = call.json().await?;
    let done = call.change(PolicyCommand::Bind(call.target("policy"), wire::bindings(body.bindings))).await?;
    noun::changed::<Policies>(&call, &done)
}

async fn unbind(call: Call) -> Reply {
    let body: BindingsBody = call.json().await?;
    let done = call.change(PolicyCommand::Unbind(call.target("policy"), wire::bindings(body.bindings))).await?;
    noun::changed::<Policies>(&call, &done)
}

async fn delete(call: Call) -> Reply {
    let done = call.change(PolicyCommand::Delete(call.target("policy"))).await?;
    call.gone(&done)
}

/// The routes of policies.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/policies", "list_policies", "List policies")
            .needs(op::POLICIES_READ)
            .lists::<PolicyView>()
            .param("predefined", Value::Flag, "Only those that come with the catalog, or only one's own.")
            .param("role", Value::Text, "Only those that bind this role.")
            .by(list),
        Route::post("/policies", "create_policy", "Make a policy")
            .needs(op::POLICIES_WRITE)
            .takes::<NewPolicyBody>()
            .makes::<PolicyView>()
            .by(create),
        Route::get("/policies/{policy}", "read_policy", "Read a policy")
            .seen_by(op::POLICIES_READ)
            .answers::<PolicyView>()
            .by(|call| async move { noun::read::<Policies>(&call) }),
        Route::patch("/policies/{policy}", "change_policy", "Change a policy")
            .needs(op::POLICIES_WRITE)
            .seen_by(op::POLICIES_READ)
            .takes::<PolicyPatchBody>()
            .answers::<PolicyView>()
            .by(change),
        Route::delete("/policies/{policy}", "delete_policy", "Delete a policy, and with it its assignments")
            .needs(op::POLICIES_WRITE)
            .seen_by(op::POLICIES_READ)
            .by(delete),
        Route::post("/policies/{policy}/bindings", "add_bindings", "Add bindings to a policy")
            .needs(op::POLICIES_WRITE)
            .seen_by(op::POLICIES_READ)
            .takes::<BindingsBody>()
            .answers::<PolicyView>()
            .by(bind),
        Route::post(
            "/policies/{policy}/bindings/remove",
            "remove_bindings",
            "Take bindings from a policy; those that are not there are passed over",
        )
        .needs(op::POLICIES_WRITE)
        .seen_by(op::POLICIES_READ)
        .takes::<BindingsBody>()
        .answers::<PolicyView>()
        .by(unbind),
    ]
}
