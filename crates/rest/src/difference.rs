//! What a dry run answers: who would gain and who would lose what, where, by name.

use crate::wire::{self, ScopeView};
use rolecall_engine::Delta;
use rolecall_model::id::Holder;
use rolecall_model::{Org, Scope};
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
        let names = Names { after: done.view.org(), before: ctx.org() };
        DryRunView {
            dry_run: true,
            revision: done.revision,
            changes: done.changes.len(),
            gains: difference.gains.iter().map(|delta| names.delta(delta)).collect(),
            losses: difference.losses.iter().map(|delta| names.delta(delta)).collect(),
            subjects: difference.subjects,
            total: difference.total,
            complete: difference.is_complete(),
        }
    }
}

/// Who or what would be new has its name afterwards only, who or what would be gone only before.
struct Names<'a> {
    after: &'a Org,
    before: &'a Org,
}

impl<'a> Names<'a> {
    fn of(&self, is_there: impl Fn(&Org) -> bool) -> &'a Org {
        if is_there(self.after) { self.after } else { self.before }
    }

    fn scope(&self, scope: Scope) -> ScopeView {
        let project = |id| wire::project(self.of(|org| org.project(id).is_some()), id);
        let environment = |id| wire::environment(self.of(|org| org.environment(id).is_some()), id);
        ScopeView { project: scope.project.map(project), environment: scope.environment.map(environment) }
    }

    fn delta(&self, delta: &Delta) -> DeltaView {
        let who = self.of(|org| org.principal(delta.subject).is_some());
        DeltaView {
            subject: wire::principal(who, delta.subject),
            name: wire::holder_name(who, Holder::Principal(delta.subject)),
            action: wire::action(self.of(|org| org.action(delta.action).is_some()), delta.action),
            scope: self.scope(delta.scope),
            except: delta.except.iter().map(|scope| self.scope(*scope)).collect(),
        }
    }
}
