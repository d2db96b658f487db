//! The organization of a workload with numbers for names (project 7 is `p-7`, user 7 `u-7`, application 7 `a-7`, group 7
//! `g-7`, policy 7 `pol-7`), and the naive oracle.

use crate::question::Question;
use crate::window::{self, Window};

/// All environments of a permission, as bits.
pub const EVERYWHERE: u8 = u8::MAX;

/// A role at a scope; a part that is `None` covers everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Binding {
    /// An index into [`World::roles`].
    pub role: u16,
    /// The project.
    pub project: Option<u32>,
    /// The environment.
    pub environment: Option<u8>,
}

/// Somebody or something that is given grants.
#[derive(Clone, Copy, Debug)]
pub enum Holder {
    User(u32),
    Application(u32),
    Group(u32),
}

/// What is given.
#[derive(Clone, Copy, Debug)]
pub enum Grant {
    Role(Binding),
    Policy(u32),
}

/// A user or an application.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    pub grants: Vec<Binding>,
    pub groups: Vec<u32>,
    pub policies: Vec<u32>,
}

/// A named set of permissions.
#[derive(Clone, Debug)]
pub struct Role {
    pub name: String,
    /// Whether it is bound at the organization only.
    pub is_wide: bool,
    /// Actions, each with the bits of the environments it holds in, or [`EVERYWHERE`].
    pub permissions: Vec<(u8, u8)>,
}

impl Role {
    /// The permissions by their environments: bits, and the actions that have them.
    pub fn by_environments(&self) -> Vec<(u8, Vec<u8>)> {
        let mut all: Vec<(u8, Vec<u8>)> = Vec::new();
        for (action, bits) in &self.permissions {
            match all.iter_mut().find(|(known, _)| known == bits) {
                Some((_, actions)) => actions.push(*action),
                None => all.push((*bits, vec![*action])),
            }
        }
        all
    }
}

/// The whole organization.
#[derive(Debug, Default)]
pub struct World {
    pub environments: Vec<String>,
    pub actions: Vec<String>,
    pub roles: Vec<Role>,
    pub projects: u32,
    pub policies: Vec<Vec<Binding>>,
    pub groups: Vec<Vec<Binding>>,
    pub users: Vec<Subject>,
    pub applications: Vec<Subject>,
    /// Whether one grant in twenty has a window ([`window::of`]).
    pub is_timed: bool,
}

impl World {
    /// How many users and applications there are.
    pub fn subject_count(&self) -> usize {
        self.users.len() + self.applications.len()
    }

    /// Users, then applications, each with its name.
    pub fn subjects(&self) -> impl Iterator<Item = (String, Holder, &Subject)> {
        let users = (0..).zip(&self.users).map(|(id, subject)| (format!("u-{id}"), Holder::User(id), subject));
        let applications = (0..).zip(&self.applications);
        users.chain(applications.map(|(id, subject)| (format!("a-{id}"), Holder::Application(id), subject)))
    }

    /// A user or application by name, if there is one.
    pub fn subject(&self, name: &str) -> Option<(Holder, &Subject)> {
        let (kind, id) = name.split_once('-')?;
        let id: u32 = id.parse().ok()?;
        match kind {
            "u" => Some((Holder::User(id), self.users.get(id as usize)?)),
            "a" => Some((Holder::Application(id), self.applications.get(id as usize)?)),
            _ => None,
        }
    }

    /// When a grant counts; `None` means always.
    pub fn window(&self, holder: Holder, grant: Grant) -> Option<Window> {
        if self.is_timed { window::of(holder, grant) } else { None }
    }

    fn counts(&self, holder: Holder, grant: Grant) -> bool {
        self.window(holder, grant).is_none_or(Window::is_open)
    }

    /// Every binding that reaches a subject and counts: its own, those of its groups and those of its policies.
    pub fn bindings(&self, holder: Holder, subject: &Subject) -> Vec<Binding> {
        let own = subject.grants.iter().filter(|binding| self.counts(holder, Grant::Role(**binding)));
        let mut all: Vec<Binding> = own.copied().collect();
        for group in &subject.groups {
            let grants = self.groups.get(*group as usize).into_iter().flatten();
            all.extend(grants.filter(|binding| self.counts(Holder::Group(*group), Grant::Role(**binding))));
        }
        for policy in subject.policies.iter().filter(|policy| self.counts(holder, Grant::Policy(**policy))) {
            all.extend(self.policies.get(*policy as usize).into_iter().flatten());
        }
        all
    }

    /// The verdict, by walking every binding. Unknown subjects and actions get nothing, unknown projects and
    /// environments only what holds in all of them.
    pub fn verdict(&self, question: &Question) -> bool {
        let (Some((holder, subject)), Some(action)) =
            (self.subject(&question.subject), position(&self.actions, &question.action))
        else {
            return false;
        };
        let environment = position(&self.environments, &question.environment);
        let project = number(&question.project, "p-").filter(|project| *project < self.projects);
        self.bindings(holder, subject).iter().any(|binding| {
            binding.project.is_none_or(|bound| Some(bound) == project)
                && binding.environment.is_none_or(|bound| Some(bound) == environment)
                && self.role(*binding).permissions.iter().any(|(permitted, bits)| {
                    *permitted == action
                        && (*bits == EVERYWHERE || environment.is_some_and(|environment| bits >> environment & 1 == 1))
                })
        })
    }

    /// The role of a binding.
    pub fn role(&self, binding: Binding) -> &Role {
        &self.roles[usize::from(binding.role)]
    }

    /// An action's name.
    pub fn action(&self, action: u8) -> &str {
        &self.actions[usize::from(action)]
    }

    /// The environments of a permission's bits.
    pub fn environments_of(&self, bits: u8) -> Vec<&str> {
        let all = self.environments.iter().enumerate();
        all.filter(|(number, _)| bits >> number & 1 == 1).map(|(_, name)| name.as_str()).collect()
    }

    /// A scope in one word, for engines that know scopes by name: `org`, `dev`, `p-7` or `p-7/dev`.
    pub fn scope(&self, binding: Binding) -> String {
        let environment = binding.environment.map(|environment| &self.environments[usize::from(environment)]);
        match (binding.project, environment) {
            (None, None) => "org".to_owned(),
            (None, Some(environment)) => environment.clone(),
            (Some(project), None) => format!("p-{project}"),
            (Some(project), Some(environment)) => format!("p-{project}/{environment}"),
        }
    }
}

fn position(names: &[String], name: &str) -> Option<u8> {
    names.iter().position(|known| known == name).and_then(|position| u8::try_from(position).ok())
}

fn number(name: &str, prefix: &str) -> Option<u32> {
    name.strip_prefix(prefix)?.parse().ok()
}
