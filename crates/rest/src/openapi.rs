//! The OpenAPI document, made from the same rows as the router.

use crate::difference::DryRunView;
use crate::problem::{CODES, ProblemView};
use crate::route::{Answers, Method, Need, Param, Route, Shape, Takes, Value, Where};
use rolecall_model::operation;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::info::{InfoBuilder, LicenseBuilder};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{Components, KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Content, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Required, Response, Schema};

/// Where the routes stand.
pub(crate) const PREFIX: &str = "/api/v1";

const ABOUT: &str = "People, applications, groups, roles, policies and who may do what where.\n\n\
Every answer carries `Rolecall-Revision`; a read may demand `Rolecall-At-Least`. Single things carry an `ETag`, \
which `If-Match` compares. A change with an `Idempotency-Key` can be repeated safely for 24 hours; with `?dry_run=true` \
it changes nothing and answers the exact gains and losses. Reads take `?at=` an instant or `revision:N`.\n\n\
In paths a thing is named percent-encoded by its name, or by number as `~7`; users and applications by any identifier. \
What the caller may not see is not found; what it may see but not do is forbidden.";

/// The document without its paths.
pub(crate) fn frame() -> OpenApi {
    let mut components = Components::new();
    components.schemas.extend(collected(Shape::of::<ProblemView>()));
    components.schemas.extend(collected(Shape::of::<DryRunView>()));
    for status in statuses() {
        components.responses.insert(format!("Problem{status}"), problem_response(status).into());
    }
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token, with or without `Bearer`."))
        .build();
    components.security_schemes.insert("token".to_owned(), SecurityScheme::Http(bearer).into());
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info =
        InfoBuilder::new().title("Rolecall").version("1").description(Some(ABOUT)).license(Some(license)).build();
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url("/").description(Some("This server.")).build()]))
        .paths(Paths::new())
        .components(Some(components))
        .security(Some([SecurityRequirement::new::<_, [String; 0], String>("token", [])]))
        .tags(Some(TAGS.iter().map(|(name, about)| TagBuilder::new().name(*name).description(Some(*about)).build())))
        .build()
}

const TAGS: &[(&str, &str)] = &[
    ("organization", "The caller's organization and what its catalog brought."),
    ("organizations", "The organizations of the installation."),
    ("environments", "The axis along which the same project runs more than once."),
    ("projects", "The axis along which work is divided."),
    ("actions", "What can be done."),
    ("roles", "Named sets of permits."),
    ("policies", "Named sets of bindings: roles at scopes."),
    ("users", "People."),
    ("applications", "Machines that act."),
    ("groups", "Groups of users and their members."),
    ("assignments", "Who has been given what, and slots."),
    ("tokens", "Credentials."),
    ("resource types", "How outside questions name places."),
    ("access", "Who may do what where, and why."),
    ("batch", "Many changes as one."),
    ("history", "What happened, and streams of it."),
    ("transfer", "Imports and backups."),
];

fn tag(path: &str) -> &'static str {
    let first = path.split('/').nth(1).unwrap_or_default();
    match first {
        "organization" | "catalog" => "organization",
        "slots" => "assignments",
        "resource-types" => "resource types",
        "plan" => "batch",
        "me" | "check" | "explain" | "who-can" | "where-can" | "what-can" | "subjects" => "access",
        "changes" | "replicate" => "history",
        "import" | "backup" => "transfer",
        first => TAGS.iter().find(|(name, _)| *name == first).map_or("access", |(name, _)| name),
    }
}

/// The path of a route with its operation, and all schemas it speaks of.
pub(crate) fn described(route: &Route) -> (Paths, Vec<(String, RefOr<Schema>)>) {
    let method = match route.method {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
        Method::Put => HttpMethod::Put,
        Method::Patch => HttpMethod::Patch,
        Method::Delete => HttpMethod::Delete,
    };
    let mut paths = Paths::new();
    paths.paths.insert(format!("{PREFIX}{}", route.path), PathItem::new(method, operation_of(route)));
    let mut schemas = Vec::new();
    if let Takes::Json(shape, _) = route.takes {
        schemas.extend(collected(shape));
    }
    match route.answers {
        Answers::One(shape) | Answers::Made(shape) => schemas.extend(collected(shape)),
        Answers::Page(shape) => {
            let name = (shape.name)();
            schemas.push((page_name(&name), crate::page::schema(&name)));
            schemas.extend(collected(shape));
        }
        Answers::Nothing | Answers::Stream(_) => {}
    }
    if route.path == "/changes" {
        schemas.extend(collected(Shape::of::<crate::history::FeedView>()));
    }
    (paths, schemas)
}

fn page_name(item: &str) -> String {
    format!("{}Page", item.strip_suffix("View").unwrap_or(item))
}

fn collected(shape: Shape) -> Vec<(String, RefOr<Schema>)> {
    let mut all = Vec::new();
    (shape.collect)(&mut all);
    all.into_iter()
        .map(|(name, schema)| {
            let schema = if name.ends_with("View") { never_null(schema) } else { schema };
            (name, schema)
        })
        .collect()
}

