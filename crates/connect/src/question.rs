//! Here a question of the wire meets the engine.

use crate::v1::{CheckRequestView, CheckStreamRequestView, QuestionView};
use rolecall_engine::{Part, Place, Question};
use rolecall_model::Org;
use rolecall_model::id::PrincipalId;
use rolecall_model::operation::ACCESS_CHECK;
use rolecall_service::{Ctx, Error, Tally, access};
use std::sync::Arc;

/// A question as the wire has it; what it does not name is empty.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked<'q> {
    pub subject: &'q str,
    pub action: &'q str,
    pub project: &'q str,
    pub environment: &'q str,
}

/// Why a question gets no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// It leaves out this part, which every question needs.
    Lacks(&'static str),
    /// The caller may not ask it.
    Refused(Error),
}

/// What is asked and answered within one call: one state, one instant, one caller.
pub(crate) struct Asking<'c> {
    ctx: &'c Ctx,
    /// The caller may ask about everybody everywhere, which is looked up once for all questions.
    everywhere: bool,
    tally: Arc<Tally>,
}

impl<'c> Asking<'c> {
    pub(crate) fn new(ctx: &'c Ctx) -> Self {
        Asking {
            ctx,
            everywhere: ctx.may(ACCESS_CHECK, Place::ORGANIZATION),
            tally: ctx.service().tally("rolecall.v1"),
        }
    }

    /// The answer. Whether the caller may ask is decided first; names that are not known get `false`.
    pub(crate) fn decide(&self, asked: &Asked<'_>) -> Result<bool, Unanswered> {
        let org = self.ctx.org();
        let place = asked.place(org);
        let subject = org.principal_id(asked.subject);
        self.require(subject, place)?;
        asked.require_whole()?;
        let question = subject.zip(org.action_id(asked.action)).map(|(subject, action)| {
            let at = self.ctx.asked_at();
            Question { subject, action, place, at }
        });
        let allowed = question.is_some_and(|question| self.ctx.index().check(&question).allowed);
        self.tally.count_one(allowed);
        Ok(allowed)
    }

    fn require(&self, subject: Option<PrincipalId>, place: Place) -> Result<(), Unanswered> {
        if self.everywhere {
            return Ok(());
        }
        access::require_to_ask(self.ctx, subject, place).map_err(Unanswered::Refused)
    }
}

impl<'q> Asked<'q> {
    /// The same question, with what it leaves empty taken from another.
    pub(crate) fn or(self, defaults: Asked<'q>) -> Self {
        let either = |own: &'q str, default: &'q str| if own.is_empty() { default } else { own };
        Asked {
            subject: either(self.subject, defaults.subject),
            action: either(self.action, defaults.action),
            project: either(self.project, defaults.project),
            environment: either(self.environment, defaults.environment),
        }
    }

    /// Where it is asked about. What the organization does not know is a place that only rights for all cover.
    fn place(&self, org: &Org) -> Place {
        Place {
            project: part(self.project, || org.project_id(self.project)),
            environment: part(self.environment, || org.environment_id(self.environment)),
        }
    }

    fn require_whole(&self) -> Result<(), Unanswered> {
        match (self.subject.is_empty(), self.action.is_empty()) {
            (true, _) => Err(Unanswered::Lacks("subject")),
            (_, true) => Err(Unanswered::Lacks("action")),
            _ => Ok(()),
        }
    }
}

fn part<T>(name: &str, find: impl FnOnce() -> Option<T>) -> Part<T> {
    if name.is_empty() { Part::All } else { find().map_or(Part::Unknown, Part::One) }
}

impl<'q> From<&CheckRequestView<'q>> for Asked<'q> {
    fn from(wire: &CheckRequestView<'q>) -> Self {
        Asked { subject: wire.subject, action: wire.action, project: wire.project, environment: wire.environment }
    }
}

impl<'q> From<&QuestionView<'q>> for Asked<'q> {
    fn from(wire: &QuestionView<'q>) -> Self {
        Asked { subject: wire.subject, action: wire.action, project: wire.project, environment: wire.environment }
    }
}

impl<'q> From<&CheckStreamRequestView<'q>> for Asked<'q> {
    fn from(wire: &CheckStreamRequestView<'q>) -> Self {
        Asked { subject: wire.subject, action: wire.action, project: wire.project, environment: wire.environment }
    }
}
