//! Numbers about the installation, for its metrics.

use crate::{Memory, Service, Tally};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Numbers about the installation on this node.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Each organization that is loaded.
    pub organizations: Vec<OrganizationStats>,
    /// Each façade that answers decisions, with its count.
    pub decisions: Vec<(&'static str, Arc<Tally>)>,
    /// Letters that wait to be sent.
    pub waiting_mail: u64,
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
    /// What it costs in memory, about.
    pub memory: Memory,
    /// Changes written here since the start.
    pub changes: u64,
    /// Commands refused here since the start.
    pub refusals: u64,
    /// Commands that waited for the writer when it last looked.
    pub waiting: u64,
}

impl Service {
    /// Numbers about every organization that is loaded.
    pub async fn stats(&self) -> Stats {
        let mut organizations = Vec::new();
        for (row, organization) in self.loaded() {
            // What cannot be counted now is said to be nothing rather than hiding the other numbers.
            let memory = organization.memory().await.unwrap_or_default();
            let view = organization.view();
            let (org, counters) = (view.org(), &organization.counters);
            organizations.push(OrganizationStats {
                name: row.name,
                revision: view.revision(),
                users: org.user_count(),
                applications: org.application_count(),
                groups: org.groups.len(),
                projects: org.projects.len(),
                roles: org.roles.len(),
                policies: org.policies.len(),
                memory,
                changes: counters.changes.load(Ordering::Relaxed),
                refusals: counters.refusals.load(Ordering::Relaxed),
                waiting: counters.waiting.load(Ordering::Relaxed),
            });
        }
        let waiting_mail = self.waiting_mail().await.unwrap_or_default();
        Stats { organizations, decisions: self.tallies().all(), waiting_mail }
    }
}
