//! The feed of changes: everything that happens, as it happens, as far as the caller may see it.

use crate::Error;
use crate::ctx::Ctx;
use crate::need;
use crate::organization::read;
use futures::StreamExt;
use futures::stream::BoxStream;
use rolecall_engine::Place;
use rolecall_model::assignment::AssignmentChange;
use rolecall_model::entry::Entry;
use rolecall_model::id::Holder;
use rolecall_model::moment::Actor;
use rolecall_model::operation as op;
use rolecall_model::principal::{PrincipalChange, PrincipalKind, Subject};
use rolecall_model::project::ProjectChange;
use rolecall_model::token::TokenChange;
use rolecall_model::{Change, Timestamp};

impl Ctx {
    /// Waits until streams shall end: the server stops, or the organization is deleted. For streams of any façade,
    /// which would otherwise keep their connections open.
    pub async fn streams_end(&self) {
        let mut closing = self.organization.closing();
        // The sender lives as long as the organization that this context holds, so it never fails.
        let _told = closing.wait_for(|closing| *closing).await.is_ok();
    }
}

/// One entry, as far as the caller may see it.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Its revision.
    pub revision: u64,
    /// When it was made.
    pub at: Timestamp,
    /// Who made it.
    pub actor: Actor,
    /// Its visible changes; empty when there are none, so that the revision is still told.
    pub changes: Vec<Change>,
}

/// Entries after a revision, oldest first, for ever. Ends when the organization is closed, and when
/// the caller's credential counts no longer.
pub fn changes(ctx: &Ctx, after: u64) -> BoxStream<'static, Result<Feed, Error>> {
    let ctx = ctx.clone();
    futures::stream::unfold((ctx, after, Vec::new().into_iter()), |(ctx, mut after, mut ready)| async move {
        loop {
            if let Some(feed) = ready.next() {
                return Some((Ok(feed), (ctx, after, ready)));
            }
            match more(&ctx, after).await {
                Ok(Some(feeds)) => {
                    after = feeds.last().map_or(after, |feed: &Feed| feed.revision);
                    ready = feeds.into_iter();
                }
                Ok(None) => return None,
                Err(error) => return Some((Err(error), (ctx, u64::MAX, Vec::new().into_iter()))),
            }
        }
    })
    .boxed()
}

/// Waits for entries and reads some; none when there will be no more.
async fn more(ctx: &Ctx, after: u64) -> Result<Option<Vec<Feed>>, Error> {
    if after == u64::MAX {
        return Ok(None);
    }
    let mut revisions = ctx.organization.revisions();
    let mut closing = ctx.organization.closing();
    tokio::select! {
        newer = revisions.wait_for(|revision| *revision > after) => if newer.is_err() { return Ok(None) },
        _ = closing.wait_for(|closing| *closing) => return Ok(None),
    }
    let Some(ctx) = ctx.renewed() else { return Ok(None) };
    let store = ctx.service.store();
    let mut records = store.after(ctx.organization.key, after).take(100);
    let mut feeds = Vec::new();
    while let Some(record) = records.next().await {
        let Entry { revision, at, actor, changes, .. } = read(record?).await?;
        let changes = changes.into_iter().filter(|change| is_visible(&ctx, change)).collect();
        feeds.push(Feed { revision: revision.0, at, actor, changes });
    }
    Ok(Some(feeds))
}

/// Whether the caller may see the noun that a change is about.
fn is_visible(ctx: &Ctx, change: &Change) -> bool {
    let everywhere = |action| ctx.may(action, Place::ORGANIZATION);
    match change {
        Change::Organization(_) => everywhere(op::SETTINGS_READ),
        Change::Action(_) | Change::ResourceType(_) => everywhere(op::ACTIONS_READ),
        Change::Role(_) => everywhere(op::ROLES_READ),
        Change::Policy(_) => everywhere(op::POLICIES_READ),
        Change::Environment(_) => everywhere(op::ENVIRONMENTS_READ),
        Change::Project(
            ProjectChange::Created(project)
            | ProjectChange::Deleted(project)
            | ProjectChange::Changed { after: project, .. },
        ) => ctx.sees_project(project.id),
        Change::Principal(change) => match subject(change).kind() {
            PrincipalKind::User => everywhere(op::USERS_READ),
            PrincipalKind::Application => everywhere(op::APPLICATIONS_READ),
        },
        Change::Group(_) | Change::Membership(_) => everywhere(op::GROUPS_READ),
        Change::Assignment(change) => {
            let (holder, grant) = match change {
                AssignmentChange::Granted { holder, grant, .. }
                | AssignmentChange::Changed { holder, grant, .. }
                | AssignmentChange::Ended { holder, grant, .. } => (*holder, *grant),
            };
            holder == Holder::Everyone || need::may_see_assignment(ctx, holder, grant)
        }
        Change::Token(
            TokenChange::Issued(token) | TokenChange::Revoked(token) | TokenChange::Changed { after: token, .. },
        ) => token.principal == ctx.principal() || everywhere(op::TOKENS_READ),
        Change::Provider(_) => everywhere(op::PROVIDERS_READ),
        Change::Imported(_) => everywhere(op::AUDIT_READ),
    }
}

fn subject(change: &PrincipalChange) -> Subject {
    match change {
        PrincipalChange::Created { subject, .. }
        | PrincipalChange::Changed { subject, .. }
        | PrincipalChange::Deleted { subject, .. }
        | PrincipalChange::Erased { subject } => *subject,
    }
}
