//! Resources: where something counts. A domain is an environment, and a resource a pair of a project or all and an
//! environment or all.

use crate::door::Caller;
use crate::fault::invalid;
use crate::wire::common::__buffa::oneof::resource::Resource as Kind;
use crate::wire::common::{Domain, Organization, Project, Resource};
use connectrpc::ConnectError;
use rolecall_engine::Place;
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Org, Ref, Scope};
use rolecall_service::access;

/// A project or all, and a domain or all, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named<'r> {
    pub project: Option<&'r str>,
    pub domain: Option<&'r str>,
}

impl Named<'_> {
    /// As commands name it.
    pub(crate) fn scope(self) -> ScopeRef {
        ScopeRef { project: self.project.map(Ref::from), environment: self.domain.map(Ref::from) }
    }

    /// As questions name it: what is not there is a place that only rights for all cover.
    pub(crate) fn place(self, org: &Org) -> Place {
        access::place(org, self.project, self.domain)
    }
}

/// Where a role is to be bound.
///
/// # Errors
/// `invalid_argument` for what is no place of its own here.
pub(crate) fn bound<'r>(caller: &Caller, resource: &'r Resource) -> Result<Named<'r>, ConnectError> {
    let what = match &resource.resource {
        Some(Kind::Workflow(_)) => "workflow",
        Some(Kind::LaunchPlan(_)) => "launch plan",
        Some(Kind::Cluster(_)) => "cluster",
        _ => return asked(caller, resource),
    };
    Err(invalid(format!(
        "a role cannot be bound to a single {what}; bind it to the organization, a domain, or a project"
    )))
}

/// Where something is asked about. What a project holds is asked for as the project; a cluster belongs to the
/// organization.
///
/// # Errors
/// `invalid_argument` when it says nothing, or leaves out a name.
pub(crate) fn asked<'r>(caller: &Caller, resource: &'r Resource) -> Result<Named<'r>, ConnectError> {
    match &resource.resource {
        None => Err(invalid("the resource is missing; name the organization, a domain, or a project")),
        Some(Kind::Organization(organization)) => {
            caller.organization(&organization.name)?;
            Ok(Named::default())
        }
        Some(Kind::Cluster(cluster)) => {
            caller.organization(&cluster.organization)?;
            Ok(Named::default())
        }
        Some(Kind::Domain(domain)) => in_domain(caller, domain, None),
        Some(Kind::Project(project)) => in_project(caller, project),
        Some(Kind::Workflow(workflow)) => in_project(caller, &workflow.project),
        Some(Kind::LaunchPlan(plan)) => in_project(caller, &plan.project),
    }
}

fn in_project<'r>(caller: &Caller, project: &'r Project) -> Result<Named<'r>, ConnectError> {
    if project.name.is_empty() {
        return Err(invalid("the resource names no project"));
    }
    in_domain(caller, &project.domain, Some(&project.name))
}

fn in_domain<'r>(caller: &Caller, domain: &'r Domain, project: Option<&'r str>) -> Result<Named<'r>, ConnectError> {
    caller.organization(&domain.organization.name)?;
    Ok(Named { project, domain: Some(domain.name.as_str()).filter(|name| !name.is_empty()) })
}

/// A scope as the wire has it.
pub(crate) fn shown(org: &Org, own: &str, scope: Scope) -> Resource {
    let organization = Organization { name: own.to_owned() };
    let environment = scope.environment.and_then(|id| org.environment(id)).map(|row| row.name.to_string());
    let project = scope.project.and_then(|id| org.project(id)).map(|row| row.name.to_string());
    let domain = |name| Domain { name, organization: organization.clone().into() };
    let kind = match (project, environment) {
        (Some(name), environment) => {
            Kind::from(Project { name, domain: domain(environment.unwrap_or_default()).into() })
        }
        (None, Some(environment)) => Kind::from(domain(environment)),
        (None, None) => Kind::from(organization),
    };
    Resource { resource: Some(kind) }
}
