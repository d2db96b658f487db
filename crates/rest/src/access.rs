//! Asking who may do what where, and why.

use crate::answer::{Answer, Reply};
use crate::call::{Call, reference, subject};
use crate::page::{After, Asked};
use crate::path::{AllowedPathView, MissView, PathView};
use crate::problem::Problem;
use crate::route::{Route, Value};
use crate::wire::{self, PermitBody, ScopeView};
use rolecall_engine::{Place, Question, Reason, Right};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::{ActionId, Holder, PrincipalId};
use rolecall_model::{Org, operation as op, resolve};
use rolecall_service::access;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most questions at once.
const MOST_CHECKS: usize = 10_000;
/// Under which name decisions are counted.
const TALLY: &str = "rest";

/// A question: may this subject do this action here?
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckBody {
    /// The user or application, by any identifier; absent means the caller.
    #[serde(default)]
    pub subject: Option<String>,
    /// The action.
    pub action: String,
    /// The project; absent means all projects at once.
    #[serde(default)]
    pub project: Option<String>,
    /// The environment; absent means all environments at once.
    #[serde(default)]
    pub environment: Option<String>,
}

/// Many questions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChecksBody {
    /// The questions, at most 10,000.
    pub checks: Vec<CheckBody>,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckView {
    /// Whether it may.
    pub allowed: bool,
}

/// Answers in the order of the questions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChecksView {
    /// The answers.
    pub results: Vec<CheckView>,
}

/// Why a subject may, or what is missing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplanationView {
    /// Whether it may.
    pub allowed: bool,
    /// Who was asked about.
    pub subject: String,
    /// What people call it.
    pub subject_name: String,
    /// What was asked.
    pub action: String,
    /// Where.
    #[serde(flatten)]
    pub place: ScopeView,
    /// Of an allow: every path that gives it, each enough alone.
    pub paths: Vec<AllowedPathView>,
    /// Of a denial: `inactive` when the subject is disabled, `nothing_gives_it` otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Of a denial: what comes nearest, each different in exactly one thing.
    pub misses: Vec<MissView>,
    /// Whether there were more misses than are listed or were looked at.
    pub capped: bool,
}

/// A user or application that can do something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActorView {
    /// Its opaque id.
    pub subject: String,
    /// Its number.
    pub number: u32,
    /// `user` or `application`.
    pub kind: &'static str,
    /// What people call it.
    pub name: String,
    /// The identifier by which people know it best.
    pub identifier: String,
}

/// Where a subject can do an action: the fewest scopes that cover every such place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScopesView {
    /// The scopes; none means nowhere.
    pub scopes: Vec<ScopeView>,
}

/// What a subject can do at a place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActionsView {
    /// The actions, included ones spelled out.
    pub actions: Vec<String>,
}

/// An action that a subject may do, where, and all that gives it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RightView {
    /// The action.
    pub action: String,
    /// Where.
    #[serde(flatten)]
    pub scope: ScopeView,
    /// Everything that gives it there.
    pub sources: Vec<SourceView>,
}

/// A permit that reaches a subject, and how.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceView {
    /// The way to the role.
    #[serde(flatten)]
    pub path: PathView,
    /// The permit.
    pub permit: PermitBody,
    /// Where binding and permit meet.
    pub at: ScopeView,
}

/// Everything that a subject may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccessView {
    /// Who.
    pub subject: String,
    /// What people call it.
    pub name: String,
    /// Whether it may act at all; a disabled one has no rights.
    pub active: bool,
    /// Its rights, by action, then scope.
    pub rights: Vec<RightView>,
}

/// A question with its names looked up.
struct Known {
    subject: PrincipalId,
    action: ActionId,
    place: Place,
}

/// Looks names up: an unknown one is refused with the nearest. Whoever may not ask is told so first.
fn known(call: &Call, org: &Org, body: &CheckBody) -> Result<Known, Problem> {
    let (project, environment) = (body.project.as_deref(), body.environment.as_deref());
    let subject = resolve::principal(org, &wanted(call, body.subject.as_deref()), "subject");
    let asked = subject.as_ref().ok().map(|(id, _)| *id);
    access::require_to_ask(&call.ctx, asked, access::place(org, project, environment))?;
    let place = access::known_place(org, &wire::scope_ref(project, environment))?;
    let action = resolve::action(org, &reference(&body.action), "action")?;
    Ok(Known { subject: subject?.0, action, place })
}

