//! Environments. What kind one is, whether it is on and where it stands among the others is kept for the product; here
//! an environment is what a right can be narrowed to.

use crate::answer::{self, Reply};
use crate::call::Call;
use crate::fault::Fault;
use crate::gate::ADMIN;
use crate::kept::{self, kept};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use rolecall_model::collection::Row;
use rolecall_model::environment::{Environment, EnvironmentCommand, EnvironmentPatch, NewEnvironment};
use rolecall_model::id::EnvironmentId;
use rolecall_model::role::{PermitRef, RoleCommand};
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Command, Org, Ref};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;

const TYPE: &str = "type";
const ENABLED: &str = "enabled";
const SORT_ORDER: &str = "sortOrder";

/// What a kind is when nobody said it.
const USUAL: &str = "development";

/// Letters of the longest name.
const LONGEST_NAME: usize = 50;

/// An environment as the wire has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    enabled: bool,
    protected: bool,
    sort_order: i64,
}

/// An environment as the wire has it.
pub(crate) fn shown<'a>(org: &Org, environment: &'a Environment) -> Shown<'a> {
    // One that the catalog brought is of the kind it is called after.
    let named = if environment.name == "production" { "production" } else { USUAL };
    Shown {
        name: &environment.name,
        kind: kept::text(&environment.attributes, TYPE).unwrap_or(named),
        enabled: is_on(environment),
        protected: environment.protected,
        sort_order: sort_order(org, environment),
    }
}

/// Whether the product has it on.
pub(crate) fn is_on(environment: &Environment) -> bool {
    kept(&environment.attributes, ENABLED).and_then(Value::as_bool).unwrap_or(true)
}

/// Where it stands: what was said of it, else its place.
fn sort_order(org: &Org, environment: &Environment) -> i64 {
    let place = org.environment_order().iter().position(|id| *id == environment.id).unwrap_or_default();
    let kept = kept(&environment.attributes, SORT_ORDER).and_then(Value::as_i64);
    kept.unwrap_or_else(|| i64::try_from(place).unwrap_or_default() + 1)
}

/// All environments in their order.
pub(crate) fn in_order(org: &Org) -> impl Iterator<Item = &Row<Environment>> {
    org.environment_order().iter().filter_map(|id| org.environment(*id))
}

/// The environment of this name.
///
/// # Errors
/// 404.
pub(crate) fn known<'o>(org: &'o Org, name: &str) -> Result<&'o Row<Environment>, Fault> {
    let found = org.environment_named(name).filter(|environment| environment.name == name);
    let name = rolecall_model::refusal::shown(name);
    found.ok_or_else(|| Fault::not_found(format!("Could not find environment with name: {name}")))
}

/// Every environment.
pub(crate) async fn list(call: Call) -> Reply {
    let org = call.org();
    let environments: Vec<_> = in_order(org).map(|environment| shown(org, environment)).collect();
    answer::ok(&json!({"version": 1, "environments": environments}))
}

/// An environment.
pub(crate) async fn get(call: Call) -> Reply {
    let org = call.org();
    answer::ok(&shown(org, known(org, call.asked.param("name"))?))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct New {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    enabled: Option<bool>,
    sort_order: Option<i64>,
}

impl New {
    fn command(&self) -> Result<Command, Fault> {
        require_name(&self.name)?;
        if self.kind.trim().is_empty() {
            return Err(Fault::bad_at("/body/type", "\"type\" is not allowed to be empty"));
        }
        let new = NewEnvironment {
            name: self.name.clone(),
            title: String::new(),
            attributes: kept::fresh([
                (TYPE, self.kind.as_str().into()),
                (ENABLED, self.enabled.map_or(Value::Null, Value::from)),
                (SORT_ORDER, self.sort_order.map_or(Value::Null, Value::from)),
            ]),
        };
        Ok(EnvironmentCommand::Create(new).into())
    }
}

/// Refuses what cannot be a name in an address.
fn require_name(name: &str) -> Result<(), Fault> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(safe) || name == "." || name == ".." {
        let message = format!("\"name\" must be URL friendly, of 1 to {LONGEST_NAME} letters, digits, and - _ . ~");
        return Err(Fault::bad_at("/body/name", message));
    }
    Ok(())
}

