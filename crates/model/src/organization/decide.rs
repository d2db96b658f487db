//! The rules of the organization itself.

use super::{NewOrganization, OrganizationChange, SettingsPatch};
use crate::decide::Draft;
use crate::name::{LONGEST_TITLE, parse_name, parse_text};
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
        let Some(title) = patch.title else { return Ok(()) };
        let after = parse_text(&title, "title", LONGEST_TITLE)?;
        let before = self.org.settings().map(|settings| settings.title.clone()).unwrap_or_default();
        if before != after {
            self.change(OrganizationChange::Titled { before, after });
        }
        Ok(())
    }
}
