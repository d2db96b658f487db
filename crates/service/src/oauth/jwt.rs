//! JSON Web Tokens as this server signs them: ES256 and nothing else, so no token can ask to be checked in a
//! weaker way (RFC 8725). Not here: what the claims mean, and where the keys are kept (`keys.rs`).
//!
//! By hand on `ring`, because the time must be the service's clock and no provider the process's own.

use crate::Error;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use ring::signature::{UnparsedPublicKey, VerificationAlgorithm};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The only algorithm, as headers and metadata name it.
pub(crate) const ALGORITHM: &str = "ES256";
/// Longest token that is looked at, in bytes; ours have less than 1,000.
const LONGEST: usize = 4_096;
/// Bytes of a coordinate of the curve.
const COORDINATE: usize = 32;

/// A key that signs, and by which its signatures are checked.
pub(crate) struct SigningKey {
    /// By which a token names it: the thumbprint of its public half (RFC 7638).
    pub kid: String,
    pair: EcdsaKeyPair,
}

/// Why a token is not sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsound {
    /// It is no token of this form.
    Malformed,
    /// It asks for another algorithm, or for extensions.
    Algorithm,
    /// It was made for something else.
    Kind,
    /// No key of this name signs here.
    Key,
    /// Somebody else signed it, or it was changed.
    Signature,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

/// What is read of a header that nobody has vouched for yet.
#[derive(Deserialize)]
struct Claimed {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<Value>,
}

impl SigningKey {
    /// A fresh key pair as PKCS #8.
    pub(crate) fn generate() -> Result<Vec<u8>, Error> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let document = document.map_err(|_| Error::Internal("no signing key could be made".to_owned()))?;
        Ok(document.as_ref().to_vec())
    }

    /// The key pair of such a document.
    pub(crate) fn read(pkcs8: &[u8]) -> Result<Self, Error> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new());
        let pair = pair.map_err(|_| Error::Damaged("a signing key cannot be read".to_owned()))?;
        let kid = thumbprint(pair.public_key().as_ref());
        Ok(SigningKey { kid, pair })
    }

    /// Signs claims as a token of this kind.
    pub(crate) fn sign(&self, kind: &str, claims: &impl Serialize) -> Result<String, Error> {
        let failed = |what: &str| Error::Internal(format!("a token could not be {what}"));
        let header = Header { alg: ALGORITHM, typ: kind, kid: &self.kid };
        let part = |json: serde_json::Result<Vec<u8>>| json.map(|json| BASE64.encode(json));
        let header = part(serde_json::to_vec(&header)).map_err(|_| failed("written"))?;
        let claims = part(serde_json::to_vec(claims)).map_err(|_| failed("written"))?;
        let message = format!("{header}.{claims}");
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).map_err(|_| failed("signed"))?;
        Ok(format!("{message}.{}", BASE64.encode(signature)))
    }

    /// The public half as a JSON Web Key (RFC 7517).
    pub(crate) fn public(&self) -> Value {
        let (x, y) = coordinates(self.pair.public_key().as_ref());
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": ALGORITHM, "kid": self.kid })
    }

    fn is_by(&self, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &dyn VerificationAlgorithm = &ECDSA_P256_SHA256_FIXED;
        UnparsedPublicKey::new(algorithm, self.pair.public_key().as_ref()).verify(message, signature).is_ok()
    }
}

/// By which key a token says it was signed, before anything is known of it.
pub(crate) fn named_key(text: &str) -> Result<String, Unsound> {
    claimed(text)?.kid.ok_or(Unsound::Key)
}

/// The claims of a token of this kind that one of these keys signed. The time is not looked at.
pub(crate) fn verify<'a, C: DeserializeOwned>(
    text: &str,
    kind: &str,
    mut keys: impl Iterator<Item = &'a SigningKey>,
) -> Result<C, Unsound> {
    let Claimed { alg, typ, kid, crit } = claimed(text)?;
    // The algorithm is ours to choose, whatever the token says (RFC 8725, 3.1).
    if alg != ALGORITHM || crit.is_some() {
        return Err(Unsound::Algorithm);
    }
    if !typ.is_some_and(|typ| typ.eq_ignore_ascii_case(kind)) {
        return Err(Unsound::Kind);
    }
    let signer = keys.find(|key| kid.as_ref() == Some(&key.kid)).ok_or(Unsound::Key)?;
    let (message, signature) = text.rsplit_once('.').ok_or(Unsound::Malformed)?;
    let signature = BASE64.decode(signature).map_err(|_| Unsound::Malformed)?;
    if !signer.is_by(message.as_bytes(), &signature) {
        return Err(Unsound::Signature);
    }
    let body = message.split_once('.').map(|(_, body)| body).ok_or(Unsound::Malformed)?;
    let body = BASE64.decode(body).map_err(|_| Unsound::Malformed)?;
    serde_json::from_slice(&body).map_err(|_| Unsound::Malformed)
}

fn claimed(text: &str) -> Result<Claimed, Unsound> {
    if text.len() > LONGEST || text.bytes().filter(|byte| *byte == b'.').count() != 2 {
        return Err(Unsound::Malformed);
    }
    let header = text.split_once('.').map(|(header, _)| header).ok_or(Unsound::Malformed)?;
    let header = BASE64.decode(header).map_err(|_| Unsound::Malformed)?;
    serde_json::from_slice(&header).map_err(|_| Unsound::Malformed)
}

