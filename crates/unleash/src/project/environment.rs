//! Which environments a project uses, and whether changes in them are requested first. Both are kept for the product and
//! decide nothing here: a right in an environment counts whether the project uses it or not.

use super::write::enabled;
use super::{CHANGE_REQUESTS, ENVIRONMENTS, known, seen};
use crate::answer::{self, Reply};
use crate::call::Call;
use crate::environment;
use crate::fault::Fault;
use crate::kept;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use rolecall_model::project::{Project, ProjectCommand, ProjectPatch};
use rolecall_model::{Command, Org, Ref};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The names of the environments that a project uses: all that are on, unless it was said.
fn used(org: &Org, project: &Project) -> Vec<String> {
    match kept::kept(&project.attributes, ENVIRONMENTS).and_then(Value::as_array) {
        Some(kept) => {
            let names = kept.iter().filter_map(Value::as_str).map(str::to_owned);
            names.filter(|name| org.environment_named(name).is_some()).collect()
        }
        None => enabled(org),
    }
}

fn keeps(project: &Project, name: &str, value: Value) -> Command {
    let attributes = kept::with(&project.attributes, [(name, value)]);
    let patch = ProjectPatch { attributes, ..ProjectPatch::default() };
    ProjectCommand::Change(Ref::Number(project.id.number()), patch).into()
}

/// That a project uses an environment, which may be new.
///
/// # Errors
/// 400 when there is no such project.
pub(crate) fn uses(org: &Org, project: &str, environment: &str) -> Result<Command, Fault> {
    let unknown =
        |_| Fault::bad_at("/body/projects", format!("there is no project {}", rolecall_model::refusal::shown(project)));
    let project = known(org, project).map_err(unknown)?;
    let mut names = used(org, project);
    names.push(environment.to_owned());
    Ok(keeps(project, ENVIRONMENTS, names.into()))
}

/// The environments that a project uses.
pub(crate) async fn list_environments(call: Call) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Used<'a> {
        #[serde(flatten)]
        environment: environment::Shown<'a>,
        visible: bool,
        project_api_token_count: u8,
        project_enabled_toggle_count: u8,
    }
    let org = call.org();
    let names = used(org, seen(&call, call.asked.param("projectId"))?);
    let all = environment::in_order(org).filter(|one| names.iter().any(|name| one.name == name.as_str()));
    let environments = all.map(|one| Used {
        environment: environment::shown(org, one),
        visible: true,
        project_api_token_count: 0,
        project_enabled_toggle_count: 0,
    });
    answer::ok(&json!({"version": 1, "environments": environments.collect::<Vec<_>>()}))
}

#[derive(Debug, Deserialize)]
struct Added {
    environment: String,
}

/// Lets a project use an environment.
pub(crate) async fn add_environment(call: Call) -> Reply {
    call.require_in(&["UPDATE_PROJECT"], call.asked.param("projectId"))?;
    let Added { environment } = call.asked.body().await?;
    let (call, _turn) = call.in_turn().await?;
    let org = call.org();
    let project = known(org, call.asked.param("projectId"))?;
    environment::known(org, &environment)?;
    if used(org, project).contains(&environment) {
        return Err(Fault::name_exists(format!("{} already has the environment {environment} enabled", project.name)));
    }
    call.execute(uses(org, &project.name, &environment)?).await?;
    answer::empty()
}

/// Lets a project no longer use an environment. What it does not use, it goes on not to use.
pub(crate) async fn remove_environment(call: Call) -> Reply {
    call.require_in(&["UPDATE_PROJECT"], call.asked.param("projectId"))?;
    let (call, _turn) = call.in_turn().await?;
    let org = call.org();
    let project = known(org, call.asked.param("projectId"))?;
    let environment = call.asked.param("environment");
    let names = used(org, project);
    if names.iter().any(|name| name == environment) {
        let rest: Vec<String> = names.into_iter().filter(|name| name != environment).collect();
        call.execute(keeps(project, ENVIRONMENTS, rest.into())).await?;
    }
    answer::empty()
}

/// Whether changes are requested first, as it is kept: the environments in which they are.
fn requested(project: &Project) -> Vec<Value> {
    let kept = kept::kept(&project.attributes, CHANGE_REQUESTS).and_then(Value::as_array);
    kept.cloned().unwrap_or_default()
}

/// For every environment that a project uses, whether changes there are requested first.
pub(crate) async fn change_requests(call: Call) -> Reply {
    call.require_in(&["UPDATE_PROJECT", "PROJECT_CHANGE_REQUEST_READ"], call.asked.param("projectId"))?;
    let org = call.org();
    let project = known(org, call.asked.param("projectId"))?;
    let requested = requested(project);
    let rows = used(org, project).into_iter().filter_map(|name| {
        let environment = serde_json::to_value(environment::shown(org, org.environment_named(&name)?)).ok()?;
        let on = requested.iter().find(|one| one["name"] == name.as_str());
        Some(json!({
            "environment": name, "type": environment["type"], "changeRequestEnabled": on.is_some(),
            "requiredApprovals": on.map(|one| one["requiredApprovals"].clone()),
        }))
    });
    answer::ok(&rows.collect::<Vec<_>>())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    change_requests_enabled: bool,
    required_approvals: Option<u32>,
}

/// Says whether changes in an environment are requested first.
pub(crate) async fn set_change_requests(call: Call) -> Reply {
    call.require_in(&["UPDATE_PROJECT", "PROJECT_CHANGE_REQUEST_WRITE"], call.asked.param("projectId"))?;
    let config: Config = call.asked.body().await?;
    let (call, _turn) = call.in_turn().await?;
    let org = call.org();
    let project = known(org, call.asked.param("projectId"))?;
    let environment = environment::known(org, call.asked.param("environment"))?.name.to_string();
    let mut requested = requested(project);
    let before =
        requested.iter().find(|one| one["name"] == environment.as_str()).map(|one| one["requiredApprovals"].clone());
    requested.retain(|one| one["name"] != environment.as_str());
    if config.change_requests_enabled {
        let approvals = config.required_approvals.map(Value::from).or(before).unwrap_or_else(|| 1.into());
        requested.push(json!({"name": environment, "requiredApprovals": approvals}));
    }
    call.execute(keeps(project, CHANGE_REQUESTS, requested.into())).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
