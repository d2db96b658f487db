//! Reads the workload (`bench/WORKLOAD.md`) as quickly as a plain program would: one line at a time, borrowed.

use crate::world::{Binding, EVERYWHERE, Role, Subject, World};
use anyhow::{Context, bail};
use serde::Deserialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

#[derive(Deserialize)]
struct BindingLine<'a> {
    role: &'a str,
    project: Option<&'a str>,
    environment: Option<&'a str>,
}

#[derive(Deserialize)]
struct PermissionLine<'a> {
    action: &'a str,
    #[serde(borrow)]
    environments: Option<Vec<&'a str>>,
}

#[derive(Deserialize)]
struct Line<'a> {
    t: &'a str,
    #[serde(default)]
    id: &'a str,
    #[serde(default)]
    level: &'a str,
    #[serde(borrow, default)]
    permissions: Vec<PermissionLine<'a>>,
    #[serde(borrow, default)]
    bindings: Vec<BindingLine<'a>>,
    #[serde(borrow, default)]
    grants: Vec<BindingLine<'a>>,
    #[serde(borrow, default)]
    groups: Vec<&'a str>,
    #[serde(borrow, default)]
    policies: Vec<&'a str>,
}

/// Reads a size's data.
///
/// # Errors
/// When the file cannot be read or a line is not what the format says.
pub fn world(directory: &Path, size: &str) -> anyhow::Result<World> {
    let path = directory.join(format!("{size}.data.jsonl"));
    let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut lines = BufReader::with_capacity(1 << 20, file);
    let mut reader = Reader::default();
    let mut text = String::new();
    while lines.read_line(&mut text)? > 0 {
        let line = serde_json::from_str(&text).with_context(|| format!("no line of a workload: {text}"))?;
        reader.add(&line).with_context(|| format!("cannot use {text}"))?;
        text.clear();
    }
    Ok(reader.world)
}

#[derive(Default)]
struct Reader {
    world: World,
    roles: HashMap<String, u16>,
    environments: HashMap<String, u8>,
    actions: HashMap<String, u8>,
}

impl Reader {
    fn add(&mut self, line: &Line) -> anyhow::Result<()> {
        match line.t {
            "meta" => {}
            "environment" => {
                self.environments.insert(line.id.to_owned(), u8::try_from(self.environments.len())?);
                self.world.environments.push(line.id.to_owned());
            }
            "action" => {
                self.actions.insert(line.id.to_owned(), u8::try_from(self.actions.len())?);
                self.world.actions.push(line.id.to_owned());
            }
            "role" => self.role(line)?,
            "project" => self.world.projects += 1,
            "policy" => self.world.policies.push(self.bindings(&line.bindings)?),
            "group" => self.world.groups.push(self.bindings(&line.grants)?),
            "user" => self.world.users.push(self.subject(line)?),
            "application" => self.world.applications.push(self.subject(line)?),
            other => bail!("no noun named {other}"),
        }
        Ok(())
    }

    fn role(&mut self, line: &Line) -> anyhow::Result<()> {
        self.roles.insert(line.id.to_owned(), u16::try_from(self.roles.len())?);
        let permissions = line.permissions.iter().map(|permission| self.permission(permission));
        let permissions = permissions.collect::<anyhow::Result<_>>()?;
        self.world.roles.push(Role { name: line.id.to_owned(), is_wide: line.level == "organization", permissions });
        Ok(())
    }

    fn permission(&self, line: &PermissionLine) -> anyhow::Result<(u8, u8)> {
        let action = *self.actions.get(line.action).context("unknown action")?;
        let Some(environments) = &line.environments else {
            return Ok((action, EVERYWHERE));
        };
        let bits = environments.iter().map(|name| self.environment(name).map(|number| 1_u8 << number));
        Ok((action, bits.sum::<anyhow::Result<u8>>()?))
    }

    fn environment(&self, name: &str) -> anyhow::Result<u8> {
        self.environments.get(name).copied().context("unknown environment")
    }

    fn bindings(&self, lines: &[BindingLine]) -> anyhow::Result<Vec<Binding>> {
        let bindings = lines.iter().map(|line| {
            let role = *self.roles.get(line.role).context("unknown role")?;
            let environment = line.environment.map(|name| self.environment(name)).transpose()?;
            Ok(Binding { role, project: line.project.map(number).transpose()?, environment })
        });
        bindings.collect()
    }

    fn subject(&self, line: &Line) -> anyhow::Result<Subject> {
        let numbers = |names: &[&str]| names.iter().map(|name| number(name)).collect::<anyhow::Result<Vec<u32>>>();
        let (groups, policies) = (numbers(&line.groups)?, numbers(&line.policies)?);
        Ok(Subject { grants: self.bindings(&line.grants)?, groups, policies })
    }
}

/// The number an id ends in: `p-12` is 12.
fn number(name: &str) -> anyhow::Result<u32> {
    let (_, number) = name.rsplit_once('-').context("an id without a number")?;
    Ok(number.parse()?)
}
