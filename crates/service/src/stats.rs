//! Numbers about the installation, for its metrics.

use crate::{Service, Tally};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Numbers about the installation on this node.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Each organization that is loaded.
    pub organizations: Vec<OrganizationStats>,
    /// Each façade that answers decisions, with its count.
    pub decisions: Vec<(&'static str, Arc<Tally>)>,
}

/// Numbers about one organization.
#[derive(Clone, Debug, Default)]
pub struct OrganizationStats {
    /// Its name.
    pub name: String,
    /// Its newest revision here.
    pub revision: u64,
    /// Users.
    pub users: usize,
    /// Applications.
    pub applications: usize,
    /// Groups.
    pub groups: usize,
    /// Projects.
    pub projects: usize,
    /// Roles.
    pub roles: usize,
    /// Policies.
    pub policies: usize,
    /// Bytes that its index takes, about.
    pub heap_bytes: usize,
    /// Changes written here since the start.
    pub changes: u64,
    /// Commands refused here since the start.
    pub refusals: u64,
    /// Commands that waited for the writer when it last looked.
    pub waiting: u64,
}

impl Service {
    /// Numbers about every organization that is loaded.
    pub fn stats(&self) -> Stats {
        let organizations = self.loaded().into_iter().map(|(row, organization)| {
            let view = organization.view();
            let (org, counters) = (view.org(), &organization.counters);
            OrganizationStats {
                name: row.name,
                revision: view.revision(),
                users: org.user_count(),
                applications: org.application_count(),
                groups: org.groups.len(),
                projects: org.projects.len(),
                roles: org.roles.len(),
                policies: org.policies.len(),
                heap_bytes: view.index().heap_bytes(),
                changes: counters.changes.load(Ordering::Relaxed),
                refusals: counters.refusals.load(Ordering::Relaxed),
                waiting: counters.waiting.load(Ordering::Relaxed),
            }
        });
        Stats { organizations: organizations.collect(), decisions: self.tallies().all() }
    }
}
