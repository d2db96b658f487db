//! Metrics in the OpenMetrics text form.

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use rolecall_service::{OrganizationStats, Service};
use std::sync::atomic::Ordering;
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

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Decision {
    facade: &'static str,
    decision: &'static str,
}

/// What is counted for one kind of request, found once instead of at each: finding it takes two
/// look-ups by three texts.
pub(crate) struct Hot {
    requests: Counter,
    durations: Histogram,
}

impl Hot {
    /// Counts an answered request.
    pub(crate) fn count(&self, took: Duration) {
        self.durations.observe(took.as_secs_f64());
        self.requests.inc();
    }
}

type PerOrganization = Family<Organization, Gauge>;
type Read = fn(&OrganizationStats) -> u64;

/// The registry and what is counted for each request.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Arc<Mutex<Registry>>,
    requests: Family<Request, Counter>,
    durations: Family<Request, Histogram>,
    decisions: Family<Decision, Counter>,
    waiting_mail: Gauge,
    gauges: Arc<Vec<(PerOrganization, Read)>>,
}

const GAUGES: [(&str, &str, Read); 14] = [
    ("rolecall_revision", "Newest revision on this node", |o| o.revision),
    ("rolecall_users", "Users", |o| o.users as u64),
    ("rolecall_applications", "Applications", |o| o.applications as u64),
    ("rolecall_groups", "Groups", |o| o.groups as u64),
    ("rolecall_projects", "Projects", |o| o.projects as u64),
    ("rolecall_index_bytes", "Bytes the index takes, about", |o| o.memory.index as u64),
    ("rolecall_profile_bytes", "Bytes that users and applications take, about", |o| {
        o.memory.organization.profiles as u64
    }),
    ("rolecall_noun_bytes", "Bytes that the other nouns take, about", |o| o.memory.organization.nouns as u64),
    ("rolecall_name_bytes", "Bytes that the tables of names take, about", |o| o.memory.organization.names as u64),
    ("rolecall_holder_bytes", "Bytes that lists of holders take, about", |o| o.memory.organization.holders as u64),
    ("rolecall_bytes_per_subject", "Bytes all of it takes for each user and application", |o| {
        o.memory.per_subject() as u64
    }),
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
        let decisions = Family::<Decision, Counter>::default();
        registry.register("rolecall_decisions", "Decisions answered, by facade and answer", decisions.clone());
        let waiting_mail = Gauge::default();
        registry.register("rolecall_mail_waiting", "Letters that wait to be sent", waiting_mail.clone());
        let gauges = GAUGES.map(|(name, help, read)| {
            let family = PerOrganization::default();
            registry.register(name, help, family.clone());
            (family, read)
        });
        Metrics {
            registry: Arc::new(Mutex::new(registry)),
            requests,
            durations,
            decisions,
            waiting_mail,
            gauges: Arc::new(gauges.into()),
        }
    }

    /// The counts of one kind of request.
    pub(crate) fn hot(&self, method: &str, route: &str, status: u16) -> Hot {
        let labels = Request { method: method.to_owned(), route: route.to_owned(), status };
        let requests = self.requests.get_or_create_owned(&labels);
        Hot { requests, durations: self.durations.get_or_create_owned(&labels) }
    }

    /// Counts an answered request.
    pub(crate) fn count(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = Request { method: method.to_owned(), route: route.to_owned(), status };
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
        self.requests.get_or_create(&labels).inc();
    }

    /// Everything, as text.
    pub(crate) async fn text(&self, service: &Service) -> Result<String, std::fmt::Error> {
        let stats = service.stats().await;
        for (facade, tally) in stats.decisions {
            for (decision, count) in [("allow", tally.allowed()), ("deny", tally.denied())] {
                self.decisions.get_or_create(&Decision { facade, decision }).inner().store(count, Ordering::Relaxed);
            }
        }
        self.waiting_mail.set(i64::try_from(stats.waiting_mail).unwrap_or(i64::MAX));
        for organization in stats.organizations {
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
