//! The common coin of the index: a role at a scope in plain numbers, and a question in the same.

use crate::path::Window;
use crate::question::{Giver, Part, Place};
use crate::rights::{Cell, Rights};
use crate::vocabulary::Bit;
use rolecall_model::assignment::Grant;
use rolecall_model::id::{EnvironmentId, Holder, PolicyId, ProjectId, RoleId};
use rolecall_model::policy::Binding;
use rolecall_model::{Scope, Timestamp};

/// Stands in a question for a project or environment that is not a single known one: equal to none
/// that a binding names. No noun ever has this number, since numbers count up from 1.
pub(crate) const NOT_NAMED: u32 = u32::MAX;

/// A role at a scope: 0 stands for every project, every environment, and (for the role) an empty
/// slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot {
    pub(crate) project: u32,
    pub(crate) environment: u32,
    pub(crate) role: u32,
}

impl Slot {
    pub(crate) fn of(binding: Binding) -> Self {
        Slot {
            project: binding.scope.project.map_or(0, rolecall_model::id::ProjectId::number),
            environment: binding.scope.environment.map_or(0, rolecall_model::id::EnvironmentId::number),
            role: binding.role.number(),
        }
    }

    pub(crate) const fn scope(self) -> Scope {
        Scope::new(ProjectId::new(self.project), EnvironmentId::new(self.environment))
    }

    pub(crate) fn binding(self) -> Option<Binding> {
        Some(Binding { role: RoleId::new(self.role)?, scope: self.scope() })
    }
}

/// A slot that reaches a subject, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach<'a> {
    pub(crate) holder: Holder,
    pub(crate) policy: Option<PolicyId>,
    pub(crate) slot: Slot,
    pub(crate) window: &'a Window,
}

impl Reach<'_> {
    pub(crate) fn giver(self) -> Option<Giver> {
        let binding = self.slot.binding()?;
        let grant = self.policy.map_or(Grant::Role(binding), Grant::Policy);
        Some(Giver { holder: self.holder, grant, binding })
    }
}

/// A question about one action at one place, in plain numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) project: u32,
    pub(crate) environment: u32,
    pub(crate) bit: Bit,
    /// Where action and environment stand in the matrix of roles.
    pub(crate) cell: Cell,
    pub(crate) at: Timestamp,
}

impl Asked {
    #[inline]
    pub(crate) fn new(rights: &Rights, bit: Bit, place: Place, at: Timestamp) -> Self {
        let (project, environment) = numbers(place);
        Asked { project, environment, bit, cell: rights.cell(bit, environment), at }
    }

    /// Whether a slot's scope covers the place.
    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "without a branch: neither half can be foreseen")]
    pub(crate) const fn is_covered_by(&self, slot: Slot) -> bool {
        let project = (slot.project == 0) | (slot.project == self.project);
        let environment = (slot.environment == 0) | (slot.environment == self.environment);
        project & environment
    }
}

/// A place's project and environment as slots are compared with.
#[inline]
pub(crate) const fn numbers(place: Place) -> (u32, u32) {
    let project = match place.project {
        Part::One(id) => id.number(),
        Part::All | Part::Unknown => NOT_NAMED,
    };
    let environment = match place.environment {
        Part::One(id) => id.number(),
        Part::All | Part::Unknown => NOT_NAMED,
    };
    (project, environment)
}
