//! Lists: search, filters, order, pages, and pages that expire.

use crate::house::House;
use serde_json::json;

async fn with_roles(count: usize) -> House {
    let house = House::union().await;
    let operations: Vec<_> = (0..count)
        .map(|n| json!({"op": "role.create", "body": {"name": format!("role {:03}", (n * 37) % count)}}))
        .collect();
    house.post("batch", json!({"operations": operations})).await.is(200);
    house
}

/// Every name of a list, page by page.
async fn walk(house: &House, path: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut page = house.get(path).await.is(200);
    loop {
        names.extend(page.names());
        let body = page.json();
        let Some(token) = body["next_page_token"].as_str() else { return names };
        page = house.get(&format!("{path}&page_token={token}")).await.is(200);
    }
}

#[tokio::test]
async fn every_order_shows_everything_once_page_by_page() {
    let house = with_roles(53).await;
    let whole = house.get("roles?limit=1000").await.names();
    for sort in ["number", "name", "created", "changed"] {
        let up = walk(&house, &format!("roles?limit=7&sort={sort}")).await;
        let down = walk(&house, &format!("roles?limit=7&sort=-{sort}")).await;
        let mut backwards = down.clone();
        backwards.reverse();
        assert_eq!(up, backwards, "{sort}");
        let (mut sorted, mut all) = (up.clone(), whole.clone());
        sorted.sort();
        all.sort();
        assert_eq!(sorted, all, "{sort}");
    }
    let names = walk(&house, "roles?limit=9&sort=name&search=ROLE").await;
    assert_eq!(names.len(), 53);
    assert!(names.is_sorted());
}

#[tokio::test]
async fn pages_show_one_revision_however_much_happens_meanwhile() {
    let house = with_roles(20).await;
    let first = house.get("roles?limit=5&sort=name&search=role").await.is(200);
    let token = first.json()["next_page_token"].as_str().unwrap().to_owned();
    house.delete("roles/role%20007").await.is(204);
    house.post("roles", json!({"name": "role 0055"})).await.is(201);
    let second = house.get(&format!("roles?limit=5&sort=name&search=role&page_token={token}")).await.is(200);
    assert_eq!(second.names(), ["role 005", "role 006", "role 007", "role 008", "role 009"]);
    assert_eq!(second.revision(), first.revision());
    assert_eq!(second.json()["revision"], first.json()["revision"]);
}

#[tokio::test]
async fn a_page_expires_after_five_minutes() {
    let house = with_roles(20).await;
    let token = house.get("roles?limit=5").await.json()["next_page_token"].as_str().unwrap().to_owned();
    house.clock.pass(299);
    let next = house.get(&format!("roles?limit=5&page_token={token}")).await.is(200);
    house.clock.pass(2);
    let expired = house.get(&format!("roles?limit=5&page_token={token}")).await.refused(410, "page_expired");
    assert_eq!(expired.detail(), "the page expired, start the list again");
    let token = next.json()["next_page_token"].as_str().unwrap().to_owned();
    house.get(&format!("roles?limit=5&page_token={token}")).await.is(200);
}

#[tokio::test]
async fn a_page_token_belongs_to_its_query_and_its_list() {
    let house = with_roles(20).await;
    let token = house.get("roles?limit=5").await.json()["next_page_token"].as_str().unwrap().to_owned();
    for path in ["roles?limit=6", "roles?limit=5&sort=name", "policies?limit=5"] {
        house.get(&format!("{path}&page_token={token}")).await.refused(400, "malformed");
    }
    for token in ["", "x", "bm8", &token[1..]] {
        house.get(&format!("roles?limit=5&page_token={token}")).await.refused(400, "malformed");
    }
}

