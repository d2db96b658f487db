//! A call: one request on its way. Who calls, what is asked, and only then the body.

use crate::fault::Fault;
use crate::list::{self, Query};
use crate::resource::{has_tag, location, require_tag, version};
use crate::route::Target;
use crate::schema::Type;
use crate::selection::Selection;
use crate::state::State;
use crate::{PATH, bulk, discovery, group, user};
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use rolecall_model::id::{GroupId, OrganizationId, PrincipalId};
use rolecall_service::{Ctx, Service};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The façade's name in entries.
const FACADE: &str = "scim";
/// The largest body; a group of a hundred thousand members fits in.
const LARGEST_BODY: usize = 16 << 20;

/// What all calls share.
pub(crate) struct App {
    service: Service,
    base: String,
    states: Mutex<HashMap<OrganizationId, Arc<State>>>,
}

impl App {
    pub(crate) fn new(service: Service, public_url: &str) -> Self {
        let base = format!("{}{PATH}", public_url.trim_end_matches('/'));
        App { service, base, states: Mutex::default() }
    }

    fn state(&self, organization: OrganizationId) -> Arc<State> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(states.entry(organization).or_default())
    }
}

/// A caller who may ask.
#[derive(Clone)]
pub(crate) struct Call {
    pub ctx: Ctx,
    pub state: Arc<State>,
    app: Arc<App>,
}

/// What is asked.
#[derive(Debug)]
pub(crate) struct Ask {
    pub method: Method,
    pub target: Target,
    pub query: Vec<(String, String)>,
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    pub body: Option<Value>,
}

impl Default for Ask {
    fn default() -> Self {
        let (if_match, if_none_match, body) = (None, None, None);
        Ask { method: Method::GET, target: Target::Root, query: Vec::new(), if_match, if_none_match, body }
    }
}

impl Ask {
    fn parameter(&self, name: &str) -> Option<&str> {
        let mut all = self.query.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        all.next().map(|(_, value)| value.as_str())
    }

    /// Which attributes the answer shows.
    ///
    /// # Errors
    /// `invalidValue`.
    pub(crate) fn selection(&self) -> Result<Selection, Fault> {
        Selection::parse(self.parameter("attributes"), self.parameter("excludedAttributes"))
    }

    /// The body, which is there once.
    ///
    /// # Errors
    /// `invalidSyntax` when it is not there.
    pub(crate) fn body(&mut self) -> Result<Value, Fault> {
        self.body.take().ok_or_else(|| Fault::invalid_syntax("the body is missing"))
    }
}

/// What is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub body: Option<Value>,
    pub location: Option<String>,
    /// The revision that last changed what is answered: its entity tag.
    pub revision: Option<u64>,
}

impl Answer {
    pub(crate) const fn of(body: Value) -> Self {
        Answer { status: 200, body: Some(body), location: None, revision: None }
    }

    pub(crate) const fn nothing() -> Self {
        Answer { status: 204, body: None, location: None, revision: None }
    }
}

/// Answers a request.
pub(crate) async fn serve(Shared(app): Shared<Arc<App>>, request: Request) -> Response {
    let allowed = Target::of(path(request.uri())).map(|target| target.methods());
    match answer(app, request).await {
        Ok(answer) => response(answer),
        Err(fault) => refusal(&fault, allowed.unwrap_or_default()),
    }
}

fn path(uri: &Uri) -> &str {
    uri.path().strip_prefix(PATH).unwrap_or_default()
}

