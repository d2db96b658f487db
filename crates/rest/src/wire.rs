//! Wire forms that several nouns share, and how numbers of the model become names.

use crate::call::{reference, subject};
use crate::problem::Problem;
use crate::visible::Visible;
use rolecall_engine::Place;
use rolecall_model::assignment::{Grant, GrantRef};
use rolecall_model::id::{ActionId, EnvironmentId, Holder, PolicyId, PrincipalId, ProjectId, ProviderId, RoleId};
use rolecall_model::moment::Actor;
use rolecall_model::policy::BindingRef;
use rolecall_model::provenance::{ProvenanceId, Source, Terms};
use rolecall_model::role::PermitRef;
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Org, Ref, Scope, Timestamp, operation as op, resolve};
use rolecall_service::Ctx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An action, perhaps narrowed to a project, an environment or both.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PermitBody {
    /// The action's name; `*` is every action.
    pub action: String,
    /// The project it is narrowed to; absent means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The environment it is narrowed to; absent means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

impl From<PermitBody> for PermitRef {
    fn from(body: PermitBody) -> Self {
        PermitRef {
            action: reference(&body.action),
            scope: scope_ref(body.project.as_deref(), body.environment.as_deref()),
        }
    }
}

/// A role at a scope.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BindingBody {
    /// The role's name.
    pub role: String,
    /// The project; absent means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The environment; absent means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

impl From<BindingBody> for BindingRef {
    fn from(body: BindingBody) -> Self {
        BindingRef {
            role: reference(&body.role),
            scope: scope_ref(body.project.as_deref(), body.environment.as_deref()),
        }
    }
}

/// Where: a project or all, an environment or all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ScopeView {
    /// The project; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The environment; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

impl ScopeView {
    pub(crate) fn of(org: &Org, scope: Scope) -> Self {
        ScopeView {
            project: scope.project.map(|id| project(org, id)),
            environment: scope.environment.map(|id| environment(org, id)),
        }
    }
}

/// On what conditions something is given.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TermsBody {
    /// When it begins to count; absent means at once.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// When it stops to count; absent means never.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who approved it: any identifier.
    #[serde(default)]
    pub approver: Option<String>,
}

impl TermsBody {
    /// The terms, given by hand.
    pub(crate) fn terms(self, ctx: &Ctx) -> Result<Terms, Problem> {
        let approver = self.approver.map(|name| approver(ctx, &name)).transpose()?;
        let reason = self.reason.map(Into::into);
        let sources = vec![Source::Manual];
        Ok(Terms { sources, from: self.from, until: self.until, reason, approver })
    }
}

/// Whoever approved something. One whom the caller may not see is not known, so that nobody learns
/// by naming an approver who is there.
pub(crate) fn approver(ctx: &Ctx, name: &str) -> Result<PrincipalId, Problem> {
    let found = resolve::principal(ctx.org(), &subject(name), "approver");
    let may_see = |id| id == ctx.principal() || ctx.may(op::USERS_READ, Place::ORGANIZATION);
    match found {
        Ok((id, _)) if !may_see(id) => {
            let name = rolecall_model::refusal::shown(name);
            let said = format!("no user or application is known as \"{name}\"");
            Err(Problem::new("unknown", said).at("approver"))
        }
        found => Ok(found?.0),
    }
}

/// Who gave something, when, why and for how long.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TermsView {
    /// Where it comes from: `manual`, `catalog`, `scim`, `sso:` and a provider's name.
    pub sources: Vec<String>,
    /// When it begins to count; absent means at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// When it stops to count; absent means never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who approved it, as a subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
    /// Who gave it: a subject, `system` or `home`.
    pub actor: String,
    /// When it was given or last changed.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The revision that gave or last changed it.
    pub revision: u64,
    /// Whether it counts at the instant asked about.
    pub in_force: bool,
}

