//! The floor of an HTTP decision: bare axum that parses the question and answers a constant. `bench-axum PORT`.
//!
//! `/check` and `/batch` take the shortest body that says the question. The other two take what Rolecall takes and answer
//! as it does, for those who want to know what the length of the question costs.

use anyhow::Context;
use axum::serve::ListenerExt;
use axum::{Json, Router, routing::post};
use serde::{Deserialize, Serialize};
use std::hint::black_box;

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed, not looked at")]
struct Check {
    subject: String,
    action: String,
    project: String,
    environment: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed, not looked at")]
struct Place {
    action: String,
    project: String,
    environment: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed, not looked at")]
struct Batch {
    subject: String,
    checks: Vec<Place>,
}

#[derive(Serialize)]
struct Allowed<T> {
    allow: T,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed, not looked at")]
struct Entity {
    r#type: String,
    id: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed, not looked at")]
struct Action {
    name: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed, not looked at")]
struct Properties {
    environment: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed, not looked at")]
struct Resource {
    r#type: String,
    id: String,
    properties: Properties,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed, not looked at")]
struct Evaluation {
    subject: Option<Entity>,
    action: Action,
    resource: Resource,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed, not looked at")]
struct Evaluations {
    subject: Entity,
    evaluations: Vec<Evaluation>,
}

#[derive(Clone, Serialize)]
struct Decision {
    decision: bool,
}

#[derive(Serialize)]
struct Decisions {
    evaluations: Vec<Decision>,
}

async fn check(Json(check): Json<Check>) -> Json<Allowed<bool>> {
    black_box(check);
    Json(Allowed { allow: true })
}

async fn batch(Json(batch): Json<Batch>) -> Json<Allowed<Vec<bool>>> {
    let batch = black_box(batch);
    Json(Allowed { allow: vec![true; batch.checks.len()] })
}

async fn evaluation(Json(evaluation): Json<Evaluation>) -> Json<Decision> {
    black_box(evaluation);
    Json(Decision { decision: true })
}

async fn evaluations(Json(evaluations): Json<Evaluations>) -> Json<Decisions> {
    let evaluations = black_box(evaluations);
    Json(Decisions { evaluations: vec![Decision { decision: true }; evaluations.evaluations.len()] })
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> anyhow::Result<()> {
    let port = std::env::args().nth(1).context("usage: bench-axum PORT")?;
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    let app = Router::new()
        .route("/check", post(check))
        .route("/batch", post(batch))
        .route("/access/v1/evaluation", post(evaluation))
        .route("/access/v1/evaluations", post(evaluations));
    Ok(axum::serve(listener, app).await?)
}
