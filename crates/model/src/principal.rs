//! Principals: users and applications, the subjects that act. They share one counter of numbers and
//! one space of identifiers, so one look-up finds either and is never ambiguous.

mod apply;
mod identifier;

pub(crate) use identifier::require_free;
pub use identifier::{Identifiers, parse_identifiers};

use crate::assignment::Assignment;
use crate::attributes::Attributes;
use crate::id::{APPLICATION, Opaque, PrincipalId, ProviderId, USER};
use crate::membership::Membership;
use crate::name::Text;
use crate::organization::Revision;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Whether a principal is a person or a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A machine (Union: application; Unleash: service account).
    Application,
}

impl PrincipalKind {
    /// The word for it, as `AuthZEN` subject types and messages have it.
    pub const fn word(self) -> &'static str {
        match self {
            PrincipalKind::User => "user",
            PrincipalKind::Application => "application",
        }
    }
}

/// The opaque id of a user (`usr_…`) or an application (`app_…`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    kind: PrincipalKind,
    /// The most significant first. As a number they would take 16 bytes more of each principal.
    bytes: [u8; 16],
}

impl Subject {
    /// The subject of these random bits.
    pub const fn new(kind: PrincipalKind, bits: u128) -> Self {
        Subject { kind, bytes: bits.to_be_bytes() }
    }

    /// Whether it is a user's or an application's.
    pub const fn kind(self) -> PrincipalKind {
        self.kind
    }

    /// The bits.
    pub const fn bits(self) -> u128 {
        u128::from_be_bytes(self.bytes)
    }

    /// The bits as bytes.
    pub const fn bytes(self) -> [u8; 16] {
        self.bytes
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PrincipalKind::User => Opaque::<USER>::new(self.bits()).fmt(f),
            PrincipalKind::Application => Opaque::<APPLICATION>::new(self.bits()).fmt(f),
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Subject {
    type Err = crate::id::NotAnId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(id) = text.parse::<Opaque<USER>>() {
            return Ok(Subject::new(PrincipalKind::User, id.bits()));
        }
        let id: Opaque<APPLICATION> = text.parse()?;
        Ok(Subject::new(PrincipalKind::Application, id.bits()))
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            (self.kind, self.bytes).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            let (kind, bytes) = Deserialize::deserialize(deserializer)?;
            Ok(Subject { kind, bytes })
        }
    }
}

/// By what means a user can sign in. That one *can* is state; only the secret is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SignIn {
    /// A password is set.
    pub password: bool,
    /// Linked sign-in identities (provider, issuer, sub).
    pub identities: u16,
    /// Registered passkeys.
    pub passkeys: u16,
    /// One-time codes are asked for after the password.
    #[serde(default)]
    pub codes: bool,
}

impl SignIn {
    /// Whether there is any means.
    pub const fn is_possible(self) -> bool {
        self.password || self.identities > 0 || self.passkeys > 0
    }
}

/// A link to an account at a sign-in provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The provider.
    pub provider: ProviderId,
    /// Its issuer identifier when the link was made.
    pub issuer: Text,
    /// What the provider knows the person by, for good (`sub`).
    pub sub: Text,
}

impl Identity {
    /// What it is filed under beside the identifiers. Those have no control characters; and it is too
    /// long to be found without a look at the record, which no question by identifier passes.
    pub(crate) fn filed(&self) -> Text {
        compact_str::format_compact!(
            "sign-in account\u{1f}{}\u{1f}{}\u{1f}{}",
            self.provider.number(),
            self.issuer,
            self.sub
        )
    }
}

/// A link as a word of the log has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkedIdentity {
    /// The provider.
    pub provider: ProviderId,
    /// Its issuer identifier when the link was made.
    pub issuer: Text,
    /// What the provider knows the person by.
    pub sub: Personal,
}

