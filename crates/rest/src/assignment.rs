//! Assignments over the wire: what users, applications, groups and everyone have been given.

mod list;

use crate::answer::{Answer, Item, Reply, encoded};
use crate::call::{Call, reference, subject};
use crate::json::nullable;
use crate::problem::Problem;
use crate::route::{Route, Value, Where};
use crate::visible::Visible;
use crate::wire::{self, ScopeView, TermsBody, TermsView};
use rolecall_model::assignment::{Assignment, AssignmentChange, AssignmentCommand, Grant, GrantRef};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::{EnvironmentId, Holder, PolicyId, ProjectId, RoleId};
use rolecall_model::policy::{Binding, BindingRef};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::{Change, Org, Ref, Refusal, Scope, Timestamp, operation as op, resolve};
use rolecall_service::Ctx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something to be given, or to be taken.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAssignmentBody {
    /// The user or application, by any identifier, or a group's opaque id. Either this or `group`.
    #[serde(default)]
    pub subject: Option<String>,
    /// The group, by name.
    #[serde(default)]
    pub group: Option<String>,
    /// The policy. Either this or `role`.
    #[serde(default)]
    pub policy: Option<String>,
    /// The role.
    #[serde(default)]
    pub role: Option<String>,
    /// With a role: the project; absent means all.
    #[serde(default)]
    pub project: Option<String>,
    /// With a role: the environment; absent means all.
    #[serde(default)]
    pub environment: Option<String>,
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

impl NewAssignmentBody {
    fn holder(&self) -> Result<SubjectRef, Problem> {
        match (&self.subject, &self.group) {
            (Some(name), None) => Ok(subject(name)),
            (None, Some(name)) => Ok(SubjectRef::Group(reference(name))),
            _ => Err(Problem::invalid("subject", "name either a subject or a group")),
        }
    }

    fn grant(&self) -> Result<GrantRef, Problem> {
        let scope = wire::scope_ref(self.project.as_deref(), self.environment.as_deref());
        match (&self.policy, &self.role) {
            (Some(name), None) if scope.is_organization() => Ok(GrantRef::Policy(reference(name))),
            (Some(_), None) => {
                Err(Problem::invalid("policy", "a policy brings its own scopes; leave project and environment out"))
            }
            (None, Some(name)) => Ok(GrantRef::Role(BindingRef { role: reference(name), scope })),
            _ => Err(Problem::invalid("policy", "name either a policy or a role")),
        }
    }

    /// Giving it.
    pub(crate) fn create(self, ctx: &Ctx) -> Result<AssignmentCommand, Problem> {
        let (holder, grant) = (self.holder()?, self.grant()?);
        let NewAssignmentBody { from, until, reason, approver, .. } = self;
        let terms = TermsBody { from, until, reason, approver }.terms(ctx)?;
        Ok(AssignmentCommand::Grant(holder, grant, terms))
    }
}

/// An assignment to be ended, by what it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndAssignmentBody {
    /// The user or application, by any identifier, or a group's opaque id. Either this or `group`.
    #[serde(default)]
    pub subject: Option<String>,
    /// The group, by name.
    #[serde(default)]
    pub group: Option<String>,
    /// The policy. Either this or `role`.
    #[serde(default)]
    pub policy: Option<String>,
    /// The role.
    #[serde(default)]
    pub role: Option<String>,
    /// With a role: the project; absent means all.
    #[serde(default)]
    pub project: Option<String>,
    /// With a role: the environment; absent means all.
    #[serde(default)]
    pub environment: Option<String>,
}

impl EndAssignmentBody {
    /// Taking it, from every source.
    pub(crate) fn end(self) -> Result<AssignmentCommand, Problem> {
        let EndAssignmentBody { subject, group, policy, role, project, environment } = self;
        let (from, until, reason, approver) = (None, None, None, None);
        let same =
            NewAssignmentBody { subject, group, policy, role, project, environment, from, until, reason, approver };
        let (subject, grant) = (same.holder()?, same.grant()?);
        Ok(AssignmentCommand::End { subject, grant, source: None, quietly: false })
    }
}

