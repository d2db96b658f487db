//! A random catalog: actions that include others, predefined roles and policies, what everyone has,
//! a slot, open or closed projects, names in several scripts.

use super::name;
use super::random::Random;
use super::shape::Shape;
use rolecall_model::action::Level;
use rolecall_model::attributes::Attributes;
use rolecall_model::catalog::{
    Catalog, CatalogAction, CatalogAdministrator, CatalogBinding, CatalogEnvironment, CatalogPermit, CatalogPolicy,
    CatalogProject, CatalogRole, CatalogSlot, builtin,
};
use rolecall_model::name::Text;
use rolecall_model::organization::{NameRule, ProjectRule};
use rolecall_model::role::Bindable;

/// The catalogs that come with the product.
const KNOWN: [&str; 3] = ["none", "union", "unleash"];

/// A catalog that obeys all it must.
pub fn catalog(shape: &Shape, random: &mut Random) -> Catalog {
    if shape.known
        && let Some(yaml) = random.one(&KNOWN).and_then(|name| builtin(name))
        && let Ok(catalog) = Catalog::read(yaml)
    {
        return catalog;
    }
    let mut catalog = Catalog { name: Text::from("random"), ..Catalog::default() };
    if random.percent(50) {
        catalog.names = NameRule::Exact;
    }
    if random.percent(50) {
        catalog.projects = ProjectRule::Open;
    }
    add_places(&mut catalog, shape, random);
    add_actions(&mut catalog, shape.actions, random);
    add_roles(&mut catalog, random);
    add_more_roles(&mut catalog, shape.roles, random);
    catalog
}

/// Names that are hard to tell apart, as many as wanted.
fn names(count: usize, catalog: &Catalog, random: &mut Random) -> Vec<Text> {
    let start = random.below(100);
    (0..count).map(|index| Text::from(name::nth(start, index, catalog.names == NameRule::Exact))).collect()
}

fn add_places(catalog: &mut Catalog, shape: &Shape, random: &mut Random) {
    for name in names(shape.environments, catalog, random) {
        catalog.environments.push(CatalogEnvironment { name, ..CatalogEnvironment::default() });
    }
    for name in names(shape.projects, catalog, random) {
        catalog.initial_projects.push(CatalogProject { name, ..CatalogProject::default() });
    }
}

fn add_actions(catalog: &mut Catalog, count: usize, random: &mut Random) {
    let named = names(count, catalog, random);
    for (index, name) in named.iter().enumerate() {
        // Only what comes later is included, so that nothing goes in circles.
        let mut includes = Vec::new();
        if random.percent(40) {
            includes.extend(random.one(&named[index + 1..]).cloned());
        }
        if random.percent(6) {
            includes.push(Text::from("*"));
        }
        if random.percent(10) {
            includes.push(Text::from("rolecall.users.write"));
        }
        catalog.actions.push(CatalogAction {
            name: name.clone(),
            number: random.percent(50).then(|| u32::try_from(index).unwrap_or(0) + 1),
            level: [Level::Project, Level::Environment][random.below(2)],
            title: Text::default(),
            description: Text::default(),
            category: Text::default(),
            includes,
            attributes: Attributes::default(),
        });
    }
}

fn add_roles(catalog: &mut Catalog, random: &mut Random) {
    let everything = vec![CatalogPermit { action: Text::from("*"), ..CatalogPermit::default() }];
    catalog.roles.push(role("Admin", Bindable::Anywhere, everything));
    let plain = permits(catalog, random, 2, false);
    catalog.roles.push(role("Owner", Bindable::Project, plain));
    let narrowed = permits(catalog, random, 3, true);
    catalog.roles.push(role("Editor", Bindable::Anywhere, narrowed));
    let few = permits(catalog, random, 2, true);
    catalog.roles.push(role("Everyone", Bindable::Organization, few));
    let (mut root, mut guest) = (permits(catalog, random, 2, true), permits(catalog, random, 1, false));
    root.truncate(2);
    guest.truncate(1);
    if random.percent(50) {
        let slot = Some(Text::from("root"));
        let (root, guest) = (role("Root", Bindable::Organization, root), role("Guest", Bindable::Organization, guest));
        catalog.roles.push(CatalogRole { slot: slot.clone(), ..root });
        catalog.roles.push(CatalogRole { slot, ..guest });
        catalog.slots.push(CatalogSlot { name: Text::from("root"), default: Text::from("Guest") });
    }
    if random.percent(70) {
        catalog.creator.push(Text::from("Owner"));
    }
    let binding = |role: &str| CatalogBinding { role: Text::from(role), ..CatalogBinding::default() };
    catalog.everyone.push(binding("Everyone"));
    if random.percent(30) {
        let environment = catalog.environments.first().map(|environment| environment.name.clone());
        catalog.everyone.push(CatalogBinding { environment, ..binding("Editor") });
    }
    let policy = |name: &str, bindings| CatalogPolicy { name: Text::from(name), bindings, ..CatalogPolicy::default() };
    catalog.policies.push(policy("Admin", vec![binding("Admin")]));
    let project = catalog.initial_projects.first().map(|project| project.name.clone());
    catalog.policies.push(policy("Editors", vec![CatalogBinding { project, ..binding("Editor") }]));
    catalog.administrator = Some(CatalogAdministrator::Policy(Text::from("Admin")));
}

fn role(name: &str, bindable: Bindable, permits: Vec<CatalogPermit>) -> CatalogRole {
    CatalogRole {
        name: Text::from(name),
        number: None,
        description: Text::default(),
        bindable,
        slot: None,
        permits,
        attributes: Attributes::default(),
    }
}

/// Roles with few permits and roles with very many.
fn add_more_roles(catalog: &mut Catalog, count: usize, random: &mut Random) {
    for index in 0..count {
        let many = if random.percent(10) { catalog.actions.len() } else { 4 };
        let count = 1 + random.below(many);
        let permits = permits(catalog, random, count, true);
        catalog.roles.push(role(&format!("role {index}"), Bindable::Anywhere, permits));
    }
}

fn permits(catalog: &Catalog, random: &mut Random, count: usize, narrow: bool) -> Vec<CatalogPermit> {
    let mut permits: Vec<CatalogPermit> = Vec::new();
    for _ in 0..count {
        let Some(action) = random.one(&catalog.actions) else {
            continue;
        };
        let project = catalog.initial_projects.first().filter(|_| narrow && random.percent(25));
        let environment = random.one(&catalog.environments).cloned().filter(|_| narrow && random.percent(70));
        let permit = CatalogPermit {
            action: action.name.clone(),
            project: project.map(|project| project.name.clone()),
            environment: environment.map(|environment| environment.name),
        };
        if !permits.contains(&permit) {
            permits.push(permit);
        }
    }
    permits
}
