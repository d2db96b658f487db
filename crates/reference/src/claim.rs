//! Checking what somebody claims to be a path to a right: link by link, against the state.

use crate::rule::{Question, counts, covers};
use crate::state::{Binding, Given, Permit, Span, State};

/// A claimed path: who holds what, which binding of it, which permit of the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The holder: a user or application, a group, or everyone when none of both is given.
    pub person: Option<u32>,
    /// The group.
    pub group: Option<u32>,
    /// What the holder was given.
    pub given: Given,
    /// The binding that counts; one of the policy's when it is a policy.
    pub binding: Binding,
    /// The permit of the role; none when it is claimed that the role has none that would do.
    pub permit: Option<Permit>,
}

/// What is wrong with a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The subject is not there or may not act.
    Subject,
    /// The subject is not the holder, nor in the group.
    Membership,
    /// The holder was not given this, the policy has no such binding, the role no such permit.
    NotThere,
    /// The assignment or the membership does not count at the instant.
    Time,
    /// The binding or the permit does not cover the place.
    Scope,
    /// The permit's action neither is nor includes the one asked about, or there is no permit.
    Action,
}

impl State {
    /// All that is wrong with a claim that a question is allowed by a path; nothing when it is true.
    pub fn faults(&self, claim: &Claim, question: &Question) -> Vec<Fault> {
        let mut faults = Vec::new();
        if !self.people.get(&question.subject).is_some_and(|person| person.active) {
            faults.push(Fault::Subject);
        }
        let mut spans = Vec::new();
        let held = match (claim.person, claim.group) {
            (Some(person), _) => {
                if person != question.subject {
                    faults.push(Fault::Membership);
                }
                self.people.get(&person).map(|person| &person.held)
            }
            (None, Some(group)) => {
                match self.memberships.get(&(group, question.subject)) {
                    Some(span) => spans.push(*span),
                    None => faults.push(Fault::Membership),
                }
                self.groups.get(&group)
            }
            (None, None) => Some(&self.everyone),
        };
        match held.and_then(|held| held.iter().find(|held| held.given == claim.given)) {
            Some(held) => spans.push(held.span),
            None => faults.push(Fault::NotThere),
        }
        self.add_faults(claim, question, &spans, &mut faults);
        faults.sort();
        faults.dedup();
        faults
    }

    fn add_faults(&self, claim: &Claim, question: &Question, spans: &[Span], faults: &mut Vec<Fault>) {
        if !spans.iter().all(|span| counts(*span, question.at)) {
            faults.push(Fault::Time);
        }
        if !self.bindings(claim.given).contains(&claim.binding) {
            faults.push(Fault::NotThere);
        }
        if !covers(claim.binding.scope, question.place) {
            faults.push(Fault::Scope);
        }
        let Some(role) = self.roles.get(&claim.binding.role) else {
            return faults.push(Fault::NotThere);
        };
        let Some(permit) = claim.permit else {
            // The claim is that no permit of the role would do.
            faults.push(Fault::Action);
            if role.iter().any(|permit| self.includes(permit.action, question.action)) {
                faults.push(Fault::NotThere);
            }
            return;
        };
        if !role.contains(&permit) {
            faults.push(Fault::NotThere);
        }
        if !covers(permit.scope, question.place) {
            faults.push(Fault::Scope);
        }
        if !self.includes(permit.action, question.action) {
            faults.push(Fault::Action);
        }
    }
}
