//! Service accounts: applications by another name.

use crate::house::House;
use serde_json::{Value, json};

const ACCOUNTS: &str = "/api/admin/service-account";

#[tokio::test]
async fn a_service_account_has_its_root_role_in_every_answer() {
    let house = House::new().await;
    let body = json!({"username": "bot", "name": "Bot", "rootRole": 2});
    let made = house.ask("POST", ACCOUNTS, body.clone()).await.is(201).json();
    assert_eq!((&made["username"], &made["name"], &made["rootRole"]), (&json!("bot"), &json!("Bot"), &json!(2)));
    assert!(made["id"].as_u64().unwrap() < 1 << 24);
    house.ask("POST", ACCOUNTS, body).await.refused(409, "NameExistsError");
    let path = format!("{ACCOUNTS}/{}", made["id"]);
    // The provider sends old values back.
    let body = json!({"username": "bot", "name": "Bot 2", "rootRole": 2.0});
    let changed = house.ask("PUT", &path, body).await.is(200).json();
    assert_eq!((&changed["name"], &changed["rootRole"]), (&json!("Bot 2"), &json!(2)));
    let changed = house.ask("PUT", &path, json!({"rootRole": 3})).await.is(200).json();
    assert_eq!((&changed["name"], &changed["rootRole"]), (&json!("Bot 2"), &json!(3)));
    let list = house.get(ACCOUNTS).await.is(200).json();
    let accounts = list["serviceAccounts"].as_array().unwrap();
    let bot = accounts.iter().find(|one| one["username"] == "bot").unwrap();
    assert_eq!((&bot["rootRole"], &bot["tokens"]), (&json!(3), &json!([])));
    assert_eq!(list["rootRoles"].as_array().unwrap().len(), 3);
    house.ask("DELETE", &path, Value::Null).await.bare(200);
    house.ask("DELETE", &path, Value::Null).await.refused(404, "NotFoundError");
}

#[tokio::test]
async fn what_is_missing_or_odd_is_refused() {
    let house = House::new().await;
    for body in [
        json!({"username": "bot", "name": "Bot"}),
        json!({"username": "bot", "rootRole": 3}),
        json!({"name": "Bot", "rootRole": 3}),
        json!({"username": "", "name": "Bot", "rootRole": 3}),
        json!({"username": "bot", "name": "Bot", "rootRole": 4}),
        json!({"username": "bot", "name": "Bot", "rootRole": 999}),
    ] {
        house.ask("POST", ACCOUNTS, body).await.refused(400, "BadDataError");
    }
    let (uma, token) = house.user("uma", "Editor").await;
    house.ask("PUT", &format!("{ACCOUNTS}/{uma}"), json!({"name": "x"})).await.refused(404, "NotFoundError");
    house.ask("DELETE", &format!("{ACCOUNTS}/{uma}"), Value::Null).await.refused(404, "NotFoundError");
    house.ask("PUT", &format!("{ACCOUNTS}/x"), json!({"name": "x"})).await.refused(400, "BadDataError");
    house.get_as(&token, ACCOUNTS).await.refused(403, "PermissionError");
}

#[tokio::test]
async fn a_service_account_follows_the_rules_of_users() {
    let house = House::new().await;
    let bot =
        house.ask("POST", ACCOUNTS, json!({"username": "bot", "name": "Bot", "rootRole": 2})).await.is(201).json();
    let path = format!("{ACCOUNTS}/{}/permissions?project=default&environment=production", bot["id"]);
    let body = house.get(&path).await.is(200).json();
    for (kind, project, environment) in
        [("root", "", ""), ("project", "default", ""), ("environment", "default", "production")]
    {
        for one in body["overview"][kind].as_array().unwrap() {
            let decided =
                house.decides("application", "bot", one["name"].as_str().unwrap(), project, environment).await;
            assert_eq!(one["hasPermission"], decided, "{one}");
        }
    }
    assert_eq!(
        (&body["rootRole"]["name"], &body["user"]["accountType"]),
        (&json!("Editor"), &json!("Service Account"))
    );
}
