//! Slots: roles of which a subject holds exactly one (Unleash: the root role).

use crate::collection::Numbered;
use crate::id::{RoleId, SlotId};
use crate::name::Text;
use serde::{Deserialize, Serialize};

/// A slot. Its roles are held at the organization, exactly once by users and applications and at
/// most once by groups, without an end; giving another replaces it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// Its number.
    pub id: SlotId,
    /// Its name.
    pub name: Text,
    /// The role of those who were given none.
    pub default: RoleId,
}

impl Numbered for Slot {
    fn number(&self) -> u32 {
        self.id.number()
    }
    fn name(&self) -> &Text {
        &self.name
    }
}
