//! A server that trusts its own machine lets the `flyte` client in without a credential, and nothing else.

use crate::house::{ADMIN, House};
use axum::body::Body;
use axum::http::Request;
use rolecall_server::{Front, front};
use tower::ServiceExt;

const ROLES: &str = "/cloudidl.identity.RoleService/List";
const KIND: (&str, &str) = ("content-type", "application/proto");
const HOST: (&str, &str) = ("host", "127.0.0.1:7400");

async fn status(front: &Front, path: &str, headers: &[(&str, &str)]) -> u16 {
    let all = headers.iter().fold(Request::post(path), |request, (name, value)| request.header(*name, *value));
    front.clone().oneshot(all.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn only_a_server_that_was_told_so_trusts_its_machine_and_only_for_the_client() {
    let house = House::with("union").await;
    let plain = front(house.service.clone(), "http://127.0.0.1:7400");
    let here = "127.0.0.1:50000".parse().unwrap();
    assert_eq!(status(&plain.of(here), ROLES, &[HOST, KIND]).await, 401, "nobody told it to");
    let trusting = plain.trusting_loopback();
    assert_eq!(status(&trusting.of(here), ROLES, &[HOST, KIND]).await, 200);
    assert_eq!(status(&trusting.of("10.0.0.7:50000".parse().unwrap()), ROLES, &[HOST, KIND]).await, 401);
    assert_eq!(status(&trusting, ROLES, &[HOST, KIND]).await, 401, "from nobody knows where");
    assert_eq!(status(&trusting.of(here), "/api/v1/roles", &[HOST, KIND]).await, 401, "another way in");
    assert_eq!(status(&trusting.of(here), ROLES, &[HOST, KIND, ("origin", "http://evil.example")]).await, 401);
    assert_eq!(status(&trusting.of(here), ROLES, &[("host", "evil.example"), KIND]).await, 401, "a rebound name");
    // A credential that is there decides, also when it is wrong.
    let bearer = format!("Bearer {ADMIN}");
    assert_eq!(status(&trusting.of(here), ROLES, &[HOST, KIND, ("authorization", &bearer)]).await, 200);
    assert_eq!(status(&trusting.of(here), ROLES, &[HOST, KIND, ("authorization", "Bearer no")]).await, 401);
}
