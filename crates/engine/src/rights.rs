//! What each role gives, as sets of actions. A holder's binding names a role by number, so a changed
//! role changes one row here and no holder.
//!
//! Where a binding stands is not looked at here: a permit counts where binding and permit meet, and
//! a meet covers a place exactly when both do.

mod matrix;

pub(crate) use matrix::Cell;

use crate::slot::{Asked, NOT_NAMED};
use crate::vocabulary::{Actions, Bit, Vocabulary};
use matrix::{Given, Matrix};
use rolecall_model::Org;
use rolecall_model::collection::Tree;
use rolecall_model::id::RoleId;
use rolecall_model::role::{Permit, Role};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Of each role, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rights {
    roles: Tree<RoleRights, 16>,
    /// The same again for checks, but for permits narrowed to a project.
    matrix: Matrix,
}

/// What one role gives. Empty for a role that is not there.
#[derive(Clone, Debug, Default)]
struct RoleRights {
    /// Permits that are not narrowed.
    wide: Actions,
    /// Narrowed permits, sorted by where: project and environment, 0 for all.
    narrow: Option<Arc<[Narrow]>>,
}

/// Permits narrowed to the same place.
#[derive(Clone, Debug)]
struct Narrow {
    project: u32,
    environment: u32,
    actions: Actions,
}

impl Rights {
    pub(crate) fn of(org: &Org, vocabulary: &Vocabulary) -> Self {
        let mut rights = Rights { roles: Tree::new(), matrix: Matrix::of(org, vocabulary) };
        for role in org.roles.iter() {
            rights.renew(org, vocabulary, role.id);
        }
        rights
    }

    /// Compiles one role again.
    pub(crate) fn renew(&mut self, org: &Org, vocabulary: &Vocabulary, role: RoleId) {
        while self.roles.len() <= role.index() {
            self.roles.push(RoleRights::default());
        }
        let rights = org.role(role).map_or_else(RoleRights::default, |role| compile(org, vocabulary, role));
        self.matrix.set(role.number(), vocabulary, rights.in_every_project(), rights.is_narrowed());
        if let Some(place) = self.roles.get_mut(role.index()) {
            *place = rights;
        }
    }

    /// Where an action at an environment stands in the matrix.
    #[inline]
    pub(crate) fn cell(&self, bit: Bit, environment: u32) -> Cell {
        self.matrix.cell(bit, environment)
    }

    /// Whether a role, bound where the place asked about is covered, gives the action there.
    #[inline]
    pub(crate) fn gives(&self, role: u32, asked: &Asked) -> bool {
        self.matrix.has(role, asked.cell) || (self.matrix.is_narrowed(role) && self.gives_narrowly(role, asked))
    }

    /// Whether a permit narrowed to the project asked about gives it. Few roles have one.
    #[inline(never)]
    fn gives_narrowly(&self, role: u32, asked: &Asked) -> bool {
        let narrow = self.roles.get(role as usize).and_then(|rights| rights.narrow.as_ref());
        narrow.is_some_and(|narrow| gives_narrow(narrow, asked))
    }

    /// Whether a role gives the action anywhere.
    pub(crate) fn gives_anywhere(&self, role: u32, bit: Bit) -> bool {
        let Some(rights) = self.roles.get(role as usize) else {
            return false;
        };
        rights.wide.has(bit) || rights.narrow.iter().flat_map(|n| n.iter()).any(|n| n.actions.has(bit))
    }

    /// Adds all that a role gives anywhere.
    pub(crate) fn add_all(&self, role: u32, to: &mut Actions) {
        let Some(rights) = self.roles.get(role as usize) else {
            return;
        };
        to.add(&rights.wide);
        for narrow in rights.narrow.iter().flat_map(|narrow| narrow.iter()) {
            to.add(&narrow.actions);
        }
    }

    /// Adds all that a role, bound where the place is covered, gives there.
    pub(crate) fn add_at(&self, role: u32, project: u32, environment: u32, to: &mut Actions) {
        let Some(rights) = self.roles.get(role as usize) else {
            return;
        };
        to.add(&rights.wide);
        for narrow in rights.narrow.iter().flat_map(|narrow| narrow.iter()) {
            if is_all_or(narrow.project, project) && is_all_or(narrow.environment, environment) {
                to.add(&narrow.actions);
            }
        }
    }

    /// Where a role gives an action: pairs of project and environment, 0 for all.
    pub(crate) fn places(&self, role: u32, bit: Bit) -> impl Iterator<Item = (u32, u32)> + '_ {
        let rights = self.roles.get(role as usize);
        let wide = rights.filter(|rights| rights.wide.has(bit)).map(|_| (0, 0));
        let narrow = rights.and_then(|rights| rights.narrow.as_deref()).unwrap_or_default();
        let narrow = narrow.iter().filter(move |narrow| narrow.actions.has(bit));
        wide.into_iter().chain(narrow.map(|narrow| (narrow.project, narrow.environment)))
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let rest =
            |narrow: &[Narrow]| size_of_val(narrow) + narrow.iter().map(|n| n.actions.heap_bytes()).sum::<usize>();
        let each = |rights: &RoleRights| rights.wide.heap_bytes() + rights.narrow.as_deref().map_or(0, rest);
        self.matrix.heap_bytes()
            + self.roles.len() * size_of::<RoleRights>()
            + self.roles.iter().map(each).sum::<usize>()
    }
}

/// Permits for all projects are in the matrix.
fn gives_narrow(narrow: &[Narrow], asked: &Asked) -> bool {
    if asked.project == NOT_NAMED {
        return false;
    }
    let start = narrow.partition_point(|narrow| narrow.project < asked.project);
    let there = narrow.get(start..).unwrap_or_default().iter().take_while(|n| n.project == asked.project);
    there.filter(|n| is_all_or(n.environment, asked.environment)).any(|n| n.actions.has(asked.bit))
}

const fn is_all_or(held: u32, asked: u32) -> bool {
    held == 0 || held == asked
}

impl RoleRights {
    /// What it gives in every project, environment by environment.
    fn in_every_project(&self) -> impl Iterator<Item = Given<'_>> {
        let narrow = self.narrow.as_deref().unwrap_or_default().iter().filter(|narrow| narrow.project == 0);
        let narrow = narrow.map(|narrow| Given { environment: narrow.environment, actions: &narrow.actions });
        std::iter::once(Given { environment: 0, actions: &self.wide }).chain(narrow)
    }

    fn is_narrowed(&self) -> bool {
        self.narrow.as_deref().unwrap_or_default().iter().any(|narrow| narrow.project != 0)
    }
}

fn compile(org: &Org, vocabulary: &Vocabulary, role: &Role) -> RoleRights {
    let mut wide = Actions::default();
    let mut narrow: BTreeMap<(u32, u32), Actions> = BTreeMap::new();
    for Permit { action, scope } in &role.permits {
        let project = scope.project.map_or(0, rolecall_model::id::ProjectId::number);
        let environment = scope.environment.map_or(0, rolecall_model::id::EnvironmentId::number);
        let set = match (project, environment) {
            (0, 0) => &mut wide,
            place => narrow.entry(place).or_default(),
        };
        for included in org.closure().of_action(*action) {
            if let Some(bit) = vocabulary.bit(*included) {
                set.insert(bit);
            }
        }
    }
    let narrow = narrow.into_iter().map(|((project, environment), actions)| Narrow { project, environment, actions });
    let narrow: Arc<[Narrow]> = narrow.collect();
    RoleRights { wide, narrow: (!narrow.is_empty()).then_some(narrow) }
}
