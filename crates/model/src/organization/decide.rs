//! The rules of the organization itself.

use super::{NewOrganization, Org, OrganizationChange, SettingsPatch, SignInPatch, SignInRules};
use crate::decide::Draft;
use crate::name::{LONGEST_TITLE, parse_name, parse_text};
use crate::principal::{Identity, Principal};
use crate::refusal::{Kind, Refusal};

impl Draft<'_> {
    pub(crate) fn decide_found(&mut self, new: NewOrganization) -> Result<(), Refusal> {
        if self.org.settings().is_some() {
            return Err(Refusal::new(Kind::NotNow, "", "the organization has been made already"));
        }
        let name = parse_name(&new.name, "name")?;
        let title = parse_text(&new.title, "title", LONGEST_TITLE)?;
        let title = if title.is_empty() { name.clone() } else { title };
        if let Err(fault) = new.catalog.check() {
            return Err(Refusal::invalid(fault.path, fault.message).under("catalog"));
        }
        self.change(OrganizationChange::Founded { id: new.id, name, title, catalog: new.catalog });
        Ok(())
    }

    pub(crate) fn decide_settings(&mut self, patch: SettingsPatch) -> Result<(), Refusal> {
        if let Some(title) = patch.title {
            let after = parse_text(&title, "title", LONGEST_TITLE)?;
            let before = self.org.settings().map(|settings| settings.title.clone()).unwrap_or_default();
            if before != after {
                self.change(OrganizationChange::Titled { before, after });
            }
        }
        let before = self.org.sign_in_rules();
        let after = changed_rules(before, patch.sign_in)?;
        if before != after {
            self.change(OrganizationChange::SignInSet { before, after });
        }
        Ok(())
    }
}

fn changed_rules(before: SignInRules, patch: SignInPatch) -> Result<SignInRules, Refusal> {
    const MINUTE: u32 = 60;
    const DAY: u32 = 86_400;
    let between = |value: Option<u32>, old, field: &str, least: u32, most: u32| match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(Refusal::invalid(field, format!("{field} must be {least} to {most} seconds, not {value}")))
        }
        value => Ok(value.unwrap_or(old)),
    };
    let after = SignInRules {
        passwords: patch.passwords.unwrap_or(before.passwords),
        second_factor: patch.second_factor.unwrap_or(before.second_factor),
        idle_seconds: between(patch.idle_seconds, before.idle_seconds, "session_idle_seconds", MINUTE, 31 * DAY)?,
        session_seconds: between(patch.session_seconds, before.session_seconds, "session_seconds", MINUTE, 366 * DAY)?,
        invite_seconds: between(patch.invite_seconds, before.invite_seconds, "invite_seconds", 5 * MINUTE, 31 * DAY)?,
    };
    if after.idle_seconds > after.session_seconds {
        let message = "session_idle_seconds must not be more than session_seconds, after which a session ends anyway";
        return Err(Refusal::invalid("session_idle_seconds", message));
    }
    Ok(after)
}

impl Org {
    /// How people sign in.
    pub fn sign_in_rules(&self) -> SignInRules {
        self.settings().map(|settings| settings.sign_in).unwrap_or_default()
    }

    /// Whether a user has a means to sign in that counts here: a password while passwords do, a link
    /// to a provider that is switched on, or a passkey.
    pub fn can_sign_in(&self, user: &Principal) -> bool {
        let linked = |identity: &Identity| self.provider(identity.provider).is_some_and(|provider| provider.active);
        user.sign_in.password && self.sign_in_rules().passwords
            || user.sign_in.passkeys > 0
            || user.identities().iter().any(linked)
    }
}