/// Adds an environment at the end of the order.
pub(crate) async fn create(call: Call) -> Reply {
    call.require(ADMIN)?;
    let new: New = call.asked.body().await?;
    let done = call.execute(new.command()?).await?;
    let org = done.view.org();
    answer::created(&shown(org, known(org, &new.name)?), None)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Like {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    projects: Vec<String>,
    clone_permissions: Option<bool>,
}

/// Adds an environment like another: in these projects, and where roles permit something in the one, in the other too.
pub(crate) async fn clone(call: Call) -> Reply {
    call.require(ADMIN)?;
    let Like { name, kind, projects, clone_permissions } = call.asked.body().await?;
    let (call, _turn) = call.in_turn().await?;
    let org = call.org();
    let source = known(org, call.asked.param("name"))?.id;
    let new = New { name: name.clone(), kind, enabled: None, sort_order: None };
    let mut commands = vec![new.command()?];
    for project in &projects {
        commands.push(crate::project::uses(org, project, &name)?);
    }
    if clone_permissions.unwrap_or(true) {
        commands.extend(permits_of(org, source, &name));
    }
    let done = call.execute(Command::Batch(commands)).await?;
    let org = done.view.org();
    answer::created(&shown(org, known(org, &name)?), None)
}

/// What roles permit in one environment, permitted in another as well.
fn permits_of(org: &Org, source: EnvironmentId, name: &str) -> Vec<Command> {
    let roles = org.roles.iter().filter(|role| !role.predefined);
    let more = roles.filter_map(|role| {
        let there = role.permits.iter().filter(|permit| permit.scope.environment == Some(source));
        let permits: Vec<_> = there
            .map(|permit| PermitRef {
                action: Ref::Number(permit.action.number()),
                scope: ScopeRef {
                    project: permit.scope.project.map(|id| Ref::Number(id.number())),
                    environment: Some(Ref::from(name)),
                },
            })
            .collect();
        (!permits.is_empty()).then(|| RoleCommand::Permit(Ref::Number(role.id.number()), permits).into())
    });
    more.collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Patch {
    #[serde(rename = "type")]
    kind: Option<String>,
    sort_order: Option<i64>,
}

/// Changes what kind an environment is and where it stands.
pub(crate) async fn update(call: Call) -> Reply {
    call.require(ADMIN)?;
    let patch: Patch = call.asked.body().await?;
    let (call, _turn) = call.in_turn().await?;
    let environment = known(call.org(), call.asked.param("name"))?;
    let kept_or = |wanted: Option<Value>, name| {
        wanted.or_else(|| kept(&environment.attributes, name).cloned()).unwrap_or_default()
    };
    let kind = patch.kind.filter(|kind| !kind.trim().is_empty());
    let values = [
        (TYPE, kept_or(kind.map(Value::from), TYPE)),
        (SORT_ORDER, kept_or(patch.sort_order.map(Value::from), SORT_ORDER)),
    ];
    let (id, name) = (environment.id, environment.name.clone());
    let attributes = kept::with(&environment.attributes, values);
    let done = call.execute(change(id, attributes)).await?;
    let org = done.view.org();
    answer::ok(&shown(org, known(org, &name)?))
}

fn change(id: EnvironmentId, attributes: Option<serde_json::Map<String, Value>>) -> Command {
    let patch = EnvironmentPatch { attributes, ..EnvironmentPatch::default() };
    EnvironmentCommand::Change(Ref::Number(id.number()), patch).into()
}

/// Switches an environment on.
pub(crate) async fn on(call: Call) -> Reply {
    switch(call, true).await
}

/// Switches an environment off.
pub(crate) async fn off(call: Call) -> Reply {
    switch(call, false).await
}

async fn switch(call: Call, on: bool) -> Reply {
    call.require(ADMIN)?;
    let (call, _turn) = call.in_turn().await?;
    let environment = known(call.org(), call.asked.param("name"))?;
    let attributes = kept::with(&environment.attributes, [(ENABLED, on.into())]);
    call.execute(change(environment.id, attributes.filter(|_| is_on(environment) != on))).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Puts environments in another order, by numbers: smaller ones come first, those that are not named stay behind equals.
pub(crate) async fn sort(call: Call) -> Reply {
    call.require(ADMIN)?;
    let wanted: HashMap<String, i64> = call.asked.body().await?;
    let (call, _turn) = call.in_turn().await?;
    let org = call.org();
    let mut commands = Vec::new();
    for (name, place) in &wanted {
        let unknown = || Fault::bad(format!("there is no environment {}", rolecall_model::refusal::shown(name)));
        let environment = known(org, name).map_err(|_| unknown())?;
        let attributes = kept::with(&environment.attributes, [(SORT_ORDER, (*place).into())]);
        commands.push(change(environment.id, attributes));
    }
    let mut order: Vec<_> = in_order(org).collect();
    order.sort_by_key(|one| wanted.get(one.name.as_str()).copied().unwrap_or_else(|| sort_order(org, one)));
    let order = order.into_iter().map(|one| Ref::Number(one.id.number())).collect();
    commands.push(EnvironmentCommand::Order(order).into());
    call.execute(Command::Batch(commands)).await?;
    answer::empty()
}

#[derive(Debug, Deserialize)]
struct Wanted {
    name: String,
}

/// Says whether an environment could have this name.
pub(crate) async fn validate(call: Call) -> Reply {
    call.require(ADMIN)?;
    let Wanted { name } = call.asked.body().await?;
    require_name(&name)?;
    match call.org().environment_named(&name) {
        Some(_) => Err(Fault::name_exists("Environment already exists")),
        None => answer::empty(),
    }
}

/// Deletes an environment that no role and no access is narrowed to.
pub(crate) async fn delete(call: Call) -> Reply {
    call.require(ADMIN)?;
    let environment = known(call.org(), call.asked.param("name"))?.id;
    call.execute(EnvironmentCommand::Delete(Ref::Number(environment.number()))).await?;
    answer::empty()
}
