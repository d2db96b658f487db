//! Bulk import: a whole workload as one compact word of the log. Its columns are the bytes that the
//! log keeps, so a million users take tens of megabytes, not hundreds.
//!
//! Reading a file of lines is in `import/reader.rs`, the rules in `import/decide.rs`, the form in
//! the log in `import/codec.rs`. Numbers are not written: they follow from the state.

mod apply;
mod codec;
mod column;
mod decide;
mod ids;
mod line;
mod people;
mod reader;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use codec::{Part, decode, encode, walk};
pub use reader::{BadLine, LONGEST_LINE, WorkloadReader};

use crate::id::USER;
use crate::moment;
use crate::principal::{PrincipalKind, Subject};
use column::Column;
use std::fmt;
use std::sync::Arc;

/// The nouns of a workload, in the order in which they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Environment,
    Action,
    Role,
    Project,
    Policy,
    Group,
    User,
    Application,
}

impl Kind {
    pub(crate) const ALL: [Kind; 8] = [
        Kind::Environment,
        Kind::Action,
        Kind::Role,
        Kind::Project,
        Kind::Policy,
        Kind::Group,
        Kind::User,
        Kind::Application,
    ];

    /// The word for it, in files and messages.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Kind::Environment => "environment",
            Kind::Action => "action",
            Kind::Role => "role",
            Kind::Project => "project",
            Kind::Policy => "policy",
            Kind::Group => "group",
            Kind::User => "user",
            Kind::Application => "application",
        }
    }

    /// What kind of principal it is, if it is one: then its name is a personal value.
    pub(crate) const fn principal(self) -> Option<PrincipalKind> {
        match self {
            Kind::User => Some(PrincipalKind::User),
            Kind::Application => Some(PrincipalKind::Application),
            _ => None,
        }
    }
}

/// Environments, actions, roles, projects, policies, groups, users and applications to add, with
/// what they are given. A copy shares everything.
#[derive(Clone, Default, PartialEq)]
pub struct Workload {
    columns: Arc<[Column; 8]>,
    /// What the opaque ids are drawn from.
    seed: [u8; 32],
}

/// Only what it has how many of: the whole would fill a log.
impl fmt::Debug for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Workload").field(&self.counts()).finish()
    }
}

/// How many of each noun there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field says it all")]
pub struct Counts {
    pub environments: usize,
    pub actions: usize,
    pub roles: usize,
    pub projects: usize,
    pub policies: usize,
    pub groups: usize,
    pub users: usize,
    pub applications: usize,
}

impl Workload {
    /// How many of each noun there are.
    pub fn counts(&self) -> Counts {
        let [environments, actions, roles, projects, policies, groups, users, applications] =
            Kind::ALL.map(|kind| self.column(kind).len());
        Counts { environments, actions, roles, projects, policies, groups, users, applications }
    }

    /// Whether it brings nothing.
    pub fn is_empty(&self) -> bool {
        self.columns.iter().all(|column| column.len() == 0)
    }

    /// How many bytes of memory it takes.
    pub fn size(&self) -> usize {
        self.columns.iter().map(Column::size).sum()
    }

    fn column(&self, kind: Kind) -> &Column {
        &self.columns[kind as usize]
    }

    /// The same content with a seed for its ids.
    fn seeded(&self, seed: [u8; 32]) -> Self {
        Workload { columns: Arc::clone(&self.columns), seed }
    }

    /// The subjects of its users and applications, in their order.
    pub fn subjects(&self) -> impl Iterator<Item = Subject> + '_ {
        let first = self.column(Kind::Group).len();
        let kinds = [Kind::User, Kind::Application].into_iter().flat_map(|kind| {
            let count = self.column(kind).len();
            std::iter::repeat_n(kind.principal().unwrap_or(PrincipalKind::User), count)
        });
        kinds.zip(first..).map(|(kind, index)| subject(&self.seed, kind, index))
    }
}

/// The subject of this index: groups come first, then users, then applications.
pub(crate) fn subject(seed: &[u8; 32], kind: PrincipalKind, index: usize) -> Subject {
    Subject::new(kind, moment::opaque::<USER>(seed, index as u64).bits())
}
