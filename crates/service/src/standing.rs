//! What a caller may do, judged by one state at one instant, through the token it uses. The engine
//! answers; both kinds of caller, [`Ctx`](crate::Ctx) and [`Asker`](crate::Asker), stand on it.

use crate::view::View;
use crate::{Error, need};
use rolecall_engine::{Place, Question};
use rolecall_model::id::{ActionId, PrincipalId, TokenId};
use rolecall_model::operation as op;
use rolecall_model::token::Token;
use rolecall_model::{Org, Scope, Timestamp};

/// A caller's standing in one state at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'v> {
    pub(crate) view: &'v View,
    pub(crate) principal: PrincipalId,
    pub(crate) token: Option<TokenId>,
    pub(crate) now: Timestamp,
}

impl<'v> Standing<'v> {
    /// The state that judges.
    pub const fn view(&self) -> &'v View {
        self.view
    }

    /// The nouns of that state.
    pub fn org(&self) -> &'v Org {
        self.view.org()
    }

    /// The instant that judges.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether the caller may do an action at a place, through the token it uses.
    pub fn may(&self, action: ActionId, place: Place) -> bool {
        let org = self.org();
        let reached = |token: &Token| reaches(org, token, action, place);
        let within = self.token.is_none_or(|id| org.token(id).is_some_and(|token| reached(token)));
        let question = Question { subject: self.principal, action, place, at: self.now };
        within && self.view.index().check(&question).allowed
    }

    /// Refuses a caller who may not ask about a subject at a place. About itself everybody may.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn require_to_ask(&self, subject: Option<PrincipalId>, place: Place) -> Result<(), Error> {
        if subject == Some(self.principal) || self.may(op::ACCESS_CHECK, place) {
            return Ok(());
        }
        Err(need::forbidden(self.org(), op::ACCESS_CHECK, place, &|action, place| self.may(action, place)))
    }
}

/// Whether a token lets its holder do an action at a place.
fn reaches(org: &Org, token: &Token, action: ActionId, place: Place) -> bool {
    let closure = org.closure();
    let actions = token.actions.as_ref();
    let within = actions.is_none_or(|actions| actions.iter().any(|a| closure.includes(*a, action)));
    within && (token.scope == Scope::ORGANIZATION || place.is_covered_by(token.scope))
}
