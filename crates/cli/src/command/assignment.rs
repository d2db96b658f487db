//! Assignments from the command line: who is given what, where, on what terms.

use super::group::GROUP;
use super::noun::{Listing, Noun, Place, TermArgs, body};
use crate::failure::Failure;
use crate::output::{self, scope, text, time};
use crate::session::{Session, confirm};
use clap::{Args, ValueEnum};
use reqwest::Method;
use rolecall_client::Ask;
use serde_json::{Value, json};

/// Assignments as people see them.
pub const ASSIGNMENT: Noun = Noun {
    word: "assignment",
    path: "/assignments",
    columns: &[
        ("ID", |one| text(one, "id")),
        ("WHO", |one| text(one, "subject_name")),
        ("SUBJECT", |one| text(one, "subject")),
        ("WHAT", what),
        ("TERMS", terms),
    ],
    rows: &[
        ("id", |one| text(one, "id")),
        ("who", |one| text(one, "subject_name")),
        ("subject", |one| text(one, "subject")),
        ("what", what),
        ("in force", |one| text(one, "in_force")),
        ("from", |one| time(one, "from")),
        ("until", |one| time(one, "until")),
        ("reason", |one| text(one, "reason")),
        ("approver", |one| text(one, "approver")),
        ("sources", |one| text(one, "sources")),
        ("given by", |one| text(one, "actor")),
        ("given at", |one| time(one, "at")),
    ],
};

/// What it gives: a policy, or a role at a place.
fn what(assignment: &Value) -> String {
    match text(assignment, "policy") {
        policy if policy.is_empty() => format!("role {} ({})", text(assignment, "role"), scope(assignment)),
        policy => format!("policy {policy}"),
    }
}

fn terms(assignment: &Value) -> String {
    let part = |value: String, word: &str| (!value.is_empty()).then(|| format!("{word}{value}"));
    let (from, until) = (time(assignment, "from"), time(assignment, "until"));
    let parts = [part(from, "from "), part(until, "until "), part(text(assignment, "reason"), "")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Who is meant.
#[derive(Args, Clone, Debug)]
pub struct Who {
    /// The user with this address
    #[arg(long)]
    email: Option<String>,
    /// The user with this subject or other identifier
    #[arg(long, value_name = "ID")]
    user_subject: Option<String>,
    /// The application with this subject, client id or other identifier
    #[arg(long, value_name = "ID")]
    creds_subject: Option<String>,
    /// The group with this name
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
}

/// What is given.
#[derive(Args, Clone, Debug)]
pub struct What {
    /// A policy
    #[arg(long, value_name = "NAME", conflicts_with = "role")]
    policy: Option<String>,
    /// A role, at --project and --environment
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// Which assignments to list.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Active {
    /// Those that count now
    True,
    /// Those that do not count yet or any more
    False,
    /// All
    Any,
}

/// `create assignment`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall create assignment --email ada@example.com --policy \"Team Prod Access\"\n  rolecall create assignment --creds-subject app-456 --policy Contributor --until 30d --reason \"migration\"\n  rolecall create assignment --group Checkout --role \"Production Runner\" --project checkout --environment production"
)]
pub struct Create {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    terms: TermArgs,
}

/// `get assignment`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall get assignment\n  rolecall get assignment --email ada@example.com\n  rolecall get assignment --policy \"Team Prod Access\" --active true"
)]
pub struct Get {
    /// One of them, by its id
    id: Option<String>,
    #[command(flatten)]
    who: Who,
    /// Only those of this policy
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Only those of this role
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    #[command(flatten)]
    place: Place,
    /// Whether they count now
    #[arg(long, value_enum)]
    active: Option<Active>,
    #[command(flatten)]
    listing: Listing,
}

/// `update assignment`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  rolecall update assignment ID --until 2030-12-31 --reason \"project goes on\"")]
pub struct Update {
    /// Its id, as `get assignment` shows it
    id: String,
    #[command(flatten)]
    terms: TermArgs,
}

/// `delete assignment`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall delete assignment --email ada@example.com --policy \"Team Prod Access\"\n  rolecall delete assignment --group Checkout --role \"Production Runner\" --project checkout --yes"
)]
pub struct Delete {
    /// Its id, as `get assignment` shows it
    id: Option<String>,
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    what: What,
}

