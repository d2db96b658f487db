//! Who comes in, and what is answered before anything is looked for.

use crate::house::{ADMIN, House};
use serde_json::Value;

#[tokio::test]
async fn a_path_that_is_not_there_is_so_only_for_who_may_come_in() {
    let house = House::new().await;
    house.get("/api/admin/nothing").await.refused(404, "NotFoundError");
    let refused = house.visit("GET", "/api/admin/nothing", Value::Null).await.refused(401, "AuthenticationRequired");
    assert_eq!((refused["path"].as_str(), refused["type"].as_str()), (Some("/auth/simple/login"), Some("password")));
    house.get_as("never-given-out", "/api/admin/nothing").await.refused(401, "UnauthorizedError");
    house.visit("GET", "/nothing", Value::Null).await.refused(404, "NotFoundError");
    house.visit("GET", "", Value::Null).await.refused(404, "NotFoundError");
}

#[tokio::test]
async fn a_credential_counts_with_and_without_the_word_before_it() {
    let house = House::new().await;
    house.get_as(&format!("Bearer {ADMIN}"), "/api/admin/nothing").await.refused(404, "NotFoundError");
}
