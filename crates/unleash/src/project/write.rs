//! Making, changing and deleting projects.

use super::{CHANGE_REQUESTS, ENVIRONMENTS, MODE, MODES, STICKINESS, known, mode, stickiness};
use crate::answer::{self, Reply};
use crate::call::Call;
use crate::fault::Fault;
use crate::kept;
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::command::SubjectRef;
use rolecall_model::policy::BindingRef;
use rolecall_model::project::{NewProject, Project, ProjectCommand, ProjectPatch};
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Command, Org, Ref};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// Letters of the longest id.
const LONGEST_ID: usize = 100;

/// Refuses what cannot be an id in an address.
fn require_id(id: &str) -> Result<(), Fault> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(safe) || id == "." || id == ".." {
        let message = format!("\"id\" must be URL friendly, of 1 to {LONGEST_ID} letters, digits, and - _ . ~");
        return Err(Fault::bad_at("/body/id", message));
    }
    Ok(())
}

fn require_mode(mode: Option<&str>) -> Result<(), Fault> {
    match mode {
        Some(mode) if !MODES.contains(&mode) => {
            Err(Fault::bad_at("/body/mode", format!("\"mode\" must be one of {}", MODES.join(", "))))
        }
        _ => Ok(()),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct New {
    id: Option<String>,
    name: String,
    description: Option<String>,
    mode: Option<String>,
    default_stickiness: Option<String>,
    environments: Option<Vec<String>>,
    change_request_environments: Option<Vec<ChangeRequests>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangeRequests {
    name: String,
    required_approvals: Option<u32>,
}

/// Makes a project, which is its maker's; one that a program made for all is nobody's.
pub(crate) async fn create(call: Call) -> Reply {
    call.require(&["CREATE_PROJECT"])?;
    let new: New = call.asked.body().await?;
    let (call, _turn) = call.in_turn().await?;
    let org = call.org();
    let title = new.name.trim();
    if title.is_empty() {
        return Err(Fault::bad_at("/body/name", "\"name\" is not allowed to be empty"));
    }
    let id = match new.id.filter(|id| !id.is_empty()) {
        Some(id) => id,
        None => made_from(org, title),
    };
    require_id(&id)?;
    require_mode(new.mode.as_deref())?;
    let environments = new.environments.unwrap_or_else(|| enabled(org));
    let change_requests = new.change_request_environments.unwrap_or_default();
    require_environments(org, "environments", environments.iter())?;
    require_environments(org, "changeRequestEnvironments", change_requests.iter().map(|one| &one.name))?;
    let change_requests = change_requests.into_iter().map(|ChangeRequests { name, required_approvals }| {
        json!({"name": name, "requiredApprovals": required_approvals.unwrap_or(1)})
    });
    let or_null = |text: Option<String>| text.map_or(Value::Null, Value::from);
    let project = NewProject {
        name: id.clone(),
        title: title.to_owned(),
        description: new.description.unwrap_or_default(),
        attributes: kept::fresh([
            (MODE, or_null(new.mode)),
            (STICKINESS, or_null(new.default_stickiness)),
            (ENVIRONMENTS, environments.into()),
            (CHANGE_REQUESTS, change_requests.collect::<Vec<_>>().into()),
        ]),
    };
    let mut commands = vec![ProjectCommand::Create(project).into()];
    if call.is_admin_token() {
        commands.extend(disowned(&call, &id));
    }
    let done = call.execute(Command::Batch(commands)).await?;
    answer::created(&made(known(done.view.org(), &id)?), None)
}

/// Takes away what the maker of a project gets there.
fn disowned(call: &Call, project: &str) -> Vec<Command> {
    let roles = call.org().settings().map(|settings| settings.creator.as_slice()).unwrap_or_default();
    let ends = roles.iter().map(|role| {
        let scope = ScopeRef { project: Some(Ref::from(project)), environment: None };
        let grant = GrantRef::Role(BindingRef { role: Ref::Number(role.number()), scope });
        let subject = SubjectRef::Number(call.ctx.principal().number());
        AssignmentCommand::End { subject, grant, source: None, quietly: true }.into()
    });
    ends.collect()
}

/// What is answered to who made a project.
fn made(project: &Project) -> Value {
    let list = |name| kept::kept(&project.attributes, name).cloned().unwrap_or_else(|| json!([]));
    let mut made = json!({
        "id": project.name, "name": project.title, "mode": mode(project), "defaultStickiness": stickiness(project),
        "environments": list(ENVIRONMENTS), "changeRequestEnvironments": list(CHANGE_REQUESTS),
    });
    if let Some(made) = made.as_object_mut().filter(|_| !project.description.is_empty()) {
        made.insert("description".to_owned(), project.description.as_str().into());
    }
    made
}

/// The names of the environments that are on.
pub(super) fn enabled(org: &Org) -> Vec<String> {
    let all = org.environment_order().iter().filter_map(|id| org.environment(*id));
    all.filter(|one| crate::environment::is_on(one)).map(|one| one.name.to_string()).collect()
}

fn require_environments<'n>(org: &Org, field: &str, names: impl Iterator<Item = &'n String>) -> Result<(), Fault> {
    let unknown: Vec<&str> = names.filter(|name| org.environment_named(name).is_none()).map(String::as_str).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let message = format!("These environments do not exist: {}", rolecall_model::refusal::shown(&unknown.join(", ")));
    Err(Fault::bad_at(&format!("/body/{field}"), message))
}

/// An id made from a name, with a number behind it when it is taken.
fn made_from(org: &Org, name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(LONGEST_ID - 10);
    let slug = slug.trim_end_matches('-');
    let slug = if slug.is_empty() { "project" } else { slug };
    let free = |id: &String| org.project_named(id).is_none();
    let numbered = (1_u32..).map(|number| format!("{slug}-{number}"));
    std::iter::once(slug.to_owned()).chain(numbered).find(free).unwrap_or_default()
}

#[derive(Debug, Deserialize)]
struct Wanted {
    id: String,
}

/// Says whether a project could have this id.
pub(crate) async fn validate(call: Call) -> Reply {
    call.require(&["CREATE_PROJECT"])?;
    let Wanted { id } = call.asked.body().await?;
    require_id(&id)?;
    match call.org().project_named(&id) {
        Some(_) => Err(Fault::name_exists("A project with this id already exists.")),
        None => answer::empty(),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Patch {
    name: String,
    #[serde(default, deserialize_with = "given")]
    description: Option<String>,
    mode: Option<String>,
    default_stickiness: Option<String>,
}

/// What is given, also as null: an empty text. What is absent is none.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| Some(text.unwrap_or_default()))
}

/// Changes name and description, and what is kept of the rest.
pub(crate) async fn update(call: Call) -> Reply {
    call.require_in(&["UPDATE_PROJECT", "PROJECT_SETTINGS_WRITE"], call.asked.param("projectId"))?;
    let patch: Patch = call.asked.body().await?;
    require_mode(patch.mode.as_deref())?;
    let title = patch.name.trim().to_owned();
    if title.is_empty() {
        return Err(Fault::bad_at("/body/name", "\"name\" is not allowed to be empty"));
    }
    let (call, _turn) = call.in_turn().await?;
    let project = known(call.org(), call.asked.param("projectId"))?;
    let kept_or = |wanted: Option<String>, name| {
        wanted.map(Value::from).or_else(|| kept::kept(&project.attributes, name).cloned()).unwrap_or_default()
    };
    let values = [(MODE, kept_or(patch.mode, MODE)), (STICKINESS, kept_or(patch.default_stickiness, STICKINESS))];
    let patch = ProjectPatch {
        title: Some(title),
        description: patch.description,
        attributes: kept::with(&project.attributes, values),
    };
    call.execute(ProjectCommand::Change(Ref::Number(project.id.number()), patch)).await?;
    answer::empty()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    mode: Option<String>,
    default_stickiness: Option<String>,
    feature_naming: Option<Value>,
    link_templates: Option<Value>,
}

/// Sets what is only kept. What is absent stays.
pub(crate) async fn set(call: Call) -> Reply {
    call.require_in(&["UPDATE_PROJECT"], call.asked.param("projectId"))?;
    let settings: Settings = call.asked.body().await?;
    require_mode(settings.mode.as_deref())?;
    let (call, _turn) = call.in_turn().await?;
    let project = known(call.org(), call.asked.param("projectId"))?;
    let kept_or = |wanted: Option<Value>, name| {
        wanted.or_else(|| kept::kept(&project.attributes, name).cloned()).unwrap_or_default()
    };
    let values = [
        (MODE, kept_or(settings.mode.map(Value::from), MODE)),
        (STICKINESS, kept_or(settings.default_stickiness.map(Value::from), STICKINESS)),
        ("featureNaming", kept_or(settings.feature_naming, "featureNaming")),
        ("linkTemplates", kept_or(settings.link_templates, "linkTemplates")),
    ];
    let attributes = kept::with(&project.attributes, values);
    let patch = ProjectPatch { attributes, ..ProjectPatch::default() };
    call.execute(ProjectCommand::Change(Ref::Number(project.id.number()), patch)).await?;
    answer::empty()
}

/// What putting a project away and bringing it back needs: it is a change too.
const PUT_AWAY: &[&[&str]] = &[&["DELETE_PROJECT"], &["UPDATE_PROJECT"]];

/// Deletes a project, and with it what was given there.
pub(crate) async fn delete(call: Call) -> Reply {
    finish(call, &[&["DELETE_PROJECT"]], ProjectCommand::Delete).await
}

/// Hides a project: nothing more is given there.
pub(crate) async fn archive(call: Call) -> Reply {
    finish(call, PUT_AWAY, ProjectCommand::Archive).await
}

/// Brings a project back.
pub(crate) async fn revive(call: Call) -> Reply {
    finish(call, PUT_AWAY, ProjectCommand::Restore).await
}

async fn finish(call: Call, needs: &[&[&str]], command: fn(Ref) -> ProjectCommand) -> Reply {
    for names in needs {
        call.require_in(names, call.asked.param("projectId"))?;
    }
    let project = known(call.org(), call.asked.param("projectId"))?;
    call.execute(command(Ref::Number(project.id.number()))).await?;
    answer::empty()
}
