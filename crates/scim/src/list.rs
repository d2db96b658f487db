//! Lists: what a filter finds, sorted, a page of it. Common filters are look-ups; others look at every row,
//! and make a resource of it only when they must.

mod look_up;
mod row;

use crate::attribute_path::AttributePath;
use crate::call::Call;
use crate::condition::{Comparison, Condition, Wanted};
use crate::fault::Fault;
use crate::filter::Filter;
use crate::resource::{Frame, Meta};
use crate::schema::{Located, Type};
use crate::selection::Selection;
use crate::state::State;
use crate::{group, urn, user};
use rolecall_model::id::{GroupId, PrincipalId};
use rolecall_model::principal::PrincipalKind;
use rolecall_model::{Org, Timestamp};
use rolecall_service::View;
use row::SeenRow;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Resources on one page, at most.
pub(crate) const LARGEST_PAGE: usize = 1_000;

/// What is asked of a list.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub filter: Option<Filter>,
    pub sort_by: Option<AttributePath>,
    pub descending: bool,
    /// The first that is shown, from 1.
    pub start: usize,
    /// How many are shown at most.
    pub count: usize,
    pub selection: Selection,
}

impl Query {
    /// Reads the parameters of a query, or the fields of a search.
    ///
    /// # Errors
    /// What cannot be read.
    pub(crate) fn parse(field: &dyn Fn(&str) -> Option<String>) -> Result<Self, Fault> {
        let number = |name: &str| match field(name).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => match text.trim().parse::<i64>() {
                Ok(number) => Ok(Some(usize::try_from(number).unwrap_or(0))),
                Err(_) => Err(Fault::invalid_value(format!("{name} must be a whole number"))),
            },
        };
        let filter = field("filter").filter(|text| !text.trim().is_empty());
        let sort_by = field("sortBy").filter(|text| !text.trim().is_empty());
        let descending = match field("sortOrder").as_deref().map(str::trim) {
            None | Some("") => false,
            Some(order) if order.eq_ignore_ascii_case("ascending") => false,
            Some(order) if order.eq_ignore_ascii_case("descending") => true,
            Some(_) => return Err(Fault::invalid_value("sortOrder must be ascending or descending")),
        };
        Ok(Query {
            filter: filter.map(|text| Filter::parse(&text)).transpose()?,
            sort_by: sort_by.map(|text| AttributePath::parse(&text)).transpose()?,
            descending,
            start: number("startIndex")?.unwrap_or(1).max(1),
            count: number("count")?.unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE),
            selection: Selection::parse(field("attributes").as_deref(), field("excludedAttributes").as_deref())?,
        })
    }
}

/// A row of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Id {
    User(PrincipalId),
    Group(GroupId),
}

/// A query whose names were found in the schemas.
struct Asked {
    kinds: Vec<(Type, Option<Condition>, Option<Located>)>,
    base: String,
    sorted: bool,
    descending: bool,
    start: usize,
    count: usize,
}

/// Answers a list of resources of these types.
///
/// # Errors
/// `invalidFilter`, `invalidPath`; when the log cannot be read.
pub(crate) async fn list(call: &Call, kinds: &[Type], query: Query) -> Result<Value, Fault> {
    let asked = asked(call, kinds, &query).await?;
    let (view, state, start) = (call.ctx.view().clone(), call.state.clone(), query.start);
    // Many rows may have to be looked at, which must not hold up others.
    let found = tokio::task::spawn_blocking(move || find(&view, &asked, &state));
    let (total, page) = found.await.map_err(|_| Fault::new(500, "the list could not be made"))?;
    let resources = show(call, &page, query.selection).await?;
    Ok(json!({
        "schemas": [urn::LIST], "totalResults": total, "startIndex": start, "itemsPerPage": page.len(),
        "Resources": resources,
    }))
}

async fn asked(call: &Call, kinds: &[Type], query: &Query) -> Result<Asked, Fault> {
    let mut rows = Vec::new();
    for kind in kinds {
        let mut test = match &query.filter {
            Some(filter) if kinds.len() == 1 => Some(Condition::of(filter, *kind)?),
            Some(filter) => Some(Condition::among(filter, *kind)?),
            None => None,
        };
        for comparison in test.iter_mut().flat_map(Condition::comparisons) {
            settle(call, comparison).await?;
        }
        let by = match &query.sort_by {
            Some(path) => sorted_by(kinds, *kind, path)?,
            None => None,
        };
        rows.push((*kind, test, by));
    }
    let Query { descending, start, count, .. } = *query;
    Ok(Asked { kinds: rows, base: call.base().to_owned(), sorted: query.sort_by.is_some(), descending, start, count })
}

fn sorted_by(kinds: &[Type], kind: Type, path: &AttributePath) -> Result<Option<Located>, Fault> {
    let at = match kind.locate(path) {
        Ok(at) => at,
        Err(_) if kinds.iter().any(|other| other.locate(path).is_ok()) => return Ok(None),
        Err(fault) => return Err(fault),
    };
    if at.compared().is_none() {
        return Err(Fault::invalid_path(format!("{path} has parts; sort by one of them")));
    }
    Ok(Some(at))
}

/// Makes revisions of an instant with which the times of resources are compared: they are what is known of
/// a row without a look at the log.
async fn settle(call: &Call, comparison: &mut Comparison) -> Result<(), Fault> {
    let Wanted::Instant(instant) = comparison.wanted else { return Ok(()) };
    if comparison.at.is("meta", Some("created")) || comparison.at.is("meta", Some("lastModified")) {
        let first = call.state.first(&call.ctx, |at| at >= instant).await?;
        let after = call.state.first(&call.ctx, |at| at > instant).await?;
        comparison.wanted = Wanted::Revisions(first, after);
    }
    Ok(())
}

