//! How people sign in, as the protocol's settings have it.

use crate::house::House;
use serde_json::{Value, json};

const OIDC: &str = "/api/admin/auth/oidc/settings";
const SAML: &str = "/api/admin/auth/saml/settings";

fn oidc() -> Value {
    json!({
        "enabled": true, "discoverUrl": "https://idp.example.com/.well-known/openid-configuration", "clientId": "cid",
        "secret": "s3-cr3t", "autoCreate": true, "defaultRootRoleId": 3, "enableGroupSyncing": true,
        "groupJsonPath": "groups", "addGroupsScope": true, "emailDomains": "Example.com, other.example",
        "acrValues": "urn:x", "idTokenSigningAlgorithm": "RS512", "enablePkce": true, "enableSingleSignOut": true,
    })
}

#[tokio::test]
async fn settings_that_were_never_set_are_off() {
    let house = House::new().await;
    for path in [OIDC, SAML] {
        assert_eq!(house.get(path).await.is(200).json(), json!({"enabled": false}));
    }
    assert_eq!(house.get("/api/admin/auth/simple/settings").await.is(200).json(), json!({"disabled": false}));
    assert_eq!(
        house.get("/api/admin/scim-settings").await.is(200).json(),
        json!({"enabled": false, "hasToken": false})
    );
}

#[tokio::test]
async fn the_settings_of_openid_connect_come_back_as_they_were_sent_and_are_our_provider() {
    let house = House::new().await;
    assert_eq!(house.ask("POST", OIDC, oidc()).await.is(200).json(), oidc());
    assert_eq!(house.get(OIDC).await.is(200).json(), oidc());
    let provider = house.rest("GET", "/providers/oidc", Value::Null).await.is(200).json();
    assert_eq!(
        (provider["issuer"].as_str(), provider["client_id"].as_str()),
        (Some("https://idp.example.com"), Some("cid"))
    );
    assert_eq!(
        (&provider["email_domains"], &provider["active"]),
        (&json!(["example.com", "other.example"]), &json!(true))
    );
    assert_eq!(provider["group_sync"], json!({"enabled": true, "path": "$.groups", "add_groups_scope": true}));
    assert_eq!(
        (provider["create_users"].as_bool(), provider["default_roles"][0]["role"].as_str()),
        (Some(true), Some("Viewer"))
    );
    let before = house.revision().await;
    house.ask("POST", OIDC, oidc()).await.is(200);
    assert_eq!(house.revision().await, before, "the same again is no change");
    let history = house.rest("GET", "/history?limit=100", Value::Null).await.is(200).text;
    assert!(!history.contains("s3-cr3t"), "a secret is in no entry");
}

#[tokio::test]
async fn the_provider_is_switched_off_with_blanks_and_on_again() {
    let house = House::new().await;
    let blanks = json!({"enabled": false, "clientId": " ", "secret": " "});
    house.ask("POST", OIDC, blanks.clone()).await.is(200);
    assert_eq!(house.get(OIDC).await.json()["enabled"], false, "there was none");
    house.ask("POST", OIDC, oidc()).await.is(200);
    house.ask("POST", OIDC, blanks).await.is(200);
    let off = house.get(OIDC).await.is(200).json();
    assert_eq!((off["enabled"].as_bool(), off.get("secret")), (Some(false), None));
    assert_eq!(house.rest("GET", "/providers/oidc", Value::Null).await.json()["active"], false);
    house.ask("POST", OIDC, oidc()).await.is(200);
    assert_eq!(house.get(OIDC).await.json(), oidc());
}

#[tokio::test]
async fn what_is_changed_elsewhere_is_shown_here() {
    let house = House::new().await;
    house.ask("POST", OIDC, oidc()).await.is(200);
    let patch =
        json!({"client_id": "other", "active": false, "create_users": false, "group_sync": {"path": "$.teams"}});
    house.rest("PATCH", "/providers/oidc", patch).await.is(200);
    let shown = house.get(OIDC).await.json();
    assert_eq!((shown["clientId"].as_str(), shown["enabled"].as_bool()), (Some("other"), Some(false)));
    assert_eq!((shown["autoCreate"].as_bool(), shown["groupJsonPath"].as_str()), (Some(false), Some("$.teams")));
    assert_eq!(shown["discoverUrl"], oidc()["discoverUrl"]);
}

#[tokio::test]
async fn an_issuer_that_ends_in_a_slash_is_put_right_once_and_stays_so() {
    let house = House::new().await;
    house.ask("POST", OIDC, oidc()).await.is(200);
    house.rest("PATCH", "/providers/oidc", json!({"issuer": "https://idp.example.com/"})).await.is(200);
    assert_eq!(house.get(OIDC).await.json(), oidc(), "clients see what they sent");
    house.ask("POST", OIDC, oidc()).await.is(200);
    assert_eq!(house.rest("GET", "/providers/oidc", Value::Null).await.json()["issuer"], "https://idp.example.com/");
}

