//! Questions: may, why, who, where, what.

use crate::house::House;
use serde_json::json;

async fn walkthrough() -> House {
    let house = House::union().await;
    house.post("users", json!({"email": "run@example.com", "name": "Runner"})).await.is(201);
    house.post("roles", json!({"name": "runner", "permits": [{"action": "create_flyte_executions"}]})).await.is(201);
    let bindings = json!([{"role": "runner", "project": "shop", "environment": "production"}]);
    house.post("policies", json!({"name": "run", "bindings": bindings})).await.is(201);
    house
        .post("assignments", json!({"subject": "run@example.com", "policy": "run", "reason": "release"}))
        .await
        .is(201);
    house
}

#[tokio::test]
async fn an_allow_shows_each_path() {
    let house = walkthrough().await;
    let body = json!({"subject": "run@example.com", "action": "create_flyte_executions", "project": "shop", "environment": "production"});
    let found = house.post("explain", body.clone()).await.is(200).json();
    assert_eq!((&found["allowed"], found["paths"].as_array().unwrap().len()), (&json!(true), 1), "{found}");
    let path = &found["paths"][0];
    assert_eq!((&path["policy"], &path["role"], &path["via"]), (&json!("run"), &json!("runner"), &json!("own")));
    assert_eq!(
        (&path["project"], &path["environment"], &path["assignment"]["reason"]),
        (&json!("shop"), &json!("production"), &json!("release"))
    );
    assert_eq!(path["through"], json!(["create_flyte_executions"]));
    assert_eq!(house.post("check", body).await.json()["allowed"], true);
}

#[tokio::test]
async fn a_denial_shows_the_nearest_misses_and_who_could_mend_them() {
    let house = walkthrough().await;
    let body = json!({"subject": "run@example.com", "action": "create_flyte_executions", "project": "shop", "environment": "development"});
    let found = house.post("explain", body.clone()).await.is(200).json();
    assert_eq!((&found["allowed"], &found["reason"]), (&json!(false), &json!("nothing_gives_it")));
    let miss =
        found["misses"].as_array().unwrap().iter().find(|miss| miss["differs"] == "scope").expect("a miss of scope");
    assert_eq!(
        miss["sentence"],
        "the role \"runner\" gives \"create_flyte_executions\" at project \"shop\" in \"production\", not at project \"shop\" in \"development\""
    );
    let granters: Vec<&str> =
        miss["could_grant"].as_array().unwrap().iter().map(|one| one["identifier"].as_str().unwrap()).collect();
    assert!(granters.contains(&"root@example.com"), "{miss}");
    house.post("batch", json!({"operations": [miss["mend"]]})).await.is(200);
    assert_eq!(house.post("check", body).await.json()["allowed"], true);
}

