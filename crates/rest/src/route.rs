//! A route: its method and path, what its caller must hold and where that is read, what it takes and
//! answers. The router, the OpenAPI document and the test that calls every route without rights are
//! all made from these rows.

use crate::answer::Reply;
use crate::call::Call;
use futures::future::BoxFuture;
use rolecall_model::id::ActionId;
use std::future::Future;
use std::sync::Arc;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The largest ordinary body: 1 MiB.
pub(crate) const BODY: usize = 1 << 20;
/// The largest batch: 16 MiB.
pub(crate) const BATCH_BODY: usize = 16 << 20;

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// Where the scope of a route's need is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// It is the organization.
    Organization,
    /// It is the project that this path parameter names.
    Project(&'static str),
    /// Anywhere will do here; the exact place stands in the body and is looked at after it is read.
    Somewhere,
    /// It is the home organization of the installation.
    Home,
}

/// What a caller must hold before anything else is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
    /// A credential. The reason says what then limits the caller.
    Credential(&'static str),
    /// An action.
    Action {
        /// Which.
        action: ActionId,
        /// By which action the route's target may be seen: without it the target is not found.
        seen_by: Option<ActionId>,
        /// Where.
        at: Where,
    },
}

/// What a query parameter may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    Text,
    Number,
    Flag,
    Time,
    OneOf(&'static [&'static str]),
}

/// A query parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param {
    pub name: &'static str,
    pub value: Value,
    pub required: bool,
    pub about: &'static str,
}

/// A schema and all it refers to.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub name: fn() -> String,
    pub collect: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Shape {
    pub(crate) fn of<T: ToSchema + PartialSchema>() -> Self {
        fn collect<T: ToSchema + PartialSchema>(all: &mut Vec<(String, RefOr<Schema>)>) {
            all.push((T::name().into_owned(), T::schema()));
            T::schemas(all);
        }
        Shape { name: || T::name().into_owned(), collect: collect::<T> }
    }
}

/// What a route takes.
#[derive(Clone, Copy)]
pub(crate) enum Takes {
    Nothing,
    Json(Shape, usize),
    /// A body of this type that is read as a stream.
    Stream(&'static str),
}

/// What a route answers when all is well.
#[derive(Clone, Copy)]
pub(crate) enum Answers {
    /// One thing, perhaps with an entity tag.
    One(Shape),
    /// A thing that was made: 201 with its place.
    Made(Shape),
    /// A page of a list.
    Page(Shape),
    /// Nothing: 204.
    Nothing,
    /// A stream of one of these types.
    Stream(&'static [&'static str]),
}

pub(crate) type Handler = Arc<dyn Fn(Call) -> BoxFuture<'static, Reply> + Send + Sync>;

/// A route.
#[derive(Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each says one thing a route can or cannot, and stands alone")]
pub(crate) struct Route {
    pub method: Method,
    /// The path after `/api/v1`.
    pub path: &'static str,
    /// Its stable name, such as `list_roles`.
    pub id: &'static str,
    pub summary: &'static str,
    pub need: Need,
    pub params: Vec<Param>,
    pub takes: Takes,
    pub answers: Answers,
    /// Whether it changes something: then it can be shown beforehand and repeated safely.
    pub changes: bool,
    /// Whether it can be asked about the past.
    pub reads_past: bool,
    /// Whether it only shows what a change would come to.
    pub plans: bool,
    /// Whether what it makes may be there already: then it answers 200 with it.
    pub may_be_there: bool,
    /// Statuses of problems that only this route can have.
    pub also: &'static [u16],
    pub handler: Option<Handler>,
}

