//! Many questions at once: `POST /access/v1/evaluations`, with its defaults and three semantics.
//! What is wrong with one evaluation is said in that one and denies it; what is wrong with the
//! whole request is a status.

use crate::App;
use crate::call::{Call, Reply};
use crate::entity::{Action, Entities, Resource, Subject};
use crate::evaluation::{self, Asking, Decision, plain, with_reasons, write};
use crate::fault::Fault;
use crate::point::DecisionCall;
use crate::text::{Object, Unread};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use rolecall_service::Tally;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use utoipa::ToSchema;

/// Most evaluations of one request that are explained.
const MOST_EXPLAINED: usize = 1_000;

/// Questions that may share parts.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = authzen::Evaluations, bound = "")]
#[serde(bound(deserialize = "E: Deserialize<'de>"))]
#[expect(clippy::struct_field_names, reason = "the wire names the field")]
struct Evaluations<'a, E> {
    /// The subject of the evaluations that have none.
    #[serde(borrow)]
    #[schema(value_type = Option<Subject>)]
    subject: Option<Object<Subject<'a>>>,
    /// The action of the evaluations that have none.
    #[serde(borrow)]
    #[schema(value_type = Option<Action>)]
    action: Option<Object<Action<'a>>>,
    /// The resource of the evaluations that have none. An evaluation's own replaces it whole, but
    /// for a missing type or id.
    #[serde(borrow)]
    #[schema(value_type = Option<Resource>)]
    resource: Option<Object<Resource<'a>>>,
    /// Accepted, and without effect on the answer.
    #[serde(rename = "context")]
    #[schema(value_type = Option<std::collections::HashMap<String, serde_json::Value>>)]
    _context: Option<Unread>,
    /// How they are to be answered.
    #[schema(value_type = Option<BatchOptions>)]
    options: Option<Object<BatchOptions>>,
    /// The questions. None at all, and the request is a single one.
    #[schema(value_type = Option<Vec<Item>>)]
    evaluations: Option<Vec<E>>,
}

/// One question of a batch; what it leaves out, the defaults give.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = authzen::Item)]
struct Item<'a> {
    /// Who.
    #[serde(borrow)]
    #[schema(value_type = Option<Subject>)]
    subject: Option<Object<Subject<'a>>>,
    /// What.
    #[serde(borrow)]
    #[schema(value_type = Option<Action>)]
    action: Option<Object<Action<'a>>>,
    /// To what.
    #[serde(borrow)]
    #[schema(value_type = Option<Resource>)]
    resource: Option<Object<Resource<'a>>>,
    /// Accepted, and without effect on the answer.
    #[serde(rename = "context")]
    #[schema(value_type = Option<std::collections::HashMap<String, serde_json::Value>>)]
    _context: Option<Unread>,
}

impl Item<'_> {
    fn entities(&self) -> Entities<'_> {
        Entities {
            subject: self.subject.as_deref(),
            action: self.action.as_deref(),
            resource: self.resource.as_deref(),
        }
    }
}

/// How a batch is to be answered.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[schema(as = authzen::BatchOptions)]
struct BatchOptions {
    /// When to stop; to the end unless said.
    #[schema(value_type = Semantic, required = false)]
    evaluations_semantic: Option<Semantic>,
    /// Ask for the reasons too, of at most 1,000 evaluations. About other subjects this needs
    /// `rolecall.access.read`.
    #[schema(value_type = bool, required = false, default = false)]
    explain: Option<bool>,
}

/// When a batch stops. The array of answers ends with the one that stopped it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = authzen::Semantic)]
#[serde(rename_all = "snake_case")]
enum Semantic {
    /// Every evaluation is answered.
    #[default]
    ExecuteAll,
    /// The first denial, or error, is the last answer.
    DenyOnFirstDeny,
    /// The first permit is the last answer.
    PermitOnFirstPermit,
}

impl Semantic {
    const fn stops_at(self, allowed: bool) -> bool {
        match self {
            Semantic::ExecuteAll => false,
            Semantic::DenyOnFirstDeny => !allowed,
            Semantic::PermitOnFirstPermit => allowed,
        }
    }
}

/// The answers, in the order of the questions.
#[derive(ToSchema)]
#[schema(as = authzen::Decisions)]
#[expect(dead_code, reason = "only describes; the answers are written one by one")]
struct Decisions {
    evaluations: Vec<Decision>,
}

/// What the API document says of the answer.
#[derive(ToSchema)]
#[schema(as = authzen::Answer)]
#[serde(untagged)]
#[expect(dead_code, reason = "only describes; a single question is answered where all such are")]
enum Answer {
    /// To evaluations.
    Many(Decisions),
    /// To a single question.
    Single(Decision),
}

/// Answers many questions on one state and one instant.
///
/// `subject`, `action` and `resource` at the top are defaults for the evaluations. Without
/// evaluations the request is a single question and gets a single decision. What is wrong with one
/// evaluation is said in its `context.error` and denies it. When the caller may ask none of them the
/// whole request is refused.
#[utoipa::path(
    post,
    path = "/access/v1/evaluations",
    operation_id = "authzen_evaluations",
    tag = "AuthZEN",
    request_body(content = Evaluations<'_, Item<'_>>, content_type = "application/json"),
    responses(
        (status = 200, description = "A decision for each evaluation, in order; a single decision when there are none", body = Answer,
         headers(("rolecall-revision" = u64, description = "The revision of the state that was asked"))),
        (status = 400, description = "The request is not JSON, or of an unknown semantic", body = String, content_type = "text/plain"),
        (status = 401, description = "No credential, or one that does not count", body = String, content_type = "text/plain"),
        (status = 403, description = "The caller may ask none of it", body = String, content_type = "text/plain"),
        (status = 413, description = "The body is larger than 8 MiB", body = String, content_type = "text/plain"),
        (status = 415, description = "The body is not `application/json`", body = String, content_type = "text/plain"),
        (status = 503, description = "The revision demanded is not here yet, or too much at once", body = String, content_type = "text/plain"),
    ),
    security(("token" = [])),
    extensions(("x-rolecall-action" = json!("rolecall.access.check"))),
)]
pub(crate) async fn evaluations(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    app.point.answer(DecisionCall::Evaluations, &parts.headers, body).await
}

