//! Learning from the words of the log what has happened.

use crate::name::Noun;
use crate::state::{Action, Binding, Given, Held, Permit, Person, Span, State, Where};
use rolecall_model::action::ActionChange;
use rolecall_model::assignment::{AssignmentChange, Grant};
use rolecall_model::change::Change;
use rolecall_model::environment::EnvironmentChange;
use rolecall_model::group::GroupChange;
use rolecall_model::id::{EnvironmentId, Holder, ProjectId};
use rolecall_model::membership::MembershipChange;
use rolecall_model::organization::OrganizationChange;
use rolecall_model::policy::PolicyChange;
use rolecall_model::principal::{PrincipalChange, PrincipalKind, Profile, Subject};
use rolecall_model::project::ProjectChange;
use rolecall_model::provenance::Terms;
use rolecall_model::role::RoleChange;
use rolecall_model::{Scope, Timestamp};

impl State {
    /// Learns what has happened. An imported workload is not learned.
    pub fn learn(&mut self, change: &Change) {
        match change {
            Change::Organization(OrganizationChange::Founded { catalog, .. }) => {
                self.found(catalog);
            }
            Change::Action(change) => self.learn_action(change),
            Change::Role(change) => self.learn_role(change),
            Change::Policy(change) => self.learn_policy(change),
            Change::Environment(change) => self.learn_environment(change),
            Change::Project(change) => self.learn_project(change),
            Change::Principal(change) => self.learn_person(change),
            Change::Group(change) => self.learn_group(change),
            Change::Membership(change) => self.learn_membership(change),
            Change::Assignment(change) => self.learn_assignment(change),
            // None of these changes what anybody may do.
            Change::Organization(_)
            | Change::Token(_)
            | Change::ResourceType(_)
            | Change::Provider(_)
            | Change::Imported(_) => {}
        }
    }

    fn learn_action(&mut self, change: &ActionChange) {
        match change {
            ActionChange::Created(action) | ActionChange::Changed { after: action, .. } => {
                let includes = action.includes.iter().map(|id| id.number()).collect();
                self.number(Some(Noun::Action), action.id.number());
                self.actions.insert(action.id.number(), Action { name: action.name.to_string(), includes });
            }
            ActionChange::Deleted(action) => {
                self.actions.remove(&action.id.number());
            }
        }
    }

    fn learn_role(&mut self, change: &RoleChange) {
        match change {
            RoleChange::Created(role) | RoleChange::Changed { after: role, .. } => {
                let permits = role.permits.iter();
                let permits = permits.map(|p| Permit { action: p.action.number(), scope: place(p.scope) });
                self.roles.insert(role.id.number(), permits.collect());
                self.call(Noun::Role, role.id.number(), &role.name);
            }
            RoleChange::Deleted(role) => {
                self.roles.remove(&role.id.number());
                self.names.remove(&(Noun::Role, role.id.number()));
            }
        }
    }

    fn learn_policy(&mut self, change: &PolicyChange) {
        match change {
            PolicyChange::Created(policy) | PolicyChange::Changed { after: policy, .. } => {
                let bindings = policy.bindings.iter().map(|b| binding(*b)).collect();
                self.policies.insert(policy.id.number(), bindings);
                self.call(Noun::Policy, policy.id.number(), &policy.name);
            }
            PolicyChange::Deleted(policy) => {
                let gone = policy.id.number();
                self.policies.remove(&gone);
                self.names.remove(&(Noun::Policy, gone));
                self.everywhere(|held| held.given != Given::Policy(gone));
            }
        }
    }

    fn learn_environment(&mut self, change: &EnvironmentChange) {
        match change {
            EnvironmentChange::Created(environment) => {
                self.number(Some(Noun::Environment), environment.id.number());
                self.environments.insert(environment.id.number(), environment.name.to_string());
            }
            EnvironmentChange::Deleted(environment) => {
                self.environments.remove(&environment.id.number());
            }
            EnvironmentChange::Changed { .. } | EnvironmentChange::Ordered { .. } => {}
        }
    }

    fn learn_project(&mut self, change: &ProjectChange) {
        match change {
            ProjectChange::Created(project) => {
                self.number(Some(Noun::Project), project.id.number());
                self.projects.insert(project.id.number(), project.name.to_string());
            }
            ProjectChange::Changed { .. } => {}
            ProjectChange::Deleted(project) => {
                let gone = Some(project.id.number());
                self.projects.remove(&project.id.number());
                self.everywhere(|held| !matches!(held.given, Given::Role(b) if b.scope.project == gone));
            }
        }
    }

