//! Passwords: what makes a good one, and their hashes. A hash says with which parameters it was made,
//! so that they can be raised: an outdated one is made anew when its password is next seen.
//!
//! Not here: who may set one (`link.rs`, `signin.rs`).

use crate::{Error, Service, checkpoint};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use rolecall_model::Refusal;
use rolecall_model::id::PrincipalId;
use rolecall_model::name::Text;
use rolecall_model::principal::Subject;
use rolecall_model::refusal::Kind;
use rolecall_store::{OrganizationKey, Row};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

/// The kind under which the store keeps passwords.
pub(crate) const PASSWORD: &str = "password";

/// Characters of the shortest password.
const SHORTEST: usize = 10;
/// Characters that are too many.
const TOO_LONG: usize = 128;
/// A new password is none of the last so many, the present one among them.
const REMEMBERED: usize = 5;
/// Guesses, as a power of ten, within which a password is found by who tries common ones first: what takes fewer is
/// refused. Ten random characters take ten.
const GUESSES_LOG10: f64 = 9.0;

/// Memory in KiB, passes and lanes: the first choice of the OWASP password storage cheat sheet for
/// argon2id. Raise them here; older hashes go on to count and are made anew at the next sign-in.
const MEMORY: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes at once: each takes a core and its memory for a while.
static AT_ONCE: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from)));

/// What the store keeps of somebody's password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The hash of the present one, with its parameters (PHC string format).
    pub current: String,
    /// The hashes of those before, the newest first.
    #[serde(default)]
    pub before: Vec<String>,
}

impl Kept {
    /// Reads a row; the first format was the bare hash.
    fn read(data: &[u8]) -> Result<Self, Error> {
        let damaged = || Error::Damaged("a stored password cannot be read".to_owned());
        if data.starts_with(b"$") {
            let current = String::from_utf8(data.to_vec());
            return current.map(|current| Kept { current, before: Vec::new() }).map_err(|_| damaged());
        }
        serde_json::from_slice(data).map_err(|_| damaged())
    }

    /// The row that keeps it.
    pub(crate) fn row(&self, subject: Subject) -> Result<Row, Error> {
        let data = serde_json::to_vec(self).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Row::Secret { kind: PASSWORD, key: subject.bytes(), hash: None, data: Some(data) })
    }

    /// What is kept once `current` is the password.
    fn followed_by(self, current: String) -> Self {
        let mut before = vec![self.current];
        before.extend(self.before);
        before.retain(|hash| !hash.is_empty());
        before.truncate(REMEMBERED - 1);
        Kept { current, before }
    }
}

/// Everything that is wrong with a password, each as a sentence; `about` are words that are easily
/// guessed of this person, such as its address.
pub fn faults(password: &str, about: &[&str]) -> Vec<&'static str> {
    let length = password.chars().count();
    let has = |is: fn(char) -> bool| password.chars().any(is);
    let letters: Vec<char> = password.chars().collect();
    let thrice = letters.windows(3).any(|three| three.iter().all(|c| Some(c) == three.first()));
    let rules = [
        (length < SHORTEST, "the password must have at least 10 characters"),
        (length >= TOO_LONG, "the password must have fewer than 128 characters"),
        (!has(char::is_uppercase), "the password must have a capital letter"),
        (!has(char::is_lowercase), "the password must have a small letter"),
        (!has(char::is_numeric), "the password must have a digit"),
        (
            !has(|c| !c.is_alphanumeric() && !c.is_whitespace()),
            "the password must have a special character, such as ! or ?",
        ),
        (thrice, "the password must not have the same character three times in a row"),
    ];
    let mut faults: Vec<&'static str> = rules.into_iter().filter(|(broken, _)| *broken).map(|(_, text)| text).collect();
    let words = about.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let words: Vec<&str> = words.filter(|word| word.len() > 2).chain(["rolecall"]).collect();
    if faults.is_empty() && zxcvbn::zxcvbn(password, &words).guesses_log10() < GUESSES_LOG10 {
        faults.push(
            "the password is one of those that are guessed first; choose another, such as four words of your own",
        );
    }
    faults
}