async fn answer(app: Arc<App>, request: Request) -> Result<Answer, Fault> {
    let (parts, body) = request.into_parts();
    let call = enter(app, &parts.headers).await?;
    let target = Target::of(path(&parts.uri)).ok_or_else(|| Fault::new(404, "there is nothing at this address"))?;
    // HEAD is GET without its body, which the server leaves out.
    let method = if parts.method == Method::HEAD { Method::GET } else { parts.method };
    target.require(&method)?;
    if target == Target::Me {
        return Err(Fault::new(501, "/Me is not offered: a SCIM token belongs to nobody; name a user by its id"));
    }
    let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let query = query.map_err(|_| Fault::invalid_syntax("the query is not percent-encoded UTF-8"))?.0;
    let text = |name: header::HeaderName| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
    let (if_match, if_none_match) = (text(header::IF_MATCH), text(header::IF_NONE_MATCH));
    let has_body = matches!(method, Method::POST | Method::PUT | Method::PATCH);
    let most = if target == Target::Bulk { bulk::LARGEST_BULK } else { LARGEST_BODY };
    let body = if has_body { Some(json(&parts.headers, body, most).await?) } else { None };
    call.carry_out(Ask { method, target, query, if_match, if_none_match, body }).await
}

async fn enter(app: Arc<App>, headers: &HeaderMap) -> Result<Call, Fault> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let credential = given.next().map(|value| value.to_str().unwrap_or_default());
    if given.next().is_some() {
        return Err(Fault::new(401, "there are two Authorization headers; send one"));
    }
    let request_id = headers.get("x-request-id").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request = rolecall_service::Request {
        credential,
        facade: FACADE,
        request_id,
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    };
    let ctx = app.service.enter_scim(request).await?;
    let state = app.state(ctx.organization());
    Ok(Call { ctx, state, app })
}

async fn json(headers: &HeaderMap, body: Body, most: usize) -> Result<Value, Fault> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !["application/scim+json", "application/json"].iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return Err(Fault::new(415, "send the body as application/scim+json"));
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|value| value != "identity") {
        return Err(Fault::new(415, "the body is compressed; send it as it is"));
    }
    let bytes = bytes(body, most).await?;
    serde_json::from_slice(&bytes).map_err(|error| Fault::invalid_syntax(format!("the body is not JSON: {error}")))
}

