//! The forms of Microsoft Entra.

use crate::house::{ENTERPRISE, GROUP, House, USER, id, patch, sorted};
use serde_json::{Value, json};

async fn ada(house: &House) -> String {
    let sent = json!({
        "schemas": [USER, ENTERPRISE], "externalId": "ada", "userName": "ada@corp.onmicrosoft.com", "active": true,
        "displayName": "Ada", "emails": [{"primary": true, "type": "work", "value": "ada@corp.com"}],
        "meta": {"resourceType": "User"}, "name": {"formatted": "Ada L", "familyName": "L", "givenName": "Ada"},
        ENTERPRISE: {"department": "Engines"},
    });
    id(&house.ask("POST", "/Users", sent).await.is(201).json())
}

#[tokio::test]
async fn a_user_is_found_by_each_of_its_names() {
    let house = House::new().await;
    let ada = ada(&house).await;
    for filter in [
        "externalId eq \"ada\"",
        "userName eq \"ada@corp.onmicrosoft.com\"",
        "displayName eq \"Ada\"",
        "emails[type eq \"work\"].value eq \"ada@corp.com\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"Engines\"",
    ] {
        assert_eq!(house.found("Users", filter).await, std::slice::from_ref(&ada), "{filter}");
    }
    assert!(house.found("Users", "userName eq \"ada@corp.com\"").await.is_empty());
}

#[tokio::test]
async fn operations_have_capitals_and_active_is_a_text() {
    let house = House::new().await;
    let path = format!("/Users/{}", ada(&house).await);
    let off = patch(json!([{"op": "Replace", "path": "active", "value": "False"}]));
    assert_eq!(house.ask("PATCH", &path, off).await.is(200).json()["active"], false);
    let on = patch(json!([{"op": "Add", "path": "active", "value": "True"}]));
    assert_eq!(house.ask("PATCH", &path, on).await.is(200).json()["active"], true);
    let off = patch(json!([{"op": "replace", "value": {"active": "False"}}]));
    assert_eq!(house.ask("PATCH", &path, off).await.is(200).json()["active"], false);
}

#[tokio::test]
async fn paths_select_values_and_name_extensions() {
    let house = House::new().await;
    let (ada, boss) = (ada(&house).await, house.add_id("boss").await);
    let changes = patch(json!([
        {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "ada@new.com"},
        {"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1"},
        {"op": "Add", "path": "addresses[type eq \"work\"].country", "value": "GB"},
        {"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": boss},
        {"op": "Replace", "path": format!("{ENTERPRISE}:department"), "value": "Sums"},
        {"op": "Remove", "path": "externalId"},
        {"op": "Add", "path": "emails", "value": [{"type": "home", "value": "a@home.org"}]},
        {"op": "Add", "value": {"name.givenName": "Augusta", format!("{ENTERPRISE}:costCenter"): "7"}},
        {"op": "Add", "path": "displayName", "value": [{"$ref": null, "value": "Augusta"}]},
    ]));
    let shown = house.ask("PATCH", &format!("/Users/{ada}"), changes).await.is(200).json();
    assert_eq!(
        shown["emails"],
        json!([{"primary": true, "type": "work", "value": "ada@new.com"},
        {"type": "home", "value": "a@home.org"}])
    );
    assert_eq!(shown["phoneNumbers"], json!([{"type": "mobile", "value": "+1"}]));
    assert_eq!(shown["addresses"], json!([{"type": "work", "country": "GB"}]));
    assert_eq!(shown[ENTERPRISE], json!({"manager": {"value": boss}, "department": "Sums", "costCenter": "7"}));
    assert_eq!(shown["name"], json!({"formatted": "Ada L", "familyName": "L", "givenName": "Augusta"}));
    assert_eq!((shown.get("externalId"), &shown["displayName"]), (None, &json!("Augusta")));
    let told = house.rest("GET", &format!("/users/{ada}"), Value::Null).await.json();
    assert_eq!((&told["email"], &told["name"]), (&json!("ada@new.com"), &json!("Augusta")));
    let gone = patch(json!([{"op": "Remove", "path": format!("{ENTERPRISE}:manager")}]));
    assert!(
        house.ask("PATCH", &format!("/Users/{ada}"), gone).await.is(200).json()[ENTERPRISE].get("manager").is_none()
    );
}

#[tokio::test]
async fn members_are_added_and_removed_in_each_of_its_forms() {
    let house = House::new().await;
    let (ada, bob, eve) = (house.add_id("ada").await, house.add_id("bob").await, house.add_id("eve").await);
    let sent = json!({"schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0", "displayName": "Group 1", "meta": {"resourceType": "Group"}});
    let group = id(&house.ask("POST", "/Groups", sent).await.is(201).json());
    let path = format!("/Groups/{group}");
    let add = patch(json!([{"op": "Add", "path": "members", "value": [{"value": ada}, {"$ref": null, "value": bob}]},
        {"op": "Add", "path": "members", "value": {"value": eve}}]));
    house.ask("PATCH", &path, add).await.is(204);
    assert_eq!(house.members(&group).await, sorted([&ada, &bob, &eve]));
    let remove = patch(json!([{"op": "Remove", "path": format!("members[value eq \"{ada}\"]")}]));
    house.ask("PATCH", &path, remove).await.is(204);
    assert_eq!(house.members(&group).await, sorted([&bob, &eve]));
    let remove = patch(json!([{"op": "Remove", "path": "members", "value": [{"value": bob}]}]));
    house.ask("PATCH", &path, remove.clone()).await.is(204);
    assert_eq!(house.members(&group).await, std::slice::from_ref(&eve));
    // Again, as after a time-out: what is as it should be stays, and no entry is written.
    let before = house.revision().await;
    house.ask("PATCH", &path, remove).await.is(204);
    house
        .ask("PATCH", &path, patch(json!([{"op": "Add", "path": "members", "value": [{"value": eve}]}])))
        .await
        .is(204);
    assert_eq!(house.revision().await, before);
    house.ask("PATCH", &path, patch(json!([{"op": "Remove", "path": "members"}]))).await.is(204);
    assert!(house.members(&group).await.is_empty());
}

#[tokio::test]
async fn a_group_is_matched_without_its_members() {
    let house = House::new().await;
    let (ada, bob) = (house.add_id("ada").await, house.add_id("bob").await);
    let group = house.add_group("Group 1", &[&ada]).await;
    let list =
        house.get("/Groups?excludedAttributes=members&filter=displayName%20eq%20%22group%201%22").await.is(200).json();
    assert_eq!((&list["totalResults"], &list["Resources"][0]["id"]), (&json!(1), &json!(group)));
    assert!(list["Resources"][0].get("members").is_none());
    let one = house.get(&format!("/Groups/{group}?excludedAttributes=members")).await.is(200).json();
    assert!(one.get("members").is_none());
    let is_in = async |user: &str| house.found("Groups", &format!("id eq \"{group}\" and members eq \"{user}\"")).await;
    assert_eq!((is_in(&ada).await, is_in(&bob).await), (vec![group.clone()], vec![]));
}
