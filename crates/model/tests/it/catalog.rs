//! Catalogs: the three that come with the program, the documented example, and bad ones.

mod bad;
mod shop;
mod union;
mod unleash;

use rolecall_model::catalog::{BUILTIN, Catalog, CatalogAdministrator, CatalogRole, builtin};
use rolecall_model::id::OrganizationId;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::organization::NewOrganization;
use rolecall_model::{Command, Org, Timestamp, decide::decide};
use std::sync::Arc;

/// A catalog that comes with the program.
fn read(name: &str) -> Catalog {
    let catalog = Catalog::read(builtin(name).unwrap());
    catalog.unwrap_or_else(|error| panic!("{name}.yaml: {error}"))
}

fn role<'a>(catalog: &'a Catalog, name: &str) -> &'a CatalogRole {
    catalog.roles.iter().find(|role| role.name == name).unwrap()
}

/// A role's permits as `ACTION`, `ACTION@project` or `ACTION@project/environment`, sorted.
fn permits(role: &CatalogRole) -> Vec<String> {
    let permits = role.permits.iter().map(|permit| {
        let project = permit.project.as_ref().map(|name| format!("@{name}")).unwrap_or_default();
        let environment = permit.environment.as_ref().map(|name| format!("/{name}")).unwrap_or_default();
        format!("{}{project}{environment}", permit.action)
    });
    sorted(permits)
}

fn sorted(names: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().map(Into::into).collect();
    names.sort();
    names
}

/// The names of an action's inclusions, sorted.
fn includes(catalog: &Catalog, action: &str) -> Vec<String> {
    let action = catalog.actions.iter().find(|a| a.name == action).unwrap();
    sorted(action.includes.iter().map(rolecall_model::name::Text::as_str))
}

/// An organization made of a catalog.
fn organization(catalog: &Catalog) -> Org {
    let moment = Moment::new(Timestamp::from_micros(0), Actor::System, [7; 32]);
    let new = NewOrganization {
        id: OrganizationId::new(1),
        name: "home".to_owned(),
        title: String::new(),
        catalog: Arc::new(catalog.clone()),
    };
    decide(&Org::empty(), Command::Found(Box::new(new)), &moment).unwrap().org
}

fn all() -> impl Iterator<Item = Catalog> {
    let shop = Catalog::read(shop::TEXT).unwrap_or_else(|error| panic!("shop.yaml: {error}"));
    BUILTIN.into_iter().map(read).chain([shop])
}

#[test]
fn every_catalog_that_comes_with_the_program_is_read_under_its_own_name() {
    for name in BUILTIN {
        assert_eq!(read(name).name, name);
    }
    assert_eq!(builtin("Union"), None);
}

#[test]
fn an_organization_made_of_a_catalog_has_all_that_stands_in_it() {
    for catalog in all() {
        let org = organization(&catalog);
        assert_eq!(org.roles.iter().count(), catalog.roles.len());
        for role in &catalog.roles {
            let made = org.role_named(&role.name).unwrap();
            assert_eq!(made.permits.len(), role.permits.len(), "{}: {}", catalog.name, role.name);
            assert_eq!(made.slot.is_some(), role.slot.is_some());
            assert!(role.number.is_none_or(|number| number == made.id.number()));
        }
        for action in &catalog.actions {
            let made = org.action_named(&action.name).unwrap();
            assert_eq!(made.includes.len(), action.includes.len(), "{}: {}", catalog.name, action.name);
            assert!(action.number.is_none_or(|number| number == made.id.number()));
        }
        for policy in &catalog.policies {
            assert_eq!(org.policy_named(&policy.name).unwrap().bindings.len(), policy.bindings.len());
        }
        assert_eq!(org.everyone().len(), catalog.everyone.len());
        assert_eq!(org.slots.iter().count(), catalog.slots.len());
        assert_eq!(org.environment_order().len(), catalog.environments.len());
        assert_eq!(org.projects.iter().count(), catalog.initial_projects.len());
        assert_eq!(org.settings().unwrap().creator.len(), catalog.creator.len());
    }
}

#[test]
fn a_catalog_is_logged_and_read_back_as_it_was() {
    for catalog in all() {
        let json = serde_json::to_string(&catalog).unwrap();
        assert_eq!(serde_json::from_str::<Catalog>(&json).unwrap(), catalog);
        let bytes = postcard::to_stdvec(&catalog).unwrap();
        assert_eq!(postcard::from_bytes::<Catalog>(&bytes).unwrap(), catalog);
    }
}

#[test]
fn the_first_administrator_of_each_catalog_is_given_everything() {
    let policy = |name: &str| Some(CatalogAdministrator::Policy(name.into()));
    assert_eq!(read("union").administrator, policy("Admin"));
    assert_eq!(read("none").administrator, policy("Administrator"));
    assert_eq!(read("unleash").administrator, Some(CatalogAdministrator::Role("Admin".into())));
}

#[test]
fn the_empty_catalog_has_no_actions_of_a_product() {
    let none = read("none");
    assert!(none.actions.is_empty() && none.environments.is_empty() && none.everyone.is_empty());
    assert_eq!(permits(role(&none, "Administrator")), ["*"]);
}
