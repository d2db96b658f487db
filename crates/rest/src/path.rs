//! The ways in which rights reach a subject, and what comes nearest when none does.

use crate::problem::Problem;
use crate::wire::{self, PermitBody, ScopeView, TermsView};
use rolecall_engine::{AllowedPath, Lack, Miss, Part, Path, Question};
use rolecall_model::assignment::{AssignmentCommand, Grant, GrantRef};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::Holder;
use rolecall_model::membership::MembershipCommand;
use rolecall_model::policy::BindingRef;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::resolve::scope_words;
use rolecall_model::role::{Permit, PermitRef, RoleCommand};
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Command, Org, Ref, Scope, Timestamp, operation as op};
use rolecall_service::{Ctx, access};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A way in which a role at a scope reaches a subject.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PathView {
    /// Who was given something: the subject itself, a group's opaque id, or `everyone`.
    pub holder: String,
    /// What people call it.
    pub holder_name: String,
    /// `own`, `group` or `everyone`.
    pub via: &'static str,
    /// With a group: on what conditions the subject is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership: Option<TermsView>,
    /// On what conditions the holder has it.
    pub assignment: TermsView,
    /// The policy in between, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The role.
    pub role: String,
    /// Where the role is bound: the project; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The environment; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

impl PathView {
    pub(crate) fn of(org: &Org, path: &Path, at: Timestamp) -> Self {
        let ScopeView { project, environment } = ScopeView::of(org, path.binding.scope);
        PathView {
            holder: wire::holder(org, path.holder),
            holder_name: wire::holder_name(org, path.holder),
            via: match path.holder {
                Holder::Principal(_) => "own",
                Holder::Group(_) => "group",
                Holder::Everyone => "everyone",
            },
            membership: path.membership.map(|membership| TermsView::of(org, membership.provenance, at)),
            assignment: TermsView::of(org, path.assignment.provenance, at),
            policy: path.policy().map(|id| wire::policy(org, id)),
            role: wire::role(org, path.binding.role),
            project,
            environment,
        }
    }
}

/// A path that allows what was asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AllowedPathView {
    /// The way to the role.
    #[serde(flatten)]
    pub path: PathView,
    /// The permit of the role.
    pub permit: PermitBody,
    /// Where binding and permit meet.
    pub at: ScopeView,
    /// From the permit's action to the one asked about, each including the next.
    pub through: Vec<String>,
}

impl AllowedPathView {
    pub(crate) fn of(org: &Org, allowed: &AllowedPath, at: Timestamp) -> Self {
        AllowedPathView {
            path: PathView::of(org, &allowed.source.path, at),
            permit: permit(org, allowed.source.permit),
            at: ScopeView::of(org, allowed.source.scope),
            through: allowed.through.iter().map(|id| wire::action(org, *id)).collect(),
        }
    }
}

/// A permit as the wire has it.
pub(crate) fn permit(org: &Org, permit: Permit) -> PermitBody {
    let ScopeView { project, environment } = ScopeView::of(org, permit.scope);
    PermitBody { action: wire::action(org, permit.action), project, environment }
}

/// A path that would allow if it were not for one thing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MissView {
    /// The one thing: `scope`, `time`, `membership` or `action`.
    pub differs: &'static str,
    /// What is missing, as a sentence.
    pub sentence: String,
    /// The way to the role.
    #[serde(flatten)]
    pub path: PathView,
    /// The permit that would give it; absent when the role lacks the action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permit: Option<PermitBody>,
    /// Where it counts, when that is what differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<ScopeView>,
    /// The operation of a batch that would mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub mend: Option<Value>,
    /// Who could do that, found by deciding the very operation as each of them; at most ten.
    pub could_grant: Vec<GranterView>,
    /// Whether there are more.
    pub more_could: bool,
}

/// Somebody who could mend a denial.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GranterView {
    /// Its opaque id.
    pub subject: String,
    /// What people call it.
    pub name: String,
    /// The identifier by which people know it best.
    pub identifier: String,
}

/// What would mend a denial: the command, how a batch says it, and what doing it needs first.
struct Mend {
    command: Command,
    operation: Value,
    by: rolecall_model::id::ActionId,
}

impl MissView {
    pub(crate) fn of(ctx: &Ctx, question: &Question, miss: &Miss) -> Result<Self, Problem> {
        let org = ctx.org();
        let mend = mend(org, question, miss);
        let (could, more_could) = match &mend {
            Some(mend) => access::who_could_do(ctx, &mend.command, mend.by)?,
            None => (Vec::new(), false),
        };
        let granter = |id| {
            let principal = org.principal(id)?;
            let (subject, name) = (principal.subject.to_string(), principal.name.to_string());
            Some(GranterView { subject, name, identifier: principal.best_identifier().to_string() })
        };
        Ok(MissView {
            differs: differs(miss.lack),
            sentence: sentence(org, question, miss),
            path: PathView::of(org, &miss.path, question.at),
            permit: miss.permit.map(|found| permit(org, found)),
            at: if let Lack::Scope(scope) = miss.lack { Some(ScopeView::of(org, scope)) } else { None },
            mend: mend.map(|mend| mend.operation),
            could_grant: could.into_iter().filter_map(granter).collect(),
            more_could,
        })
    }
}

