//! An engine's explanation as JSON: the reasons as sentences for people, the paths as data for
//! programs. Given only when asked for.

use crate::entity::Asked;
use crate::fault::Fault;
use rolecall_engine::{Denial, Explanation, Lack, Miss, Path, Place, Question, Reason, Window};
use rolecall_model::id::{ActionId, Holder, RoleId};
use rolecall_model::refusal::shown;
use rolecall_model::{Org, Scope, resolve};
use rolecall_service::{Ctx, access};
use serde::Serialize;
use utoipa::ToSchema;

/// Why an answer is as it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = authzen::Explanation)]
pub(crate) struct ExplanationView {
    /// Each way to the right, or what is missing, as sentences in English.
    reasons: Vec<String>,
    /// For an allow: each path that gives it. For a denial: the nearest misses, each of which lacks
    /// exactly one thing.
    paths: Vec<PathView>,
    /// Whether there are more misses than are listed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    more: bool,
    #[serde(skip)]
    allowed: bool,
}

/// A way in which a role reaches the subject.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = authzen::Path)]
struct PathView {
    /// The group that holds it; absent when the subject holds it itself or everyone does.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// Whether everyone holds it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    everyone: bool,
    /// The policy in between.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    /// The role.
    role: String,
    /// The project in which it counts; absent when in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    /// The environment in which it counts; absent when in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    /// From the action that the role permits to the one asked about, each including the next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    through: Vec<String>,
    /// For a miss, the one thing it lacks: `time`, `scope`, `membership` or `action`.
    #[serde(skip_serializing_if = "Option::is_none")]
    lacks: Option<&'static str>,
}

impl ExplanationView {
    pub(crate) const fn allowed(&self) -> bool {
        self.allowed
    }

    fn denied(reason: String) -> Self {
        ExplanationView { reasons: vec![reason], paths: Vec::new(), more: false, allowed: false }
    }
}

/// Explains the answer to a question that was found, or why it could not be found.
pub(crate) fn explain(
    ctx: &Ctx,
    asked: &Asked<'_>,
    place: Place,
    question: Option<Question>,
) -> Result<ExplanationView, Fault> {
    access::require_to_read(ctx, question.map(|question| question.subject))?;
    let org = ctx.org();
    Ok(match question {
        Some(question) => Words { org, asked }.explanation(&ctx.index().explain(&question), place),
        None => ExplanationView::denied(unfound(org, asked)),
    })
}

/// What of a question the organization does not know.
fn unfound(org: &Org, asked: &Asked<'_>) -> String {
    let (subject, action, kind) = (shown(asked.subject), shown(asked.action), shown(asked.resource.kind));
    let wanted = shown(asked.subject_type);
    match org.find_principal(asked.subject) {
        None => format!("there is no {wanted} \"{subject}\""),
        Some((_, found)) if found.kind().word() != asked.subject_type => {
            format!("\"{subject}\" is of type \"{}\", not \"{wanted}\"", found.kind().word())
        }
        _ if org.action_named(asked.action).is_none() => format!("there is no action \"{action}\""),
        _ => format!("the action \"{action}\" is none of those that the resource type \"{kind}\" lists"),
    }
}

/// Says things of one organization about one question.
struct Words<'a> {
    org: &'a Org,
    asked: &'a Asked<'a>,
}