/// What we answer leaves a value that is not there out, so it is never null.
fn never_null(schema: RefOr<Schema>) -> RefOr<Schema> {
    let Ok(mut value) = serde_json::to_value(&schema) else { return schema };
    without_null(&mut value);
    serde_json::from_value(value).unwrap_or(schema)
}

fn without_null(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Array(all) => all.iter_mut().for_each(without_null),
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|one| one != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    map.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(each)) = map.get_mut("oneOf") {
                each.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
                if let [only] = each.as_slice() {
                    let only = only.clone();
                    *value = only;
                    return without_null(value);
                }
            }
            map.values_mut().for_each(without_null);
        }
        _ => {}
    }
}

fn operation_of(route: &Route) -> utoipa::openapi::path::Operation {
    let mut operation = OperationBuilder::new()
        .tag(tag(route.path))
        .summary(Some(route.summary))
        .description(Some(need_words(route)))
        .operation_id(Some(route.id));
    for name in route.path_params() {
        operation = operation.parameter(path_parameter(name));
    }
    for param in route.all_params() {
        operation = operation.parameter(query_parameter(&param));
    }
    for (name, about) in headers(route) {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        operation = operation.parameter(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(about))
                .schema(Some(schema)),
        );
    }
    operation = match route.takes {
        Takes::Nothing => operation,
        Takes::Json(shape, most) => {
            let body = RequestBodyBuilder::new()
                .content("application/json", Content::new(Some(Ref::from_schema_name((shape.name)()))))
                .description(Some(format!("At most {} MiB. Unknown fields are refused.", most >> 20)))
                .required(Some(Required::True));
            operation.request_body(Some(body.build()))
        }
        Takes::Stream(kind) => {
            let body = RequestBodyBuilder::new()
                .content(kind, ContentBuilder::new().schema(Some(binary())).build())
                .description(Some("Read as a stream; of any size."))
                .required(Some(Required::True));
            operation.request_body(Some(body.build()))
        }
    };
    operation = answers(route, operation);
    for status in possible(route) {
        operation = operation.response(status.to_string(), Ref::from_response_name(format!("Problem{status}")));
    }
    operation.extensions(Some(extensions(route))).build()
}

fn need_words(route: &Route) -> String {
    match route.need {
        Need::Credential(why) => format!("Needs a credential: {why}."),
        Need::Action { action, at, .. } => {
            let name = operation::name(action).unwrap_or_default();
            let place = match at {
                Where::Organization => "in the organization".to_owned(),
                Where::Project(param) => format!("in the project that `{param}` names"),
                Where::Somewhere => "where the change or question lies".to_owned(),
                Where::Home => "in the home organization of the installation".to_owned(),
            };
            format!("Needs `{name}` {place}.")
        }
    }
}

/// One extension only: several would stand in another order each time the document is written.
fn extensions(route: &Route) -> utoipa::openapi::extensions::Extensions {
    let action = match route.need {
        Need::Credential(_) => None,
        Need::Action { action, .. } => operation::name(action),
    };
    ExtensionsBuilder::new().add("x-rolecall-action", action).build()
}

fn path_parameter(name: &str) -> ParameterBuilder {
    let about = match name {
        "user" | "application" | "subject" => "Any identifier, percent-encoded; by number as `~7`.",
        "token" => "The token's key.",
        "assignment" => "The assignment's id.",
        "group" => "The name or opaque id, percent-encoded; by number as `~7`.",
        "organization" => "The organization's name or opaque id.",
        _ => "The name, percent-encoded; by number as `~7`. A name that itself begins with `~` is written `~~…`.",
    };
    let schema = ObjectBuilder::new().schema_type(Type::String);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(about))
        .schema(Some(schema))
}

fn query_parameter(param: &Param) -> ParameterBuilder {
    let schema = match param.value {
        Value::Text => ObjectBuilder::new().schema_type(Type::String),
        Value::Number => ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)),
        Value::Flag => ObjectBuilder::new().schema_type(Type::Boolean),
        Value::Time => ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
        Value::OneOf(known) => ObjectBuilder::new().schema_type(Type::String).enum_values(Some(known.iter().copied())),
    };
    let required = if param.required { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(param.name)
        .parameter_in(ParameterIn::Query)
        .required(required)
        .description(Some(param.about))
        .schema(Some(schema))
}

fn headers(route: &Route) -> Vec<(&'static str, &'static str)> {
    let mut all = vec![
        ("Rolecall-At-Least", "The revision that the answer must include; else 503."),
        ("X-Request-Id", "An id for the logs; made when absent, and echoed."),
    ];
    if route.changes {
        all.push((
            "Idempotency-Key",
            "A key of the caller's choice: the same request with it is carried out once in 24 hours.",
        ));
        if route.path.contains('{') {
            all.push(("If-Match", "The entity tag that the caller read; else 412."));
        }
    } else if matches!(route.answers, Answers::One(_)) {
        all.push(("If-None-Match", "The entity tag that the caller has; if it is the newest, 304."));
    }
    all
}

