//! Use cases: what a caller may do, one function each. A command goes through
//! [`execute`], a question through [`access`]; both need a [`Ctx`], which only a
//! checked credential gives ([`Service::enter`]). Plain decisions need less: [`Service::ask`].
//!
//! Not here: rules (`rolecall-model`), answers (`rolecall-engine`), SQL (`rolecall-store`), wire
//! forms (the façades).

pub mod access;
mod ask;
mod backup;
mod checkpoint;
mod clock;
mod codes;
pub mod connection;
mod credential;
mod ctx;
mod erase;
mod error;
mod event;
mod execute;
mod first_start;
pub mod history;
pub mod html;
mod idempotency;
mod import;
mod kept;
mod limit;
mod link;
pub mod mail;
mod memory;
mod need;
pub mod oauth;
mod organization;
pub mod organizations;
mod passkey;
mod password;
mod past;
pub mod recover;
pub mod seal;
mod secret;
mod service;
mod session;
mod sign_up;
mod signin;
pub mod sso;
mod standing;
mod stats;
mod tally;
mod target;
mod ticket;
mod token;
mod view;
mod visitor;
mod welcome;
mod writer;

pub use ask::Asker;
pub use backup::backup;
pub use clock::{Clock, SystemClock};
pub use codes::{CodesOffer, confirm_codes, end_codes, end_own_codes, offer_codes};
pub use ctx::{At, Ctx, Request};
pub use erase::erase;
pub use error::Error;
pub use event::Event;
pub use execute::{Done, DryRun, MOST_DELTAS, execute, execute_with};
pub use first_start::{FirstDone, FirstStart, SHORTEST_TOKEN};
pub use import::import;
pub use kept::{keep, kept};
pub use link::{Delivery, LinkKind, LinkMade, LinkView, make_link, make_link_by};
pub use mail::{Letter, Post, PostError};
pub use memory::{Memory, memory};
pub use passkey::{Ceremony, PasskeyView, begin_registration, finish_registration, passkeys, remove_passkey};
pub use password::faults as password_faults;
pub use rolecall_engine::{Part, Place};
pub use seal::Key;
pub use secret::Secret;
pub use service::{Options, Service};
pub use session::{SignedIn, end_session, end_sessions};
pub use sign_up::{
    Joined, LONGEST_SECONDS, NewMember, SignUpLink, SignUpPatch, change_sign_up_link, make_sign_up_link, sign_up_link,
    sign_up_links,
};
pub use signin::{Door, ProviderOffer, Step, change_password};
pub use standing::Standing;
pub use stats::{OrganizationStats, Stats};
pub use tally::Tally;
pub use token::{CLIENT_SECRET, NewToken, create_application, issue_token, issue_token_apart, last_used, rotate_token};
pub use view::View;
pub use visitor::{PeerAddr, Visitor, browser_name, forwarded_address};
pub use welcome::{Invited, Welcome, create_user, password_faults_of, set_password, welcome};
