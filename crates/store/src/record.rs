//! What goes in and comes out: plain values of bytes, revisions and times. Not here: what the bytes mean.

use bytes::Bytes;

/// The largest piece of a body that one row holds: 4 MiB. Larger bodies are stored and read in parts.
pub const PART: usize = 4 * 1024 * 1024;

/// The sixteen opaque bytes that name an organization for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrganizationKey(pub [u8; 16]);

/// The sixteen bytes that name a subject, as the caller made them.
pub type Subject = [u8; 16];

/// One entry of an organization's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Counts from 1, without gaps.
    pub revision: u64,
    /// Microseconds since the Unix epoch.
    pub at: i64,
    /// Chained by the caller over the hash of the entry before. The store keeps it and does not check it.
    pub hash: [u8; 32],
    /// The body, in pieces of any size; together up to about 100 MB. Read back, it has one piece of at most
    /// [`PART`] bytes, or several.
    pub body: Vec<Bytes>,
    /// Whose personal values the body holds. Written, and asked for with [`Log::mentions`](crate::Log::mentions);
    /// a record that was read has none here, since the body itself says whom it names.
    pub subjects: Vec<Subject>,
}

impl Record {
    /// The number of bytes in the body.
    pub fn size(&self) -> usize {
        self.body.iter().map(Bytes::len).sum()
    }
}

/// The newest entry of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The revision of the newest entry.
    pub revision: u64,
    /// Its hash.
    pub hash: [u8; 32],
    /// Its time, in microseconds since the Unix epoch.
    pub at: i64,
}

/// A row of a plain table that is written in the same transaction as the entries, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Puts a secret in its place, over the one that was there.
    Secret {
        /// What it is for, such as `token` or `password`.
        kind: &'static str,
        /// Which one of its kind.
        key: [u8; 16],
        /// The hash by which it is found, unique among all organizations for this kind.
        hash: Option<[u8; 32]>,
        /// What else must be kept: a password's hash string, a sealed value.
        data: Option<Vec<u8>>,
    },
    /// Removes a secret; nothing happens if there is none.
    SecretGone {
        /// What it was for.
        kind: &'static str,
        /// Which one of its kind.
        key: [u8; 16],
    },
    /// Remembers which revision answered a caller's idempotency key.
    Idempotency {
        /// Who called.
        caller: [u8; 16],
        /// The key that the caller chose.
        key: String,
        /// A hash of what was asked, to know a different request under the same key.
        digest: [u8; 32],
        /// The revision that answered.
        revision: u64,
        /// Microseconds since the Unix epoch.
        at: i64,
    },
    /// Keeps a ticket; [`StoreError::Taken`](crate::StoreError::Taken) if one of this kind and hash is there.
    Ticket {
        /// What it is for, such as `invitation` or `code`.
        kind: &'static str,
        /// The hash of its secret, by which it is found.
        hash: [u8; 32],
        /// Whose it is; all zero if nobody's.
        owner: [u8; 16],
        /// Microseconds since the Unix epoch.
        expires_at: i64,
        /// What else must be kept; sealed if it holds a secret.
        data: Vec<u8>,
    },
    /// Removes an owner's tickets of one kind; nothing happens if there are none.
    TicketsGone {
        /// What they were for.
        kind: &'static str,
        /// Whose they were.
        owner: [u8; 16],
    },
}

/// A secret as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// The hash by which it is found, if it has one.
    pub hash: Option<[u8; 32]>,
    /// What else was kept with it.
    pub data: Option<Vec<u8>>,
}

/// A short-lived thing that counts once and is no state, such as an invitation.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Whose state it is for.
    pub organization: OrganizationKey,
    /// Whose it is; all zero if nobody's.
    pub owner: [u8; 16],
    /// Microseconds since the Unix epoch.
    pub expires_at: i64,
    /// What else was kept with it; sealed if it holds a secret.
    pub data: Vec<u8>,
}

impl std::fmt::Debug for Ticket {
    /// Its data is not shown, since not every kind seals it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { organization, owner, expires_at, data: _ } = self;
        f.debug_struct("Ticket")
            .field("organization", organization)
            .field("owner", owner)
            .field("expires_at", expires_at)
            .finish_non_exhaustive()
    }
}

/// A mail that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its number, in no order.
    pub id: i64,
    /// Whose mail it is.
    pub organization: OrganizationKey,
    /// Since when it waits, in microseconds since the Unix epoch.
    pub at: i64,
    /// When it is to be tried next, in microseconds since the Unix epoch.
    pub next_at: i64,
    /// How often it was tried.
    pub attempts: u32,
    /// The letter, sealed by the caller.
    pub data: Vec<u8>,
}

/// What an idempotency key was answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// A hash of what was asked.
    pub digest: [u8; 32],
    /// The revision that answered.
    pub revision: u64,
    /// Microseconds since the Unix epoch.
    pub at: i64,
}

/// An organization, as the installation lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationRow {
    /// Its key in every table.
    pub key: OrganizationKey,
    /// Unique in the installation, byte for byte; folding is the caller's.
    pub name: String,
    /// Whether this is the one home organization.
    pub home: bool,
    /// Microseconds since the Unix epoch.
    pub created_at: i64,
}

/// The state of an organization at a revision, kept to make starting quick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The revision whose state it holds.
    pub revision: u64,
    /// The version of the code that wrote it.
    pub version: u32,
    /// When it was taken, in microseconds since the Unix epoch.
    pub at: i64,
    /// A hash of the state, for the reader to compare.
    pub state_hash: [u8; 32],
}

/// Something that happened and changed no state, such as a refused command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Counts from 1 in its organization, without gaps.
    pub position: u64,
    /// Microseconds since the Unix epoch.
    pub at: i64,
    /// Chained by the caller. The store keeps it and does not check it.
    pub hash: [u8; 32],
    /// What happened.
    pub body: Vec<u8>,
}
