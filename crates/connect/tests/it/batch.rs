//! Batches: defaults, order, bounds.

use crate::house::{ADMIN, House, question};
use connectrpc::{ErrorCode, Protocol};
use rolecall_connect::MOST_QUESTIONS;
use rolecall_connect::v1::{CheckManyRequest, Question};

fn batch(defaults: Question, questions: Vec<Question>) -> CheckManyRequest {
    CheckManyRequest { defaults: defaults.into(), questions }
}

#[tokio::test]
async fn what_a_question_leaves_empty_the_defaults_give() {
    let house = House::new().await;
    let client = house.http2(Protocol::Grpc, ADMIN).await;
    let who = question("ada@example.com", "view", "shop", "production");
    let questions = vec![
        Question::default(),
        question("", "deploy", "", ""),
        question("", "", "", "staging"),
        question("nobody@example.com", "", "", ""),
        question("root@example.com", "", "blog", ""),
    ];
    let answers = client.check_many(batch(who, questions)).await.unwrap().into_owned();
    assert_eq!(answers.allowed, [true, true, false, false, true]);
    assert!(answers.revision > 0 && answers.refusals.is_empty());
}

#[tokio::test]
async fn an_empty_batch_has_an_empty_answer() {
    let house = House::new().await;
    let client = house.http2(Protocol::Grpc, ADMIN).await;
    let answers = client.check_many(CheckManyRequest::default()).await.unwrap().into_owned();
    assert!(answers.allowed.is_empty() && answers.revision > 0);
}

#[tokio::test]
async fn a_batch_is_as_large_as_is_said_and_no_larger() {
    let house = House::new().await;
    let client = house.http2(Protocol::Grpc, ADMIN).await;
    let who = question("ada@example.com", "view", "shop", "production");
    let whole = client.check_many(batch(who.clone(), vec![Question::default(); MOST_QUESTIONS])).await.unwrap();
    assert_eq!(whole.into_owned().allowed, vec![true; MOST_QUESTIONS]);
    let error = client.check_many(batch(who, vec![Question::default(); MOST_QUESTIONS + 1])).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidArgument);
    assert!(error.message.as_deref().unwrap().starts_with("at most 10000 questions"), "{error}");
}

#[tokio::test]
async fn a_question_that_is_not_whole_is_named() {
    let house = House::new().await;
    let client = house.http2(Protocol::Grpc, ADMIN).await;
    let questions = vec![question("ada@example.com", "view", "", ""), question("ada@example.com", "", "", "")];
    let error = client.check_many(batch(Question::default(), questions)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidArgument);
    assert!(error.message.as_deref().unwrap().contains("questions[1] has no `action`"), "{error}");
}