impl TermsView {
    pub(crate) fn of(org: &Org, id: ProvenanceId, at: Timestamp) -> Self {
        let Some(provenance) = org.provenances.get(id) else {
            return TermsView::bare(org, &Terms::default(), at);
        };
        let mut view = TermsView::bare(org, &provenance.terms, at);
        view.actor = actor(org, provenance.actor);
        view.at = provenance.at;
        view.revision = provenance.revision.0;
        view
    }

    fn bare(org: &Org, terms: &Terms, at: Timestamp) -> Self {
        TermsView {
            sources: terms.sources.iter().map(source).collect(),
            from: terms.from,
            until: terms.until,
            reason: terms.reason.as_ref().map(ToString::to_string),
            approver: terms.approver.map(|id| principal(org, id)),
            actor: "system".to_owned(),
            at: Timestamp::default(),
            revision: 0,
            in_force: terms.in_force(at),
        }
    }
}

/// Terms as a word of the log has them.
pub(crate) fn terms_value(org: &Org, terms: &Terms) -> serde_json::Value {
    let view = TermsView::bare(org, terms, Timestamp::default());
    let mut value = serde_json::json!({ "sources": view.sources });
    if let Some(map) = value.as_object_mut() {
        let mut put = |name: &str, text: Option<String>| text.map(|text| map.insert(name.to_owned(), text.into()));
        put("from", view.from.map(|at| at.to_string()));
        put("until", view.until.map(|at| at.to_string()));
        put("reason", view.reason);
        put("approver", view.approver);
    }
    value
}

/// A policy that somebody has been given.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HeldPolicyView {
    /// The policy's name.
    pub policy: String,
    /// On what conditions.
    #[serde(flatten)]
    pub terms: TermsView,
}

/// A role that somebody has been given directly.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HeldRoleView {
    /// The role's name.
    pub role: String,
    /// Where.
    #[serde(flatten)]
    pub scope: ScopeView,
    /// On what conditions.
    #[serde(flatten)]
    pub terms: TermsView,
}

/// What somebody has been given itself: policies, and roles at scopes.
pub(crate) fn held(
    org: &Org,
    holder: Holder,
    at: Timestamp,
    visible: &Visible<'_>,
) -> (Vec<HeldPolicyView>, Vec<HeldRoleView>) {
    let (mut policies, mut roles) = (Vec::new(), Vec::new());
    for assignment in org.assignments_of(holder).iter().filter(|assignment| visible.sees(org, holder, assignment.grant))
    {
        let terms = TermsView::of(org, assignment.provenance, at);
        match assignment.grant {
            Grant::Policy(id) => policies.push(HeldPolicyView { policy: policy(org, id), terms }),
            Grant::Role(binding) => {
                let scope = ScopeView::of(org, binding.scope);
                roles.push(HeldRoleView { role: role(org, binding.role), scope, terms });
            }
        }
    }
    (policies, roles)
}

/// What is given at once to something new.
pub(crate) fn grants(policies: Vec<String>, roles: Vec<BindingBody>) -> Vec<GrantRef> {
    let policies = policies.into_iter().map(|name| GrantRef::Policy(reference(&name)));
    policies.chain(roles.into_iter().map(|binding| GrantRef::Role(binding.into()))).collect()
}

/// References from names.
pub(crate) fn references(names: impl IntoIterator<Item = String>) -> Vec<Ref> {
    names.into_iter().map(|name| reference(&name)).collect()
}

/// Permits from their wire form.
pub(crate) fn permits(bodies: Vec<PermitBody>) -> Vec<PermitRef> {
    bodies.into_iter().map(Into::into).collect()
}

/// Bindings from their wire form.
pub(crate) fn bindings(bodies: Vec<BindingBody>) -> Vec<BindingRef> {
    bodies.into_iter().map(Into::into).collect()
}

/// A scope from names.
pub(crate) fn scope_ref(project: Option<&str>, environment: Option<&str>) -> ScopeRef {
    ScopeRef { project: project.map(reference), environment: environment.map(reference) }
}

fn source(source: &Source) -> String {
    match source {
        Source::Manual => "manual".to_owned(),
        Source::Catalog => "catalog".to_owned(),
        Source::Scim => "scim".to_owned(),
        Source::Sso(provider) => format!("sso:{provider}"),
    }
}

