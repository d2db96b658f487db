//! A noun's records by number, with an index of their names.

use super::{Match, Name, Names, Tree};
use crate::name::{NameKey, Text, same_name};
use crate::organization::Revision;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A record that has a number and a name.
pub trait Numbered {
    /// Its number within the organization.
    fn number(&self) -> u32;
    /// Its name, unique among its kind.
    fn name(&self) -> &Text;
}

/// A record with the revisions that made and last changed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row<T> {
    /// The record.
    pub value: T,
    /// The revision that made it.
    pub created: Revision,
    /// The revision that last changed it: its entity tag.
    pub changed: Revision,
}

impl<T> std::ops::Deref for Row<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// The records of one noun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table<T> {
    rows: Tree<Option<Arc<Row<T>>>>,
    /// Numbers used so far; the next automatic one is above.
    highest: u32,
    count: usize,
    #[serde(skip)]
    names: Names,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { rows: Tree::new(), highest: 0, count: 0, names: Names::default() }
    }
}

impl<T: Numbered> Table<T> {
    /// The record with this number.
    #[inline]
    pub fn get(&self, number: u32) -> Option<&Row<T>> {
        self.rows.get(number as usize)?.as_deref()
    }

    /// The record of this name; `folded` says whether case matters not.
    #[inline]
    pub fn named(&self, name: &str, folded: bool) -> Option<&Row<T>> {
        self.get(self.number_of(name, folded)?)
    }

    /// The number of the record of this name. A short name is found without a look at the record.
    #[inline]
    pub fn number_of(&self, name: &str, folded: bool) -> Option<u32> {
        let same = |n| self.get(n).is_some_and(|row| same_name(row.value.name(), name, folded));
        self.names.find(&NameKey::of(name), same)
    }

    /// All records, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Row<T>> {
        self.rows.iter().filter_map(|row| row.as_deref())
    }

    /// How many records there are.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The number a new record gets when it does not bring one: never one used before.
    pub const fn next_number(&self, first: u32) -> u32 {
        if self.highest < first { first } else { self.highest + 1 }
    }

    /// About how many bytes the index of names occupies.
    pub fn names_bytes(&self) -> usize {
        self.names.heap_bytes()
    }

    /// One more than the largest number ever used: the length of an array indexed by number.
    pub const fn bound(&self) -> usize {
        self.highest as usize + 1
    }
}

impl<T: Numbered> Table<T> {
    /// About how many bytes the records occupy (`own` says what each has beside itself), and how
    /// many their names do. What is shared with copies is counted whole.
    pub fn heap_bytes(&self, own: impl Fn(&T) -> usize) -> (usize, usize) {
        let record = 2 * size_of::<usize>() + size_of::<Row<T>>();
        let records: usize = self.iter().map(|row| record + own(&row.value)).sum();
        (self.rows.heap_bytes() + records, self.names.heap_bytes())
    }
}

impl<T: Numbered + Clone> Table<T> {
    /// Puts a new record in its place, or replaces one.
    pub fn put(&mut self, value: T, revision: Revision, folded: bool) {
        let number = value.number();
        let created = self.get(number).map_or(revision, |row| row.created);
        self.remove(number, folded);
        while self.rows.len() <= number as usize {
            self.rows.push(None);
        }
        self.names.insert(Name::of(value.name(), Match::folded(folded), number));
        self.highest = self.highest.max(number);
        self.count += 1;
        if let Some(place) = self.rows.get_mut(number as usize) {
            *place = Some(Arc::new(Row { value, created, changed: revision }));
        }
    }

    /// Changes a record in place, but not its name.
    pub fn change(&mut self, number: u32, revision: Revision, change: impl FnOnce(&mut T)) {
        if let Some(Some(row)) = self.rows.get_mut(number as usize) {
            let row = Arc::make_mut(row);
            change(&mut row.value);
            row.changed = revision;
        }
    }

    /// Takes a record away; its number is not used again.
    pub fn remove(&mut self, number: u32, folded: bool) {
        let Some(name) = self.get(number).map(|row| Name::of(row.value.name(), Match::folded(folded), number)) else {
            return;
        };
        self.names.remove(&name);
        self.count -= 1;
        if let Some(place) = self.rows.get_mut(number as usize) {
            *place = None;
        }
    }

    /// Builds the index of names again, after the records were read.
    pub fn index_names(&mut self, folded: bool) {
        let matched = Match::folded(folded);
        let mut names = Names::default();
        names.extend(self.iter().map(|row| Name::of(row.value.name(), matched, row.value.number())).collect());
        self.names = names;
    }
}