impl Route {
    const fn new(method: Method, path: &'static str, id: &'static str, summary: &'static str) -> Self {
        let changes = !matches!(method, Method::Get);
        Route {
            method,
            path,
            id,
            summary,
            need: Need::Credential(""),
            params: Vec::new(),
            takes: Takes::Nothing,
            answers: Answers::Nothing,
            changes,
            reads_past: !changes,
            plans: false,
            may_be_there: false,
            also: &[],
            handler: None,
        }
    }
    pub(crate) const fn get(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Route::new(Method::Get, path, id, summary)
    }
    pub(crate) const fn post(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Route::new(Method::Post, path, id, summary)
    }
    pub(crate) const fn put(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Route::new(Method::Put, path, id, summary)
    }
    pub(crate) const fn patch(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Route::new(Method::Patch, path, id, summary)
    }
    pub(crate) const fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Route::new(Method::Delete, path, id, summary)
    }

    /// Needs an action in the organization.
    pub(crate) fn needs(self, action: ActionId) -> Self {
        self.needs_at(action, Where::Organization)
    }
    /// Needs an action somewhere.
    pub(crate) fn needs_at(mut self, action: ActionId, at: Where) -> Self {
        self.need = Need::Action { action, seen_by: None, at };
        self
    }
    /// Without this action, the target is not found. For a read it is the only need.
    pub(crate) fn seen_by(mut self, read: ActionId) -> Self {
        self.need = match self.need {
            Need::Credential(_) => Need::Action { action: read, seen_by: Some(read), at: Where::Organization },
            Need::Action { action, at, .. } => Need::Action { action, seen_by: Some(read), at },
        };
        self
    }
    /// Needs a credential only, for this reason.
    pub(crate) fn open(mut self, why: &'static str) -> Self {
        self.need = Need::Credential(why);
        self
    }
    /// Reads the scope of the need from the path.
    pub(crate) fn in_project(mut self, param: &'static str) -> Self {
        if let Need::Action { at, .. } = &mut self.need {
            *at = Where::Project(param);
        }
        self
    }
    pub(crate) fn param(mut self, name: &'static str, value: Value, about: &'static str) -> Self {
        self.params.push(Param { name, value, required: false, about });
        self
    }
    pub(crate) fn required(mut self, name: &'static str, value: Value, about: &'static str) -> Self {
        self.params.push(Param { name, value, required: true, about });
        self
    }
    /// Asks something, although its method takes a body: nothing changes.
    pub(crate) const fn asks(mut self) -> Self {
        self.changes = false;
        self.reads_past = true;
        self
    }
    /// Has no past and no dry run.
    pub(crate) const fn present_only(mut self) -> Self {
        self.changes = false;
        self.reads_past = false;
        self
    }
    /// Can also be refused with these.
    pub(crate) const fn also(mut self, statuses: &'static [u16]) -> Self {
        self.also = statuses;
        self
    }
    /// Shows what a change would come to, always.
    pub(crate) const fn plans(mut self) -> Self {
        self.changes = false;
        self.plans = true;
        self
    }
    /// Answers 200 when what it would make is there already.
    pub(crate) const fn may_be_there(mut self) -> Self {
        self.may_be_there = true;
        self
    }
    pub(crate) fn takes<T: ToSchema>(mut self) -> Self {
        self.takes = Takes::Json(Shape::of::<T>(), BODY);
        self
    }
    pub(crate) fn takes_batch<T: ToSchema>(mut self) -> Self {
        self.takes = Takes::Json(Shape::of::<T>(), BATCH_BODY);
        self
    }
    pub(crate) const fn takes_stream(mut self, kind: &'static str) -> Self {
        self.takes = Takes::Stream(kind);
        self
    }
    pub(crate) fn answers<T: ToSchema>(mut self) -> Self {
        self.answers = Answers::One(Shape::of::<T>());
        self
    }
    pub(crate) fn makes<T: ToSchema>(mut self) -> Self {
        self.answers = Answers::Made(Shape::of::<T>());
        self
    }
    pub(crate) const fn streams(mut self, kinds: &'static [&'static str]) -> Self {
        self.answers = Answers::Stream(kinds);
        self
    }
    /// Answers pages of a list that can be searched and sorted.
    pub(crate) fn lists<T: ToSchema>(self) -> Self {
        self.pages::<T>()
            .param("search", Value::Text, "Only what has this text in a name or identifier; case does not matter.")
            .param(
                "sort",
                Value::OneOf(crate::page::SORTS),
                "By what the list is sorted; `-` in front: descending. Default `number`.",
            )
    }
    /// Answers pages of a list in its own order.
    pub(crate) fn pages<T: ToSchema>(mut self) -> Self {
        self.answers = Answers::Page(Shape::of::<T>());
        self.param("limit", Value::Number, "How many items a page has, 1 to 1000. Default 100.")
            .param("page_token", Value::Text, "Where to go on: `next_page_token` of the page before. Counts for five minutes and only with the same query.")
    }
    /// Carried out by this function.
    pub(crate) fn by<F, R>(mut self, handler: F) -> Self
    where
        F: Fn(Call) -> R + Send + Sync + 'static,
        R: Future<Output = Reply> + Send + 'static,
    {
        self.handler = Some(Arc::new(move |call| Box::pin(handler(call))));
        self
    }

    /// Every query parameter it knows, those of its kind too.
    pub(crate) fn all_params(&self) -> Vec<Param> {
        let mut all = self.params.clone();
        let mut add = |name, value, about| all.push(Param { name, value, required: false, about });
        if self.changes {
            add("dry_run", Value::Flag, "Changes nothing and answers who would gain and who would lose what, exactly.");
        }
        if self.reads_past {
            add("at", Value::Text, "Asks about the past: an instant (RFC 3339) or `revision:N`.");
        }
        all
    }

    /// The names of the path's parameters.
    pub(crate) fn path_params(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
    }
}
