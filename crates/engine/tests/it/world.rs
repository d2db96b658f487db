//! A small organization whose index is advanced with every command, never built anew.

use rolecall_engine::{Index, Place, Question};
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::catalog::Catalog;
use rolecall_model::command::{Command, Ref, SubjectRef};
use rolecall_model::decide::{Decision, decide};
use rolecall_model::group::{GroupCommand, NewGroup};
use rolecall_model::id::{ActionId, OrganizationId, PrincipalId};
use rolecall_model::membership::MembershipCommand;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::organization::{NewOrganization, Touched};
use rolecall_model::policy::{BindingRef, NewPolicy, PolicyCommand};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::Refusal;
use rolecall_model::role::{NewRole, PermitRef, RoleCommand};
use rolecall_model::scope::ScopeRef;
use rolecall_model::user::{NewUser, UserCommand, UserPatch};
use rolecall_model::{Org, Scope, Timestamp};
use std::sync::Arc;

const CATALOG: &str = "
name: test
environments: [{name: development}, {name: production}]
initial_projects: [{name: shop}, {name: blog}]
actions:
  - {name: view, level: environment}
  - {name: deploy, level: environment, includes: [view]}
  - {name: administer, level: project, includes: [deploy]}
  - {name: bill, level: organization}
  - {name: greet, level: organization}
roles:
  - {name: Admin, bindable: anywhere, permits: ['*']}
  - {name: Everyone, bindable: organization, permits: [greet]}
policies:
  - {name: Admin, bindings: [{role: Admin}]}
everyone: [{role: Everyone}]
administrator: {policy: Admin}
";

pub struct World {
    pub index: Index,
    pub now: Timestamp,
    drawn: u64,
}

/// A subject, so many seconds after the beginning.
pub fn second(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds)
}

/// What a person writes as `shop/production`, `shop`, `*/production` or `*`.
pub fn scope(text: &str) -> ScopeRef {
    let part = |part: &str| (part != "*").then(|| Ref::from(part));
    let (project, environment) = text.split_once('/').unwrap_or((text, "*"));
    ScopeRef { project: part(project), environment: part(environment) }
}

pub fn role_at(role: &str, at: &str) -> GrantRef {
    GrantRef::Role(BindingRef { role: role.into(), scope: scope(at) })
}

pub fn permit(text: &str) -> PermitRef {
    let (action, at) = text.split_once('@').unwrap_or((text, "*"));
    PermitRef { action: action.into(), scope: scope(at) }
}

pub fn user(name: &str) -> SubjectRef {
    SubjectRef::User(name.into())
}

pub fn group(name: &str) -> SubjectRef {
    SubjectRef::Group(name.into())
}

pub fn always() -> Terms {
    Terms::of(Source::Manual)
}

pub fn between(from: Option<i64>, until: Option<i64>) -> Terms {
    Terms { from: from.map(second), until: until.map(second), ..always() }
}

impl World {
    /// Without users; everyone may greet.
    pub fn new() -> Self {
        let catalog = Arc::new(Catalog::read(CATALOG).unwrap());
        let mut world = World { index: Index::build(Org::empty()), now: second(0), drawn: 0 };
        let id = OrganizationId::new(7);
        let (name, title) = ("test".to_owned(), String::new());
        world.must(Command::Found(Box::new(NewOrganization { id, name, title, catalog })));
        world
    }

    pub fn decide(&mut self, command: Command) -> Result<Decision, Refusal> {
        self.drawn += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.drawn.to_be_bytes());
        decide(self.index.org(), command, &Moment::new(self.now, Actor::System, seed))
    }

    /// Carries a command out, or says why not; answers with the index before and what was touched.
    pub fn run(&mut self, command: Command) -> Result<(Index, Touched), Refusal> {
        let decision = self.decide(command)?;
        let next = self.index.advance(decision.org, &decision.touched);
        Ok((std::mem::replace(&mut self.index, next), decision.touched))
    }

    pub fn must(&mut self, command: impl Into<Command>) -> (Index, Touched) {
        self.run(command.into()).unwrap()
    }

    pub fn user(mut self, name: &str) -> Self {
        self.must(UserCommand::Create(NewUser {
            username: Some(name.to_owned()),
            terms: always(),
            ..NewUser::default()
        }));
        self
    }

    pub fn disable(mut self, name: &str) -> Self {
        let patch = UserPatch { active: Some(false), ..UserPatch::default() };
        self.must(UserCommand::Change(user(name), patch));
        self
    }

    pub fn group(mut self, name: &str, members: &[&str]) -> Self {
        let members = members.iter().map(|member| user(member)).collect();
        let new = NewGroup { name: name.to_owned(), members, terms: always(), ..NewGroup::default() };
        self.must(GroupCommand::Create(new));
        self
    }

    pub fn join(mut self, name: &str, member: &str, terms: Terms) -> Self {
        self.must(MembershipCommand::Add(name.into(), user(member), terms));
        self
    }

    pub fn role(mut self, name: &str, permits: &[&str]) -> Self {
        self.must(RoleCommand::Create(NewRole {
            name: name.to_owned(),
            description: "for tests".to_owned(),
            bindable: None,
            slot: None,
            permits: permits.iter().map(|text| permit(text)).collect(),
            attributes: serde_json::Map::default(),
        }));
        self
    }

    pub fn policy(mut self, name: &str, bindings: &[(&str, &str)]) -> Self {
        let bindings = bindings.iter().map(|(role, at)| BindingRef { role: (*role).into(), scope: scope(at) });
        self.must(PolicyCommand::Create(NewPolicy {
            name: name.to_owned(),
            description: String::new(),
            bindings: bindings.collect(),
            attributes: serde_json::Map::default(),
        }));
        self
    }

    pub fn grant(self, to: SubjectRef, what: GrantRef) -> Self {
        self.grant_on(to, what, always())
    }

    pub fn grant_on(mut self, to: SubjectRef, what: GrantRef, terms: Terms) -> Self {
        self.must(AssignmentCommand::Grant(to, what, terms));
        self
    }

    pub fn id(&self, name: &str) -> PrincipalId {
        self.index.org().find_principal(name).unwrap().0
    }

    pub fn action(&self, name: &str) -> ActionId {
        self.index.org().action_named(name).unwrap().id
    }

    pub fn place(&self, text: &str) -> Place {
        let ScopeRef { project, environment } = scope(text);
        let name = |part: Option<Ref>| part.map(|part| part.to_string());
        self.index.place_named(name(project).as_deref(), name(environment).as_deref())
    }

    pub fn scope(&self, text: &str) -> Scope {
        let ScopeRef { project, environment } = scope(text);
        let org = self.index.org();
        Scope::new(
            project.map(|name| org.project_named(&name.to_string()).unwrap().id),
            environment.map(|name| org.environment_named(&name.to_string()).unwrap().id),
        )
    }

    /// A question such as `ada`, `view`, `shop/production`.
    pub fn question(&self, who: &str, action: &str, at: &str) -> Question {
        Question { subject: self.id(who), action: self.action(action), place: self.place(at), at: self.now }
    }

    pub fn may(&self, who: &str, action: &str, at: &str) -> bool {
        self.index.check(&self.question(who, action, at)).allowed
    }

    pub fn may_at(&self, who: &str, action: &str, at: &str, instant: Timestamp) -> bool {
        self.index.check(&Question { at: instant, ..self.question(who, action, at) }).allowed
    }
}
