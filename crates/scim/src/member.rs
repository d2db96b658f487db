//! Members of a group, as a client changes them: however it says it, in the end some join and some leave.

use crate::canonical;
use crate::condition::{Condition, Wanted};
use crate::fault::Fault;
use crate::filter::Operator;
use crate::patch::{Deed, Step};
use crate::resource::{Frame, location};
use crate::schema::{Attribute, Type, named};
use crate::user;
use rolecall_model::command::{Ref, SubjectRef};
use rolecall_model::group::Group;
use rolecall_model::id::PrincipalId;
use rolecall_model::membership::MembershipCommand;
use rolecall_model::principal::Principal;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::shown;
use rolecall_model::{Command, Org};
use serde_json::{Value, json};
use std::collections::HashSet;

/// A member as it is shown.
pub(crate) fn show(user: &Principal, of: Frame<'_>) -> Value {
    let id = user.subject.to_string();
    let at = location(of.base, Type::User, &id);
    json!({"value": id, "$ref": at, "type": "User", "display": user.name.as_str()})
}

fn attribute() -> Option<&'static Attribute> {
    named(Type::Group.core().attributes, "members")
}

/// Takes the members out of a whole group as it was sent.
pub(crate) fn taken(sent: &mut Value) -> Value {
    let Value::Object(sent) = sent else { return Value::Null };
    let named: Vec<String> = sent.keys().filter(|name| name.eq_ignore_ascii_case("members")).cloned().collect();
    named.into_iter().filter_map(|name| sent.remove(&name)).next_back().unwrap_or_default()
}

/// The users that a value of `members` names.
///
/// # Errors
/// `invalidValue`, for the first that is not a user here.
pub(crate) fn read(org: &Org, value: Value) -> Result<Vec<PrincipalId>, Fault> {
    let mut members = Vec::new();
    for (index, one) in elements(value)?.iter().enumerate() {
        let unknown = |id: &str| match id {
            "" => Fault::invalid_value(format!("members[{index}]: value, the id of a user, is missing")),
            id => Fault::invalid_value(format!("members[{index}]: there is no user \"{}\"", shown(id))),
        };
        if let Some(kind) = one.get("type").and_then(Value::as_str)
            && !kind.eq_ignore_ascii_case("User")
        {
            let said = format!("members[{index}]: a member is a user; a {} cannot be one", shown(kind));
            return Err(Fault::invalid_value(said));
        }
        let id = id_of(one).unwrap_or_default();
        members.push(user::of_id(org, id).ok_or_else(|| unknown(id))?.0);
    }
    Ok(members)
}

fn elements(value: Value) -> Result<Vec<Value>, Fault> {
    let all = match value {
        Value::Array(all) => all,
        other => vec![other],
    };
    let Some(attribute) = attribute() else { return Ok(Vec::new()) };
    let each = all.into_iter().filter(|one| !one.is_null()).map(|one| {
        let one = canonical::one(attribute, one)?;
        // What names nobody is no member, and not nothing either.
        Ok(one.unwrap_or_else(|| json!({})))
    });
    each.collect()
}

/// The id in a value of `members`, which may stand in its address only.
fn id_of(one: &Value) -> Option<&str> {
    let part = |name: &str| one.get(name)?.as_str();
    part("value").or_else(|| part("$ref")?.rsplit('/').next())
}

/// Who joins a group and who leaves it.
pub(crate) struct Members<'o> {
    org: &'o Org,
    group: &'o Group,
    base: &'o str,
    /// Nobody stays who does not join.
    cleared: bool,
    leave: HashSet<PrincipalId>,
    joined: HashSet<PrincipalId>,
    join: Vec<PrincipalId>,
}

impl<'o> Members<'o> {
    pub(crate) fn of(org: &'o Org, group: &'o Group, base: &'o str) -> Self {
        let (leave, joined, join) = (HashSet::new(), HashSet::new(), Vec::new());
        Members { org, group, base, cleared: false, leave, joined, join }
    }