/// What of an assignment's conditions is to change; what is absent stays, null takes a value away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignmentPatchBody {
    /// When it begins to count.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Option<Timestamp>>,
    /// When it stops to count.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Option<Timestamp>>,
    /// Why.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Option<String>>,
    /// Who approved it: any identifier.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub approver: Option<Option<String>>,
}

impl AssignmentPatchBody {
    fn over(self, ctx: &Ctx, present: Terms) -> Result<Terms, Problem> {
        let approver = match self.approver {
            Some(Some(name)) => Some(Some(wire::approver(ctx, &name)?)),
            Some(None) => Some(None),
            None => None,
        };
        Ok(Terms {
            // Whoever changes it by hand is a source of it from now on.
            sources: vec![Source::Manual],
            from: self.from.unwrap_or(present.from),
            until: self.until.unwrap_or(present.until),
            reason: self.reason.map_or(present.reason, |reason| reason.map(Into::into)),
            approver: approver.unwrap_or(present.approver),
        })
    }
}

/// Something that a subject has been given: a policy, or a role at a scope.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssignmentView {
    /// Its id: who, what and where.
    pub id: String,
    /// Who has it: a subject, or `everyone`.
    pub subject: String,
    /// What people call who has it.
    pub subject_name: String,
    /// `user`, `application`, `group` or `everyone`.
    pub kind: &'static str,
    /// The policy; either this or `role`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// With a role: where.
    #[serde(flatten)]
    pub scope: ScopeView,
    /// On what conditions.
    #[serde(flatten)]
    pub terms: TermsView,
}

/// One holder's assignment.
#[derive(Clone, Copy)]
struct Held {
    holder: Holder,
    assignment: Assignment,
}

impl Held {
    fn view(self, org: &Org, at: Timestamp) -> AssignmentView {
        let Held { holder, assignment } = self;
        let (policy, role, scope) = match assignment.grant {
            Grant::Policy(policy) => (Some(wire::policy(org, policy)), None, Scope::ORGANIZATION),
            Grant::Role(binding) => (None, Some(wire::role(org, binding.role)), binding.scope),
        };
        AssignmentView {
            id: id(org, holder, assignment.grant),
            subject: wire::holder(org, holder),
            subject_name: wire::holder_name(org, holder),
            kind: kind(org, holder),
            policy,
            role,
            scope: ScopeView::of(org, scope),
            terms: TermsView::of(org, assignment.provenance, at),
        }
    }

    fn item(self, org: &Org, at: Timestamp) -> Item<AssignmentView> {
        let view = self.view(org, at);
        Item { revision: view.terms.revision, view }
    }
}

fn kind(org: &Org, holder: Holder) -> &'static str {
    match holder {
        Holder::Everyone => "everyone",
        Holder::Group(_) => "group",
        Holder::Principal(id) => org.principal(id).map_or("user", |principal| principal.kind().word()),
    }
}

/// An assignment's id: the holder's subject, then `p3` for policy 3 or `r2` for role 2, then the
/// numbers of project and environment (0 for all) when a role is narrowed.
fn id(org: &Org, holder: Holder, grant: Grant) -> String {
    let who = wire::holder(org, holder);
    match grant {
        Grant::Policy(policy) => format!("{who}.p{}", policy.number()),
        Grant::Role(Binding { role, scope }) if scope == Scope::ORGANIZATION => format!("{who}.r{}", role.number()),
        Grant::Role(Binding { role, scope }) => {
            let project = scope.project.map_or(0, ProjectId::number);
            let environment = scope.environment.map_or(0, EnvironmentId::number);
            format!("{who}.r{}.{project}.{environment}", role.number())
        }
    }
}

