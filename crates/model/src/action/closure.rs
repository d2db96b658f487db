//! What each action includes, directly or through others.

use super::Action;
use crate::collection::Table;
use crate::id::ActionId;
use crate::operation::EVERYTHING;

/// For each action, all it includes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Closure {
    /// By number: the actions included, itself among them, sorted; empty for no action.
    included: Vec<Vec<ActionId>>,
    /// By number: whether it includes everything, future actions too.
    everything: Vec<bool>,
}

impl Closure {
    /// The closure of these actions.
    pub(crate) fn of(actions: &Table<Action>) -> Self {
        let bound = actions.bound();
        let mut closure = Closure { included: vec![Vec::new(); bound], everything: vec![false; bound] };
        for action in actions.iter() {
            let mut seen = vec![action.id];
            let mut next = 0;
            while let Some(id) = seen.get(next).copied() {
                next += 1;
                let includes = actions.get(id.number()).map(|row| row.includes.as_slice()).unwrap_or_default();
                seen.extend(includes.iter().filter(|id| !seen.contains(id)).copied().collect::<Vec<_>>());
            }
            let everything = seen.contains(&EVERYTHING);
            if everything {
                seen = actions.iter().map(|row| row.id).collect();
            }
            seen.sort_unstable();
            seen.dedup();
            closure.included[action.id.index()] = seen;
            closure.everything[action.id.index()] = everything;
        }
        closure
    }

    /// Whether whoever may do `outer` may do `inner` as well.
    pub fn includes(&self, outer: ActionId, inner: ActionId) -> bool {
        outer == inner || self.includes_everything(outer) || self.of_action(outer).binary_search(&inner).is_ok()
    }

    /// Whether an action includes every other, future ones too.
    pub fn includes_everything(&self, action: ActionId) -> bool {
        self.everything.get(action.index()).copied().unwrap_or(false)
    }

    /// About how many bytes it occupies.
    pub(crate) fn heap_bytes(&self) -> usize {
        let lists: usize = self.included.iter().map(|list| list.capacity() * size_of::<ActionId>()).sum();
        2 * size_of::<usize>()
            + size_of::<Self>()
            + self.included.capacity() * size_of::<Vec<ActionId>>()
            + self.everything.capacity()
            + lists
    }

    /// All that an action includes, itself among them, sorted by number.
    pub fn of_action(&self, action: ActionId) -> &[ActionId] {
        self.included.get(action.index()).map_or(&[], Vec::as_slice)
    }
}