/// The row of somebody's first password, once it keeps every rule; `about` are words that are easily guessed of them.
pub(crate) async fn first_row(subject: Subject, password: String, about: &[&str], field: &str) -> Result<Row, Error> {
    require_good(&password, about, field)?;
    Kept { current: hash(password).await?, before: Vec::new() }.row(subject)
}

/// Refuses a password that breaks a rule, naming all that it breaks.
pub(crate) fn require_good(password: &str, about: &[&str], field: &str) -> Result<(), Error> {
    let faults = faults(password, about);
    if faults.is_empty() {
        return Ok(());
    }
    let details = faults.iter().map(|fault| (*fault).to_owned()).collect();
    Err(Refusal::invalid(field, faults.join("; ")).with_details(details).into())
}

/// Hashes a password off the async threads.
pub(crate) async fn hash(password: String) -> Result<String, Error> {
    heavy(move || {
        let hash = hasher()?.hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string())
            .map_err(|error| Error::Internal(format!("a password cannot be hashed: {error}")))
    })
    .await
}

fn hasher() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY, PASSES, LANES, None).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Runs what takes long off the async threads, a few at a time.
async fn heavy<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let _turn = AT_ONCE.acquire().await.map_err(|error| Error::Internal(error.to_string()))?;
    checkpoint::blocking(work).await
}

/// Whether a password is the one of this hash. Takes as long for a hash that nobody can match.
async fn matches(password: String, hash: String) -> Result<bool, Error> {
    heavy(move || Ok(is_match(&password, &hash))).await
}