/// How many there are, and those of the page.
fn find(view: &View, asked: &Asked, state: &State) -> (usize, Vec<Id>) {
    let org = view.org();
    let mut found = Vec::new();
    for (kind, test, by) in &asked.kinds {
        let frame = Frame {
            base: &asked.base,
            groups: looks_at(test.as_ref(), by.as_ref(), "groups"),
            members: looks_at(test.as_ref(), by.as_ref(), "members"),
        };
        let mut take = |id: Id| {
            let row = SeenRow::new(org, id, frame);
            if test.as_ref().is_none_or(|test| test.holds(&row)) {
                found.push((by.as_ref().and_then(|by| row.key(by)), id));
            }
        };
        match test.as_ref().and_then(|test| look_up::candidates(view, *kind, test, state)) {
            Some(mut few) => {
                few.sort_unstable();
                few.dedup();
                few.into_iter().for_each(&mut take);
            }
            None => every(org, *kind).for_each(&mut take),
        }
    }
    if asked.sorted {
        // Those without a value come last, or first when the order is turned around.
        found.sort_by(|(one, _), (other, _)| {
            let order = match (one, other) {
                (None, None) => std::cmp::Ordering::Equal,
                (None, _) => std::cmp::Ordering::Greater,
                (_, None) => std::cmp::Ordering::Less,
                (one, other) => one.cmp(other),
            };
            if asked.descending { order.reverse() } else { order }
        });
    }
    let page = found.iter().skip(asked.start - 1).take(asked.count).map(|(_, id)| *id).collect();
    (found.len(), page)
}

fn looks_at(test: Option<&Condition>, by: Option<&Located>, name: &str) -> bool {
    let sorts =
        by.is_some_and(|by| by.extension.is_none() && by.attribute.is_some_and(|attribute| attribute.name == name));
    sorts || test.is_some_and(|test| test.looks_at(name))
}

fn every(org: &Org, kind: Type) -> Box<dyn Iterator<Item = Id> + '_> {
    match kind {
        Type::User => {
            let users = org.principals().filter(|(_, principal)| principal.kind() == PrincipalKind::User);
            Box::new(users.map(|(id, _)| Id::User(id)))
        }
        Type::Group => Box::new(org.groups.iter().map(|group| Id::Group(group.id))),
    }
}

/// The resources of a page, as they are shown.
async fn show(call: &Call, page: &[Id], selection: Selection) -> Result<Vec<Value>, Fault> {
    let view = call.ctx.view().clone();
    let revisions = |id: &Id| match id {
        Id::User(id) => view.org().principal(*id).map(|user| [user.created.0, user.changed.0]),
        Id::Group(id) => view.org().group(*id).map(|group| [group.created.0, group.changed.0]),
    };
    let revisions: Vec<u64> =
        if selection.wants("meta") { page.iter().filter_map(revisions).flatten().collect() } else { Vec::new() };
    let instants = call.state.instants(&call.ctx, revisions.into_iter()).await?;
    let (base, page) = (call.base().to_owned(), page.to_vec());
    let shown = tokio::task::spawn_blocking(move || {
        let each = |id: &Id| one(view.org(), *id, &base, &instants, &selection);
        page.iter().filter_map(each).collect()
    });
    shown.await.map_err(|_| Fault::new(500, "the list could not be made"))
}

fn one(org: &Org, id: Id, base: &str, instants: &HashMap<u64, Timestamp>, selection: &Selection) -> Option<Value> {
    let frame = Frame { base, groups: selection.wants("groups"), members: selection.wants("members") };
    let meta = |created: u64, changed: u64| Meta {
        revision: changed,
        created: instants.get(&created).copied(),
        modified: instants.get(&changed).copied(),
    };
    Some(match id {
        Id::User(id) => {
            let user = org.principal(id)?;
            selection.of(Type::User, user::show(org, user, meta(user.created.0, user.changed.0), frame))
        }
        Id::Group(id) => {
            let group = org.group(id)?;
            selection.of(Type::Group, group::show(org, group, meta(group.created.0, group.changed.0), frame))
        }
    })
}

/// A user as an answer shows it.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn shown_user(
    call: &Call,
    view: &View,
    id: PrincipalId,
    selection: &Selection,
) -> Result<Value, Fault> {
    shown(call, view, Id::User(id), selection).await
}

/// A group as an answer shows it.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn shown_group(call: &Call, view: &View, id: GroupId, selection: &Selection) -> Result<Value, Fault> {
    shown(call, view, Id::Group(id), selection).await
}

async fn shown(call: &Call, view: &View, id: Id, selection: &Selection) -> Result<Value, Fault> {
    let revisions = match id {
        Id::User(id) => view.org().principal(id).map(|user| [user.created.0, user.changed.0]),
        Id::Group(id) => view.org().group(id).map(|group| [group.created.0, group.changed.0]),
    };
    let wanted = revisions.filter(|_| selection.wants("meta"));
    let instants = call.state.instants(&call.ctx, wanted.into_iter().flatten()).await?;
    let gone = || Fault::new(404, "it was deleted meanwhile");
    one(view.org(), id, call.base(), &instants, selection).ok_or_else(gone)
}
