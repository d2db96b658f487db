//! The access overview: for every user what it reaches, as JSON or as a table for a spreadsheet.

use crate::answer::{self, Reply};
use crate::call::Call;
use crate::date::date;
use crate::gate::ADMIN;
use crate::role;
use crate::user::{self, dates};
use axum::http::header;
use axum::response::IntoResponse;
use rolecall_model::Org;
use rolecall_model::assignment::Grant;
use rolecall_model::id::{Holder, PrincipalId};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;

/// What one user reaches.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    user_id: u32,
    created_at: Option<String>,
    user_name: Option<&'a str>,
    user_email: Option<&'a str>,
    last_seen: Option<String>,
    accessible_projects: Vec<&'a str>,
    groups: Vec<&'a str>,
    root_role: Option<&'a str>,
    group_projects: Vec<&'a str>,
}

/// What every user reaches.
pub(crate) async fn overview(call: Call) -> Reply {
    call.require(ADMIN)?;
    let org = call.org();
    let ids: Vec<_> = org.principals().filter(|(_, one)| user::is_person(one)).map(|(id, _)| id).collect();
    let (instants, seen) = dates(&call, org, &ids).await?;
    let lines = ids.into_iter().filter_map(|id| {
        let user = org.principal(id)?;
        let groups = || user.memberships.iter().map(|membership| Holder::Group(membership.group));
        Some(Line {
            user_id: id.number(),
            created_at: instants.get(&user.created.0).copied().map(date),
            user_name: user::name(user).or_else(|| user::username(user)),
            user_email: user.email.as_deref(),
            last_seen: seen.get(&id).copied().map(date),
            accessible_projects: projects(org, std::iter::once(Holder::Principal(id))),
            groups: names_of_groups(org, id),
            root_role: role::root_of(org, Holder::Principal(id)).map(|role| role.name.as_str()),
            group_projects: projects(org, groups()),
        })
    });
    let lines: Vec<_> = lines.collect();
    let accepts = call.asked.parts.headers.get(header::ACCEPT).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if accepts.contains("text/csv") {
        return Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], csv(&lines)).into_response());
    }
    answer::ok(&json!({"overview": lines}))
}

fn names_of_groups(org: &Org, id: PrincipalId) -> Vec<&str> {
    let memberships = org.principal(id).map(|user| user.memberships.as_slice()).unwrap_or_default();
    memberships.iter().filter_map(|membership| org.group(membership.group)).map(|group| group.name.as_str()).collect()
}

/// The projects in which these have been given something.
fn projects(org: &Org, holders: impl Iterator<Item = Holder>) -> Vec<&str> {
    let given = holders.flat_map(|holder| org.assignments_of(holder)).flat_map(|assignment| match assignment.grant {
        Grant::Role(binding) => vec![binding.scope.project],
        Grant::Policy(policy) => {
            let bindings = org.policy(policy).map(|row| row.bindings.as_slice()).unwrap_or_default();
            bindings.iter().map(|binding| binding.scope.project).collect()
        }
    });
    let projects: BTreeSet<_> = given.flatten().collect();
    projects.into_iter().filter_map(|id| org.project(id)).map(|project| project.name.as_str()).collect()
}

fn csv(lines: &[Line<'_>]) -> String {
    let mut text = String::from(
        "userId,createdAt,userName,userEmail,lastSeen,accessibleProjects,groups,rootRole,groupProjects\r\n",
    );
    for line in lines {
        let id = line.user_id.to_string();
        let (projects, groups, through) =
            (line.accessible_projects.join(","), line.groups.join(","), line.group_projects.join(","));
        let text_of = |value: Option<&str>| field(value.unwrap_or_default());
        let fields = [
            id,
            text_of(line.created_at.as_deref()),
            text_of(line.user_name),
            text_of(line.user_email),
            text_of(line.last_seen.as_deref()),
            field(&projects),
            field(&groups),
            text_of(line.root_role),
            field(&through),
        ];
        text.push_str(&fields.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A value as a field (RFC 4180). What a spreadsheet would take for a formula is marked as text.
fn field(value: &str) -> String {
    let marked =
        if value.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{value}") } else { value.to_owned() };
    if marked.contains([',', '"', '\r', '\n']) { format!("\"{}\"", marked.replace('"', "\"\"")) } else { marked }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_is_read_as_the_text_it_is() {
        assert_eq!(field("plain"), "plain");
        assert_eq!(field("a,b"), "\"a,b\"");
        assert_eq!(field("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(field("=1+1"), "'=1+1");
    }
}
