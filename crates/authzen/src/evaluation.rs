//! One question: `POST /access/v1/evaluation`. Here a question meets the engine.

use crate::App;
use crate::call::{Call, Reply, close, split};
use crate::entity::{Action, Asked, Entities, Resource, Subject};
use crate::explanation::{ExplanationView, explain};
use crate::fault::{ErrorView, Fault};
use crate::place::Kind;
use crate::text::{Object, Unread};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use rolecall_engine::{Place, Question};
use rolecall_model::Org;
use rolecall_model::id::PrincipalId;
use rolecall_model::operation::ACCESS_CHECK;
use rolecall_service::{Ctx, access};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// May this subject do this action to this resource?
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = authzen::Evaluation)]
pub(crate) struct Evaluation<'a> {
    /// Who.
    #[serde(borrow)]
    #[schema(value_type = Subject, required = true)]
    subject: Option<Object<Subject<'a>>>,
    /// What.
    #[serde(borrow)]
    #[schema(value_type = Action, required = true)]
    action: Option<Object<Action<'a>>>,
    /// To what.
    #[serde(borrow)]
    #[schema(value_type = Resource, required = true)]
    resource: Option<Object<Resource<'a>>>,
    /// Accepted, and without effect on the answer.
    #[serde(rename = "context")]
    #[schema(value_type = Option<std::collections::HashMap<String, serde_json::Value>>)]
    _context: Option<Unread>,
    /// How it is to be answered.
    #[schema(value_type = Option<Options>)]
    options: Option<Object<Options>>,
}

/// How a question is to be answered.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[schema(as = authzen::Options)]
pub(crate) struct Options {
    /// Ask for the reasons too. About other subjects this needs `rolecall.access.read`.
    #[schema(value_type = bool, required = false, default = false)]
    explain: Option<bool>,
}

impl Evaluation<'_> {
    pub(crate) fn entities(&self) -> Entities<'_> {
        Entities {
            subject: self.subject.as_deref(),
            action: self.action.as_deref(),
            resource: self.resource.as_deref(),
        }
    }
}

/// The answer to a question.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = authzen::Decision)]
pub(crate) struct Decision {
    /// Whether it may.
    pub(crate) decision: bool,
    /// Only when reasons were asked for, or when the question could not be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<Context>,
}

/// What stands beside a decision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = authzen::Context)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Context {
    /// Why the question could not be answered; the decision is false then.
    Error(ErrorView),
    /// Why the answer is as it is, when that was asked for.
    Explanation(ExplanationView),
}

impl Decision {
    pub(crate) const fn plain(decision: bool) -> Self {
        Decision { decision, context: None }
    }

    /// The answer to an evaluation that could not be answered.
    pub(crate) const fn failed(error: ErrorView) -> Self {
        Decision { decision: false, context: Some(Context::Error(error)) }
    }

    /// Whether the caller may not ask that.
    pub(crate) const fn is_refused(&self) -> bool {
        matches!(&self.context, Some(Context::Error(error)) if error.is_forbidden())
    }
}

/// What is asked and answered within one call: one state, one instant, one caller.
pub(crate) struct Asking<'c> {
    ctx: &'c Ctx,
    /// The caller may ask about everybody everywhere, which need not be looked up again.
    everywhere: bool,
}

/// A question looked up: without a number where the organization has no such thing.
struct Found {
    place: Place,
    question: Option<Question>,
}

impl<'c> Asking<'c> {
    pub(crate) fn new(ctx: &'c Ctx) -> Self {
        Asking { ctx, everywhere: ctx.may(ACCESS_CHECK, Place::ORGANIZATION) }
    }

    /// Whether the caller may ask about a subject at a place.
    pub(crate) fn require(&self, subject: Option<PrincipalId>, place: Place) -> Result<(), Fault> {
        if self.everywhere {
            return Ok(());
        }
        Ok(access::require_to_ask(self.ctx, subject, place)?)
    }

    /// The decision alone.
    pub(crate) fn decide(&self, asked: &Asked<'_>) -> Result<bool, Fault> {
        let found = self.find(asked)?;
        Ok(found.question.is_some_and(|question| self.ctx.index().check(&question).allowed))
    }