/// The coordinates of an uncompressed point: 4, x, y.
fn coordinates(point: &[u8]) -> (String, String) {
    let (x, y) = point.get(1..).unwrap_or_default().split_at(COORDINATE.min(point.len().saturating_sub(1)));
    (BASE64.encode(x), BASE64.encode(y))
}

fn thumbprint(point: &[u8]) -> String {
    let (x, y) = coordinates(point);
    // The members that RFC 7638 names, in its order and without spaces.
    BASE64.encode(Sha256::digest(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::read(&SigningKey::generate().unwrap()).unwrap()
    }

    fn verify_as(text: &str, kind: &str, keys: &[&SigningKey]) -> Result<Value, Unsound> {
        verify(text, kind, keys.iter().copied())
    }

    fn part(json: &Value) -> String {
        BASE64.encode(json.to_string())
    }

    /// A token of one's own header, signed as this header asks for as far as an attacker can.
    fn forged(header: &Value, signature: &[u8]) -> String {
        format!("{}.{}.{}", part(header), part(&json!({ "sub": "root" })), BASE64.encode(signature))
    }

    #[test]
    fn a_signed_token_is_read_back_by_its_key_alone() {
        let (ours, other) = (key(), key());
        let token = ours.sign("at+jwt", &json!({ "sub": "ada" })).unwrap();
        assert_eq!(named_key(&token).unwrap(), ours.kid);
        assert_eq!(verify_as(&token, "at+jwt", &[&other, &ours]).unwrap()["sub"], "ada");
        assert_eq!(verify_as(&token, "at+jwt", &[&other]), Err(Unsound::Key));
        let posing = SigningKey { kid: ours.kid.clone(), ..other };
        assert_eq!(verify_as(&token, "at+jwt", &[&posing]), Err(Unsound::Signature));
    }

    #[test]
    fn a_key_is_the_same_after_it_was_kept() {
        let document = SigningKey::generate().unwrap();
        let token = SigningKey::read(&document).unwrap().sign("at+jwt", &json!({})).unwrap();
        assert!(verify_as(&token, "at+jwt", &[&SigningKey::read(&document).unwrap()]).is_ok());
    }

    #[test]
    fn a_token_that_asks_for_another_algorithm_is_refused() {
        let key = key();
        let point = key.pair.public_key().as_ref().to_vec();
        for alg in ["none", "None", "", "HS256", "ES384", "RS256", "es256"] {
            let header = json!({ "alg": alg, "typ": "at+jwt", "kid": key.kid });
            let message = format!("{}.{}", part(&header), part(&json!({ "sub": "root" })));
            let hmac = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &point);
            let signature = ring::hmac::sign(&hmac, message.as_bytes());
            for signature in [signature.as_ref(), &[]] {
                assert_eq!(verify_as(&forged(&header, signature), "at+jwt", &[&key]), Err(Unsound::Algorithm));
            }
        }
        let critical = json!({ "alg": "ES256", "typ": "at+jwt", "kid": key.kid, "crit": ["exp"] });
        assert_eq!(verify_as(&forged(&critical, &[]), "at+jwt", &[&key]), Err(Unsound::Algorithm));
    }

    #[test]
    fn a_token_of_another_kind_is_refused() {
        let key = key();
        let token = key.sign("JWT", &json!({})).unwrap();
        assert_eq!(verify_as(&token, "at+jwt", &[&key]), Err(Unsound::Kind));
        let untold = forged(&json!({ "alg": "ES256", "kid": key.kid }), &[]);
        assert_eq!(verify_as(&untold, "at+jwt", &[&key]), Err(Unsound::Kind));
    }

    #[test]
    fn a_token_that_was_changed_anywhere_is_refused() {
        let key = key();
        let token = key.sign("at+jwt", &json!({ "sub": "ada", "aud": "here" })).unwrap();
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(verify_as(&changed, "at+jwt", &[&key]).is_err(), "{place}");
            assert!(verify_as(&token[..place], "at+jwt", &[&key]).is_err(), "{place}");
        }
    }

    #[test]
    fn a_signature_of_zeros_is_refused() {
        // What some verifiers took for everybody's in 2022.
        let key = key();
        let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": key.kid });
        for signature in [vec![0; 64], vec![0; 63], vec![], vec![255; 64]] {
            assert_eq!(verify_as(&forged(&header, &signature), "at+jwt", &[&key]), Err(Unsound::Signature));
        }
    }

    #[test]
    fn what_is_no_token_is_refused_and_breaks_nothing() {
        let key = key();
        for text in ["", ".", "..", "a.b", "a.b.c", "e30.e30.e30", "....", &"a".repeat(10_000), "eyJ.é.x"] {
            assert!(verify_as(text, "at+jwt", &[&key]).is_err(), "{text}");
        }
        let twice = format!("{}.e30.", BASE64.encode(r#"{"alg":"ES256","alg":"none","typ":"at+jwt","kid":"x"}"#));
        assert_eq!(verify_as(&twice, "at+jwt", &[&key]), Err(Unsound::Malformed));
    }
}
