//! Rolecall in process: the engine as others embed it, on an organization that was imported.

mod beside;
mod changes;
mod organization;
mod questions;

use anyhow::{Context, bail};
use bench_common::window::NOW;
use bench_common::{Arguments, Question, World, converse, question, read, timing};
use rolecall_engine::Index;
use rolecall_model::{Org, Timestamp};
use serde_json::{Value, json};
use std::hint::black_box;

/// The instant of every question and change.
pub(crate) const AT: Timestamp = Timestamp::from_micros(NOW);

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::read()?;
    let mut world = read::world(&arguments.directory, &arguments.size)?;
    world.is_timed = arguments.is_timed;
    let (index, cost) = organization::load(&arguments, &world)?;
    let questions = question::read(&world, &arguments.directory, &arguments.size)?;
    let mut engine = Engine { arguments, world, index, questions };
    converse(&cost, |variant| engine.measure(variant))
}

struct Engine {
    arguments: Arguments,
    world: World,
    index: Index,
    questions: Vec<Question>,
}

impl Engine {
    fn measure(&mut self, variant: &str) -> anyhow::Result<Value> {
        let budget = self.arguments.budget;
        match variant {
            "strings" => self.by_names(&self.questions),
            "unknown" => self.by_names(&question::with_unknown_names(&self.world, &self.questions)),
            "numbers" => {
                let timing = timing(budget, &self.numbers()?, |question| self.index.check(question).allowed);
                Ok(serde_json::to_value(timing)?)
            }
            "questions" => questions::measure(&self.index, &self.numbers()?, budget),
            "changes" => changes::measure(&self.index, &self.world, &self.questions),
            "beside" => beside::measure(&self.index, &self.world, &self.questions, budget),
            "profiles" => {
                let index = std::mem::replace(&mut self.index, Index::build(Org::empty()));
                let (index, cost) = organization::with_profiles(index, &self.world)?;
                self.index = index;
                Ok(cost)
            }
            "profile" => {
                profiled(&self.index, &self.questions);
                Ok(json!({ "checks": self.questions.len() }))
            }
            other => bail!("no variant named {other}"),
        }
    }

    fn by_names(&self, questions: &[Question]) -> anyhow::Result<Value> {
        let questions: Vec<_> = questions.iter().map(|question| (question.clone(), question.allow)).collect();
        let timing = timing(self.arguments.budget, &questions, |question| by_names(&self.index, question));
        Ok(serde_json::to_value(timing)?)
    }

    fn numbers(&self) -> anyhow::Result<Vec<(rolecall_engine::Question, bool)>> {
        let numbers = self.questions.iter().map(|question| Some((numbers(&self.index, question)?, question.allow)));
        numbers.collect::<Option<_>>().context("a name of the workload is not known")
    }
}

/// Every question once; a profiler collects within this function only.
#[inline(never)]
fn profiled(index: &Index, questions: &[Question]) {
    let allowed = questions.iter().filter(|question| by_names(index, black_box(question))).count();
    black_box(allowed);
}

/// A check from four strings.
#[inline]
pub(crate) fn by_names(index: &Index, question: &Question) -> bool {
    let (project, environment) = (Some(&*question.project), Some(&*question.environment));
    index.check_named(&question.subject, &question.action, project, environment, AT).allowed
}

fn numbers(index: &Index, question: &Question) -> Option<rolecall_engine::Question> {
    let org = index.org();
    Some(rolecall_engine::Question {
        subject: org.find_principal(&question.subject)?.0,
        action: org.action_named(&question.action)?.id,
        place: index.place_named(Some(&question.project), Some(&question.environment)),
        at: AT,
    })
}
