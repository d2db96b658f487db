//! A random catalog: actions that include others, predefined roles and policies, what everyone has,
//! a slot, open or closed projects, names in several scripts.

use super::random::Random;
use rolecall_model::action::Level;
use rolecall_model::attributes::Attributes;
use rolecall_model::catalog::{
    Catalog, CatalogAction, CatalogAdministrator, CatalogBinding, CatalogEnvironment, CatalogPermit, CatalogPolicy,
    CatalogProject, CatalogRole, CatalogSlot,
};
use rolecall_model::name::Text;
use rolecall_model::organization::{NameRule, ProjectRule};
use rolecall_model::role::Bindable;

/// Words in several scripts, none of which is another when case is taken away.
pub(super) const WORDS: [&str; 8] = ["Dev", "Отдел", "売上", "مشروع", "Café", "Παραγωγή", "उत्पाद", "🚀"];

/// A catalog that obeys all it must.
pub fn catalog(random: &mut Random) -> Catalog {
    let mut catalog = Catalog { name: Text::from("random"), ..Catalog::default() };
    if random.percent(50) {
        catalog.names = NameRule::Exact;
    }
    if random.percent(50) {
        catalog.projects = ProjectRule::Open;
    }
    add_places(&mut catalog, random);
    add_actions(&mut catalog, random);
    add_roles(&mut catalog, random);
    catalog
}

fn word(random: &mut Random) -> &'static str {
    random.one(&WORDS).copied().unwrap_or("Dev")
}

fn add_places(catalog: &mut Catalog, random: &mut Random) {
    for index in 0..2 + random.below(2) {
        let name = Text::from(format!("{} env {index}", word(random)));
        catalog.environments.push(CatalogEnvironment { name, ..CatalogEnvironment::default() });
    }
    for index in 0..=random.below(2) {
        let name = Text::from(format!("{} project {index}", word(random)));
        catalog.initial_projects.push(CatalogProject { name, ..CatalogProject::default() });
    }
}

fn add_actions(catalog: &mut Catalog, random: &mut Random) {
    let count = 5 + random.below(4);
    for index in 0..count {
        // Only what comes later is included, so that nothing goes in circles.
        let mut includes = Vec::new();
        if index + 1 < count && random.percent(40) {
            includes.push(Text::from(format!("act.{}", index + 1 + random.below(count - index - 1))));
        }
        if random.percent(6) {
            includes.push(Text::from("*"));
        }
        if random.percent(10) {
            includes.push(Text::from("rolecall.users.write"));
        }
        catalog.actions.push(CatalogAction {
            name: Text::from(format!("act.{index}")),
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
    let role = |name: &str, bindable, permits| CatalogRole {
        name: Text::from(name),
        number: None,
        description: Text::default(),
        bindable,
        slot: None,
        permits,
        attributes: Attributes::default(),
    };
    let everything = vec![CatalogPermit { action: Text::from("*"), ..CatalogPermit::default() }];
    catalog.roles.push(role("Admin", Bindable::Anywhere, everything));
    let plain = permits(catalog, random, 2, false);
    catalog.roles.push(role("Owner", Bindable::Project, plain));
    let narrowed = permits(catalog, random, 3, true);
    catalog.roles.push(role("Editor", Bindable::Anywhere, narrowed));
    let few = permits(catalog, random, 1, true);
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

fn permits(catalog: &Catalog, random: &mut Random, count: usize, narrow: bool) -> Vec<CatalogPermit> {
    let mut permits: Vec<CatalogPermit> = Vec::new();
    for _ in 0..count {
        let Some(action) = random.one(&catalog.actions) else {
            continue;
        };
        let project = catalog.initial_projects.first().filter(|_| narrow && random.percent(40));
        let environment = random.one(&catalog.environments).cloned().filter(|_| narrow && random.percent(40));
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
