//! What is asked and what a plain answer says. Names are resolved elsewhere: a question speaks
//! numbers.

use rolecall_model::Scope;
use rolecall_model::Timestamp;
use rolecall_model::assignment::Grant;
use rolecall_model::id::{ActionId, EnvironmentId, Holder, PrincipalId, ProjectId};
use rolecall_model::policy::Binding;

/// One half of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part<T> {
    /// All of them at once: only a right for all covers it.
    All,
    /// This one.
    One(T),
    /// One that the organization does not know: only a right for all covers it.
    Unknown,
}

impl<T: Copy + PartialEq> Part<T> {
    /// Whether a right for `held` (none means all) covers this part.
    pub fn is_covered_by(self, held: Option<T>) -> bool {
        match (held, self) {
            (None, _) => true,
            (Some(held), Part::One(asked)) => held == asked,
            (Some(_), Part::All | Part::Unknown) => false,
        }
    }
}

impl<T> From<Option<T>> for Part<T> {
    fn from(part: Option<T>) -> Self {
        part.map_or(Part::All, Part::One)
    }
}

/// Where something is to be done. Unlike a [`Scope`] it may name what is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The project.
    pub project: Part<ProjectId>,
    /// The environment.
    pub environment: Part<EnvironmentId>,
}

impl Place {
    /// The whole organization.
    pub const ORGANIZATION: Place = Place { project: Part::All, environment: Part::All };

    /// Whether a right at `scope` covers this place.
    pub fn is_covered_by(self, scope: Scope) -> bool {
        self.project.is_covered_by(scope.project) && self.environment.is_covered_by(scope.environment)
    }
}

impl From<Scope> for Place {
    fn from(scope: Scope) -> Self {
        Place { project: scope.project.into(), environment: scope.environment.into() }
    }
}

/// May this subject do this action here, at this instant?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// The user or application.
    pub subject: PrincipalId,
    /// The action.
    pub action: ActionId,
    /// Where.
    pub place: Place,
    /// The instant that starts and ends of grants are compared with.
    pub at: Timestamp,
}

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may.
    pub allowed: bool,
    /// For an allow: one grant that gave it (the first found; [`explain`](crate::Index::explain)
    /// names all).
    pub giver: Option<Giver>,
}

impl Decision {
    /// No.
    pub const DENIED: Decision = Decision { allowed: false, giver: None };
}

/// What gave a right: a binding, granted to a holder directly or within a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Giver {
    /// Who holds it: the subject itself, one of its groups, or everyone.
    pub holder: Holder,
    /// What the holder was given.
    pub grant: Grant,
    /// The role and where it is bound; with a policy, one of its bindings.
    pub binding: Binding,
}
