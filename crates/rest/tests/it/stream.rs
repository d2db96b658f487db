//! Streams: the feed of changes, the stream for replicas, imports and backups.

use crate::house::House;
use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::StreamExt;
use serde_json::{Value, json};

/// Reads a stream line by line.
struct Lines {
    stream: BodyDataStream,
    rest: String,
}

impl Lines {
    fn of(response: axum::response::Response) -> Self {
        Lines { stream: response.into_body().into_data_stream(), rest: String::new() }
    }

    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((line, rest)) = self.rest.split_once('\n') {
                let (line, rest) = (line.to_owned(), rest.to_owned());
                self.rest = rest;
                if line.is_empty() {
                    continue;
                }
                return Some(line);
            }
            let piece = self.stream.next().await?.unwrap();
            self.rest.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }
}

#[tokio::test]
async fn changes_are_followed_as_they_happen() {
    let house = House::union().await;
    let after = house.post("roles", json!({"name": "first"})).await.is(201).revision() - 1;
    let response = house.ask("GET", &format!("changes?after={after}")).response().await;
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let mut lines = Lines::of(response);
    let first: Value = serde_json::from_str(&lines.next().await.unwrap()).unwrap();
    assert_eq!((&first["revision"], &first["changes"][0]["name"]), (&json!(after + 1), &json!("first")));
    house.post("policies", json!({"name": "p", "bindings": [{"role": "first", "project": "new"}]})).await.is(201);
    let second: Value = serde_json::from_str(&lines.next().await.unwrap()).unwrap();
    let nouns: Vec<&str> =
        second["changes"].as_array().unwrap().iter().map(|change| change["noun"].as_str().unwrap()).collect();
    assert_eq!(nouns, ["project", "policy"]);
    assert_eq!(second["changes"][1]["after"]["bindings"], json!([{"role": "first", "project": "new"}]));
}

#[tokio::test]
async fn changes_come_as_events_when_asked_for() {
    let house = House::union().await;
    let after = house.post("roles", json!({"name": "first"})).await.is(201).revision() - 1;
    let response =
        house.ask("GET", &format!("changes?after={after}")).header("accept", "text/event-stream").response().await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut lines = Lines::of(response);
    assert_eq!(lines.next().await.unwrap(), format!("id: {}", after + 1));
    assert_eq!(lines.next().await.unwrap(), "event: entry");
    assert!(lines.next().await.unwrap().starts_with("data: {\"revision\":"));
}

#[tokio::test]
async fn a_feed_shows_only_what_the_caller_may_see() {
    let house = House::new("none").await;
    let token = house.user("weak@example.com", &[]).await;
    let after = house.get("me").await.revision();
    house.post("roles", json!({"name": "hidden"})).await.is(201);
    let mut lines = Lines::of(house.ask("GET", &format!("changes?after={after}")).token(&token).response().await);
    let line: Value = serde_json::from_str(&lines.next().await.unwrap()).unwrap();
    assert_eq!((&line["revision"], &line["changes"]), (&json!(after + 1), &json!([])));
}

#[tokio::test]
async fn a_replica_gets_every_entry() {
    let house = House::union().await;
    let revision = house.post("roles", json!({"name": "first"})).await.is(201).revision();
    let response = house.ask("GET", &format!("replicate?after={}", revision - 1)).response().await;
    let mut frames = response.into_body().into_data_stream();
    let head = frames.next().await.unwrap().unwrap();
    assert_eq!((head[0], &head[1..9]), (3, &revision.to_be_bytes()[..]));
    let entry = frames.next().await.unwrap().unwrap();
    assert_eq!((entry[0], &entry[1..9]), (2, &revision.to_be_bytes()[..]));
    // The head says where the stream begins, so that the first entry can be seen to continue the chain.
    let mut before =
        house.ask("GET", &format!("replicate?after={revision}")).response().await.into_body().into_data_stream();
    assert_eq!(before.next().await.unwrap().unwrap()[17..49], entry[17..49]);
}

#[tokio::test]
async fn a_replica_that_is_ahead_is_told_so() {
    let house = House::union().await;
    house.get("replicate?after=100000").await.refused(503, "not_yet");
}

const WORKLOAD: &[&str] = &[
    r#"{"meta":{"format":1,"size":"T","seed":1}}"#,
    r#"{"action":{"id":"read"}}"#,
    r#"{"environment":{"id":"live"}}"#,
    r#"{"role":{"id":"reader","actions":["read"],"level":"project"}}"#,
];

fn workload() -> String {
    WORKLOAD.join("\n") + "\n"
}

#[tokio::test]
async fn an_import_answers_at_its_end_or_tells_its_progress() {
    let house = House::union().await;
    let bad = format!("{}{{\"nonsense\":1}}\n", workload());
    let before = house.get("me").await.revision();
    let refused = house.ask("POST", "import?format=workload").body(bad.clone()).send().await.refused(422, "unreadable");
    assert!(refused.detail().contains("line"), "{}", refused.text);
    let told = house
        .ask("POST", "import?format=workload")
        .header("accept", "application/x-ndjson")
        .body(bad)
        .send()
        .await
        .is(200);
    let last: Value = serde_json::from_str(told.text.lines().last().unwrap()).unwrap();
    assert_eq!(last["problem"]["code"], "unreadable", "{}", told.text);
    assert_eq!(house.get("me").await.revision(), before);
    house.ask("POST", "import?format=csv").body("x").send().await.refused(400, "malformed");
    house.ask("POST", "import").body("x").send().await.refused(400, "malformed");
    let pieces: Vec<Result<Bytes, std::io::Error>> =
        vec![Ok(Bytes::from_static(b"{\"meta\":")), Err(std::io::Error::other("gone"))];
    let broken =
        house.ask("POST", "import?format=workload").body(Body::from_stream(futures::stream::iter(pieces))).send().await;
    assert_eq!(broken.status, 422, "{}", broken.text);
    assert_eq!(house.get("me").await.revision(), before);
}

#[tokio::test]
async fn a_backup_is_a_database_file() {
    let house = House::union().await;
    let response = house.ask("GET", "backup").response().await;
    assert_eq!(response.status(), 200);
    let first = response.into_body().into_data_stream().next().await.unwrap().unwrap();
    assert!(first.starts_with(b"SQLite format 3"));
}
