//! What a catalog must obey, so that making an organization of it never meets a name that leads
//! nowhere. Where in a file a fault stands is `read.rs`'s business.

mod action;
mod grant;

use super::{Catalog, CatalogEnvironment, CatalogProject};
use crate::action::Level;
use crate::name::{LONGEST_NAME, LONGEST_TEXT, LONGEST_TITLE, Text, fold, nearest, parse_name, parse_text};
use crate::operation;
use crate::organization::NameRule;
use crate::refusal::{Refusal, shown};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// Largest number that a predefined action, role or policy may have.
pub const HIGHEST_NUMBER: u32 = 999;

/// Most faults that are looked for: each costs a search for the name that was meant.
const MOST_FAULTS: usize = 100;

/// What a catalog does not obey, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogFault {
    /// Where, as a path such as `roles[2].permits[0].action`; empty when it is the whole.
    pub path: String,
    /// A sentence in lower case that names what to mend.
    pub message: String,
}

impl std::error::Error for CatalogFault {}

impl fmt::Display for CatalogFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl Catalog {
    /// Checks all that a catalog must obey.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), CatalogFault> {
        match self.faults().into_iter().next() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    /// All faults, noun by noun.
    pub(super) fn faults(&self) -> Vec<CatalogFault> {
        let mut check = Check::new(self);
        check.header();
        check.environments(&self.environments);
        check.projects(&self.initial_projects);
        check.actions();
        check.slots();
        check.roles();
        check.policies();
        check.everyone();
        check.creator();
        check.resource_types();
        check.administrator();
        check.faults
    }
}

/// A catalog being checked, its names looked up once.
struct Check<'a> {
    catalog: &'a Catalog,
    /// The catalog's actions, then `*` and Rolecall's own.
    actions: Names<'a>,
    /// Their levels.
    levels: Vec<Level>,
    roles: Names<'a>,
    policies: Names<'a>,
    slots: Names<'a>,
    projects: Names<'a>,
    environments: Names<'a>,
    faults: Vec<CatalogFault>,
}

