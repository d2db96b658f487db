//! Policies from the command line: made and changed in an editor, from a file, or by flags.

use super::definition::{self, Definition};
use super::noun::{Listing, Noun, Place, body};
use crate::failure::Failure;
use crate::output::{scope, text};
use crate::session::Session;
use crate::template;
use crate::yaml::PolicyFile;
use clap::Args;
use reqwest::Method;
use rolecall_client::Ask;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Policies as people see them.
pub const POLICY: Noun = Noun {
    word: "policy",
    path: "/policies",
    columns: &[
        ("NAME", |one| text(one, "name")),
        ("BINDINGS", bindings_in_short),
        ("DESCRIPTION", |one| text(one, "description")),
    ],
    rows: &[
        ("name", |one| text(one, "name")),
        ("description", |one| text(one, "description")),
        ("bindings", |one| bindings(one).join("\n")),
        ("predefined", |one| text(one, "predefined")),
    ],
};

fn bindings(policy: &Value) -> Vec<String> {
    let bindings = policy.get("bindings").and_then(Value::as_array).into_iter().flatten();
    bindings.map(|binding| format!("{} ({})", text(binding, "role"), scope(binding))).collect()
}

fn bindings_in_short(policy: &Value) -> String {
    let bindings = bindings(policy);
    match bindings.len() {
        0..=3 => bindings.join(", "),
        many => format!("{}, … ({many} in all)", bindings[..2].join(", ")),
    }
}

impl Definition for PolicyFile {
    const LIST: &'static str = "bindings";
    fn read(text: &str) -> Result<Self, Failure> {
        PolicyFile::read(text)
    }
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
    fn body(&self) -> Value {
        PolicyFile::body(self)
    }
    fn locate(&self, failure: Failure) -> Failure {
        PolicyFile::locate(self, failure)
    }
}

/// `create policy`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall create policy \"Team Prod Access\" --edit\n  rolecall create policy \"Team Prod Access\" --file team.yaml\n  rolecall create policy \"Team Prod Access\" --role \"Production Runner\" --project my-project --domain production\n\nThe file:\n  name: Team Prod Access\n  description: Production execution access for the team\n  bindings:\n    - role: Production Runner\n      resource:\n        project: my-project\n        domain: production"
)]
pub struct Create {
    /// Its name
    name: String,
    /// Write it in $EDITOR, which lists roles and domains
    #[arg(long, conflicts_with_all = ["file", "role"])]
    edit: bool,
    /// Read it from a YAML file; - is standard input
    #[arg(long, short, value_name = "FILE", conflicts_with = "role")]
    file: Option<PathBuf>,
    /// A role it binds, at --project and --environment
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    #[command(flatten)]
    place: Place,
    /// What it is for
    #[arg(long, conflicts_with = "file")]
    description: Option<String>,
}

/// `get policy`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall get policy\n  rolecall get policy \"Team Prod Access\" -o yaml\n  rolecall get policy --role \"Production Runner\""
)]
pub struct Get {
    /// One of them
    name: Option<String>,
    /// Only those that bind this role
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

/// `update policy`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall update policy \"Team Prod Access\"\n  rolecall update policy \"Team Prod Access\" --file team.yaml\n  rolecall update policy \"Team Prod Access\" --add-role \"Production Runner\" --project my-project --domain staging"
)]
pub struct Update {
    /// Its name
    name: String,
    /// Read it from a YAML file instead of opening $EDITOR; - is standard input
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["add", "remove", "description"])]
    file: Option<PathBuf>,
    /// A role to bind too, at --project and --environment
    #[arg(long = "add-role", value_name = "NAME", conflicts_with = "remove")]
    add: Option<String>,
    /// A role to bind no longer at --project and --environment
    #[arg(long = "remove-role", value_name = "NAME")]
    remove: Option<String>,
    #[command(flatten)]
    place: Place,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
}

fn binding(role: &str, place: &Place) -> Value {
    let value = |text: &Option<String>| text.as_ref().map(|text| json!(text));
    body([("role", Some(json!(role))), ("project", value(&place.project)), ("environment", value(&place.environment))])
}

impl Create {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        if self.role.is_none() && !self.place.is_everywhere() {
            return Err(Failure::wrong_use("--project and --environment say where --role counts; name the role"));
        }
        if let Some(file) = &self.file {
            return definition::create_from::<PolicyFile>(session, &POLICY, &self.name, file).await;
        }
        if self.edit {
            let empty =
                json!({ "name": self.name, "description": self.description.unwrap_or_default(), "bindings": [] });
            let shown = template::policy(&empty, &definition::vocabulary(session, true).await);
            return definition::create_typed::<PolicyFile>(session, &POLICY, &self.name, &shown).await;
        }
        let Some(role) = &self.role else {
            return Err(Failure::wrong_use("say what the policy binds: --edit, --file or --role"));
        };
        let bindings = json!([binding(role, &self.place)]);
        let fields = [
            ("name", Some(json!(self.name))),
            ("description", self.description.map(Value::from)),
            ("bindings", Some(bindings)),
        ];
        POLICY.create(session, body(fields)).await
    }
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        POLICY.show(session, self.name.as_deref(), &self.listing, POLICY.list().query("role", self.role.as_ref())).await
    }
}

impl Update {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        if let Some(file) = &self.file {
            return definition::update_from::<PolicyFile>(session, &POLICY, &self.name, file).await;
        }
        let operations = self.operations();
        if !operations.is_empty() {
            let ask = Ask::new(Method::POST, "/batch").body(json!({ "operations": operations }));
            return session.make(ask, |_| format!("updated policy \"{}\"", self.name)).await;
        }
        if !self.place.is_everywhere() {
            return Err(Failure::wrong_use("--project and --environment belong to --add-role or --remove-role"));
        }
        let present = session.read(POLICY.one(&self.name)).await?;
        definition::own(&POLICY, &present)?;
        let shown = template::policy(&present, &definition::vocabulary(session, true).await);
        definition::update_typed::<PolicyFile>(session, &POLICY, &present, &shown).await
    }

    /// All of it happens or none.
    fn operations(&self) -> Vec<Value> {
        let operation = |op: &str, body: Value| json!({ "op": op, "target": self.name, "body": body });
        let one = |role: &String| json!({ "bindings": [binding(role, &self.place)] });
        let changes = [
            self.add.as_ref().map(|role| operation("policy.bind", one(role))),
            self.remove.as_ref().map(|role| operation("policy.unbind", one(role))),
            self.description.as_ref().map(|text| operation("policy.change", json!({ "description": text }))),
        ];
        changes.into_iter().flatten().collect()
    }
}
