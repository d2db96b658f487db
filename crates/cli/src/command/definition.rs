//! What roles and policies share: they are written as YAML, in a file or in an editor.

use super::noun::Noun;
use crate::edit;
use crate::failure::Failure;
use crate::session::Session;
use crate::template::Vocabulary;
use reqwest::Method;
use rolecall_client::Ask;
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;

/// A text that was read: what it makes, and where in it something stands.
pub trait Definition: Sized {
    /// The field of its list.
    const LIST: &'static str;
    /// Reads it.
    fn read(text: &str) -> Result<Self, Failure>;
    /// The name it says.
    fn name(&self) -> Option<&str>;
    /// What it makes.
    fn body(&self) -> Value;
    /// Puts a refusal on the line of what it is about.
    fn locate(&self, failure: Failure) -> Failure;
}

/// The text of a file; `-` is standard input.
pub fn text_of(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    read.map_err(|error| Failure::failed(format!("cannot read {}: {error}", path.display())))
}

/// Makes one from a file. A name in it must be the one that was given.
pub async fn create_from<D: Definition>(
    session: &Session,
    noun: &Noun,
    name: &str,
    path: &Path,
) -> Result<(), Failure> {
    let file = path.display().to_string();
    let definition = D::read(&text_of(path)?).map_err(|failure| failure.in_file(&file))?;
    let body = named(&definition, noun, name).map_err(|failure| failure.in_file(&file))?;
    let made = noun.create(session, body).await;
    made.map_err(|failure| if failure.is_mendable() { definition.locate(failure).in_file(&file) } else { failure })
}

fn named<D: Definition>(definition: &D, noun: &Noun, name: &str) -> Result<Value, Failure> {
    if let Some(other) = definition.name().filter(|other| *other != name) {
        let word = noun.word;
        return Err(Failure::failed(format!(
            "the file names the {word} \"{other}\", the command \"{name}\"; make them the same"
        )));
    }
    let mut body = definition.body();
    body["name"] = Value::from(name);
    Ok(body)
}

/// Makes one from what is typed into an editor.
pub async fn create_typed<D: Definition>(
    session: &Session,
    noun: &Noun,
    name: &str,
    shown: &str,
) -> Result<(), Failure> {
    let attempt = async |typed: &str| {
        let definition = D::read(typed)?;
        let mut body = definition.body();
        if definition.name().is_none() {
            body["name"] = Value::from(name);
        }
        noun.create(session, body).await.map_err(|failure| definition.locate(failure))
    };
    edit::until_right(noun.word, shown, attempt).await.map(|_| ())
}

/// Changes one by what is typed into an editor on its present definition.
pub async fn update_typed<D: Definition>(
    session: &Session,
    noun: &Noun,
    present: &Value,
    shown: &str,
) -> Result<(), Failure> {
    let path = noun.one(present["name"].as_str().unwrap_or_default());
    let mut revision = present["revision"].as_u64();
    let attempt = async |typed: &str| {
        let definition = D::read(typed)?;
        let ask = Ask::new(Method::PATCH, path.clone()).body(whole(&definition)).if_match(revision);
        let made =
            session.make(ask, |made| format!("updated {} \"{}\"", noun.word, crate::output::text(made, "name"))).await;
        match made {
            Err(failure) if failure.is_changed() => {
                // Who saves again after having been told means it.
                revision = session.read(path.clone()).await?["revision"].as_u64();
                Err(Failure::mistake(format!(
                    "somebody changed the {} meanwhile; saving again puts yours in its place",
                    noun.word
                )))
            }
            made => made.map_err(|failure| definition.locate(failure)),
        }
    };
    edit::until_right(noun.word, shown, attempt).await.map(|_| ())
}

/// Changes one to what a file says.
pub async fn update_from<D: Definition>(
    session: &Session,
    noun: &Noun,
    name: &str,
    path: &Path,
) -> Result<(), Failure> {
    let file = path.display().to_string();
    let definition = D::read(&text_of(path)?).map_err(|failure| failure.in_file(&file))?;
    let made = noun.patch(session, name, definition.body()).await;
    made.map_err(|failure| if failure.is_mendable() { definition.locate(failure).in_file(&file) } else { failure })
}

/// An editor shows the whole definition, so what was emptied or left out there is meant to be empty.
fn whole<D: Definition>(definition: &D) -> Value {
    let mut body = definition.body();
    for (field, empty) in [(D::LIST, json!([])), ("description", json!(""))] {
        if body.get(field).is_none() {
            body[field] = empty;
        }
    }
    body
}

/// The names that may stand in a definition, as far as the caller may see them.
pub async fn vocabulary(session: &Session, with_roles: bool) -> Vocabulary {
    let some = async |path: &str, most: usize| {
        let listed = session.client.list_up_to(Ask::new(Method::GET, path), most).await;
        listed.unwrap_or_default()
    };
    Vocabulary {
        actions: if with_roles { Vec::new() } else { some("/actions", 2_000).await },
        roles: if with_roles { some("/roles", 500).await } else { Vec::new() },
        environments: super::environment::in_order(session, Ask::new(Method::GET, "/environments"))
            .await
            .unwrap_or_default(),
        projects: if with_roles { some("/projects", 50).await } else { Vec::new() },
    }
}

/// Refuses to open an editor on what never changes.
pub fn own(noun: &Noun, thing: &Value) -> Result<(), Failure> {
    if thing["predefined"] == Value::Bool(true) {
        let (word, name) = (noun.word, &thing["name"]);
        return Err(Failure::failed(format!(
            "the {word} {name} comes with the catalog and never changes; create one of your own"
        )));
    }
    Ok(())
}
