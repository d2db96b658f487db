//! How people sign in, from the command line; and what takes somebody's means away or sets connections up.

use super::group::GROUP;
use super::noun::body;
use super::user::USER;
use super::verb::Named;
use crate::failure::Failure;
use crate::output::{self, Column, Format, text, time};
use crate::session::{Session, confirm};
use crate::when::{seconds, spoken};
use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use rolecall_client::{Ask, segment};
use serde_json::{Value, json};

const PATH: &str = "/organization/sign-in";
const SCIM: &str = "/organization/scim";

const ROWS: &[Column] = &[
    ("passwords", |one| if one.get("passwords") == Some(&Value::Bool(false)) { "off" } else { "on" }.to_owned()),
    ("second factor", |one| text(one, "second_factor")),
    ("session idle", |one| span(one, "session_idle_seconds")),
    ("session", |one| span(one, "session_seconds")),
    ("invitation", |one| span(one, "invite_seconds")),
];

const SCIM_ROWS: &[Column] = &[
    ("state", |one| {
        if one.get("enabled") == Some(&Value::Bool(true)) { "connected" } else { "not connected" }.to_owned()
    }),
    ("url", |one| text(one, "url")),
    ("token", |one| text(one, "token")),
    ("issued", |one| time(one, "issued")),
    ("last used", |one| time(one, "last_used")),
];

fn span(one: &Value, field: &str) -> String {
    one.get(field).and_then(Value::as_u64).map(spoken).unwrap_or_default()
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Demand {
    Optional,
    Required,
}

/// `update sign-in`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall update sign-in --second-factor required\n  rolecall update sign-in --passwords off\n  rolecall update sign-in --session-idle 1h --session 12h --invite 3d"
)]
pub struct Update {
    /// Whether passwords count
    #[arg(long, value_enum, value_name = "on|off", hide_possible_values = true)]
    passwords: Option<Switch>,
    /// Whether a second factor must be there after a password
    #[arg(long, value_enum, value_name = "optional|required", hide_possible_values = true)]
    second_factor: Option<Demand>,
    /// After so long without a request a session ends
    #[arg(long, value_name = "SPAN", value_parser = seconds)]
    session_idle: Option<i64>,
    /// After so long a session ends in any case
    #[arg(long, value_name = "SPAN", value_parser = seconds)]
    session: Option<i64>,
    /// For so long an invitation counts
    #[arg(long, value_name = "SPAN", value_parser = seconds)]
    invite: Option<i64>,
}

/// `get sign-in`
pub async fn get(session: &Session) -> Result<(), Failure> {
    output::item(session.format, &session.read(PATH.to_owned()).await?, ROWS)
}

impl Update {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let demand = |demand| if matches!(demand, Demand::Required) { "required" } else { "optional" };
        let body = body([
            ("passwords", self.passwords.map(|switch| json!(matches!(switch, Switch::On)))),
            ("second_factor", self.second_factor.map(|word| json!(demand(word)))),
            ("session_idle_seconds", self.session_idle.map(Value::from)),
            ("session_seconds", self.session.map(Value::from)),
            ("invite_seconds", self.invite.map(Value::from)),
        ]);
        if body.as_object().is_some_and(serde_json::Map::is_empty) {
            return Err(Failure::wrong_use("say what to change of it; --help lists what can be"));
        }
        let Some(made) = session.change(Ask::new(Method::PATCH, PATH).body(body)).await? else { return Ok(()) };
        output::item(session.format, &made, ROWS)
    }
}

/// `get scim-token`
pub async fn scim(session: &Session) -> Result<(), Failure> {
    output::item(session.format, &session.read(SCIM.to_owned()).await?, SCIM_ROWS)
}

/// `create scim-token`
pub async fn connect(session: &Session) -> Result<(), Failure> {
    let Some(made) = session.change(Ask::new(Method::PUT, SCIM)).await? else { return Ok(()) };
    output::item(session.format, &made, &SCIM_ROWS[1..])?;
    if session.format == Format::Table {
        output::say("the token is shown only now, and older ones count no more; give both to your identity provider");
    }
    Ok(())
}

/// `delete scim-token`
pub async fn disconnect(session: &Session, yes: bool) -> Result<(), Failure> {
    confirm(yes || session.is_dry_run(), "end the SCIM connection?")?;
    session.make(Ask::new(Method::DELETE, SCIM), |_| "ended the SCIM connection".to_owned()).await
}

/// `delete second-factor`
pub async fn end_second_factor(session: &Session, user: &str, yes: bool) -> Result<(), Failure> {
    let who = output::shown(user);
    confirm(yes || session.is_dry_run(), &format!("take the second factor of \"{who}\" away?"))?;
    let ask = Ask::new(Method::DELETE, format!("/users/{}/second-factor", segment(user)));
    session.make(ask, |_| format!("\"{who}\" signs in without a second factor until it sets up another")).await
}

/// What SCIM may manage.
#[derive(Subcommand, Debug)]
pub enum Managed {
    /// A user
    #[command(after_help = "Example:\n  rolecall unlink user grace@example.com")]
    User(Named),
    /// A group
    #[command(after_help = "Example:\n  rolecall unlink group Checkout")]
    Group(Named),
}

/// `unlink`
pub async fn unlink(session: &Session, managed: Managed) -> Result<(), Failure> {
    let (noun, Named { name }) = match managed {
        Managed::User(named) => (&USER, named),
        Managed::Group(named) => (&GROUP, named),
    };
    let ask = Ask::new(Method::POST, format!("{}/unlink", noun.one(&name)));
    let sentence =
        format!("the {} \"{}\" can be changed here again; SCIM does not manage it", noun.word, output::shown(&name));
    session.make(ask, |_| sentence).await
}
