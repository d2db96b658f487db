use rolecall_bench::verify::{Outcome, Server, read, verify};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::{JoinHandle, spawn};

const QUESTIONS: &str = concat!(
    r#"{"kind":"user","subject":"u-1","action":"flag.read","project":"p-0","environment":"dev","allow":true}"#,
    "\n",
    r#"{"kind":"user","subject":"u-2","action":"flag.read","project":"p-0","environment":"prod","allow":false}"#,
    "\n",
    r#"{"kind":"application","subject":"a-1","action":"key.read","project":"p-1","environment":"test","allow":true}"#,
    "\n",
);

/// Answers one request for each reply, then goes away and hands back what it was asked.
fn server(replies: Vec<(u16, Value)>) -> (String, JoinHandle<Vec<(String, Value)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = spawn(move || {
        replies.into_iter().map(|reply| answer(listener.accept().expect("a caller").0, &reply)).collect()
    });
    (url, asked)
}

fn answer(stream: TcpStream, (status, body): &(u16, Value)) -> (String, Value) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).expect("a line"), 0);
    }
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut question = vec![0; length.expect("a length")];
    reader.read_exact(&mut question).expect("a body");
    let body = body.to_string();
    let answer = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    reader.get_mut().write_all(answer.as_bytes()).expect("the answer is taken");
    (head, serde_json::from_slice(&question).expect("JSON"))
}

async fn outcome(url: &str, batch: usize) -> anyhow::Result<Outcome> {
    let server = Server { url: url.to_owned(), token: "a-token".to_owned(), batch };
    verify(&server, &read(QUESTIONS.as_bytes())?).await
}

fn decisions(list: &[bool]) -> (u16, Value) {
    (200, json!({"evaluations": list.iter().map(|decision| json!({"decision": decision})).collect::<Vec<_>>()}))
}

#[tokio::test]
async fn right_and_wrong_answers_are_counted_over_batches() {
    let (url, asked) = server(vec![decisions(&[true, true]), decisions(&[true])]);
    let outcome = outcome(&url, 2).await.expect("an outcome");
    assert_eq!((outcome.right, outcome.wrong), (2, 1));
    assert!(outcome.to_string().contains("wrong: user u-2, flag.read in p-0, prod: expected denied"), "{outcome}");
    let asked = asked.join().expect("the server is done");
    let (head, body) = &asked[0];
    assert!(head.starts_with("POST /access/v1/evaluations "), "{head}");
    assert!(head.to_lowercase().contains("authorization: bearer a-token"), "{head}");
    assert_eq!(
        body["evaluations"][0],
        json!({
            "subject": {"type": "user", "id": "u-1"},
            "action": {"name": "flag.read"},
            "resource": {"type": "project", "id": "p-0", "properties": {"environment": "dev"}},
        })
    );
}

#[tokio::test]
async fn a_short_answer_is_an_error_and_not_a_pass() {
    let (url, asked) = server(vec![decisions(&[true])]);
    let error = outcome(&url, 100).await.expect_err("two answers are missing");
    assert!(error.to_string().contains("gave 1 answers to 3 questions"), "{error}");
    asked.join().expect("the server is done");
}

#[tokio::test]
async fn a_refusal_is_an_error_that_shows_what_the_server_said() {
    let (url, asked) = server(vec![(401, json!({"detail": "no credential"}))]);
    let error = format!("{:#}", outcome(&url, 100).await.expect_err("refused"));
    assert!(error.contains("401") && error.contains("no credential"), "{error}");
    asked.join().expect("the server is done");
}

#[test]
fn a_line_that_is_no_question_is_named_by_its_number() {
    let error = read(format!("{QUESTIONS}{{}}\n").as_bytes()).expect_err("the fourth line is empty");
    assert!(error.to_string().contains("line 4"), "{error}");
}
