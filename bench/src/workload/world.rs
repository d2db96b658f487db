//! The nouns of the workload, numbered from 0. No index and no name: names are made where lines are written.

pub(super) const ENVIRONMENTS: [&str; 4] = ["dev", "test", "staging", "prod"];
pub(super) const ENVIRONMENT_COUNT: u64 = 4;
pub(super) const ACTION_COUNT: u64 = 60;
pub(super) const ORGANIZATION_ROLES: u64 = 12;
pub(super) const PROJECT_ROLES: u64 = 30;

const KINDS: [&str; 12] = [
    "project",
    "flag",
    "segment",
    "environment",
    "key",
    "webhook",
    "member",
    "role",
    "policy",
    "audit",
    "token",
    "setting",
];
const VERBS: [&str; 5] = ["read", "create", "update", "delete", "publish"];

/// An action's number as it stands in a permission.
pub(super) type Action = u8;
/// An environment's number: an index into [`ENVIRONMENTS`].
pub(super) type Environment = u8;

/// An action, in every environment (`None`) or only in some.
pub(super) struct Permission {
    pub(super) action: Action,
    pub(super) environments: Option<Vec<Environment>>,
}

/// A role of the organization or of projects.
pub(super) struct Role {
    pub(super) name: String,
    pub(super) level: &'static str,
    pub(super) permissions: Vec<Permission>,
}

/// A role at a scope; a part that is `None` covers everything.
#[derive(Clone, Copy)]
pub(super) struct Binding {
    pub(super) role: u8,
    pub(super) environment: Option<Environment>,
    pub(super) project: Option<u32>,
}

/// A user or an application.
#[derive(Default)]
pub(super) struct Subject {
    pub(super) grants: Vec<Binding>,
    pub(super) groups: Vec<u32>,
    pub(super) policies: Vec<u32>,
}

/// The whole organization.
pub(super) struct World {
    pub(super) roles: Vec<Role>,
    pub(super) policies: Vec<Vec<Binding>>,
    pub(super) groups: Vec<Vec<Binding>>,
    pub(super) users: Vec<Subject>,
    pub(super) applications: Vec<Subject>,
}

impl World {
    /// Every binding that reaches a subject: its own, then those of its groups, then those of its policies.
    pub(super) fn bindings<'a>(&'a self, subject: &'a Subject) -> impl Iterator<Item = &'a Binding> {
        let of = |lists: &'a [Vec<Binding>], number: u32| &lists[number as usize];
        let by_group = subject.groups.iter().flat_map(move |&group| of(&self.groups, group));
        let by_policy = subject.policies.iter().flat_map(move |&policy| of(&self.policies, policy));
        subject.grants.iter().chain(by_group).chain(by_policy)
    }
}

/// An action's name, such as `flag.update`.
pub(super) fn action_name(action: Action) -> String {
    let action = usize::from(action);
    format!("{}.{}", KINDS[action / VERBS.len()], VERBS[action % VERBS.len()])
}
