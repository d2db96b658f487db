//! Limits against guessing: so many tries in a minute for one account and for one address. An account
//! that is not there is limited like one that is.

use crate::{Error, Options};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use rolecall_store::OrganizationKey;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

/// Codes of six digits that one account may try in a day.
const CODES_A_DAY: u32 = 60;

/// The limits of one node.
pub(crate) struct Limits {
    accounts: DefaultKeyedRateLimiter<[u8; 32]>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    /// Codes of six digits: few in a day, or somebody who knows the password would find one in a month.
    codes: DefaultKeyedRateLimiter<[u8; 32]>,
    /// Mails that anybody can ask for: few, so that nobody's box is flooded.
    mails: DefaultKeyedRateLimiter<[u8; 32]>,
}

impl Limits {
    pub(crate) fn new(options: &Options) -> Self {
        let a_minute = |tries: u32| Quota::per_minute(NonZeroU32::new(tries).unwrap_or(NonZeroU32::MIN));
        let a_day = |tries: u32| {
            let tries = NonZeroU32::new(tries).unwrap_or(NonZeroU32::MIN);
            Quota::with_period(Duration::from_hours(24) / tries.get())
                .unwrap_or(Quota::per_minute(tries))
                .allow_burst(tries)
        };
        Limits {
            accounts: RateLimiter::keyed(a_minute(options.tries_account)),
            addresses: RateLimiter::keyed(a_minute(options.tries_address)),
            codes: RateLimiter::keyed(a_day(CODES_A_DAY)),
            mails: RateLimiter::keyed(a_minute(1)),
        }
    }

    /// Counts a try; an address of IPv6 stands for its network of 64 bits, which one person may have.
    ///
    /// # Errors
    /// `Busy` when there were too many, with when to try again.
    pub(crate) fn address(&self, address: IpAddr) -> Result<(), Error> {
        let address = match address {
            IpAddr::V6(six) => IpAddr::V6((six.to_bits() & (u128::MAX << 64)).into()),
            four @ IpAddr::V4(_) => four,
        };
        let waited = self.addresses.check_key(&address);
        waited.map_err(|until| busy(until.wait_time_from(DefaultClock::default().now()), "from your address"))
    }

    /// Counts a try for an account, by how it was named or by what it is.
    ///
    /// # Errors
    /// `Busy` when there were too many.
    pub(crate) fn account(&self, organization: OrganizationKey, name: &str) -> Result<(), Error> {
        let waited = self.accounts.check_key(&key(organization, name));
        waited.map_err(|until| busy(until.wait_time_from(DefaultClock::default().now()), "for this account"))
    }

    /// Counts a code that somebody typed, in the minute and in the day.
    ///
    /// # Errors
    /// `Busy` when there were too many.
    pub(crate) fn code(&self, organization: OrganizationKey, subject: &str) -> Result<(), Error> {
        self.account(organization, &format!("codes {subject}"))?;
        let waited = self.codes.check_key(&key(organization, subject));
        waited.map_err(|until| busy(until.wait_time_from(DefaultClock::default().now()), "of the second factor today"))
    }

    /// Counts a mail to somebody.
    ///
    /// # Errors
    /// `Busy` when there was one a moment ago.
    pub(crate) fn mail(&self, organization: OrganizationKey, name: &str) -> Result<(), Error> {
        let waited = self.mails.check_key(&key(organization, name));
        waited.map_err(|until| {
            let retry_after = until.wait_time_from(DefaultClock::default().now());
            let retry_after = Duration::from_secs(retry_after.as_secs() + 1);
            let message = "a link was made a moment ago; try again in a minute".to_owned();
            Error::Busy { retry_after, message, tries: true }
        })
    }

    /// Forgets whoever has all tries again.
    pub(crate) fn tidy(&self) {
        self.accounts.retain_recent();
        self.addresses.retain_recent();
        self.codes.retain_recent();
        self.mails.retain_recent();
    }
}

fn key(organization: OrganizationKey, name: &str) -> [u8; 32] {
    let name = rolecall_model::name::fold(name.trim());
    Sha256::new().chain_update(organization.0).chain_update(name.as_bytes()).finalize().into()
}

fn busy(retry_after: Duration, whose: &str) -> Error {
    let seconds = retry_after.as_secs() + 1;
    let message = format!("there were too many tries {whose}; try again in {seconds} seconds");
    Error::Busy { retry_after: Duration::from_secs(seconds), message, tries: true }
}
