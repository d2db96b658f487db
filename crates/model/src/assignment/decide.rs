//! The rules of assignments.

use super::{AssignmentChange, AssignmentCommand, Grant, GrantRef};
use crate::command::Ref;
use crate::decide::Draft;
use crate::id::{Holder, PrincipalId, SlotId};
use crate::name::{LONGEST_TEXT, parse_text};
use crate::organization::{Org, Stamp, Touched};
use crate::policy::Binding;
use crate::provenance::{ProvenanceId, Source, Terms};
use crate::refusal::{Kind, Refusal};
use crate::resolve;
use crate::scope::Scope;

impl Draft<'_> {
    pub(crate) fn decide_assignment(&mut self, command: AssignmentCommand) -> Result<(), Refusal> {
        match command {
            AssignmentCommand::Grant(subject, wanted, terms) => {
                let holder = resolve::holder(&self.org, &subject, "subject")?;
                grant(self, holder, &wanted, &terms, "")
            }
            AssignmentCommand::End { subject, grant, source, quietly } => {
                let holder = resolve::holder(&self.org, &subject, "subject")?;
                self.end_assignment(holder, &grant, source.as_ref(), quietly)
            }
            AssignmentCommand::Slot { subject, slot, role, terms } => {
                let holder = resolve::holder(&self.org, &subject, "subject")?;
                self.decide_slot(holder, &slot, role.as_ref(), &terms)
            }
        }
    }

    fn end_assignment(
        &mut self,
        holder: Holder,
        wanted: &GrantRef,
        source: Option<&Source>,
        quietly: bool,
    ) -> Result<(), Refusal> {
        let grant = present(&self.org, wanted)?;
        let Some(before) = self.org.terms_of(holder, grant) else {
            if quietly {
                return Ok(());
            }
            let message = format!("{} does not have {}", self.org.holder_words(holder), self.org.grant_words(grant));
            return Err(Refusal::new(Kind::Unknown, "", message).of_target());
        };
        let mut after = before.clone();
        match source {
            Some(source) => after.sources.retain(|kept| kept != source),
            None => after.sources.clear(),
        }
        if let (Grant::Role(binding), Holder::Principal(_), true) = (grant, holder, after.sources.is_empty())
            && let Some(slot) = self.org.role(binding.role).and_then(|role| role.slot)
        {
            let slot = self.org.slots.get(slot.number()).map(|slot| slot.name.clone()).unwrap_or_default();
            let message = format!("a {slot} role is always held; give another one instead of taking this one away");
            return Err(Refusal::new(Kind::NotNow, "", message));
        }
        if after.sources.is_empty() {
            self.change(AssignmentChange::Ended { holder, grant, terms: before });
        } else if after != before {
            self.change(AssignmentChange::Changed { holder, grant, before, after });
        }
        Ok(())
    }

    fn decide_slot(&mut self, holder: Holder, slot: &str, role: Option<&Ref>, terms: &Terms) -> Result<(), Refusal> {
        let Some(found) = self.org.slots.named(slot, self.org.folds_names()) else {
            let known = self.org.slots.iter().map(|slot| slot.name.as_str());
            return Err(Refusal::unknown("slot", "slot", slot, crate::name::nearest(slot, known)));
        };
        let id = found.id;
        let Some(role) = role else {
            if matches!(holder, Holder::Principal(_)) {
                let message = format!("a user or application always has a {slot} role; name the one it shall have");
                return Err(Refusal::invalid("role", message));
            }
            self.empty_slot(holder, id, None);
            return Ok(());
        };
        let role = resolve::role(&self.org, role, "role")?;
        match self.org.role(role) {
            Some(row) if row.slot != Some(id) => {
                let message = format!("the role \"{}\" does not belong to the slot \"{slot}\"", row.name);
                Err(Refusal::invalid("role", message))
            }
            _ => self.set_slot(holder, Binding { role, scope: Scope::ORGANIZATION }, id, terms, "role"),
        }
    }

    /// Gives a role of a slot and takes away the one that was there.
    fn set_slot(
        &mut self,
        holder: Holder,
        binding: Binding,
        slot: SlotId,
        terms: &Terms,
        field: &str,
    ) -> Result<(), Refusal> {
        if binding.scope != Scope::ORGANIZATION {
            return Err(Refusal::invalid(field, "a role of a slot is held at the organization; leave the scope out"));
        }
        if terms.until.is_some() {
            let message =
                "a role of a slot is held without an end; leave \"until\" out, or give another role for a time";
            return Err(Refusal::invalid("until", message));
        }
        let grant = Grant::Role(binding);
        self.empty_slot(holder, slot, Some(grant));
        self.put(holder, grant, terms)
    }

    fn empty_slot(&mut self, holder: Holder, slot: SlotId, but: Option<Grant>) {
        let in_slot = |org: &Org, grant: Grant| match grant {
            Grant::Role(binding) => org.role(binding.role).is_some_and(|role| role.slot == Some(slot)),
            Grant::Policy(_) => false,
        };
        let old: Vec<Grant> = self
            .org
            .assignments_of(holder)
            .iter()
            .map(|a| a.grant)
            .filter(|grant| Some(*grant) != but && in_slot(&self.org, *grant))
            .collect();
        for grant in old {
            if let Some(terms) = self.org.terms_of(holder, grant) {
                self.change(AssignmentChange::Ended { holder, grant, terms });
            }
        }
    }

    /// Gives the default role of every slot in which the holder has none.
    pub(crate) fn fill_slots(&mut self, holder: Holder) {
        let slots: Vec<_> = self.org.slots.iter().map(|slot| (slot.id, slot.default)).collect();
        for (slot, role) in slots {
            let filled = self.org.assignments_of(holder).iter().any(|a| match a.grant {
                Grant::Role(b) => self.org.role(b.role).is_some_and(|role| role.slot == Some(slot)),
                Grant::Policy(_) => false,
            });
            if !filled {
                let grant = Grant::Role(Binding { role, scope: Scope::ORGANIZATION });
                self.prescribe(AssignmentChange::Granted { holder, grant, terms: Terms::of(Source::Catalog) });
            }
        }
    }

    /// Gives a grant on terms, or joins the terms with those it has.
    fn put(&mut self, holder: Holder, grant: Grant, terms: &Terms) -> Result<(), Refusal> {
        let terms = sound_terms(terms, &self.org)?;
        match self.org.terms_of(holder, grant) {
            None => self.change(AssignmentChange::Granted { holder, grant, terms }),
            Some(before) => {
                let after = joined(&before, &terms);
                if after != before {
                    self.change(AssignmentChange::Changed { holder, grant, before, after });
                }
            }
        }
        Ok(())
    }
}

