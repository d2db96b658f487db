//! The rules of applications.

use super::{ApplicationCommand, ApplicationPatch, NewApplication};
use crate::assignment;
use crate::command::SubjectRef;
use crate::decide::Draft;
use crate::id::Holder;
use crate::name::{LONGEST_TEXT, LONGEST_TITLE, Text, parse_text};
use crate::principal::{
    Personal, PrincipalChange, PrincipalKind, Profile, SignIn, Subject, parse_identifiers, require_free,
};
use crate::refusal::Refusal;
use crate::resolve;

impl Draft<'_> {
    pub(crate) fn decide_application(&mut self, command: ApplicationCommand) -> Result<(), Refusal> {
        match command {
            ApplicationCommand::Create(new) => self.create_application(&new),
            ApplicationCommand::Change(target, patch) => self.change_application(&target, &patch),
            ApplicationCommand::Delete(target) => self.delete_application(&target),
        }
    }

    fn create_application(&mut self, new: &NewApplication) -> Result<(), Refusal> {
        let name = parse_text(&new.name, "name", LONGEST_TITLE)?;
        if name.is_empty() {
            return Err(Refusal::invalid("name", "name must not be empty"));
        }
        let made = client_id_from(&name);
        let client_id = new.client_id.as_deref().or(made.as_deref());
        let identifiers = parse_identifiers(None, None, new.external_id.as_deref(), client_id)?;
        require_free(&self.org, &identifiers, None)?;
        let profile = Profile {
            name: Personal(name),
            email: None,
            username: None,
            external_id: identifiers.external_id.map(Personal),
            client_id: identifiers.client_id,
            picture: None,
            description: parse_text(&new.description, "description", LONGEST_TEXT)?,
            active: !new.disabled,
            sign_in: SignIn::default(),
            attributes: new.attributes.clone().into(),
            identities: Vec::new(),
            scim: None,
        };
        let id = self.org.next_principal();
        let bits = self.moment.opaque::<{ crate::id::APPLICATION }>().bits();
        let subject = Subject::new(PrincipalKind::Application, bits);
        self.change(PrincipalChange::Created { id, subject, profile });
        let holder = Holder::Principal(id);
        for (index, grant) in new.grants.iter().enumerate() {
            assignment::grant(self, holder, grant, &new.terms, &format!("grants[{index}]"))?;
        }
        self.fill_slots(holder);
        Ok(())
    }

    fn change_application(&mut self, target: &SubjectRef, patch: &ApplicationPatch) -> Result<(), Refusal> {
        let (id, application) = resolve::application(&self.org, target, "application").map_err(Refusal::of_target)?;
        let (subject, before) = (application.subject, application.profile());
        let mut after = before.clone();
        if let Some(name) = &patch.name {
            let name = parse_text(name, "name", LONGEST_TITLE)?;
            if name.is_empty() {
                return Err(Refusal::invalid("name", "name must not be empty"));
            }
            after.name = Personal(name);
        }
        if let Some(description) = &patch.description {
            after.description = parse_text(description, "description", LONGEST_TEXT)?;
        }
        if let Some(external_id) = &patch.external_id {
            let parsed = parse_identifiers(None, None, external_id.as_deref(), None)?;
            require_free(&self.org, &parsed, Some(id))?;
            after.external_id = parsed.external_id.map(Personal);
        }
        after.active = patch.active.unwrap_or(after.active);
        if let Some(attributes) = &patch.attributes {
            after.attributes = after.attributes.merged(attributes);
        }
        if before != after {
            self.change(PrincipalChange::Changed { id, subject, before, after });
        }
        Ok(())
    }

    fn delete_application(&mut self, target: &SubjectRef) -> Result<(), Refusal> {
        let (id, application) = resolve::application(&self.org, target, "application").map_err(Refusal::of_target)?;
        let (subject, profile) = (application.subject, application.profile());
        self.change(PrincipalChange::Deleted { id, subject, profile });
        Ok(())
    }
}

/// A client id made from a name: small letters, digits and single hyphens. None when nothing is left.
pub fn client_id_from(name: &str) -> Option<Text> {
    let mut made = Text::default();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            made.push(c);
        } else if !made.is_empty() && !made.ends_with('-') {
            made.push('-');
        }
    }
    let made = Text::from(made.trim_end_matches('-'));
    let identifiers = parse_identifiers(None, None, None, Some(&made)).unwrap_or_default();
    identifiers.client_id
}
