//! Deciding a command: what would change, in words of any noun, or why nothing may. Pure: the same
//! state, command and moment give the same answer.

use crate::change::Change;
use crate::command::Command;
use crate::invariant;
use crate::moment::Moment;
use crate::organization::{Org, Stamp, Touched};
use crate::refusal::{Kind, Refusal};
use crate::time::Timestamp;

/// Most changes of one command; an import has a word of its own and counts as one.
pub const MOST_CHANGES: usize = 100_000;

/// What a command comes to.
#[derive(Debug)]
pub struct Decision {
    /// What happens; nothing when the command has no effect.
    pub changes: Vec<Change>,
    /// The organization after it.
    pub org: Org,
    /// The head of its entry.
    pub stamp: Stamp,
    /// Which records it touches.
    pub touched: Touched,
}

/// Says what a command would change.
///
/// # Errors
/// The rule that stands in the way, the field it concerns and what to do about it. Then nothing has
/// changed.
pub fn decide(org: &Org, command: Command, moment: &Moment) -> Result<Decision, Refusal> {
    let mut draft = Draft::new(org, moment);
    draft.run(command)?;
    if draft.changes.is_empty() {
        let (org, stamp) = (org.clone(), draft.stamp);
        return Ok(Decision { changes: Vec::new(), org, stamp, touched: Touched::default() });
    }
    draft.org.finish(&draft.stamp);
    invariant::administrator_remains(org, &mut draft.org, &draft.changes, draft.stamp.at)?;
    let Draft { org, changes, stamp, touched, .. } = draft;
    Ok(Decision { changes, org, stamp, touched })
}

/// A decision being made: each change is carried out on a copy at once, so that what follows sees it.
pub struct Draft<'a> {
    /// The organization with the changes so far.
    pub org: Org,
    /// When, by whom, with what randomness.
    pub moment: &'a Moment,
    stamp: Stamp,
    changes: Vec<Change>,
    /// Which of the changes the catalog prescribes; nobody asked for them, so nobody must hold them.
    prescribed: Vec<usize>,
    touched: Touched,
}

impl<'a> Draft<'a> {
    fn new(org: &Org, moment: &'a Moment) -> Self {
        // An entry's time is never before its predecessor's, whatever the clock says.
        let at = moment.now.max(org.at());
        let stamp = Stamp { revision: org.revision().next(), at, actor: moment.actor };
        let (changes, prescribed, touched) = (Vec::new(), Vec::new(), Touched::default());
        Draft { org: org.clone(), moment, stamp, changes, prescribed, touched }
    }

    /// The time of the entry.
    pub const fn now(&self) -> Timestamp {
        self.stamp.at
    }

    /// Records a change and carries it out on the copy.
    pub fn change(&mut self, change: impl Into<Change>) {
        let change = change.into();
        self.org.apply_each(&self.stamp, std::slice::from_ref(&change), &mut self.touched);
        self.changes.push(change);
    }

    /// Records a consequence that the catalog prescribes: it is exempt from the rule that nobody
    /// gives what they do not hold. What a command itself calls the catalog's is not.
    pub(crate) fn prescribe(&mut self, change: impl Into<Change>) {
        self.prescribed.push(self.changes.len());
        self.change(change);
    }

    fn run(&mut self, command: Command) -> Result<(), Refusal> {
        let Command::Batch(commands) = command else { return self.run_one(command) };
        if commands.len() > MOST_CHANGES {
            return Err(too_many(commands.len()));
        }
        for (index, command) in commands.into_iter().enumerate() {
            self.run(command).map_err(|refusal| refusal.under(&format!("commands[{index}]")))?;
        }
        Ok(())
    }

    fn run_one(&mut self, command: Command) -> Result<(), Refusal> {
        let before = self.org.clone();
        let first = self.changes.len();
        self.decide(command)?;
        if self.changes.len() > MOST_CHANGES {
            return Err(too_many(self.changes.len()));
        }
        let asked = (first..self.changes.len()).filter(|index| self.prescribed.binary_search(index).is_err());
        let asked = asked.filter_map(|index| self.changes.get(index));
        invariant::no_escalation(&before, &self.org, asked, self.moment.actor, self.now())
    }

    fn decide(&mut self, command: Command) -> Result<(), Refusal> {
        if self.org.settings().is_none() && !matches!(command, Command::Found(_)) {
            return Err(Refusal::new(Kind::NotNow, "", "the organization has not been made yet"));
        }
        match command {
            Command::Found(command) => self.decide_found(*command),
            Command::Settings(command) => self.decide_settings(command),
            Command::Action(command) => self.decide_action(command),
            Command::Role(command) => self.decide_role(command),
            Command::Policy(command) => self.decide_policy(command),
            Command::Environment(command) => self.decide_environment(command),
            Command::Project(command) => self.decide_project(command),
            Command::User(command) => self.decide_user(command),
            Command::Application(command) => self.decide_application(command),
            Command::Group(command) => self.decide_group(command),
            Command::Membership(command) => self.decide_membership(command),
            Command::Assignment(command) => self.decide_assignment(command),
            Command::Token(command) => self.decide_token(command),
            Command::ResourceType(command) => self.decide_resource_type(command),
            Command::Provider(command) => self.decide_provider(command),
            Command::Import(workload) => self.decide_import(&workload),
            Command::Batch(commands) => self.run(Command::Batch(commands)),
        }
    }
}

fn too_many(count: usize) -> Refusal {
    let message = format!(
        "{count} changes are too many for one command; at most {MOST_CHANGES} are taken, so split it or import"
    );
    Refusal::new(Kind::TooMany, "", message)
}
