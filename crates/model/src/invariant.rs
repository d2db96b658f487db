//! What holds after every command, on every path: nobody gives what they do not hold, and an
//! administrator always remains.

use crate::action::ActionChange;
use crate::assignment::{AssignmentChange, Grant, Granted};
use crate::change::Change;
use crate::group::GroupChange;
use crate::id::{ActionId, Holder, PrincipalId, RoleId};
use crate::membership::MembershipChange;
use crate::moment::Actor;
use crate::operation;
use crate::organization::Org;
use crate::policy::PolicyChange;
use crate::principal::{PrincipalChange, PrincipalKind};
use crate::provenance::{Source, Terms};
use crate::refusal::{Kind, Refusal};
use crate::resolve::scope_words;
use crate::rights::Rights;
use crate::role::RoleChange;
use crate::scope::Scope;
use crate::time::Timestamp;
use crate::token::TokenChange;

/// Refuses changes after which somebody may do more, or act as another, than the actor may give.
///
/// # Errors
/// `NotHeld`, naming the first action that is missing and where.
pub fn no_escalation(before: &Org, after: &Org, changes: &[Change], actor: Actor, at: Timestamp) -> Result<(), Refusal> {
    if matches!(actor, Actor::System | Actor::Home) {
        return Ok(());
    }
    let guard = Guard { before, after, rights: Rights::of_actor(before, actor, at), actor, at };
    changes.iter().try_for_each(|change| guard.allow(change))
}

struct Guard<'a> {
    before: &'a Org,
    after: &'a Org,
    rights: Rights<'a>,
    actor: Actor,
    at: Timestamp,
}

