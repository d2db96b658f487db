//! Unleash's Admin API, as far as it is about who may do what: users, service accounts, roles, groups, projects and who
//! has access to them, under `/unleash`. Programs written for it, the Terraform provider among them, find the documented
//! paths, fields, statuses and errors here. One file for each noun: from the wire to a command, from the state to the wire.
//!
//! Not here: rules (`rolecall-model`), who may do what (`rolecall-service`), and what belongs to the product behind it
//! (flags, strategies, segments, client tokens), which asks for decisions over AuthZEN by the same permission names.

mod answer;
mod call;
mod date;
mod door;
mod environment;
mod fault;
mod gate;
mod group;
mod inactive;
mod kept;
mod link;
mod me;
mod number;
mod oidc;
mod overview;
mod password;
mod permission;
mod project;
mod reset;
mod role;
mod saml;
mod scim;
mod service_account;
mod settings;
mod sign_in;
mod sign_up;
mod simple;
mod token;
mod user;
mod visitor;

use answer::Reply;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post, put};
use door::App;
use fault::Fault;
use rolecall_service::Service;
use std::net::IpAddr;
use std::sync::Arc;
use tower::ServiceExt;

/// Under which path everything lies.
pub const PATH: &str = "/unleash";

/// Its routes, as a router shows them.
pub const ROUTES: [&str; 3] = ["/unleash", "/unleash/", "/unleash/{*path}"];

/// What the routes need to know of the server around them.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Whether browsers reach the server by https, as its public URL says.
    pub secure: bool,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpAddr>,
}

/// The routes under `/unleash`. `public_url` is the address by which others reach this server.
pub fn router(service: Service, public_url: &str, settings: Settings) -> Router {
    let app = Arc::new(App::new(service, public_url, settings));
    let inside = routes(app);
    let serve = move |request: Request| {
        let inside = inside.clone();
        async move { enter(inside, request).await }
    };
    ROUTES.into_iter().fold(Router::new(), |router, path| router.route(path, any(serve.clone())))
}

/// Everything inside, without the path under which it lies.
fn routes(app: Arc<App>) -> Router {
    Router::new()
        .nest("/api/admin", nouns())
        .merge(own())
        .fallback(nothing_here)
        .method_not_allowed_fallback(nothing_here)
        .with_state(app)
}

/// The routes of what is managed.
fn nouns() -> Router<Arc<App>> {
    Router::new()
        .route("/user-admin", get(user::list).post(user::create))
        .route("/user-admin/search", get(user::search))
        .route("/user-admin/access", get(user::access))
        .route("/user-admin/admin-count", get(user::admin_count))
        .route("/user-admin/{id}", get(user::get).put(user::update).delete(user::delete))
        .route("/user-admin/{id}/permissions", get(user::permissions))
        .route("/permissions", get(permission::list))
        .route("/roles", get(role::list).post(role::create))
        .route("/roles/validate", post(role::validate))
        .route("/roles/{id}", get(role::get).put(role::update).delete(role::delete))
        .route("/access/overview", get(overview::overview))
        .route("/groups", get(group::list).post(group::create))
        .route("/groups/scim-groups", delete(group::delete_managed))
        .route("/groups/{id}", get(group::get).put(group::update).delete(group::delete))
        .route("/service-account", get(service_account::list).post(service_account::create))
        .route("/service-account/{id}", put(service_account::update).delete(service_account::delete))
        .route("/service-account/{id}/permissions", get(service_account::permissions))
        .route("/environments", get(environment::list).post(environment::create))
        .route("/environments/validate", post(environment::validate))
        .route("/environments/sort-order", put(environment::sort))
        .route("/environments/update/{name}", put(environment::update))
        .route("/environments/project/{projectId}", get(project::list_environments))
        .route("/environments/{name}", get(environment::get).delete(environment::delete))
        .route("/environments/{name}/clone", post(environment::clone))
        .route("/environments/{name}/on", post(environment::on))
        .route("/environments/{name}/off", post(environment::off))
        .merge(projects())
}

/// The routes of projects and of access to them.
fn projects() -> Router<Arc<App>> {
    Router::new()
        .route("/projects", get(project::list).post(project::create))
        .route("/projects/validate", post(project::validate))
        .route("/projects/archive/{projectId}", post(project::archive))
        .route("/projects/revive/{projectId}", post(project::revive))
        .route("/projects/roles/{roleId}/access", get(role::usage))
        .route("/projects/{projectId}", put(project::update).delete(project::delete))
        .route("/projects/{projectId}/settings", put(project::set))
        .route("/projects/{projectId}/access", get(project::access).post(project::add_access).put(project::set_access))
        .route(
            "/projects/{projectId}/users/{userId}/roles",
            put(project::set_user_roles).delete(project::end_user_roles),
        )
        .route(
            "/projects/{projectId}/groups/{groupId}/roles",
            put(project::set_group_roles).delete(project::end_group_roles),
        )
        .route("/projects/{projectId}/environments", post(project::add_environment))
        .route("/projects/{projectId}/environments/{environment}", delete(project::remove_environment))
        .route("/projects/{projectId}/change-requests/config", get(project::change_requests))
        .route(
            "/projects/{projectId}/environments/{environment}/change-requests/config",
            put(project::set_change_requests),
        )
}

/// Signing in, one's own account, links, tokens, and how people sign in.
fn own() -> Router<Arc<App>> {
    let all = [
        sign_in::routes(),
        me::routes(),
        token::routes(),
        password::routes(),
        reset::routes(),
        sign_up::routes(),
        inactive::routes(),
        oidc::routes(),
        saml::routes(),
        simple::routes(),
        scim::routes(),
    ];
    all.into_iter().fold(Router::new(), Router::merge)
}

/// Hands a request on to the routes inside, which see the path as the protocol has it.
async fn enter(inside: Router, mut request: Request) -> Response {
    let rest = inside_path(request.uri());
    match rest.parse() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return Fault::no_such_path(&rest).into_response(),
    }
    let Ok(mut response) = inside.oneshot(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The path and query as the protocol has them; a slash at the end of the path makes no difference.
fn inside_path(uri: &Uri) -> String {
    let path = uri.path().strip_prefix(PATH).unwrap_or(uri.path()).trim_matches('/');
    uri.query().map_or_else(|| format!("/{path}"), |query| format!("/{path}?{query}"))
}

/// The answer for a path that is not there: under the API to those who may come in, elsewhere to everybody.
async fn nothing_here(State(app): State<Arc<App>>, request: Request) -> Reply {
    let path = request.uri().path().to_owned();
    if path.starts_with("/api/") {
        let (parts, _) = request.into_parts();
        app.enter(&parts).await?;
    }
    Err(Fault::no_such_path(&path))
}
