//! A story: a catalog and deeds, told command by command to the model and to the reference.

use super::catalog::catalog;
use super::deed::{Deed, What};
use super::random::Random;
use super::shape::Shape;
use crate::state::State;
use rolecall_model::Org;
use rolecall_model::assignment::GrantRef;
use rolecall_model::catalog::{Catalog, CatalogAdministrator};
use rolecall_model::command::{Command, Ref};
use rolecall_model::decide::{Decision, decide};
use rolecall_model::id::{OrganizationId, PrincipalId};
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::organization::NewOrganization;
use rolecall_model::policy::BindingRef;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::Refusal;
use rolecall_model::scope::ScopeRef;
use rolecall_model::time::Timestamp;
use rolecall_model::user::{NewUser, UserCommand};
use std::sync::Arc;

/// When stories begin, in microseconds since 1970; each command is a second after the one before.
const BEGINNING: i64 = 1_795_000_000_000_000;

/// Deeds in a run that makes one holder large: a good part of them are refused.
const LONG_RUN: usize = 60;

/// What happens to an organization.
#[derive(Clone, Debug)]
pub struct Story {
    /// What it begins with.
    pub catalog: Arc<Catalog>,
    /// What is done.
    pub deeds: Vec<Deed>,
}

impl Story {
    /// The story of a seed about a middling organization, with so many deeds.
    pub fn new(seed: u64, deeds: usize) -> Self {
        Story::of(&Shape::middle(deeds), &mut Random::new(seed))
    }

    /// A story about an organization of a shape.
    pub fn of(shape: &Shape, random: &mut Random) -> Self {
        let catalog = Arc::new(catalog(shape, random));
        let mut deeds = Vec::new();
        if shape.gathered {
            let first = [What::Welcome, What::Welcome, What::Gather(1), What::Give(0), What::Give(0)];
            deeds.extend(first.map(|what| Deed { what, joined: true, ..Deed::any(random.next()) }));
            deeds.push(Deed { what: What::Meet(2), ..Deed::any(random.next()) });
        }
        if shape.settled {
            let which = random.below(2);
            let first = [What::Draft(which), What::Hand(which), What::Amend(which)];
            deeds.extend(first.map(|what| Deed { what, ..Deed::any(random.next()) }));
        }
        for _ in 0..shape.deeds {
            let joined = random.percent(shape.joined);
            deeds.push(Deed { joined, ..Deed::any(random.next()) });
            if random.percent(shape.runs) {
                let which = random.below(1_000);
                let what = [What::Give(which), What::Gather(which), What::Bind(which), What::Entrust(which)];
                let what = what[random.below(what.len())];
                deeds.extend((0..LONG_RUN).map(|_| Deed { seed: random.next(), what, joined: true }));
            }
        }
        Story { catalog, deeds }
    }
}

/// How far a story has been told.
#[derive(Clone, Debug)]
pub struct Told {
    /// The organization.
    pub org: Org,
    /// What the reference knows of it.
    pub state: State,
    /// The instant of the last command, in microseconds since 1970.
    pub at: i64,
}

impl Told {
    /// Has a command decided and learns what happened.
    ///
    /// # Errors
    /// The model's refusal; then nothing has happened.
    pub fn tell(&mut self, command: Command, actor: Actor) -> Result<Decision, Refusal> {
        let at = self.at + 1_000_000;
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&at.to_be_bytes());
        let decision = decide(&self.org, command, &Moment::new(Timestamp::from_micros(at), actor, seed))?;
        self.at = at;
        self.org = decision.org.clone();
        for change in &decision.changes {
            self.state.learn(change);
        }
        Ok(decision)
    }

    /// Does a deed: mostly the installation's, now and then the first administrator's, whose
    /// projects are then its own.
    ///
    /// # Errors
    /// The model's refusal; then nothing has happened.
    pub fn act(&mut self, deed: Deed) -> Result<Decision, Refusal> {
        let command = deed.command(&self.state, self.at);
        let first = PrincipalId::new(1).filter(|id| deed.seed.is_multiple_of(4) && self.org.principal(*id).is_some());
        let actor = first.map_or(Actor::System, |id| Actor::Principal { id, token: None });
        self.tell(command, actor)
    }
}

/// An organization of a catalog with a first administrator.
///
/// # Errors
/// The model's refusal.
pub fn founded(catalog: &Arc<Catalog>) -> Result<Told, Refusal> {
    let mut told = Told { org: Org::empty(), state: State::default(), at: BEGINNING };
    for command in first_commands(catalog) {
        told.tell(command, Actor::System)?;
    }
    Ok(told)
}

/// With what every story begins: the organization, and an administrator who can sign in.
pub fn first_commands(catalog: &Arc<Catalog>) -> [Command; 2] {
    let new = NewOrganization {
        id: OrganizationId::new(1),
        name: "random".to_owned(),
        title: String::new(),
        catalog: Arc::clone(catalog),
    };
    let everything = match &catalog.administrator {
        Some(CatalogAdministrator::Role(role)) => {
            GrantRef::Role(BindingRef { role: Ref::Name(role.clone()), scope: ScopeRef::ORGANIZATION })
        }
        Some(CatalogAdministrator::Policy(policy)) => GrantRef::Policy(Ref::Name(policy.clone())),
        None => GrantRef::Policy(Ref::from("Admin")),
    };
    let first = NewUser {
        email: Some("first@example.com".to_owned()),
        password: true,
        grants: vec![everything],
        terms: Terms::of(Source::Manual),
        ..NewUser::default()
    };
    [Command::Found(Box::new(new)), UserCommand::Create(first).into()]
}

/// The shortest story found, by leaving deeds out, that still goes wrong.
pub fn shrink(story: &Story, goes_wrong: impl Fn(&Story) -> bool) -> Story {
    let mut shortest = story.clone();
    let mut chunk = shortest.deeds.len().div_ceil(2).max(1);
    loop {
        let mut start = 0;
        while start < shortest.deeds.len() {
            let mut shorter = shortest.clone();
            shorter.deeds.drain(start..(start + chunk).min(shorter.deeds.len()));
            if goes_wrong(&shorter) {
                shortest = shorter;
            } else {
                start += chunk;
            }
        }
        if chunk == 1 {
            return shortest;
        }
        chunk = chunk.div_ceil(2);
    }
}
