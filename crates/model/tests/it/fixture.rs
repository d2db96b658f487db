//! An organization in a few words, for tests that read like promises. Every command is decided three
//! ways, alone, in a batch and as a dry run, which must agree; and its changes must replay.

use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::change::Change;
use rolecall_model::command::{Command, Ref, SubjectRef};
use rolecall_model::decide::{Decision, decide};
use rolecall_model::id::{OrganizationId, TokenId};
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::name::Text;
use rolecall_model::organization::{NewOrganization, Org, Stamp};
use rolecall_model::policy::BindingRef;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::{Kind, Refusal};
use rolecall_model::role::PermitRef;
use rolecall_model::scope::ScopeRef;
use rolecall_model::time::Timestamp;
use std::sync::Arc;

/// A small shop: two projects, three environments, four actions.
const SHOP: &str = "
name: test
environments: [{name: development}, {name: staging}, {name: production, protected: true}]
initial_projects: [{name: shop, protected: true}, {name: blog}]
actions:
  - {name: view, level: environment}
  - {name: deploy, level: environment, includes: [view]}
  - {name: administer, level: project, includes: [deploy, rolecall.projects.write]}
  - {name: bill, level: organization}
roles:
  - {name: Admin, bindable: anywhere, permits: ['*']}
  - {name: Maintainer, bindable: project, permits: [administer]}
  - {name: Everyone, bindable: organization, permits: [rolecall.actions.read]}
policies:
  - {name: Admin, bindings: [{role: Admin}]}
everyone: [{role: Everyone}]
creator: [Maintainer]
resource_types: [{name: cart, stands: within}]
administrator: {policy: Admin}
";

/// An organization, the clock and who acts.
#[derive(Clone)]
pub struct World {
    pub org: Org,
    pub now: Timestamp,
    pub log: Vec<(Stamp, Vec<Change>)>,
    actor: Actor,
    drawn: u64,
}

/// The small shop with `ada@example.com`, an administrator. The installation itself acts.
pub fn shop() -> World {
    World::of(&Catalog::read(SHOP).unwrap()).with_administrator("policy Admin")
}

/// Union's catalog: folded names, open projects.
pub fn union() -> World {
    World::of(&Catalog::read(builtin("union").unwrap()).unwrap()).with_administrator("policy Admin")
}

/// Unleash's catalog: exact names, closed projects, the `root` slot.
pub fn unleash() -> World {
    World::of(&Catalog::read(builtin("unleash").unwrap()).unwrap()).with_administrator("role Admin")
}

/// An instant so many seconds after the beginning of the tests.
pub fn second(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds)
}

impl World {
    pub fn of(catalog: &Catalog) -> Self {
        let world = World { org: Org::empty(), now: second(0), log: Vec::new(), actor: Actor::System, drawn: 0 };
        let (name, title) = ("test".to_owned(), String::new());
        let catalog = Arc::new(catalog.clone());
        world.with(Command::Found(Box::new(NewOrganization { id: OrganizationId::new(7), name, title, catalog })))
    }

    fn with_administrator(self, what: &str) -> Self {
        self.with(super::word::user("ada").given(what).password())
    }

    /// From now on this user or application acts; `the installation` is the installation itself.
    #[must_use]
    pub fn by(mut self, who: &str) -> Self {
        self.actor = self.actor_named(who);
        self
    }

    /// The same, through a token of this number.
    #[must_use]
    pub fn through(mut self, token: u32) -> Self {
        if let Actor::Principal { token: through, .. } = &mut self.actor {
            *through = TokenId::new(token);
        }
        self
    }

    fn actor_named(&self, who: &str) -> Actor {
        match who {
            "the installation" => Actor::System,
            who => Actor::Principal { id: self.org.find_principal(&known(who)).unwrap().0, token: None },
        }
    }

