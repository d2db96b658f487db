//! A stream of questions: order, ids, and that neither credential nor state grow old in it.

use crate::house::{ADMIN, House};
use connectrpc::{ErrorCode, Protocol};
use rolecall_connect::v1::{CheckStreamRequest, CheckStreamResponse};
use serde_json::json;

fn asked(id: u64, subject: &str, action: &str, environment: &str) -> CheckStreamRequest {
    CheckStreamRequest {
        id,
        subject: subject.into(),
        action: action.into(),
        project: "shop".into(),
        environment: environment.into(),
    }
}

/// Opens a stream, so that a test can ask in it one by one.
macro_rules! ask {
    ($stream:expr, $question:expr) => {{
        $stream.send($question).await.unwrap();
        let answer: CheckStreamResponse = $stream.message().await.unwrap().expect("an answer").to_owned_message();
        answer
    }};
}

#[tokio::test]
async fn questions_are_answered_in_their_order_with_their_ids() {
    let house = House::new().await;
    for protocol in [Protocol::Grpc, Protocol::Connect] {
        let mut stream = house.http2(protocol, ADMIN).await.check_stream().await.unwrap();
        for id in 0..50 {
            let environment = if id % 2 == 0 { "production" } else { "staging" };
            stream.send(asked(id, "ada@example.com", "deploy", environment)).await.unwrap();
        }
        stream.close_send();
        for id in 0..50 {
            let answer: CheckStreamResponse = stream.message().await.unwrap().unwrap().to_owned_message();
            assert_eq!((answer.id, answer.allowed), (id, id % 2 == 0), "{protocol}");
        }
        assert!(stream.message::<CheckStreamResponse>().await.unwrap().is_none(), "{protocol}");
        assert!(stream.error().is_none(), "{protocol}: {:?}", stream.error());
    }
}

#[tokio::test]
async fn each_answer_is_that_of_the_newest_state() {
    let house = House::new().await;
    let mut stream = house.http2(Protocol::Grpc, ADMIN).await.check_stream().await.unwrap();
    let before = ask!(stream, asked(1, "ada@example.com", "deploy", "staging"));
    let grant = json!({"subject": "ada@example.com", "role": "Deployer", "project": "shop", "environment": "staging"});
    house.post("assignments", grant).await;
    let after = ask!(stream, asked(2, "ada@example.com", "deploy", "staging"));
    assert!(!before.allowed && after.allowed && after.revision > before.revision, "{before:?} {after:?}");
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_does_not_end_the_stream() {
    let house = House::new().await;
    let (token, _) = house.token_of("ada@example.com").await;
    let mut stream = house.http2(Protocol::Grpc, &token).await.check_stream().await.unwrap();
    let refused = ask!(stream, asked(1, "root@example.com", "deploy", "production"));
    assert!(!refused.allowed && refused.refusal.contains("rolecall.access.check"), "{refused:?}");
    let half = ask!(stream, asked(2, "ada@example.com", "", "production"));
    assert!(half.refusal.contains("`action`"), "{half:?}");
    let own = ask!(stream, asked(3, "ada@example.com", "deploy", "production"));
    assert!(own.allowed && own.refusal.is_empty(), "{own:?}");
}

#[tokio::test]
async fn a_stream_ends_when_its_token_is_revoked() {
    let house = House::new().await;
    let (token, key) = house.token_of("root@example.com").await;
    let mut stream = house.http2(Protocol::Grpc, &token).await.check_stream().await.unwrap();
    assert!(ask!(stream, asked(1, "ada@example.com", "deploy", "production")).allowed);
    house.revoke(&key).await;
    stream.send(asked(2, "ada@example.com", "deploy", "production")).await.unwrap();
    let error = match stream.message::<CheckStreamResponse>().await {
        Ok(answer) => {
            assert!(answer.is_none(), "a revoked token got an answer");
            stream.error().expect("an error").code
        }
        Err(error) => error.code,
    };
    assert_eq!(error, ErrorCode::Unauthenticated);
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops() {
    let house = House::new().await;
    let mut stream = house.http2(Protocol::Grpc, ADMIN).await.check_stream().await.unwrap();
    assert!(ask!(stream, asked(1, "ada@example.com", "deploy", "production")).allowed);
    house.service.end_streams();
    let error = match stream.message::<CheckStreamResponse>().await {
        Ok(answer) => {
            assert!(answer.is_none());
            stream.error().expect("an error").code
        }
        Err(error) => error.code,
    };
    assert_eq!(error, ErrorCode::Unavailable);
}