fn is_match(password: &str, hash: &str) -> bool {
    // The hash brings its own parameters.
    argon2::PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Whether a hash was made with other parameters than those of today.
fn is_outdated(hash: &str) -> bool {
    let today = format!("$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}$");
    !hash.starts_with(&today)
}

/// What a password came to.
pub(crate) enum Checked {
    /// It is right. The hash that was compared, and whether it should be made anew.
    Right { current: String, outdated: bool },
    /// It is wrong, or there is nobody.
    Wrong,
}

/// A hash of today's parameters that no password matches: for who is not there.
static NOBODY: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();

impl Service {
    /// Makes what is compared with for who is not there, so that the first of them does not wait longer.
    pub(crate) async fn nobody(&self) -> Result<String, Error> {
        use base64::Engine as _;
        let make = || async {
            let unknown = crate::clock::random()?;
            hash(base64::engine::general_purpose::STANDARD.encode(unknown)).await
        };
        NOBODY.get_or_try_init(make).await.cloned()
    }

    /// Compares a password. For nobody the same is done: a row is looked for, a hash is computed.
    pub(crate) async fn check_password(
        &self,
        organization: OrganizationKey,
        subject: Option<Subject>,
        password: String,
    ) -> Result<Checked, Error> {
        let nobody = self.nobody().await?;
        let key = subject.map_or([0; 16], Subject::bytes);
        let kept = self.kept_password(organization, key).await?;
        let is_somebody = kept.is_some();
        let current = kept.map_or(nobody, |kept| kept.current);
        let right = matches(password, current.clone()).await?;
        if right && is_somebody {
            let outdated = is_outdated(&current);
            return Ok(Checked::Right { current, outdated });
        }
        Ok(Checked::Wrong)
    }

    /// What is kept of a password, if there is one.
    pub(crate) async fn kept_password(
        &self,
        organization: OrganizationKey,
        key: [u8; 16],
    ) -> Result<Option<Kept>, Error> {
        let row = self.store().secret(organization, PASSWORD, key).await?;
        row.and_then(|row| row.data).map(|data| Kept::read(&data)).transpose()
    }

    /// Makes a hash anew with today's parameters, unless the password was changed meanwhile. Answers the new one.
    pub(crate) async fn renew_password(
        &self,
        organization: OrganizationKey,
        subject: Subject,
        password: String,
        before: &str,
    ) -> Result<Option<String>, Error> {
        let current = hash(password).await?;
        let Some(kept) = self.kept_password(organization, subject.bytes()).await? else { return Ok(None) };
        if kept.current != before {
            return Ok(None);
        }
        let row = Kept { current: current.clone(), ..kept }.row(subject)?;
        self.store().append(organization, 0, &[], vec![row]).await?;
        Ok(Some(current))
    }

    /// The row of a new password, once it keeps every rule.
    ///
    /// # Errors
    /// `Refused`, naming all rules it breaks.
    pub(crate) async fn new_password(
        &self,
        organization: &Arc<crate::organization::Organization>,
        id: PrincipalId,
        password: String,
        field: &str,
    ) -> Result<Row, Error> {
        let view = organization.view();
        let gone = || Error::Unauthenticated("the account is not there any more".to_owned());
        let user = view.org().principal(id).ok_or_else(gone)?;
        let about = [Some(&user.name), user.email.as_ref(), user.username.as_ref()];
        let about: Vec<&str> = about.into_iter().flatten().map(Text::as_str).collect();
        require_good(&password, &about, field)?;
        let kept = self.kept_password(organization.key, user.subject.bytes()).await?.unwrap_or_default();
        let old: Vec<String> = std::iter::once(&kept.current).chain(&kept.before).take(REMEMBERED).cloned().collect();
        let tried = password.clone();
        if heavy(move || Ok(old.iter().any(|hash| is_match(&tried, hash)))).await? {
            let message = format!("the password must not be one of your last {REMEMBERED}");
            return Err(Refusal::new(Kind::Invalid, field, message).into());
        }
        kept.followed_by(hash(password).await?).row(user.subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_broken_rule_is_named() {
        assert_eq!(faults("", &[]).len(), 5);
        assert_eq!(
            faults("aaa", &[]),
            [
                "the password must have at least 10 characters",
                "the password must have a capital letter",
                "the password must have a digit",
                "the password must have a special character, such as ! or ?",
                "the password must not have the same character three times in a row",
            ]
        );
        assert_eq!(faults(&"aB1!".repeat(32), &[]), ["the password must have fewer than 128 characters"]);
        assert!(faults("Gelb 7 Ampel? Fluss", &[]).is_empty());
    }

    #[test]
    fn a_password_that_many_have_or_that_is_ones_own_name_is_refused() {
        for common in
            ["Password1!", "Passw0rd!!", "Qwerty123456!", "Summer2026!", "Welcome123!", "Abcdefgh1!", "Rolecall2026!"]
        {
            assert_eq!(faults(common, &[]).len(), 1, "{common}");
        }
        assert_eq!(faults("Grace.Hopper1", &["grace.hopper@example.com", "Grace Hopper"]).len(), 1);
    }

    #[tokio::test]
    async fn a_hash_matches_its_password_alone_and_says_how_it_was_made() {
        let made = hash("Gelb 7 Ampel? Fluss".to_owned()).await.unwrap();
        assert!(!is_outdated(&made), "{made}");
        assert!(is_match("Gelb 7 Ampel? Fluss", &made) && !is_match("Gelb 7 Ampel? Flus", &made));
        let weaker = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8_192, 1, 1, None).unwrap());
        let weaker = weaker.hash_password(b"Gelb 7 Ampel? Fluss").unwrap().to_string();
        assert!(is_match("Gelb 7 Ampel? Fluss", &weaker) && is_outdated(&weaker));
    }

    #[test]
    fn the_first_format_of_a_stored_password_is_read() {
        let kept = Kept::read(b"$argon2id$v=19$x").unwrap();
        assert_eq!(kept, Kept { current: "$argon2id$v=19$x".to_owned(), before: Vec::new() });
        assert!(Kept::read(b"{").is_err());
    }

    #[test]
    fn the_last_five_are_remembered() {
        let mut kept = Kept::default();
        for number in 0..9 {
            kept = kept.followed_by(number.to_string());
        }
        assert_eq!(kept.current, "8");
        assert_eq!(kept.before, ["7", "6", "5", "4"]);
    }
}
