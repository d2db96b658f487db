//! Draws the checks. The verdict aimed at is a coin flip; then questions are drawn until the oracle gives it.

use super::draw::word;
use super::oracle::{Asked, allowed};
use super::output::{Fingerprint, Lines};
use super::random::{Random, Zipf, index};
use super::size::Size;
use super::world::{ACTION_COUNT, ENVIRONMENT_COUNT, ENVIRONMENTS, Subject, World, action_name};
use std::io;
use std::path::Path;

const QUESTIONS: usize = 10_000;
const TRIES: usize = 400;

struct Question {
    application: bool,
    subject: u64,
    asked: Asked,
    verdict: bool,
}

/// Writes the questions, and says how many are allowed.
pub(super) fn write(
    world: &World,
    size: Size,
    projects: &Zipf,
    random: &mut Random,
    dir: &Path,
) -> io::Result<(Fingerprint, usize)> {
    let users = Zipf::new(size.users(), random);
    let mut lines = Lines::create(dir, format!("{}.queries.jsonl", size.name()))?;
    let mut allows = 0;
    for _ in 0..QUESTIONS {
        let target = random.percent(50);
        let question = (0..TRIES)
            .map(|_| draw(world, size, projects, &users, random))
            .find(|question| question.verdict == target)
            .ok_or_else(|| io::Error::other(format!("no question with verdict {target} found in {TRIES} draws")))?;
        allows += usize::from(question.verdict);
        lines.write(&question.line())?;
    }
    Ok((lines.finish()?, allows))
}

fn draw(world: &World, size: Size, projects: &Zipf, users: &Zipf, random: &mut Random) -> Question {
    let application = random.percent(5);
    let number = if application { random.below(size.applications()) } else { users.draw(random) };
    let subject = &(if application { &world.applications } else { &world.users })[index(number)];
    let own = if random.percent(60) { own_project(world, subject, random) } else { None };
    let project = own.unwrap_or_else(|| word(projects.draw(random)));
    let environment = random.below(ENVIRONMENT_COUNT).to_le_bytes()[0];
    let action = random.below(ACTION_COUNT).to_le_bytes()[0];
    let asked = Asked { action, project, environment };
    Question { application, subject: number, asked, verdict: allowed(world, subject, asked) }
}

/// One of the projects that the subject's bindings name; nothing is drawn when there is none.
fn own_project(world: &World, subject: &Subject, random: &mut Random) -> Option<u32> {
    let own: Vec<u32> = world.bindings(subject).filter_map(|binding| binding.project).collect();
    (!own.is_empty()).then(|| own[random.index(own.len())])
}

impl Question {
    fn line(&self) -> String {
        let (kind, prefix) = if self.application { ("application", "a") } else { ("user", "u") };
        let Asked { action, project, environment } = self.asked;
        format!(
            "{{\"kind\":\"{kind}\",\"subject\":\"{prefix}-{}\",\"action\":\"{}\",\"project\":\"p-{project}\",\
             \"environment\":\"{}\",\"allow\":{}}}\n",
            self.subject,
            action_name(action),
            ENVIRONMENTS[usize::from(environment)],
            self.verdict
        )
    }
}