/// Gives a holder a policy, or a role at a scope.
pub(crate) fn grant(
    draft: &mut Draft<'_>,
    holder: Holder,
    wanted: &GrantRef,
    terms: &Terms,
    field: &str,
) -> Result<(), Refusal> {
    let at = |name: &str| if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
    let binding = match wanted {
        GrantRef::Policy(policy) => {
            let policy = resolve::policy(&draft.org, policy, &at("policy"))?;
            return draft.put(holder, Grant::Policy(policy), terms);
        }
        GrantRef::Role(binding) => binding,
    };
    let role = resolve::role(&draft.org, &binding.role, &at("role"))?;
    let scope = draft.binding_scope(&binding.scope, field)?;
    let grant = Binding { role, scope };
    let slot = match draft.org.role(role) {
        Some(row) => {
            resolve::fits(row, scope, field)?;
            row.slot
        }
        None => None,
    };
    match slot {
        Some(slot) => draft.set_slot(holder, grant, slot, terms, &at("role")),
        None => draft.put(holder, Grant::Role(grant), terms),
    }
}

/// A grant to be kept for later: every name in it must be known, and the role must fit the scope.
pub(crate) fn known_grant(org: &Org, wanted: &GrantRef, field: &str) -> Result<Grant, Refusal> {
    let grant = present(org, wanted).map_err(|refusal| refusal.under(field))?;
    if let Grant::Role(binding) = grant
        && let Some(role) = org.role(binding.role)
    {
        resolve::fits(role, binding.scope, field)?;
    }
    Ok(grant)
}

/// A grant that may be there: every name in it must be known.
fn present(org: &Org, wanted: &GrantRef) -> Result<Grant, Refusal> {
    match wanted {
        GrantRef::Policy(policy) => resolve::policy(org, policy, "policy").map(Grant::Policy),
        GrantRef::Role(binding) => {
            let role = resolve::role(org, &binding.role, "role")?;
            Ok(Grant::Role(Binding { role, scope: resolve::scope(org, &binding.scope, "")? }))
        }
    }
}

