//! Which assignments a caller may see.

use rolecall_engine::Place;
use rolecall_model::assignment::Grant;
use rolecall_model::id::Holder;
use rolecall_model::{Org, Scope, operation as op};
use rolecall_service::Ctx;
use std::cell::RefCell;
use std::collections::HashMap;

/// Which assignments a caller may see: its own, everyone's, and those that count where it may read
/// assignments. Answers are remembered, as a list asks the same over and over.
pub(crate) struct Visible<'a> {
    ctx: &'a Ctx,
    known: RefCell<HashMap<Scope, bool>>,
}

impl<'a> Visible<'a> {
    pub(crate) fn to(ctx: &'a Ctx) -> Self {
        Visible { ctx, known: RefCell::default() }
    }

    pub(crate) fn sees(&self, org: &Org, holder: Holder, grant: Grant) -> bool {
        if holder == Holder::Everyone
            || holder == Holder::Principal(self.ctx.principal())
            || self.at(Scope::ORGANIZATION)
        {
            return true;
        }
        match grant {
            Grant::Role(binding) => self.at(binding.scope),
            Grant::Policy(id) => {
                let bindings = org.policy(id).map(|policy| policy.bindings.as_slice()).unwrap_or_default();
                bindings.iter().any(|binding| self.at(binding.scope))
            }
        }
    }

    fn at(&self, scope: Scope) -> bool {
        *self.known.borrow_mut().entry(scope).or_insert_with(|| self.ctx.may(op::ASSIGNMENTS_READ, Place::from(scope)))
    }
}
