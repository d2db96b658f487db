//! Slots over the wire: roles of which a subject holds exactly one.

use crate::answer::{Answer, Reply};
use crate::call::{Call, reference, subject};
use crate::json::explicit;
use crate::page::{Asked, Entry, has, sorted};
use crate::problem::Problem;
use crate::route::Route;
use crate::wire;
use rolecall_model::assignment::{AssignmentCommand, Grant};
use rolecall_model::command::SubjectRef;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::{Org, operation as op, resolve};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A slot.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SlotView {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// The role of those who were given none.
    pub default: String,
    /// All its roles.
    pub roles: Vec<String>,
}

/// The role that somebody shall hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlotRoleBody {
    /// The role; null takes a group's role of the slot away.
    #[serde(deserialize_with = "explicit")]
    #[schema(required = true)]
    pub role: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The role that somebody holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SlotHolderView {
    /// The slot.
    pub slot: String,
    /// Who: a subject.
    pub subject: String,
    /// The role; absent for a group without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

impl SlotRoleBody {
    pub(crate) fn command(self, slot: &str, subject: SubjectRef) -> AssignmentCommand {
        let terms = Terms { reason: self.reason.map(Into::into), ..Terms::of(Source::Manual) };
        AssignmentCommand::Slot { subject, slot: slot.to_owned(), role: self.role.map(|name| reference(&name)), terms }
    }
}

fn view(org: &Org, number: u32) -> Option<SlotView> {
    let slot = org.slots.get(number)?;
    let of_slot = org.roles.iter().filter(|role| role.slot == Some(slot.id));
    let roles = of_slot.map(|role| role.name.to_string()).collect();
    Some(SlotView { number, name: slot.name.to_string(), default: wire::role(org, slot.default), roles })
}

/// All slots.
pub(crate) fn views(org: &Org) -> Vec<SlotView> {
    org.slots.iter().filter_map(|slot| view(org, slot.id.number())).collect()
}

async fn list(call: Call) -> Reply {
    let asked = Asked::of(&call)?;
    let org = asked.view.org();
    let entries = org.slots.iter().filter(|slot| has(&slot.name, call.query("search"))).map(|slot| Entry {
        number: slot.id.number(),
        name: &slot.name,
        created: slot.created.0,
        changed: slot.changed.0,
    });
    let (numbers, next) = sorted(&call, &asked, entries);
    asked.answer(&call, numbers.into_iter().filter_map(|number| view(org, number)).collect(), next)
}

async fn set(call: Call) -> Reply {
    let body: SlotRoleBody = call.json().await?;
    let (slot, named) = (call.path("slot").to_owned(), call.path("subject").to_owned());
    let command = body.command(&slot, subject(&named));
    // The path names both, so what is not there is not found.
    let found = |problem: Problem| match problem.field.as_deref() {
        Some("slot") => Problem::not_found("slot", &slot),
        Some("subject") => Problem::not_found("subject", &named),
        _ => problem,
    };
    let done = call.change(command).await.map_err(found)?;
    call.changed(&done, |view, _| {
        let org = view.org();
        let holder = resolve::holder(org, &subject(&named), "").ok()?;
        let id = org.slots.named(&slot, org.folds_names())?.id;
        let mut held = org.assignments_of(holder).iter().filter_map(|assignment| match assignment.grant {
            Grant::Role(binding) => org.role(binding.role).filter(|role| role.slot == Some(id)),
            Grant::Policy(_) => None,
        });
        let role = held.next().map(|role| role.name.to_string());
        Answer::json(&SlotHolderView { slot: slot.clone(), subject: wire::holder(org, holder), role }).ok()
    })
}

/// The routes of slots.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/slots", "list_slots", "List slots").needs(op::ROLES_READ).lists::<SlotView>().by(list),
        Route::put(
            "/slots/{slot}/holders/{subject}",
            "set_slot",
            "Set the one role of a slot that a user, application or group holds",
        )
        .needs(op::ASSIGNMENTS_WRITE)
        .takes::<SlotRoleBody>()
        .answers::<SlotHolderView>()
        .by(set),
    ]
}
