//! The server's key, and sealing with it what must not lie readable in the database: client secrets,
//! seeds of one-time codes, mail that waits. Not here: where the key is kept (`rolecall-server`).

use crate::Error;
use crate::clock::random;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use rolecall_store::Store;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// The bytes of a key.
const LENGTH: usize = 32;
/// The form of a sealed value: this byte, the nonce, the ciphertext with its tag.
const VERSION: u8 = 1;
/// The setting that says which key a database belongs to.
const CHECK: &str = "key_check";

/// The key that seals data at rest. It prints nothing, and its bytes are overwritten when it goes.
pub struct Key([u8; LENGTH]);

/// What is said of a text that is no key. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is 32 bytes, written as base64 or as 64 hexadecimal digits")]
pub struct NotAKey;

impl Key {
    /// A key of one's own: 32 bytes as base64 (either alphabet, padded or not) or as hexadecimal digits.
    ///
    /// # Errors
    /// When the text is neither, or of another length.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let text = text.trim();
        // First, since 64 hexadecimal digits are base64 as well, of 48 bytes.
        if let Some(bytes) = hexadecimal(text) {
            return Ok(Key(bytes));
        }
        let decoded =
            [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].iter().find_map(|base| base.decode(text).ok());
        let decoded = Zeroizing::new(decoded.ok_or(NotAKey)?);
        <[u8; LENGTH]>::try_from(decoded.as_slice()).map(Key).map_err(|_| NotAKey)
    }

    /// A fresh key.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate() -> Result<Self, Error> {
        random().map(Key)
    }

    /// The key as text, to be kept where only the server reads it.
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0))
    }

    /// Seals a value for a purpose. It opens only with the same purpose, so that a value cannot be put where
    /// another belongs.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |_| Error::Internal("a value could not be sealed".to_owned());
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&random()?[..NONCE_LEN]);
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        let mut text = Vec::with_capacity(plain.len() + AES_256_GCM.tag_len());
        text.extend_from_slice(plain);
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.cipher()?.seal_in_place_append_tag(nonce, associated(purpose), &mut text).map_err(failed)?;
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Opens what was sealed for this purpose.
    ///
    /// # Errors
    /// `Damaged` when it was sealed with another key or for another purpose, or was changed since.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let refused = || Error::Damaged(format!("a sealed value cannot be opened as {purpose}"));
        let (version, rest) = sealed.split_first().ok_or_else(refused)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or_else(refused)?;
        if *version != VERSION {
            return Err(refused());
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| refused())?;
        let mut text = text.to_vec();
        let length = self.cipher()?.open_in_place(nonce, associated(purpose), &mut text).map_err(|_| refused())?.len();
        text.truncate(length);
        Ok(text)
    }

    /// Whether a database is sealed with this key. One that was sealed with none yet becomes this key's.
    ///
    /// # Errors
    /// `Store` when the database cannot be read or written.
    pub async fn belongs_to(&self, store: &dyn Store) -> Result<bool, Error> {
        if let Some(check) = store.setting(CHECK).await? {
            return Ok(self.open(CHECK, &check).is_ok());
        }
        store.set(CHECK, self.seal(CHECK, &[])?).await?;
        Ok(true)
    }

    fn cipher(&self) -> Result<LessSafeKey, Error> {
        let key = UnboundKey::new(&AES_256_GCM, &self.0);
        key.map(LessSafeKey::new).map_err(|_| Error::Internal("the key is of another length".to_owned()))
    }
}

/// Whether a database was ever sealed, with whatever key.
///
/// # Errors
/// `Store` when the database cannot be read.
pub async fn is_sealed(store: &dyn Store) -> Result<bool, Error> {
    Ok(store.setting(CHECK).await?.is_some())
}

fn associated(purpose: &str) -> Aad<Vec<u8>> {
    Aad::from([&[VERSION], purpose.as_bytes()].concat())
}

fn hexadecimal(text: &str) -> Option<[u8; LENGTH]> {
    if text.len() != 2 * LENGTH {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_store::{OpenOptions, SqliteStore};

    fn key(byte: u8) -> Key {
        Key([byte; LENGTH])
    }

    #[test]
    fn what_was_sealed_opens_with_the_same_key_and_purpose_only() {
        let sealed = key(1).seal("mail", b"a letter").unwrap();
        assert_eq!(key(1).open("mail", &sealed).unwrap(), b"a letter");
        assert!(key(2).open("mail", &sealed).is_err());
        assert!(key(1).open("provider", &sealed).is_err());
        assert!(key(1).open("", &sealed).is_err());
        let empty = key(1).seal("mail", b"").unwrap();
        assert_eq!(key(1).open("mail", &empty).unwrap(), b"");
    }

    #[test]
    fn a_sealed_value_shows_nothing_and_is_different_each_time() {
        let sealed = [0, 1].map(|_| key(1).seal("mail", b"a letter to Adelheid").unwrap());
        assert_ne!(sealed[0], sealed[1]);
        assert!(sealed.iter().all(|one| !one.windows(8).any(|window| window == b"Adelheid")));
    }

    #[test]
    fn a_value_that_was_changed_or_cut_does_not_open() {
        let sealed = key(1).seal("mail", b"a letter").unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(key(1).open("mail", &changed).is_err(), "{place}");
            assert!(key(1).open("mail", &sealed[..place]).is_err(), "{place}");
        }
    }

    #[test]
    fn a_key_is_read_from_base64_and_from_hexadecimal_digits() {
        let bytes: Vec<u8> = (0..32).map(|number| number * 8 + 7).collect();
        let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let forms = [
            STANDARD.encode(&bytes),
            STANDARD_NO_PAD.encode(&bytes),
            URL_SAFE.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
            hex.clone(),
            hex.to_uppercase(),
            format!(" {hex}\n"),
        ];
        for form in forms {
            assert_eq!(Key::parse(&form).unwrap().0, *bytes, "{form}");
        }
        let generated = Key::generate().unwrap();
        assert_eq!(Key::parse(&generated.expose()).unwrap().0, generated.0);
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_repeated() {
        let cases =
            ["", "password", &"a".repeat(63), &"g".repeat(64), &STANDARD.encode([7; 31]), &STANDARD.encode([7; 33])];
        for text in cases {
            let said = Key::parse(text).unwrap_err().to_string();
            assert!(text.is_empty() || !said.contains(text), "{said}");
        }
    }

    #[test]
    fn a_key_prints_nothing() {
        assert_eq!(format!("{:?}", key(1)), "Key(…)");
    }

    #[tokio::test]
    async fn a_database_belongs_to_the_first_key_it_was_sealed_with() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("r.db"), OpenOptions::default()).await.unwrap();
        assert!(!is_sealed(&store).await.unwrap());
        assert!(key(1).belongs_to(&store).await.unwrap());
        assert!(is_sealed(&store).await.unwrap());
        assert!(!key(2).belongs_to(&store).await.unwrap());
        assert!(key(1).belongs_to(&store).await.unwrap());
    }
}