    fn learn_person(&mut self, change: &PrincipalChange) {
        match change {
            PrincipalChange::Created { id, subject, profile } => {
                self.number(None, id.number());
                self.people.insert(id.number(), person(*subject, profile, Vec::new()));
            }
            PrincipalChange::Changed { id, subject, after, .. } => {
                let held = self.people.get(&id.number()).map(|person| person.held.clone()).unwrap_or_default();
                self.people.insert(id.number(), person(*subject, after, held));
            }
            PrincipalChange::Deleted { id, .. } => {
                self.people.remove(&id.number());
                self.memberships.retain(|(_, user), _| *user != id.number());
            }
            PrincipalChange::Erased { .. } => {}
        }
    }

    fn learn_group(&mut self, change: &GroupChange) {
        match change {
            GroupChange::Created { id, profile, .. } => {
                self.groups.insert(id.number(), Vec::new());
                self.call(Noun::Group, id.number(), &profile.name);
            }
            GroupChange::Changed { id, after, .. } => self.call(Noun::Group, id.number(), &after.name),
            GroupChange::Deleted { id, .. } => {
                self.groups.remove(&id.number());
                self.names.remove(&(Noun::Group, id.number()));
                self.memberships.retain(|(group, _), _| *group != id.number());
            }
            GroupChange::Ordered { .. } => {}
        }
    }

    fn learn_membership(&mut self, change: &MembershipChange) {
        match change {
            MembershipChange::Added { group, user, terms }
            | MembershipChange::Changed { group, user, after: terms, .. } => {
                self.memberships.insert((group.number(), user.number()), span(terms));
            }
            MembershipChange::Removed { group, user, .. } => {
                self.memberships.remove(&(group.number(), user.number()));
            }
        }
    }

    fn learn_assignment(&mut self, change: &AssignmentChange) {
        let (holder, grant, terms) = match change {
            AssignmentChange::Granted { holder, grant, terms } => (holder, grant, Some(terms)),
            AssignmentChange::Changed { holder, grant, after, .. } => (holder, grant, Some(after)),
            AssignmentChange::Ended { holder, grant, .. } => (holder, grant, None),
        };
        let given = match grant {
            Grant::Policy(policy) => Given::Policy(policy.number()),
            Grant::Role(bound) => Given::Role(binding(*bound)),
        };
        let list = match holder {
            Holder::Principal(id) => self.people.get_mut(&id.number()).map(|person| &mut person.held),
            Holder::Group(id) => self.groups.get_mut(&id.number()),
            Holder::Everyone => Some(&mut self.everyone),
        };
        let Some(list) = list else { return };
        list.retain(|held| held.given != given);
        if let Some(terms) = terms {
            list.push(Held { given, span: span(terms) });
        }
    }

    fn call(&mut self, noun: Noun, number: u32, name: &str) {
        self.number(Some(noun), number);
        self.names.insert((noun, number), name.to_owned());
    }

    /// Keeps of what people, groups and everyone hold only what `stays`.
    fn everywhere(&mut self, stays: impl Fn(&Held) -> bool) {
        for person in self.people.values_mut() {
            person.held.retain(&stays);
        }
        for held in self.groups.values_mut() {
            held.retain(&stays);
        }
        self.everyone.retain(&stays);
    }
}

fn place(scope: Scope) -> Where {
    Where { project: scope.project.map(ProjectId::number), environment: scope.environment.map(EnvironmentId::number) }
}

fn binding(binding: rolecall_model::policy::Binding) -> Binding {
    Binding { role: binding.role.number(), scope: place(binding.scope) }
}

fn span(terms: &Terms) -> Span {
    Span { from: terms.from.map(Timestamp::micros), until: terms.until.map(Timestamp::micros) }
}

fn person(subject: Subject, profile: &Profile, held: Vec<Held>) -> Person {
    let kept = |texts: [&Option<rolecall_model::principal::Personal>; 2]| -> Vec<String> {
        texts.into_iter().flatten().map(|text| text.0.to_string()).collect()
    };
    let mut ids = kept([&profile.external_id, &None]);
    ids.extend(profile.client_id.iter().map(ToString::to_string));
    ids.push(subject.to_string());
    let means = profile.sign_in;
    Person {
        is_user: subject.kind() == PrincipalKind::User,
        active: profile.active,
        can_sign_in: means.password || means.identities > 0 || means.passkeys > 0,
        names: kept([&profile.email, &profile.username]),
        ids,
        held,
    }
}
