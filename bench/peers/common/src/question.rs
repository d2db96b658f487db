//! The workload's questions, and the same with names that nobody knows.

use crate::world::World;
use anyhow::{Context, ensure};
use serde::Deserialize;
use std::path::Path;

/// A check in four strings and the verdict it must get.
#[derive(Clone, Debug, Deserialize)]
pub struct Question {
    /// `user` or `application`.
    pub kind: String,
    pub subject: String,
    pub action: String,
    pub project: String,
    pub environment: String,
    pub allow: bool,
}

/// Reads the questions of a size. The oracle here must agree with the one that wrote them; when grants have windows
/// its verdicts replace theirs.
///
/// # Errors
/// When the file cannot be read, or the two oracles differ.
pub fn read(world: &World, directory: &Path, size: &str) -> anyhow::Result<Vec<Question>> {
    let path = directory.join(format!("{size}.queries.jsonl"));
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let read = text.lines().map(|line| {
        let mut question: Question = serde_json::from_str(line)?;
        let verdict = world.verdict(&question);
        ensure!(world.is_timed || verdict == question.allow, "the oracles differ about {question:?}");
        question.allow = verdict;
        Ok(question)
    });
    read.collect()
}

/// The same questions, each with one name that is not known: in turn the subject, the action, the project and the
/// environment.
pub fn with_unknown_names(world: &World, questions: &[Question]) -> Vec<Question> {
    let strange = questions.iter().enumerate().map(|(position, question)| {
        let mut question = question.clone();
        match position % 4 {
            0 => question.subject.insert_str(0, "no-"),
            1 => question.action.insert_str(0, "no-"),
            2 => question.project.insert_str(0, "no-"),
            _ => question.environment.insert_str(0, "no-"),
        }
        question.allow = world.verdict(&question);
        question
    });
    strange.collect()
}
