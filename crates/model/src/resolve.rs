//! Looking up what a command names. An unknown name is refused with the nearest known one.

use crate::collection::{Numbered, Table};
use crate::command::{Ref, SubjectRef};
use crate::decide::Draft;
use crate::id::{ActionId, EnvironmentId, GroupId, Holder, PolicyId, PrincipalId, ProjectId, ProviderId, RoleId};
use crate::name::{self, Text, nearest};
use crate::organization::Org;
use crate::principal::{Principal, PrincipalKind};
use crate::project::{Project, ProjectChange};
use crate::refusal::{Kind, Refusal};
use crate::role::{Bindable, Role};
use crate::scope::{Scope, ScopeRef};

fn number<T: Numbered>(org: &Org, table: &Table<T>, wanted: &Ref, field: &str, noun: &str) -> Result<u32, Refusal> {
    let found = match wanted {
        Ref::Name(name) => table.named(name, org.folds_names()),
        Ref::Number(number) => table.get(*number),
    };
    found.map(|row| row.value.number()).ok_or_else(|| match wanted {
        Ref::Number(number) => Refusal::new(Kind::Unknown, field, format!("no {noun} has the number {number}")),
        Ref::Name(name) => {
            let known = table.iter().map(|row| row.value.name().as_str());
            Refusal::unknown(field, noun, name, nearest(name, known))
        }
    })
}

/// The action that is meant.
///
/// # Errors
/// `Unknown`, with the nearest known name.
pub fn action(org: &Org, wanted: &Ref, field: &str) -> Result<ActionId, Refusal> {
    number(org, &org.actions, wanted, field, "action").map(ActionId::at)
}

/// The role that is meant.
///
/// # Errors
/// `Unknown`, with the nearest known name.
pub fn role(org: &Org, wanted: &Ref, field: &str) -> Result<RoleId, Refusal> {
    number(org, &org.roles, wanted, field, "role").map(RoleId::at)
}

/// The policy that is meant.
///
/// # Errors
/// `Unknown`, with the nearest known name.
pub fn policy(org: &Org, wanted: &Ref, field: &str) -> Result<PolicyId, Refusal> {
    number(org, &org.policies, wanted, field, "policy").map(PolicyId::at)
}

/// The project that is meant.
///
/// # Errors
/// `Unknown`, with the nearest known name.
pub fn project(org: &Org, wanted: &Ref, field: &str) -> Result<ProjectId, Refusal> {
    number(org, &org.projects, wanted, field, "project").map(ProjectId::at)
}

/// The environment that is meant.
///
/// # Errors
/// `Unknown`, with the nearest known name.
pub fn environment(org: &Org, wanted: &Ref, field: &str) -> Result<EnvironmentId, Refusal> {
    number(org, &org.environments, wanted, field, "environment").map(EnvironmentId::at)
}

/// The group that is meant, by name, number or opaque id.
///
/// # Errors
/// `Unknown`, with the nearest known name.
pub fn group(org: &Org, wanted: &Ref, field: &str) -> Result<GroupId, Refusal> {
    if let Ref::Name(name) = wanted
        && let Ok(subject) = name.parse()
        && let Some(group) = org.group_of_subject(subject)
    {
        return Ok(group.id);
    }
    number(org, &org.groups, wanted, field, "group").map(GroupId::at)
}

/// The path of a part of a field; the whole has none.
fn part(field: &str, name: &str) -> String {
    if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") }
}

/// The scope that is meant; every part must be known.
///
/// # Errors
/// `Unknown`, with the nearest known name.
pub fn scope(org: &Org, wanted: &ScopeRef, field: &str) -> Result<Scope, Refusal> {
    let project = match &wanted.project {
        Some(wanted) => Some(project(org, wanted, &part(field, "project"))?),
        None => None,
    };
    let environment = match &wanted.environment {
        Some(wanted) => Some(environment(org, wanted, &part(field, "environment"))?),
        None => None,
    };
    Ok(Scope { project, environment })
}

/// The sign-in provider that is meant.
///
/// # Errors
/// `Unknown`, with the nearest known name.
pub fn provider(org: &Org, wanted: &Ref, field: &str) -> Result<ProviderId, Refusal> {
    let found = match wanted {
        Ref::Name(name) => org.providers.named(name, true),
        Ref::Number(number) => org.providers.get(*number),
    };
    found.map(|provider| provider.id).ok_or_else(|| {
        let name = wanted.to_string();
        let nearest = crate::name::nearest(&name, org.providers.iter().map(|provider| provider.name.as_str()));
        Refusal::unknown(field, "sign-in provider", &name, nearest)
    })
}

/// The user or application that is meant.
///
/// # Errors
/// `Unknown` when there is none, or none of the kind asked for.
pub fn principal<'a>(org: &'a Org, wanted: &SubjectRef, field: &str) -> Result<(PrincipalId, &'a Principal), Refusal> {
    let (identifier, kind) = match wanted {
        SubjectRef::Any(identifier) => (identifier, None),
        SubjectRef::User(identifier) => (identifier, Some(PrincipalKind::User)),
        SubjectRef::Application(identifier) => (identifier, Some(PrincipalKind::Application)),
        SubjectRef::Number(number) => {
            let found = PrincipalId::new(*number).and_then(|id| Some((id, org.principal(id)?)));
            let message = format!("no user or application has the number {number}");
            return found.ok_or_else(|| Refusal::new(Kind::Unknown, field, message));
        }
        SubjectRef::Group(_) => {
            return Err(Refusal::invalid(field, "a group cannot stand here; name a user or an application"));
        }
    };
    match org.find_principal(identifier) {
        Some(found) if kind.is_none_or(|kind| kind == found.1.kind()) => Ok(found),
        Some((_, other)) => {
            let (is, not) = match other.kind() {
                PrincipalKind::User => ("a user", "an application"),
                PrincipalKind::Application => ("an application", "a user"),
            };
            let message = format!("\"{}\" is {is}, not {not}", crate::refusal::shown(identifier));
            Err(Refusal::new(Kind::Unknown, field, message))
        }
        None => {
            let noun = kind.map_or("user or application", PrincipalKind::word);
            let message = format!("no {noun} is known as \"{}\"", crate::refusal::shown(identifier));
            Err(Refusal::new(Kind::Unknown, field, message))
        }
    }
}

