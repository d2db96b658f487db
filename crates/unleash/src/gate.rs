//! The gate of a route: the permissions of which one will do, asked of our own engine by their documented names. It comes
//! before anything is looked for or read, so a refusal tells nothing.

use crate::call::Call;
use crate::fault::Fault;
use crate::user;
use rolecall_engine::Place;
use rolecall_model::Org;
use rolecall_model::id::ActionId;
use rolecall_model::operation::EVERYTHING;
use rolecall_service::access;

/// The permission that everything needs which the documents leave to administrators.
pub(crate) const ADMIN: &[&str] = &["ADMIN"];

/// The action of a permission's name. Where the catalog has none, only who may do everything may do it.
pub(crate) fn action(org: &Org, name: &str) -> ActionId {
    org.action_id(name).unwrap_or(EVERYTHING)
}

impl Call {
    /// Whether the caller holds a permission at a place.
    pub(crate) fn may(&self, name: &str, place: Place) -> bool {
        self.ctx.may(action(self.org(), name), place)
    }

    /// Whether the caller is what the protocol calls an admin token: no account of anybody's, but a program that may do
    /// everything.
    pub(crate) fn is_admin_token(&self) -> bool {
        let caller = self.org().principal(self.ctx.principal());
        caller.is_some_and(|caller| !user::is_person(caller)) && self.may("ADMIN", Place::ORGANIZATION)
    }

    /// Refuses a caller who holds none of these permissions in the whole organization.
    ///
    /// # Errors
    /// 403, naming all of them.
    pub(crate) fn require(&self, names: &[&str]) -> Result<(), Fault> {
        self.require_at(names, Place::ORGANIZATION)
    }

    /// Refuses a caller who holds none of these permissions in a project. One that is not there is one in which only
    /// who holds them everywhere does.
    ///
    /// # Errors
    /// 403, naming all of them.
    pub(crate) fn require_in(&self, names: &[&str], project: &str) -> Result<(), Fault> {
        self.require_at(names, access::place(self.org(), Some(project), None))
    }

    fn require_at(&self, names: &[&str], place: Place) -> Result<(), Fault> {
        if names.iter().any(|name| self.may(name, place)) { Ok(()) } else { Err(Fault::permission(names)) }
    }
}