fn wanted(call: &Call, named: Option<&str>) -> SubjectRef {
    named.map_or(SubjectRef::Number(call.ctx.principal().number()), subject)
}

async fn check(call: Call) -> Reply {
    let body: CheckBody = call.json().await?;
    let Known { subject, action, place } = known(&call, call.org(), &body)?;
    let question = Question { subject, action, place, at: call.ctx.asked_at() };
    let allowed = call.ctx.index().check(&question).allowed;
    call.ctx.service().tally(TALLY).count_one(allowed);
    Answer::json(&CheckView { allowed })
}

async fn check_many(call: Call) -> Reply {
    let ChecksBody { checks } = call.json().await?;
    if checks.len() > MOST_CHECKS {
        let said = format!("{} questions are too many at once; at most {MOST_CHECKS} are answered", checks.len());
        return Err(Problem::new("too_many", said).at("checks"));
    }
    let results = checks.iter().enumerate().map(|(index, body)| {
        let known = known(&call, call.org(), body).map_err(|problem| problem.under(&format!("checks[{index}]")))?;
        let Known { subject, action, place } = known;
        let question = Question { subject, action, place, at: call.ctx.asked_at() };
        Ok(CheckView { allowed: call.ctx.index().check(&question).allowed })
    });
    let results = results.collect::<Result<Vec<CheckView>, Problem>>()?;
    let allowed = results.iter().filter(|view| view.allowed).count();
    call.ctx.service().tally(TALLY).count(allowed as u64, (results.len() - allowed) as u64);
    Answer::json(&ChecksView { results })
}

async fn explain(call: Call) -> Reply {
    let body: CheckBody = call.json().await?;
    let org = call.org();
    let named = wanted(&call, body.subject.as_deref());
    let asked = resolve::principal(org, &named, "subject").ok().map(|(id, _)| id);
    access::require_to_read(&call.ctx, asked)?;
    let place = access::known_place(org, &wire::scope_ref(body.project.as_deref(), body.environment.as_deref()))?;
    let found = access::explain(&call.ctx, &named, &reference(&body.action), place)?;
    let at = call.ctx.asked_at();
    let (reason, misses, capped) = match &found.denial {
        Some(denial) => {
            let reason = if denial.reason == Reason::Inactive { "inactive" } else { "nothing_gives_it" };
            let misses = denial.misses.iter().map(|miss| MissView::of(&call.ctx, &found.question, miss));
            (Some(reason), misses.collect::<Result<_, Problem>>()?, denial.capped)
        }
        None => (None, Vec::new(), false),
    };
    let subject = found.question.subject;
    Answer::json(&ExplanationView {
        allowed: found.allowed,
        subject: wire::principal(org, subject),
        subject_name: wire::holder_name(org, Holder::Principal(subject)),
        action: wire::action(org, found.question.action),
        place: ScopeView { project: body.project, environment: body.environment },
        paths: found.paths.iter().map(|path| AllowedPathView::of(org, path, at)).collect(),
        reason,
        misses,
        capped,
    })
}

/// The place that a query names; every name must be known.
fn place(call: &Call, org: &Org) -> Result<Place, Problem> {
    Ok(access::known_place(org, &wire::scope_ref(call.query("project"), call.query("environment")))?)
}

async fn who_can(call: Call) -> Reply {
    let asked = Asked::of(&call)?;
    let org = asked.view.org();
    call.ctx.require(op::ACCESS_CHECK, access::place(org, call.query("project"), call.query("environment")))?;
    let place = place(&call, org)?;
    let action = resolve::action(org, &reference(call.query("action").unwrap_or_default()), "action")?;
    let after = u32::try_from(asked.position()).ok().and_then(PrincipalId::new);
    let (found, next) = asked.view.index().who_can(action, place, asked.at, after, asked.limit);
    let items = found.into_iter().filter_map(|id| actor(org, id)).collect();
    asked.answer::<ActorView>(&call, items, next.map(|id| After::Number(u64::from(id.number()))))
}

fn actor(org: &Org, id: PrincipalId) -> Option<ActorView> {
    let principal = org.principal(id)?;
    Some(ActorView {
        subject: principal.subject.to_string(),
        number: id.number(),
        kind: principal.kind().word(),
        name: principal.name.to_string(),
        identifier: principal.best_identifier().to_string(),
    })
}

