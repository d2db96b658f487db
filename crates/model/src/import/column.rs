//! A column: the names of one noun's items, and what each of them holds, as bytes.
//!
//! A record is a row of variable-length numbers. Role: bindable, then permits. Policy and group:
//! bindings. User and application: bindings, groups, policies. Each list begins with its length;
//! each number is an index into another column, or one more than that where it may be missing.

use super::Kind;

/// The items of one noun.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Column {
    count: u32,
    /// Each name after its length.
    names: Vec<u8>,
    records: Vec<u8>,
    lines: Lines,
}

impl Column {
    pub(super) const fn from_parts(count: u32, names: Vec<u8>, records: Vec<u8>) -> Self {
        Column { count, names, records, lines: Lines(Vec::new()) }
    }

    pub(super) const fn len(&self) -> usize {
        self.count as usize
    }

    pub(super) const fn size(&self) -> usize {
        self.names.capacity() + self.records.capacity()
    }

    pub(super) fn push(&mut self, name: &str, record: &[u8], line: u64) {
        self.lines.note(self.count, line);
        self.count += 1;
        put_text(&mut self.names, name.as_bytes());
        self.records.extend_from_slice(record);
    }

    pub(super) fn shrink(&mut self) {
        self.names.shrink_to_fit();
        self.records.shrink_to_fit();
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.names.as_slice();
        (0..self.count).map_while(move |_| {
            let length = take_number(&mut rest)? as usize;
            let (name, after) = rest.split_at_checked(length)?;
            rest = after;
            std::str::from_utf8(name).ok()
        })
    }

    pub(super) fn records(&self) -> &[u8] {
        &self.records
    }

    /// The line of the file in which an item stood; none once it has been in the log.
    pub(super) fn line(&self, index: usize) -> Option<u64> {
        self.lines.of(u32::try_from(index).ok()?)
    }
}

/// In which line each item stood: runs of consecutive lines.
#[derive(Clone, Default)]
pub(super) struct Lines(Vec<(u32, u64)>);

/// Where something stood is for messages; it makes no difference to what it is.
impl PartialEq for Lines {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Lines {
    pub(super) fn note(&mut self, index: u32, line: u64) {
        if self.of(index) != Some(line) {
            self.0.push((index, line));
        }
    }

    pub(super) fn of(&self, index: u32) -> Option<u64> {
        let after = self.0.partition_point(|run| run.0 <= index);
        let run = self.0.get(after.checked_sub(1)?)?;
        Some(run.1 + u64::from(index - run.0))
    }
}

/// Writes a number in as many bytes as it needs, seven bits each, the lowest first.
pub(super) fn put_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

pub(super) fn put_text(bytes: &mut Vec<u8>, text: &[u8]) {
    put_number(bytes, u32::try_from(text.len()).unwrap_or(u32::MAX));
    bytes.extend_from_slice(text);
}

/// Reads a number; none where there is no sound one.
#[inline]
pub(super) fn take_number(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return (shift < 28 || *byte < 0x10).then_some(number);
        }
    }
    None
}

/// A role at a scope, as indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Bound {
    pub(super) role: u32,
    pub(super) project: Option<u32>,
    pub(super) environment: Option<u32>,
}

/// An action, perhaps narrowed to an environment, as indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Permitted {
    pub(super) action: u32,
    pub(super) environment: Option<u32>,
}

fn put_optional(bytes: &mut Vec<u8>, index: Option<u32>) {
    put_number(bytes, index.map_or(0, |index| index + 1));
}

fn put_length(bytes: &mut Vec<u8>, length: usize) {
    put_number(bytes, u32::try_from(length).unwrap_or(u32::MAX));
}

pub(super) fn put_bound(bytes: &mut Vec<u8>, list: &[Bound]) {
    put_length(bytes, list.len());
    for bound in list {
        put_number(bytes, bound.role);
        put_optional(bytes, bound.project);
        put_optional(bytes, bound.environment);
    }
}

pub(super) fn put_permitted(bytes: &mut Vec<u8>, list: &[Permitted]) {
    put_length(bytes, list.len());
    for permitted in list {
        put_number(bytes, permitted.action);
        put_optional(bytes, permitted.environment);
    }
}

pub(super) fn put_indexes(bytes: &mut Vec<u8>, list: &[u32]) {
    put_length(bytes, list.len());
    for index in list {
        put_number(bytes, *index);
    }
}

/// A place among records. What cannot be read is as nothing: the records were checked before.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Fields { rest }
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        take_number(&mut self.rest)
    }

    /// Reads a list and hands each of its items on.
    pub(super) fn list<T>(&mut self, read: fn(&mut Self) -> Option<T>, take: impl FnMut(T)) {
        let length = self.number().unwrap_or(0);
        (0..length).map_while(|_| read(self)).for_each(take);
    }

    pub(super) fn bound(&mut self) -> Option<Bound> {
        let role = self.number()?;
        let project = self.number()?.checked_sub(1);
        Some(Bound { role, project, environment: self.number()?.checked_sub(1) })
    }

    pub(super) fn permitted(&mut self) -> Option<Permitted> {
        let action = self.number()?;
        Some(Permitted { action, environment: self.number()?.checked_sub(1) })
    }
}

/// Whether records are sound: so many of them, none cut off, each index in its column.
pub(super) fn is_sound(kind: Kind, records: &[u8], count: u32, counts: impl Fn(Kind) -> u32) -> bool {
    let mut fields = Fields::new(records);
    let within = |kind: Kind, index: Option<u32>| index.is_none_or(|index| index < counts(kind));
    let bound = |fields: &mut Fields<'_>| {
        let bound = fields.bound()?;
        let places = within(Kind::Project, bound.project) && within(Kind::Environment, bound.environment);
        (within(Kind::Role, Some(bound.role)) && places).then_some(())
    };
    let permitted = |fields: &mut Fields<'_>| {
        let permitted = fields.permitted()?;
        let sound = within(Kind::Action, Some(permitted.action)) && within(Kind::Environment, permitted.environment);
        sound.then_some(())
    };
    let index = |fields: &mut Fields<'_>, of: Kind| within(of, Some(fields.number()?)).then_some(());
    let mut record = || -> Option<()> {
        match kind {
            Kind::Environment | Kind::Action | Kind::Project => Some(()),
            Kind::Role => (fields.number()? < 2).then(|| each(&mut fields, permitted))?,
            Kind::Policy | Kind::Group => each(&mut fields, bound),
            Kind::User | Kind::Application => {
                each(&mut fields, bound)?;
                each(&mut fields, |fields| index(fields, Kind::Group))?;
                each(&mut fields, |fields| index(fields, Kind::Policy))
            }
        }
    };
    (0..count).all(|_| record().is_some()) && fields.is_at_end()
}

/// Reads a list whose every item must be sound.
fn each(fields: &mut Fields<'_>, item: impl Fn(&mut Fields<'_>) -> Option<()>) -> Option<()> {
    let length = fields.number()?;
    (0..length).try_for_each(|_| item(fields))
}
