//! The demo: a small lived-in organization in a database that is thrown away. It is made by the
//! commands that anybody would give, so it shows nothing that cannot be done.

use crate::settings::read_catalog;
use anyhow::Context;
use rolecall_model::application::{ApplicationCommand, NewApplication};
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::command::SubjectRef;
use rolecall_model::group::{GroupCommand, NewGroup};
use rolecall_model::policy::{BindingRef, NewPolicy, PolicyCommand};
use rolecall_model::project::{NewProject, ProjectCommand};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::role::{NewRole, PermitRef, RoleCommand};
use rolecall_model::scope::ScopeRef;
use rolecall_model::user::{NewUser, UserCommand, UserPatch};
use rolecall_model::{Command, Ref, Timestamp};
use rolecall_service::{Clock, Ctx, FirstStart, Request, Service, SystemClock, execute};
use serde_json::Map;
use tempfile::TempDir;

const PEOPLE: [(&str, &str); 12] = [
    ("ada@example.com", "Ada Lovelace"),
    ("grace@example.com", "Grace Hopper"),
    ("alan@example.com", "Alan Turing"),
    ("katherine@example.com", "Katherine Johnson"),
    ("edsger@example.com", "Edsger Dijkstra"),
    ("barbara@example.com", "Barbara Liskov"),
    ("donald@example.com", "Donald Knuth"),
    ("radia@example.com", "Radia Perlman"),
    ("ken@example.com", "Ken Thompson"),
    ("frances@example.com", "Frances Allen"),
    ("niklaus@example.com", "Niklaus Wirth"),
    ("mary@example.com", "Mary Shaw"),
];
const PROJECTS: [(&str, &str); 4] = [
    ("checkout", "Takes payments"),
    ("search", "Finds things"),
    ("recommendations", "Suggests things"),
    ("legacy-billing", "Replaced by checkout"),
];

/// The administrator's password: said to everybody, and thrown away with the demo.
const PASSWORD: &str = "Demo-4-everybody!";

/// How to sign in to the demo.
pub(crate) struct Demo {
    token: String,
}

/// A folder that goes when the demo does.
pub(crate) fn folder() -> anyhow::Result<TempDir> {
    tempfile::Builder::new().prefix("rolecall-demo-").tempdir().context("no folder for the demo's database")
}

/// Makes the organization.
pub(crate) async fn fill(service: &Service, token: Option<String>) -> anyhow::Result<Demo> {
    let start = FirstStart {
        organization: "demo".to_owned(),
        title: "Demo".to_owned(),
        catalog: read_catalog("union")?,
        admin_email: Some("ada@example.com".to_owned()),
        admin_password: Some(PASSWORD.to_owned()),
        admin_token: token.clone(),
    };
    let done = service.first_start(start).await?;
    let token = token.or_else(|| done.token.map(|secret| secret.expose().to_owned())).unwrap_or_default();
    let ctx = enter(service, &token).await?;
    for commands in [people(), projects(), roles(), policies(), groups(), applications(), grants()] {
        execute(&ctx, Command::Batch(commands)).await?;
    }
    Ok(Demo { token })
}

async fn enter(service: &Service, token: &str) -> anyhow::Result<Ctx> {
    let request = Request {
        credential: Some(token),
        facade: "demo",
        request_id: "demo",
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    };
    Ok(service.enter(request).await?)
}

impl Demo {
    /// Says where the demo is and how to use it.
    pub(crate) fn announce(&self, url: &str) {
        let token = &self.token;
        eprintln!(
            "\nRolecall's demo is running at {url}\n\n\
             Sign in:           {url}/signin as ada@example.com with {PASSWORD}\n\
             Read the API:      {url}/docs\n\
             Use it from here:  export ROLECALL_URL={url} ROLECALL_TOKEN={token}\n\n\
             rolecall get user\n\
             rolecall check grace@example.com create_flyte_executions --project checkout --environment production\n\
             rolecall explain grace@example.com create_flyte_executions --project checkout --environment development\n\
             rolecall access katherine@example.com\n\n\
             Everything is thrown away when it stops (Ctrl-C).\n"
        );
    }
}

fn people() -> Vec<Command> {
    let mut commands: Vec<Command> = PEOPLE
        .iter()
        .skip(1)
        .map(|(email, name)| {
            let user = NewUser { name: (*name).to_owned(), email: Some((*email).to_owned()), ..NewUser::default() };
            UserCommand::Create(user).into()
        })
        .collect();
    let name = UserPatch { name: Some(PEOPLE[0].1.to_owned()), ..UserPatch::default() };
    commands.push(UserCommand::Change(user(PEOPLE[0].0), name).into());
    let leaves = UserPatch { active: Some(false), ..UserPatch::default() };
    commands.push(UserCommand::Change(user("niklaus@example.com"), leaves).into());
    commands
}

fn projects() -> Vec<Command> {
    let made = PROJECTS.iter().map(|(name, description)| {
        let (title, attributes) = (String::new(), Map::new());
        ProjectCommand::Create(NewProject {
            name: (*name).to_owned(),
            title,
            description: (*description).to_owned(),
            attributes,
        })
        .into()
    });
    made.collect()
}

