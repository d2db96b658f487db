//! The rules of projects.

use super::{NewProject, Project, ProjectChange, ProjectCommand, ProjectPatch};
use crate::assignment::{Assignment, AssignmentChange, Grant};
use crate::command::Ref;
use crate::decide::Draft;
use crate::id::{Holder, ProjectId};
use crate::name::{LONGEST_TEXT, LONGEST_TITLE, parse_name, parse_text};
use crate::organization::{Org, Stamp, Touched};
use crate::policy::Binding;
use crate::provenance::{Source, Terms};
use crate::refusal::{Kind, Refusal};
use crate::resolve;
use crate::scope::Scope;

impl Draft<'_> {
    pub(crate) fn decide_project(&mut self, command: ProjectCommand) -> Result<(), Refusal> {
        match command {
            ProjectCommand::Create(new) => self.create_project(new),
            ProjectCommand::Change(target, patch) => self.change_project(&target, patch),
            ProjectCommand::Archive(target) => self.archive_project(&target, true),
            ProjectCommand::Restore(target) => self.archive_project(&target, false),
            ProjectCommand::Delete(target) => self.delete_project(&target),
        }
    }

    fn create_project(&mut self, new: NewProject) -> Result<(), Refusal> {
        let name = parse_name(&new.name, "name")?;
        let title = parse_text(&new.title, "title", LONGEST_TITLE)?;
        let title = if title.is_empty() { name.clone() } else { title };
        let description = parse_text(&new.description, "description", LONGEST_TEXT)?;
        let named = self.org.project_named(&name).map(|row| row.value.clone());
        let id = match named {
            // A project that a binding named before anybody made it is now made.
            Some(before) if before.named_only => {
                let after = Project {
                    title,
                    description,
                    named_only: false,
                    attributes: new.attributes.into(),
                    ..before.clone()
                };
                let id = after.id;
                self.change(ProjectChange::Changed { before, after });
                id
            }
            Some(taken) => return Err(Refusal::taken("name", "project", &taken.name)),
            None => {
                let id = ProjectId::at(self.org.projects.next_number(1));
                let (archived, named_only, protected) = (false, false, false);
                let attributes = new.attributes.into();
                self.change(ProjectChange::Created(Project {
                    id,
                    name,
                    title,
                    description,
                    archived,
                    named_only,
                    protected,
                    attributes,
                }));
                id
            }
        };
        self.give_to_creator(id);
        Ok(())
    }

    /// Gives the creator what the catalog prescribes.
    fn give_to_creator(&mut self, project: ProjectId) {
        let creator = self.moment.actor.principal().filter(|id| self.org.principal(*id).is_some());
        let Some(creator) = creator else { return };
        let roles = self.org.settings().map(|settings| settings.creator.clone()).unwrap_or_default();
        for role in roles {
            let grant = Grant::Role(Binding { role, scope: Scope::project(project) });
            let holder = Holder::Principal(creator);
            if !self.org.assignments_of(holder).iter().any(|a| a.grant == grant) {
                self.prescribe(AssignmentChange::Granted { holder, grant, terms: Terms::of(Source::Catalog) });
            }
        }
    }

    fn change_project(&mut self, target: &Ref, patch: ProjectPatch) -> Result<(), Refusal> {
        let before = own(&self.org, target)?;
        let mut after = before.clone();
        if let Some(title) = patch.title {
            after.title = parse_text(&title, "title", LONGEST_TITLE)?;
        }
        if let Some(description) = patch.description {
            after.description = parse_text(&description, "description", LONGEST_TEXT)?;
        }
        if let Some(attributes) = patch.attributes {
            after.attributes = after.attributes.merged(&attributes);
        }
        if before != after {
            self.change(ProjectChange::Changed { before, after });
        }
        Ok(())
    }

    fn archive_project(&mut self, target: &Ref, archived: bool) -> Result<(), Refusal> {
        let before = own(&self.org, target)?;
        if archived && before.protected {
            return Err(Refusal::predefined("project", &before.name));
        }
        if before.archived != archived {
            let after = Project { archived, ..before.clone() };
            self.change(ProjectChange::Changed { before, after });
        }
        Ok(())
    }

    fn delete_project(&mut self, target: &Ref) -> Result<(), Refusal> {
        let project = own(&self.org, target)?;
        if project.protected {
            return Err(Refusal::predefined("project", &project.name));
        }
        let uses = uses(&self.org, project.id);
        if let Some(first) = uses.first() {
            let message = format!(
                "the project \"{}\" is named in {} places, {first} among them; take it out there first, or archive it",
                project.name,
                uses.len(),
            );
            return Err(Refusal::new(Kind::InUse, "", message).with_details(uses));
        }
        self.change(ProjectChange::Deleted(project));
        Ok(())
    }
}

fn own(org: &Org, target: &Ref) -> Result<Project, Refusal> {
    let id = resolve::project(org, target, "project").map_err(Refusal::of_target)?;
    let found = org.project(id).map(|row| row.value.clone());
    found.ok_or_else(|| Refusal::new(Kind::Unknown, "project", "no such project").of_target())
}

fn uses(org: &Org, project: ProjectId) -> Vec<String> {
    let at = Some(project);
    let roles = org.roles.iter().filter(|r| r.permits.iter().any(|p| p.scope.project == at));
    let policies = org.policies.iter().filter(|p| p.bindings.iter().any(|b| b.scope.project == at));
    let there = |a: &&Assignment| matches!(a.grant, Grant::Role(b) if b.scope.project == at);
    let everyone = org.everyone().iter().filter(there).map(|_| "what everyone has".to_owned());
    let tokens = org.tokens.iter().filter(|t| t.scope.project == at);
    roles
        .map(|role| format!("role \"{}\"", role.name))
        .chain(policies.map(|policy| format!("policy \"{}\"", policy.name)))
        .chain(everyone)
        .chain(tokens.map(|token| format!("token \"{}\"", token.key)))
        .chain(org.default_uses(|grant| matches!(grant, Grant::Role(binding) if binding.scope.project == at)))
        .collect()
}

impl Org {
    pub(crate) fn apply_project(&mut self, change: &ProjectChange, stamp: &Stamp, touched: &mut Touched) {
        let folded = self.folds_names();
        let id = match change {
            ProjectChange::Created(project) | ProjectChange::Changed { after: project, .. } => {
                self.projects.put(project.clone(), stamp.revision, folded);
                project.id
            }
            ProjectChange::Deleted(project) => {
                self.drop_project_everywhere(project.id, stamp, touched);
                self.projects.remove(project.id.number(), folded);
                project.id
            }
        };
        touched.projects.push(id);
    }
}
