//! Sign-in providers: set up, changed, tried and taken away; and the accounts of users at them.

use crate::house::House;
use serde_json::{Value, json};

fn okta() -> Value {
    json!({"name": "okta", "title": "Okta", "issuer": "https://acme.okta.example", "client_id": "0oa1", "client_secret": "a-client-secret"})
}

fn but(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

#[tokio::test]
async fn a_provider_is_added_read_changed_and_deleted_and_its_secret_never_shown() {
    let house = House::union().await;
    let made = house.post("providers", okta()).await.is(201);
    assert_eq!(made.header("location"), Some("/api/v1/providers/okta"));
    let view = made.json();
    assert_eq!(view["scopes"], json!(["openid", "profile", "email"]));
    assert_eq!(view["group_sync"], json!({"enabled": false, "path": "", "add_groups_scope": false}));
    assert_eq!(
        (&view["active"], &view["create_users"], &view["link_by_email"]),
        (&json!(true), &json!(false), &json!(false))
    );
    let read = house.get("providers/okta").await.is(200);
    let tag = read.header("etag").unwrap().to_owned();
    let changed = house
        .ask("PATCH", "providers/okta")
        .header("if-match", &tag)
        .json(&json!({"title": "Sign-in"}))
        .send()
        .await
        .is(200);
    assert_eq!(changed.json()["title"], "Sign-in");
    let stale = house.ask("PATCH", "providers/okta").header("if-match", &tag).json(&json!({"title": "x"})).send().await;
    stale.refused(412, "changed");
    let secret = house.patch("providers/okta", json!({"client_secret": "another-secret"})).await.is(200);
    assert!(secret.revision() > changed.revision(), "that the secret was replaced is seen");
    house.patch("providers/okta", json!({"client_secret": null})).await.is(200);
    let all = [
        made.text,
        read.text,
        changed.text,
        secret.text,
        house.get("providers").await.text,
        house.get("changes?limit=100").await.text,
        house.get("history?limit=100").await.text,
    ];
    assert!(all.iter().all(|text| !text.contains("a-client-secret") && !text.contains("another-secret")));
    house.delete("providers/okta").await.is(204);
    house.get("providers/okta").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_change_of_a_part_leaves_the_rest() {
    let house = House::union().await;
    house.post("policies", json!({"name": "one"})).await.is(201);
    house.post("roles", json!({"name": "two", "permits": []})).await.is(201);
    let body = but(okta(), "default_policies", json!(["one"]));
    let body = but(body, "default_roles", json!([{"role": "two"}]));
    let body = but(body, "group_sync", json!({"enabled": true, "path": "$.groups"}));
    house.post("providers", body).await.is(201);
    let patch = json!({"default_roles": [], "group_sync": {"add_groups_scope": true}});
    let view = house.patch("providers/okta", patch).await.is(200).json();
    assert_eq!((&view["default_policies"], &view["default_roles"]), (&json!(["one"]), &json!([])));
    assert_eq!(view["group_sync"], json!({"enabled": true, "path": "$.groups", "add_groups_scope": true}));
    let twice = house.patch("providers/okta", json!({"title": "Okta"})).await.is(200);
    assert_eq!(twice.json()["revision"], view["revision"], "nothing has changed");
}

#[tokio::test]
async fn what_cannot_be_is_refused_at_its_field() {
    let house = House::union().await;
    let cases = [
        ("name", json!("Okta One"), "name"),
        ("name", json!("callback"), "name"),
        ("issuer", json!("http://acme.example"), "issuer"),
        ("client_id", json!(""), "client_id"),
        ("client_secret", json!(" "), "client_secret"),
        ("scopes", json!(["a b"]), "scopes[0]"),
        ("default_policies", json!(["nobody's"]), "default_policies[0]"),
        ("default_roles", json!([{"role": "nobody's"}]), "default_roles[0].role"),
        ("group_sync", json!({"enabled": true}), "group_sync.path"),
        ("group_sync", json!({"path": "$.groups["}), "group_sync.path"),
        ("group_sync", json!({"pathh": "$"}), "group_sync.pathh"),
        ("secret", json!("x"), "secret"),
    ];
    for (name, value, field) in cases {
        let answer = house.post("providers", but(okta(), name, value.clone())).await;
        assert_eq!((answer.status, answer.field().as_str()), (422, field), "{name} = {value}: {}", answer.text);
    }
    house.post("providers", okta()).await.is(201);
    house.post("providers", okta()).await.refused(409, "taken");
    house.patch("providers/okta", json!({"name": "x"})).await.refused(422, "invalid");
    house.patch("providers/entra", json!({"title": "x"})).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_dry_run_shows_what_claims_would_come_to() {
    let house = House::union().await;
    let body = but(okta(), "create_users", json!(true));
    house.post("providers", but(body, "group_sync", json!({"enabled": true, "path": "$.groups"}))).await.is(201);
    house.post("groups", json!({"name": "Team", "sso_names": ["TEAM"], "policies": ["Admin"]})).await.is(201);
    let claims =
        json!({"sub": "1", "name": "Grace", "email": "grace@example.com", "email_verified": true, "groups": ["TEAM"]});
    let before = house.get("me").await.revision();
    let view = house.post("providers/okta/dry-run", json!({"claims": claims})).await.is(200).json();
    assert_eq!((&view["who"], &view["groups"], &view["joined"]), (&json!("new"), &json!("names"), &json!(["Team"])));
    assert_eq!(view["user"], json!({"name": "Grace", "email": "grace@example.com"}));
    assert!(view["difference"]["total"].as_u64().unwrap() > 0);
    assert_eq!(house.get("me").await.revision(), before);
    let userinfo = json!({"claims": {"sub": "1"}, "userinfo": {"sub": "1", "groups": []}});
    let view = house.post("providers/okta/dry-run", userinfo).await.is(200).json();
    assert_eq!((&view["groups"], &view["user"]["external_id"]), (&json!("empty"), &json!("okta:1")));
    let root = json!({"claims": {"sub": "1", "email": "root@example.com", "email_verified": true}});
    let view = house.post("providers/okta/dry-run", root).await.is(200).json();
    assert_eq!((&view["who"], &view["reason"]), (&json!("nobody"), &json!("not_linked")));
    house.post("providers/okta/dry-run", json!({"claims": {}})).await.refused(422, "invalid");
    let weak = house.user("weak@example.com", &[]).await;
    house
        .ask("POST", "providers/okta/dry-run")
        .token(&weak)
        .json(&json!({"claims": {"sub": "1"}}))
        .send()
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn a_user_without_accounts_at_providers_has_none_to_unlink() {
    let house = House::union().await;
    house.post("providers", okta()).await.is(201);
    house.user("grace@example.com", &[]).await;
    let view = house.get("users/grace@example.com").await.is(200).json();
    assert_eq!((&view["identities"], view.get("managed")), (&json!([]), None));
    house.delete("users/grace@example.com/identities/okta").await.is(204);
    house.delete("users/grace@example.com/identities/entra").await.refused(404, "not_found");
}
