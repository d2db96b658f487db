//! The rules of an import that need the organization: names and identifiers must be free. An
//! environment of the same name is the same environment, and a project that so far was only named
//! is the one that is now made; every other name that is there already is refused, with its line.

use super::{Kind, Workload};
use crate::change::Change;
use crate::decide::Draft;
use crate::environment::MOST_ENVIRONMENTS;
use crate::name::{Text, fold};
use crate::organization::Org;
use crate::refusal::{Kind as RefusalKind, Refusal, shown};
use std::collections::HashSet;
use std::sync::Arc;

/// Most users and applications that an organization's numbers reach.
const MOST_PRINCIPALS: usize = 1 << 30;

impl Draft<'_> {
    pub(crate) fn decide_import(&mut self, workload: &Workload) -> Result<(), Refusal> {
        if workload.is_empty() {
            return Ok(());
        }
        require_room(&self.org, workload)?;
        require_free_names(&self.org, workload)?;
        require_free_identifiers(&self.org, workload)?;
        let seed = self.moment.bulk_seed();
        self.change(Change::Imported(Arc::new(workload.seeded(seed))));
        Ok(())
    }
}

fn require_room(org: &Org, workload: &Workload) -> Result<(), Refusal> {
    let counts = workload.counts();
    let new = workload.column(Kind::Environment).names().filter(|name| org.environment_named(name).is_none()).count();
    if org.environments.len() + new > MOST_ENVIRONMENTS {
        let message = format!(
            "an organization has at most {MOST_ENVIRONMENTS} environments; with these it would have {}",
            org.environments.len() + new
        );
        return Err(Refusal::new(RefusalKind::TooMany, "environment", message));
    }
    if org.principal_bound() + counts.users + counts.applications > MOST_PRINCIPALS {
        let message =
            format!("an organization has at most {MOST_PRINCIPALS} users and applications, those deleted included");
        return Err(Refusal::new(RefusalKind::TooMany, "user", message));
    }
    Ok(())
}

fn require_free_names(org: &Org, workload: &Workload) -> Result<(), Refusal> {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.principal().is_none()) {
        let mut seen = HashSet::new();
        for (index, name) in workload.column(kind).names().enumerate() {
            if let Some(taken) = taken(org, kind, name) {
                let message = format!(
                    "there is already {} \"{}\"; rename it in the file or there",
                    with_article(kind),
                    shown(taken)
                );
                return Err(at(workload, kind, index, RefusalKind::Taken, &message));
            }
            if org.folds_names() && !seen.insert(fold(name)) {
                let message = format!(
                    "the {} \"{}\" differs from another of the file only in its case, and here that makes them one",
                    kind.word(),
                    shown(name)
                );
                return Err(at(workload, kind, index, RefusalKind::Taken, &message));
            }
        }
    }
    Ok(())
}

/// The name as it stands in the organization, if it cannot be given once more.
fn taken<'a>(org: &'a Org, kind: Kind, name: &str) -> Option<&'a Text> {
    match kind {
        Kind::Action => org.action_named(name).map(|row| &row.name),
        Kind::Role => org.role_named(name).map(|row| &row.name),
        Kind::Project => org.project_named(name).filter(|row| !row.named_only).map(|row| &row.name),
        Kind::Policy => org.policy_named(name).map(|row| &row.name),
        Kind::Group => org.group_named(name).map(|row| &row.name),
        Kind::Environment | Kind::User | Kind::Application => None,
    }
}

fn require_free_identifiers(org: &Org, workload: &Workload) -> Result<(), Refusal> {
    for kind in [Kind::User, Kind::Application] {
        for (index, name) in workload.column(kind).names().enumerate() {
            if org.has_identifier(name, None) {
                let message = format!("another user or application is known as \"{}\"", shown(name));
                return Err(at(workload, kind, index, RefusalKind::Taken, &message));
            }
        }
    }
    Ok(())
}

fn at(workload: &Workload, kind: Kind, index: usize, refusal: RefusalKind, message: &str) -> Refusal {
    let message = match workload.column(kind).line(index) {
        Some(line) => format!("line {line}: {message}"),
        None => message.to_owned(),
    };
    Refusal::new(refusal, kind.word(), message)
}

fn with_article(kind: Kind) -> String {
    let article = if kind == Kind::Action { "an" } else { "a" };
    format!("{article} {}", kind.word())
}
