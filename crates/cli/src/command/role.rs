//! Roles from the command line: made and changed in an editor, from a file, or by flags.

use super::definition::{self, Definition};
use super::noun::{Listing, Noun, body};
use crate::failure::Failure;
use crate::output::{scope, text};
use crate::session::Session;
use crate::template;
use crate::yaml::RoleFile;
use clap::Args;
use reqwest::Method;
use rolecall_client::Ask;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Roles as people see them.
pub const ROLE: Noun = Noun {
    word: "role",
    path: "/roles",
    columns: &[
        ("NAME", |one| text(one, "name")),
        ("ACTIONS", actions_in_short),
        ("DESCRIPTION", |one| text(one, "description")),
    ],
    rows: &[
        ("name", |one| text(one, "name")),
        ("description", |one| text(one, "description")),
        ("actions", actions),
        ("bindable", |one| text(one, "bindable")),
        ("slot", |one| text(one, "slot")),
        ("predefined", |one| text(one, "predefined")),
    ],
};

fn permits(role: &Value) -> Vec<String> {
    let permits = role.get("permits").and_then(Value::as_array).into_iter().flatten();
    let line = |permit: &Value| match scope(permit).as_str() {
        "everywhere" => text(permit, "action"),
        scope => format!("{} ({scope})", text(permit, "action")),
    };
    permits.map(line).collect()
}

fn actions(role: &Value) -> String {
    permits(role).join("\n")
}

fn actions_in_short(role: &Value) -> String {
    let permits = permits(role);
    match permits.len() {
        0..=4 => permits.join(", "),
        many => format!("{}, … ({many} in all)", permits[..3].join(", ")),
    }
}

impl Definition for RoleFile {
    const LIST: &'static str = "permits";
    fn read(text: &str) -> Result<Self, Failure> {
        RoleFile::read(text)
    }
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
    fn body(&self) -> Value {
        RoleFile::body(self)
    }
    fn locate(&self, failure: Failure) -> Failure {
        RoleFile::locate(self, failure)
    }
}

/// `create role`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall create role \"Production Runner\" --edit\n  rolecall create role \"Production Runner\" --file runner.yaml\n  rolecall create role Reader --action view_flyte_inventory --action view_flyte_executions\n\nThe file:\n  name: Production Runner\n  description: Can view and execute workflows\n  actions:\n    - view_flyte_inventory\n    - create_flyte_executions\n    - {action: register_flyte_inventory, domain: development}"
)]
pub struct Create {
    /// Its name
    name: String,
    /// Write it in $EDITOR, which lists all actions
    #[arg(long, conflicts_with_all = ["file", "actions"])]
    edit: bool,
    /// Read it from a YAML file; - is standard input
    #[arg(long, short, value_name = "FILE", conflicts_with = "actions")]
    file: Option<PathBuf>,
    /// An action it permits; may be repeated
    #[arg(long = "action", value_name = "ACTION")]
    actions: Vec<String>,
    /// What it is for
    #[arg(long, conflicts_with = "file")]
    description: Option<String>,
}

/// `get role`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall get role\n  rolecall get role \"Production Runner\" -o yaml\n  rolecall get role --action create_flyte_executions"
)]
pub struct Get {
    /// One of them
    name: Option<String>,
    /// Only those that permit this action
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

/// `update role`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall update role \"Production Runner\"\n  rolecall update role \"Production Runner\" --file runner.yaml\n  rolecall update role \"Production Runner\" --add-action register_flyte_inventory"
)]
pub struct Update {
    /// Its name
    name: String,
    /// Read it from a YAML file instead of opening $EDITOR; - is standard input
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["add", "remove", "description"])]
    file: Option<PathBuf>,
    /// An action to permit too; may be repeated
    #[arg(long = "add-action", value_name = "ACTION")]
    add: Vec<String>,
    /// An action to permit no longer; may be repeated
    #[arg(long = "remove-action", value_name = "ACTION")]
    remove: Vec<String>,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
}

impl Create {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        if let Some(file) = &self.file {
            return definition::create_from::<RoleFile>(session, &ROLE, &self.name, file).await;
        }
        if self.edit {
            let empty =
                json!({ "name": self.name, "description": self.description.unwrap_or_default(), "permits": [] });
            let shown = template::role(&empty, &definition::vocabulary(session, false).await);
            return definition::create_typed::<RoleFile>(session, &ROLE, &self.name, &shown).await;
        }
        if self.actions.is_empty() {
            return Err(Failure::wrong_use("say what the role permits: --edit, --file or --action"));
        }
        let fields = [
            ("name", Some(json!(self.name))),
            ("description", self.description.map(Value::from)),
            ("permits", Some(plain(&self.actions))),
        ];
        ROLE.create(session, body(fields)).await
    }
}

/// Actions without narrowing, as permits.
fn plain(actions: &[String]) -> Value {
    actions.iter().map(|action| json!({ "action": action })).collect()
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        ROLE.show(session, self.name.as_deref(), &self.listing, ROLE.list().query("action", self.action.as_ref())).await
    }
}

impl Update {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        if let Some(file) = &self.file {
            return definition::update_from::<RoleFile>(session, &ROLE, &self.name, file).await;
        }
        if self.description.is_none() && self.add.is_empty() && self.remove.is_empty() {
            let present = session.read(ROLE.one(&self.name)).await?;
            definition::own(&ROLE, &present)?;
            let shown = template::role(&present, &definition::vocabulary(session, false).await);
            return definition::update_typed::<RoleFile>(session, &ROLE, &present, &shown).await;
        }
        let ask = Ask::new(Method::POST, "/batch").body(json!({ "operations": self.operations() }));
        session.make(ask, |_| format!("updated role \"{}\"", self.name)).await
    }

    /// All of it happens or none.
    fn operations(&self) -> Vec<Value> {
        let operation = |op: &str, body: Value| json!({ "op": op, "target": self.name, "body": body });
        let changes = [
            (!self.remove.is_empty()).then(|| operation("role.withdraw", json!({ "permits": plain(&self.remove) }))),
            (!self.add.is_empty()).then(|| operation("role.permit", json!({ "permits": plain(&self.add) }))),
            self.description.as_ref().map(|text| operation("role.change", json!({ "description": text }))),
        ];
        changes.into_iter().flatten().collect()
    }
}
