//! What is put to the proof: whatever answers questions about an organization and goes on with it
//! from change to change. The index does; so do the careless ones that show that the proof bites.

use crate::words;
use rolecall_engine::{Decision, Index};
use rolecall_model::id::PrincipalId;
use rolecall_model::organization::Touched;
use rolecall_model::{Org, Timestamp};
use rolecall_reference::{Noun, Place, Question};

/// Some of those who may, and the last of them when there are more.
pub type Page = (Vec<u32>, Option<PrincipalId>);

/// Names of a subject, an action, a project and an environment.
pub type Names<'a> = (&'a str, &'a str, Option<&'a str>, Option<&'a str>);

pub trait Engine: Clone {
    /// One of the same kind for an organization, made anew.
    #[must_use]
    fn anew(&self, org: Org) -> Self;
    #[must_use]
    fn advance(&self, org: Org, touched: &Touched) -> Self;
    /// Answers what none of the careless ones answers otherwise.
    fn index(&self) -> &Index;

    fn check(&self, question: &Question) -> Decision {
        self.index().check(&words::question(question))
    }

    fn check_named(&self, names: Names<'_>, at: i64) -> bool {
        let (subject, action, project, environment) = names;
        self.index().check_named(subject, action, project, environment, Timestamp::from_micros(at)).allowed
    }

    fn known_as(&self, identifier: &str) -> Option<u32> {
        self.index().org().find_principal(identifier).map(|(id, _)| id.number())
    }

    fn named(&self, noun: Noun, name: &str) -> Option<u32> {
        let org = self.index().org();
        match noun {
            Noun::Action => org.action_named(name).map(|row| row.id.number()),
            Noun::Environment => org.environment_named(name).map(|row| row.id.number()),
            Noun::Group => org.group_named(name).map(|row| row.id.number()),
            Noun::Policy => org.policy_named(name).map(|row| row.id.number()),
            Noun::Project => org.project_named(name).map(|row| row.id.number()),
            Noun::Role => org.role_named(name).map(|row| row.id.number()),
        }
    }

    fn who_can(&self, action: u32, place: Place, at: i64, after: Option<PrincipalId>, limit: usize) -> Page {
        let (action, at) = (words::action(action), Timestamp::from_micros(at));
        let (page, next) = self.index().who_can(action, words::place(place), at, after, limit);
        (page.into_iter().map(PrincipalId::number).collect(), next)
    }
}

impl Engine for Index {
    fn anew(&self, org: Org) -> Self {
        Index::build(org)
    }

    fn advance(&self, org: Org, touched: &Touched) -> Self {
        Index::advance(self, org, touched)
    }

    fn index(&self) -> &Index {
        self
    }
}
