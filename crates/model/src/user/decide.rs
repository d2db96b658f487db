//! The rules of users.

use super::{NewUser, UserCommand, UserPatch};
use crate::command::{Ref, SubjectRef};
use crate::decide::Draft;
use crate::id::{Holder, PrincipalId};
use crate::moment::Actor;
use crate::name::{LONGEST_TEXT, LONGEST_TITLE, Text, parse_text};
use crate::principal::{
    Identifiers, Identity, LinkedIdentity, Personal, PrincipalChange, PrincipalKind, Profile, SignIn, Subject, count,
    parse_identifiers, require_free,
};
use crate::refusal::{Kind, Refusal};
use crate::{assignment, membership, resolve};

/// Most accounts at sign-in providers of one user.
const MOST_IDENTITIES: usize = 20;
/// Most bytes of what only a SCIM client knows of a resource.
const LONGEST_SCIM: usize = 16_384;

impl Draft<'_> {
    pub(crate) fn decide_user(&mut self, command: UserCommand) -> Result<(), Refusal> {
        match command {
            UserCommand::Create(new) => self.create_user(&new),
            UserCommand::Change(target, patch) => self.change_user(&target, &patch),
            UserCommand::Delete(target) => self.delete_user(&target),
            UserCommand::Erase(target) => self.erase_user(&target),
        }
    }

    fn create_user(&mut self, new: &NewUser) -> Result<(), Refusal> {
        let identifiers =
            parse_identifiers(new.email.as_deref(), new.username.as_deref(), new.external_id.as_deref(), None)?;
        PrincipalKind::User.require_identifiers(&identifiers)?;
        require_free(&self.org, &identifiers, None)?;
        let identities = new.identity.iter().map(LinkedIdentity::from).collect::<Vec<_>>();
        if let Some(identity) = &new.identity {
            self.require_free_identity(identity, None)?;
        }
        let id = self.free_number(new.number)?;
        let name = parse_text(&new.name, "name", LONGEST_TITLE)?;
        let best = identifiers.email.as_ref().or(identifiers.username.as_ref()).or(identifiers.external_id.as_ref());
        let name = if name.is_empty() { best.cloned().unwrap_or_default() } else { name };
        let profile = Profile {
            name: Personal(name),
            email: identifiers.email.map(Personal),
            username: identifiers.username.map(Personal),
            external_id: identifiers.external_id.map(Personal),
            client_id: None,
            picture: picture(new.picture.as_deref())?,
            description: Text::default(),
            active: !new.disabled,
            sign_in: SignIn { password: new.password, identities: count(&identities), ..SignIn::default() },
            attributes: new.attributes.clone().into(),
            identities,
            scim: new.scim.as_deref().map(|text| scim_text(text, "scim")).transpose()?.map(Personal),
        };
        let subject = self.free_subject(new.subject)?;
        self.change(PrincipalChange::Created { id, subject, profile });
        let holder = Holder::Principal(id);
        for (index, grant) in new.grants.iter().enumerate() {
            assignment::grant(self, holder, grant, &new.terms, &format!("grants[{index}]"))?;
        }
        self.fill_slots(holder);
        for (index, group) in new.groups.iter().enumerate() {
            let group: &Ref = group;
            let group = resolve::group(&self.org, group, &format!("groups[{index}]"))?;
            membership::join(self, group, id, &new.terms)?;
        }
        Ok(())
    }

    /// The subject that was drawn beforehand, if it is a user's and free, or a fresh one.
    fn free_subject(&self, wanted: Option<Subject>) -> Result<Subject, Refusal> {
        let drawn = || Subject::new(PrincipalKind::User, self.moment.opaque::<{ crate::id::USER }>().bits());
        let Some(wanted) = wanted else { return Ok(drawn()) };
        if wanted.kind() == PrincipalKind::User && self.org.principal_id(&wanted.to_string()).is_none() {
            return Ok(wanted);
        }
        Err(Refusal::new(Kind::Taken, "subject", "this subject belongs to another; draw a new one"))
    }

    /// The number a document brings, if it is free, or the next.
    fn free_number(&self, wanted: Option<PrincipalId>) -> Result<PrincipalId, Refusal> {
        match wanted {
            Some(id) if id.index() < self.org.principal_bound() => {
                let message = format!("the number {} was given to another user or application", id.number());
                Err(Refusal::new(Kind::Taken, "number", message))
            }
            // A wide gap would cost memory for nothing.
            Some(id) if id.index() > self.org.principal_bound() + 100_000 => {
                Err(Refusal::invalid("number", format!("the number {} is too far above those in use", id.number())))
            }
            Some(id) => Ok(id),
            None => Ok(self.org.next_principal()),
        }
    }

    fn change_user(&mut self, target: &SubjectRef, patch: &UserPatch) -> Result<(), Refusal> {
        let (id, user) = resolve::user(&self.org, target, "user").map_err(Refusal::of_target)?;
        let (subject, before) = (user.subject, user.profile());
        let mut after = before.clone();
        if let Some(scim) = &patch.scim {
            after.scim = scim.as_deref().map(|text| scim_text(text, "scim")).transpose()?.map(Personal);
        }
        if let Some(name) = &patch.name {
            let name = parse_text(name, "name", LONGEST_TITLE)?;
            if name.is_empty() {
                return Err(Refusal::invalid("name", "name must not be empty"));
            }
            after.name = Personal(name);
        }
        if let Some(address) = &patch.picture {
            after.picture = picture(address.as_deref())?;
        }
        self.change_identifiers(id, &mut after, patch)?;
        after.active = patch.active.unwrap_or(after.active);
        after.sign_in.password = patch.password.unwrap_or(after.sign_in.password);
        if let Some(attributes) = &patch.attributes {
            after.attributes = after.attributes.merged(attributes);
        }
        after.sign_in.codes = patch.codes.unwrap_or(after.sign_in.codes);
        after.sign_in.passkeys = patch.passkeys.unwrap_or(after.sign_in.passkeys);
        self.change_identities(id, &mut after, patch)?;
        if before.scim.is_some() && after.scim.is_some() && patch.is_managed() && before != after {
            self.require_scim("user", &before.name.0)?;
        }
        // A password that replaces another leaves the profile as it is, yet something has happened;
        // it is a change of its own, so that nothing beside it can hide it.
        let was_active = before.active;
        let replaces = patch.password == Some(true) && before.sign_in.password
            || patch.codes == Some(true) && before.sign_in.codes;
        if before != after {
            self.change(PrincipalChange::Changed { id, subject, before, after: after.clone() });
        }
        if was_active && !after.active {
            // Enabling it again brings none of them back.
            self.end_sessions(&SubjectRef::Number(id.number()), None)?;
        }
        if replaces {
            self.change(PrincipalChange::Changed { id, subject, before: after.clone(), after });
        }
        Ok(())
    }

    fn change_identities(&self, id: PrincipalId, after: &mut Profile, patch: &UserPatch) -> Result<(), Refusal> {
        if let Some(provider) = &patch.unlink {
            let provider = resolve::provider(&self.org, provider, "unlink")?;
            after.identities.retain(|linked| linked.provider != provider);
        }
        if let Some(identity) = &patch.link {
            self.require_free_identity(identity, Some(id))?;
            let linked = LinkedIdentity::from(identity);
            if !after.identities.contains(&linked) {
                after.identities.push(linked);
            }
        }
        if after.identities.len() > MOST_IDENTITIES {
            let message = format!("a user is linked to at most {MOST_IDENTITIES} accounts; unlink one first");
            return Err(Refusal::new(Kind::TooMany, "link", message));
        }
        after.sign_in.identities = count(&after.identities);
        Ok(())
    }

    fn require_free_identity(&self, identity: &Identity, own: Option<PrincipalId>) -> Result<(), Refusal> {
        if self.org.provider(identity.provider).is_none() {
            return Err(Refusal::new(Kind::Unknown, "link", "the sign-in provider is not there any more"));
        }
        let long = |text: &str| text.is_empty() || text.len() > LONGEST_TEXT || text.contains(char::is_control);
        if long(&identity.sub) || long(&identity.issuer) {
            return Err(Refusal::invalid(
                "link",
                "the provider's name for this person cannot be kept: it is empty or too long",
            ));
        }
        match self.org.find_identity(identity) {
            Some((other, _)) if Some(other) != own => {
                Err(Refusal::new(Kind::Taken, "link", "this account at the sign-in provider belongs to another user"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a change by hand of what a SCIM client manages.
    pub(crate) fn require_scim(&self, noun: &str, name: &str) -> Result<(), Refusal> {
        if matches!(self.moment.actor, Actor::Scim(_) | Actor::System) {
            return Ok(());
        }
        let name = crate::refusal::shown(name);
        let message = format!(
            "the {noun} \"{name}\" is managed by SCIM; change it at the identity provider, or unlink it here first"
        );
        Err(Refusal::new(Kind::Managed, "", message))
    }

    fn change_identifiers(&self, id: PrincipalId, after: &mut Profile, patch: &UserPatch) -> Result<(), Refusal> {
        let old = Identifiers::of(after);
        let pick = |patch: &Option<Option<String>>, old: Option<Text>| match patch {
            Some(value) => value.clone(),
            None => old.map(Into::into),
        };
        let email = pick(&patch.email, old.email.clone());
        let username = pick(&patch.username, old.username.clone());
        let external_id = pick(&patch.external_id, old.external_id.clone());
        let new = parse_identifiers(email.as_deref(), username.as_deref(), external_id.as_deref(), None)?;
        PrincipalKind::User.require_identifiers(&new)?;
        if new != old {
            require_free(&self.org, &new, Some(id))?;
        }
        after.email = new.email.map(Personal);
        after.username = new.username.map(Personal);
        after.external_id = new.external_id.map(Personal);
        Ok(())
    }

    fn delete_user(&mut self, target: &SubjectRef) -> Result<(), Refusal> {
        let (id, user) = resolve::user(&self.org, target, "user").map_err(Refusal::of_target)?;
        let (subject, profile) = (user.subject, user.profile());
        self.change(PrincipalChange::Deleted { id, subject, profile });
        Ok(())
    }

    fn erase_user(&mut self, target: &SubjectRef) -> Result<(), Refusal> {
        let subject = match resolve::user(&self.org, target, "user") {
            Ok((_, user)) => {
                let subject = user.subject;
                self.delete_user(target)?;
                subject
            }
            Err(refusal) => match target {
                SubjectRef::Any(text) | SubjectRef::User(text) => {
                    let subject: Option<Subject> = text.parse().ok();
                    subject.filter(|s| s.kind() == PrincipalKind::User).ok_or_else(|| refusal.of_target())?
                }
                _ => return Err(refusal.of_target()),
            },
        };
        self.change(PrincipalChange::Erased { subject });
        Ok(())
    }
}

/// What a SCIM client says of something beside what the model knows: JSON, not too long.
pub(crate) fn scim_text(text: &str, field: &str) -> Result<Text, Refusal> {
    if text.len() > LONGEST_SCIM {
        let message =
            format!("what SCIM keeps of one resource has at most {LONGEST_SCIM} bytes; this has {}", text.len());
        return Err(Refusal::new(Kind::TooMany, field, message));
    }
    Ok(Text::from(text))
}

fn picture(address: Option<&str>) -> Result<Option<Personal>, Refusal> {
    let Some(address) = address.filter(|address| !address.is_empty()) else { return Ok(None) };
    let address = parse_text(address, "picture", LONGEST_TEXT)?;
    if !address.starts_with("https://") && !address.starts_with("http://") {
        return Err(Refusal::invalid("picture", "picture must be an address that begins with https:// or http://"));
    }
    Ok(Some(Personal(address)))
}