impl<'a> Check<'a> {
    fn new(catalog: &'a Catalog) -> Self {
        let own = operation::own().filter_map(operation::name).map(|name| -> &'a str { name });
        let own_levels = operation::records().map(|action| action.level);
        let actions = catalog.actions.iter().map(|action| action.name.as_str());
        let folded = catalog.names == NameRule::Folded;
        let empty = || Names { folded, ..Names::default() };
        Check {
            catalog,
            actions: empty().with(actions.chain(std::iter::once("*")).chain(own)),
            levels: catalog.actions.iter().map(|action| action.level).chain(own_levels).collect(),
            roles: empty().with(catalog.roles.iter().map(|role| role.name.as_str())),
            policies: empty().with(catalog.policies.iter().map(|policy| policy.name.as_str())),
            slots: empty().with(catalog.slots.iter().map(|slot| slot.name.as_str())),
            projects: empty().with(catalog.initial_projects.iter().map(|p| p.name.as_str())),
            environments: empty().with(catalog.environments.iter().map(|e| e.name.as_str())),
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, path: impl Into<String>, message: impl Into<String>) {
        if self.faults.len() == MOST_FAULTS {
            return;
        }
        self.faults.push(CatalogFault { path: path.into(), message: message.into() });
    }

    fn header(&mut self) {
        let catalog = self.catalog;
        self.name("name", &catalog.name);
        self.text("title", &catalog.title, LONGEST_TITLE);
        self.text("description", &catalog.description, LONGEST_TEXT);
    }

    fn environments(&mut self, environments: &'a [CatalogEnvironment]) {
        for (index, environment) in environments.iter().enumerate() {
            let path = format!("environments[{index}]");
            self.name(&format!("{path}.name"), &environment.name);
            self.text(&format!("{path}.title"), &environment.title, LONGEST_TITLE);
        }
        self.unique("environments", "environment", environments.iter().map(|e| &e.name));
    }

    fn projects(&mut self, projects: &'a [CatalogProject]) {
        for (index, project) in projects.iter().enumerate() {
            let path = format!("initial_projects[{index}]");
            self.name(&format!("{path}.name"), &project.name);
            self.text(&format!("{path}.title"), &project.title, LONGEST_TITLE);
            self.text(&format!("{path}.description"), &project.description, LONGEST_TEXT);
        }
        self.unique("initial_projects", "project", projects.iter().map(|p| &p.name));
    }

    fn resource_types(&mut self) {
        let catalog = self.catalog;
        for (index, kind) in catalog.resource_types.iter().enumerate() {
            let path = format!("resource_types[{index}]");
            self.name(&format!("{path}.name"), &kind.name);
            if ["project", "environment", "organization"].contains(&fold(&kind.name).as_str()) {
                let message = format!("the resource type \"{}\" is always there; leave it out", shown(&kind.name));
                self.fault(format!("{path}.name"), message);
            }
            self.known_actions(&format!("{path}.actions"), kind.actions.as_deref().unwrap_or_default());
        }
        self.unique("resource_types", "resource type", catalog.resource_types.iter().map(|kind| &kind.name));
    }

    /// Requires a name as [`parse_name`] would keep it.
    fn name(&mut self, path: &str, name: &Text) {
        if name.is_empty() {
            return self.fault(path, "the key \"name\" is missing here, or empty");
        }
        match parse_name(name, "name") {
            Err(refusal) => self.fault(path, refusal.message),
            Ok(kept) if kept != *name => {
                let message = format!("a name has no blanks around it and is in normal form; write \"{kept}\"");
                self.fault(path, message);
            }
            Ok(_) => {}
        }
    }

    fn text(&mut self, path: &str, text: &Text, longest: usize) {
        let field = path.rsplit('.').next().unwrap_or(path);
        if let Err(refusal) = parse_text(text, field, longest) {
            self.fault(path, refusal.message);
        }
    }

    fn category(&mut self, path: &str, text: &Text) {
        self.text(path, text, LONGEST_NAME);
    }

    /// Requires that no two nouns of a list have one name.
    fn unique(&mut self, list: &str, noun: &str, names: impl Iterator<Item = &'a Text>) {
        let folded = self.catalog.names == NameRule::Folded;
        let mut seen: HashMap<Text, &Text> = HashMap::new();
        for (index, name) in names.enumerate() {
            if name.is_empty() {
                continue;
            }
            if let Some(first) = seen.get(&key(name, folded)).copied() {
                let mut message = Refusal::taken("", noun, first).message;
                if first != name {
                    message.push_str("; names are folded, so the two are one");
                }
                self.fault(format!("{list}[{index}].name"), message);
            }
            seen.entry(key(name, folded)).or_insert(name);
        }
    }

    /// Requires actions that exist, none of them twice.
    fn known_actions(&mut self, list: &str, names: &[Text]) {
        let mut seen = HashSet::new();
        for (index, name) in names.iter().enumerate() {
            let path = format!("{list}[{index}]");
            match self.actions.find(name) {
                None => self.unknown(path, "action", name, |check| &check.actions),
                Some(found) if !seen.insert(found) => self.twice(path, name),
                Some(_) => {}
            }
        }
    }

    fn twice(&mut self, path: String, name: &str) {
        self.fault(path, format!("\"{}\" is there twice; leave one out", shown(name)));
    }

    fn unknown(&mut self, path: String, noun: &str, name: &str, among: impl Fn(&Self) -> &Names<'a>) {
        if self.faults.len() == MOST_FAULTS {
            return;
        }
        let known = &among(self).all;
        let message = Refusal::unknown("", noun, name, nearest(name, known.iter().copied())).message;
        self.fault(path, message);
    }
}

/// Names and their places in a list; the first of several that are one.
#[derive(Default)]
struct Names<'a> {
    folded: bool,
    all: Vec<&'a str>,
    places: HashMap<Text, usize>,
}

impl<'a> Names<'a> {
    fn with(mut self, names: impl Iterator<Item = &'a str>) -> Self {
        for name in names {
            self.places.entry(key(name, self.folded)).or_insert(self.all.len());
            self.all.push(name);
        }
        self
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.places.get(&key(name, self.folded)).copied()
    }
}

/// What two names that are one have in common. Rolecall's own names and `*` are never written in
/// another case, so they are found under either rule.
fn key(name: &str, folded: bool) -> Text {
    if folded { fold(name) } else { Text::from(name) }
}
