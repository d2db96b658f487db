//! What an organization costs in memory. It is counted, not measured: each record and what it owns.

use super::Org;
use crate::attributes::Attributes;
use crate::name::Text;
use crate::principal::{Principal, Rare};
use crate::provenance::Provenance;
use serde_json::Value;

/// Bytes of memory, by what they hold. What copies of an organization share is counted whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Users and applications: profiles, assignments and memberships.
    pub profiles: usize,
    /// The other nouns, and who gave what, when and why.
    pub nouns: usize,
    /// What finds records by their names and identifiers.
    pub names: usize,
    /// What leads back from policies and roles to who has them.
    pub holders: usize,
}

impl Weight {
    /// All of it.
    pub const fn total(&self) -> usize {
        self.profiles + self.nouns + self.names + self.holders
    }
}

impl Org {
    /// About how many bytes it occupies. Looks at every record: tens of milliseconds for a million.
    pub fn heap_bytes(&self) -> Weight {
        let principals = self.principals().map(|(_, principal)| of_principal(principal));
        let (nouns, names) = self.tables().into_iter().fold((0, 0), |all, each| (all.0 + each.0, all.1 + each.1));
        let settings = self.settings.as_ref().map_or(0, |settings| size_of_val(&**settings));
        let orders = list(&self.environment_order) + list(&self.everyone);
        let identifiers = self.identifiers.heap_bytes() + self.subjects.heap_bytes() + self.group_subjects.heap_bytes();
        Weight {
            profiles: self.principals.heap_bytes() + principals.sum::<usize>(),
            nouns: nouns + settings + orders + self.provenances.heap_bytes(of_provenance) + self.closure.heap_bytes(),
            names: names + identifiers,
            holders: self.holders.heap_bytes() + self.binders.heap_bytes() + self.owners.heap_bytes(),
        }
    }

    /// Records and names of each noun.
    fn tables(&self) -> [(usize, usize); 9] {
        [
            self.actions.heap_bytes(|a| {
                let texts = text(&a.name) + text(&a.title) + text(&a.description) + text(&a.category);
                texts + list(&a.includes) + attributes(&a.attributes)
            }),
            self.roles
                .heap_bytes(|r| text(&r.name) + text(&r.description) + list(&r.permits) + attributes(&r.attributes)),
            self.policies
                .heap_bytes(|p| text(&p.name) + text(&p.description) + list(&p.bindings) + attributes(&p.attributes)),
            self.environments.heap_bytes(|e| text(&e.name) + text(&e.title) + attributes(&e.attributes)),
            self.projects
                .heap_bytes(|p| text(&p.name) + text(&p.title) + text(&p.description) + attributes(&p.attributes)),
            self.groups.heap_bytes(|g| {
                let texts = text(&g.name) + text(&g.description) + list(&g.sso_names);
                let names: usize = g.sso_names.iter().map(text).sum();
                texts + names + list(&g.members) + list(&g.assignments) + attributes(&g.attributes)
            }),
            self.tokens.heap_bytes(|t| text(&t.name) + t.actions.as_ref().map_or(0, |actions| size_of_val(&**actions))),
            self.slots.heap_bytes(|s| text(&s.name)),
            self.resource_types.heap_bytes(|r| text(&r.name)),
        ]
    }
}

fn of_principal(principal: &Principal) -> usize {
    let identifiers = [&principal.email, &principal.username, &principal.external_id];
    let identifiers: usize = identifiers.into_iter().flatten().map(text).sum();
    let given = list(&principal.assignments) + list(&principal.memberships);
    text(&principal.name) + identifiers + given + principal.rare.as_deref().map_or(0, of_rare)
}

fn of_rare(rare: &Rare) -> usize {
    let texts = [&rare.client_id, &rare.picture, &rare.description];
    let texts: usize = texts.into_iter().flatten().map(text).sum();
    size_of::<Rare>() + texts + attributes(&rare.attributes)
}

fn of_provenance(provenance: &Provenance) -> usize {
    list(&provenance.terms.sources) + provenance.terms.reason.as_ref().map_or(0, text)
}

/// A short text stands in its record, a long one on its own.
fn text(text: &Text) -> usize {
    if text.is_heap_allocated() { text.capacity() } else { 0 }
}

fn list<T>(list: &Vec<T>) -> usize {
    list.capacity() * size_of::<T>()
}

fn attributes(attributes: &Attributes) -> usize {
    let each = |(name, value): (&String, &Value)| name.capacity() + size_of::<(String, Value)>() + of_value(value);
    attributes.iter().map(each).sum()
}

fn of_value(value: &Value) -> usize {
    match value {
        Value::String(text) => text.capacity(),
        Value::Array(items) => items.iter().map(|item| size_of::<Value>() + of_value(item)).sum(),
        Value::Object(map) => {
            map.iter().map(|(name, value)| name.capacity() + size_of::<(String, Value)>() + of_value(value)).sum()
        }
        _ => 0,
    }
}