#[tokio::test]
async fn limits_and_unknown_parameters_are_refused() {
    let house = House::union().await;
    for query in [
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=x",
        "sort=colour",
        "predefined=maybe",
        "limit=1&limit=2",
        "dry_run=true",
    ] {
        house.get(&format!("roles?{query}")).await.refused(400, "malformed");
    }
    let near = house.get("roles?serch=x").await.refused(400, "malformed");
    assert_eq!(near.detail(), "there is no query parameter \"serch\" here; did you mean \"search\"?");
}

#[tokio::test]
async fn filters_narrow_lists() {
    let house = House::union().await;
    house.post("users", json!({"email": "a@example.com", "policies": ["Viewer"]})).await.is(201);
    house
        .post(
            "users",
            json!({"email": "b@example.com", "roles": [{"role": "Viewer", "project": "shop"}], "active": false}),
        )
        .await
        .is(201);
    house.post("groups", json!({"name": "g", "members": ["a@example.com"], "policies": ["Contributor"]})).await.is(201);
    assert_eq!(house.get("users?policy=Viewer").await.names(), ["a@example.com"]);
    assert_eq!(house.get("users?role=viewer").await.names(), ["b@example.com"]);
    assert_eq!(house.get("users?active=false").await.names(), ["b@example.com"]);
    assert_eq!(house.get("users?group=g").await.names(), ["a@example.com"]);
    assert_eq!(house.get("users?search=B@EX").await.names(), ["b@example.com"]);
    assert_eq!(house.get("groups?member=a@example.com").await.names(), ["g"]);
    assert_eq!(
        house.get("roles?predefined=true&action=view_flyte_inventory").await.names(),
        ["Admin", "Contributor", "Viewer"]
    );
    assert_eq!(house.get("policies?role=Contributor").await.names(), ["Contributor"]);
    let unknown = house.get("users?policy=Viewr").await.refused(422, "unknown");
    assert_eq!((unknown.field().as_str(), unknown.detail().contains("did you mean \"Viewer\"?")), ("policy", true));

    let all = house.get("assignments?limit=1000").await.is(200).json();
    let all = all["items"].as_array().unwrap().clone();
    let mut paged = Vec::new();
    let mut page = house.get("assignments?limit=1").await.is(200).json();
    loop {
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(token) = page["next_page_token"].as_str() else { break };
        page = house.get(&format!("assignments?limit=1&page_token={token}")).await.is(200).json();
    }
    assert_eq!(paged, all);
    assert_eq!(house.get("assignments?project=shop").await.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        house.get("assignments?subject=a@example.com&policy=Viewer").await.json()["items"].as_array().unwrap().len(),
        1
    );
    assert_eq!(house.get("assignments?subject=everyone").await.json()["items"][0]["kind"], "everyone");
}

#[tokio::test]
async fn only_what_counts_now_is_in_force() {
    let house = House::union().await;
    let body = json!({"email": "t@example.com", "policies": ["Viewer"], "terms": {"until": "2026-11-30T00:00:00Z"}});
    house.post("users", body).await.is(201);
    let count = async |query: &str| {
        house.get(&format!("assignments?subject=t@example.com&{query}")).await.json()["items"].as_array().unwrap().len()
    };
    assert_eq!((count("in_force=true").await, count("in_force=false").await), (1, 0));
    house.clock.pass(60 * 24 * 3600);
    assert_eq!((count("in_force=true").await, count("in_force=false").await, count("in_force=any").await), (0, 1, 1));
}

#[tokio::test]
async fn a_past_list_shows_what_was() {
    let house = House::union().await;
    let before = house.post("roles", json!({"name": "old"})).await.is(201).revision();
    house.clock.pass(3600);
    house.delete("roles/old").await.is(204);
    let past = house.get(&format!("roles?search=old&at=revision:{before}")).await.is(200);
    assert_eq!((past.names(), past.revision()), (vec!["old".to_owned()], before));
    assert!(house.get("roles?search=old").await.names().is_empty());
    house.get("roles?at=yesterday").await.refused(400, "malformed");
    house.ask("DELETE", &format!("roles/old?at=revision:{before}")).send().await.refused(400, "malformed");
}
