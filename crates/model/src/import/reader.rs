//! Reading a workload file, line by line, with little more memory than what it comes to. Checked
//! here is all that needs no organization; the rest is in `import/decide.rs`.

use super::column::{Bound, Column, Permitted, put_bound, put_number, put_permitted};
use super::ids::Ids;
use super::line::{Binding, Group, Id, Meta, Plain, Policy, Role, Tag};
use super::people::Known;
use super::{Kind, Workload};
use crate::action::parse_action_name;
use crate::name::{nearest, parse_name};
use crate::policy::MOST_BINDINGS;
use crate::refusal::{Refusal, shown};
use crate::role::{Bindable, MOST_PERMITS};
use serde::Deserialize;
use std::hash::Hash;
use std::sync::Arc;

/// The longest line that is read, in bytes: a policy with the most bindings and long names fits.
pub const LONGEST_LINE: usize = 4 << 20;

/// The only format of workload files so far.
const FORMAT: u64 = 1;

/// Why a line cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct BadLine {
    /// Which line, counted from 1.
    pub line: u64,
    /// What is wrong with it and what to do about it.
    pub message: String,
}

/// Turns the lines of a workload file into a [`Workload`]. After the first bad line it takes no more.
#[derive(Default)]
pub struct WorkloadReader {
    columns: [Column; 8],
    ids: [Ids; 6],
    /// Users and applications share one space of identifiers, in any case of letters.
    people: Ids,
    /// Whether each role is for the organization only.
    organization_only: Vec<bool>,
    record: Vec<u8>,
    line: u64,
    begun: bool,
    failed: Option<BadLine>,
}

impl WorkloadReader {
    /// A reader before the first line.
    pub fn new() -> Self {
        WorkloadReader::default()
    }

    /// Takes the next line, without its end. Empty lines count but say nothing.
    ///
    /// # Errors
    /// What is wrong with the line, or with the one that was refused before.
    pub fn line(&mut self, line: &[u8]) -> Result<(), BadLine> {
        let line = line.trim_ascii();
        self.counted(|reader| if line.is_empty() { Ok(()) } else { reader.take(line) })
    }