/// A response with the headers that every answer of the route has.
fn response(route: &Route, about: &str) -> ResponseBuilder {
    let mut response = ResponseBuilder::new()
        .description(about)
        .header("Rolecall-Revision", header("The revision that the answer shows, or that the change made."))
        .header("X-Request-Id", header("The request's id in the logs."));
    if route.changes {
        let about = "`true` when this request was carried out before and is only answered again.";
        response = response.header("Idempotency-Replayed", header(about));
    }
    response
}

fn json(name: impl Into<String>) -> Content {
    Content::new(Some(Ref::from_schema_name(name)))
}

/// Either a thing or, of a dry run, its gains and losses.
fn or_dry_run(name: String) -> Content {
    let dry_run = Ref::from_schema_name(DryRunView::name());
    Content::new(Some(OneOfBuilder::new().item(Ref::from_schema_name(name)).item(dry_run)))
}

fn answers(route: &Route, operation: OperationBuilder) -> OperationBuilder {
    let tag = || header("The revision that last changed the thing.");
    let dry = "With dry_run=true: who would gain and who would lose what.";
    match route.answers {
        Answers::One(shape) => {
            let name = (shape.name)();
            let content = if route.changes { or_dry_run(name) } else { json(name) };
            let mut found = response(route, route.summary).header("ETag", tag()).content("application/json", content);
            if matches!(route.takes, Takes::Stream(_)) {
                found = found.content("application/x-ndjson", Content::new(Some(binary())));
            }
            let operation = operation.response("200", found.build());
            if route.method != Method::Get {
                return operation;
            }
            let same = response(route, "The caller has it already, as If-None-Match says.").header("ETag", tag());
            operation.response("304", same.build())
        }
        Answers::Made(shape) => {
            let made = response(route, "It was made.")
                .header("Location", header("Where it is."))
                .header("ETag", tag())
                .content("application/json", json((shape.name)()));
            let (content, about) = if route.may_be_there {
                (
                    or_dry_run((shape.name)()),
                    "It was there already. With dry_run=true: who would gain and who would lose what.",
                )
            } else {
                (json(DryRunView::name()), dry)
            };
            let other = response(route, about).content("application/json", content);
            operation.response("200", other.build()).response("201", made.build())
        }
        Answers::Page(shape) => {
            let page = response(route, "A page.").content("application/json", json(page_name(&(shape.name)())));
            operation.response("200", page.build())
        }
        Answers::Nothing => {
            let other = response(route, dry).content("application/json", json(DryRunView::name()));
            operation.response("200", other.build()).response("204", response(route, "It is done.").build())
        }
        Answers::Stream(kinds) => {
            let mut stream = response(route, "A stream.");
            for kind in kinds {
                let schema: RefOr<Schema> = if route.path == "/changes" {
                    Ref::from_schema_name(crate::history::FeedView::name()).into()
                } else {
                    binary().into()
                };
                stream = stream.content(*kind, Content::new(Some(schema)));
            }
            operation.response("200", stream.build())
        }
    }
}

fn binary() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
}

fn header(about: &str) -> utoipa::openapi::Header {
    HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).description(Some(about)).build()
}

/// Which problems a route can answer with.
fn possible(route: &Route) -> Vec<u16> {
    let takes = matches!(route.takes, Takes::Json(..));
    let named = route.path.contains('{');
    let paged = matches!(route.answers, Answers::Page(_));
    let usual = |status: u16| match status {
        400 | 401 | 403 | 500 | 503 => true,
        404 => named || matches!(route.answers, Answers::Nothing),
        409 => route.changes || route.plans,
        412 => route.changes && named,
        410 => paged,
        413 | 415 => takes,
        422 => takes || route.changes || !route.params.is_empty(),
        _ => false,
    };
    let may = |status: u16| usual(status) || route.also.contains(&status);
    statuses().into_iter().filter(|status| may(*status)).collect()
}

fn statuses() -> Vec<u16> {
    let mut all: Vec<u16> = CODES.iter().map(|(_, status, ..)| *status).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn problem_response(status: u16) -> Response {
    let of_status = CODES.iter().filter(|(_, own, ..)| *own == status);
    let words: Vec<String> = of_status.map(|(code, _, _, text)| format!("`{code}`: {text}")).collect();
    let response = ResponseBuilder::new()
        .description(words.join("\n\n"))
        .header("X-Request-Id", header("The request's id in the logs."))
        .content("application/problem+json", json(ProblemView::name()));
    let response = match status {
        401 => response.header("WWW-Authenticate", header("How to authenticate: `Bearer`.")),
        429 | 503 => response.header("Retry-After", header("After how many seconds to try again.")),
        _ => response,
    };
    response.build()
}
