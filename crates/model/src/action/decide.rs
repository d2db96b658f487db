//! The rules of actions.

use super::{Action, ActionChange, ActionCommand, ActionPatch, Closure, NewAction};
use crate::command::Ref;
use crate::decide::Draft;
use crate::id::ActionId;
use crate::name::{LONGEST_NAME, LONGEST_TEXT, LONGEST_TITLE, Text, parse_name, parse_text};
use crate::operation;
use crate::organization::{Org, Stamp, Touched};
use crate::refusal::{Kind, Refusal};
use crate::resolve;
use std::sync::Arc;

impl Draft<'_> {
    pub(crate) fn decide_action(&mut self, command: ActionCommand) -> Result<(), Refusal> {
        match command {
            ActionCommand::Create(new) => self.create_action(new),
            ActionCommand::Change(target, patch) => self.change_action(&target, patch),
            ActionCommand::Delete(target) => self.delete_action(&target),
        }
    }

    fn create_action(&mut self, new: NewAction) -> Result<(), Refusal> {
        let name = parse_action_name(&new.name, "name")?;
        resolve::free_name(&self.org, &self.org.actions, &name, "action", None)?;
        let title = parse_text(&new.title, "title", LONGEST_TITLE)?;
        let action = Action {
            id: ActionId::at(self.org.actions.next_number(operation::FIRST_FREE_NUMBER)),
            level: new.level,
            title: if title.is_empty() { name.clone() } else { title },
            name,
            description: parse_text(&new.description, "description", LONGEST_TEXT)?,
            category: parse_text(&new.category, "category", LONGEST_NAME)?,
            includes: included(&self.org, &new.includes)?,
            predefined: false,
            attributes: new.attributes.into(),
        };
        self.change(ActionChange::Created(action));
        Ok(())
    }

    fn change_action(&mut self, target: &Ref, patch: ActionPatch) -> Result<(), Refusal> {
        let before = own(&self.org, target)?;
        let mut after = before.clone();
        if let Some(title) = patch.title {
            after.title = parse_text(&title, "title", LONGEST_TITLE)?;
        }
        if let Some(description) = patch.description {
            after.description = parse_text(&description, "description", LONGEST_TEXT)?;
        }
        if let Some(category) = patch.category {
            after.category = parse_text(&category, "category", LONGEST_NAME)?;
        }
        if let Some(includes) = patch.includes {
            after.includes = included(&self.org, &includes)?;
            require_no_circle(&self.org, &after)?;
        }
        if let Some(attributes) = patch.attributes {
            after.attributes = after.attributes.merged(&attributes);
        }
        if before != after {
            self.change(ActionChange::Changed { before, after });
        }
        Ok(())
    }

    fn delete_action(&mut self, target: &Ref) -> Result<(), Refusal> {
        let action = own(&self.org, target)?;
        let uses = uses(&self.org, action.id);
        if !uses.is_empty() {
            let message = format!(
                "the action \"{}\" is used in {} places ({}); take it out there first",
                action.name,
                uses.len(),
                uses.iter().take(3).cloned().collect::<Vec<_>>().join(", "),
            );
            return Err(Refusal::new(Kind::InUse, "", message).with_details(uses));
        }
        self.change(ActionChange::Deleted(action));
        Ok(())
    }
}

/// An action's name: a name without spaces, and not one of Rolecall's own.
///
/// # Errors
/// `Invalid`.
pub(crate) fn parse_action_name(raw: &str, field: &str) -> Result<Text, Refusal> {
    let name = parse_name(raw, field)?;
    if name.contains(char::is_whitespace) || name == "*" {
        let message =
            format!("\"{name}\" cannot be an action's name; write it without spaces, such as \"order.refund\"");
        return Err(Refusal::invalid(field, message));
    }
    if name.to_lowercase().starts_with(operation::PREFIX) {
        let message = "names that begin with \"rolecall.\" are Rolecall's own; choose another";
        return Err(Refusal::invalid(field, message));
    }
    Ok(name)
}

fn own(org: &Org, target: &Ref) -> Result<Action, Refusal> {
    let id = resolve::action(org, target, "action").map_err(Refusal::of_target)?;
    match org.action(id) {
        Some(action) if action.predefined => Err(Refusal::predefined("action", &action.name)),
        Some(action) => Ok(action.value.clone()),
        None => Err(Refusal::new(Kind::Unknown, "action", "no such action").of_target()),
    }
}

fn included(org: &Org, names: &[Ref]) -> Result<Vec<ActionId>, Refusal> {
    let mut includes = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let id = resolve::action(org, name, &format!("includes[{index}]"))?;
        if !includes.contains(&id) {
            includes.push(id);
        }
    }
    Ok(includes)
}

fn require_no_circle(org: &Org, action: &Action) -> Result<(), Refusal> {
    let circle = action.includes.iter().find(|id| **id == action.id || org.closure().includes(**id, action.id));
    let Some(other) = circle.and_then(|id| org.action(*id)) else { return Ok(()) };
    let message =
        format!("\"{}\" includes \"{}\" already, so neither can include the other back", other.name, action.name);
    Err(Refusal::invalid("includes", message))
}

fn uses(org: &Org, action: ActionId) -> Vec<String> {
    let roles = org.roles.iter().filter(|role| role.permits.iter().any(|p| p.action == action));
    let actions = org.actions.iter().filter(|other| other.includes.contains(&action));
    let kinds = org.resource_types.iter().filter(|k| k.actions.as_ref().is_some_and(|a| a.contains(&action)));
    let tokens = org.tokens.iter().filter(|t| t.actions.as_ref().is_some_and(|a| a.contains(&action)));
    roles
        .map(|role| format!("role \"{}\"", role.name))
        .chain(actions.map(|other| format!("action \"{}\"", other.name)))
        .chain(kinds.map(|kind| format!("resource type \"{}\"", kind.name)))
        .chain(tokens.map(|token| format!("token \"{}\"", token.key)))
        .collect()
}

impl Org {
    pub(crate) fn apply_action(&mut self, change: &ActionChange, stamp: &Stamp, touched: &mut Touched) {
        let folded = self.folds_names();
        let id = match change {
            ActionChange::Created(action) | ActionChange::Changed { after: action, .. } => {
                self.actions.put(action.clone(), stamp.revision, folded);
                action.id
            }
            ActionChange::Deleted(action) => {
                self.actions.remove(action.id.number(), folded);
                action.id
            }
        };
        self.closure = Arc::new(Closure::of(&self.actions));
        self.renew_escalating();
        touched.actions.push(id);
    }
}
