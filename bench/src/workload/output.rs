//! Writes a world as JSON lines and takes the fingerprint of what is written. The text is put together by hand: the
//! bytes are the format, so they must not depend on a library's taste.

use super::size::Size;
use super::world::{ACTION_COUNT, Binding, ENVIRONMENTS, Permission, Role, Subject, World, action_name};
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A written file: its name, its length and its FNV-1a hash of 64 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The file's name within its directory.
    pub file: String,
    /// Length in bytes.
    pub bytes: u64,
    /// FNV-1a, 64 bits.
    pub hash: u64,
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes={} fnv1a64={:016x}", self.file, self.bytes, self.hash)
    }
}

/// A file under way.
pub(super) struct Lines {
    out: BufWriter<File>,
    written: Fingerprint,
}

impl Lines {
    pub(super) fn create(dir: &Path, file: String) -> io::Result<Self> {
        let out = BufWriter::with_capacity(1 << 20, File::create(dir.join(&file))?);
        Ok(Self { out, written: Fingerprint { file, bytes: 0, hash: 0xcbf2_9ce4_8422_2325 } })
    }

    /// Writes a line, whose end it must bring along.
    pub(super) fn write(&mut self, line: &str) -> io::Result<()> {
        for byte in line.bytes() {
            self.written.hash = (self.written.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.written.bytes += line.len() as u64;
        self.out.write_all(line.as_bytes())
    }

    pub(super) fn finish(mut self) -> io::Result<Fingerprint> {
        self.out.flush()?;
        Ok(self.written)
    }
}

/// Writes the nouns, each before its first use.
pub(super) fn data(world: &World, size: Size, seed: u64, dir: &Path) -> io::Result<Fingerprint> {
    let mut lines = Lines::create(dir, format!("{}.data.jsonl", size.name()))?;
    lines.write(&format!("{{\"t\":\"meta\",\"format\":1,\"size\":\"{}\",\"seed\":{seed}}}\n", size.name()))?;
    for environment in ENVIRONMENTS {
        lines.write(&format!("{{\"t\":\"environment\",\"id\":\"{environment}\"}}\n"))?;
    }
    for action in 0..ACTION_COUNT.to_le_bytes()[0] {
        lines.write(&format!("{{\"t\":\"action\",\"id\":\"{}\"}}\n", action_name(action)))?;
    }
    for role in &world.roles {
        lines.write(&role_line(role))?;
    }
    for project in 0..size.projects() {
        lines.write(&format!("{{\"t\":\"project\",\"id\":\"p-{project}\"}}\n"))?;
    }
    for (number, list) in world.policies.iter().enumerate() {
        let bindings = bindings(world, list);
        lines.write(&format!("{{\"t\":\"policy\",\"id\":\"pol-{number}\",\"bindings\":{bindings}}}\n"))?;
    }
    for (number, list) in world.groups.iter().enumerate() {
        let grants = bindings(world, list);
        lines.write(&format!("{{\"t\":\"group\",\"id\":\"g-{number}\",\"grants\":{grants}}}\n"))?;
    }
    subjects(world, "user", "u", &world.users, &mut lines)?;
    subjects(world, "application", "a", &world.applications, &mut lines)?;
    lines.finish()
}

fn subjects(world: &World, kind: &str, prefix: &str, list: &[Subject], lines: &mut Lines) -> io::Result<()> {
    for (number, subject) in list.iter().enumerate() {
        lines.write(&format!(
            "{{\"t\":\"{kind}\",\"id\":\"{prefix}-{number}\",\"grants\":{},\"groups\":{},\"policies\":{}}}\n",
            bindings(world, &subject.grants),
            list_of(subject.groups.iter().map(|group| format!("\"g-{group}\""))),
            list_of(subject.policies.iter().map(|policy| format!("\"pol-{policy}\"")))
        ))?;
    }
    Ok(())
}

fn role_line(role: &Role) -> String {
    let permissions = list_of(role.permissions.iter().map(permission));
    format!("{{\"t\":\"role\",\"id\":\"{}\",\"level\":\"{}\",\"permissions\":{permissions}}}\n", role.name, role.level)
}

fn permission(permission: &Permission) -> String {
    let action = action_name(permission.action);
    match &permission.environments {
        None => format!("{{\"action\":\"{action}\"}}"),
        Some(only) => {
            let names = list_of(only.iter().map(|number| format!("\"{}\"", ENVIRONMENTS[usize::from(*number)])));
            format!("{{\"action\":\"{action}\",\"environments\":{names}}}")
        }
    }
}

fn bindings(world: &World, list: &[Binding]) -> String {
    list_of(list.iter().map(|binding| {
        let role = &world.roles[usize::from(binding.role)].name;
        let project = binding.project.map(|number| format!(",\"project\":\"p-{number}\"")).unwrap_or_default();
        let environment = binding
            .environment
            .map(|number| format!(",\"environment\":\"{}\"", ENVIRONMENTS[usize::from(number)]))
            .unwrap_or_default();
        format!("{{\"role\":\"{role}\"{project}{environment}}}")
    }))
}

fn list_of(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}