    /// The decision with its reasons.
    pub(crate) fn explain(&self, asked: &Asked<'_>) -> Result<Decision, Fault> {
        let found = self.find(asked)?;
        let view = explain(self.ctx, asked, found.place, found.question)?;
        Ok(Decision { decision: view.allowed(), context: Some(Context::Explanation(view)) })
    }

    fn find(&self, asked: &Asked<'_>) -> Result<Found, Fault> {
        let org = self.ctx.org();
        let kind = Kind::named(org, asked.resource.kind);
        let place = kind.place(org, &asked.resource)?;
        let subject = subject(org, asked.subject_type, asked.subject);
        self.require(subject, place)?;
        let action = org.action_named(asked.action).map(|action| action.id).filter(|action| kind.knows(*action));
        let question = subject.zip(action);
        let at = self.ctx.asked_at();
        Ok(Found { place, question: question.map(|(subject, action)| Question { subject, action, place, at }) })
    }
}

/// The user or application of this identifier, if it is of that type.
pub(crate) fn subject(org: &Org, kind: &str, id: &str) -> Option<PrincipalId> {
    let (found, principal) = org.find_principal(id)?;
    (principal.kind().word() == kind).then_some(found)
}

/// Answers whether a subject may do an action to a resource.
///
/// A subject, action or resource type that the organization does not know gets `false`. A project or
/// environment that it does not know is one that only rights for all projects or environments cover.
/// Questions about oneself are always allowed; others need `rolecall.access.check` at the place.
#[utoipa::path(
    post,
    path = "/access/v1/evaluation",
    operation_id = "authzen_evaluation",
    tag = "AuthZEN",
    request_body(content = Evaluation, content_type = "application/json"),
    responses(
        (status = 200, description = "The decision; a denial is an answer, not an error", body = Decision,
         headers(("rolecall-revision" = u64, description = "The revision of the state that was asked"))),
        (status = 400, description = "The question is not whole or not JSON", body = String, content_type = "text/plain"),
        (status = 401, description = "No credential, or one that does not count", body = String, content_type = "text/plain"),
        (status = 403, description = "The caller may not ask that", body = String, content_type = "text/plain"),
        (status = 413, description = "The body is larger than 1 MiB", body = String, content_type = "text/plain"),
        (status = 415, description = "The body is not `application/json`", body = String, content_type = "text/plain"),
        (status = 503, description = "The revision demanded is not here yet, or too much at once", body = String, content_type = "text/plain"),
    ),
    security(("token" = [])),
    extensions(("x-rolecall-action" = json!("rolecall.access.check"))),
)]
pub(crate) async fn evaluation(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let (headers, request) = split(request);
    let reply = async { decide(&Call::open(&app, &headers, request).await?) }.await;
    close(&headers, reply)
}

fn decide(call: &Call) -> Result<Reply, Fault> {
    let body: Evaluation<'_> = call.read()?;
    let options = body.options.as_deref().copied().unwrap_or_default();
    answer(call, &body.entities(), options)
}

/// Answers a single question.
pub(crate) fn answer(call: &Call, entities: &Entities<'_>, options: Options) -> Result<Reply, Fault> {
    let asked = entities.asked(&Entities::default()).map_err(|fault| call.complain(fault))?;
    let asking = Asking::new(&call.ctx);
    let revision = call.ctx.revision();
    if options.wants_reasons() {
        return json(revision, &asking.explain(&asked)?);
    }
    let body: &'static [u8] = if asking.decide(&asked)? { br#"{"decision":true}"# } else { br#"{"decision":false}"# };
    Ok(Reply::new(revision, body))
}

impl Options {
    pub(crate) fn new(explain: Option<bool>) -> Self {
        Options { explain }
    }

    pub(crate) fn wants_reasons(self) -> bool {
        self.explain.unwrap_or_default()
    }
}

/// A JSON answer.
pub(crate) fn json(revision: u64, body: &impl Serialize) -> Result<Reply, Fault> {
    let written = serde_json::to_vec(body);
    let written = written.map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Fault::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written".to_owned())
    });
    Ok(Reply::new(revision, written?))
}
