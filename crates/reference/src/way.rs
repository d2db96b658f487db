//! All ways in which something reaches a subject: to count which clauses decide an answer, and to
//! know how many paths an explanation must name. [`State::check`] does not use it.

use crate::rule::{Question, counts, covers};
use crate::state::{Binding, Given, Held, Permit, Span, State};

/// How one permit that reaches a subject relates to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one clause of the rule")]
pub struct Way {
    /// The subject's own, not a group's nor everyone's.
    pub own: bool,
    /// A group's.
    pub group: bool,
    /// Everyone's.
    pub everyone: bool,
    /// Given by a policy.
    pub policy: bool,
    /// With a start or an end somewhere.
    pub timed: bool,
    /// By a permit narrowed to a project or environment.
    pub narrowed: bool,
    /// By an action that includes the one asked about.
    pub included: bool,
    /// Whether it counts at the instant.
    pub in_force: bool,
    /// Whether the binding covers the place.
    pub binding_covers: bool,
    /// Whether the permit covers the place.
    pub permit_covers: bool,
}

impl Way {
    /// Whether it gives what was asked, if the subject is active.
    pub const fn gives(&self) -> bool {
        self.in_force && self.binding_covers && self.permit_covers
    }
}

impl State {
    /// All permits that reach a subject, active or not, whose action is or includes the one asked
    /// about: to count which clauses decide an answer.
    pub fn ways(&self, question: &Question) -> Vec<Way> {
        let mut ways = Vec::new();
        let always = Span { from: None, until: None };
        let plain = Way {
            own: false,
            group: false,
            everyone: false,
            policy: false,
            timed: false,
            narrowed: false,
            included: false,
            in_force: false,
            binding_covers: false,
            permit_covers: false,
        };
        if let Some(person) = self.people.get(&question.subject) {
            self.add_ways(&person.held, always, Way { own: true, ..plain }, question, &mut ways);
        }
        for ((group, user), span) in &self.memberships {
            if *user == question.subject
                && let Some(group) = self.groups.get(group)
            {
                self.add_ways(group, *span, Way { group: true, ..plain }, question, &mut ways);
            }
        }
        self.add_ways(&self.everyone, always, Way { everyone: true, ..plain }, question, &mut ways);
        ways
    }

    fn add_ways(&self, list: &[Held], membership: Span, holder: Way, question: &Question, ways: &mut Vec<Way>) {
        for held in list {
            for binding in self.bindings(held.given) {
                for permit in self.roles.get(&binding.role).into_iter().flatten() {
                    if self.includes(permit.action, question.action) {
                        ways.push(way(held, membership, binding, permit, holder, question));
                    }
                }
            }
        }
    }
}

fn way(held: &Held, membership: Span, binding: Binding, permit: &Permit, holder: Way, question: &Question) -> Way {
    let is_timed = |span: Span| span.from.is_some() || span.until.is_some();
    Way {
        policy: matches!(held.given, Given::Policy(_)),
        timed: is_timed(held.span) || is_timed(membership),
        narrowed: permit.scope.project.is_some() || permit.scope.environment.is_some(),
        included: permit.action != question.action,
        in_force: counts(held.span, question.at) && counts(membership, question.at),
        binding_covers: covers(binding.scope, question.place),
        permit_covers: covers(permit.scope, question.place),
        ..holder
    }
}
