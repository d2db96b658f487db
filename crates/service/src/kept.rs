//! What a façade's protocol has it keep for an organization although Rolecall does not act by it: settings of another
//! product that its clients want back as they sent them. They may hold secrets, so they are sealed and no part of the
//! history; that somebody changed them is an event.

use crate::ctx::Ctx;
use crate::{Error, event};
use rolecall_engine::Place;
use rolecall_model::Refusal;
use rolecall_model::operation as op;
use rolecall_model::refusal::Kind;
use rolecall_store::{OrganizationKey, Row};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The kind under which the store keeps them.
const KEPT: &str = "kept";
/// Most bytes of one, as JSON.
const LONGEST: usize = 65_536;

/// What is kept under a name, if there is something.
///
/// # Errors
/// `Forbidden` for who may not change how people sign in.
pub async fn kept(ctx: &Ctx, name: &'static str) -> Result<Option<Value>, Error> {
    ctx.require(op::PROVIDERS_WRITE, Place::ORGANIZATION)?;
    let organization = ctx.organization.key;
    let row = ctx.service.store().secret(organization, KEPT, key(name)).await?;
    let data = row.and_then(|row| row.data);
    data.map(|data| ctx.service.unsealed(&purpose(organization, name), &data)).transpose()
}

/// Keeps a value under a name, in place of the one before.
///
/// # Errors
/// `Forbidden` for who may not change how people sign in; `TooMany` when it is too long.
pub async fn keep(ctx: &Ctx, name: &'static str, value: &Value) -> Result<(), Error> {
    ctx.require(op::PROVIDERS_WRITE, Place::ORGANIZATION)?;
    if value.to_string().len() > LONGEST {
        let message = format!("these settings are longer than {LONGEST} bytes");
        return Err(Refusal::new(Kind::TooMany, "", message).into());
    }
    if kept(ctx, name).await?.as_ref() == Some(value) {
        return Ok(());
    }
    let organization = ctx.organization.key;
    let data = ctx.service.sealed(&purpose(organization, name), value)?;
    let row = Row::Secret { kind: KEPT, key: key(name), hash: None, data: Some(data) };
    ctx.service.store().append(organization, 0, &[], vec![row]).await?;
    event::note(ctx, "settings_kept", &format!("settings called \"{name}\", which are kept and not acted by"));
    Ok(())
}

fn key(name: &str) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::new().chain_update(KEPT).chain_update(name).finalize().into();
    let mut key = [0; 16];
    key.copy_from_slice(&digest[..16]);
    key
}

/// What is sealed for one organization and name opens as nothing else.
fn purpose(organization: OrganizationKey, name: &str) -> String {
    format!("{KEPT} {:032x} {name}", u128::from_be_bytes(organization.0))
}
