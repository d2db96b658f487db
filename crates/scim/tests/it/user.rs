//! Users: everything that was sent comes back, and the model knows what it must.

use crate::house::{ENTERPRISE, House, URL, USER, id, patch};
use serde_json::{Value, json};

fn ada() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "userName": "Ada@Example.com", "externalId": "00u1 Ä", "displayName": " Ada L. ", "nickName": "A",
        "name": {"formatted": "Ada Lovelace", "givenName": "Ada", "familyName": "Lovelace", "middleName": "B"},
        "title": "Countess", "userType": "Employee", "preferredLanguage": "en", "locale": "en-GB", "timezone": "Europe/London",
        "profileUrl": "https://example.com/ada", "active": true,
        "emails": [{"value": "Ada@Example.com", "type": "work", "primary": true}, {"value": "a@home.org", "type": "home"}],
        "phoneNumbers": [{"value": "+44 1", "type": "mobile"}],
        "addresses": [{"formatted": "1 Street\nLondon", "type": "work", "country": "GB"}],
        ENTERPRISE: {"employeeNumber": "7", "department": "Engines", "manager": {"value": "usr_x"}},
    })
}

/// What was sent, without what the service adds.
fn as_sent(mut shown: Value) -> Value {
    let shown = shown.as_object_mut().unwrap();
    shown.remove("id");
    shown.remove("meta");
    shown.clone().into()
}

#[tokio::test]
async fn everything_that_was_sent_comes_back_as_it_was_sent() {
    let mut house = House::new().await;
    let made = house.ask("POST", "/Users", ada()).await.is(201);
    let (user, location) = (made.json(), made.header("location").to_owned());
    assert_eq!(as_sent(user.clone()), ada());
    assert_eq!(location, format!("{URL}/scim/v2/Users/{}", id(&user)));
    assert_eq!(made.header("content-type"), "application/scim+json");
    let meta = &user["meta"];
    assert_eq!((&meta["resourceType"], &meta["location"]), (&json!("User"), &json!(location)));
    assert_eq!((meta["version"].as_str().unwrap(), &meta["created"]), (made.header("etag"), &meta["lastModified"]));
    house.forget();
    let path = format!("/Users/{}", id(&user));
    assert_eq!(house.get(&path).await.is(200).json(), user);
    assert_eq!(house.get("/Users?filter=active%20eq%20true").await.json()["Resources"][1], user);
}

#[tokio::test]
async fn the_model_knows_the_address_the_name_and_whether_it_is_active() {
    let house = House::new().await;
    let known = async |id: &str| house.rest("GET", &format!("/users/{id}"), Value::Null).await.is(200).json();
    let ada = house.ask("POST", "/Users", ada()).await.is(201).json();
    let told = known(&id(&ada)).await;
    assert_eq!((&told["email"], &told["name"]), (&json!("ada@example.com"), &json!("Ada L.")));
    assert_eq!((&told["active"], told.get("external_id")), (&json!(true), None));
    for (sent, email, username, name) in [
        (json!({"userName": "grace"}), None, Some("grace"), "grace"),
        (json!({"userName": "Alan@x.org"}), Some("alan@x.org"), None, "Alan@x.org"),
        (
            json!({"userName": "bob", "emails": [{"value": "b@x.org"}], "name": {"givenName": "Bob", "familyName": "B"}}),
            Some("b@x.org"),
            Some("bob"),
            "Bob B",
        ),
        (
            json!({"userName": "eve@corp.net", "emails": [{"value": "h@x.org", "type": "home"}, {"value": "eve@x.org", "type": "work"}],
            "name": {"formatted": "Eve"}, "displayName": ""}),
            Some("eve@x.org"),
            None,
            "Eve",
        ),
    ] {
        let made = house.ask("POST", "/Users", sent.clone()).await.is(201).json();
        let told = known(&id(&made)).await;
        assert_eq!(told.get("email").and_then(Value::as_str), email, "{sent}");
        assert_eq!(told.get("username").and_then(Value::as_str), username, "{sent}");
        assert_eq!(told["name"], name, "{sent}");
        assert_eq!(made["userName"], sent["userName"]);
    }
}