    /// From now on only these.
    pub(crate) fn replace(&mut self, members: Vec<PrincipalId>) {
        *self = Members { cleared: true, ..Members::of(self.org, self.group, self.base) };
        self.add(members);
    }

    fn add(&mut self, members: Vec<PrincipalId>) {
        for id in members {
            self.leave.remove(&id);
            if self.joined.insert(id) {
                self.join.push(id);
            }
        }
    }

    fn remove(&mut self, members: &[PrincipalId]) {
        for id in members {
            self.leave.insert(*id);
            self.joined.remove(id);
        }
        self.join.retain(|id| self.joined.contains(id));
    }

    /// Carries out a step of PATCH on the members.
    ///
    /// # Errors
    /// `invalidValue`, `mutability`.
    pub(crate) fn apply(&mut self, step: Step) -> Result<(), Fault> {
        let Step { deed, at, which, value } = step;
        if at.part.is_some() {
            return Err(Fault::mutability("a member never changes; remove it and add another"));
        }
        match (deed, which) {
            (Deed::Add, _) => self.add(read(self.org, value)?),
            (Deed::Replace, None) => self.replace(read(self.org, value)?),
            (Deed::Replace, Some(which)) => {
                let new = read(self.org, value)?;
                let old = self.selected(&which);
                if old.is_empty() {
                    return Err(Fault::no_target("no member is as the path says"));
                }
                self.remove(&old);
                self.add(new);
            }
            (Deed::Remove, Some(which)) => {
                let gone = self.selected(&which);
                self.remove(&gone);
            }
            (Deed::Remove, None) => {
                let named = elements(value)?;
                if named.is_empty() {
                    self.replace(Vec::new());
                    return Ok(());
                }
                // Who is not there any more need not be removed.
                let known = named.iter().filter_map(|one| Some(user::of_id(self.org, id_of(one)?)?.0));
                let gone: Vec<_> = known.collect();
                self.remove(&gone);
            }
        }
        Ok(())
    }

    /// Who would be a member now and is as a filter says.
    fn selected(&self, which: &Condition) -> Vec<PrincipalId> {
        let frame = Frame { base: self.base, groups: false, members: false };
        let is = |id: &PrincipalId| self.org.principal(*id).is_some_and(|user| which.holds_for(&show(user, frame)));
        let by_id = which.necessary().into_iter().find_map(|comparison| match &comparison.wanted {
            Wanted::Text(id) if comparison.operator == Operator::Equal && comparison.at.is("value", None) => Some(id),
            _ => None,
        });
        if let Some(id) = by_id {
            return user::of_id(self.org, id).map(|(id, _)| id).filter(is).into_iter().collect();
        }
        let stay = self.group.members.iter().filter(|id| !self.cleared && !self.leave.contains(id));
        stay.chain(&self.join).copied().filter(is).collect()
    }

    /// The commands by which they join and leave; none for who is as it should be.
    pub(crate) fn commands(&self) -> Vec<Command> {
        let (group, id) = (Ref::Number(self.group.id.number()), self.group.id);
        let named = |id: PrincipalId| SubjectRef::Number(id.number());
        let leaves = |member: &&PrincipalId| {
            let gone = if self.cleared { !self.joined.contains(member) } else { self.leave.contains(member) };
            gone && !self.joined.contains(member)
        };
        let leave = self.group.members.iter().filter(leaves).map(|member| {
            let (group, user) = (group.clone(), named(*member));
            Command::from(MembershipCommand::Remove { group, user, source: None, quietly: true })
        });
        let is_settled = |member: &PrincipalId| {
            self.org.membership_terms(id, *member).is_some_and(|terms| terms.sources.contains(&Source::Scim))
        };
        let join = self
            .join
            .iter()
            .filter(|member| !is_settled(member))
            .map(|member| MembershipCommand::Add(group.clone(), named(*member), Terms::of(Source::Scim)).into());
        leave.chain(join).collect()
    }
}