impl Words<'_> {
    fn explanation(&self, explanation: &Explanation, place: Place) -> ExplanationView {
        if let Some(denial) = &explanation.denial {
            return self.denial(denial, place);
        }
        let paths = explanation.paths.iter().map(|found| {
            let through = found.through.iter().map(|action| self.action(*action)).collect();
            self.path(&found.source.path, found.source.scope, through, None)
        });
        let reasons = explanation.paths.iter().map(|found| {
            let permitted = found.source.permit.action;
            let included = if permitted == explanation.question.action {
                String::new()
            } else {
                format!(", which includes \"{}\"", self.action(explanation.question.action))
            };
            let (way, at) = (self.way(&found.source.path), self.at(found.source.scope));
            format!("{way} permits \"{}\" {at}{included}", self.action(permitted))
        });
        ExplanationView { reasons: reasons.collect(), paths: paths.collect(), more: false, allowed: true }
    }

    fn denial(&self, denial: &Denial, place: Place) -> ExplanationView {
        let (subject, action) = (shown(self.asked.subject), shown(self.asked.action));
        let nothing = match denial.reason {
            Reason::UnknownSubject => format!("there is no subject \"{subject}\""),
            Reason::UnknownAction => format!("there is no action \"{action}\""),
            Reason::Inactive => {
                format!("\"{subject}\" is disabled, so nothing that it holds counts")
            }
            Reason::NothingGivesIt => {
                format!("nothing that \"{subject}\" holds permits \"{action}\" {}", self.place(place))
            }
        };
        let misses = denial.misses.iter().map(|miss| self.miss(miss));
        let paths = denial.misses.iter().map(|miss| {
            let scope = if let Lack::Scope(scope) = miss.lack { scope } else { miss.path.binding.scope };
            self.path(&miss.path, scope, Vec::new(), Some(word(miss.lack)))
        });
        ExplanationView {
            reasons: std::iter::once(nothing).chain(misses).collect(),
            paths: paths.collect(),
            more: denial.capped,
            allowed: false,
        }
    }

    fn miss(&self, miss: &Miss) -> String {
        let way = self.way(&miss.path);
        match miss.lack {
            Lack::Time(window) => format!("{way} would permit it, but {}", counts(window)),
            Lack::Scope(scope) => format!("{way} permits it, but only {}", self.at(scope)),
            Lack::Membership(_) => format!("{way} would permit it to a member"),
            Lack::Action => format!("{way} counts there, but does not permit it"),
        }
    }

    /// The role and how it reaches the subject.
    fn way(&self, path: &Path) -> String {
        let role = self.role(path.binding.role);
        let through = match path.policy().and_then(|policy| self.org.policy(policy)) {
            Some(policy) => format!("role \"{role}\" by policy \"{}\"", policy.name),
            None => format!("role \"{role}\""),
        };
        match path.holder {
            Holder::Principal(_) => through,
            Holder::Everyone => format!("{through}, which everyone holds,"),
            Holder::Group(_) => format!("{through} of group \"{}\"", self.group(path).unwrap_or_default()),
        }
    }

    fn path(&self, path: &Path, scope: Scope, through: Vec<String>, lacks: Option<&'static str>) -> PathView {
        let named = |name: &rolecall_model::name::Text| name.to_string();
        PathView {
            group: self.group(path),
            everyone: path.holder == Holder::Everyone,
            policy: path.policy().and_then(|policy| self.org.policy(policy)).map(|policy| named(&policy.name)),
            role: self.role(path.binding.role),
            project: scope.project.and_then(|id| self.org.project(id)).map(|project| named(&project.name)),
            environment: scope.environment.and_then(|id| self.org.environment(id)).map(|row| named(&row.name)),
            through,
            lacks,
        }
    }

    fn group(&self, path: &Path) -> Option<String> {
        let Holder::Group(id) = path.holder else {
            return None;
        };
        self.org.group(id).map(|group| group.name.to_string())
    }

    fn role(&self, id: RoleId) -> String {
        self.org.role(id).map(|role| role.name.to_string()).unwrap_or_default()
    }

    fn action(&self, id: ActionId) -> String {
        self.org.action(id).map(|action| action.name.to_string()).unwrap_or_default()
    }

    fn at(&self, scope: Scope) -> String {
        format!("at {}", resolve::scope_words(self.org, scope))
    }

    fn place(&self, place: Place) -> String {
        use rolecall_engine::Part::{All, One, Unknown};
        let project = match place.project {
            All => None,
            One(id) => Some(id),
            Unknown => return "in a project that is not there".to_owned(),
        };
        let environment = match place.environment {
            All => None,
            One(id) => Some(id),
            Unknown => return "in an environment that is not there".to_owned(),
        };
        self.at(Scope::new(project, environment))
    }
}

const fn word(lack: Lack) -> &'static str {
    match lack {
        Lack::Time(_) => "time",
        Lack::Scope(_) => "scope",
        Lack::Membership(_) => "membership",
        Lack::Action => "action",
    }
}

/// When something counts.
fn counts(window: Window) -> String {
    match (window.from, window.until) {
        _ if window.is_empty() => "its parts never count together".to_owned(),
        (Some(from), Some(until)) => format!("it counts from {from} until {until}"),
        (Some(from), None) => format!("it counts from {from}"),
        (None, Some(until)) => format!("it counted until {until}"),
        (None, None) => "it does not count now".to_owned(),
    }
}
