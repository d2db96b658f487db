//! Carrying an import out: records are made in place, each once, and indexes are filled as they go.

use super::column::{Bound, Fields, Permitted};
use super::{Kind, Workload, subject};
use crate::action::{Action, Closure, Level};
use crate::assignment::{Assignment, Grant};
use crate::attributes::Attributes;
use crate::environment::Environment;
use crate::group::Group;
use crate::id::{ActionId, EnvironmentId, GroupId, Holder, PolicyId, PrincipalId, ProjectId, RoleId};
use crate::membership::Membership;
use crate::moment;
use crate::name::Text;
use crate::operation;
use crate::organization::{Org, Revision, Stamp, Touched};
use crate::policy::{Binding, Policy};
use crate::principal::{Principal, PrincipalKind, SignIn};
use crate::project::Project;
use crate::provenance::{ProvenanceId, Source, Terms};
use crate::role::{Bindable, Permit, Role};
use crate::scope::Scope;
use std::sync::Arc;

impl Org {
    pub(crate) fn apply_import(&mut self, workload: &Workload, stamp: &Stamp, touched: &mut Touched) {
        touched.all = true;
        let before = self.principal_bound();
        let mut import = Importing::new(self, workload, stamp);
        import.environments();
        import.actions();
        import.roles();
        import.projects();
        import.policies();
        import.principals(Kind::User, PrincipalKind::User);
        import.principals(Kind::Application, PrincipalKind::Application);
        import.groups();
        let Importing { held, .. } = import;
        self.file(before..self.principal_bound(), held);
    }
}

/// An import under way: what the indexes of the workload stand for.
struct Importing<'a> {
    org: &'a mut Org,
    workload: &'a Workload,
    revision: Revision,
    folded: bool,
    provenance: ProvenanceId,
    environments: Vec<EnvironmentId>,
    projects: Vec<ProjectId>,
    first_action: u32,
    first_role: u32,
    first_policy: u32,
    first_group: u32,
    /// What every user and application gets unasked: the defaults of slots.
    defaults: Vec<Assignment>,
    /// The members of each new group.
    members: Vec<Vec<PrincipalId>>,
    /// Who has been given what, as it is filed.
    held: Vec<(u32, u32)>,
}

impl<'a> Importing<'a> {
    fn new(org: &'a mut Org, workload: &'a Workload, stamp: &Stamp) -> Self {
        let provenance = org.intern(&Terms::of(Source::Manual), stamp);
        let slots: Vec<RoleId> = org.slots.iter().map(|slot| slot.default).collect();
        let default = |role| Grant::Role(Binding { role, scope: Scope::ORGANIZATION });
        let defaults = slots.into_iter().map(|role| Assignment {
            grant: default(role),
            provenance: org.intern(&Terms::of(Source::Catalog), stamp),
        });
        Importing {
            defaults: defaults.collect(),
            workload,
            revision: stamp.revision,
            folded: org.folds_names(),
            provenance,
            environments: Vec::new(),
            projects: Vec::new(),
            first_action: org.actions.next_number(operation::FIRST_FREE_NUMBER),
            first_role: org.roles.next_number(1),
            first_policy: org.policies.next_number(1),
            first_group: org.groups.next_number(1),
            members: vec![Vec::new(); workload.column(Kind::Group).len()],
            held: Vec::new(),
            org,
        }
    }

    fn environments(&mut self) {
        for name in self.workload.column(Kind::Environment).names() {
            let present = self.org.environment_named(name).map(|row| row.id);
            let id = present.unwrap_or_else(|| {
                let id = EnvironmentId::at(self.org.environments.next_number(1));
                let (name, title) = (Text::from(name), Text::from(name));
                let made = Environment { id, name, title, protected: false, attributes: Attributes::default() };
                self.org.environments.put(made, self.revision, self.folded);
                self.org.environment_order.push(id);
                id
            });
            self.environments.push(id);
        }
    }

    fn actions(&mut self) {
        for (number, name) in (self.first_action..).zip(self.workload.column(Kind::Action).names()) {
            let made = Action {
                id: ActionId::at(number),
                name: Text::from(name),
                level: Level::Environment,
                title: Text::from(name),
                description: Text::default(),
                category: Text::default(),
                includes: Vec::new(),
                predefined: false,
                attributes: Attributes::default(),
            };
            self.org.actions.put(made, self.revision, self.folded);
        }
        self.org.closure = Arc::new(Closure::of(&self.org.actions));
    }

    fn roles(&mut self) {
        let column = self.workload.column(Kind::Role);
        let mut fields = Fields::new(column.records());
        for (number, name) in (self.first_role..).zip(column.names()) {
            let bindable = if fields.number() == Some(1) { Bindable::Organization } else { Bindable::Anywhere };
            let mut permits = Vec::new();
            fields.list(Fields::permitted, |permitted| {
                permits.push(self.permit(permitted));
            });
            let made = Role {
                id: RoleId::at(number),
                name: Text::from(name),
                description: Text::default(),
                bindable,
                slot: None,
                permits,
                predefined: false,
                attributes: Attributes::default(),
            };
            self.org.roles.put(made, self.revision, self.folded);
        }
    }

    fn permit(&self, permitted: Permitted) -> Permit {
        let environment = permitted.environment.and_then(|index| self.environments.get(index as usize));
        Permit {
            action: ActionId::at(self.first_action + permitted.action),
            scope: Scope::new(None, environment.copied()),
        }
    }

