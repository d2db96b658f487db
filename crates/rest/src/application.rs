//! Applications over the wire: machines that act.

use crate::answer::{Answer, Item, Reply, encoded};
use crate::call::Call;
use crate::json::{Attributes, given, nullable};
use crate::noun::{self, Noun, Sight};
use crate::problem::Problem;
use crate::route::{Route, Value};
use crate::user::{changed_principal, list_principals, resolve_principal, yes};
use crate::visible::Visible;
use crate::wire::{self, BindingBody, HeldPolicyView, HeldRoleView, TermsBody};
use rolecall_model::application::{ApplicationCommand, ApplicationPatch, NewApplication};
use rolecall_model::command::SubjectRef;
use rolecall_model::id::{Holder, PrincipalId};
use rolecall_model::principal::PrincipalKind;
use rolecall_model::scope::ScopeRef;
use rolecall_model::token::TokenKind;
use rolecall_model::{Change, Org, Refusal, Timestamp, operation as op};
use rolecall_service as service;
use rolecall_service::Ctx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A new application.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApplicationBody {
    /// What people call it.
    pub name: String,
    /// Its OAuth client id; absent means one made from its name.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The id another system knows it by.
    #[serde(default)]
    pub external_id: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Whether it may act at all.
    #[serde(default = "yes")]
    pub active: bool,
    /// Policies it is given at once.
    #[serde(default)]
    pub policies: Vec<String>,
    /// Roles it is given at once.
    #[serde(default)]
    pub roles: Vec<BindingBody>,
    /// The conditions of those grants.
    #[serde(default)]
    pub terms: TermsBody,
    /// Extra attributes, kept as they are.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: Attributes,
    /// Whether it gets a secret, which is answered once as `client_secret`. Not in a batch.
    #[serde(default)]
    pub secret: bool,
}

impl NewApplicationBody {
    pub(crate) fn new_application(self, ctx: &Ctx) -> Result<NewApplication, Problem> {
        let terms = self.terms.terms(ctx).map_err(|problem| problem.under("terms"))?;
        Ok(NewApplication {
            name: self.name,
            client_id: self.client_id,
            external_id: self.external_id,
            description: self.description,
            disabled: !self.active,
            grants: wire::grants(self.policies, self.roles),
            terms,
            attributes: self.attributes,
        })
    }
}

/// A new client secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSecretBody {
    /// What it is called, to tell it from others; absent means `client secret`.
    #[serde(default)]
    pub name: Option<String>,
    /// When it stops to count; absent means never.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// What of an application is to change; what is absent stays, null takes a value away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationPatchBody {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// The id another system knows it by.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub external_id: Option<Option<String>>,
    /// What it is for.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Whether it may act at all: false disables it, true enables it again.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
    /// Attributes to put over the present ones; null takes one away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Object)]
    pub attributes: Option<Attributes>,
}

impl From<ApplicationPatchBody> for ApplicationPatch {
    fn from(ApplicationPatchBody { name, external_id, description, active, attributes }: ApplicationPatchBody) -> Self {
        ApplicationPatch { name, external_id, description, active, attributes }
    }
}

/// An application.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApplicationView {
    /// Its opaque id, which never changes.
    pub subject: String,
    /// Its number; users and applications share one counter.
    pub number: u32,
    /// What people call it.
    pub name: String,
    /// Its OAuth client id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The id another system knows it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What it is for.
    pub description: String,
    /// Whether it may act at all.
    pub active: bool,
    /// Policies it has been given itself, as far as the caller may see them.
    pub policies: Vec<HeldPolicyView>,
    /// Roles it has been given itself, as far as the caller may see them.
    pub roles: Vec<HeldRoleView>,
    /// Extra attributes.
    #[schema(value_type = Object)]
    pub attributes: Attributes,
    /// The revision that made it.
    pub created_revision: u64,
    /// The revision that last changed it or what it holds: its entity tag.
    pub revision: u64,
}

/// A new application with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewApplicationView {
    /// The application.
    #[serde(flatten)]
    pub application: ApplicationView,
    /// Its secret, when one was asked for. Nobody can show it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
}

/// Applications.
pub(crate) struct Applications;

impl Noun for Applications {
    const WORD: &'static str = "application";
    const PATH: &'static str = "/applications";
    type View = ApplicationView;

    fn resolve(org: &Org, named: &str) -> Result<u32, Refusal> {
        resolve_principal(org, named, PrincipalKind::Application)
    }

