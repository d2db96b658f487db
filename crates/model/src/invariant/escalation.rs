//! Nobody gives what they do not hold: no change lets somebody do more, or act as another, than the
//! actor may give.

use crate::action::ActionChange;
use crate::assignment::{AssignmentChange, Grant, Granted};
use crate::change::Change;
use crate::group::GroupChange;
use crate::id::{ActionId, PrincipalId, ProviderId, RoleId};
use crate::membership::MembershipChange;
use crate::moment::Actor;
use crate::operation;
use crate::organization::{Org, OrganizationChange, SignInRules};
use crate::policy::{Binding, PolicyChange};
use crate::principal::{Principal, PrincipalChange, Profile};
use crate::provenance::Terms;
use crate::provider::{Provider, ProviderChange};
use crate::refusal::{Kind, Refusal};
use crate::resolve::scope_words;
use crate::rights::Rights;
use crate::role::{Permit, Role, RoleChange};
use crate::scope::Scope;
use crate::time::Timestamp;
use crate::token::{Token, TokenChange, TokenKind};
use std::collections::{BTreeSet, HashSet};

/// Refuses changes after which somebody may do more, or act as another, than the actor may give.
///
/// # Errors
/// `NotHeld`, naming the first action that is missing and where.
pub(crate) fn no_escalation<'a>(
    before: &Org,
    after: &Org,
    mut changes: impl Iterator<Item = &'a Change>,
    actor: Actor,
    at: Timestamp,
) -> Result<(), Refusal> {
    if matches!(actor, Actor::System | Actor::Home | Actor::Provider(_) | Actor::Scim(_)) {
        return Ok(());
    }
    let guard = Guard { before, after, rights: Rights::of_actor(before, actor, at), actor, at };
    changes.try_for_each(|change| guard.allow(change))
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
            Change::Role(RoleChange::Changed { before, after }) => self.allow_role(before, after),
            Change::Policy(PolicyChange::Changed { before, after })
                if self.before.is_held(Granted::Policy(after.id)) =>
            {
                let added = after.bindings.iter().filter(|binding| !before.bindings.contains(binding));
                added
                    .copied()
                    .try_for_each(|b| self.give(Rights::of_grant(self.after, Grant::Role(b)).permits(), "bindings"))
            }
            Change::Action(ActionChange::Changed { before, after }) => {
                let added = after.includes.iter().filter(|action| !before.includes.contains(action));
                self.give(added.map(|action| (*action, Scope::ORGANIZATION)), "includes")
            }
            Change::Group(GroupChange::Changed { id, before, after }) => {
                if before.scim.is_some() && after.scim.is_none() {
                    self.reach(&Rights::of_group(self.before, *id, |terms| !self.is_over(terms)), "unlink")?;
                }
                if after.sso_names.iter().all(|name| before.sso_names.contains(name)) {
                    return Ok(());
                }
                self.give(Rights::of_group(self.after, *id, |_| true).permits(), "sso_names")
            }
            Change::Group(GroupChange::Deleted { id, .. }) => {
                self.reach(&Rights::of_group(self.before, *id, |terms| !self.is_over(terms)), "delete")
            }
            Change::Principal(change) => self.allow_principal(change),
            Change::Provider(change) => self.allow_provider(change),
            // Everybody signs in by these rules, administrators too.
            Change::Organization(OrganizationChange::SignInSet { before, after }) if loosens(before, after) => {
                self.everything("sign_in")
            }
            // A SCIM client sets the addresses of users, and so may act as any of them.
            Change::Token(TokenChange::Issued(token)) if token.kind == TokenKind::Scim => self.everything("kind"),
            // Through a token one may have another that reaches no further and lasts no longer.
            Change::Token(TokenChange::Issued(token)) if self.is_within_own(token) => Ok(()),
            Change::Token(TokenChange::Issued(token)) => {
                let scope = token.scope;
                let rights = Rights::beyond_everyone(self.after, token.principal, |terms| !self.is_over(terms));
                let given = rights.permits().filter_map(|(action, at)| Some((action, at.meet(scope)?)));
                match &token.actions {
                    None => self.act_as(token.principal, given, "subject"),
                    Some(only) => {
                        let given = given.flat_map(|(action, at)| self.common(action, only).map(move |a| (a, at)));
                        self.act_as(token.principal, given, "subject")
                    }
                }
            }
            Change::Imported(_) => self.allow_import(),
            _ => Ok(()),
        }
    }

    /// Whether a token reaches no further, and lasts no longer, than the one that its subject acts through.
    fn is_within_own(&self, token: &Token) -> bool {
        let Actor::Principal { id, token: Some(through) } = self.actor else { return false };
        let Some(through) = self.before.token(through).filter(|_| id == token.principal) else { return false };
        let closure = self.before.closure();
        let actions = through.actions.as_ref().is_none_or(|widest| {
            let within = |action: &ActionId| widest.iter().any(|held| closure.includes(*held, *action));
            token.actions.as_ref().is_some_and(|actions| actions.iter().all(within))
        });
        let lasts = through.until.is_none_or(|end| token.until.is_some_and(|until| until <= end));
        actions && lasts && through.scope.covers(token.scope) && through.principal == id
    }

    /// What a token that is limited to some actions lets one do of an action its subject holds.
    fn common<'b>(&'b self, held: ActionId, only: &'b [ActionId]) -> impl Iterator<Item = ActionId> + 'b {
        let closure = self.after.closure();
        let narrower = only.iter().copied().filter(move |action| closure.includes(held, *action));
        let within = closure.of_action(held).iter().copied();
        narrower.chain(within.filter(move |action| only.iter().any(|o| closure.includes(*o, *action))))
    }

    fn allow_assignment(&self, change: &AssignmentChange) -> Result<(), Refusal> {
        match change {
            AssignmentChange::Granted { grant, .. } => self.give(Rights::of_grant(self.after, *grant).permits(), ""),
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
                if takes_over(before, after) {
                    self.act_as(*id, rights.permits(), "")?;
                }
                // Who can no longer sign in is as good as disabled.
                let locks_out = before.sign_in.is_possible() && !after.sign_in.is_possible();
                if before.active && !after.active || locks_out {
                    self.reach(&rights, "disable")?;
                }
                // Without its link, nobody hears any more that whoever it is has left.
                let lost = before.identities.iter().any(|linked| !after.identities.contains(linked));
                if lost || before.scim.is_some() && after.scim.is_none() {
                    self.reach(&rights, "unlink")?;
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

    /// New permits are given wherever somebody holds the role.
    fn allow_role(&self, before: &Role, after: &Role) -> Result<(), Refusal> {
        let old: HashSet<&Permit> = before.permits.iter().collect();
        let added: Vec<&Permit> = after.permits.iter().filter(|permit| !old.contains(permit)).collect();
        // Who holds them everywhere may give them everywhere; to look at every holder costs more.
        if self.rights.missing_to_give(added.iter().map(|p| (p.action, p.scope))).is_none() {
            return Ok(());
        }
        let scopes = self.scopes_of(after.id);
        let given =
            scopes.iter().flat_map(|scope| added.iter().filter_map(|p| Some((p.action, p.scope.meet(*scope)?))));
        self.give(given, "permits")
    }

    /// Where a role is held, directly or by a policy.
    fn scopes_of(&self, role: RoleId) -> BTreeSet<Scope> {
        let here = |b: &Binding| (b.role == role).then_some(b.scope);
        let policies = self.before.policies_binding(role).filter(|id| self.before.is_held(Granted::Policy(*id)));
        let policies = policies.filter_map(|id| self.before.policy(id));
        let mut scopes: BTreeSet<Scope> = policies.flat_map(|policy| policy.bindings.iter().filter_map(here)).collect();
        for holder in self.before.holders_of(Granted::Role(role)) {
            scopes.extend(self.before.assignments_of(holder).iter().filter_map(|a| match &a.grant {
                Grant::Role(binding) => here(binding),
                Grant::Policy(_) => None,
            }));
        }
        scopes
    }

    fn give(&self, permits: impl Iterator<Item = (ActionId, Scope)>, field: &str) -> Result<(), Refusal> {
        match self.rights.missing_to_give(permits) {
            Some((action, scope)) => Err(self.not_held(action, scope, field)),
            None => Ok(()),
        }
    }

    /// Acting as another gives all that the other holds; acting as oneself gives nothing.
    fn act_as(
        &self,
        id: PrincipalId,
        permits: impl Iterator<Item = (ActionId, Scope)>,
        field: &str,
    ) -> Result<(), Refusal> {
        if let Actor::Principal { id: own, token } = self.actor
            && own == id
            && token.is_none_or(|token| self.before.token(token).is_some_and(|token| token.is_whole()))
        {
            return Ok(());
        }
        self.give(permits, field)
    }

    /// Who may give anything in the whole organization may let somebody else act for anybody.
    fn everything(&self, field: &str) -> Result<(), Refusal> {
        if self.rights.holds(operation::ASSIGNMENTS_ESCALATE, Scope::ORGANIZATION) {
            return Ok(());
        }
        Err(self.not_held(operation::ASSIGNMENTS_ESCALATE, Scope::ORGANIZATION, field))
    }

    /// Whoever runs a provider decides who signs in by it: it may be set up to give only what its
    /// administrator may give.
    fn allow_provider(&self, change: &ProviderChange) -> Result<(), Refusal> {
        let (before, after) = match change {
            ProviderChange::Created(after) => (None, after),
            ProviderChange::Changed { before, after } => (Some(before), after),
            ProviderChange::Deleted(provider) => return self.lock_out(provider.id),
        };
        let was = |on: fn(&Provider) -> bool| before.is_some_and(|before| before.active && on(before));
        if after.active && after.link_by_email && !was(|p| p.link_by_email) {
            self.everything("link_by_email")?;
        }
        if after.active && after.create_users {
            // Whoever is admitted from now on is given the defaults, too.
            let old = before.filter(|before| before.active && before.create_users && after.admits_no_more_than(before));
            let added = after.defaults.iter().filter(|grant| old.is_none_or(|old| !old.defaults.contains(grant)));
            added
                .copied()
                .try_for_each(|grant| self.give(Rights::of_grant(self.after, grant).permits(), "defaults"))?;
        }
        let same_path = before.is_some_and(|before| before.group_sync.path == after.group_sync.path);
        if after.active && after.group_sync.enabled && !(same_path && was(|p| p.group_sync.enabled)) {
            let mapped = self.after.groups.iter().filter(|group| !group.sso_names.is_empty());
            let mut rights = mapped.map(|group| Rights::of_group(self.after, group.id, |terms| !self.is_over(terms)));
            rights.try_for_each(|rights| self.give(rights.permits(), "group_sync"))?;
        }
        let Some(before) = before else { return Ok(()) };
        if before.active && !after.active {
            self.lock_out(after.id)?;
        }
        // Another issuer, client or secret, or a switch turned on: somebody else may sign in as who is linked.
        let other = before.issuer != after.issuer || before.client_id != after.client_id || before == after;
        if other || after.active && !before.active {
            self.linked(after.id).try_for_each(|id| self.act_as(id, self.all_of(id).permits(), "issuer"))?;
        }
        if other && (after.link_by_email || after.create_users || after.group_sync.enabled) {
            self.everything("issuer")?;
        }
        Ok(())
    }

    /// Who is linked to a provider and can sign in by nothing else is as good as disabled without it.
    fn lock_out(&self, provider: ProviderId) -> Result<(), Refusal> {
        let stranded = |id: &PrincipalId| self.after.principal(*id).is_some_and(|user| !self.after.can_sign_in(user));
        self.linked(provider).filter(stranded).try_for_each(|id| self.reach(&self.all_of(id), "lock out"))
    }

    fn linked(&self, provider: ProviderId) -> impl Iterator<Item = PrincipalId> {
        let linked = move |user: &Principal| user.identities().iter().any(|identity| identity.provider == provider);
        self.before.principals().filter(move |(_, user)| linked(user)).map(|(id, _)| id)
    }

    fn all_of(&self, id: PrincipalId) -> Rights<'_> {
        Rights::beyond_everyone(self.before, id, |terms| !self.is_over(terms))
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

/// Whether a change lets somebody find a subject, or sign in as it, in a way that was not there.
fn takes_over(before: &Profile, after: &Profile) -> bool {
    let (old, new) = (before.sign_in, after.sign_in);
    before.email != after.email
        || before.username != after.username
        || before.external_id != after.external_id
        || before.client_id != after.client_id
        || new.password && !old.password
        || new.identities > old.identities
        || new.passkeys != old.passkeys
        || new.codes != old.codes
        || after.identities.iter().any(|linked| !before.identities.contains(linked))
        // Nothing else changed: a password took the place of another.
        || before == after
}

/// Whether rules of signing in let somebody in whom they kept out, or in for longer.
const fn loosens(before: &SignInRules, after: &SignInRules) -> bool {
    after.passwords && !before.passwords
        || before.second_factor && !after.second_factor
        || after.idle_seconds > before.idle_seconds
        || after.session_seconds > before.session_seconds
        || after.invite_seconds > before.invite_seconds
}

/// Whether terms count at some instant at which they did not before, or for longer because another
/// source holds them up.
fn widens(before: &Terms, after: &Terms) -> bool {
    let held_up = after.sources.iter().any(|source| !before.sources.contains(source));
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
    held_up || earlier || later
}