    /// Counts a line and takes it, unless one before was bad.
    pub(super) fn counted(&mut self, take: impl FnOnce(&mut Self) -> Result<(), String>) -> Result<(), BadLine> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        self.line += 1;
        take(self).map_err(|message| {
            let bad = BadLine { line: self.line, message };
            self.failed = Some(bad.clone());
            bad
        })
    }

    /// Whether the file is at a place where a user or application may stand.
    pub(super) const fn takes_principals(&self) -> bool {
        self.begun && self.failed.is_none()
    }

    /// The lines taken so far.
    pub const fn lines(&self) -> u64 {
        self.line
    }

    /// The workload, after the last line.
    ///
    /// # Errors
    /// The line that was refused before; a file without its first line.
    pub fn finish(mut self) -> Result<Workload, BadLine> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        if !self.begun {
            return Err(BadLine {
                line: self.line.max(1),
                message: "the file is empty; it must begin with a \"meta\" line".to_owned(),
            });
        }
        self.columns.iter_mut().for_each(Column::shrink);
        Ok(Workload { columns: Arc::new(self.columns), seed: [0; 32] })
    }

    fn take(&mut self, line: &[u8]) -> Result<(), String> {
        if line.len() > LONGEST_LINE {
            return Err(too_long(line.len()));
        }
        let tag = tag(line)?;
        if tag == "meta" {
            return self.meta(line);
        }
        if !self.begun {
            return Err("the file must begin with a line such as {\"t\":\"meta\",\"format\":1}".to_owned());
        }
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.word() == tag) else {
            let known = Kind::ALL.into_iter().map(Kind::word);
            return Err(Refusal::unknown("", "kind of line", &tag, nearest(&tag, known)).message);
        };
        match kind {
            Kind::Environment | Kind::Action | Kind::Project => {
                let plain: Plain<'_> = parse(line)?;
                self.record.clear();
                self.define(kind, &plain.id)
            }
            Kind::Role => self.role(&parse(line)?),
            Kind::Policy => self.policy(&parse(line)?),
            Kind::Group => self.group(&parse(line)?),
            Kind::User | Kind::Application => {
                let mut record = std::mem::take(&mut self.record);
                record.clear();
                let known = self.read_principal(kind, line, &mut record)?;
                self.define_principal(&known, &record)?;
                self.record = record;
                Ok(())
            }
        }
    }

    fn meta(&mut self, line: &[u8]) -> Result<(), String> {
        let meta: Meta<'_> = parse(line)?;
        if self.begun {
            return Err("a \"meta\" line stands only at the beginning".to_owned());
        }
        if meta.format != FORMAT {
            return Err(format!("format {} is not known here; format {FORMAT} is", meta.format));
        }
        self.begun = true;
        Ok(())
    }

    fn role(&mut self, role: &Role<'_>) -> Result<(), String> {
        let bindable = match &*role.level {
            "organization" => Bindable::Organization,
            "project" => Bindable::Anywhere,
            other => {
                return Err(format!("level \"{}\" is not known; it is \"organization\" or \"project\"", shown(other)));
            }
        };
        let mut permits = Vec::with_capacity(role.permissions.len());
        for permission in &role.permissions {
            let action = self.index(Kind::Action, &permission.action)?;
            let Some(environments) = &permission.environments else {
                permits.push(Permitted { action, environment: None });
                continue;
            };
            if environments.is_empty() {
                let name = shown(&permission.action);
                return Err(format!(
                    "the permission for \"{name}\" lists no environment; leave \"environments\" out to mean every one"
                ));
            }
            for environment in environments {
                permits.push(Permitted { action, environment: Some(self.index(Kind::Environment, environment)?) });
            }
        }
        let permits = distinct(permits);
        if permits.len() > MOST_PERMITS {
            return Err(format!("a role has at most {MOST_PERMITS} permits; this one has {}", permits.len()));
        }
        let organization_only = bindable == Bindable::Organization;
        self.record.clear();
        put_number(&mut self.record, u32::from(organization_only));
        put_permitted(&mut self.record, &permits);
        self.define(Kind::Role, &role.id)?;
        self.organization_only.push(organization_only);
        Ok(())
    }

    fn policy(&mut self, policy: &Policy<'_>) -> Result<(), String> {
        let bindings = self.bound(&policy.bindings)?;
        if bindings.len() > MOST_BINDINGS {
            let count = bindings.len();
            return Err(format!(
                "a policy has at most {MOST_BINDINGS} bindings; this one has {count}, so divide it into several"
            ));
        }
        self.record.clear();
        put_bound(&mut self.record, &bindings);
        self.define(Kind::Policy, &policy.id)
    }

    fn group(&mut self, group: &Group<'_>) -> Result<(), String> {
        let grants = self.bound(&group.grants)?;
        self.record.clear();
        put_bound(&mut self.record, &grants);
        self.define(Kind::Group, &group.id)
    }

    /// Looks bindings up, each once, in their order.
    pub(super) fn bound(&self, bindings: &[Binding<'_>]) -> Result<Vec<Bound>, String> {
        let bound = bindings.iter().map(|binding| {
            let role = self.index(Kind::Role, &binding.role)?;
            let place = |kind, id: &Option<Id<'_>>| id.as_deref().map(|id| self.index(kind, id)).transpose();
            let project = place(Kind::Project, &binding.project)?;
            if project.is_some() && self.organization_only.get(role as usize) == Some(&true) {
                return Err(format!(
                    "the role \"{}\" is for the organization; leave the project out",
                    shown(&binding.role)
                ));
            }
            Ok(Bound { role, project, environment: place(Kind::Environment, &binding.environment)? })
        });
        Ok(distinct(bound.collect::<Result<_, String>>()?))
    }

    pub(super) fn indexes(&self, kind: Kind, ids: &[Id<'_>]) -> Result<Vec<u32>, String> {
        Ok(distinct(ids.iter().map(|id| self.index(kind, id)).collect::<Result<_, String>>()?))
    }

    /// The index of an id that was defined before.
    fn index(&self, kind: Kind, id: &str) -> Result<u32, String> {
        let known = &self.ids[kind as usize];
        known.find(id).ok_or_else(|| {
            let message = Refusal::unknown("", kind.word(), id, nearest(id, known.iter())).message;
            format!("{message}; an id is defined before it is used")
        })
    }

    /// Keeps an item with the record that was just written.
    fn define(&mut self, kind: Kind, id: &str) -> Result<(), String> {
        let name = match kind {
            Kind::Action => parse_action_name(id, "id"),
            _ => parse_name(id, "id"),
        };
        require_as_kept(id, &name.map_err(|refusal| refusal.message)?)?;
        let ids = &mut self.ids[kind as usize];
        if let Some(first) = ids.find(id) {
            return Err(defined_before(kind, id, ids.line(first)));
        }
        ids.add(id, self.line);
        self.columns[kind as usize].push(id, &self.record, self.line);
        Ok(())
    }

    /// Keeps a user or application with its record.
    pub(super) fn define_principal(&mut self, known: &Known<'_>, record: &[u8]) -> Result<(), String> {
        if let Some(first) = self.people.find(&known.folded) {
            return Err(defined_before(known.kind, &known.id, self.people.line(first)));
        }
        self.people.add(&known.folded, self.line);
        self.columns[known.kind as usize].push(&known.id, record, self.line);
        Ok(())
    }
}

pub(super) fn too_long(length: usize) -> String {
    format!("the line is {length} bytes long; at most {LONGEST_LINE} are read")
}

fn defined_before(kind: Kind, id: &str, line: u64) -> String {
    let shared = if kind.principal().is_some() { "; users and applications share their ids" } else { "" };
    format!("the {} \"{}\" was defined in line {line} already{shared}", kind.word(), shown(id))
}

/// An id is looked up to the letter, so it must stand as it will be kept.
pub(super) fn require_as_kept(id: &str, kept: &str) -> Result<(), String> {
    if id == kept {
        return Ok(());
    }
    Err(format!(
        "the id \"{}\" would be kept as \"{}\" (trimmed, in normal form C); write it so everywhere",
        shown(id),
        shown(kept)
    ))
}

/// What kind of line it is. Nearly always that is its first key.
pub(super) fn tag(line: &[u8]) -> Result<std::borrow::Cow<'_, str>, String> {
    let plain = line.strip_prefix(b"{\"t\":\"").and_then(|rest| {
        let end = rest.iter().position(|byte| !byte.is_ascii_alphabetic())?;
        (rest.get(end) == Some(&b'"')).then(|| std::str::from_utf8(rest.get(..end)?).ok())?
    });
    if let Some(plain) = plain {
        return Ok(plain.into());
    }
    let tag: Tag<'_> = parse(line)?;
    let known = tag.t.ok_or_else(|| "the line does not say what it is; it needs a key \"t\"".to_owned())?;
    Ok(known.to_string().into())
}

pub(super) fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| {
        let text = error.to_string();
        let text = text.split(" at line 1 column ").next().unwrap_or_default();
        format!("{text} (column {})", error.column())
    })
}

/// The same items in the same order, each once.
fn distinct<T: Copy + Eq + Hash>(mut items: Vec<T>) -> Vec<T> {
    const FEW: usize = 24;
    if items.len() > FEW {
        let mut seen = std::collections::HashSet::with_capacity(items.len());
        items.retain(|item| seen.insert(*item));
        return items;
    }
    let mut kept = 0;
    for at in 0..items.len() {
        let item = items[at];
        if !items[..kept].contains(&item) {
            items[kept] = item;
            kept += 1;
        }
    }
    items.truncate(kept);
    items
}