/// A user or an application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Principal {
    /// The opaque id.
    pub subject: Subject,
    /// What people call it.
    pub name: Text,
    /// A user's address, in small letters.
    pub email: Option<Text>,
    /// A user's sign-in name, in small letters.
    pub username: Option<Text>,
    /// The id another system knows it by.
    pub external_id: Option<Text>,
    /// What few have.
    pub rare: Option<Box<Rare>>,
    /// A disabled one may do nothing, its credentials count for nothing.
    pub active: bool,
    /// By what means a user can sign in.
    pub sign_in: SignIn,
    /// What it has been given itself, in the order given.
    pub assignments: Vec<Assignment>,
    /// The groups it is in, in the order it joined.
    pub memberships: Vec<Membership>,
    /// The revision that made it.
    pub created: Revision,
    /// The revision that last changed it or what it holds.
    pub changed: Revision,
}

/// Fields that few principals have, kept apart to keep the others small.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rare {
    /// An application's OAuth client id.
    pub client_id: Option<Text>,
    /// The address of a user's picture.
    pub picture: Option<Text>,
    /// What an application is for.
    pub description: Option<Text>,
    /// Extra attributes.
    pub attributes: Attributes,
    /// Accounts at sign-in providers.
    pub identities: Vec<Identity>,
    /// What only the SCIM client knows, as JSON; there is some when it manages the user.
    pub scim: Option<Text>,
}

impl Principal {
    /// Whether it is a user or an application.
    pub const fn kind(&self) -> PrincipalKind {
        self.subject.kind()
    }

    /// The OAuth client id, if it has one.
    pub fn client_id(&self) -> Option<&Text> {
        self.rare.as_ref()?.client_id.as_ref()
    }

    /// The picture's address, if it has one.
    pub fn picture(&self) -> Option<&Text> {
        self.rare.as_ref()?.picture.as_ref()
    }

    /// What it is for; empty when nobody said.
    pub fn description(&self) -> &str {
        self.rare.as_ref().and_then(|rare| rare.description.as_deref()).unwrap_or_default()
    }

    /// Extra attributes.
    pub fn attributes(&self) -> Attributes {
        self.rare.as_ref().map(|rare| rare.attributes.clone()).unwrap_or_default()
    }

    /// Accounts at sign-in providers.
    pub fn identities(&self) -> &[Identity] {
        self.rare.as_ref().map_or(&[], |rare| rare.identities.as_slice())
    }

    /// What only the SCIM client knows, as JSON; there is some when it manages the user.
    pub fn scim(&self) -> Option<&Text> {
        self.rare.as_ref()?.scim.as_ref()
    }

    /// Forgets the accounts at a provider. The caller files the record anew.
    pub(crate) fn forget_identities_of(&mut self, provider: ProviderId) {
        if let Some(rare) = &mut self.rare {
            rare.identities.retain(|identity| identity.provider != provider);
            self.sign_in.identities = count(&rare.identities);
        }
        self.rare.take_if(|rare| **rare == Rare::default());
    }

    /// The identifier by which people know it best: email, username, client id, external id, else
    /// the subject.
    pub fn best_identifier(&self) -> Text {
        let known = self.email.as_ref().or(self.username.as_ref()).or(self.client_id());
        match known.or(self.external_id.as_ref()) {
            Some(identifier) => identifier.clone(),
            None => compact_str::format_compact!("{}", self.subject),
        }
    }

    /// The profile as a word of the log has it.
    pub fn profile(&self) -> Profile {
        Profile {
            name: Personal(self.name.clone()),
            email: self.email.clone().map(Personal),
            username: self.username.clone().map(Personal),
            external_id: self.external_id.clone().map(Personal),
            client_id: self.client_id().cloned(),
            picture: self.picture().cloned().map(Personal),
            description: Text::from(self.description()),
            active: self.active,
            sign_in: self.sign_in,
            attributes: self.attributes(),
            identities: self.identities().iter().map(LinkedIdentity::from).collect(),
            scim: self.scim().cloned().map(Personal),
        }
    }

