//! Actions: numbers on the wire, actions of the catalog inside. The catalog says which is which (`attributes.union`).

use crate::fault::invalid;
use crate::wire::common::Action;
use buffa::{EnumValue, Enumeration};
use connectrpc::ConnectError;
use rolecall_model::attributes::Attributes;
use rolecall_model::id::ActionId;
use rolecall_model::operation::EVERYTHING;
use rolecall_model::{Org, Ref};

/// The smallest number that a role can permit: those below are words of other parts of the client.
const FIRST: i32 = 5;

/// A number that the catalog keeps for this façade.
pub(crate) fn kept(attributes: &Attributes, name: &str) -> Option<i32> {
    attributes.get("union")?.get(name)?.as_i64().and_then(|number| i32::try_from(number).ok())
}

/// The number of an action, when the wire has one for it.
fn number(org: &Org, action: ActionId) -> Option<i32> {
    let number = kept(&org.action(action)?.attributes, "number")?;
    (number >= FIRST && Action::from_i32(number).is_some()).then_some(number)
}

/// What the wire can say of these actions, in their order and without repeats. Everything is all that it has words for.
pub(crate) fn numbers(org: &Org, actions: impl Iterator<Item = ActionId>) -> Vec<EnumValue<Action>> {
    let mut said = Vec::new();
    let mut say = |action| {
        if let Some(number) = number(org, action)
            && !said.contains(&number)
        {
            said.push(number);
        }
    };
    for action in actions {
        if action == EVERYTHING { org.actions.iter().for_each(|row| say(row.id)) } else { say(action) }
    }
    said.into_iter().map(EnumValue::from).collect()
}

/// The action that a number means here. The catalog's own number for it is most often the same.
pub(crate) fn of_number(org: &Org, wanted: i32) -> Option<ActionId> {
    let same = u32::try_from(wanted).ok().and_then(|wanted| org.actions.get(wanted)).map(|row| row.id);
    let all = same.into_iter().chain(org.actions.iter().map(|row| row.id));
    all.into_iter().find(|action| number(org, *action) == Some(wanted))
}

/// The action that a role is to permit.
///
/// # Errors
/// `invalid_argument` for a number that is no action of a role.
pub(crate) fn reference(org: &Org, wanted: EnumValue<Action>) -> Result<Ref, ConnectError> {
    let number = wanted.to_i32();
    if let Some(action) = of_number(org, number) {
        return Ok(Ref::Number(action.number()));
    }
    let Some(known) = wanted.as_known() else {
        return Err(invalid(format!("no action has the number {number}")));
    };
    let name = known.proto_name().trim_start_matches("ACTION_").to_ascii_lowercase();
    if number < FIRST {
        return Err(invalid(format!(
            "\"{name}\" is no action that a role can permit; choose one such as view_flyte_inventory"
        )));
    }
    // Not in this organization's catalog: the model says so, with the nearest that is.
    Ok(Ref::from(name))
}
