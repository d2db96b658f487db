//! What reads the texts of strangers, by itself: for trying it with any text at all.

use crate::canonical;
use crate::condition::Condition;
use crate::fault::Fault;
use crate::filter::{Filter, PatchPath};
use crate::patch;
use crate::schema::Type;
use crate::selection::Selection;
use serde_json::{Value, json};

fn said(fault: Fault) -> String {
    fault.detail
}

/// Reads a filter and tries it on a user.
///
/// # Errors
/// What to mend in it.
pub fn filter(text: &str) -> Result<bool, String> {
    let user = json!({"userName": "ada@example.com", "emails": [{"value": "ada@example.com", "type": "work"}]});
    let filter = Filter::parse(text).map_err(said)?;
    Ok(Condition::of(&filter, Type::User).map_err(said)?.holds_for(&user))
}

/// Reads a path of PATCH.
///
/// # Errors
/// What to mend in it.
pub fn path(text: &str) -> Result<(), String> {
    let path = PatchPath::parse(text).map_err(said)?;
    Type::User.locate(&path.attribute).map(drop).map_err(said)
}

/// Reads the names of attributes that an answer shows, and shows them of a resource.
///
/// # Errors
/// What to mend in them.
pub fn selection(only: Option<&str>, without: Option<&str>) -> Result<Value, String> {
    let user = json!({"id": "usr_1", "userName": "ada@example.com", "name": {"givenName": "Ada"}});
    Ok(Selection::parse(only, without).map_err(said)?.of(Type::User, user))
}

/// Reads a user as it is sent, and then a PATCH of it; answers the user as it is afterwards.
///
/// # Errors
/// What to mend in them.
pub fn patched(user: Value, body: Value) -> Result<Value, String> {
    let mut user = canonical::resource(Type::User, user).map_err(said)?;
    for step in patch::steps(Type::User, body).map_err(said)? {
        patch::apply(&mut user, step).map_err(said)?;
    }
    Ok(user.into())
}