/// Terms as they are kept: sources sorted, the end after the start, the reason a text.
pub(crate) fn sound_terms(terms: &Terms, org: &Org) -> Result<Terms, Refusal> {
    require_term_order(terms)?;
    let mut terms = terms.clone();
    if terms.sources.is_empty() {
        terms.sources.push(Source::Manual);
    }
    terms.sources.sort();
    terms.sources.dedup();
    if let Some(reason) = &terms.reason {
        let reason = parse_text(reason, "reason", LONGEST_TEXT)?;
        terms.reason = (!reason.is_empty()).then_some(reason);
    }
    if let Some(approver) = terms.approver
        && org.principal(approver).is_none()
    {
        return Err(Refusal::new(
            Kind::Unknown,
            "approver",
            "the approver is not a user or application of this organization",
        ));
    }
    Ok(terms)
}

/// Refuses an end that is not after its start.
///
/// # Errors
/// `Invalid`.
fn require_term_order(terms: &Terms) -> Result<(), Refusal> {
    match (terms.from, terms.until) {
        (Some(from), Some(until)) if until <= from => {
            Err(Refusal::invalid("until", format!("until ({until}) must be later than from ({from})")))
        }
        _ => Ok(()),
    }
}

/// What holds when something is given again: the same source sets the terms anew; another source
/// joins, and then the wider of both windows counts.
pub(crate) fn joined(before: &Terms, more: &Terms) -> Terms {
    let renews = before.sources.iter().any(|source| more.sources.contains(source));
    let mut sources: Vec<Source> = before.sources.iter().chain(&more.sources).cloned().collect();
    sources.sort();
    sources.dedup();
    if renews {
        return Terms { sources, ..more.clone() };
    }
    let wider = |a: Option<_>, b: Option<_>, pick: fn(_, _) -> _| a.zip(b).map(|(a, b)| pick(a, b));
    Terms {
        sources,
        from: wider(before.from, more.from, std::cmp::min),
        until: wider(before.until, more.until, std::cmp::max),
        reason: before.reason.clone().or_else(|| more.reason.clone()),
        approver: before.approver.or(more.approver),
    }
}

impl Org {
    pub(crate) fn apply_assignment(&mut self, change: &AssignmentChange, stamp: &Stamp, touched: &mut Touched) {
        match change {
            AssignmentChange::Granted { holder, grant, terms }
            | AssignmentChange::Changed { holder, grant, after: terms, .. } => {
                self.put_assignment(*holder, *grant, terms, stamp);
                touched.holder(*holder);
            }
            AssignmentChange::Ended { holder, grant, .. } => {
                self.drop_assignments(*holder, stamp, |kept| kept == *grant);
                touched.holder(*holder);
            }
        }
    }

    /// The terms on which a holder has something, if it has.
    pub fn terms_of(&self, holder: Holder, grant: Grant) -> Option<Terms> {
        let assignment = self.assignments_of(holder).iter().find(|a| a.grant == grant)?;
        Some(self.terms(assignment.provenance))
    }

    /// The terms of a provenance.
    pub fn terms(&self, id: ProvenanceId) -> Terms {
        self.provenances.get(id).map(|p| p.terms.clone()).unwrap_or_default()
    }

    /// A holder in words: `user "ada@example.com"`.
    pub fn holder_words(&self, holder: Holder) -> String {
        match holder {
            Holder::Principal(id) => self.principal_words(id),
            Holder::Group(id) => format!("group \"{}\"", self.group(id).map(|g| g.name.clone()).unwrap_or_default()),
            Holder::Everyone => "everyone".to_owned(),
        }
    }

    fn principal_words(&self, id: PrincipalId) -> String {
        match self.principal(id) {
            Some(principal) => format!("{} \"{}\"", principal.kind().word(), principal.best_identifier()),
            None => format!("number {}", id.number()),
        }
    }

    /// A grant in words: `policy "Team"`, `role "Owner" at project "shop"`.
    pub fn grant_words(&self, grant: Grant) -> String {
        match grant {
            Grant::Policy(id) => format!("policy \"{}\"", self.policy(id).map(|p| p.name.clone()).unwrap_or_default()),
            Grant::Role(binding) => {
                let role = self.role(binding.role).map(|role| role.name.clone()).unwrap_or_default();
                format!("role \"{role}\" at {}", resolve::scope_words(self, binding.scope))
            }
        }
    }

    /// The number the next user or application gets.
    pub fn next_principal(&self) -> PrincipalId {
        PrincipalId::at(u32::try_from(self.principal_bound()).unwrap_or(u32::MAX).max(1))
    }
}