/// Who acted: a subject, `system`, `home`, `scim`, or `sso:` and a sign-in provider.
pub(crate) fn actor(org: &Org, actor: Actor) -> String {
    match actor {
        Actor::System => "system".to_owned(),
        Actor::Home => "home".to_owned(),
        Actor::Principal { id, .. } => principal(org, id),
        Actor::Provider(id) => {
            format!("sso:{}", provider(org, id))
        }
        Actor::Scim(_) => "scim".to_owned(),
    }
}

/// A sign-in provider's name; `~7` when it is gone.
pub(crate) fn provider(org: &Org, id: ProviderId) -> String {
    org.provider(id).map_or_else(|| number(id.number()), |provider| provider.name.to_string())
}

/// A user's or application's subject; `~7` when it is gone.
pub(crate) fn principal(org: &Org, id: PrincipalId) -> String {
    org.principal(id).map_or_else(|| number(id.number()), |principal| principal.subject.to_string())
}

/// A holder's subject; everyone is `everyone`.
pub(crate) fn holder(org: &Org, holder: Holder) -> String {
    match holder {
        Holder::Principal(id) => principal(org, id),
        Holder::Group(id) => org.group(id).map_or_else(|| number(id.number()), |group| group.subject.to_string()),
        Holder::Everyone => "everyone".to_owned(),
    }
}

/// What people call a holder.
pub(crate) fn holder_name(org: &Org, holder: Holder) -> String {
    match holder {
        Holder::Principal(id) => {
            org.principal(id).map_or_else(|| number(id.number()), |principal| principal.name.to_string())
        }
        Holder::Group(id) => org.group(id).map_or_else(|| number(id.number()), |group| group.name.to_string()),
        Holder::Everyone => "everyone".to_owned(),
    }
}

fn number(number: u32) -> String {
    format!("~{number}")
}

/// An action's name; `~7` when it is gone.
pub(crate) fn action(org: &Org, id: ActionId) -> String {
    org.action(id).map_or_else(|| number(id.number()), |row| row.name.to_string())
}

/// A role's name; `~7` when it is gone.
pub(crate) fn role(org: &Org, id: RoleId) -> String {
    org.role(id).map_or_else(|| number(id.number()), |row| row.name.to_string())
}

/// A policy's name; `~7` when it is gone.
pub(crate) fn policy(org: &Org, id: PolicyId) -> String {
    org.policy(id).map_or_else(|| number(id.number()), |row| row.name.to_string())
}

/// A project's name; `~7` when it is gone.
pub(crate) fn project(org: &Org, id: ProjectId) -> String {
    org.project(id).map_or_else(|| number(id.number()), |row| row.name.to_string())
}

/// An environment's name; `~7` when it is gone.
pub(crate) fn environment(org: &Org, id: EnvironmentId) -> String {
    org.environment(id).map_or_else(|| number(id.number()), |row| row.name.to_string())
}

/// Permits as the wire has them.
pub(crate) fn permit_views(org: &Org, permits: &[rolecall_model::role::Permit]) -> Vec<PermitBody> {
    let view = |permit: &rolecall_model::role::Permit| {
        let ScopeView { project, environment } = ScopeView::of(org, permit.scope);
        PermitBody { action: action(org, permit.action), project, environment }
    };
    permits.iter().map(view).collect()
}

/// Bindings as the wire has them.
pub(crate) fn binding_views(org: &Org, bindings: &[rolecall_model::policy::Binding]) -> Vec<BindingBody> {
    let view = |binding: &rolecall_model::policy::Binding| {
        let ScopeView { project, environment } = ScopeView::of(org, binding.scope);
        BindingBody { role: role(org, binding.role), project, environment }
    };
    bindings.iter().map(view).collect()
}

/// Extra attributes as the wire has them.
pub(crate) fn attributes(attributes: &rolecall_model::attributes::Attributes) -> crate::json::Attributes {
    attributes.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}