impl Who {
    fn identifier(&self) -> Option<&str> {
        self.email.as_deref().or(self.user_subject.as_deref()).or(self.creds_subject.as_deref())
    }

    /// The subject, when exactly one was named.
    async fn subject(&self, session: &Session) -> Result<Option<String>, Failure> {
        let named = [&self.email, &self.user_subject, &self.creds_subject, &self.group];
        if named.iter().filter(|name| name.is_some()).count() > 1 {
            return Err(Failure::wrong_use("name one: --email, --user-subject, --creds-subject or --group"));
        }
        match &self.group {
            Some(group) => Ok(Some(text(&session.read(GROUP.one(group)).await?, "subject"))),
            None => Ok(self.identifier().map(str::to_owned)),
        }
    }

    async fn required(&self, session: &Session) -> Result<String, Failure> {
        let missing = || Failure::wrong_use("say who: --email, --user-subject, --creds-subject or --group");
        self.subject(session).await?.ok_or_else(missing)
    }

    fn said(&self) -> &str {
        self.identifier().or(self.group.as_deref()).unwrap_or_default()
    }
}

impl What {
    fn fields(&self) -> Result<[(&'static str, Option<Value>); 4], Failure> {
        match (&self.policy, &self.role) {
            (None, None) => return Err(Failure::wrong_use("say what: --policy NAME or --role NAME")),
            (Some(_), _) if !self.place.is_everywhere() => {
                return Err(Failure::wrong_use(
                    "a policy says itself where it counts; --project and --environment belong to --role",
                ));
            }
            _ => {}
        }
        let value = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        Ok([
            ("policy", value(&self.policy)),
            ("role", value(&self.role)),
            ("project", value(&self.place.project)),
            ("environment", value(&self.place.environment)),
        ])
    }

    fn said(&self) -> String {
        match (&self.policy, &self.role) {
            (Some(policy), _) => format!("policy \"{policy}\""),
            (_, role) => {
                let place = body([
                    ("project", self.place.project.clone().map(Value::from)),
                    ("environment", self.place.environment.clone().map(Value::from)),
                ]);
                format!("role \"{}\" {}", role.as_deref().unwrap_or_default(), output::place(&place))
            }
        }
    }
}

impl Create {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let [policy, role, project, environment] = self.what.fields()?;
        let [from, until, reason, approver] = self.terms.fields();
        let subject = ("subject", Some(json!(self.who.required(session).await?)));
        let body = body([subject, policy, role, project, environment, from, until, reason, approver]);
        let ask = Ask::new(Method::POST, ASSIGNMENT.path).body(body);
        session.make(ask, |_| format!("assigned {} to {}", self.what.said(), self.who.said())).await
    }
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        if self.listing.sort.is_some() {
            return Err(Failure::wrong_use("assignments come in the order of who has them; they cannot be sorted"));
        }
        let active = self.active.map(|active| match active {
            Active::True => "true",
            Active::False => "false",
            Active::Any => "any",
        });
        let ask =
            ASSIGNMENT.list().query("subject", self.who.subject(session).await?).query("policy", self.policy.as_ref());
        let ask = ask.query("role", self.role.as_ref()).query("project", self.place.project.as_ref());
        let ask = ask.query("environment", self.place.environment.as_ref()).query("in_force", active);
        ASSIGNMENT.show(session, self.id.as_deref(), &self.listing, ask).await
    }
}

impl Update {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let Some(terms) = self.terms.given() else {
            return Err(Failure::wrong_use("say what to change: --from, --until, --reason or --approver"));
        };
        let ask = Ask::new(Method::PATCH, ASSIGNMENT.one(&self.id)).body(terms);
        session.make(ask, |_| format!("updated assignment {}", self.id)).await
    }
}

impl Delete {
    pub async fn run(self, session: &Session, yes: bool) -> Result<(), Failure> {
        if let Some(id) = &self.id {
            return ASSIGNMENT.delete(session, id, yes).await;
        }
        let [policy, role, project, environment] = self.what.fields()?;
        let subject = ("subject", Some(json!(self.who.required(session).await?)));
        let question = format!("take {} from {}?", self.what.said(), self.who.said());
        confirm(yes || session.is_dry_run(), &question)?;
        let body = body([subject, policy, role, project, environment]);
        let ask = Ask::new(Method::POST, "/assignments/end").body(body);
        session.make(ask, |_| format!("took {} from {}", self.what.said(), self.who.said())).await
    }
}
