//! Groups: a full replacement that keeps who stays, or nothing at all.

use crate::house::House;
use serde_json::{Value, json};

const GROUPS: &str = "/api/admin/groups";

fn members(ids: &[u64]) -> Value {
    ids.iter().map(|id| json!({"user": {"id": id}})).collect()
}

async fn made(house: &House, body: Value) -> u64 {
    house.ask("POST", GROUPS, body).await.is(201).json()["id"].as_u64().unwrap()
}

#[tokio::test]
async fn members_and_mappings_come_back_in_the_order_they_were_sent() {
    let house = House::new().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(house.user(name, "Viewer").await.0);
    }
    ids.rotate_left(1);
    let body = json!({"name": "g", "description": "d", "mappingsSSO": ["z", "a", "m"], "rootRole": 3.0, "users": members(&ids)});
    let made = house.ask("POST", GROUPS, body).await.is(201).json();
    assert!(made.get("users").is_none(), "{made}");
    assert_eq!((&made["rootRole"], &made["mappingsSSO"]), (&json!(3), &json!(["z", "a", "m"])));
    let path = format!("{GROUPS}/{}", made["id"]);
    let shown = |group: &Value| -> Vec<u64> {
        group["users"].as_array().unwrap().iter().map(|one| one["user"]["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(shown(&house.get(&path).await.is(200).json()), ids);
    ids.reverse();
    let body = json!({"name": "g", "mappingsSSO": ["m", "z"], "users": members(&ids)});
    house.ask("PUT", &path, body).await.is(200);
    let group = house.get(&path).await.is(200).json();
    assert_eq!(shown(&group), ids);
    assert_eq!(
        (&group["mappingsSSO"], &group["description"], &group["rootRole"]),
        (&json!(["m", "z"]), &json!(""), &json!(null))
    );
}

#[tokio::test]
async fn who_stays_keeps_since_when_and_by_whom_and_the_same_once_more_is_no_change() {
    let house = House::new().await;
    let (a, _) = house.user("a", "Viewer").await;
    let (b, _) = house.user("b", "Viewer").await;
    let id = made(&house, json!({"name": "g", "users": members(&[a])})).await;
    let path = format!("{GROUPS}/{id}");
    let before = house.get(&path).await.is(200).json()["users"][0].clone();
    assert_eq!(before["createdBy"], "administrator", "{before}");
    let body = json!({"name": "g", "description": null, "rootRole": 2, "users": members(&[a, b])});
    let answered = house.ask("PUT", &path, body.clone()).await.is(200).json();
    assert_eq!(answered["id"], id);
    assert_eq!(house.get(&path).await.is(200).json()["users"][0], before);
    let revision = house.revision().await;
    house.ask("PUT", &path, body).await.is(200);
    assert_eq!(house.revision().await, revision);
    let listed = house.get(GROUPS).await.is(200).json()["groups"][0].clone();
    assert_eq!((&listed["userCount"], &listed["projects"]), (&json!(2), &json!([])));
    assert!(listed["createdAt"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn a_group_that_cannot_be_made_whole_is_not_made() {
    let house = House::new().await;
    let (a, _) = house.user("a", "Viewer").await;
    let bot = house
        .ask("POST", "/api/admin/service-account", json!({"username": "b", "name": "B", "rootRole": 3}))
        .await
        .is(201);
    let bot = bot.json()["id"].as_u64().unwrap();
    let refused = house
        .ask("POST", GROUPS, json!({"name": "half", "users": members(&[a, 998, 999, bot])}))
        .await
        .refused(400, "BadDataError");
    for unknown in [998, 999, bot] {
        assert!(refused["details"][0]["message"].as_str().unwrap().contains(&unknown.to_string()), "{refused}");
    }
    for role in [json!(999), json!(4), json!(1.5), json!("Editor")] {
        let body = json!({"name": "half", "rootRole": role, "users": []});
        let refused = house.ask("POST", GROUPS, body).await.refused(400, "BadDataError");
        assert!(refused.to_string().to_lowercase().contains("role"), "{refused}");
    }
    house.ask("POST", GROUPS, json!({"name": " ", "users": []})).await.refused(400, "BadDataError");
    house.ask("POST", GROUPS, json!({"users": []})).await.refused(400, "BadDataError");
    assert_eq!(house.get(GROUPS).await.is(200).json(), json!({"groups": []}));
    made(&house, json!({"name": "g"})).await;
    made(&house, json!({"name": "G"})).await;
    house.ask("POST", GROUPS, json!({"name": "g"})).await.refused(409, "NameExistsError");
    house.ask("PUT", &format!("{GROUPS}/2"), json!({"name": "g"})).await.refused(409, "NameExistsError");
}

#[tokio::test]
async fn a_group_is_looked_for_after_the_permission() {
    let house = House::new().await;
    let (_, editor) = house.user("ed", "Editor").await;
    for (method, body) in [("GET", Value::Null), ("PUT", json!({"name": "g"})), ("DELETE", Value::Null)] {
        house.ask_as(&editor, method, &format!("{GROUPS}/999"), body.clone()).await.refused(403, "PermissionError");
        house.ask(method, &format!("{GROUPS}/999"), body).await.refused(404, "NotFoundError");
    }
    house.get(&format!("{GROUPS}/x")).await.refused(400, "BadDataError");
}

#[tokio::test]
async fn a_group_that_scim_manages_keeps_name_and_members_and_may_get_another_root_role() {
    let house = House::new().await;
    let (a, _) = house.user("a", "Viewer").await;
    let (b, _) = house.user("b", "Viewer").await;
    let managed = rolecall_model::group::NewGroup {
        name: "managed".to_owned(),
        members: vec![rolecall_model::command::SubjectRef::Number(u32::try_from(a).unwrap())],
        scim: Some("{}".to_owned()),
        ..Default::default()
    };
    let command = rolecall_model::group::GroupCommand::Create(managed);
    rolecall_service::execute(&house.ctx().await, command.into()).await.unwrap();
    let path = format!("{GROUPS}/1");
    assert!(house.get(&path).await.is(200).json()["scimId"].is_string());
    house.ask("PUT", &path, json!({"name": "other", "users": members(&[a])})).await.refused(400, "BadDataError");
    house.ask("PUT", &path, json!({"name": "managed", "users": members(&[b])})).await.refused(400, "BadDataError");
    let body = json!({"name": "managed", "description": "d", "rootRole": 2, "users": members(&[a])});
    assert_eq!(house.ask("PUT", &path, body).await.is(200).json()["rootRole"], 2);
    made(&house, json!({"name": "by hand"})).await;
    house.ask("DELETE", &format!("{GROUPS}/scim-groups"), Value::Null).await.bare(200);
    let left = house.get(GROUPS).await.is(200).json();
    assert_eq!(left["groups"].as_array().unwrap().len(), 1, "{left}");
}

#[tokio::test]
async fn a_member_whom_signing_in_elsewhere_put_there_says_so_until_somebody_adds_it_by_hand() {
    use rolecall_model::membership::MembershipCommand;
    use rolecall_model::provenance::{Source, Terms};
    let house = House::new().await;
    let (a, _) = house.user("a", "Viewer").await;
    made(&house, json!({"name": "g", "mappingsSSO": ["them"]})).await;
    let add = async |source: Source| {
        let user = rolecall_model::command::SubjectRef::Number(u32::try_from(a).unwrap());
        let command = MembershipCommand::Add(rolecall_model::Ref::from("g"), user, Terms::of(source));
        rolecall_service::execute(&house.ctx().await, command.into()).await.unwrap();
        house.get(&format!("{GROUPS}/1")).await.is(200).json()["users"][0]["createdBy"].clone()
    };
    assert_eq!(add(Source::Sso("oidc".into())).await, "SSO");
    assert_eq!(add(Source::Manual).await, "administrator");
}
