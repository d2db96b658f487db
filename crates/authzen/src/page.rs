//! Paging through searches. A page token pins the revision, the instant and the query for five
//! minutes; afterwards the answer is that it has expired, never a shorter list.

mod cursor;
mod pins;

pub(crate) use pins::Pins;

use crate::App;
use crate::call::{Call, enter};
use crate::fault::Fault;
use crate::text::{Text, Unread};
use axum::http::HeaderMap;
use cursor::Cursor;
use rolecall_model::Timestamp;
use rolecall_model::id::OrganizationId;
use rolecall_service::{At, View};
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use utoipa::ToSchema;

/// Most results of one answer.
const MOST: usize = 1_000;
/// How long a page token counts, in microseconds: five minutes.
const LIFETIME: i64 = 5 * 60 * 1_000_000;
/// Which part of the results is wanted.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = authzen::PageRequest)]
pub(crate) struct PageRequest<'a> {
    /// The `next_token` of the answer before. It counts for five minutes, with the same question.
    #[serde(borrow)]
    #[schema(value_type = Option<String>)]
    token: Option<Text<'a>>,
    /// How many results at most; never more than 1,000 come at once.
    #[schema(value_type = Option<u64>)]
    limit: Option<u64>,
    /// Accepted, and without effect on the answer.
    #[schema(value_type = Option<std::collections::HashMap<String, serde_json::Value>>)]
    #[serde(rename = "properties")]
    _properties: Option<Unread>,
}

/// Which part of the results this is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = authzen::Page)]
pub(crate) struct Page {
    /// The token for the results after these; empty when there are none.
    next_token: String,
    /// How many results this answer has.
    count: usize,
    /// How many there are in all, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
}

/// The answer to a search.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = authzen::Results)]
pub(crate) struct Results<T> {
    /// Which part of the results this is.
    page: Page,
    /// The results, in the order in which they were made.
    pub(crate) results: Vec<T>,
}

/// A page being made: the state and instant to ask, and where to go on.
pub(crate) struct Paging {
    pub(crate) view: Arc<View>,
    pub(crate) at: Timestamp,
    pub(crate) after: u32,
    pub(crate) limit: usize,
    query: u64,
    organization: OrganizationId,
    now: Timestamp,
}

/// Results with the numbers by which they are in order.
pub(crate) struct Numbered<T> {
    pub(crate) items: Vec<(u32, T)>,
    pub(crate) more: bool,
    pub(crate) total: Option<usize>,
}

impl Paging {
    /// The first page, or the one that a token asks for.
    pub(crate) async fn start(
        app: &App,
        call: &Call<'_>,
        headers: &HeaderMap,
        page: Option<&PageRequest<'_>>,
        query: impl Hash,
    ) -> Result<Self, Fault> {
        let ctx = &call.ctx();
        let (organization, now) = (ctx.organization(), ctx.now());
        let query = digest(organization, query);
        let asked = page.and_then(|page| page.limit);
        let limit = asked.map(|limit| usize::try_from(limit).unwrap_or(MOST).min(MOST));
        let Some(token) = page.and_then(|page| page.token.as_deref()).filter(|token| !token.is_empty()) else {
            let (view, limit) = (Arc::clone(ctx.view()), limit.unwrap_or(MOST));
            return Ok(Paging { view, at: ctx.asked_at(), after: 0, limit, query, organization, now });
        };
        let cursor = Cursor::read(token, now, query, limit).map_err(|fault| call.complain(fault))?;
        let view = app.pins.find(organization, cursor.revision).filter(|_| cursor.revision != ctx.revision());
        let view = match view {
            Some(view) => view,
            None if cursor.revision == ctx.revision() => Arc::clone(ctx.view()),
            None => Arc::clone(enter(&app.service, headers, At::Revision(cursor.revision)).await?.view()),
        };
        let (at, after, limit) = (cursor.at, cursor.after, cursor.limit as usize);
        Ok(Paging { view, at, after, limit, query, organization, now })
    }

    /// Takes this page out of all results, which come by number.
    pub(crate) fn cut<T>(&self, all: impl Iterator<Item = (u32, T)>) -> Numbered<T> {
        let (mut items, mut total, mut more) = (Vec::new(), 0, false);
        for (number, item) in all {
            total += 1;
            if number > self.after {
                if items.len() < self.limit {
                    items.push((number, item));
                } else {
                    more = true;
                }
            }
        }
        Numbered { items, more, total: Some(total) }
    }

    /// The answer, with a token when there is more. The state is kept for whoever goes on.
    pub(crate) fn finish<T>(self, app: &App, found: Numbered<T>) -> Results<T> {
        let next_token = if found.more {
            let after = found.items.last().map_or(self.after, |(number, _)| *number);
            let limit = u32::try_from(self.limit).unwrap_or(u32::MAX);
            let revision = self.view.revision();
            app.pins.keep(self.organization, self.view, self.now);
            Cursor { revision, at: self.at, issued: self.now, query: self.query, after, limit }.write()
        } else {
            String::new()
        };
        let results: Vec<T> = found.items.into_iter().map(|(_, item)| item).collect();
        Results { page: Page { next_token, count: results.len(), total: found.total }, results }
    }
}

fn digest(organization: OrganizationId, query: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    organization.bytes().hash(&mut hasher);
    query.hash(&mut hasher);
    hasher.finish()
}
