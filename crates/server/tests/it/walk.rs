//! Every route of the whole server, called by who may not.

use crate::house::{House, WRONG};
use rolecall_rest::{NOT_DESCRIBED, RouteRow, table};
use rolecall_server::{OWN_ROUTES, openapi};
use std::collections::{BTreeMap, BTreeSet};

/// Routes of the document that need no credential, each with the reason.
const OPEN: [(&str, &str); 1] =
    [("/.well-known/authzen-configuration", "discovery comes before credentials, as OpenID AuthZEN 1.0 says")];

/// What AuthZEN's routes are asked; the place it names is where the right is looked for.
const QUESTION: &str = r#"{"subject": {"type": "user", "id": "root@example.com"}, "action": {"name": "rolecall.users.read"},
    "resource": {"type": "organization", "id": "acme"}}"#;

/// A path with something for each parameter.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "acme" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Method and path of everything that the document describes.
fn described() -> BTreeMap<String, BTreeSet<String>> {
    let document = serde_json::to_value(openapi()).unwrap();
    let verbs = ["get", "post", "put", "patch", "delete"];
    let methods = |item: &serde_json::Value| {
        item.as_object()
            .unwrap()
            .keys()
            .filter(|key| verbs.contains(&key.as_str()))
            .map(|key| key.to_uppercase())
            .collect()
    };
    document["paths"].as_object().unwrap().iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

/// Every path on the router. It shows them only to who debugs it, which is enough for a test.
fn on_the_router(house: &House) -> BTreeSet<String> {
    let shown = format!("{:?}", house.router);
    let paths = shown.split("RouteId(").skip(1).filter_map(|rest| rest.split_once("): \"")?.1.split('"').next());
    // The router keeps its own fallback as a route too.
    paths.filter(|path| path.starts_with('/') && !path.contains("__private__")).map(str::to_owned).collect()
}

fn of_the_api(path: &str, method: &str) -> Option<RouteRow> {
    table().into_iter().find(|row| row.path == path && row.method == method)
}

#[tokio::test]
async fn every_route_is_in_the_api_document_or_in_the_short_list_with_reasons() {
    let house = House::with("none").await;
    let mut known: BTreeSet<String> = described().into_keys().collect();
    let described = known.len();
    for (path, reason) in OWN_ROUTES.iter().chain(NOT_DESCRIBED).chain(rolecall_signin::ROUTES) {
        assert!(reason.len() > 20, "{path} needs a reason");
        assert!(known.insert((*path).to_owned()), "{path} is described and stands in the short list too");
    }
    let served = on_the_router(&house);
    assert!(served.len() > 60 && described > 60, "the router does not show its routes any more: {served:?}");
    let (unknown, missing): (Vec<_>, Vec<_>) =
        (served.difference(&known).collect(), known.difference(&served).collect());
    assert!(unknown.is_empty(), "neither described nor in the short list: {unknown:?}");
    assert!(missing.is_empty(), "described and not served: {missing:?}");
}

#[tokio::test]
async fn the_document_that_is_served_is_the_one_that_is_generated() {
    let house = House::with("none").await;
    let served = house.get("/openapi.json").await.is(200).json();
    assert_eq!(served, serde_json::to_value(openapi()).unwrap());
    let in_table: BTreeSet<(String, String)> =
        table().into_iter().map(|row| (row.path, row.method.to_owned())).collect();
    for (path, methods) in described().into_iter().filter(|(path, _)| path.starts_with("/api/")) {
        for method in methods {
            assert!(in_table.contains(&(path.clone(), method.clone())), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_route_refuses_who_has_no_credential_a_wrong_one_or_too_few_rights() {
    let house = House::with("none").await;
    let nobody = house.nobody().await;
    let revision =
        house.ask("GET", "/api/v1/organization", Some(crate::house::ADMIN), "").await.is(200).json()["revision"]
            .clone();
    for (path, methods) in described() {
        if OPEN.iter().any(|(open, _)| *open == path) {
            house.get(&path).await.is(200);
            continue;
        }
        for method in methods {
            refuses(&house, &method, &path, &nobody).await;
        }
    }
    let after =
        house.ask("GET", "/api/v1/organization", Some(crate::house::ADMIN), "").await.is(200).json()["revision"]
            .clone();
    assert_eq!(revision, after, "a refused request changed something");
}

async fn refuses(house: &House, method: &str, path: &str, nobody: &str) {
    let target = filled(path);
    let row = of_the_api(path, method);
    let body = if row.is_some() { "{}" } else { QUESTION };
    for token in [None, Some(WRONG), Some("rcl_000000000000000000000000000000000000000000000000")] {
        let answer = house.ask(method, &target, token, body).await;
        assert_eq!(answer.status, 401, "{method} {path} with {token:?}: {}", answer.text);
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{method} {path}");
    }
    let answer = house.ask(method, &target, Some(nobody), body).await;
    match row {
        // The reason says what limits the caller instead; here it is only that nothing breaks.
        Some(RouteRow { action: None, reason, .. }) => {
            assert!(reason.len() > 10, "{method} {path} needs a reason");
            assert!(answer.status < 500 && answer.status != 401, "{method} {path}: {} {}", answer.status, answer.text);
        }
        _ => assert!([403, 404].contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.text),
    }
    assert!(!answer.is_no_route(), "{method} {path} is described and not served");
}

#[tokio::test]
async fn every_route_of_the_short_list_answers() {
    let house = House::with("none").await;
    for (path, _) in OWN_ROUTES.iter().chain(NOT_DESCRIBED) {
        let target = path.replace("{code}", "forbidden").replace("{method}", "Check").replace("{*path}", "Users");
        let target = if target == "/unleash/Users" { "/unleash/api/admin/user-admin".to_owned() } else { target };
        let answer = house.get(&target).await;
        let expected = match *path {
            "/metrics" | rolecall_connect::PATH => 401,
            path if rolecall_scim::ROUTES.contains(&path) || rolecall_union::GUARDED.contains(&path) => 401,
            // It has no such method; asked for one that it has, it answers anybody (crates/union/tests).
            rolecall_union::OPEN => 404,
            path if path == rolecall_unleash::ROUTES[2] => 401,
            path if rolecall_unleash::ROUTES.contains(&path) => 404,
            "/setup" => 410,
            _ => 200,
        };
        assert_eq!(answer.status, expected, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn every_page_to_sign_in_refuses_a_form_that_is_not_ours() {
    let house = House::with("none").await;
    for (path, _) in rolecall_signin::ROUTES {
        let target = filled(path);
        let body = "csrf=forged&begun=x&token=x&identifier=x&password=x&return_to=https://evil.example";
        let answer = house.form(&target, body).await;
        assert!([303, 400, 401, 403, 404, 405].contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
        assert!(!answer.header("location").contains("evil"), "{path}");
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_is_said_so_and_changes_nothing() {
    let house = House::with("none").await;
    for path in described().into_keys() {
        let answer = house.ask("TRACE", &filled(&path), Some(crate::house::ADMIN), "").await;
        assert_eq!(answer.status, 405, "{path}: {}", answer.text);
    }
}