#[tokio::test]
async fn settings_that_switch_something_on_are_whole() {
    let house = House::new().await;
    let before = house.revision().await;
    for (name, value) in [
        ("clientId", json!(" ")),
        ("secret", Value::Null),
        ("discoverUrl", json!("")),
        ("discoverUrl", json!("http://idp.example.com")),
        ("defaultRootRoleId", json!(4)),
        ("defaultRootRoleId", json!(999)),
        ("defaultRootRoleId", json!(1.5)),
        ("groupJsonPath", json!("$.[")),
        ("emailDomains", json!("no domain")),
        ("idTokenSigningAlgorithm", json!("none")),
        ("enabled", json!("yes")),
        ("autoCreate", json!(1)),
        ("clientId", json!(7)),
    ] {
        let mut body = oidc();
        body[name] = value;
        let refused = house.ask("POST", OIDC, body).await.refused(400, "BadDataError");
        assert_eq!(refused["details"][0]["path"], format!("/body/{name}"), "{refused}");
    }
    for name in ["entityId", "signOnUrl", "certificate"] {
        let mut body = json!({"enabled": true, "entityId": "urn:x", "signOnUrl": "https://idp.example.com", "certificate": "MIIC"});
        body[name] = json!(" ");
        house.ask("POST", SAML, body).await.refused(400, "BadDataError");
    }
    assert_eq!(house.revision().await, before);
    assert_eq!(house.get(OIDC).await.json(), json!({"enabled": false}));
}

#[tokio::test]
async fn a_default_role_is_the_one_of_the_id_then_of_the_name_then_editor() {
    let house = House::new().await;
    let role = async |id: Value, name: Value| {
        let mut body = oidc();
        (body["defaultRootRoleId"], body["defaultRootRole"]) = (id, name);
        house.ask("POST", OIDC, body).await.is(200);
        house.rest("GET", "/providers/oidc", Value::Null).await.json()["default_roles"][0]["role"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(role(json!(3.0), json!("Admin")).await, "Viewer");
    assert_eq!(role(json!(0), json!("Admin")).await, "Admin", "0 is how clients say that there is none");
    assert_eq!(role(Value::Null, Value::Null).await, "Editor");
}

#[tokio::test]
async fn the_settings_of_saml_are_kept_and_sign_nobody_in() {
    let house = House::new().await;
    let body = json!({
        "enabled": true, "entityId": "urn:x", "signOnUrl": "https://idp.example.com/sso", "certificate": "MIIC",
        "spCertificate": "a private key", "autoCreate": false, "defaultRootRoleId": 3, "enableGroupSyncing": true, "groupJsonPath": "groups",
    });
    let before = house.revision().await;
    assert_eq!(house.ask("POST", SAML, body.clone()).await.is(200).json(), body);
    assert_eq!(house.get(SAML).await.json(), body);
    assert_eq!(house.revision().await, before, "nothing of the organization has changed");
    assert_eq!(house.rest("GET", "/providers", Value::Null).await.json()["items"], json!([]));
    house.ask("POST", SAML, json!({"enabled": false})).await.is(200);
    assert_eq!(house.get(SAML).await.json(), json!({"enabled": false}));
    let told = house.history_of(&["settings_kept"]).await;
    assert!(!told.contains("a private key"));
}

#[tokio::test]
async fn scim_is_on_while_it_has_a_token_and_a_new_token_ends_the_old() {
    let house = House::new().await;
    let path = "/api/admin/scim-settings";
    assert_eq!(
        house.ask("POST", path, json!({"enabled": true})).await.is(200).json(),
        json!({"enabled": true, "hasToken": false})
    );
    let token = async || {
        let made = house.ask("POST", &format!("{path}/generate-new-token"), json!({})).await.is(200).json();
        made["token"].as_str().unwrap().to_owned()
    };
    let first = token().await;
    assert_eq!(house.get(path).await.json(), json!({"enabled": true, "hasToken": true}));
    assert_eq!(house.scim_counts(&first).await, 200);
    let second = token().await;
    assert_eq!((house.scim_counts(&first).await, house.scim_counts(&second).await), (401, 200));
    assert_eq!(
        house.ask("POST", path, json!({"enabled": false})).await.is(200).json(),
        json!({"enabled": false, "hasToken": false})
    );
    assert_eq!(house.scim_counts(&second).await, 401);
    assert_eq!(house.get(path).await.json(), json!({"enabled": false, "hasToken": false}));
}

#[tokio::test]
async fn settings_need_the_permission_of_their_own_or_administration() {
    let house = House::new().await;
    let (_, viewer) = house.user("vic", "Viewer").await;
    let (_, keeper) = house.user("kim", "Viewer").await;
    let role = json!({"name": "Keeper", "type": "root-custom", "permissions": [{"name": "UPDATE_AUTH_CONFIGURATION"}]});
    let role = house.ask("POST", "/api/admin/roles", role).await.is(200).json()["roles"]["id"].clone();
    let id = house.get_as(&keeper, "/api/admin/user").await.json()["user"]["id"].clone();
    house.ask("PUT", &format!("/api/admin/user-admin/{id}"), json!({"rootRole": role})).await.is(200);
    for path in [OIDC, SAML, "/api/admin/auth/simple/settings", "/api/admin/scim-settings"] {
        for method in ["GET", "POST"] {
            let refused = house.ask_as(&viewer, method, path, Value::Null).await.refused(403, "PermissionError");
            assert_eq!(refused["permissions"], json!(["ADMIN", "UPDATE_AUTH_CONFIGURATION"]));
        }
        house.get_as(&keeper, path).await.is(200);
    }
    let mut body = oidc();
    // Nobody lets new users be more than oneself is.
    body["defaultRootRoleId"] = json!(2);
    house.ask_as(&keeper, "POST", OIDC, body).await.refused(403, "InvalidOperationError");
    house.ask_as(&keeper, "POST", OIDC, oidc()).await.is(200);
    assert_eq!(house.rest("GET", "/providers/oidc", Value::Null).await.json()["link_by_email"], false);
    house
        .ask_as(&keeper, "POST", "/api/admin/scim-settings/generate-new-token", Value::Null)
        .await
        .refused(403, "InvalidOperationError");
}