async fn where_can(call: Call) -> Reply {
    let org = call.org();
    let found = resolve::principal(org, &wanted(&call, call.query("subject")), "subject");
    access::require_to_ask(&call.ctx, found.as_ref().ok().map(|(id, _)| *id), Place::ORGANIZATION)?;
    let action = resolve::action(org, &reference(call.query("action").unwrap_or_default()), "action")?;
    let scopes = access::where_can(&call.ctx, found?.0, action)?;
    Answer::json(&ScopesView { scopes: scopes.into_iter().map(|scope| ScopeView::of(org, scope)).collect() })
}

async fn what_can(call: Call) -> Reply {
    let org = call.org();
    let found = resolve::principal(org, &wanted(&call, call.query("subject")), "subject");
    let unchecked = access::place(org, call.query("project"), call.query("environment"));
    access::require_to_ask(&call.ctx, found.as_ref().ok().map(|(id, _)| *id), unchecked)?;
    let actions = access::what_can(&call.ctx, found?.0, place(&call, org)?)?;
    Answer::json(&ActionsView { actions: actions.into_iter().map(|id| wire::action(org, id)).collect() })
}

/// The rights of a subject as the wire has them.
pub(crate) fn rights(call: &Call, org: &Org, rights: &[Right]) -> Vec<RightView> {
    let at = call.ctx.asked_at();
    let source = |source: &rolecall_engine::Source| SourceView {
        path: PathView::of(org, &source.path, at),
        permit: crate::path::permit(org, source.permit),
        at: ScopeView::of(org, source.scope),
    };
    let view = |right: &Right| RightView {
        action: wire::action(org, right.action),
        scope: ScopeView::of(org, right.scope),
        sources: right.sources.iter().map(source).collect(),
    };
    rights.iter().map(view).collect()
}

async fn access_of(call: Call) -> Reply {
    let org = call.org();
    let found = resolve::principal(org, &call.subject("subject"), "");
    access::require_to_read(&call.ctx, found.as_ref().ok().map(|(id, _)| *id))?;
    let (id, principal) = found.map_err(rolecall_model::Refusal::of_target)?;
    let all = access::access_of(&call.ctx, id)?;
    Answer::json(&AccessView {
        subject: principal.subject.to_string(),
        name: principal.name.to_string(),
        active: principal.active,
        rights: rights(&call, org, &all),
    })
}

const ABOUT: &str = "questions about oneself are free; about others they need rolecall.access.check there";
const ABOUT_SOURCES: &str = "questions about oneself are free; about others they need rolecall.access.read";

/// The routes of questions.
pub(crate) fn routes() -> Vec<Route> {
    let place = |route: Route| {
        route.param("project", Value::Text, "The project; absent means all projects at once.").param(
            "environment",
            Value::Text,
            "The environment; absent means all environments at once.",
        )
    };
    vec![
        Route::post("/check", "check", "May a subject do an action at a place?")
            .open(ABOUT)
            .asks()
            .takes::<CheckBody>()
            .answers::<CheckView>()
            .by(check),
        Route::post("/check/many", "check_many", "Many such questions at once")
            .open(ABOUT)
            .asks()
            .takes_batch::<ChecksBody>()
            .answers::<ChecksView>()
            .by(check_many),
        Route::post("/explain", "explain", "Why a subject may, or what is missing and who could grant it")
            .open(ABOUT_SOURCES)
            .asks()
            .takes::<CheckBody>()
            .answers::<ExplanationView>()
            .by(explain),
        place(Route::get("/who-can", "who_can", "Who can do an action at a place, complete, by number"))
            .needs_at(op::ACCESS_CHECK, crate::route::Where::Somewhere)
            .pages::<ActorView>()
            .required("action", Value::Text, "The action.")
            .by(who_can),
        Route::get("/where-can", "where_can", "Where a subject can do an action")
            .open(ABOUT)
            .answers::<ScopesView>()
            .param("subject", Value::Text, "The user or application, by any identifier; absent means the caller.")
            .required("action", Value::Text, "The action.")
            .by(where_can),
        place(Route::get("/what-can", "what_can", "What a subject can do at a place"))
            .open(ABOUT)
            .answers::<ActionsView>()
            .param("subject", Value::Text, "The user or application, by any identifier; absent means the caller.")
            .by(what_can),
        Route::get(
            "/subjects/{subject}/access",
            "read_access",
            "Everything a user or application may do, each right with its sources",
        )
        .open(ABOUT_SOURCES)
        .answers::<AccessView>()
        .by(access_of),
    ]
}
