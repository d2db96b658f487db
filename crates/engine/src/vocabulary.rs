//! The organization's actions as bits, and sets of them.

use rolecall_model::Org;
use rolecall_model::id::ActionId;
use std::sync::Arc;

/// A place in a set of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bit(u32);

impl Bit {
    #[inline]
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which bit stands for which action. Numbers of actions have gaps, bits have none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vocabulary {
    /// By number: one more than the bit; 0 where there is no such action.
    bits: Arc<[u32]>,
    /// By bit.
    actions: Arc<[ActionId]>,
}

impl Vocabulary {
    pub(crate) fn of(org: &Org) -> Self {
        let actions: Arc<[ActionId]> = org.actions.iter().map(|action| action.id).collect();
        let mut bits = vec![0; org.actions.bound()];
        for (action, bit) in actions.iter().zip(1_u32..) {
            if let Some(place) = bits.get_mut(action.index()) {
                *place = bit;
            }
        }
        Vocabulary { bits: bits.into(), actions }
    }

    #[inline]
    pub(crate) fn bit(&self, action: ActionId) -> Option<Bit> {
        self.bits.get(action.index())?.checked_sub(1).map(Bit)
    }

    /// How many actions there are.
    pub(crate) fn len(&self) -> usize {
        self.actions.len()
    }

    /// The bits of a set.
    pub(crate) fn bits<'a>(&self, set: &'a Actions) -> impl Iterator<Item = Bit> + 'a {
        (0..u32::try_from(self.actions.len()).unwrap_or(u32::MAX)).map(Bit).filter(|bit| set.has(*bit))
    }

    /// The actions of a set, by number.
    pub(crate) fn actions<'a>(&'a self, set: &'a Actions) -> impl Iterator<Item = ActionId> + 'a {
        self.actions.iter().zip(0_u32..).filter(|(_, bit)| set.has(Bit(*bit))).map(|(action, _)| *action)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.bits) + size_of_val(&*self.actions)
    }
}

/// Words of a set that stand beside it, without a pointer to follow: 256 actions.
const INLINE: usize = 4;

/// A set of actions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Actions {
    first: [u64; INLINE],
    rest: Vec<u64>,
}

impl Actions {
    #[inline]
    pub(crate) fn has(&self, Bit(bit): Bit) -> bool {
        let word = (bit / 64) as usize;
        let word = self.first.get(word).or_else(|| self.rest.get(word - INLINE));
        word.is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    pub(crate) fn insert(&mut self, Bit(bit): Bit) {
        let word = (bit / 64) as usize;
        if word >= INLINE && self.rest.len() <= word - INLINE {
            self.rest.resize(word - INLINE + 1, 0);
        }
        let word = self.first.get_mut(word).or_else(|| self.rest.get_mut(word - INLINE));
        if let Some(word) = word {
            *word |= 1 << (bit % 64);
        }
    }

    pub(crate) fn add(&mut self, other: &Actions) {
        if self.rest.len() < other.rest.len() {
            self.rest.resize(other.rest.len(), 0);
        }
        let words = self.first.iter_mut().chain(&mut self.rest);
        for (word, more) in words.zip(other.first.iter().chain(&other.rest)) {
            *word |= more;
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.rest.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_into_it_and_nothing_else() {
        let mut set = Actions::default();
        for bit in [0, 63, 64, 255, 256, 1_000] {
            set.insert(Bit(bit));
        }
        let held: Vec<u32> = (0..2_000).filter(|bit| set.has(Bit(*bit))).collect();
        assert_eq!(held, [0, 63, 64, 255, 256, 1_000]);
    }

    #[test]
    fn a_sum_of_sets_holds_what_either_holds() {
        let (mut small, mut large) = (Actions::default(), Actions::default());
        small.insert(Bit(3));
        large.insert(Bit(700));
        small.add(&large);
        large.add(&small);
        assert!(small.has(Bit(3)) && small.has(Bit(700)));
        assert_eq!(small, large);
    }
}