impl Guard<'_> {
    fn allow(&self, change: &Change) -> Result<(), Refusal> {
        match change {
            Change::Assignment(change) => self.allow_assignment(change),
            Change::Membership(change) => self.allow_membership(change),
            Change::Role(RoleChange::Changed { before, after }) if self.is_in_use(after.id) => {
                let added = after.permits.iter().filter(|permit| !before.permits.contains(permit));
                self.give(added.map(|permit| (permit.action, permit.scope)), "permits")
            }
            Change::Policy(PolicyChange::Changed { before, after }) if self.before.is_held(Granted::Policy(after.id)) => {
                let added = after.bindings.iter().filter(|binding| !before.bindings.contains(binding));
                added.copied().try_for_each(|b| self.give(Rights::of_grant(self.after, Grant::Role(b)).permits(), "bindings"))
            }
            Change::Action(ActionChange::Changed { before, after }) => {
                let added = after.includes.iter().filter(|action| !before.includes.contains(action));
                self.give(added.map(|action| (*action, Scope::ORGANIZATION)), "includes")
            }
            Change::Group(GroupChange::Changed { id, before, after }) => {
                if after.sso_names.iter().all(|name| before.sso_names.contains(name)) {
                    return Ok(());
                }
                self.give(Rights::of_group(self.after, *id, |_| true).permits(), "sso_names")
            }
            Change::Group(GroupChange::Deleted { id, .. }) => {
                self.reach(&Rights::of_group(self.before, *id, |terms| !self.is_over(terms)), "delete")
            }
            Change::Principal(change) => self.allow_principal(change),
            Change::Token(TokenChange::Issued(token)) => {
                let scope = token.scope;
                let rights = Rights::beyond_everyone(self.after, token.principal, |terms| !self.is_over(terms));
                let given = rights.permits().filter_map(|(action, at)| Some((action, at.meet(scope)?)));
                self.act_as(token.principal, given, "subject")
            }
            Change::Imported(_) => self.allow_import(),
            _ => Ok(()),
        }
    }

    fn allow_assignment(&self, change: &AssignmentChange) -> Result<(), Refusal> {
        match change {
            AssignmentChange::Granted { grant, terms, .. } if terms.sources != [Source::Catalog] => {
                self.give(Rights::of_grant(self.after, *grant).permits(), "")
            }
            AssignmentChange::Changed { grant, before, after, .. } if widens(before, after) => {
                self.give(Rights::of_grant(self.after, *grant).permits(), "")
            }
            _ => Ok(()),
        }
    }

    fn allow_membership(&self, change: &MembershipChange) -> Result<(), Refusal> {
        let group = match change {
            MembershipChange::Added { group, .. } => *group,
            MembershipChange::Changed { group, before, after, .. } if widens(before, after) => *group,
            _ => return Ok(()),
        };
        self.give(Rights::of_group(self.after, group, |terms| !self.is_over(terms)).permits(), "group")
    }

    fn allow_principal(&self, change: &PrincipalChange) -> Result<(), Refusal> {
        match change {
            PrincipalChange::Changed { id, before, after, .. } => {
                let rights = Rights::beyond_everyone(self.before, *id, |terms| !self.is_over(terms));
                let takes_over = before.email != after.email
                    || before.username != after.username
                    || before.external_id != after.external_id
                    || before.client_id != after.client_id
                    || after.sign_in.password && (before.sign_in != after.sign_in || before == after);
                if takes_over {
                    self.act_as(*id, rights.permits(), "")?;
                }
                if before.active && !after.active {
                    self.reach(&rights, "disable")?;
                }
                if !before.active && after.active {
                    self.give(rights.permits(), "active")?;
                }
                Ok(())
            }
            PrincipalChange::Deleted { id, .. } => {
                self.reach(&Rights::beyond_everyone(self.before, *id, |terms| !self.is_over(terms)), "delete")
            }
            _ => Ok(()),
        }
    }

    /// A workload brings its own actions, which nobody can hold before: they need the right to give
    /// product actions that are not held.
    fn allow_import(&self) -> Result<(), Refusal> {
        let may = [operation::ASSIGNMENTS_GRANT, operation::ASSIGNMENTS_ESCALATE];
        if may.iter().any(|action| self.rights.holds(*action, Scope::ORGANIZATION)) {
            return Ok(());
        }
        Err(self.not_held(operation::ASSIGNMENTS_GRANT, Scope::ORGANIZATION, ""))
    }

    fn is_over(&self, terms: &Terms) -> bool {
        terms.until.is_some_and(|until| until <= self.at)
    }

    fn is_in_use(&self, role: RoleId) -> bool {
        self.before.is_held(Granted::Role(role))
            || self.before.policies.iter().any(|policy| {
                policy.bindings.iter().any(|b| b.role == role) && self.before.is_held(Granted::Policy(policy.id))
            })
    }

    fn give(&self, permits: impl Iterator<Item = (ActionId, Scope)>, field: &str) -> Result<(), Refusal> {
        match self.rights.missing_to_give(permits) {
            Some((action, scope)) => Err(self.not_held(action, scope, field)),
            None => Ok(()),
        }
    }

    /// Acting as another gives all that the other holds; acting as oneself gives nothing.
    fn act_as(&self, id: PrincipalId, permits: impl Iterator<Item = (ActionId, Scope)>, field: &str) -> Result<(), Refusal> {
        if let Actor::Principal { id: own, token: None } = self.actor
            && own == id
        {
            return Ok(());
        }
        self.give(permits, field)
    }

    /// Removing or disabling a holder of Rolecall's own actions needs those actions.
    fn reach(&self, target: &Rights<'_>, what: &str) -> Result<(), Refusal> {
        for (held, scope) in target.permits() {
            let own = self.before.closure().of_action(held).iter().copied().filter(|a| operation::is_own(*a));
            if let Some(missing) = own.into_iter().find(|action| !self.rights.holds(*action, scope)) {
                let place = scope_words(self.before, scope);
                let name = operation::name(missing).unwrap_or_default();
                let message = format!(
                    "you cannot {what} somebody who holds \"{name}\" at {place} without holding it there yourself"
                );
                return Err(Refusal::new(Kind::NotHeld, "", message).with_details(vec![name.to_owned()]));
            }
        }
        Ok(())
    }

    fn not_held(&self, action: ActionId, scope: Scope, field: &str) -> Refusal {
        let name = self.after.action(action).map(|action| action.name.clone()).unwrap_or_default();
        let place = scope_words(self.after, scope);
        let message = format!(
            "this would give \"{name}\" at {place}, which you do not hold there; \
             ask somebody who does, or who may give anything there"
        );
        Refusal::new(Kind::NotHeld, field, message).with_details(vec![name.into()])
    }
}

