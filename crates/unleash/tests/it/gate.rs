//! Every route of the API, called by nobody and by a viewer: the refusal comes before ids are looked for and bodies read.

use crate::house::House;
use serde_json::{Value, json};

const ADMIN: &[&str] = &["ADMIN"];
const READ_ROLE: &[&str] = &["READ_ROLE", "ADMIN"];
const CREATE_PROJECT: &[&str] = &["CREATE_PROJECT"];
const UPDATE: &[&str] = &["UPDATE_PROJECT"];
const SETTINGS: &[&str] = &["UPDATE_PROJECT", "PROJECT_SETTINGS_WRITE"];
const ACCESS_READ: &[&str] = &["UPDATE_PROJECT", "PROJECT_USER_ACCESS_READ"];
const ACCESS_WRITE: &[&str] = &["UPDATE_PROJECT", "PROJECT_USER_ACCESS_WRITE"];
const REQUESTS_READ: &[&str] = &["UPDATE_PROJECT", "PROJECT_CHANGE_REQUEST_READ"];
const REQUESTS_WRITE: &[&str] = &["UPDATE_PROJECT", "PROJECT_CHANGE_REQUEST_WRITE"];
const DELETE: &[&str] = &["DELETE_PROJECT"];

/// Routes that need a permission, with those of which one will do. Neither the ids nor the body are anything.
const GUARDED: [(&str, &str, &[&str]); 64] = [
    ("GET", "user-admin", ADMIN),
    ("POST", "user-admin", ADMIN),
    ("GET", "user-admin/x", ADMIN),
    ("PUT", "user-admin/x", ADMIN),
    ("DELETE", "user-admin/x", ADMIN),
    ("GET", "user-admin/admin-count", ADMIN),
    ("GET", "user-admin/x/permissions", ADMIN),
    ("POST", "user-admin/x/change-password", ADMIN),
    ("POST", "user-admin/reset-password", ADMIN),
    ("GET", "user-admin/inactive", ADMIN),
    ("POST", "user-admin/inactive/delete", ADMIN),
    ("DELETE", "user-admin/scim-users", ADMIN),
    ("GET", "invite-link/tokens", ADMIN),
    ("POST", "invite-link/tokens", ADMIN),
    ("GET", "invite-link/tokens/x", ADMIN),
    ("PUT", "invite-link/tokens/x", ADMIN),
    ("GET", "roles", READ_ROLE),
    ("GET", "roles/x", READ_ROLE),
    ("GET", "projects/roles/x/access", READ_ROLE),
    ("POST", "roles", ADMIN),
    ("PUT", "roles/x", ADMIN),
    ("DELETE", "roles/x", ADMIN),
    ("POST", "roles/validate", ADMIN),
    ("GET", "access/overview", ADMIN),
    ("GET", "groups", ADMIN),
    ("POST", "groups", ADMIN),
    ("GET", "groups/x", ADMIN),
    ("PUT", "groups/x", ADMIN),
    ("DELETE", "groups/x", ADMIN),
    ("DELETE", "groups/scim-groups", ADMIN),
    ("POST", "projects", CREATE_PROJECT),
    ("POST", "projects/validate", CREATE_PROJECT),
    ("PUT", "projects/x", SETTINGS),
    ("PUT", "projects/x/settings", UPDATE),
    ("DELETE", "projects/x", DELETE),
    ("POST", "projects/archive/x", DELETE),
    ("POST", "projects/revive/x", DELETE),
    ("GET", "projects/x/access", ACCESS_READ),
    ("POST", "projects/x/access", ACCESS_WRITE),
    ("PUT", "projects/x/access", ACCESS_WRITE),
    ("PUT", "projects/x/users/x/roles", ACCESS_WRITE),
    ("DELETE", "projects/x/users/x/roles", ACCESS_WRITE),
    ("PUT", "projects/x/groups/x/roles", ACCESS_WRITE),
    ("DELETE", "projects/x/groups/x/roles", ACCESS_WRITE),
    ("POST", "projects/x/environments", UPDATE),
    ("DELETE", "projects/x/environments/x", UPDATE),
    ("GET", "projects/x/change-requests/config", REQUESTS_READ),
    ("PUT", "projects/x/environments/x/change-requests/config", REQUESTS_WRITE),
    ("GET", "service-account", ADMIN),
    ("POST", "service-account", ADMIN),
    ("PUT", "service-account/x", ADMIN),
    ("DELETE", "service-account/x", ADMIN),
    ("GET", "service-account/x/token", ADMIN),
    ("POST", "service-account/x/token", ADMIN),
    ("DELETE", "service-account/x/token/x", ADMIN),
    ("GET", "service-account/x/permissions", ADMIN),
    ("POST", "environments", ADMIN),
    ("PUT", "environments/update/x", ADMIN),
    ("PUT", "environments/sort-order", ADMIN),
    ("POST", "environments/validate", ADMIN),
    ("POST", "environments/x/on", ADMIN),
    ("POST", "environments/x/off", ADMIN),
    ("POST", "environments/x/clone", ADMIN),
    ("DELETE", "environments/x", ADMIN),
];

/// Routes that anybody who has signed in may call, with what a viewer is answered.
const OPEN: [(&str, &str, u16); 10] = [
    ("GET", "user", 200),
    ("GET", "user/profile", 200),
    ("GET", "user/roles?projectId=default", 200),
    ("GET", "user/tokens", 200),
    ("GET", "user-admin/search?q=root", 200),
    ("GET", "user-admin/access", 200),
    ("GET", "permissions", 200),
    ("GET", "projects", 200),
    ("GET", "environments", 200),
    ("GET", "environments/project/default", 200),
];

/// A body that no route takes, for the methods that have one.
fn nonsense(method: &str) -> Value {
    if ["POST", "PUT"].contains(&method) { json!(["nonsense"]) } else { Value::Null }
}

#[tokio::test]
async fn who_lacks_the_permission_is_told_which_before_anything_else_is_looked_at() {
    let house = House::new().await;
    let (_, viewer) = house.user("viewer", "Viewer").await;
    let revision = house.revision().await;
    for (method, path, names) in GUARDED {
        let path = format!("/api/admin/{path}");
        let refused = house.ask_as(&viewer, method, &path, nonsense(method)).await.refused(403, "PermissionError");
        assert_eq!(refused["permissions"], json!(names), "{method} {path}");
        let message = refused["message"].as_str().unwrap();
        assert!(names.iter().all(|name| message.contains(&format!("\"{name}\""))), "{message}");
    }
    assert_eq!(house.revision().await, revision, "a refused call changed something");
}

#[tokio::test]
async fn every_route_asks_first_who_calls() {
    let house = House::new().await;
    let guarded = GUARDED.into_iter().map(|(method, path, _)| (method, path));
    for (method, path) in guarded.chain(OPEN.into_iter().map(|(method, path, _)| (method, path))) {
        let path = format!("/api/admin/{path}");
        house.visit(method, &path, nonsense(method)).await.refused(401, "AuthenticationRequired");
        house.ask_as("never-given-out", method, &path, nonsense(method)).await.refused(401, "UnauthorizedError");
    }
}

#[tokio::test]
async fn whoever_has_signed_in_reads_what_is_open() {
    let house = House::new().await;
    let (_, viewer) = house.user("viewer", "Viewer").await;
    for (method, path, status) in OPEN {
        house.ask_as(&viewer, method, &format!("/api/admin/{path}"), nonsense(method)).await.is(status);
    }
}
