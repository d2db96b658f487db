//! Metrics in the OpenMetrics text form.

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use rolecall_service::{OrganizationStats, Service};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Organization {
    organization: String,
}

type PerOrganization = Family<Organization, Gauge>;
type Read = fn(&OrganizationStats) -> u64;

/// The registry and what is counted for each request.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Arc<Mutex<Registry>>,
    requests: Family<Request, Counter>,
    durations: Family<Request, Histogram>,
    gauges: Arc<Vec<(PerOrganization, Read)>>,
}

const GAUGES: [(&str, &str, Read); 9] = [
    ("rolecall_revision", "Newest revision on this node", |o| o.revision),
    ("rolecall_users", "Users", |o| o.users as u64),
    ("rolecall_applications", "Applications", |o| o.applications as u64),
    ("rolecall_groups", "Groups", |o| o.groups as u64),
    ("rolecall_projects", "Projects", |o| o.projects as u64),
    ("rolecall_index_bytes", "Bytes the index takes, about", |o| o.heap_bytes as u64),
    ("rolecall_changes", "Changes written by this node since it started", |o| o.changes),
    ("rolecall_refusals", "Commands refused by this node since it started", |o| o.refusals),
    ("rolecall_waiting", "Commands that waited for the writer when it last looked", |o| o.waiting),
];

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        let requests = Family::<Request, Counter>::default();
        registry.register("rolecall_requests", "Requests by method, route and status", requests.clone());
        let buckets = || Histogram::new(exponential_buckets(0.000_1, 2.0, 16));
        let durations = Family::<Request, Histogram>::new_with_constructor(buckets);
        registry.register("rolecall_request_seconds", "Time from a request's head to its answer's", durations.clone());
        let gauges = GAUGES.map(|(name, help, read)| {
            let family = PerOrganization::default();
            registry.register(name, help, family.clone());
            (family, read)
        });
        Metrics { registry: Arc::new(Mutex::new(registry)), requests, durations, gauges: Arc::new(gauges.into()) }
    }

    /// Counts an answered request.
    pub(crate) fn count(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = Request { method: method.to_owned(), route: route.to_owned(), status };
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
        self.requests.get_or_create(&labels).inc();
    }

    /// Everything, as text.
    pub(crate) fn text(&self, service: &Service) -> Result<String, std::fmt::Error> {
        for organization in service.stats().organizations {
            let labels = Organization { organization: organization.name.clone() };
            for (family, read) in self.gauges.iter() {
                family.get_or_create(&labels).set(i64::try_from(read(&organization)).unwrap_or(i64::MAX));
            }
        }
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        text::encode(&mut text, &registry)?;
        Ok(text)
    }
}
