//! One question: `POST /access/v1/evaluation`. Here a question meets the engine.

use crate::App;
use crate::call::{Call, Reply};
use crate::entity::{Action, Asked, Entities, Resource, Subject};
use crate::explanation::{ExplanationView, explain};
use crate::fault::{ErrorView, Fault};
use crate::place::Kind;
use crate::point::DecisionCall;
use crate::text::{Object, Unread};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use rolecall_engine::{Place, Question};
use rolecall_model::Org;
use rolecall_model::id::PrincipalId;
use rolecall_model::operation::ACCESS_CHECK;
use rolecall_service::{Ctx, Standing, Tally};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
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
    /// The answer to an evaluation that could not be answered.
    pub(crate) const fn failed(error: ErrorView) -> Self {
        Decision { decision: false, context: Some(Context::Error(error)) }
    }
}

/// What is asked and answered within one call: one state, one instant, one caller.
pub(crate) struct Asking<'c> {
    standing: Standing<'c>,
    /// The caller may ask about everybody everywhere, which need not be looked up again.
    everywhere: bool,
    /// The subject and the resource type looked up last. In a batch they are mostly the same: not
    /// looking for them again takes a third off each evaluation.
    subject: Cell<Option<(&'c str, &'c str, Option<PrincipalId>)>>,
    kind: Cell<Option<(&'c str, Kind<'c>)>>,
}

/// A question looked up: without a number where the organization has no such thing.
pub(crate) struct Found {
    pub(crate) place: Place,
    pub(crate) question: Option<Question>,
}

impl<'c> Asking<'c> {
    pub(crate) fn new(standing: Standing<'c>) -> Self {
        let everywhere = standing.may(ACCESS_CHECK, Place::ORGANIZATION);
        Asking { standing, everywhere, subject: Cell::new(None), kind: Cell::new(None) }
    }

    /// Whether the caller may ask about a subject at a place.
    pub(crate) fn require(&self, subject: Option<PrincipalId>, place: Place) -> Result<(), Fault> {
        if self.everywhere {
            return Ok(());
        }
        Ok(self.standing.require_to_ask(subject, place)?)
    }

    /// The decision alone.
    pub(crate) fn decide(&self, asked: &Asked<'c>) -> Result<bool, Fault> {
        let found = self.find(asked)?;
        Ok(found.question.is_some_and(|question| self.standing.view().index().check(&question).allowed))
    }

    /// What is asked, in numbers, if the caller may ask it.
    pub(crate) fn find(&self, asked: &Asked<'c>) -> Result<Found, Fault> {
        let org = self.standing.org();
        let kind = self.kind(asked.resource.kind);
        let place = kind.place(org, &asked.resource)?;
        let subject = self.subject(asked.subject_type, asked.subject);
        self.require(subject, place)?;
        let action = org.action_named(asked.action).map(|action| action.id).filter(|action| kind.knows(*action));
        let question = subject.zip(action);
        let at = self.standing.now();
        Ok(Found { place, question: question.map(|(subject, action)| Question { subject, action, place, at }) })
    }

    fn kind(&self, name: &'c str) -> Kind<'c> {
        match self.kind.get() {
            Some((last, kind)) if last == name => kind,
            _ => {
                let kind = Kind::named(self.standing.org(), name);
                self.kind.set(Some((name, kind)));
                kind
            }
        }
    }

    fn subject(&self, kind: &'c str, id: &'c str) -> Option<PrincipalId> {
        match self.subject.get() {
            Some((last_kind, last, found)) if last == id && last_kind == kind => found,
            _ => {
                let found = subject(self.standing.org(), kind, id);
                self.subject.set(Some((kind, id, found)));
                found
            }
        }
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
    let (parts, body) = request.into_parts();
    app.point.answer(DecisionCall::Evaluation, &parts.headers, body).await
}

/// Reads and answers a single question.
pub(crate) fn decide(call: &Call<'_>, tally: &Tally) -> Result<Reply, Fault> {
    let body: Evaluation<'_> = call.read()?;
    let options = body.options.as_deref().copied().unwrap_or_default();
    answer(call, tally, &body.entities(), options)
}

/// Answers a single question.
pub(crate) fn answer(
    call: &Call<'_>,
    tally: &Tally,
    entities: &Entities<'_>,
    options: Options,
) -> Result<Reply, Fault> {
    let asked = entities.asked(&Entities::default()).map_err(|fault| call.complain(fault))?;
    let asking = Asking::new(call.asker.standing());
    let revision = call.asker.view().revision();
    if options.wants_reasons() {
        let decision = with_reasons(&call.ctx(), &asking, &asked)?;
        tally.count_one(decision.decision);
        return json(revision, &decision);
    }
    let allowed = asking.decide(&asked)?;
    tally.count_one(allowed);
    Ok(Reply::new(revision, Bytes::from_static(plain(allowed))))
}

/// A decision without reasons, as it is written.
pub(crate) const fn plain(allowed: bool) -> &'static [u8] {
    if allowed { br#"{"decision":true}"# } else { br#"{"decision":false}"# }
}

/// The decision with its reasons.
pub(crate) fn with_reasons<'c>(ctx: &Ctx, asking: &Asking<'c>, asked: &Asked<'c>) -> Result<Decision, Fault> {
    let found = asking.find(asked)?;
    let view = explain(ctx, asked, found.place, found.question)?;
    Ok(Decision { decision: view.allowed(), context: Some(Context::Explanation(view)) })
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
    let mut written = Vec::with_capacity(128);
    write(&mut written, body)?;
    Ok(Reply::new(revision, written))
}

/// Writes something as JSON.
pub(crate) fn write(to: &mut Vec<u8>, what: &impl Serialize) -> Result<(), Fault> {
    serde_json::to_writer(to, what).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Fault::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written".to_owned())
    })
}
