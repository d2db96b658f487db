//! Numbers and opaque ids. Each noun's number has a type of its own, so that a role cannot be
//! passed where a project is meant.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The id of this number; there is none for 0.
            pub const fn new(number: u32) -> Option<Self> {
                match NonZeroU32::new(number) {
                    Some(number) => Some(Self(number)),
                    None => None,
                }
            }
            /// The id of a number known to be above 0; 0 becomes 1.
            pub(crate) const fn at(number: u32) -> Self {
                match NonZeroU32::new(number) {
                    Some(number) => Self(number),
                    None => Self(NonZeroU32::MIN),
                }
            }
            /// The number, as the API shows it.
            pub const fn number(self) -> u32 {
                self.0.get()
            }
            /// The number as an index.
            pub const fn index(self) -> usize {
                self.0.get() as usize
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

numbers! {
    /// An action's number.
    ActionId,
    /// A role's number.
    RoleId,
    /// A policy's number.
    PolicyId,
    /// A project's number.
    ProjectId,
    /// An environment's number.
    EnvironmentId,
    /// A group's number.
    GroupId,
    /// The number of a user or an application; both draw from one counter.
    PrincipalId,
    /// A token's number.
    TokenId,
    /// A resource type's number.
    ResourceTypeId,
    /// A slot's number.
    SlotId,
    /// A sign-in provider's number.
    ProviderId,
}

/// The alphabet of opaque ids: digits and small letters without those that are easily mistaken.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// An opaque random id of 128 bits, shown as a prefix and 26 characters: `usr_…`, `app_…`,
/// `grp_…`, `org_…`, `tok_…`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Opaque<const KIND: u8>(u128);

/// The subject of a user.
pub const USER: u8 = b'u';
/// The subject of an application.
pub const APPLICATION: u8 = b'a';
/// The subject of a group.
pub const GROUP: u8 = b'g';
/// An organization's id.
pub const ORGANIZATION: u8 = b'o';
/// A token's public key.
pub const TOKEN: u8 = b't';

/// An organization's id: `org_…`.
pub type OrganizationId = Opaque<ORGANIZATION>;
/// The public part of a token, by which its secret row is found: `tok_…`.
pub type TokenKey = Opaque<TOKEN>;
/// A group's subject: `grp_…`.
pub type GroupSubject = Opaque<GROUP>;

impl<const KIND: u8> Opaque<KIND> {
    /// The prefix by which such an id is recognized.
    pub const PREFIX: &'static str = match KIND {
        USER => "usr_",
        APPLICATION => "app_",
        GROUP => "grp_",
        ORGANIZATION => "org_",
        _ => "tok_",
    };

    /// Bytes of such an id when it is written.
    pub const LENGTH: usize = 30;

    /// The id of these random bits.
    pub const fn new(bits: u128) -> Self {
        Opaque(bits)
    }

    /// The bits.
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// The bits as bytes, as the store keeps them.
    pub const fn bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The id of such bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Opaque(u128::from_be_bytes(bytes))
    }
}

/// Writes 128 bits as 26 characters.
fn letters(bits: u128) -> [u8; 26] {
    let mut text = [0_u8; 26];
    let mut rest = bits;
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
    text
}

/// Reads 26 characters as 128 bits.
fn bits(text: &str) -> Option<u128> {
    if text.len() != 26 {
        return None;
    }
    text.bytes().try_fold(0_u128, |bits, letter| {
        let value = VALUES[usize::from(letter)];
        // The first character carries only three bits.
        (value < 32 && bits >> 123 == 0).then_some((bits << 5) | u128::from(value))
    })
}

/// What each letter of the alphabet stands for; more than 31 for any other byte.
const VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 32 {
        values[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    values
};

impl<const KIND: u8> fmt::Display for Opaque<KIND> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::PREFIX)?;
        f.write_str(std::str::from_utf8(&letters(self.0)).map_err(|_| fmt::Error)?)
    }
}

impl<const KIND: u8> fmt::Debug for Opaque<KIND> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Said of a text that is not an opaque id of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct NotAnId;

impl<const KIND: u8> FromStr for Opaque<KIND> {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let rest = text.strip_prefix(Self::PREFIX).ok_or(NotAnId)?;
        bits(rest).map(Opaque).ok_or(NotAnId)
    }
}

impl<const KIND: u8> Serialize for Opaque<KIND> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_u128(self.0) }
    }
}

impl<'de, const KIND: u8> Deserialize<'de> for Opaque<KIND> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            u128::deserialize(deserializer).map(Opaque)
        }
    }
}

/// Who an assignment is held by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// A user or an application.
    Principal(PrincipalId),
    /// A group: all its members.
    Group(GroupId),
    /// Every active user and application.
    Everyone,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opaque_id_is_read_as_it_is_shown() {
        for bits in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            let id = Opaque::<USER>::new(bits);
            assert_eq!(id.to_string().len(), 30);
            assert_eq!(id.to_string().parse::<Opaque<USER>>(), Ok(id));
            assert!(id.to_string().parse::<GroupSubject>().is_err());
        }
        assert!("usr_zzzzzzzzzzzzzzzzzzzzzzzzzz".parse::<Opaque<USER>>().is_err());
    }
}