    fn projects(&mut self) {
        for name in self.workload.column(Kind::Project).names() {
            let named = self.org.project_named(name).map(|row| row.value.clone());
            let made = match named {
                Some(named) => Project { named_only: false, ..named },
                None => Project {
                    id: ProjectId::at(self.org.projects.next_number(1)),
                    name: Text::from(name),
                    title: Text::from(name),
                    description: Text::default(),
                    archived: false,
                    named_only: false,
                    protected: false,
                    attributes: Attributes::default(),
                },
            };
            self.projects.push(made.id);
            self.org.projects.put(made, self.revision, self.folded);
        }
    }

    fn policies(&mut self) {
        let column = self.workload.column(Kind::Policy);
        let mut fields = Fields::new(column.records());
        let mut all = Vec::with_capacity(column.len());
        for (number, name) in (self.first_policy..).zip(column.names()) {
            let mut bindings = Vec::new();
            fields.list(Fields::bound, |bound| bindings.push(self.binding(bound)));
            all.push(Policy {
                id: PolicyId::at(number),
                name: Text::from(name),
                description: Text::default(),
                bindings,
                predefined: false,
                attributes: Attributes::default(),
            });
        }
        self.org.put_policies(all, self.revision);
    }

    fn binding(&self, bound: Bound) -> Binding {
        let project = bound.project.and_then(|index| self.projects.get(index as usize));
        let environment = bound.environment.and_then(|index| self.environments.get(index as usize));
        let scope = Scope::new(project.copied(), environment.copied());
        Binding { role: RoleId::at(self.first_role + bound.role), scope }
    }

    fn principals(&mut self, kind: Kind, principal: PrincipalKind) {
        let column = self.workload.column(kind);
        let mut fields = Fields::new(column.records());
        let mut index = self.workload.column(Kind::Group).len();
        if kind == Kind::Application {
            index += self.workload.column(Kind::User).len();
        }
        let (mut assignments, mut memberships) = (Vec::new(), Vec::new());
        let (workload, revision) = (self.workload, self.revision);
        // Filled by whole leaves, and so taken out of the organization for the while.
        let mut records = std::mem::take(&mut self.org.principals);
        if records.is_empty() {
            records.push(None);
        }
        let first = u32::try_from(records.len()).unwrap_or(u32::MAX);
        records.extend((first..).zip(column.names()).map(|(number, name)| {
            self.assignments(&mut fields, &mut assignments, &mut memberships, PrincipalId::at(number));
            let made = Principal {
                subject: subject(&workload.seed, principal, index),
                name: Text::from(name),
                email: None,
                username: None,
                external_id: Some(Text::from(name)),
                rare: None,
                active: true,
                sign_in: SignIn::default(),
                assignments: assignments.as_slice().into(),
                memberships: memberships.as_slice().into(),
                created: revision,
                changed: revision,
            };
            index += 1;
            Some(made)
        }));
        self.org.principals = records;
        match principal {
            PrincipalKind::User => self.org.users += column.len(),
            PrincipalKind::Application => self.org.applications += column.len(),
        }
    }

    /// Reads what a principal is given into lists that are used again, so that records fit exactly.
    fn assignments(
        &mut self,
        fields: &mut Fields<'_>,
        assignments: &mut Vec<Assignment>,
        memberships: &mut Vec<Membership>,
        id: PrincipalId,
    ) {
        assignments.clear();
        memberships.clear();
        let provenance = self.provenance;
        fields.list(Fields::bound, |bound| {
            assignments.push(Assignment { grant: Grant::Role(self.binding(bound)), provenance });
        });
        fields.list(Fields::number, |group| {
            memberships.push(Membership { group: GroupId::at(self.first_group + group), provenance });
            if let Some(members) = self.members.get_mut(group as usize) {
                members.push(id);
            }
        });
        fields.list(Fields::number, |policy| {
            let grant = Grant::Policy(PolicyId::at(self.first_policy + policy));
            assignments.push(Assignment { grant, provenance });
        });
        assignments.extend_from_slice(&self.defaults);
        let holder = Holder::Principal(id);
        self.held.extend(assignments.iter().map(|a| Org::holding(a.grant.granted(), holder)));
    }

    fn groups(&mut self) {
        let column = self.workload.column(Kind::Group);
        let mut fields = Fields::new(column.records());
        let members = std::mem::take(&mut self.members);
        for ((index, name), mut members) in column.names().enumerate().zip(members) {
            let id = GroupId::at(self.first_group + u32::try_from(index).unwrap_or(u32::MAX));
            let subject = moment::opaque(&self.workload.seed, index as u64);
            let provenance = self.provenance;
            let mut assignments = Vec::new();
            fields.list(Fields::bound, |bound| {
                assignments.push(Assignment { grant: Grant::Role(self.binding(bound)), provenance });
            });
            self.held.extend(assignments.iter().map(|a| Org::holding(a.grant.granted(), Holder::Group(id))));
            members.shrink_to_fit();
            let made = Group {
                id,
                subject,
                name: Text::from(name),
                description: Text::default(),
                sso_names: Vec::new(),
                members,
                assignments,
                attributes: Attributes::default(),
                scim: None,
            };
            self.org.file_group_subject(subject, id);
            self.org.groups.put(made, self.revision, self.folded);
        }
    }
}
