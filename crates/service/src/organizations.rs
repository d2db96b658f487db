//! The organizations of the installation. Whoever holds `rolecall.organizations.*` in the home
//! organization lists, creates and deletes them; nothing else crosses from one to another.

use crate::Error;
use crate::ctx::Ctx;
use crate::execute::to_the_end;
use crate::first_start::{FirstDone, FirstStart};
use crate::organization::Closing;
use rolecall_engine::Place;
use rolecall_model::id::{ActionId, OrganizationId};
use rolecall_model::operation as op;
use rolecall_model::refusal::Kind;
use rolecall_model::{Refusal, Timestamp};
use rolecall_store::OrganizationRow;

/// An organization, as the installation lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its opaque id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Whether it is the home of the installation.
    pub home: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl From<OrganizationRow> for Row {
    fn from(row: OrganizationRow) -> Self {
        let (id, created_at) = (OrganizationId::from_bytes(row.key.0), Timestamp::from_micros(row.created_at));
        Row { id, name: row.name, home: row.home, created_at }
    }
}

fn require(ctx: &Ctx, action: ActionId) -> Result<(), Error> {
    if !ctx.is_home() {
        return Err(ctx.forbidden(action, Place::ORGANIZATION));
    }
    ctx.require(action, Place::ORGANIZATION)
}

/// The organizations the caller may see: all with the right in the home organization, else its own.
pub fn list(ctx: &Ctx) -> Vec<Row> {
    let all = require(ctx, op::ORGANIZATIONS_READ).is_ok();
    let rows = ctx.service.rows().into_iter().map(Row::from);
    rows.filter(|row| all || row.id == ctx.organization()).collect()
}

/// Makes an organization with its first administrator.
///
/// # Errors
/// `Forbidden`; what is wrong with names, catalog or administrator.
pub async fn create(ctx: &Ctx, start: FirstStart) -> Result<FirstDone, Error> {
    require(ctx, op::ORGANIZATIONS_WRITE)?;
    require_present(ctx)?;
    let ctx = ctx.clone();
    to_the_end(async move {
        let done = ctx.service.found(&start, Some(&ctx)).await?;
        crate::event::note(
            &ctx,
            "organization_created",
            &format!("the organization \"{}\" was made", start.organization),
        );
        Ok(done)
    })
    .await
}

/// Removes an organization and everything of it. The home organization stays.
///
/// # Errors
/// `Forbidden`; `NotFound`; `NotNow` for the home organization.
pub async fn delete(ctx: &Ctx, name: &str) -> Result<(), Error> {
    if let Err(forbidden) = require(ctx, op::ORGANIZATIONS_WRITE) {
        return Err(if require(ctx, op::ORGANIZATIONS_READ).is_ok() {
            forbidden
        } else {
            Error::not_found("organization", name)
        });
    }
    let Some(row) = ctx.service.row_named(name) else { return Err(Error::not_found("organization", name)) };
    if row.home {
        let message = "the home organization cannot be deleted; it administers the others";
        return Err(Refusal::new(Kind::NotNow, "", message).into());
    }
    require_present(ctx)?;
    let ctx = ctx.clone();
    to_the_end(async move { delete_whole(&ctx, row).await }).await
}

async fn delete_whole(ctx: &Ctx, row: OrganizationRow) -> Result<(), Error> {
    let name = row.name.clone();
    let loaded = ctx.service.loaded().into_iter().find(|(other, _)| other.key == row.key);
    ctx.service.remove_organization(row.key);
    if let Some((_, organization)) = loaded {
        organization.close(Closing::Discard).await;
    }
    if let Err(error) = ctx.service.store().delete_organization(row.key).await {
        // It is still there, so it goes on.
        ctx.service.add_organization(row);
        return Err(error.into());
    }
    ctx.service.past().forget();
    let message = format!("the organization \"{name}\" was deleted");
    crate::event::note(ctx, "organization_deleted", &message);
    Ok(())
}

fn require_present(ctx: &Ctx) -> Result<(), Error> {
    let (field, message) = if ctx.is_dry_run() {
        ("dry_run", "making or deleting an organization cannot be shown beforehand; leave dry_run out")
    } else if ctx.past {
        ("at", "the past cannot be changed; leave \"at\" out")
    } else {
        return Ok(());
    };
    Err(Refusal::new(Kind::NotNow, field, message).into())
}