fn parse_id(org: &Org, text: &str) -> Option<(Holder, Grant)> {
    let mut parts = text.split('.');
    let who = parts.next()?;
    let holder = if who == "everyone" { Holder::Everyone } else { resolve::holder(org, &subject(who), "").ok()? };
    let what = parts.next()?;
    let grant = match what.split_at_checked(1)? {
        ("p", number) => Grant::Policy(PolicyId::new(number.parse().ok()?)?),
        ("r", number) => {
            let role = RoleId::new(number.parse().ok()?)?;
            let project = parts.next().map_or(Some(0), |part| part.parse().ok())?;
            let environment = parts.next().map_or(Some(0), |part| part.parse().ok())?;
            Grant::Role(Binding { role, scope: Scope::new(ProjectId::new(project), EnvironmentId::new(environment)) })
        }
        _ => return None,
    };
    parts.next().is_none().then_some((holder, grant))
}

fn find(org: &Org, holder: Holder, grant: Grant) -> Option<Held> {
    let assignment = org.assignments_of(holder).iter().find(|assignment| assignment.grant == grant)?;
    Some(Held { holder, assignment: *assignment })
}

/// The assignment that the path names, if the caller may see it.
fn target(call: &Call, org: &Org) -> Result<Held, Problem> {
    let named = call.path("assignment");
    let found = parse_id(org, named).and_then(|(holder, grant)| find(org, holder, grant));
    let visible = Visible::to(&call.ctx);
    let found = found.filter(|held| visible.sees(org, held.holder, held.assignment.grant));
    found.ok_or_else(|| Problem::not_found("assignment", named))
}

fn holder_ref(org: &Org, holder: Holder) -> Result<SubjectRef, Problem> {
    match holder {
        Holder::Principal(id) => Ok(SubjectRef::Number(id.number())),
        Holder::Group(id) => Ok(SubjectRef::Group(Ref::Number(id.number()))),
        Holder::Everyone => {
            let name = org.settings().map(|settings| settings.catalog.to_string()).unwrap_or_default();
            Err(Refusal::predefined("what everyone has in the catalog", &name).into())
        }
    }
}

fn grant_ref(grant: Grant) -> GrantRef {
    match grant {
        Grant::Policy(id) => GrantRef::Policy(Ref::Number(id.number())),
        Grant::Role(binding) => {
            GrantRef::Role(BindingRef { role: Ref::Number(binding.role.number()), scope: binding.scope.into() })
        }
    }
}

async fn read(call: Call) -> Reply {
    let org = call.org();
    Answer::item(&target(&call, org)?.item(org, call.ctx.asked_at()))
}

/// What a command of assignments came to.
fn shown(call: &Call, done: &rolecall_service::Done, holder: Option<(Holder, Grant)>, made: bool) -> Reply {
    call.changed(done, |view, changes| {
        let known = changes.iter().find_map(|change| match change {
            Change::Assignment(
                AssignmentChange::Granted { holder, grant, .. } | AssignmentChange::Changed { holder, grant, .. },
            ) => Some((*holder, *grant)),
            _ => None,
        });
        let (holder, grant) = known.or(holder)?;
        let item = find(view.org(), holder, grant)?.item(view.org(), call.ctx.now());
        let answer = Answer::item(&item).ok()?;
        let new = changes.iter().any(|change| matches!(change, Change::Assignment(AssignmentChange::Granted { .. })));
        Some(if made && new { answer.made(&format!("/assignments/{}", encoded(&item.view.id))) } else { answer })
    })
}

async fn create(call: Call) -> Reply {
    let body: NewAssignmentBody = call.json().await?;
    let command = body.create(&call.ctx)?;
    let known = match &command {
        AssignmentCommand::Grant(holder, grant, _) => present(call.org(), holder, grant),
        _ => None,
    };
    let done = call.change(command).await?;
    shown(&call, &done, known, true)
}

