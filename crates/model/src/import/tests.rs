//! Tests of imports: a small workload of every kind of line, and what becomes of it.

mod apply;
mod codec;
mod reader;

use super::{BadLine, Workload, WorkloadReader};
use crate::catalog::{Catalog, builtin};
use crate::command::Command;
use crate::decide::{Decision, decide};
use crate::id::OrganizationId;
use crate::moment::{Actor, Moment};
use crate::organization::{NewOrganization, Org};
use crate::refusal::Refusal;
use crate::time::Timestamp;
use std::fmt::Write;
use std::sync::Arc;

/// Every kind of line, each form of each.
pub(crate) const SMALL: &str = r#"{"t":"meta","format":1,"size":"S","seed":1}
{"t":"environment","id":"dev"}
{"t":"environment","id":"staging"}
{"t":"action","id":"flag.read"}
{"t":"action","id":"flag.update"}
{"t":"role","id":"org-0","level":"organization","permissions":[{"action":"flag.read"},{"action":"flag.update"}]}
{"t":"role","id":"prj-0","level":"project","permissions":[{"action":"flag.read"},{"action":"flag.update","environments":["dev","staging"]}]}
{"t":"project","id":"p-0"}
{"t":"project","id":"p-1"}
{"t":"policy","id":"pol-0","bindings":[{"role":"org-0"},{"role":"prj-0","project":"p-0","environment":"dev"},{"role":"prj-0","environment":"staging"},{"role":"org-0"}]}
{"t":"group","id":"g-0","grants":[{"role":"prj-0","project":"p-1"}]}
{"t":"group","id":"g-1","grants":[]}
{"t":"user","id":"u-0","grants":[{"role":"org-0"},{"role":"prj-0","project":"p-0"},{"role":"org-0"}],"groups":["g-0","g-1","g-0"],"policies":[]}
{"t":"user","id":"Юлия","grants":[],"groups":["g-0"],"policies":["pol-0"]}
{"t":"application","id":"a-0","grants":[],"groups":[],"policies":["pol-0","pol-0"]}
"#;

pub(crate) fn read(text: &str) -> Result<Workload, BadLine> {
    let mut reader = WorkloadReader::new();
    text.lines().try_for_each(|line| reader.line(line.as_bytes()))?;
    reader.finish()
}

/// An organization made with one of the catalogs.
pub(crate) fn founded(catalog: &str) -> Org {
    let catalog = Arc::new(Catalog::read(builtin(catalog).unwrap()).unwrap());
    let new = NewOrganization { id: OrganizationId::new(1), name: "test".into(), title: String::new(), catalog };
    run(&Org::empty(), Command::Found(Box::new(new))).unwrap().org
}

pub(crate) fn run(org: &Org, command: Command) -> Result<Decision, Refusal> {
    let now = Timestamp::from_micros(1_795_000_000_000_000);
    decide(org, command, &Moment::new(now, Actor::System, [9; 32]))
}

pub(crate) fn import(org: &Org, text: &str) -> Result<Decision, Refusal> {
    run(org, Command::Import(Arc::new(read(text).unwrap())))
}

/// A workload of so many users, without chance.
pub(crate) fn generated(users: usize) -> String {
    let mut text = String::from("{\"t\":\"meta\",\"format\":1}\n");
    for environment in ["dev", "test"] {
        let _ = writeln!(text, r#"{{"t":"environment","id":"{environment}"}}"#);
    }
    let _ = writeln!(text, r#"{{"t":"action","id":"act"}}"#);
    for role in 0..200 {
        let _ =
            writeln!(text, r#"{{"t":"role","id":"r-{role}","level":"project","permissions":[{{"action":"act"}}]}}"#);
    }
    for project in 0..300 {
        let _ = writeln!(text, r#"{{"t":"project","id":"p-{project}"}}"#);
    }
    for group in 0..20 {
        let _ = writeln!(text, r#"{{"t":"group","id":"g-{group}"}}"#);
    }
    for user in 0..users {
        let binding = |n: usize| {
            let (role, project) = ((user * 7 + n) % 200, (user * 31 + n * 11) % 300);
            format!(r#"{{"role":"r-{role}","project":"p-{project}","environment":"test"}}"#)
        };
        let grants: Vec<String> = (0..user % 40).map(binding).collect();
        let _ = writeln!(
            text,
            r#"{{"t":"user","id":"u-{user}","grants":[{}],"groups":["g-{}"]}}"#,
            grants.join(","),
            user % 20
        );
    }
    text
}
