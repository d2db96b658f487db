//! What belongs to the server itself: health, metrics, ids, headers, pages.

use crate::house::{ADMIN, House, WRONG};

#[tokio::test]
async fn it_is_alive_at_once_and_ready_when_there_is_an_organization() {
    let house = House::empty().await;
    house.get("/healthz").await.is(200);
    let waiting = house.get("/readyz").await.is(503);
    assert!(!waiting.header("retry-after").is_empty());
    assert!(waiting.text.starts_with("not ready: "), "{}", waiting.text);
    assert!(house.get("/").await.is(200).text.contains("waits to be set up"));
    let house = House::with("none").await;
    assert_eq!(house.get("/readyz").await.is(200).text, "ready\n");
    assert!(house.get("/").await.is(200).text.contains("It is running."));
}

#[tokio::test]
async fn a_closed_service_is_not_ready() {
    let house = House::with("none").await;
    house.service.close().await;
    house.get("/readyz").await.is(503);
    house.get("/healthz").await.is(200);
}

#[tokio::test]
async fn metrics_are_read_with_the_right_to_only() {
    let house = House::with("none").await;
    assert_eq!(house.get("/metrics").await.is(401).header("www-authenticate"), "Bearer");
    house.ask("GET", "/metrics", Some(WRONG), "").await.is(401);
    let nobody = house.nobody().await;
    let refused = house.ask("GET", "/metrics", Some(&nobody), "").await.is(403);
    assert!(refused.text.contains("rolecall.metrics.read"), "{}", refused.text);
    let read = house.ask("GET", "/metrics", Some(ADMIN), "").await.is(200);
    assert!(read.header("content-type").starts_with("application/openmetrics-text"));
    assert!(read.text.contains("rolecall_users{organization=\"acme\"} 2"), "{}", read.text);
    assert!(read.text.contains("route=\"/metrics\",status=\"403\""), "{}", read.text);
    assert!(read.text.contains("\nrolecall_mail_waiting 0\n"), "{}", read.text);
    assert!(read.text.ends_with("# EOF\n"));
    assert!(!read.text.contains(&nobody) && !read.text.contains(ADMIN));
}

#[tokio::test]
async fn paths_that_are_no_route_are_counted_together() {
    let house = House::with("none").await;
    for n in 0..5 {
        house.get(&format!("/nowhere/{n}")).await.is(404);
    }
    let read = house.ask("GET", "/metrics", Some(ADMIN), "").await.is(200);
    assert!(!read.text.contains("/nowhere"), "{}", read.text);
    assert!(read.text.contains("route=\"(none)\",status=\"404\"} 5"), "{}", read.text);
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_document() {
    let house = House::with("none").await;
    for path in ["/nowhere", "/api/v1/nowhere", "/api/v1/roles/", "/api/v2/roles", "//"] {
        let answer = house.get(path).await.is(404);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        let problem = answer.json();
        assert_eq!((&problem["code"], &problem["status"]), (&"not_found".into(), &404.into()));
        assert_eq!(problem["type"], "/problems/not_found");
        assert_eq!(problem["request_id"].as_str(), Some(answer.header("x-request-id")));
    }
}

#[tokio::test]
async fn a_request_keeps_its_id_when_it_is_plain_and_gets_one_otherwise() {
    let house = House::with("none").await;
    let id = async |given: &str| {
        house.send("GET", "/healthz", &[("x-request-id", given)], "").await.header("x-request-id").to_owned()
    };
    assert_eq!(id("order-17/a").await, "order-17/a");
    let long = "x".repeat(129);
    for given in ["", "two words", long.as_str(), "tab\there"] {
        let made = id(given).await;
        assert!(made != given && made.len() == 36, "{given:?}: {made}");
    }
    let refused = house.send("GET", "/api/v1/roles", &[("x-request-id", "mine")], "").await.is(401);
    assert_eq!((refused.header("x-request-id"), refused.json()["request_id"].as_str()), ("mine", Some("mine")));
}

#[tokio::test]
async fn every_answer_keeps_browsers_careful() {
    let house = House::with("none").await;
    for path in ["/", "/docs", "/healthz", "/nowhere", "/api/v1/roles", "/setup", "/problems/forbidden"] {
        let answer = house.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        // With none at all, a browser would not say from where a form of ours is sent.
        let referrer = answer.header("referrer-policy");
        assert!(["no-referrer", "same-origin"].contains(&referrer), "{path}: {referrer}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        // Only the page that shows the API document has a script, the same for everybody.
        assert!(path == "/docs" || !policy.contains("script-src 'unsafe"), "{path}: {policy}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn addresses_in_discovery_begin_with_the_public_one() {
    let house = House::with("none").await;
    let found = house.get("/.well-known/authzen-configuration").await.is(200).json();
    assert_eq!(found["access_evaluation_endpoint"], "https://roles.example/access/v1/evaluation");
}
