//! The list of assignments: holder by holder, in an order of its own.

use super::Held;
use crate::answer::Reply;
use crate::call::{Call, reference, subject};
use crate::page::{After, Asked, has};
use crate::problem::Problem;
use crate::visible::Visible;
use crate::wire;
use rolecall_model::assignment::{Assignment, Grant};
use rolecall_model::id::{EnvironmentId, Holder, PolicyId, ProjectId, RoleId};
use rolecall_model::{Org, Timestamp, resolve};

/// What a list of assignments leaves out, from the query.
struct Filter {
    holder: Option<Holder>,
    policy: Option<PolicyId>,
    role: Option<RoleId>,
    project: Option<ProjectId>,
    environment: Option<EnvironmentId>,
    in_force: Option<bool>,
}

impl Filter {
    fn of(call: &Call) -> Result<Self, Problem> {
        let org = call.org();
        let holder = match (call.query("subject"), call.query("group")) {
            (Some("everyone"), _) => Some(Holder::Everyone),
            (Some(name), _) => Some(resolve::holder(org, &subject(name), "subject")?),
            (None, Some(name)) => Some(Holder::Group(resolve::group(org, &reference(name), "group")?)),
            (None, None) => None,
        };
        Ok(Filter {
            holder,
            policy: call.query("policy").map(|name| resolve::policy(org, &reference(name), "policy")).transpose()?,
            role: call.query("role").map(|name| resolve::role(org, &reference(name), "role")).transpose()?,
            project: call
                .query("project")
                .map(|name| resolve::project(org, &reference(name), "project"))
                .transpose()?,
            environment: call
                .query("environment")
                .map(|name| resolve::environment(org, &reference(name), "environment"))
                .transpose()?,
            in_force: call.query("in_force").filter(|word| *word != "any").map(|word| word == "true"),
        })
    }

    fn takes(&self, org: &Org, assignment: &Assignment, at: Timestamp) -> bool {
        let binding = match assignment.grant {
            Grant::Policy(id) => {
                if self.policy.is_some_and(|policy| policy != id) || self.role.is_some() {
                    return false;
                }
                None
            }
            Grant::Role(binding) => {
                if self.role.is_some_and(|role| role != binding.role) || self.policy.is_some() {
                    return false;
                }
                Some(binding.scope)
            }
        };
        let scope = binding.unwrap_or_default();
        let in_force =
            || org.provenances.get(assignment.provenance).is_some_and(|provenance| provenance.terms.in_force(at));
        self.project.is_none_or(|project| scope.project == Some(project))
            && self.environment.is_none_or(|environment| scope.environment == Some(environment))
            && self.in_force.is_none_or(|wanted| in_force() == wanted)
    }
}

/// The holders in the order of the list, each with its place in it: everyone, groups, then users and
/// applications by number.
fn holders(org: &Org, after: u64) -> impl Iterator<Item = (u64, Holder)> + '_ {
    let everyone = std::iter::once((0, Holder::Everyone));
    let groups = org.groups.iter().map(|group| (1 | u64::from(group.id.number()) << 1, Holder::Group(group.id)));
    let base = 1 << 40;
    let principals = org.principals().map(move |(id, _)| (base + u64::from(id.number()), Holder::Principal(id)));
    everyone.chain(groups).chain(principals).skip_while(move |(place, _)| *place < after)
}

pub(super) async fn list(call: Call) -> Reply {
    let filter = Filter::of(&call)?;
    let asked = Asked::of(&call)?;
    let org = asked.view.org();
    let visible = Visible::to(&call.ctx);
    let search = call.query("search");
    let (first, skip) = match asked.after {
        Some(After::Pair(holder, index)) => (holder, index),
        _ => (0, 0),
    };
    let mut page = Vec::new();
    let mut last = None;
    let mut more = false;
    'all: for (place, holder) in holders(org, first) {
        if filter.holder.is_some_and(|wanted| wanted != holder) || !is_named(org, holder, search) {
            continue;
        }
        for (assignment, index) in org.assignments_of(holder).iter().zip(1_u64..) {
            let before = place == first && index <= skip;
            if before || !filter.takes(org, assignment, asked.at) || !visible.sees(org, holder, assignment.grant) {
                continue;
            }
            if page.len() == asked.limit {
                more = true;
                break 'all;
            }
            page.push(Held { holder, assignment: *assignment }.view(org, asked.at));
            last = Some(After::Pair(place, index));
        }
    }
    asked.answer(&call, page, last.filter(|_| more))
}

fn is_named(org: &Org, holder: Holder, search: Option<&str>) -> bool {
    search.is_none() || has(&wire::holder_name(org, holder), search) || has(&best_name(org, holder), search)
}

fn best_name(org: &Org, holder: Holder) -> String {
    match holder {
        Holder::Principal(id) => {
            org.principal(id).map(|principal| principal.best_identifier().to_string()).unwrap_or_default()
        }
        _ => String::new(),
    }
}