    /// Puts a profile in place.
    pub(crate) fn set_profile(&mut self, profile: &Profile) {
        let text = |personal: &Option<Personal>| personal.as_ref().map(|p| p.0.clone());
        self.name.clone_from(&profile.name.0);
        self.email = text(&profile.email);
        self.username = text(&profile.username);
        self.external_id = text(&profile.external_id);
        self.active = profile.active;
        self.sign_in = profile.sign_in;
        let rare = Rare {
            client_id: profile.client_id.clone(),
            picture: text(&profile.picture),
            description: Some(profile.description.clone()).filter(|text| !text.is_empty()),
            attributes: profile.attributes.clone(),
            identities: profile.identities.iter().map(Identity::from).collect(),
            scim: text(&profile.scim),
        };
        self.rare = (rare != Rare::default()).then(|| Box::new(rare));
    }
}

/// What is known of a principal, as a word of the log has it. Personal values are marked, so that
/// they can be erased from the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// What people call it.
    pub name: Personal,
    /// A user's address.
    pub email: Option<Personal>,
    /// A user's sign-in name.
    pub username: Option<Personal>,
    /// The id another system knows it by.
    pub external_id: Option<Personal>,
    /// An application's OAuth client id.
    pub client_id: Option<Text>,
    /// The address of a picture.
    pub picture: Option<Personal>,
    /// What an application is for.
    pub description: Text,
    /// Whether it may act at all.
    pub active: bool,
    /// By what means a user can sign in.
    pub sign_in: SignIn,
    /// Extra attributes.
    pub attributes: Attributes,
    /// Accounts at sign-in providers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<LinkedIdentity>,
    /// What only the SCIM client knows, as JSON; there is some when it manages the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scim: Option<Personal>,
}

impl From<&Identity> for LinkedIdentity {
    fn from(identity: &Identity) -> Self {
        let Identity { provider, issuer, sub } = identity.clone();
        LinkedIdentity { provider, issuer, sub: Personal(sub) }
    }
}

impl From<&LinkedIdentity> for Identity {
    fn from(linked: &LinkedIdentity) -> Self {
        let LinkedIdentity { provider, issuer, sub } = linked.clone();
        Identity { provider, issuer, sub: sub.0 }
    }
}

/// How many links there are, as a record counts them.
pub(crate) fn count<T>(links: &[T]) -> u16 {
    u16::try_from(links.len()).unwrap_or(u16::MAX)
}

/// A person's value: kept in the log as a leaf that can be erased without breaking the chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Personal(pub Text);

/// What stands where a person's value was erased.
pub const ERASED: &str = "erased";

/// The key under which a leaf stands in an entry.
pub(crate) const LEAF: &str = "$personal";
/// The key under which the hash of an erased leaf stands in an entry.
pub(crate) const ERASED_LEAF: &str = "$erased";

impl Serialize for Personal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(LEAF, &self.0)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Personal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Leaf {
            #[serde(rename = "$personal")]
            value: Option<Text>,
        }
        let leaf = Leaf::deserialize(deserializer)?;
        Ok(Personal(leaf.value.unwrap_or(Text::const_new(ERASED))))
    }
}

/// What has happened to a user or application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a word is carried out and written at once, few at a time")]
pub enum PrincipalChange {
    /// It was added.
    Created {
        /// Its number.
        id: PrincipalId,
        /// Its opaque id.
        subject: Subject,
        /// What is known of it.
        profile: Profile,
    },
    /// Its profile was changed.
    Changed {
        /// Its number.
        id: PrincipalId,
        /// Its opaque id.
        subject: Subject,
        /// As it was.
        before: Profile,
        /// As it is.
        after: Profile,
    },
    /// It was taken away, and with it what it held, its memberships and tokens.
    Deleted {
        /// Its number.
        id: PrincipalId,
        /// Its opaque id.
        subject: Subject,
        /// As it was.
        profile: Profile,
    },
    /// All of a person's values were erased from the history before this entry.
    Erased {
        /// Whose.
        subject: Subject,
    },
}