#[tokio::test]
async fn every_proposal_to_mend_a_denial_mends_it() {
    let house = walkthrough().await;
    house.post("groups", json!({"name": "g", "roles": [{"role": "runner"}]})).await.is(201);
    house.post("roles", json!({"name": "idle"})).await.is(201);
    house.post("assignments", json!({"subject": "run@example.com", "role": "idle"})).await.is(201);
    let timed = json!({"subject": "run@example.com", "role": "runner", "environment": "staging", "from": "2030-01-01T00:00:00Z"});
    house.post("assignments", timed).await.is(201);
    let body = json!({"subject": "run@example.com", "action": "create_flyte_executions", "project": "shop", "environment": "staging"});
    let found = house.post("explain", body.clone()).await.is(200).json();
    let misses = found["misses"].as_array().unwrap().clone();
    let mut kinds: Vec<&str> = misses.iter().map(|miss| miss["differs"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["action", "membership", "scope", "time"], "{found}");
    for miss in misses.iter().filter(|miss| !miss["mend"].is_null()) {
        let plan = house.post("plan", json!({"operations": [miss["mend"]]})).await.is(200).json();
        let gains = plan["gains"].as_array().unwrap();
        assert!(
            gains.iter().any(|delta| delta["action"] == "create_flyte_executions" && delta["name"] == "Runner"),
            "{miss} {plan}"
        );
        assert!(!miss["could_grant"].as_array().unwrap().is_empty(), "{miss}");
    }
}

#[tokio::test]
async fn who_where_and_what_are_answered_whole() {
    let house = walkthrough().await;
    for n in 0..25 {
        house.post("users", json!({"email": format!("u{n:02}@example.com"), "policies": ["Viewer"]})).await.is(201);
    }
    let path = "who-can?action=view_flyte_inventory&environment=staging&limit=10";
    let mut found = Vec::new();
    let mut page = house.get(path).await.is(200).json();
    loop {
        found.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["identifier"].as_str().unwrap().to_owned()),
        );
        let Some(token) = page["next_page_token"].as_str() else { break };
        // Whoever is added meanwhile belongs to a newer revision.
        house
            .post(
                "users",
                json!({"external_id": token.len().to_string() + &found.len().to_string(), "policies": ["Viewer"]}),
            )
            .await
            .is(201);
        page = house.get(&format!("{path}&page_token={token}")).await.is(200).json();
    }
    assert_eq!(found.iter().filter(|name| name.starts_with('u')).count(), 25);
    assert_eq!(found.len(), 27, "the two administrators too: {found:?}");
    let scopes = house.get("where-can?subject=run@example.com&action=create_flyte_executions").await.is(200).json();
    assert_eq!(scopes["scopes"], json!([{"project": "shop", "environment": "production"}]));
    let actions =
        house.get("what-can?subject=u01@example.com&environment=staging").await.is(200).json()["actions"].clone();
    let actions: Vec<&str> = actions.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(actions.contains(&"view_flyte_inventory") && !actions.contains(&"create_flyte_executions"));
    house.get("who-can").await.refused(400, "malformed");
    house.get("who-can?action=vew_flyte_inventory").await.refused(422, "unknown");
    let access = house.get("subjects/run@example.com/access").await.is(200).json();
    let right = access["rights"]
        .as_array()
        .unwrap()
        .iter()
        .find(|right| right["action"] == "create_flyte_executions")
        .unwrap()
        .clone();
    assert_eq!((&right["project"], &right["sources"][0]["policy"]), (&json!("shop"), &json!("run")));
    house.get("subjects/nobody/access").await.refused(404, "not_found");
}

#[tokio::test]
async fn questions_about_oneself_are_free() {
    let house = walkthrough().await;
    let token = house.token_of("run@example.com").await;
    let ask = |method: &'static str, path: &str| house.ask(method, path).token(&token);
    let me = ask("GET", "me").send().await.is(200).json();
    assert_eq!((&me["name"], &me["administrator"]), (&json!("Runner"), &json!(false)));
    let own = json!({"action": "create_flyte_executions", "project": "shop", "environment": "production"});
    assert_eq!(ask("POST", "check").json(&own).send().await.is(200).json()["allowed"], true);
    ask("POST", "explain").json(&own).send().await.is(200);
    ask("GET", "where-can?action=create_flyte_executions").send().await.is(200);
    ask("GET", "what-can").send().await.is(200);
    ask("GET", "subjects/run@example.com/access").send().await.is(200);
}

#[tokio::test]
async fn the_past_is_asked_as_it_was() {
    let house = walkthrough().await;
    let then = house.get("me").await.revision();
    house.clock.pass(3600);
    house.delete("policies/run").await.is(204);
    let body = json!({"subject": "run@example.com", "action": "create_flyte_executions", "project": "shop", "environment": "production"});
    assert_eq!(house.post("check", body.clone()).await.json()["allowed"], false);
    assert_eq!(house.post(&format!("check?at=revision:{then}"), body).await.is(200).json()["allowed"], true);
}
