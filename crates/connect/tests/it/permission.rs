//! Who may ask: as in AuthZEN, about oneself always, about others with `rolecall.access.check` there.

use crate::house::{House, check, question};
use connectrpc::{ErrorCode, Protocol};
use rolecall_connect::v1::CheckManyRequest;
use serde_json::json;

#[tokio::test]
async fn about_oneself_anybody_may_ask_and_about_others_nobody_without_the_right() {
    let house = House::new().await;
    let (token, _) = house.token_of("ada@example.com").await;
    let client = house.http2(Protocol::Grpc, &token).await;
    let own = client.check(check("ada@example.com", "deploy", "shop", "production")).await.unwrap();
    assert!(own.view().allowed);
    for subject in ["root@example.com", "nobody@example.com", ""] {
        let error = client.check(check(subject, "deploy", "shop", "production")).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::PermissionDenied, "{subject:?}");
        assert!(error.message.as_deref().unwrap().contains("rolecall.access.check"), "{error}");
    }
}

#[tokio::test]
async fn a_right_to_ask_in_one_project_answers_there_and_refuses_elsewhere() {
    let house = House::new().await;
    house.post("users", json!({"email": "ci@example.com"})).await;
    house.post("assignments", json!({"subject": "ci@example.com", "role": "Asker", "project": "shop"})).await;
    let (token, _) = house.token_of("ci@example.com").await;
    let client = house.http2(Protocol::Grpc, &token).await;
    let there = question("ada@example.com", "deploy", "shop", "production");
    let elsewhere = question("ada@example.com", "deploy", "blog", "production");
    let mixed = CheckManyRequest { questions: vec![elsewhere.clone(), there], ..CheckManyRequest::default() };
    let answers = client.check_many(mixed).await.unwrap().into_owned();
    assert_eq!(answers.allowed, [false, true]);
    assert_eq!((answers.refusals.len(), answers.refusals[0].question), (1, 0));
    let message = &answers.refusals[0].message;
    assert!(message.contains("rolecall.access.check") || message.contains("blog"), "{message}");
    let none = CheckManyRequest { questions: vec![elsewhere], ..CheckManyRequest::default() };
    let error = client.check_many(none).await.unwrap_err();
    assert!(matches!(error.code, ErrorCode::PermissionDenied | ErrorCode::NotFound), "{error}");
}
