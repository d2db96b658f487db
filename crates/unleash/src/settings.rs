//! How people sign in, as the protocol's settings have it: one object for each way, stored whole and shown as it was
//! sent. Not here: what of it Rolecall acts by (`oidc.rs`, `simple.rs`, `scim.rs`; nothing of `saml.rs`).

use crate::call::Call;
use crate::fault::Fault;
use serde_json::{Map, Number, Value};

/// Who may read and set them.
pub(crate) const GATE: &[&str] = &["ADMIN", "UPDATE_AUTH_CONFIGURATION"];

/// Settings by name.
pub(crate) type Settings = Map<String, Value>;

/// What kind of value a setting has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Is {
    Bool,
    Text,
    Id,
}

/// The longest text of a setting, in bytes: a chain of certificates.
const LONGEST: usize = 32_768;

/// The settings that a body has, of those that there are. A null is as good as none, and a whole number stays one
/// however it was written.
///
/// # Errors
/// 400 for a value of another kind.
pub(crate) async fn sent(call: &Call, known: &[(&str, Is)]) -> Result<Settings, Fault> {
    let body: Settings = call.asked.body().await?;
    let mut settings = Settings::new();
    for (name, is) in known {
        let Some(value) = body.get(*name).filter(|value| !value.is_null()) else { continue };
        let fits = match is {
            Is::Bool => value.as_bool().map(Value::Bool),
            Is::Text => value.as_str().filter(|text| text.len() <= LONGEST).map(Value::from),
            Is::Id => whole(value).map(|id| Value::Number(Number::from(id))),
        };
        let kind = match is {
            Is::Bool => "boolean",
            Is::Text => "string",
            Is::Id => "integer",
        };
        let unfit = || Fault::bad_at(&format!("/body/{name}"), format!("The `/body/{name}` property must be {kind}."));
        settings.insert((*name).to_owned(), fits.ok_or_else(unfit)?);
    }
    settings.entry("enabled").or_insert(Value::Bool(false));
    Ok(settings)
}

/// An id, or the 0 by which clients say that there is none.
fn whole(value: &Value) -> Option<u32> {
    let number =
        value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..=f64::from(i32::MAX)).contains(number))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number in the range")]
    Some(number as u32)
}

/// Whether the way of signing in is on.
pub(crate) fn is_on(settings: &Settings) -> bool {
    settings.get("enabled").and_then(Value::as_bool).unwrap_or_default()
}

/// A text that is there and not blank.
pub(crate) fn text<'a>(settings: &'a Settings, name: &str) -> Option<&'a str> {
    settings.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// Whether something is set; no when nobody said.
pub(crate) fn flag(settings: &Settings, name: &str) -> bool {
    settings.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// Refuses settings that switch something on without these texts.
///
/// # Errors
/// 400, naming the first that is missing.
pub(crate) fn require(settings: &Settings, names: &[&str]) -> Result<(), Fault> {
    let missing = names.iter().find(|name| text(settings, name).is_none());
    match missing {
        Some(name) if is_on(settings) => {
            let message = format!("The `/body/{name}` property is required when enabled is true.");
            Err(Fault::bad_at(&format!("/body/{name}"), message))
        }
        _ => Ok(()),
    }
}
