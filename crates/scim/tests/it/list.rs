//! Lists: filters, order, pages.

use crate::house::{House, encoded, ids, sorted};
use rolecall_model::Command;
use rolecall_model::user::{NewUser, UserCommand};
use serde_json::{Value, json};

async fn people(house: &House) -> Vec<String> {
    let mut made = Vec::new();
    for (name, title, external) in [("carol", "b", "X"), ("Alice", "a", "x"), ("bob", "", "y"), ("dave", "B", "z")] {
        let sent = json!({"userName": name, "title": title, "externalId": external, "active": name != "bob"});
        made.push(crate::house::id(&house.ask("POST", "/Users", sent).await.is(201).json()));
    }
    made
}

#[tokio::test]
async fn filters_find_whom_they_should_and_no_others() {
    let mut house = House::new().await;
    let people = people(&house).await;
    let [carol, alice, bob, dave] = [&people[0], &people[1], &people[2], &people[3]].map(String::as_str);
    for _ in 0..2 {
        for (filter, wanted) in [
            (format!("id eq \"{bob}\""), sorted([bob])),
            ("userName eq \"ALICE\"".to_owned(), sorted([alice])),
            ("externalId eq \"x\"".to_owned(), sorted([alice])),
            ("externalId eq \"x\" and userName eq \"carol\"".to_owned(), sorted([])),
            ("userName sw \"a\" or userName ew \"E\"".to_owned(), sorted([alice, dave])),
            ("title eq \"b\"".to_owned(), sorted([carol, dave])),
            ("title pr and not (userName co \"a\" and active eq true)".to_owned(), sorted([])),
            ("active eq false".to_owned(), sorted([bob])),
            ("not (externalId pr)".to_owned(), sorted(["root@example.com"])),
            ("userName eq \"nobody\"".to_owned(), sorted([])),
            ("meta.resourceType eq \"User\" and userName eq \"dave\"".to_owned(), sorted([dave])),
            ("meta.created pr and userName eq \"dave\"".to_owned(), sorted([dave])),
        ] {
            let mut found = house.found("Users", &filter).await;
            for id in &mut found {
                // Who was there before any client is called by its address here.
                if !people.contains(id) {
                    "root@example.com".clone_into(id);
                }
            }
            found.sort();
            assert_eq!(found, wanted, "{filter}");
        }
        house.forget();
    }
    house.get("/Users?filter=odd%20pr").await.refused(400, Some("invalidFilter"));
    house.get("/Users?filter=(").await.refused(400, Some("invalidFilter"));
}

#[tokio::test]
async fn times_are_compared_as_the_log_has_them() {
    let house = House::new().await;
    let first = house.add("first").await;
    let second = house.add("second").await;
    let at = |user: &Value| user["meta"]["created"].as_str().unwrap().to_owned();
    let found = async |filter: String| ids(&house.filter("Users", &filter).await);
    let (one, two) = (at(&first), at(&second));
    assert_eq!(found(format!("meta.created eq \"{one}\" and userName pr")).await, [crate::house::id(&first)]);
    let later = found(format!("meta.lastModified gt \"{one}\"")).await;
    assert_eq!(later, [crate::house::id(&second)]);
    assert_eq!(
        found(format!("meta.created ge \"{one}\" and meta.created lt \"{two}\"")).await,
        [crate::house::id(&first)]
    );
    assert!(found("meta.created gt \"2999-01-01T00:00:00Z\"".to_owned()).await.is_empty());
    assert_eq!(found("meta.created gt \"1999-01-01T00:00:00Z\"".to_owned()).await.len(), 3);
}