#[tokio::test]
async fn a_user_name_is_unique_in_any_case_also_when_it_is_not_the_address() {
    let mut house = House::new().await;
    house.add("grace").await;
    let upn = json!({"userName": "ada@corp.onmicrosoft.com", "emails": [{"value": "ada@corp.com", "primary": true}]});
    house.ask("POST", "/Users", upn).await.is(201);
    for _ in 0..2 {
        for sent in [
            json!({"userName": "GRACE"}),
            json!({"userName": "Ada@Corp.onmicrosoft.com"}),
            json!({"userName": "ADA@corp.onmicrosoft.com", "emails": [{"value": "other@corp.com"}]}),
            json!({"userName": "ada@corp.com"}),
            json!({"userName": "other", "emails": [{"value": "ada@corp.com"}]}),
            json!({"userName": "root@example.com", "emails": [{"value": "r@corp.com"}]}),
        ] {
            house.ask("POST", "/Users", sent.clone()).await.refused(409, Some("uniqueness"));
        }
        house.forget();
    }
    let eve = house.add_id("eve").await;
    let taken = json!([{"op": "replace", "path": "userName", "value": "ada@CORP.onmicrosoft.com"}]);
    house.ask("PATCH", &format!("/Users/{eve}"), patch(taken)).await.refused(409, Some("uniqueness"));
    // Once it is given up, another may have it.
    let found = house.found("Users", "userName eq \"ADA@corp.onmicrosoft.com\"").await;
    let renamed = patch(json!([{"op": "replace", "path": "userName", "value": "ada"}]));
    house.ask("PATCH", &format!("/Users/{}", found[0]), renamed).await.is(200);
    house.ask("PUT", &format!("/Users/{eve}"), json!({"userName": "ada@corp.onmicrosoft.com"})).await.is(200);
    assert_eq!(house.found("Users", "userName eq \"ada@corp.onmicrosoft.com\"").await, [eve]);
}