/// The user that is meant.
///
/// # Errors
/// `Unknown` when there is none; an application is none.
pub fn user<'a>(org: &'a Org, wanted: &SubjectRef, field: &str) -> Result<(PrincipalId, &'a Principal), Refusal> {
    let wanted = match wanted {
        SubjectRef::Any(identifier) => &SubjectRef::User(identifier.clone()),
        wanted => wanted,
    };
    let found = principal(org, wanted, field)?;
    if found.1.kind() == PrincipalKind::User {
        return Ok(found);
    }
    Err(Refusal::new(Kind::Unknown, field, format!("number {} is an application, not a user", found.0.number())))
}

/// The application that is meant.
///
/// # Errors
/// `Unknown` when there is none; a user is none.
pub fn application<'a>(
    org: &'a Org,
    wanted: &SubjectRef,
    field: &str,
) -> Result<(PrincipalId, &'a Principal), Refusal> {
    let wanted = match wanted {
        SubjectRef::Any(identifier) => &SubjectRef::Application(identifier.clone()),
        wanted => wanted,
    };
    let found = principal(org, wanted, field)?;
    if found.1.kind() == PrincipalKind::Application {
        return Ok(found);
    }
    Err(Refusal::new(Kind::Unknown, field, format!("number {} is a user, not an application", found.0.number())))
}

/// The holder that is meant: a user, an application or a group.
///
/// # Errors
/// `Unknown` when there is none.
pub fn holder(org: &Org, wanted: &SubjectRef, field: &str) -> Result<Holder, Refusal> {
    match wanted {
        SubjectRef::Group(wanted) => group(org, wanted, field).map(Holder::Group),
        SubjectRef::Any(identifier) if identifier.starts_with("grp_") => {
            group(org, &Ref::Name(identifier.clone()), field).map(Holder::Group)
        }
        wanted => principal(org, wanted, field).map(|(id, _)| Holder::Principal(id)),
    }
}

/// Refuses a name that another of its kind has.
///
/// # Errors
/// `Taken`.
pub fn free_name<T: Numbered>(
    org: &Org,
    table: &Table<T>,
    name: &Text,
    noun: &str,
    own: Option<u32>,
) -> Result<(), Refusal> {
    match table.named(name, org.folds_names()) {
        Some(row) if Some(row.value.number()) != own => Err(Refusal::taken("name", noun, row.value.name())),
        _ => Ok(()),
    }
}

impl Draft<'_> {
    /// The scope of a new binding. With open projects, a project not known yet is registered.
    ///
    /// # Errors
    /// `Unknown`; `Archived`.
    pub fn binding_scope(&mut self, wanted: &ScopeRef, field: &str) -> Result<Scope, Refusal> {
        if let Some(Ref::Name(raw)) = &wanted.project
            && self.org.has_open_projects()
            && self.org.project_named(raw).is_none()
        {
            self.register_project(raw, &part(field, "project"))?;
        }
        let scope = scope(&self.org, wanted, field)?;
        if let Some(project) = scope.project.and_then(|id| self.org.project(id))
            && project.archived
        {
            let message = format!("the project \"{}\" is archived; restore it to grant something there", project.name);
            return Err(Refusal::new(Kind::Archived, part(field, "project"), message));
        }
        Ok(scope)
    }

    fn register_project(&mut self, raw: &str, field: &str) -> Result<(), Refusal> {
        let name = name::parse_name(raw, field)?;
        if self.org.project_named(&name).is_some() {
            return Ok(());
        }
        let id = ProjectId::at(self.org.projects.next_number(1));
        self.change(ProjectChange::Created(Project {
            id,
            title: name.clone(),
            name,
            description: Text::default(),
            archived: false,
            named_only: true,
            protected: false,
            attributes: crate::attributes::Attributes::default(),
        }));
        Ok(())
    }
}

/// Refuses a binding of a role where it cannot be bound.
///
/// # Errors
/// `Invalid`.
pub fn fits(role: &Role, scope: Scope, field: &str) -> Result<(), Refusal> {
    match (role.bindable, scope.project) {
        (Bindable::Organization, Some(_)) => {
            let message = format!("the role \"{}\" is for the organization; leave the project out", role.name);
            Err(Refusal::invalid(part(field, "project"), message))
        }
        (Bindable::Project, None) => {
            let message = format!("the role \"{}\" is for projects; name the project", role.name);
            Err(Refusal::invalid(part(field, "project"), message))
        }
        _ => Ok(()),
    }
}

/// A scope in words: `the organization`, `project "shop" in "production"`.
pub fn scope_words(org: &Org, scope: Scope) -> String {
    let project = scope.project.and_then(|id| org.project(id)).map(|row| row.name.clone());
    let environment = scope.environment.and_then(|id| org.environment(id)).map(|row| row.name.clone());
    match (project, environment) {
        (None, None) => "the organization".to_owned(),
        (Some(project), None) => format!("project \"{project}\""),
        (None, Some(environment)) => format!("environment \"{environment}\" of every project"),
        (Some(project), Some(environment)) => format!("project \"{project}\" in \"{environment}\""),
    }
}