const fn differs(lack: Lack) -> &'static str {
    match lack {
        Lack::Time(_) => "time",
        Lack::Scope(_) => "scope",
        Lack::Membership(_) => "membership",
        Lack::Action => "action",
    }
}

fn sentence(org: &Org, question: &Question, miss: &Miss) -> String {
    let role = wire::role(org, miss.path.binding.role);
    let action = wire::action(org, question.action);
    match miss.lack {
        Lack::Scope(scope) => format!(
            "the role \"{role}\" gives \"{action}\" at {}, not at {}",
            scope_words(org, scope),
            asked_words(org, question)
        ),
        Lack::Membership(group) => {
            let name = org.group(group).map(|group| group.name.to_string()).unwrap_or_default();
            format!("the group \"{name}\" has it by the role \"{role}\", but the subject is not in the group")
        }
        Lack::Action => format!("the role \"{role}\" is held there but does not permit \"{action}\""),
        Lack::Time(window) => match (window.from, window.until) {
            _ if window.is_empty() => format!("what gives it by the role \"{role}\" never counts all at one time"),
            (Some(from), _) if from > question.at => format!("the role \"{role}\" gives it only from {from} on"),
            (_, Some(until)) => format!("the role \"{role}\" gave it until {until}"),
            _ => format!("the role \"{role}\" does not give it at this time"),
        },
    }
}

fn asked_words(org: &Org, question: &Question) -> String {
    asked(question).map_or_else(|| "a place that is not there".to_owned(), |scope| scope_words(org, scope))
}

/// The scope that was asked about; none when a part of it is not known.
fn asked(question: &Question) -> Option<Scope> {
    let project = match question.place.project {
        Part::All => None,
        Part::One(id) => Some(id),
        Part::Unknown => return None,
    };
    let environment = match question.place.environment {
        Part::All => None,
        Part::One(id) => Some(id),
        Part::Unknown => return None,
    };
    Some(Scope { project, environment })
}

fn mend(org: &Org, question: &Question, miss: &Miss) -> Option<Mend> {
    let subject = wire::principal(org, question.subject);
    let subject_ref = SubjectRef::Number(question.subject.number());
    let terms = Terms::of(Source::Manual);
    let role = Ref::Number(miss.path.binding.role.number());
    let role_name = wire::role(org, miss.path.binding.role);
    let grant = |grant: GrantRef, mut body: Value| {
        if let Some(map) = body.as_object_mut() {
            map.insert("subject".to_owned(), subject.clone().into());
            map.retain(|_, value| !value.is_null());
        }
        let command = AssignmentCommand::Grant(subject_ref.clone(), grant, terms.clone()).into();
        Mend { command, operation: json!({ "op": "assignment.create", "body": body }), by: op::ASSIGNMENTS_WRITE }
    };
    let join = |group: rolecall_model::id::GroupId| {
        let name = org.group(group).map(|group| group.name.to_string()).unwrap_or_default();
        let command = MembershipCommand::Add(Ref::Number(group.number()), subject_ref.clone(), terms.clone()).into();
        let operation =
            json!({ "op": "group.add_members", "target": name, "body": { "members": [{ "user": subject }] } });
        Mend { command, operation, by: op::GROUPS_WRITE }
    };
    match miss.lack {
        Lack::Membership(group) => Some(join(group)),
        Lack::Scope(_) => {
            let scope = asked(question)?;
            let ScopeView { project, environment } = ScopeView::of(org, scope);
            let body = json!({ "role": role_name, "project": project, "environment": environment });
            Some(grant(GrantRef::Role(BindingRef { role, scope: scope.into() }), body))
        }
        Lack::Time(_) => {
            // When the grant itself counts, it is the membership that does not.
            let given =
                miss.path.assignment_provenance(org).is_some_and(|provenance| provenance.terms.in_force(question.at));
            match (miss.path.holder, given, miss.path.assignment.grant) {
                (Holder::Group(group), true, _) => Some(join(group)),
                (_, _, Grant::Policy(policy)) => {
                    let body = json!({ "policy": wire::policy(org, policy) });
                    Some(grant(GrantRef::Policy(Ref::Number(policy.number())), body))
                }
                (_, _, Grant::Role(binding)) => {
                    let ScopeView { project, environment } = ScopeView::of(org, binding.scope);
                    let body = json!({ "role": role_name, "project": project, "environment": environment });
                    Some(grant(GrantRef::Role(BindingRef { role, scope: binding.scope.into() }), body))
                }
            }
        }
        // A predefined role never changes, so there is nothing to propose.
        Lack::Action if org.role(miss.path.binding.role).is_none_or(|role| role.predefined) => None,
        Lack::Action => {
            let permit = PermitRef { action: Ref::Number(question.action.number()), scope: ScopeRef::ORGANIZATION };
            let permits = json!([{ "action": wire::action(org, question.action) }]);
            let operation = json!({ "op": "role.permit", "target": role_name, "body": { "permits": permits } });
            Some(Mend { command: RoleCommand::Permit(role, vec![permit]).into(), operation, by: op::ROLES_WRITE })
        }
    }
}