/// Whether terms count at some instant at which they did not before.
fn widens(before: &Terms, after: &Terms) -> bool {
    let earlier = match (before.from, after.from) {
        (Some(_), None) => true,
        (Some(before), Some(after)) => after < before,
        (None, _) => false,
    };
    let later = match (before.until, after.until) {
        (Some(_), None) => true,
        (Some(before), Some(after)) => after > before,
        (None, _) => false,
    };
    earlier || later
}

/// Refuses changes after which no administrator is left: an active user who holds every one of
/// Rolecall's own actions in the whole organization by grants without an end, and who can sign in.
/// Applications count only while there has never been such a user.
///
/// # Errors
/// `LastAdministrator`.
pub fn administrator_remains(before: &Org, after: &Org, changes: &[Change], at: Timestamp) -> Result<(), Refusal> {
    if !changes.iter().any(weakens) || has_administrator(after, at) || !has_administrator(before, at) {
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
        Change::Principal(change) => matches!(change, PrincipalChange::Changed { .. } | PrincipalChange::Deleted { .. }),
        Change::Group(change) => matches!(change, GroupChange::Deleted { .. }),
        Change::Role(change) => !matches!(change, RoleChange::Created(_)),
        Change::Policy(change) => !matches!(change, PolicyChange::Created(_)),
        Change::Action(change) => !matches!(change, ActionChange::Created(_)),
        _ => false,
    }
}

fn has_administrator(org: &Org, at: Timestamp) -> bool {
    has_user_administrator(org, at) || (!org.had_administrator() && has_any(org, at, |_| true))
}

/// Whether an active user who can sign in is an administrator.
pub(crate) fn has_user_administrator(org: &Org, at: Timestamp) -> bool {
    has_any(org, at, |id| {
        org.principal(id).is_some_and(|p| p.kind() == PrincipalKind::User && p.sign_in.is_possible())
    })
}

/// Looks at the holders of what can make an administrator: few roles permit to give anything.
fn has_any(org: &Org, at: Timestamp, counts: impl Fn(PrincipalId) -> bool) -> bool {
    let for_good = |terms: &Terms| terms.until.is_none() && terms.in_force(at);
    let is_administrator = |id: PrincipalId| {
        counts(id)
            && org.principal(id).is_some_and(|principal| principal.active)
            && Rights::of_principal(org, id, for_good).are_an_administrators()
    };
    let roles: Vec<RoleId> = org.roles.iter().filter(|role| {
        role.permits.iter().any(|p| {
            p.scope == Scope::ORGANIZATION && org.closure().includes(p.action, operation::ASSIGNMENTS_ESCALATE)
        })
    }).map(|role| role.id).collect();
    let policies = org.policies.iter().filter(|policy| {
        policy.bindings.iter().any(|b| b.scope == Scope::ORGANIZATION && roles.contains(&b.role))
    });
    let granted: Vec<Granted> =
        policies.map(|policy| Granted::Policy(policy.id)).chain(roles.iter().map(|role| Granted::Role(*role))).collect();
    granted.into_iter().any(|granted| {
        org.holders_of(granted).any(|holder| match holder {
            Holder::Principal(id) => is_administrator(id),
            Holder::Group(id) => {
                org.group(id).is_some_and(|group| group.members.iter().any(|member| is_administrator(*member)))
            }
            Holder::Everyone => org.principals().any(|(id, _)| is_administrator(id)),
        })
    })
}
