//! Many changes as one command: all or nothing, each on what those before it left. Every operation
//! has the body of its single route.

use crate::action::{ActionPatchBody, NewActionBody};
use crate::answer::{Answer, Reply};
use crate::application::{ApplicationPatchBody, NewApplicationBody};
use crate::assignment::{EndAssignmentBody, NewAssignmentBody};
use crate::call::{Call, reference, subject};
use crate::change::ChangeView;
use crate::difference::DryRunView;
use crate::environment::{EnvironmentOrderBody, EnvironmentPatchBody, NewEnvironmentBody};
use crate::group::{GroupPatchBody, NewGroupBody};
use crate::json;
use crate::membership::{MembersBody, NewMembersBody};
use crate::organization::SettingsPatchBody;
use crate::policy::{BindingsBody, NewPolicyBody, PolicyPatchBody};
use crate::problem::Problem;
use crate::project::{NewProjectBody, ProjectPatchBody};
use crate::resource_type::{NewResourceTypeBody, ResourceTypePatchBody};
use crate::role::{NewRoleBody, PermitsBody, RolePatchBody};
use crate::route::{Route, Shape};
use crate::slot::SlotRoleBody;
use crate::user::{NewUserBody, UserPatchBody};
use crate::wire;
use rolecall_model::Refusal;
use rolecall_model::action::ActionCommand;
use rolecall_model::application::ApplicationCommand;
use rolecall_model::command::Command;
use rolecall_model::environment::EnvironmentCommand;
use rolecall_model::group::GroupCommand;
use rolecall_model::name::nearest;
use rolecall_model::organization::SettingsPatch;
use rolecall_model::policy::PolicyCommand;
use rolecall_model::project::ProjectCommand;
use rolecall_model::refusal::Kind;
use rolecall_model::resource_type::ResourceTypeCommand;
use rolecall_model::role::RoleCommand;
use rolecall_model::token::TokenCommand;
use rolecall_model::user::UserCommand;
use rolecall_service::Ctx;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Most operations of one batch.
const MOST_OPERATIONS: usize = 10_000;

/// Operations to be carried out as one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchBody {
    pub operations: Vec<Value>,
}

/// One operation before its body is looked at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Operation {
    op: String,
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    body: Option<Value>,
}

/// What a batch came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchView {
    /// The revision of the one entry.
    pub revision: u64,
    /// Everything that happened, in order.
    pub changes: Vec<ChangeView>,
}

/// What an operation takes beside its name.
pub(crate) struct Parts<'a> {
    ctx: &'a Ctx,
    target: Option<String>,
    body: Option<Value>,
}

impl Parts<'_> {
    fn body<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        let body = self.body.take().ok_or_else(|| Problem::invalid("body", "body is missing"))?;
        json::read_value(body).map_err(|problem| problem.under("body"))
    }

    fn target(&mut self) -> Result<String, Problem> {
        self.target.take().ok_or_else(|| Problem::invalid("target", "target is missing"))
    }
}

