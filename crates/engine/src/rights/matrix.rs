//! Roles by action and environment, as bits of roles: a check reads one word and tests one bit of
//! it for each binding, where reading each role's set of actions cost twice the whole check.

use crate::vocabulary::{Actions, Bit, Vocabulary};
use rolecall_model::Org;
use std::sync::Arc;

/// Roles in a word. A changed role copies the block of its word.
const ROLES: usize = 64;

/// Where in the matrix an action at an environment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell(usize);

/// For each action and environment, the roles that give it there by permits for every project.
#[derive(Clone, Debug, Default)]
pub(super) struct Matrix {
    /// By number of an environment: its column; 0 where there is none.
    columns: Arc<[u16]>,
    /// Columns: one for what is given in all environments, one for each environment.
    width: usize,
    /// Actions by columns.
    cells: usize,
    /// Whether some role has, or has had, permits narrowed to a project.
    narrows: bool,
    /// By number of a role, 64 together: a word for each cell, and a last one for the roles that
    /// have permits narrowed to a project, which are not here.
    blocks: Arc<[Arc<[u64]>]>,
}

/// What a role gives in one column.
pub(super) struct Given<'a> {
    /// Number of the environment; 0 for all.
    pub(super) environment: u32,
    pub(super) actions: &'a Actions,
}

impl Matrix {
    /// An empty matrix of all cells of an organization.
    pub(super) fn of(org: &Org, vocabulary: &Vocabulary) -> Self {
        let mut columns = vec![0; org.environments.bound()];
        for (environment, column) in org.environments.iter().zip(1_u16..) {
            if let Some(place) = columns.get_mut(environment.id.index()) {
                *place = column;
            }
        }
        let width = org.environments.len() + 1;
        let mut matrix = Matrix {
            columns: columns.into(),
            width,
            cells: width * vocabulary.len(),
            narrows: false,
            blocks: Arc::default(),
        };
        matrix.blocks = vec![matrix.block(); org.roles.bound().div_ceil(ROLES)].into();
        matrix
    }

    fn block(&self) -> Arc<[u64]> {
        vec![0; self.cells + 1].into()
    }

    /// Where an action at an environment stands; at all of them, or at an unknown one, where only
    /// what is given in all of them counts.
    #[inline]
    pub(super) fn cell(&self, bit: Bit, environment: u32) -> Cell {
        let column = self.columns.get(environment as usize).copied().unwrap_or_default();
        Cell(bit.index() * self.width + usize::from(column))
    }

    /// Whether a role gives what the cell stands for in every project.
    #[inline]
    pub(super) fn has(&self, role: u32, cell: Cell) -> bool {
        let word = self.blocks.get(role as usize / ROLES).and_then(|block| block.get(cell.0));
        word.is_some_and(|word| word >> (role % 64) & 1 == 1)
    }

    /// Whether a role has permits narrowed to a project.
    #[inline]
    pub(super) fn is_narrowed(&self, role: u32) -> bool {
        self.narrows && self.has(role, Cell(self.cells))
    }

    /// Puts in place all that a role gives in every project, and whether it gives more in some.
    pub(super) fn set<'a>(
        &mut self,
        role: u32,
        vocabulary: &Vocabulary,
        given: impl Iterator<Item = Given<'a>>,
        narrowed: bool,
    ) {
        while self.blocks.len() <= role as usize / ROLES {
            self.blocks = self.blocks.iter().cloned().chain([self.block()]).collect();
        }
        let (columns, width, cells, mask) = (&self.columns, self.width, self.cells, 1_u64 << (role % 64));
        let Some(block) = Arc::make_mut(&mut self.blocks).get_mut(role as usize / ROLES) else {
            return;
        };
        let block = Arc::make_mut(block);
        for word in block.iter_mut() {
            *word &= !mask;
        }
        for Given { environment, actions } in given {
            let column = columns.get(environment as usize).copied().map_or(0, usize::from);
            // A permit for all environments counts in each; one for an environment that is gone
            // counts nowhere.
            let filled = match (environment, column) {
                (0, _) => 0..width,
                (_, 0) => 0..0,
                (_, column) => column..column + 1,
            };
            for bit in vocabulary.bits(actions) {
                let row = block.get_mut(bit.index() * width..).and_then(|rest| rest.get_mut(filled.clone()));
                row.into_iter().flatten().for_each(|word| *word |= mask);
            }
        }
        self.narrows |= narrowed;
        if let Some(word) = block.get_mut(cells).filter(|_| narrowed) {
            *word |= mask;
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.columns) + self.blocks.iter().map(|block| size_of_val(&**block) + 32).sum::<usize>()
    }
}
