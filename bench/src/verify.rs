//! Asks a running server every question of a workload over AuthZEN batches and compares the answers with the expected
//! verdicts. Nothing is timed here.

mod question;

pub use question::Question;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::BufRead;

const FIRST_WRONG: usize = 5;

/// Where to ask, with what credential, and how many questions at once.
#[derive(Debug, Clone)]
pub struct Server {
    /// The server's address, such as `http://127.0.0.1:7400`.
    pub url: String,
    /// A token that may ask about anybody.
    pub token: String,
    /// Questions in one request.
    pub batch: usize,
}

/// How the answers compare with the expected verdicts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Answers that equal the verdict.
    pub right: usize,
    /// Answers that do not.
    pub wrong: usize,
    /// The first few questions that were answered wrongly.
    pub first_wrong: Vec<Question>,
}

impl Outcome {
    fn count(&mut self, questions: &[Question], decisions: &[Decision]) {
        for (question, answer) in questions.iter().zip(decisions) {
            if answer.decision == question.allow {
                self.right += 1;
            } else {
                self.wrong += 1;
                if self.first_wrong.len() < FIRST_WRONG {
                    self.first_wrong.push(question.clone());
                }
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} right, {} wrong", self.right, self.wrong)?;
        for question in &self.first_wrong {
            write!(f, "\nwrong: {question}")?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Batch<'a> {
    evaluations: Vec<question::Evaluation<'a>>,
}

#[derive(Deserialize)]
struct Decisions {
    evaluations: Vec<Decision>,
}

#[derive(Deserialize)]
struct Decision {
    decision: bool,
}

/// Reads questions, one JSON object a line.
///
/// # Errors
/// When a line cannot be read or is not a question; the error names the line.
pub fn read(lines: impl BufRead) -> anyhow::Result<Vec<Question>> {
    lines
        .lines()
        .enumerate()
        .map(|(number, line)| {
            serde_json::from_str(&line?).with_context(|| format!("line {} is not a question", number + 1))
        })
        .collect()
}

/// Asks every question and compares.
///
/// # Errors
/// When the server cannot be reached, refuses, or answers with another number of decisions than were asked for.
pub async fn verify(server: &Server, questions: &[Question]) -> anyhow::Result<Outcome> {
    ensure!(server.batch > 0, "a batch holds at least one question");
    let client = client()?;
    let url = format!("{}/access/v1/evaluations", server.url.trim_end_matches('/'));
    let mut outcome = Outcome::default();
    for some in questions.chunks(server.batch) {
        let body = Batch { evaluations: some.iter().map(Question::evaluation).collect() };
        let request = client.post(&url).bearer_auth(&server.token).json(&body);
        let answer = ask(request).await.with_context(|| format!("cannot ask {url}"))?;
        ensure!(answer.len() == some.len(), "{url} gave {} answers to {} questions", answer.len(), some.len());
        outcome.count(some, &answer);
    }
    Ok(outcome)
}

/// The library's own cryptography is not built in, so a provider is named; one that is named already stays.
fn client() -> anyhow::Result<reqwest::Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().build().context("cannot make an HTTP client")
}

async fn ask(request: reqwest::RequestBuilder) -> anyhow::Result<Vec<Decision>> {
    let response = request.send().await?;
    let status = response.status();
    let body = response.text().await?;
    if !status.is_success() {
        bail!("it answered {status}: {body}");
    }
    let decisions: Decisions = serde_json::from_str(&body).context("the answer is not a list of evaluations")?;
    Ok(decisions.evaluations)
}