    #[must_use]
    pub fn acting(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    pub fn at(mut self, seconds: i64) -> Self {
        self.now = second(seconds);
        self
    }

    /// Carries out a command that must be taken.
    #[must_use]
    pub fn with(mut self, command: impl Into<Command>) -> Self {
        self.run(&command.into()).unwrap_or_else(|refusal| panic!("refused: {refusal} ({})", refusal.field));
        self
    }

    /// Carries out a command and answers how many changes that was.
    pub fn changes(&mut self, command: impl Into<Command>) -> usize {
        let before = self.log.len();
        self.run(&command.into()).unwrap_or_else(|refusal| panic!("refused: {refusal} ({})", refusal.field));
        self.log.get(before).map_or(0, |entry| entry.1.len())
    }

    /// The refusal of a command that must not be taken.
    #[track_caller]
    pub fn refusal(&self, command: impl Into<Command>) -> Refusal {
        let command = command.into();
        match self.decide(&command) {
            Ok(decision) => panic!("taken: {command:?} as {:?}", decision.changes),
            Err(refusal) => refusal,
        }
    }

    /// That a command is refused as of this kind, with a message that has these words.
    #[track_caller]
    pub fn refuses(&self, command: impl Into<Command>, kind: Kind, words: &str) {
        let refusal = self.refusal(command);
        assert_eq!(refusal.kind, kind, "{refusal}");
        assert!(refusal.message.contains(words), "{:?} does not say {words:?}", refusal.message);
    }

    /// Whether a command would be taken: a dry run.
    pub fn takes(&self, command: impl Into<Command>) -> bool {
        self.decide(&command.into()).is_ok()
    }

    fn run(&mut self, command: &Command) -> Result<(), Refusal> {
        let decision = self.decide(command)?;
        self.drawn += 1;
        if !decision.changes.is_empty() {
            self.log.push((decision.stamp, decision.changes));
        }
        self.org = decision.org;
        Ok(())
    }

    fn decide(&self, command: &Command) -> Result<Decision, Refusal> {
        let moment = || {
            let mut seed = [0; 32];
            seed[..8].copy_from_slice(&self.drawn.to_be_bytes());
            Moment::new(self.now, self.actor, seed)
        };
        let before = bytes(&self.org);
        let alone = decide(&self.org, command.clone(), &moment());
        let again = decide(&self.org, command.clone(), &moment());
        assert_eq!(before, bytes(&self.org), "deciding changed the state");
        let batch = decide(&self.org, Command::Batch(vec![command.clone()]), &moment());
        match (&alone, &again, &batch) {
            (Ok(alone), Ok(again), Ok(batch)) => {
                assert_eq!((&alone.changes, &alone.changes), (&again.changes, &batch.changes));
                replays(&self.org, alone);
            }
            (Err(alone), Err(again), Err(batch)) => {
                assert_eq!(alone, again);
                // Whether an administrator remains is asked of the whole, not of one part.
                let part = if alone.kind == Kind::LastAdministrator { "" } else { "commands[0]" };
                assert_eq!(&alone.clone().under(part), batch);
            }
            _ => panic!("alone {alone:?}, in a batch {batch:?}"),
        }
        alone
    }

    /// The sources of what somebody holds or of a membership, and its window, in one word each.
    pub fn terms(&self, subject: &str, grant: &str) -> Option<Terms> {
        let id = self.org.find_principal(&known(subject)).unwrap().0;
        let holder = rolecall_model::id::Holder::Principal(id);
        let wanted = self.org.assignments_of(holder).iter().find(|a| self.org.grant_words(a.grant) == grant)?;
        Some(self.org.terms(wanted.provenance))
    }

    /// What somebody holds itself, in words.
    pub fn held(&self, subject: &str) -> Vec<String> {
        let holder = match subject.strip_prefix("group ") {
            Some(name) => rolecall_model::id::Holder::Group(self.org.group_named(name).unwrap().id),
            None => rolecall_model::id::Holder::Principal(self.org.find_principal(&known(subject)).unwrap().0),
        };
        self.org.assignments_of(holder).iter().map(|a| self.org.grant_words(a.grant)).collect()
    }

    /// The members of a group, in order.
    pub fn members(&self, group: &str) -> Vec<Text> {
        let members = &self.org.group_named(group).unwrap().members;
        members.iter().map(|id| self.org.principal(*id).unwrap().best_identifier()).collect()
    }
}

/// The state as bytes: two states are equal when these are.
pub fn bytes(org: &Org) -> Vec<u8> {
    postcard::to_stdvec(org).unwrap()
}

/// That the logged changes, applied to the state before, give the state after.
fn replays(before: &Org, decision: &Decision) {
    if decision.changes.is_empty() {
        assert_eq!(bytes(before), bytes(&decision.org), "no change, yet another state");
        return;
    }
    let mut org = before.clone();
    org.apply(&decision.stamp, &decision.changes);
    assert_eq!(bytes(&org), bytes(&decision.org), "{:?}", decision.changes);
}

/// An identifier: a short name stands for an address.
pub fn known(who: &str) -> Text {
    let is_plain = who.chars().all(|c| c.is_ascii_lowercase());
    if is_plain { Text::from(format!("{who}@example.com")) } else { Text::from(who) }
}

/// A subject: `group NAME`, else an identifier.
pub fn subject(who: &str) -> SubjectRef {
    match who.strip_prefix("group ") {
        Some(group) => SubjectRef::Group(Ref::from(group)),
        None => SubjectRef::Any(known(who)),
    }
}

/// A scope: `*`, `shop`, `*/production`, `shop/production`.
pub fn scope(text: &str) -> ScopeRef {
    let (project, environment) = text.split_once('/').unwrap_or((text, "*"));
    let part = |text: &str| (!matches!(text, "*" | "")).then(|| Ref::from(text));
    ScopeRef { project: part(project), environment: part(environment) }
}

/// A permit: `deploy`, `deploy at shop/production`.
pub fn permit(text: &str) -> PermitRef {
    let (action, at) = text.split_once(" at ").unwrap_or((text, "*"));
    PermitRef { action: Ref::from(action), scope: scope(at) }
}

/// A binding: `runner`, `runner at shop`.
pub fn binding(text: &str) -> BindingRef {
    let (role, at) = text.split_once(" at ").unwrap_or((text, "*"));
    BindingRef { role: Ref::from(role), scope: scope(at) }
}

/// A grant: `policy Team`, `role runner at shop/production`.
pub fn grant(text: &str) -> GrantRef {
    match (text.strip_prefix("policy "), text.strip_prefix("role ")) {
        (Some(policy), _) => GrantRef::Policy(Ref::from(policy)),
        (_, Some(role)) => GrantRef::Role(binding(role)),
        _ => panic!("{text} is neither a policy nor a role"),
    }
}

/// Gives something by hand, for good.
pub fn give(who: &str, what: &str) -> Command {
    give_on(who, what, by_hand())
}

/// Gives something on terms.
pub fn give_on(who: &str, what: &str, terms: Terms) -> Command {
    AssignmentCommand::Grant(subject(who), grant(what), terms).into()
}

/// Takes something away, whatever it came from.
pub fn end(who: &str, what: &str) -> Command {
    end_from(who, what, None)
}

/// Takes something away as far as it comes from one source.
pub fn end_from(who: &str, what: &str, source: Option<Source>) -> Command {
    AssignmentCommand::End { subject: subject(who), grant: grant(what), source, quietly: false }.into()
}

/// Terms of something given by hand, for good.
pub fn by_hand() -> Terms {
    Terms::of(Source::Manual)
}

/// Terms that hold from and until such seconds.
pub fn between(from: Option<i64>, until: Option<i64>) -> Terms {
    Terms { from: from.map(second), until: until.map(second), ..by_hand() }
}
