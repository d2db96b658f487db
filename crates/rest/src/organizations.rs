//! The organizations of the installation, for those who hold the right in the home organization.

use crate::answer::{Answer, Reply, encoded};
use crate::call::Call;
use crate::page::{After, Asked, has};
use crate::problem::Problem;
use crate::route::{Route, Where};
use rolecall_model::catalog::{BUILTIN, Catalog, builtin};
use rolecall_model::name::nearest;
use rolecall_model::{Timestamp, operation as op};
use rolecall_service::FirstStart;
use rolecall_service::organizations::{self, Row};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A new organization with its first administrator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOrganizationBody {
    /// Its name, unique in the installation.
    pub name: String,
    /// What people call it; absent means as its name.
    #[serde(default)]
    pub title: String,
    /// A catalog that comes with Rolecall: `union`, `unleash` or `none` (which is also the default).
    #[serde(default)]
    pub catalog: Option<String>,
    /// A catalog of one's own, as the text of its YAML file.
    #[serde(default)]
    pub catalog_yaml: Option<String>,
    /// The address of the first administrator, a user.
    #[serde(default)]
    pub admin_email: Option<String>,
    /// The first administrator's password.
    #[serde(default)]
    pub admin_password: Option<String>,
    /// A token of one's own choice, 16 characters or more, for an application with every right.
    #[serde(default)]
    pub admin_token: Option<String>,
}

/// An organization, as the installation lists it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganizationRowView {
    /// Its opaque id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is the home of the installation.
    pub home: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A new organization with its first administrator's token, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewOrganizationView {
    /// The organization.
    pub organization: OrganizationRowView,
    /// The first administrator's token, when none was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl From<Row> for OrganizationRowView {
    fn from(row: Row) -> Self {
        OrganizationRowView { id: row.id.to_string(), name: row.name, home: row.home, created_at: row.created_at }
    }
}

fn catalog(name: Option<String>, yaml: Option<String>) -> Result<Catalog, Problem> {
    let (text, field) = match (name, yaml) {
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("catalog", "name either a catalog or give one as catalog_yaml"));
        }
        (None, Some(yaml)) => (yaml, "catalog_yaml"),
        (name, None) => {
            let name = name.unwrap_or_else(|| "none".to_owned());
            let near = nearest(&name, BUILTIN.into_iter())
                .map(|near| format!("; did you mean \"{near}\"?"))
                .unwrap_or_default();
            let unknown = || Problem::new("unknown", format!("no catalog named \"{name}\"{near}")).at("catalog");
            (builtin(&name).ok_or_else(unknown)?.to_owned(), "catalog")
        }
    };
    Catalog::read(&text).map_err(|error| Problem::invalid(field, error.to_string()))
}

async fn list(call: Call) -> Reply {
    let asked = Asked::of(&call)?;
    let rows = organizations::list(&call.ctx).into_iter().filter(|row| has(&row.name, call.query("search")));
    let start = usize::try_from(asked.position()).unwrap_or(usize::MAX);
    let mut page: Vec<OrganizationRowView> = rows.skip(start).take(asked.limit + 1).map(Into::into).collect();
    let more = page.len() > asked.limit;
    page.truncate(asked.limit);
    let next = more.then(|| After::Number((start + page.len()) as u64));
    asked.answer(&call, page, next)
}

fn find(call: &Call, name: &str) -> Result<OrganizationRowView, Problem> {
    let row = organizations::list(&call.ctx).into_iter().find(|row| row.name == name || row.id.to_string() == name);
    row.map(Into::into).ok_or_else(|| Problem::not_found("organization", name))
}

async fn read(call: Call) -> Reply {
    Answer::json(&find(&call, call.path("organization"))?)
}

async fn create(call: Call) -> Reply {
    let body: NewOrganizationBody = call.json().await?;
    let NewOrganizationBody { name, title, catalog: named, catalog_yaml, admin_email, admin_password, admin_token } =
        body;
    let catalog = Arc::new(catalog(named, catalog_yaml)?);
    let start = FirstStart { organization: name, title, catalog, admin_email, admin_password, admin_token };
    let done = organizations::create(&call.ctx, start).await?;
    let id = done.organization.to_string();
    let token = done.token.map(|secret| secret.expose().to_owned());
    let view = NewOrganizationView { organization: find(&call, &id)?, token };
    let path = format!("/organizations/{}", encoded(&view.organization.name));
    Ok(Answer::json(&view)?.made(&path).secret())
}

async fn delete(call: Call) -> Reply {
    if call.ctx.is_dry_run() {
        let said = "deleting an organization cannot be shown beforehand: everything of it goes; leave dry_run out";
        return Err(Problem::new("not_now", said).at("dry_run"));
    }
    organizations::delete(&call.ctx, call.path("organization")).await?;
    Ok(Answer::nothing())
}

/// The routes of organizations.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/organizations",
            "list_organizations",
            "List the organizations of the installation that the caller may see",
        )
        .open("only the caller's own is listed without rolecall.organizations.read in the home organization")
        .pages::<OrganizationRowView>()
        .param("search", crate::route::Value::Text, "Only those with this text in their name.")
        .by(list),
        Route::post("/organizations", "create_organization", "Make an organization with its first administrator")
            .needs_at(op::ORGANIZATIONS_WRITE, Where::Home)
            .takes::<NewOrganizationBody>()
            .makes::<NewOrganizationView>()
            .by(create),
        Route::get(
            "/organizations/{organization}",
            "read_organization_row",
            "Read an organization as the installation lists it",
        )
        .open("what the caller may not see is not found")
        .answers::<OrganizationRowView>()
        .by(read),
        Route::delete(
            "/organizations/{organization}",
            "delete_organization",
            "Delete an organization and everything of it",
        )
        .needs_at(op::ORGANIZATIONS_WRITE, Where::Home)
        .by(delete),
    ]
}
