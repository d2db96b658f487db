//! One's own account: what one may do, one's roles, one's password.

use crate::house::{House, STRONG};
use crate::session::{Browser, OTHER, add, patient, sign_in};
use serde_json::{Value, json};

const ME: &str = "/api/admin/user";

fn permissions(me: &Value) -> Vec<(String, Option<String>, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let all = me["permissions"].as_array().unwrap().iter();
    all.map(|held| (text(&held["permission"]).unwrap(), text(&held["project"]), text(&held["environment"]))).collect()
}

#[tokio::test]
async fn an_administrator_is_shown_one_permission_that_is_all() {
    let house = House::new().await;
    let answer = house.get(ME).await.is(200);
    assert!(answer.header("cache-control").contains("no-store"));
    let me = answer.json();
    assert_eq!(me["permissions"], json!([{"permission": "ADMIN"}]), "keys that do not apply are absent");
    assert_eq!((&me["feedback"], &me["splash"]), (&json!([]), &json!({})));
}

#[tokio::test]
async fn what_one_may_do_is_listed_as_the_roles_have_it_and_where() {
    let house = House::new().await;
    let (_, viewer) = house.user("vic", "Viewer").await;
    assert_eq!(house.get_as(&viewer, ME).await.is(200).json()["permissions"], json!([]));
    let (_, editor) = house.user("eve", "Editor").await;
    let held = permissions(&house.get_as(&editor, ME).await.is(200).json());
    let has = |name: &str, project: Option<&str>| held.iter().any(|(n, p, _)| n == name && p.as_deref() == project);
    assert!(has("CREATE_PROJECT", None) && has("UPDATE_PROJECT", Some("default")));
    assert!(has("CREATE_FEATURE_STRATEGY", Some("default")));
    assert!(!held.iter().any(|(name, ..)| name.starts_with("rolecall.") || name == "PROJECT_SETTINGS_WRITE"));
}

#[tokio::test]
async fn groups_policies_and_environments_count_and_what_the_protocol_cannot_say_is_left_out() {
    let house = House::new().await;
    let (_, token) = house.user("ann", "Viewer").await;
    for project in ["one", "two", "three"] {
        house.rest("POST", "/projects", json!({"name": project})).await.is(201);
    }
    house
        .rest(
            "POST",
            "/roles",
            json!({"name": "Doer", "description": "", "permits": [
                {"action": "CREATE_FEATURE"}, {"action": "UPDATE_FEATURE_ENVIRONMENT"},
            ]}),
        )
        .await
        .is(201);
    house
        .rest(
            "POST",
            "/groups",
            json!({"name": "crew", "members": ["ann"], "roles": [{"role": "Doer", "project": "one"}]}),
        )
        .await
        .is(201);
    let narrow = json!({"subject": "ann", "role": "Doer", "project": "two", "environment": "production"});
    house.rest("POST", "/assignments", narrow).await.is(201);
    let over = json!({"subject": "ann", "role": "Doer", "project": "three", "from": "2090-01-01T00:00:00Z"});
    house.rest("POST", "/assignments", over).await.is(201);
    let held = permissions(&house.get_as(&token, ME).await.is(200).json());
    let text = |text: &str| text.to_owned();
    let expected = [
        (text("CREATE_FEATURE"), Some(text("one")), None),
        (text("UPDATE_FEATURE_ENVIRONMENT"), Some(text("one")), None),
        (text("UPDATE_FEATURE_ENVIRONMENT"), Some(text("two")), Some(text("production"))),
    ];
    assert_eq!(held.len(), expected.len(), "{held:?}");
    assert!(expected.iter().all(|one| held.contains(one)), "{held:?}");
    for (name, project, environment) in expected {
        let environment = environment.unwrap_or_else(|| "development".to_owned());
        assert!(house.decides("user", "ann", &name, &project.unwrap(), &environment).await, "AuthZEN says the same");
    }
    house.rest("PATCH", "/users/ann", json!({"active": false})).await.is(200);
    house.get_as(&token, ME).await.refused(401, "UnauthorizedError");
}

#[tokio::test]
async fn a_token_that_narrows_lists_no_more_than_it_lets_one_do() {
    let house = House::new().await;
    house.user("eve", "Editor").await;
    let narrow = json!({"subject": "eve", "name": "narrow", "actions": ["CREATE_FEATURE"]});
    let token = house.rest("POST", "/tokens", narrow).await.is(201).json()["token"].as_str().unwrap().to_owned();
    let held = permissions(&house.get_as(&token, ME).await.is(200).json());
    assert_eq!(held, [("CREATE_FEATURE".to_owned(), Some("default".to_owned()), None)]);
}

#[tokio::test]
async fn a_profile_has_the_root_role_and_the_projects_one_has_to_do_with() {
    let house = House::new().await;
    let (_, token) = house.user("ann", "Editor").await;
    house.ask_as(&token, "POST", "/api/admin/projects", json!({"id": "mine", "name": "Mine"})).await.is(201);
    let profile = house.get_as(&token, "/api/admin/user/profile").await.is(200).json();
    assert_eq!((profile["rootRole"]["name"].as_str(), &profile["projects"]), (Some("Editor"), &json!(["mine"])));
    assert_eq!(profile["rootRole"]["type"], "root");
    assert!(profile["subscriptions"].is_array() && profile["features"].is_array());
    house.get("/api/admin/user/profile").await.refused(400, "BadDataError");
    house.get("/api/admin/user/tokens").await.refused(403, "ForbiddenError");
}

#[tokio::test]
async fn the_roles_of_a_project_are_the_root_role_and_those_there() {
    let house = House::new().await;
    let (_, token) = house.user("ann", "Viewer").await;
    house.rest("POST", "/assignments", json!({"subject": "ann", "role": "Member", "project": "default"})).await.is(201);
    let names = async |project: &str| {
        let body = house.get_as(&token, &format!("/api/admin/user/roles?projectId={project}")).await.is(200).json();
        body["roles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|role| role["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("default").await, ["Viewer", "Member"]);
    assert_eq!(names("nothing").await, ["Viewer"]);
    house.get_as(&token, "/api/admin/user/roles").await.bare(400);
}

#[tokio::test]
async fn ones_own_password_needs_the_old_one_and_ends_the_other_sessions() {
    let house = patient().await;
    add(&house, "ada", "Viewer").await;
    let browser = Browser::new(&house, "ada", STRONG).await;
    let other = Browser::new(&house, "ada", STRONG).await;
    let path = "/api/admin/user/change-password";
    let body =
        |new: &str, again: &str, old: &str| json!({"password": new, "confirmPassword": again, "oldPassword": old});
    browser.ask(&house, "POST", path, body(OTHER, STRONG, STRONG)).await.bare(400);
    browser.ask(&house, "POST", path, body(OTHER, OTHER, "wrong")).await.refused(401, "PasswordMismatch");
    browser.ask(&house, "POST", path, body("weak", "weak", STRONG)).await.refused(400, "OwaspValidationError");
    browser.ask(&house, "POST", path, body(STRONG, STRONG, STRONG)).await.refused(400, "PasswordPreviouslyUsedError");
    assert!(other.counts(&house).await, "nothing has happened yet");
    browser.ask(&house, "POST", path, body(OTHER, OTHER, STRONG)).await.bare(200);
    assert!(browser.counts(&house).await && !other.counts(&house).await);
    sign_in(&house, "ada", STRONG).await.refused(401, "PasswordMismatch");
    sign_in(&house, "ada", OTHER).await.is(200);
    browser.ask(&house, "POST", path, body(STRONG, STRONG, OTHER)).await.refused(400, "PasswordPreviouslyUsedError");
}
