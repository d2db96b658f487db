//! What a dry run answers: who would gain and who would lose what, where, by name.

use crate::wire::{self, ScopeView};
use rolecall_engine::Delta;
use rolecall_model::Org;
use rolecall_service::{Ctx, Done, DryRun};
use serde::Serialize;
use utoipa::ToSchema;

/// An action that somebody would gain or lose.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeltaView {
    /// Who: a subject.
    pub subject: String,
    /// What people call it.
    pub name: String,
    /// The action.
    pub action: String,
    /// Where.
    #[serde(flatten)]
    pub scope: ScopeView,
    /// Places within it where nothing changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<ScopeView>,
}

/// What a change would come to. Nothing was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DryRunView {
    /// Always true.
    pub dry_run: bool,
    /// The revision that was looked at.
    pub revision: u64,
    /// How many changes it would be; none means the command has no effect.
    pub changes: usize,
    /// What would be gained.
    pub gains: Vec<DeltaView>,
    /// What would be lost.
    pub losses: Vec<DeltaView>,
    /// How many users and applications gain or lose something.
    pub subjects: usize,
    /// How many gains and losses there are; those beyond the first 10,000 are only counted.
    pub total: usize,
    /// Whether every gain and loss is listed.
    pub complete: bool,
}

impl DryRunView {
    pub(crate) fn of(ctx: &Ctx, done: &Done, difference: &DryRun) -> Self {
        let (before, after) = (ctx.org(), done.view.org());
        // Who or what would be new is known afterwards only, who would be gone only before.
        let gain = |delta: &Delta| delta_view(after, delta);
        let loss = |delta: &Delta| {
            let org = if after.principal(delta.subject).is_some() && after.action(delta.action).is_some() { after } else { before };
            delta_view(org, delta)
        };
        DryRunView {
            dry_run: true,
            revision: done.revision,
            changes: done.changes.len(),
            gains: difference.gains.iter().map(gain).collect(),
            losses: difference.losses.iter().map(loss).collect(),
            subjects: difference.subjects,
            total: difference.total,
            complete: difference.is_complete(),
        }
    }
}

fn delta_view(org: &Org, delta: &Delta) -> DeltaView {
    DeltaView {
        subject: wire::principal(org, delta.subject),
        name: wire::holder_name(org, rolecall_model::id::Holder::Principal(delta.subject)),
        action: wire::action(org, delta.action),
        scope: ScopeView::of(org, delta.scope),
        except: delta.except.iter().map(|scope| ScopeView::of(org, *scope)).collect(),
    }
}