/// Reads and answers a batch.
pub(crate) fn decide(call: &Call<'_>, tally: &Tally) -> Result<Reply, Fault> {
    if let Ok(batch) = call.read::<Evaluations<'_, Object<Item<'_>>>>() {
        return answer(call, tally, &batch, |item| Ok(item.entities()));
    }
    // Something is wrong: in the whole request, or only within some evaluations?
    let batch: Evaluations<'_, &RawValue> = call.read()?;
    let each: Vec<_> = batch.evaluations.iter().flatten().map(|raw| read_one(raw)).collect();
    let batch = Evaluations {
        subject: batch.subject,
        action: batch.action,
        resource: batch.resource,
        _context: None,
        options: batch.options,
        evaluations: Some(each),
    };
    answer(call, tally, &batch, |item| match item {
        Ok(item) => Ok(item.entities()),
        Err(error) => Err(Fault::bad_request(format!("this evaluation cannot be read: {error}"))),
    })
}

fn read_one(raw: &RawValue) -> Result<Object<Item<'_>>, serde_json::Error> {
    serde_json::from_str(raw.get())
}

/// Answers a batch whose evaluations give their entities through `entities`.
fn answer<'q, E>(
    call: &'q Call<'_>,
    tally: &Tally,
    batch: &'q Evaluations<'q, E>,
    entities: impl Fn(&'q E) -> Result<Entities<'q>, Fault>,
) -> Result<Reply, Fault> {
    let options = batch.options.as_deref().copied().unwrap_or_default();
    let defaults = Entities {
        subject: batch.subject.as_deref(),
        action: batch.action.as_deref(),
        resource: batch.resource.as_deref(),
    };
    let each = batch.evaluations.as_deref().unwrap_or_default();
    if each.is_empty() {
        return evaluation::answer(call, tally, &defaults, evaluation::Options::new(options.explain));
    }
    let explained = options.explain.unwrap_or_default();
    if explained && each.len() > MOST_EXPLAINED {
        let message = format!("at most {MOST_EXPLAINED} evaluations are explained at once; send fewer");
        return Err(call.complain(Fault::bad_request(message)));
    }
    let asking = Asking::new(call.asker.standing());
    let semantic = options.evaluations_semantic.unwrap_or_default();
    let mut answers = Answers::with_capacity(each.len());
    if explained {
        let ctx = call.ctx();
        let explain = |one| with_reasons(&ctx, &asking, &entities(one)?.asked(&defaults)?);
        answers.all(each.iter().map(|one| explain(one).map(Answered::Reasoned)), semantic)?;
    } else {
        let decide = |one| asking.decide(&entities(one)?.asked(&defaults)?);
        answers.all(each.iter().map(|one| decide(one).map(Answered::Plain)), semantic)?;
    }
    tally.count(answers.allowed, answers.denied);
    answers.finish(call.asker.view().revision())
}

/// An answered evaluation.
enum Answered {
    Plain(bool),
    Reasoned(Decision),
}

/// The answers as they are written: `{"evaluations":[…]}`. Straight into the body, because a list of
/// answers in between costs as much as deciding them.
struct Answers {
    body: Vec<u8>,
    allowed: u64,
    denied: u64,
    /// Why the first evaluation was refused, while all of them are.
    refusal: Option<Fault>,
    all_refused: bool,
}

impl Answers {
    fn with_capacity(most: usize) -> Self {
        let mut body = Vec::with_capacity(most * 19 + 32);
        body.extend_from_slice(br#"{"evaluations":["#);
        Answers { body, allowed: 0, denied: 0, refusal: None, all_refused: true }
    }

    /// Writes the answers until the semantic stops them.
    fn all(&mut self, answers: impl Iterator<Item = Result<Answered, Fault>>, semantic: Semantic) -> Result<(), Fault> {
        for (n, answer) in answers.enumerate() {
            if n > 0 {
                self.body.push(b',');
            }
            let allowed = self.one(answer)?;
            if semantic.stops_at(allowed) {
                break;
            }
        }
        Ok(())
    }

    fn one(&mut self, answer: Result<Answered, Fault>) -> Result<bool, Fault> {
        self.all_refused &= answer.as_ref().is_err_and(Fault::is_forbidden);
        let allowed = match answer {
            Ok(Answered::Plain(allowed)) => {
                self.body.extend_from_slice(plain(allowed));
                allowed
            }
            Ok(Answered::Reasoned(decision)) => {
                write(&mut self.body, &decision)?;
                decision.decision
            }
            Err(fault) => {
                write(&mut self.body, &Decision::failed(fault.view()))?;
                if fault.is_forbidden() {
                    self.refusal = Some(fault);
                }
                return Ok(false);
            }
        };
        *(if allowed { &mut self.allowed } else { &mut self.denied }) += 1;
        Ok(allowed)
    }

    /// The whole answer; a refusal when everything was refused.
    fn finish(mut self, revision: u64) -> Result<Reply, Fault> {
        if let Some(fault) = self.refusal.filter(|_| self.all_refused) {
            return Err(fault);
        }
        self.body.extend_from_slice(b"]}");
        Ok(Reply::new(revision, self.body))
    }
}
