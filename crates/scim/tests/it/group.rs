//! Groups and who is in them.

use crate::house::{GROUP, House, URL, id, patch, sorted};
use rolecall_model::provenance::Source;
use serde_json::{Value, json};

#[tokio::test]
async fn a_group_comes_back_as_it_was_sent_with_its_members() {
    let mut house = House::new().await;
    let ada = house.add_id("ada").await;
    let at = format!("{URL}/scim/v2/Users/{ada}");
    let sent = json!({"schemas": [GROUP], "displayName": " Team Ä ", "externalId": "g-1",
        "members": [{"value": ada, "$ref": at, "type": "User"}]});
    let made = house.ask("POST", "/Groups", sent.clone()).await.is(201);
    let mut shown = made.json();
    assert_eq!(made.header("location"), format!("{URL}/scim/v2/Groups/{}", id(&shown)));
    house.forget();
    assert_eq!(house.get(&format!("/Groups/{}", id(&shown))).await.is(200).json(), shown);
    let group = id(&shown);
    let kept = shown.as_object_mut().unwrap();
    kept.retain(|name, _| !["id", "meta"].contains(&name.as_str()));
    assert_eq!(shown, sent);
    let path = format!("/Groups/{group}?attributes=members.display");
    assert_eq!(house.get(&path).await.json()["members"], json!([{"display": "ada"}]));
    let user = house.get(&format!("/Users/{ada}")).await.json();
    assert_eq!(
        user["groups"],
        json!([{"value": group, "$ref": format!("{URL}/scim/v2/Groups/{group}"),
        "display": "Team Ä", "type": "direct"}])
    );
    house.ask("POST", "/Groups", json!({"displayName": "TEAM Ä"})).await.refused(409, Some("uniqueness"));
    house.ask("POST", "/Groups", json!({"externalId": "g-2"})).await.refused(400, Some("invalidValue"));
}

#[tokio::test]
async fn memberships_are_marked_as_made_by_scim_and_go_whoever_made_them() {
    let house = House::new().await;
    let (ada, bob) = (house.add_id("ada").await, house.add_id("bob").await);
    house.rest("POST", "/groups", json!({"name": "team", "members": [ada]})).await.is(201);
    let group = house.found("Groups", "displayName eq \"team\"").await.remove(0);
    let sources = async |user: &str| {
        let ctx = house.ctx().await;
        let group = ctx.org().group_of_subject(group.parse().unwrap()).unwrap().id;
        ctx.org().membership_terms(group, ctx.org().find_principal(user).unwrap().0).map(|terms| terms.sources)
    };
    assert_eq!(sources(&ada).await, Some(vec![Source::Manual]));
    let add = patch(json!([{"op": "add", "path": "members", "value": [{"value": ada}, {"value": bob}]}]));
    house.ask("PATCH", &format!("/Groups/{group}"), add).await.is(204);
    assert_eq!(sources(&ada).await, Some(vec![Source::Manual, Source::Scim]));
    assert_eq!(sources(&bob).await, Some(vec![Source::Scim]));
    let put = json!({"displayName": "team", "members": [{"value": bob}]});
    house.ask("PUT", &format!("/Groups/{group}"), put).await.is(200);
    assert_eq!((sources(&ada).await, sources(&bob).await), (None, Some(vec![Source::Scim])));
}

#[tokio::test]
async fn several_operations_on_members_follow_one_another() {
    let house = House::new().await;
    let (ada, bob, eve) = (house.add_id("ada").await, house.add_id("bob").await, house.add_id("eve").await);
    let group = house.add_group("team", &[&ada]).await;
    let path = format!("/Groups/{group}");
    let before = house.revision().await;
    let changes = patch(json!([
        {"op": "replace", "path": "members", "value": [{"value": bob}]},
        {"op": "add", "path": "members", "value": [{"value": ada}, {"value": eve}]},
        {"op": "remove", "path": format!("members[value eq \"{bob}\"]")},
        {"op": "replace", "path": format!("members[value eq \"{ada}\"]"), "value": {"value": bob}},
        {"op": "replace", "path": "displayName", "value": "Team"},
    ]));
    house.ask("PATCH", &path, changes).await.is(204);
    assert_eq!(house.revision().await, before + 1);
    assert_eq!(house.members(&group).await, sorted([&bob, &eve]));
    let everyone = patch(json!([{"op": "remove", "path": "members[type eq \"user\"]"}]));
    let shown = house.ask("PATCH", &format!("{path}?attributes=members,displayName"), everyone).await.is(200).json();
    assert_eq!((&shown["displayName"], shown.get("members")), (&json!("Team"), None));
}

#[tokio::test]
async fn who_is_no_user_here_cannot_be_a_member() {
    let house = House::new().await;
    let group = house.add_group("team", &[]).await;
    let path = format!("/Groups/{group}");
    let application = house.rest("POST", "/applications", json!({"name": "robot"})).await.is(201).json();
    for member in [
        json!({"value": "usr_00000000000000000000000000"}),
        json!({"value": "root@example.com"}),
        json!({"value": application["subject"]}),
        json!({"value": group, "type": "Group"}),
        json!({"display": "x"}),
    ] {
        let add = patch(json!([{"op": "add", "path": "members", "value": [member]}]));
        house.ask("PATCH", &path, add).await.refused(400, Some("invalidValue"));
        let made = json!({"displayName": "other", "members": [member]});
        house.ask("POST", "/Groups", made).await.refused(400, Some("invalidValue"));
    }
    for (operation, word) in [
        (json!({"op": "replace", "path": "members[value eq \"x\"]", "value": []}), "noTarget"),
        (json!({"op": "replace", "path": "members.value", "value": "x"}), "mutability"),
        (json!({"op": "replace", "path": "members.display", "value": "x"}), "mutability"),
        (json!({"op": "remove", "path": "displayName"}), "mutability"),
    ] {
        house.ask("PATCH", &path, patch(json!([operation]))).await.refused(400, Some(word));
    }
    house.ask("DELETE", &path, Value::Null).await.is(204);
    house.get(&path).await.refused(404, None);
}