fn role(name: &str, description: &str, actions: &[&str]) -> Command {
    let permits =
        actions.iter().map(|action| PermitRef { action: Ref::from(*action), scope: ScopeRef::ORGANIZATION }).collect();
    let (name, description) = (name.to_owned(), description.to_owned());
    RoleCommand::Create(NewRole { name, description, bindable: None, slot: None, permits, attributes: Map::new() })
        .into()
}

fn roles() -> Vec<Command> {
    vec![
        role(
            "Production Runner",
            "Can view and execute workflows",
            &["view_flyte_inventory", "view_flyte_executions", "create_flyte_executions"],
        ),
        role("Registrar", "Registers what others run", &["view_flyte_inventory", "register_flyte_inventory"]),
        role(
            "Project Lead",
            "Looks after a project and who works on it",
            &["administer_project", "manage_permissions"],
        ),
    ]
}

fn binding(role: &str, project: Option<&str>, environment: Option<&str>) -> BindingRef {
    let scope = ScopeRef { project: project.map(Ref::from), environment: environment.map(Ref::from) };
    BindingRef { role: Ref::from(role), scope }
}

fn policy(name: &str, description: &str, bindings: Vec<BindingRef>) -> Command {
    let (name, description) = (name.to_owned(), description.to_owned());
    PolicyCommand::Create(NewPolicy { name, description, bindings, attributes: Map::new() }).into()
}

fn policies() -> Vec<Command> {
    vec![
        policy(
            "Team Prod Access",
            "Production execution access for the team",
            vec![binding("Production Runner", Some("checkout"), Some("production"))],
        ),
        policy(
            "Search team",
            "Everything the search team does",
            vec![
                binding("Contributor", Some("search"), Some("development")),
                binding("Contributor", Some("search"), Some("staging")),
                binding("Production Runner", Some("search"), Some("production")),
            ],
        ),
        policy(
            "Development for all",
            "Trying things out, in every project",
            vec![binding("Contributor", None, Some("development"))],
        ),
        policy("Checkout leads", "Look after checkout", vec![binding("Project Lead", Some("checkout"), None)]),
    ]
}

fn group(name: &str, description: &str, members: &[&str], policies: &[&str]) -> Command {
    GroupCommand::Create(NewGroup {
        name: name.to_owned(),
        description: description.to_owned(),
        members: members.iter().map(|email| user(email)).collect(),
        grants: policies.iter().map(|name| GrantRef::Policy(Ref::from(*name))).collect(),
        terms: Terms::of(Source::Manual),
        ..NewGroup::default()
    })
    .into()
}

fn groups() -> Vec<Command> {
    vec![
        group(
            "Search",
            "The search team",
            &["katherine@example.com", "edsger@example.com", "barbara@example.com"],
            &["Search team", "Viewer"],
        ),
        group(
            "Checkout",
            "The checkout team",
            &["grace@example.com", "alan@example.com", "radia@example.com"],
            &["Team Prod Access", "Viewer"],
        ),
        group(
            "Readers",
            "Everybody who reads along",
            &["donald@example.com", "frances@example.com", "mary@example.com"],
            &["Viewer"],
        ),
    ]
}

fn applications() -> Vec<Command> {
    let made = [
        ("Nightly runner", "Runs workflows at night"),
        ("Deploy bot", "Registers new versions"),
        ("Dashboard", "Shows executions"),
    ];
    made.iter()
        .map(|(name, description)| {
            let (name, description) = ((*name).to_owned(), (*description).to_owned());
            ApplicationCommand::Create(NewApplication { name, description, ..NewApplication::default() }).into()
        })
        .collect()
}

fn grant(subject: SubjectRef, grant: GrantRef, terms: Terms) -> Command {
    AssignmentCommand::Grant(subject, grant, terms).into()
}

/// Grants by hand, some for a time, and a project that is no longer worked on.
fn grants() -> Vec<Command> {
    let now = SystemClock.now();
    let because = |reason: &str, from: Option<Timestamp>, until: Option<Timestamp>| Terms {
        reason: Some(reason.into()),
        from,
        until,
        ..Terms::of(Source::Manual)
    };
    let day = 24 * 60 * 60;
    let by_policy = |name: &str| GrantRef::Policy(Ref::from(name));
    vec![
        grant(user("grace@example.com"), by_policy("Checkout leads"), because("leads checkout", None, None)),
        grant(user("ken@example.com"), by_policy("Development for all"), because("new here", None, None)),
        grant(
            user("radia@example.com"),
            by_policy("Search team"),
            because("helps out", None, Some(now.plus_seconds(14 * day))),
        ),
        grant(
            user("frances@example.com"),
            by_policy("Contributor"),
            because("joins next week", Some(now.plus_seconds(7 * day)), None),
        ),
        grant(
            application("nightly-runner"),
            GrantRef::Role(binding("Production Runner", None, Some("production"))),
            because("runs every night", None, None),
        ),
        grant(
            application("deploy-bot"),
            GrantRef::Role(binding("Registrar", None, None)),
            because("deploys", None, None),
        ),
        grant(application("dashboard"), by_policy("Viewer"), because("shows executions", None, None)),
        ProjectCommand::Archive(Ref::from("legacy-billing")).into(),
    ]
}

fn user(email: &str) -> SubjectRef {
    SubjectRef::User(email.into())
}

fn application(client_id: &str) -> SubjectRef {
    SubjectRef::Application(client_id.into())
}
