//! One line of `<size>.queries.jsonl`, and how it is said in AuthZEN: *this subject, this action, this project in that
//! environment*.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A check with the verdict it must get.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// `user` or `application`.
    pub kind: String,
    /// The subject's identifier, such as `u-588`.
    pub subject: String,
    /// The action, such as `flag.update`.
    pub action: String,
    /// The project's name.
    pub project: String,
    /// The environment's name.
    pub environment: String,
    /// The expected verdict.
    pub allow: bool,
}

#[derive(Serialize)]
pub(super) struct Evaluation<'a> {
    subject: Entity<'a>,
    action: Action<'a>,
    resource: Resource<'a>,
}

#[derive(Serialize)]
struct Entity<'a> {
    r#type: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct Action<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Resource<'a> {
    r#type: &'static str,
    id: &'a str,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Properties<'a> {
    environment: &'a str,
}

impl Question {
    pub(super) fn evaluation(&self) -> Evaluation<'_> {
        Evaluation {
            subject: Entity { r#type: &self.kind, id: &self.subject },
            action: Action { name: &self.action },
            resource: Resource {
                r#type: "project",
                id: &self.project,
                properties: Properties { environment: &self.environment },
            },
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, subject, action, project, environment, allow } = self;
        let verdict = if *allow { "allowed" } else { "denied" };
        write!(f, "{kind} {subject}, {action} in {project}, {environment}: expected {verdict}")
    }
}