#[tokio::test]
async fn two_at_once_cannot_take_the_same_user_name() {
    let house = House::new().await;
    let with = |email: &str| json!({"userName": "ada@corp.net", "emails": [{"value": email}]});
    let (one, other) =
        tokio::join!(house.ask("POST", "/Users", with("a@x.org")), house.ask("POST", "/Users", with("b@x.org")));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn putting_replaces_all_but_what_a_client_may_not_write() {
    let house = House::new().await;
    let user = house.ask("POST", "/Users", ada()).await.is(201).json();
    let path = format!("/Users/{}", id(&user));
    let sent = json!({"schemas": [USER], "id": "other", "userName": "ada", "meta": {"version": "x"}, "groups": [{"value": "g"}]});
    let now = house.ask("PUT", &path, sent).await.is(200).json();
    assert_eq!(as_sent(now.clone()), json!({"schemas": [USER], "userName": "ada", "active": true}));
    assert_eq!(now["id"], user["id"]);
    let told = house.rest("GET", &format!("/users/{}", id(&user)), Value::Null).await.json();
    assert_eq!((told.get("email"), &told["username"], &told["name"]), (None, &json!("ada"), &json!("ada")));
    house.ask("PUT", &path, json!({"displayName": "Ada"})).await.refused(400, Some("invalidValue"));
    house.ask("PUT", "/Users/usr_00000000000000000000000000", json!({"userName": "x"})).await.refused(404, None);
}

#[tokio::test]
async fn who_has_no_active_may_not_act_and_putting_without_it_leaves_it() {
    let house = House::new().await;
    let path = format!("/Users/{}", house.add_id("ada").await);
    let removed = patch(json!([{"op": "remove", "path": "active"}]));
    let shown = house.ask("PATCH", &path, removed).await.is(200).json();
    assert!(shown.get("active").is_none());
    assert_eq!(house.get(&path).await.json(), shown);
    let put = house.ask("PUT", &path, json!({"userName": "ada"})).await.is(200).json();
    assert_eq!(put["active"], false);
    let put = house.ask("PUT", &path, json!({"userName": "ada", "active": true})).await.is(200).json();
    assert_eq!(put["active"], true);
}

#[tokio::test]
async fn a_repeat_writes_no_entry_and_half_a_patch_changes_nothing() {
    let house = House::new().await;
    let user = house.ask("POST", "/Users", ada()).await.is(201).json();
    let path = format!("/Users/{}", id(&user));
    let before = house.revision().await;
    assert_eq!(house.ask("PUT", &path, ada()).await.is(200).json(), user);
    let same = patch(json!([{"op": "replace", "path": "title", "value": "Countess"}, {"op": "add", "path": "emails",
        "value": [{"value": "a@home.org", "type": "home"}]}]));
    assert_eq!(house.ask("PATCH", &path, same).await.is(200).json(), user);
    let half = patch(json!([{"op": "replace", "path": "title", "value": "Dr."}, {"op": "remove", "path": "userName"}]));
    house.ask("PATCH", &path, half).await.refused(400, Some("mutability"));
    let bad = patch(
        json!([{"op": "replace", "path": "title", "value": "Dr."}, {"op": "replace", "path": "emails", "value": [{"value": "x"}]}]),
    );
    house.ask("PATCH", &path, bad).await.refused(400, Some("invalidValue"));
    assert_eq!(house.revision().await, before);
    assert_eq!(house.get(&path).await.json(), user);
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_its_name_is_free() {
    let house = House::new().await;
    let path = format!("/Users/{}", house.add_id("ada").await);
    house.ask("DELETE", &path, Value::Null).await.is(204);
    for method in ["GET", "DELETE"] {
        house.ask(method, &path, Value::Null).await.refused(404, None);
    }
    house.add("ada").await;
}

#[tokio::test]
async fn what_the_model_cannot_keep_is_refused_by_its_scim_name() {
    let house = House::new().await;
    for (sent, word) in [
        (json!({"userName": ""}), "userName"),
        (json!({"userName": "a@b@c"}), "emails"),
        (json!({"userName": "usr_x"}), "userName"),
        (json!({"userName": "a", "emails": [{"value": "no address"}]}), "emails"),
        (json!({"userName": "a", "displayName": "x".repeat(201)}), "displayName"),
        (
            json!({"userName": "a", "emails": [{"value": "a@b.c", "primary": true}, {"value": "a@b.d", "primary": true}]}),
            "emails",
        ),
    ] {
        let told = house.ask("POST", "/Users", sent.clone()).await.refused(400, Some("invalidValue"));
        assert!(told["detail"].as_str().unwrap().contains(word), "{told}");
    }
    let much = json!({"userName": "a", "title": "x".repeat(20_000)});
    house.ask("POST", "/Users", much).await.refused(413, None);
}

#[tokio::test]
async fn only_what_is_asked_for_is_shown() {
    let house = House::new().await;
    let user = house.ask("POST", "/Users?attributes=userName", ada()).await.is(201).json();
    assert_eq!(user, json!({"schemas": [USER, ENTERPRISE], "id": user["id"], "userName": "Ada@Example.com"}));
    let path = format!("/Users/{}", id(&user));
    let some = house.get(&format!("{path}?excludedAttributes=meta,emails,{ENTERPRISE}")).await.is(200).json();
    assert!(["meta", "emails", ENTERPRISE].iter().all(|name| some.get(name).is_none()), "{some}");
    assert_eq!(some["name"], ada()["name"]);
    house.get(&format!("{path}?attributes=a&excludedAttributes=b")).await.refused(400, Some("invalidValue"));
}