type Read = fn(&mut Parts<'_>) -> Result<Command, Problem>;

/// An operation that a batch knows.
pub(crate) struct Known {
    pub op: &'static str,
    pub targeted: bool,
    pub body: Option<Shape>,
    read: Read,
}

/// An operation without a target.
fn on_all<T: ToSchema>(op: &'static str, read: Read) -> Known {
    Known { op, targeted: false, body: Some(Shape::of::<T>()), read }
}

/// An operation on a target, with a body.
fn on_one<T: ToSchema>(op: &'static str, read: Read) -> Known {
    Known { op, targeted: true, body: Some(Shape::of::<T>()), read }
}

/// An operation on a target, without a body.
const fn on(op: &'static str, read: Read) -> Known {
    Known { op, targeted: true, body: None, read }
}

/// Every operation of a batch.
pub(crate) fn known() -> Vec<Known> {
    let mut all = organization();
    all.extend(roles());
    all.extend(subjects());
    all.extend(grants());
    all
}

fn organization() -> Vec<Known> {
    vec![
        on_all::<SettingsPatchBody>("organization.change", |p| {
            Ok(SettingsPatch::from(p.body::<SettingsPatchBody>()?).into())
        }),
        on_all::<NewEnvironmentBody>("environment.create", |p| {
            Ok(EnvironmentCommand::Create(p.body::<NewEnvironmentBody>()?.into()).into())
        }),
        on_one::<EnvironmentPatchBody>("environment.change", |p| {
            Ok(EnvironmentCommand::Change(reference(&p.target()?), p.body::<EnvironmentPatchBody>()?.into()).into())
        }),
        on("environment.delete", |p| Ok(EnvironmentCommand::Delete(reference(&p.target()?)).into())),
        on_all::<EnvironmentOrderBody>("environment.order", |p| {
            Ok(EnvironmentCommand::Order(wire::references(p.body::<EnvironmentOrderBody>()?.environments)).into())
        }),
        on_all::<NewProjectBody>("project.create", |p| {
            Ok(ProjectCommand::Create(p.body::<NewProjectBody>()?.into()).into())
        }),
        on_one::<ProjectPatchBody>("project.change", |p| {
            Ok(ProjectCommand::Change(reference(&p.target()?), p.body::<ProjectPatchBody>()?.into()).into())
        }),
        on("project.archive", |p| Ok(ProjectCommand::Archive(reference(&p.target()?)).into())),
        on("project.restore", |p| Ok(ProjectCommand::Restore(reference(&p.target()?)).into())),
        on("project.delete", |p| Ok(ProjectCommand::Delete(reference(&p.target()?)).into())),
        on_all::<NewResourceTypeBody>("resource_type.create", |p| {
            Ok(ResourceTypeCommand::from(p.body::<NewResourceTypeBody>()?).into())
        }),
        on_one::<ResourceTypePatchBody>("resource_type.change", |p| {
            let target = reference(&p.target()?);
            Ok(p.body::<ResourceTypePatchBody>()?.on(target).into())
        }),
        on("resource_type.delete", |p| Ok(ResourceTypeCommand::Delete(reference(&p.target()?)).into())),
    ]
}

fn roles() -> Vec<Known> {
    vec![
        on_all::<NewActionBody>("action.create", |p| {
            Ok(ActionCommand::Create(p.body::<NewActionBody>()?.into()).into())
        }),
        on_one::<ActionPatchBody>("action.change", |p| {
            Ok(ActionCommand::Change(reference(&p.target()?), p.body::<ActionPatchBody>()?.into()).into())
        }),
        on("action.delete", |p| Ok(ActionCommand::Delete(reference(&p.target()?)).into())),
        on_all::<NewRoleBody>("role.create", |p| Ok(RoleCommand::Create(p.body::<NewRoleBody>()?.into()).into())),
        on_one::<RolePatchBody>("role.change", |p| {
            Ok(RoleCommand::Change(reference(&p.target()?), p.body::<RolePatchBody>()?.into()).into())
        }),
        on_one::<PermitsBody>("role.permit", |p| {
            Ok(RoleCommand::Permit(reference(&p.target()?), wire::permits(p.body::<PermitsBody>()?.permits)).into())
        }),
        on_one::<PermitsBody>("role.withdraw", |p| {
            Ok(RoleCommand::Withdraw(reference(&p.target()?), wire::permits(p.body::<PermitsBody>()?.permits)).into())
        }),
        on("role.delete", |p| Ok(RoleCommand::Delete(reference(&p.target()?)).into())),
        on_all::<NewPolicyBody>("policy.create", |p| {
            Ok(PolicyCommand::Create(p.body::<NewPolicyBody>()?.into()).into())
        }),
        on_one::<PolicyPatchBody>("policy.change", |p| {
            Ok(PolicyCommand::Change(reference(&p.target()?), p.body::<PolicyPatchBody>()?.into()).into())
        }),
        on_one::<BindingsBody>("policy.bind", |p| {
            Ok(PolicyCommand::Bind(reference(&p.target()?), wire::bindings(p.body::<BindingsBody>()?.bindings)).into())
        }),
        on_one::<BindingsBody>("policy.unbind", |p| {
            Ok(PolicyCommand::Unbind(reference(&p.target()?), wire::bindings(p.body::<BindingsBody>()?.bindings))
                .into())
        }),
        on("policy.delete", |p| Ok(PolicyCommand::Delete(reference(&p.target()?)).into())),
    ]
}

fn subjects() -> Vec<Known> {
    vec![
        on_all::<NewUserBody>("user.create", |p| {
            let body = p.body::<NewUserBody>()?;
            if body.invite == Some(true) {
                let said = "a batch invites nobody; leave it out and invite each user by itself";
                return Err(Problem::invalid("body.invite", said));
            }
            Ok(UserCommand::Create(body.new_user(p.ctx)?).into())
        }),
        on_one::<UserPatchBody>("user.change", |p| {
            Ok(UserCommand::Change(subject(&p.target()?), p.body::<UserPatchBody>()?.into()).into())
        }),
        on("user.delete", |p| Ok(UserCommand::Delete(subject(&p.target()?)).into())),
        on_all::<NewApplicationBody>("application.create", |p| {
            let body = p.body::<NewApplicationBody>()?;
            if body.secret {
                let said = "a secret is answered once, which a batch cannot; create the application by itself";
                return Err(Problem::invalid("body.secret", said));
            }
            Ok(ApplicationCommand::Create(body.new_application(p.ctx)?).into())
        }),
        on_one::<ApplicationPatchBody>("application.change", |p| {
            Ok(ApplicationCommand::Change(subject(&p.target()?), p.body::<ApplicationPatchBody>()?.into()).into())
        }),
        on("application.delete", |p| Ok(ApplicationCommand::Delete(subject(&p.target()?)).into())),
        on_all::<NewGroupBody>("group.create", |p| Ok(p.body::<NewGroupBody>()?.command(p.ctx)?.into())),
        on_one::<GroupPatchBody>("group.change", |p| {
            Ok(GroupCommand::Change(reference(&p.target()?), p.body::<GroupPatchBody>()?.into()).into())
        }),
        on_one::<NewMembersBody>("group.add_members", |p| {
            let group = reference(&p.target()?);
            p.body::<NewMembersBody>()?.command(p.ctx, &group)
        }),
        on_one::<MembersBody>("group.remove_members", |p| {
            let group = reference(&p.target()?);
            Ok(p.body::<MembersBody>()?.remove(&group))
        }),
        on_one::<MembersBody>("group.replace_members", |p| {
            let group = reference(&p.target()?);
            Ok(p.body::<MembersBody>()?.replace(group).into())
        }),
        on("group.delete", |p| Ok(GroupCommand::Delete(reference(&p.target()?)).into())),
    ]
}

/// A slot set in a batch: the slot is the target.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlotBody {
    /// The user, application or group, by any identifier.
    pub subject: String,
    /// The role; null takes a group's role of the slot away.
    #[serde(deserialize_with = "json::explicit")]
    #[schema(required = true)]
    pub role: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

fn grants() -> Vec<Known> {
    vec![
        on_all::<NewAssignmentBody>("assignment.create", |p| Ok(p.body::<NewAssignmentBody>()?.create(p.ctx)?.into())),
        on_all::<EndAssignmentBody>("assignment.end", |p| Ok(p.body::<EndAssignmentBody>()?.end()?.into())),
        on_one::<SlotBody>("slot.set", |p| {
            let slot = p.target()?;
            let SlotBody { subject: holder, role, reason } = p.body()?;
            Ok(SlotRoleBody { role, reason }.command(&slot, subject(&holder)).into())
        }),
        on("token.revoke", |p| {
            let key = p.target()?;
            let key = key.parse().map_err(|_| {
                Problem::from(Refusal::new(Kind::Unknown, "target", format!("no token has the key \"{key}\"")))
            })?;
            Ok(TokenCommand::Revoke(key).into())
        }),
    ]
}

fn command(ctx: &Ctx, table: &[Known], value: Value) -> Result<Command, Problem> {
    let Operation { op, target, body } = json::read_value(value)?;
    let Some(known) = table.iter().find(|known| known.op == op) else {
        let near = nearest(&op, table.iter().map(|known| known.op)).map(|near| format!("; did you mean \"{near}\"?"));
        let op = rolecall_model::refusal::shown(&op);
        return Err(Problem::invalid("op", format!("there is no operation \"{op}\"{}", near.unwrap_or_default())));
    };
    let mut parts = Parts { ctx, target, body };
    let command = (known.read)(&mut parts)?;
    if parts.target.is_some() {
        return Err(Problem::invalid("target", format!("{op} has no target; leave it out")));
    }
    if parts.body.is_some() {
        return Err(Problem::invalid("body", format!("{op} has no body; leave it out")));
    }
    Ok(command)
}

async fn commands(call: &Call) -> Result<Command, Problem> {
    let BatchBody { operations } = call.json().await?;
    if operations.len() > MOST_OPERATIONS {
        let said = format!(
            "{} operations are too many for one batch; at most {MOST_OPERATIONS} are taken, so split it or import",
            operations.len()
        );
        return Err(Problem::new("too_many", said).at("operations"));
    }
    let table = known();
    let read = operations.into_iter().enumerate().map(|(index, value)| {
        command(&call.ctx, &table, value).map_err(|problem| problem.under(&format!("operations[{index}]")))
    });
    read.collect::<Result<Vec<_>, Problem>>().map(Command::Batch)
}

async fn carry_out(call: Call) -> Reply {
    let command = commands(&call).await?;
    let done = call.change(command).await.map_err(in_operations)?;
    call.changed(&done, |view, changes| {
        Answer::json(&BatchView { revision: done.revision, changes: ChangeView::all(view.org(), changes) }).ok()
    })
}

/// Of a batch nothing is the path's target, so what is missing is unknown rather than not found.
fn in_operations(problem: Problem) -> Problem {
    let problem = problem.renamed("commands", "operations");
    let Some(field) = problem.field.as_deref().filter(|_| problem.code == "not_found") else { return problem };
    let operation = field.split_inclusive(']').next().unwrap_or_default();
    let field = if field == operation { field.to_owned() } else { format!("{operation}.target") };
    Problem::new("unknown", problem.detail.clone()).at(field)
}

async fn plan(call: Call) -> Reply {
    let command = commands(&call).await?;
    let done = call.change(command).await.map_err(in_operations)?;
    let Some(difference) = &done.difference else { return Err(Problem::new("internal", "a plan changed something")) };
    Ok(Answer::json(&DryRunView::of(&call.ctx, &done, difference))?.of(&done))
}

/// The routes of batches.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::post("/batch", "carry_out_batch", "Carry out many changes as one: all or nothing, one revision")
            .open("every operation needs what its single route needs")
            .takes_batch::<BatchBody>()
            .answers::<BatchView>()
            .by(carry_out),
        Route::post(
            "/plan",
            "plan_batch",
            "Show who would gain and who would lose what by a batch, exactly; nothing changes",
        )
        .open("every operation needs what its single route needs")
        .takes_batch::<BatchBody>()
        .answers::<DryRunView>()
        .plans()
        .by(plan),
    ]
}

