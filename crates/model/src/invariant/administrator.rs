//! An administrator always remains.

use crate::action::ActionChange;
use crate::assignment::AssignmentChange;
use crate::change::Change;
use crate::group::GroupChange;
use crate::id::{Holder, PrincipalId};
use crate::membership::MembershipChange;
use crate::organization::{Org, OrganizationChange};
use crate::policy::PolicyChange;
use crate::principal::{Principal, PrincipalChange, PrincipalKind};
use crate::provenance::Terms;
use crate::provider::ProviderChange;
use crate::refusal::{Kind, Refusal};
use crate::rights::Rights;
use crate::role::RoleChange;
use crate::time::Timestamp;

/// Refuses changes after which no administrator is left: an active user who holds every one of
/// Rolecall's own actions in the whole organization by grants without an end, and who can sign in.
/// Applications count only while there has never been such a user.
///
/// # Errors
/// `LastAdministrator`.
pub(crate) fn administrator_remains(
    before: &Org,
    after: &mut Org,
    changes: &[Change],
    at: Timestamp,
) -> Result<(), Refusal> {
    if !changes.iter().any(weakens) {
        return Ok(());
    }
    // Whoever was one when last looked most likely still is; looking for another costs more.
    let known = after.an_administrator.filter(|id| is_user_administrator(after, *id, at));
    after.an_administrator = known.or_else(|| user_administrator(after, at));
    if after.an_administrator.is_some() || has_application(after, at) || !has_administrator(before, at) {
        return Ok(());
    }
    let message = "nobody would be left who can administer the organization; \
                   make another user an administrator first, one who can sign in and whose grant has no end";
    Err(Refusal::new(Kind::LastAdministrator, "", message))
}

/// Whether a change can take something from an administrator.
fn weakens(change: &Change) -> bool {
    match change {
        Change::Assignment(change) => !matches!(change, AssignmentChange::Granted { .. }),
        Change::Membership(change) => !matches!(change, MembershipChange::Added { .. }),
        Change::Principal(change) => {
            matches!(change, PrincipalChange::Changed { .. } | PrincipalChange::Deleted { .. })
        }
        Change::Group(change) => matches!(change, GroupChange::Deleted { .. }),
        Change::Role(change) => !matches!(change, RoleChange::Created(_)),
        Change::Policy(change) => !matches!(change, PolicyChange::Created(_)),
        Change::Action(change) => !matches!(change, ActionChange::Created(_)),
        Change::Provider(change) => !matches!(change, ProviderChange::Created(_)),
        Change::Organization(change) => matches!(change, OrganizationChange::SignInSet { .. }),
        _ => false,
    }
}

fn has_administrator(org: &Org, at: Timestamp) -> bool {
    user_administrator(org, at).is_some() || has_application(org, at)
}

/// Whether anybody at all administers an organization that has never had a user who did.
fn has_application(org: &Org, at: Timestamp) -> bool {
    !org.had_administrator() && find(org, |id| is_administrator(org, id, at)).is_some()
}

/// An active user who can sign in and is an administrator.
pub(crate) fn user_administrator(org: &Org, at: Timestamp) -> Option<PrincipalId> {
    find(org, |id| is_user_administrator(org, id, at))
}

fn is_user_administrator(org: &Org, id: PrincipalId, at: Timestamp) -> bool {
    let can_sign_in = |p: &Principal| p.kind() == PrincipalKind::User && org.can_sign_in(p);
    org.principal(id).is_some_and(can_sign_in) && is_administrator(org, id, at)
}

fn is_administrator(org: &Org, id: PrincipalId, at: Timestamp) -> bool {
    let for_good = |terms: &Terms| terms.until.is_none() && terms.in_force(at);
    org.principal(id).is_some_and(|principal| principal.active)
        && Rights::of_principal(org, id, for_good).are_an_administrators()
}

impl Org {
    /// Who administers the organization in the first place: of the users who can sign in the one with the smallest number,
    /// else of all.
    pub fn first_administrator(&self, at: Timestamp) -> Option<PrincipalId> {
        let smallest = |is: &dyn Fn(PrincipalId) -> bool| candidates(self).filter(|id| is(*id)).min();
        smallest(&|id| is_user_administrator(self, id, at)).or_else(|| smallest(&|id| is_administrator(self, id, at)))
    }
}

/// The first for whom `is_administrator` holds.
fn find(org: &Org, is_administrator: impl Fn(PrincipalId) -> bool) -> Option<PrincipalId> {
    candidates(org).find(|id| is_administrator(*id))
}

/// Holders of what can make one an administrator: few roles permit to give anything, and which they are is kept.
fn candidates(org: &Org) -> impl Iterator<Item = PrincipalId> + '_ {
    let holders = org.escalating.iter().flat_map(|granted| org.holders_of(*granted));
    holders.flat_map(|holder| -> Box<dyn Iterator<Item = PrincipalId> + '_> {
        match holder {
            Holder::Principal(id) => Box::new(std::iter::once(id)),
            Holder::Group(id) => Box::new(org.group(id).into_iter().flat_map(|group| group.members.iter().copied())),
            Holder::Everyone => Box::new(org.principals().map(|(id, _)| id)),
        }
    })
}
