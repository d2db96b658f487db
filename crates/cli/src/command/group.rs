//! Groups and who is in them, from the command line.

use super::noun::{Listing, Noun, TermArgs, body, some};
use super::user::{holds, names, roles};
use crate::failure::Failure;
use crate::output::{self, text, time};
use crate::session::Session;
use clap::Args;
use reqwest::Method;
use rolecall_client::Ask;
use serde_json::{Map, Value, json};

/// Groups as people see them.
pub const GROUP: Noun = Noun {
    word: "group",
    path: "/groups",
    columns: &[
        ("SUBJECT", |one| text(one, "subject")),
        ("NAME", |one| text(one, "name")),
        ("MEMBERS", |one| text(one, "member_count")),
        ("POLICIES", holds),
        ("DESCRIPTION", |one| text(one, "description")),
    ],
    rows: &[
        ("subject", |one| text(one, "subject")),
        ("name", |one| text(one, "name")),
        ("description", |one| text(one, "description")),
        ("members", |one| text(one, "member_count")),
        ("policies", |one| names(one, "policies", "policy")),
        ("roles", roles),
        ("names at sign-on", |one| text(one, "sso_names")),
    ],
};

/// `create group`
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  rolecall create group Checkout --member grace@example.com --member alan@example.com --policy \"Team Prod Access\""
)]
pub struct Create {
    /// Its name
    name: String,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
    /// A user to put in; may be repeated
    #[arg(long = "member", value_name = "USER")]
    members: Vec<String>,
    /// A policy to give; may be repeated
    #[arg(long = "policy", value_name = "NAME")]
    policies: Vec<String>,
    /// A name of the group at sign-on; may be repeated
    #[arg(long = "sso-name", value_name = "NAME")]
    sso_names: Vec<String>,
    #[command(flatten)]
    terms: TermArgs,
}

/// `get group`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall get group\n  rolecall get group Checkout\n  rolecall get group --member grace@example.com"
)]
pub struct Get {
    /// One of them, with its members
    name: Option<String>,
    /// Only those with this user
    #[arg(long, value_name = "USER")]
    member: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

/// `update group`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall update group Checkout --add-member radia@example.com --until 14d --reason \"helps out\"\n  rolecall update group Checkout --remove-member alan@example.com"
)]
pub struct Update {
    /// Its name
    name: String,
    /// Its new name
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
    /// A user to put in; may be repeated
    #[arg(long = "add-member", value_name = "USER")]
    add: Vec<String>,
    /// A user to take out; may be repeated
    #[arg(long = "remove-member", value_name = "USER")]
    remove: Vec<String>,
    #[command(flatten)]
    terms: TermArgs,
}

impl Create {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let fields = [
            ("name", Some(json!(self.name))),
            ("description", self.description.map(Value::from)),
            ("members", some(&self.members)),
            ("policies", some(&self.policies)),
            ("sso_names", some(&self.sso_names)),
            ("terms", self.terms.given()),
        ];
        GROUP.create(session, body(fields)).await
    }
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let ask = GROUP.list().query("member", self.member.as_ref());
        GROUP.show(session, self.name.as_deref(), &self.listing, ask).await?;
        match self.name {
            Some(name) if session.format == output::Format::Table => show_members(session, &name, &self.listing).await,
            _ => Ok(()),
        }
    }
}

async fn show_members(session: &Session, name: &str, listing: &Listing) -> Result<(), Failure> {
    let ask = Ask::new(Method::GET, format!("{}/members", GROUP.one(name))).query("at", listing.at.as_ref());
    let members = session.client.list_up_to(ask, listing.limit.unwrap_or(usize::MAX)).await?;
    if members.is_empty() {
        return Ok(());
    }
    output::print("\n")?;
    let columns: &[output::Column] = &[
        ("MEMBER", |one| text(one, "name")),
        ("EMAIL", |one| text(one, "email")),
        ("SUBJECT", |one| text(one, "user")),
        ("FROM", |one| time(one, "from")),
        ("UNTIL", |one| time(one, "until")),
        ("REASON", |one| text(one, "reason")),
    ];
    output::list(session.format, &members, columns, "")
}

impl Update {
    /// One batch: all of it happens or none.
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let mut operations = Vec::new();
        let patch =
            body([("name", self.new_name.map(Value::from)), ("description", self.description.map(Value::from))]);
        let mut operation =
            |op: &str, body: Value| operations.push(json!({ "op": op, "target": self.name, "body": body }));
        if !self.add.is_empty() {
            let member = |user: &String| {
                let mut member: Map<String, Value> =
                    self.terms.given().and_then(|terms| terms.as_object().cloned()).unwrap_or_default();
                member.insert("user".to_owned(), json!(user));
                Value::Object(member)
            };
            operation("group.add_members", json!({ "members": self.add.iter().map(member).collect::<Vec<_>>() }));
        }
        if !self.remove.is_empty() {
            operation("group.remove_members", json!({ "members": self.remove }));
        }
        // Last, for it may change the name by which the others find the group.
        if patch.as_object().is_some_and(|patch| !patch.is_empty()) {
            operation("group.change", patch);
        }
        if operations.is_empty() {
            return Err(Failure::wrong_use("say what to change of the group; --help lists what can be"));
        }
        let ask = Ask::new(Method::POST, "/batch").body(json!({ "operations": operations }));
        session.make(ask, |_| format!("updated group \"{}\"", self.name)).await
    }
}