#[tokio::test]
async fn a_list_is_sorted_by_any_attribute_and_who_has_none_comes_last() {
    let house = House::new().await;
    people(&house).await;
    let order = async |query: &str, attribute: &str| {
        let list = house.get(&format!("/Users?{query}")).await.is(200).json();
        let all = list["Resources"].as_array().unwrap().clone();
        all.iter().map(|user| user[attribute].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>()
    };
    let by_name = ["Alice", "bob", "carol", "dave", "root@example.com"];
    assert_eq!(order("sortBy=userName", "userName").await, by_name);
    let mut back = by_name;
    back.reverse();
    assert_eq!(order("sortBy=USERNAME&sortOrder=Descending", "userName").await, back);
    assert_eq!(order("sortBy=externalId", "externalId").await, ["X", "x", "y", "z", "-"]);
    assert_eq!(order("sortBy=externalId&sortOrder=descending", "externalId").await, ["-", "z", "y", "x", "X"]);
    let by_time = ["dave", "bob", "Alice", "carol", "root@example.com"];
    assert_eq!(order("sortBy=meta.created&sortOrder=descending", "userName").await, by_time);
    house.get("/Users?sortBy=odd").await.refused(400, Some("invalidPath"));
    house.get("/Users?sortBy=name").await.refused(400, Some("invalidPath"));
    house.get("/Users?sortOrder=up").await.refused(400, Some("invalidValue"));
}

#[tokio::test]
async fn pages_have_everybody_once_and_the_count_of_all() {
    let house = House::new().await;
    let new = |number: usize| {
        let username = Some(format!("user-{number:04}"));
        Command::from(UserCommand::Create(NewUser { username, ..NewUser::default() }))
    };
    house.by_hand((0..2_500).map(new).collect()).await;
    for filter in ["", "userName sw \"USER-\""] {
        let total = if filter.is_empty() { 2_501 } else { 2_500 };
        let (mut seen, mut start) = (Vec::new(), 1);
        while seen.len() < total {
            let page = house.get(&format!("/Users?startIndex={start}&filter={}", encoded(filter))).await.is(200).json();
            assert_eq!((&page["totalResults"], &page["startIndex"]), (&json!(total), &json!(start)));
            let here = ids(&page);
            assert_eq!(page["itemsPerPage"], here.len());
            assert!(!here.is_empty());
            start += here.len();
            seen.extend(here);
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), total);
    }
    for (query, shown) in
        [("count=0", 0), ("count=-3", 0), ("startIndex=-5&count=2", 2), ("startIndex=2501", 1), ("startIndex=9999", 0)]
    {
        let page = house.get(&format!("/Users?{query}")).await.is(200).json();
        assert_eq!((&page["totalResults"], ids(&page).len()), (&json!(2_501), shown), "{query}");
    }
    house.get("/Users?count=many").await.refused(400, Some("invalidValue"));
}

#[tokio::test]
async fn a_search_is_a_body_and_may_be_about_all_types() {
    let house = House::new().await;
    let people = people(&house).await;
    let group = house.add_group("alice's", &[&people[1]]).await;
    let search = async |path: &str, body: Value| house.ask("POST", path, body).await;
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "attributes": ["userName", "displayName"], "filter": "userName eq \"alice\" or displayName eq \"Alice's\"",
        "startIndex": 1, "count": 10});
    let found = search("/.search", body.clone()).await.is(200).json();
    assert_eq!(ids(&found), [people[1].clone(), group.clone()]);
    assert!(found["Resources"].as_array().unwrap().iter().all(|one| one.get("meta").is_none()));
    assert_eq!(ids(&house.get("/?filter=userName%20eq%20%22alice%22").await.is(200).json()), [people[1].clone()]);
    assert_eq!(ids(&search("/Groups/.search", json!({})).await.is(200).json()), [group]);
    search("/Groups/.search", body).await.refused(400, Some("invalidFilter"));
    search("/.search", json!({"filter": "odd pr"})).await.refused(400, Some("invalidFilter"));
    assert_eq!(search("/.search", json!({"sortBy": "userName"})).await.is(200).json()["totalResults"], 6);
}

#[tokio::test]
async fn what_changed_by_hand_or_by_another_is_found_as_it_is() {
    let house = House::new().await;
    let ada = house.add_id("ada").await;
    assert_eq!(house.found("Users", "externalId eq \"1\"").await.len(), 0);
    let path = format!("/Users/{ada}");
    house
        .ask("PUT", &path, json!({"userName": "ada@x.org", "externalId": "1", "emails": [{"value": "a@y.org"}]}))
        .await
        .is(200);
    assert_eq!(house.found("Users", "externalId eq \"1\"").await, std::slice::from_ref(&ada));
    house.rest("POST", "/users", json!({"username": "bob"})).await.is(201);
    assert_eq!(house.found("Users", "userName eq \"bob\"").await.len(), 1);
    house.ask("PUT", &path, json!({"userName": "ada", "externalId": "2"})).await.is(200);
    assert!(house.found("Users", "externalId eq \"1\"").await.is_empty());
    assert!(house.found("Users", "userName eq \"ada@x.org\"").await.is_empty());
    assert_eq!(house.found("Users", "userName eq \"ada\" and externalId eq \"2\"").await, std::slice::from_ref(&ada));
    house.rest("DELETE", &format!("/users/{ada}"), Value::Null).await.is(204);
    assert!(house.found("Users", "userName eq \"ada\"").await.is_empty());
}