    fn view(Sight { ctx, org, at }: Sight<'_>, number: u32) -> Option<Item<ApplicationView>> {
        let id = PrincipalId::new(number)?;
        let application = org.principal(id)?;
        let (policies, roles) = wire::held(org, Holder::Principal(id), at, &Visible::to(ctx));
        let view = ApplicationView {
            subject: application.subject.to_string(),
            number,
            name: application.name.to_string(),
            client_id: application.client_id().map(ToString::to_string),
            external_id: application.external_id.as_ref().map(ToString::to_string),
            description: application.description().to_owned(),
            active: application.active,
            policies,
            roles,
            attributes: wire::attributes(&application.attributes()),
            created_revision: application.created.0,
            revision: application.changed.0,
        };
        Some(Item { revision: application.changed.0, view })
    }

    fn of_change(change: &Change) -> Option<u32> {
        changed_principal(change, PrincipalKind::Application)
    }

    fn key(view: &ApplicationView) -> String {
        view.subject.clone()
    }
}

async fn list(call: Call) -> Reply {
    list_principals::<Applications>(&call, PrincipalKind::Application)
}

async fn create(call: Call) -> Reply {
    let body: NewApplicationBody = call.json().await?;
    let with_secret = body.secret;
    let new = body.new_application(&call.ctx)?;
    if !with_secret {
        let done = call.change(ApplicationCommand::Create(new)).await?;
        return noun::made::<Applications>(&call, &done);
    }
    let (done, secret) = service::create_application(&call.ctx, new, true).await?;
    let client_secret = secret.map(|secret| secret.expose().to_owned());
    call.changed(&done, |view, changes| {
        let number = changes.iter().find_map(Applications::of_change)?;
        let sight = Sight { ctx: &call.ctx, org: view.org(), at: call.ctx.now() };
        let Item { revision, view: application } = Applications::view(sight, number)?;
        let path = format!("/applications/{}", encoded(&application.subject));
        let view = NewApplicationView { application, client_secret };
        Some(Answer::item(&Item { revision, view }).ok()?.made(&path).secret())
    })
}

async fn add_secret(call: Call) -> Reply {
    let NewSecretBody { name, until } = call.json().await?;
    let subject = match call.subject("application") {
        SubjectRef::Any(name) => SubjectRef::Application(name),
        named => named,
    };
    let new = service::NewToken {
        subject,
        name: name.unwrap_or_else(|| service::CLIENT_SECRET.to_owned()),
        scope: ScopeRef::ORGANIZATION,
        actions: None,
        until,
        kind: TokenKind::Secret,
    };
    let issued = service::issue_token(&call.ctx, new).await.map_err(Problem::from);
    // The path names the application, so one that is not there is not found.
    let (done, secret) = issued.map_err(|problem| match problem.field.as_deref() {
        Some("subject") if problem.code == "unknown" => Problem::not_found("application", call.path("application")),
        _ => problem,
    })?;
    crate::token::issued(&call, &done, secret)
}

async fn change(call: Call) -> Reply {
    let body: ApplicationPatchBody = call.json().await?;
    let done = call.change(ApplicationCommand::Change(call.subject("application"), body.into())).await?;
    noun::changed::<Applications>(&call, &done)
}

async fn delete(call: Call) -> Reply {
    let done = call.change(ApplicationCommand::Delete(call.subject("application"))).await?;
    call.gone(&done)
}

/// The routes of applications.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/applications", "list_applications", "List applications")
            .needs(op::APPLICATIONS_READ)
            .lists::<ApplicationView>()
            .param("active", Value::Flag, "Only active ones, or only disabled ones.")
            .param("policy", Value::Text, "Only those that have been given this policy themselves.")
            .param("role", Value::Text, "Only those that have been given this role themselves.")
            .by(list),
        Route::post("/applications", "create_application", "Add an application, with a secret if asked for")
            .needs(op::APPLICATIONS_WRITE)
            .takes::<NewApplicationBody>()
            .makes::<NewApplicationView>()
            .by(create),
        Route::get("/applications/{application}", "read_application", "Read an application, by any identifier")
            .seen_by(op::APPLICATIONS_READ)
            .answers::<ApplicationView>()
            .by(|call| async move { noun::read::<Applications>(&call) }),
        Route::patch("/applications/{application}", "change_application", "Change, disable or enable an application")
            .needs(op::APPLICATIONS_WRITE)
            .seen_by(op::APPLICATIONS_READ)
            .takes::<ApplicationPatchBody>()
            .answers::<ApplicationView>()
            .by(change),
        Route::post(
            "/applications/{application}/secrets",
            "create_secret",
            "Give an application one more client secret, which is answered once; several count side by side",
        )
        .open("its own; rolecall.tokens.write for others")
        .takes::<NewSecretBody>()
        .makes::<crate::token::IssuedTokenView>()
        .by(add_secret),
        Route::delete(
            "/applications/{application}",
            "delete_application",
            "Delete an application, and with it what it held and its tokens",
        )
        .needs(op::APPLICATIONS_WRITE)
        .seen_by(op::APPLICATIONS_READ)
        .by(delete),
    ]
}