impl utoipa::PartialSchema for BatchBody {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type};
        let text = |about: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(about));
        let mut each = OneOfBuilder::new().description(Some("An operation; its body is that of the single route."));
        for Known { op, targeted, body, .. } in known() {
            let mut schema = ObjectBuilder::new()
                .title(Some(op))
                .property("op", text("Which operation.").enum_values(Some([op])))
                .required("op")
                .additional_properties(Some(
                    utoipa::openapi::schema::AdditionalProperties::<utoipa::openapi::Schema>::FreeForm(false),
                ));
            if targeted {
                schema = schema
                    .property("target", text("On which thing, named as in a path, without percent-encoding."))
                    .required("target");
            }
            if let Some(shape) = body {
                schema =
                    schema.property("body", utoipa::openapi::Ref::from_schema_name((shape.name)())).required("body");
            }
            each = each.item(schema);
        }
        let operations = ArrayBuilder::new().items(each).max_items(Some(MOST_OPERATIONS));
        let operations = operations.description(Some("At most 10,000, carried out in order, all or nothing."));
        ObjectBuilder::new()
            .description(Some("Operations to be carried out as one."))
            .property("operations", operations)
            .required("operations")
            .into()
    }
}

impl ToSchema for BatchBody {
    fn name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Borrowed("BatchBody")
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        for shape in known().into_iter().filter_map(|known| known.body) {
            (shape.collect)(schemas);
        }
    }
}
