//! Users from the command line.

use super::noun::{Listing, Noun, TermArgs, body, cleared, some};
use crate::failure::Failure;
use crate::output::{self, Format, scope, text};
use crate::session::Session;
use clap::Args;
use reqwest::Method;
use rolecall_client::Ask;
use serde_json::{Value, json};

/// Users as people see them.
pub const USER: Noun = Noun {
    word: "user",
    path: "/users",
    columns: &[
        ("SUBJECT", |one| text(one, "subject")),
        ("NAME", |one| text(one, "name")),
        ("EMAIL", |one| text(one, "email")),
        ("POLICIES", holds),
        ("GROUPS", |one| names(one, "groups", "group")),
        ("STATE", state),
    ],
    rows: &[
        ("subject", |one| text(one, "subject")),
        ("name", |one| text(one, "name")),
        ("email", |one| text(one, "email")),
        ("username", |one| text(one, "username")),
        ("external id", |one| text(one, "external_id")),
        ("policies", |one| names(one, "policies", "policy")),
        ("roles", roles),
        ("groups", |one| names(one, "groups", "group")),
        ("second factor", |one| {
            if one.get("second_factor") == Some(&Value::Bool(true)) { "one-time codes" } else { "" }.to_owned()
        }),
        ("passkeys", |one| Some(text(one, "passkeys")).filter(|count| count != "0").unwrap_or_default()),
        ("state", state),
    ],
};

/// Whether it counts.
pub fn state(subject: &Value) -> String {
    if subject.get("active") == Some(&Value::Bool(false)) { "disabled".to_owned() } else { "active".to_owned() }
}

/// The names in a list of things, separated by commas.
pub fn names(subject: &Value, list: &str, name: &str) -> String {
    let items = subject.get(list).and_then(Value::as_array).into_iter().flatten();
    items.map(|item| text(item, name)).collect::<Vec<_>>().join(", ")
}

/// The roles it has been given directly, each with its place.
pub fn roles(subject: &Value) -> String {
    let items = subject.get("roles").and_then(Value::as_array).into_iter().flatten();
    items.map(|item| format!("{} ({})", text(item, "role"), scope(item))).collect::<Vec<_>>().join(", ")
}

/// Policies and roles.
pub fn holds(subject: &Value) -> String {
    let both = [names(subject, "policies", "policy"), roles(subject)];
    both.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}

/// `create user`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall create user --email ada@example.com --name \"Ada Lovelace\" --policy Viewer\n  rolecall create user --email guest@example.com --policy Contributor --until 30d --reason \"summer intern\""
)]
pub struct Create {
    /// The address, by which the user is known
    #[arg(long)]
    email: Option<String>,
    /// What people call the user [default: the address]
    #[arg(long)]
    name: Option<String>,
    /// A short name to sign in with
    #[arg(long)]
    username: Option<String>,
    /// The id in another system
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// A policy to give; may be repeated
    #[arg(long = "policy", value_name = "NAME")]
    policies: Vec<String>,
    /// A role to give at the organization; may be repeated
    #[arg(long = "role", value_name = "NAME")]
    roles: Vec<String>,
    /// A group to put the user in; may be repeated
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// Add the user without an invitation to choose a password
    #[arg(long)]
    no_invitation: bool,
    #[command(flatten)]
    terms: TermArgs,
}

/// `get user`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall get user\n  rolecall get user ada@example.com\n  rolecall get user --policy \"Team Prod Access\" -o json"
)]
pub struct Get {
    /// One of them: subject, email or any other identifier
    subject: Option<String>,
    /// Only those who have been given this policy
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Only those in this group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// The one with this address
    #[arg(long, conflicts_with = "subject")]
    email: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

/// `update user`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall update user ada@example.com --name \"Ada King\"\n  rolecall update user ada@example.com --disable"
)]
pub struct Update {
    /// Subject, email or any other identifier
    subject: String,
    /// What people call the user
    #[arg(long)]
    name: Option<String>,
    /// The address; empty takes it away
    #[arg(long)]
    email: Option<String>,
    /// The short name; empty takes it away
    #[arg(long)]
    username: Option<String>,
    /// The id in another system; empty takes it away
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// Nothing the user holds counts any more
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// What the user holds counts again
    #[arg(long)]
    enable: bool,
}

impl Create {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        if self.email.is_none() && self.username.is_none() && self.external_id.is_none() {
            return Err(Failure::wrong_use("say by what the user is known: --email, --username or --external-id"));
        }
        let roles: Vec<Value> = self.roles.iter().map(|role| json!({ "role": role })).collect();
        let fields = [
            ("name", self.name.map(Value::from)),
            ("email", self.email.map(Value::from)),
            ("username", self.username.map(Value::from)),
            ("external_id", self.external_id.map(Value::from)),
            ("policies", some(&self.policies)),
            ("roles", (!roles.is_empty()).then(|| json!(roles))),
            ("groups", some(&self.groups)),
            ("terms", self.terms.given()),
            ("invite", self.no_invitation.then_some(json!(false))),
        ];
        let Some(made) = session.change(Ask::new(Method::POST, USER.path).body(body(fields))).await? else {
            return Ok(());
        };
        session.done(&made, &format!("created {}", USER.named(&made)))?;
        if session.format == Format::Table {
            if let Some(invitation) = made.get("invitation").filter(|invitation| invitation.is_object()) {
                super::link::say(invitation, &text(&made, "email"))?;
            }
            let warning = text(&made, "warning");
            if !warning.is_empty() {
                output::say(&warning);
            }
        }
        Ok(())
    }
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let ask = USER.list().query("policy", self.policy.as_ref()).query("group", self.group.as_ref());
        let one = self.subject.as_deref().or(self.email.as_deref());
        USER.show(session, one, &self.listing, ask).await
    }
}

impl Update {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let active = (self.disable || self.enable).then_some(json!(self.enable));
        let fields = [
            ("name", self.name.map(Value::from)),
            ("email", cleared(self.email.as_ref())),
            ("username", cleared(self.username.as_ref())),
            ("external_id", cleared(self.external_id.as_ref())),
            ("active", active),
        ];
        USER.patch(session, &self.subject, body(fields)).await
    }
}
