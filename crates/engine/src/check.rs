//! Where a check is decided: [`Index::check`]. No allocation, no lock, no wait.

use crate::index::Index;
use crate::question::{Decision, Part, Place, Question};
use crate::slot::{Asked, Reach, Slot};
use rolecall_model::Timestamp;
use rolecall_model::id::PrincipalId;
use std::ops::ControlFlow::{Break, Continue};

impl Index {
    /// Decides a question by the rule: an active subject may do an action at a place when some
    /// assignment that reaches it, in force at the instant, gives a permit whose action is or
    /// includes it at a scope that covers the place. Unknown subjects and actions are denied.
    #[inline]
    pub fn check(&self, question: &Question) -> Decision {
        match self.asked(question) {
            Some(asked) => self.decide(question.subject, &asked),
            None => Decision::DENIED,
        }
    }

    /// Decides several questions on the same revision, in their order.
    pub fn check_many(&self, questions: &[Question]) -> Vec<Decision> {
        questions.iter().map(|question| self.check(question)).collect()
    }

    /// Decides a question in names: the subject by any identifier, nothing for a project or an
    /// environment meaning all of them. An unknown subject or action is denied, an unknown project
    /// or environment is one that only a right for all covers.
    pub fn check_named(
        &self,
        subject: &str,
        action: &str,
        project: Option<&str>,
        environment: Option<&str>,
        at: Timestamp,
    ) -> Decision {
        let Some(subject) = self.org.principal_id(subject) else {
            return Decision::DENIED;
        };
        let Some(action) = self.org.action_id(action) else {
            return Decision::DENIED;
        };
        let place = self.place_named(project, environment);
        self.check(&Question { subject, action, place, at })
    }

    /// The place of these names; nothing means all, an unknown name is [`Part::Unknown`].
    #[inline]
    pub fn place_named(&self, project: Option<&str>, environment: Option<&str>) -> Place {
        let project = project.map_or(Part::All, |name| self.org.project_id(name).map_or(Part::Unknown, Part::One));
        let environment =
            environment.map_or(Part::All, |name| self.org.environment_id(name).map_or(Part::Unknown, Part::One));
        Place { project, environment }
    }

    /// Whether a subject is known and active.
    #[inline]
    pub(crate) fn is_active(&self, subject: PrincipalId) -> bool {
        self.subjects.get(subject.index()).is_some_and(super::line::Line::is_active)
    }

    /// The question in plain numbers; nothing when its action is unknown.
    #[inline]
    pub(crate) fn asked(&self, question: &Question) -> Option<Asked> {
        Some(Asked::new(&self.rights, self.vocabulary.bit(question.action)?, question.place, question.at))
    }

    /// Whether what reaches a subject gives it what was asked.
    #[inline]
    pub(crate) fn gives(&self, reach: Reach, asked: &Asked) -> bool {
        self.slot_gives(reach.slot, asked) && reach.window.contains(asked.at)
    }

    /// Whether a role at a scope gives what was asked, at whatever instant.
    #[inline]
    pub(crate) fn slot_gives(&self, slot: Slot, asked: &Asked) -> bool {
        asked.is_covered_by(slot) & self.rights.gives(slot.role, asked)
    }

    #[inline]
    fn decide(&self, subject: PrincipalId, asked: &Asked) -> Decision {
        let Some(line) = self.subjects.get(subject.index()).filter(|line| line.is_active()) else {
            return Decision::DENIED;
        };
        let found = self.walk_line(line, subject, Some(asked.project), &mut |reach| {
            if self.gives(reach, asked) { Break(reach.giver()) } else { Continue(()) }
        });
        match found {
            Break(giver) => Decision { allowed: true, giver },
            Continue(()) => Decision::DENIED,
        }
    }
}