async fn bytes(body: Body, most: usize) -> Result<Bytes, Fault> {
    let mut pieces = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| Fault::invalid_syntax(format!("the body broke off: {error}")))?;
        if bytes.len() + piece.len() > most {
            return Err(Fault::new(413, format!("the body is larger than {most} bytes; send less at once")));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

const KIND: HeaderValue = HeaderValue::from_static("application/scim+json");

fn response(answer: Answer) -> Response {
    let Answer { status, body, location, revision } = answer;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = HeaderMap::new();
    let bytes = body.map(|body| {
        headers.insert(header::CONTENT_TYPE, KIND);
        body.to_string()
    });
    if let Some(location) = location.and_then(|location| HeaderValue::try_from(location).ok()) {
        headers.insert(header::LOCATION, location);
    }
    if let Some(tag) = revision.and_then(|revision| HeaderValue::try_from(version(revision)).ok()) {
        headers.insert(header::ETAG, tag);
    }
    (status, headers, bytes.unwrap_or_default()).into_response()
}

fn refusal(fault: &Fault, allowed: &[Method]) -> Response {
    let mut response = response(Answer { status: fault.status, ..Answer::of(fault.body()) });
    let headers = response.headers_mut();
    if fault.status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = fault.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if fault.status == 405 {
        let allowed: Vec<&str> = allowed.iter().map(Method::as_str).collect();
        if let Ok(allowed) = HeaderValue::try_from(allowed.join(", ")) {
            headers.insert(header::ALLOW, allowed);
        }
    }
    response
}

impl Call {
    /// The address of the façade.
    pub(crate) fn base(&self) -> &str {
        &self.app.base
    }

    /// The address of the resource that a path names.
    pub(crate) fn location_of(&self, path: &str) -> Option<String> {
        match Target::of(path)? {
            Target::One(kind, id) => Some(location(self.base(), kind, &id)),
            _ => None,
        }
    }

    /// The same caller, reading the newest state.
    ///
    /// # Errors
    /// 401 when its token counts no longer.
    pub(crate) fn renewed(&self) -> Result<Call, Fault> {
        let ctx = self.ctx.renewed().ok_or_else(|| Fault::new(401, "the SCIM token counts no longer"))?;
        Ok(Call { ctx, state: Arc::clone(&self.state), app: Arc::clone(&self.app) })
    }

    /// Carries out what is asked.
    ///
    /// # Errors
    /// What stands in the way; then nothing has changed.
    pub(crate) async fn carry_out(&self, mut ask: Ask) -> Result<Answer, Fault> {
        let base = self.base();
        match (&ask.method, ask.target.clone()) {
            (_, Target::Provider) => Ok(Answer::of(discovery::provider(base))),
            (_, Target::ResourceTypes(name)) => discovery::resource_types(base, name.as_deref()).map(Answer::of),
            (_, Target::Schemas(id)) => discovery::described(base, id.as_deref()).map(Answer::of),
            (_, Target::Root) => self.list(&Type::ALL, &ask).await,
            (_, Target::Search(kind)) => self.search(kind, ask.body()?).await,
            (_, Target::Bulk) => {
                let body = ask.body()?;
                bulk::carry_out(self, body).await.map(Answer::of)
            }
            (&Method::GET, Target::All(kind)) => self.list(&[kind], &ask).await,
            (&Method::GET, Target::One(Type::User, id)) => {
                let (number, user) = user::find(self.ctx.org(), &id)?;
                self.read(&ask, user.changed.0, self.user(&self.ctx, number, &ask.selection()?)).await
            }
            (&Method::GET, Target::One(Type::Group, id)) => {
                let group = group::find(self.ctx.org(), &id)?;
                self.read(&ask, group.changed.0, self.group(&self.ctx, group.id, &ask.selection()?)).await
            }
            (_, target) => {
                // One at a time reads, changes and writes back.
                let _writing = self.state.writing.lock().await;
                self.renewed()?.change(target, ask).await
            }
        }
    }

    async fn list(&self, kinds: &[Type], ask: &Ask) -> Result<Answer, Fault> {
        let query = Query::parse(&|name| ask.parameter(name).map(str::to_owned))?;
        list::list(self, kinds, query).await.map(Answer::of)
    }

    async fn search(&self, kind: Option<Type>, body: Value) -> Result<Answer, Fault> {
        let Value::Object(body) = body else { return Err(Fault::invalid_syntax("the body must be a JSON object")) };
        let field = |name: &str| {
            let (_, value) = body.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?;
            match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                // Names stand in a list here.
                Value::Array(all) => Some(all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")),
                _ => None,
            }
        };
        let query = Query::parse(&field)?;
        let kinds = kind.map_or(Type::ALL.to_vec(), |kind| vec![kind]);
        list::list(self, &kinds, query).await.map(Answer::of)
    }

    async fn read(
        &self,
        ask: &Ask,
        revision: u64,
        show: impl Future<Output = Result<Value, Fault>>,
    ) -> Result<Answer, Fault> {
        if ask.if_none_match.as_deref().is_some_and(|tags| has_tag(tags, revision)) {
            return Ok(Answer { status: 304, revision: Some(revision), ..Answer::nothing() });
        }
        require_tag(ask.if_match.as_deref(), revision)?;
        let body = show.await?;
        Ok(Answer { revision: Some(revision), ..Answer::of(body) })
    }

    /// A user as an answer shows it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) async fn user(&self, ctx: &Ctx, id: PrincipalId, selection: &Selection) -> Result<Value, Fault> {
        list::shown_user(self, ctx.view(), id, selection).await
    }

    /// A group as an answer shows it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) async fn group(&self, ctx: &Ctx, id: GroupId, selection: &Selection) -> Result<Value, Fault> {
        list::shown_group(self, ctx.view(), id, selection).await
    }
}