/// The assignment that a command names, when all its names are known already.
fn present(org: &Org, holder: &SubjectRef, grant: &GrantRef) -> Option<(Holder, Grant)> {
    let holder = resolve::holder(org, holder, "").ok()?;
    let grant = match grant {
        GrantRef::Policy(policy) => Grant::Policy(resolve::policy(org, policy, "").ok()?),
        GrantRef::Role(binding) => {
            let (role, scope) =
                (resolve::role(org, &binding.role, "").ok()?, resolve::scope(org, &binding.scope, "").ok()?);
            Grant::Role(Binding { role, scope })
        }
    };
    Some((holder, grant))
}

async fn change(call: Call) -> Reply {
    let body: AssignmentPatchBody = call.json().await?;
    let org = call.org();
    let held = target(&call, org)?;
    let (holder, grant) = (held.holder, held.assignment.grant);
    let present = org.provenances.get(held.assignment.provenance);
    call.require_tag(present.map_or(0, |provenance| provenance.revision.0))?;
    let terms = body.over(&call.ctx, present.map(|provenance| provenance.terms.clone()).unwrap_or_default())?;
    let done = call.change(AssignmentCommand::Grant(holder_ref(org, holder)?, grant_ref(grant), terms)).await?;
    shown(&call, &done, Some((holder, grant)), false)
}

async fn delete(call: Call) -> Reply {
    let org = call.org();
    let named = call.path("assignment");
    let (holder, grant) = parse_id(org, named).ok_or_else(|| Problem::not_found("assignment", named))?;
    // One that is gone goes on to the service, which may have answered this very request before.
    if find(org, holder, grant).is_some() {
        let held = target(&call, org)?;
        call.require_tag(held.view(org, call.ctx.now()).terms.revision)?;
    }
    let (subject, grant) = (holder_ref(org, holder)?, grant_ref(grant));
    let done = call.change(AssignmentCommand::End { subject, grant, source: None, quietly: false }).await?;
    call.gone(&done)
}

async fn end(call: Call) -> Reply {
    let body: EndAssignmentBody = call.json().await?;
    let done = call.change(body.end()?).await?;
    call.gone(&done)
}

/// The routes of assignments.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/assignments", "list_assignments", "List who has been given what")
            .open("only one's own, everyone's, and those where rolecall.assignments.read is held are listed")
            .pages::<AssignmentView>()
            .param("search", Value::Text, "Only of holders with this text in name or identifier.")
            .param("subject", Value::Text, "Only of this user, application or group (opaque id), or `everyone`.")
            .param("group", Value::Text, "Only of the group of this name.")
            .param("policy", Value::Text, "Only of this policy.")
            .param("role", Value::Text, "Only of this role, given directly.")
            .param("project", Value::Text, "Only roles given at this project.")
            .param("environment", Value::Text, "Only roles given at this environment.")
            .param(
                "in_force",
                Value::OneOf(&["true", "false", "any"]),
                "Only what counts at the instant asked about, only what does not, or any (default).",
            )
            .by(list::list),
        Route::post(
            "/assignments",
            "create_assignment",
            "Give a policy, or a role at a scope; giving it again sets the conditions",
        )
        .needs_at(op::ASSIGNMENTS_WRITE, Where::Somewhere)
        .takes::<NewAssignmentBody>()
        .makes::<AssignmentView>()
        .may_be_there()
        .by(create),
        Route::post("/assignments/end", "end_assignment", "Take something, named by what it is")
            .needs_at(op::ASSIGNMENTS_WRITE, Where::Somewhere)
            .takes::<EndAssignmentBody>()
            .by(end),
        Route::get("/assignments/{assignment}", "read_assignment", "Read an assignment")
            .open("what the caller may not see is not found")
            .answers::<AssignmentView>()
            .by(read),
        Route::patch("/assignments/{assignment}", "change_assignment", "Change the conditions of an assignment")
            .needs_at(op::ASSIGNMENTS_WRITE, Where::Somewhere)
            .takes::<AssignmentPatchBody>()
            .answers::<AssignmentView>()
            .by(change),
        Route::delete("/assignments/{assignment}", "delete_assignment", "Take something, named by its id")
            .needs_at(op::ASSIGNMENTS_WRITE, Where::Somewhere)
            .by(delete),
    ]
}
