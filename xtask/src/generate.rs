//! Files in the repository that the program itself writes. They are committed, so that a reader finds them and a change
//! shows in review; a stale one fails `cargo xtask check`.

use crate::command::{cargo, output, root, succeed};
use anyhow::{Context as _, ensure};
use sha2::{Digest, Sha256};
use std::path::Path;

struct Generated {
    path: &'static str,
    /// What the `rolecall` command is asked for.
    words: &'static [&'static str],
}

const FILES: [Generated; 1] = [Generated { path: "docs/openapi.json", words: &["openapi"] }];

/// The proto file, and the code that its own generator writes from it: a workspace apart, so that its many dependencies
/// are fetched and built only when the proto file has changed.
const PROTO: &str = "crates/connect/proto/rolecall/v1/decision.proto";
const PROTO_CODE: &str = "crates/connect/src/generated/rolecall.v1.rs";
const PROTO_GENERATOR: &str = "crates/connect/generate/Cargo.toml";

/// Writes every file anew.
pub(crate) fn write() -> anyhow::Result<()> {
    if !proto_code_is_fresh()? {
        succeed(&mut cargo(&["run", "--quiet", "--locked", "--manifest-path", PROTO_GENERATOR]))?;
        println!("wrote {PROTO_CODE}");
    }
    for file in &FILES {
        let path = root().join(file.path);
        std::fs::write(&path, file.content()?).with_context(|| format!("cannot write {}", file.path))?;
        println!("wrote {}", file.path);
    }
    Ok(())
}

/// Fails with every file that is not what the program writes now.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut stale = Vec::new();
    if !proto_code_is_fresh()? {
        stale.push(PROTO_CODE);
    }
    for file in &FILES {
        if !same(&root().join(file.path), &file.content()?) {
            stale.push(file.path);
        }
    }
    ensure!(stale.is_empty(), "stale or missing: {}", stale.join(", "));
    Ok(())
}

/// Whether the code names the hash of the proto file as it is now.
fn proto_code_is_fresh() -> anyhow::Result<bool> {
    let proto = std::fs::read(root().join(PROTO)).with_context(|| format!("cannot read {PROTO}"))?;
    let code = std::fs::read_to_string(root().join(PROTO_CODE)).unwrap_or_default();
    Ok(code.lines().nth(1).is_some_and(|line| line == format!("// {}", hex(&Sha256::digest(proto)))))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

impl Generated {
    fn content(&self) -> anyhow::Result<Vec<u8>> {
        let mut words = vec!["run", "--quiet", "--package", "rolecall-cli", "--bin", "rolecall", "--"];
        words.extend(self.words);
        let content = output(&mut cargo(&words))?;
        ensure!(!content.is_empty(), "`rolecall {}` wrote nothing", self.words.join(" "));
        Ok(content)
    }
}

/// Line ends are not compared: a checkout may have changed them.
fn same(path: &Path, content: &[u8]) -> bool {
    let lines = |text: &[u8]| String::from_utf8_lossy(text).lines().map(str::to_owned).collect::<Vec<_>>();
    std::fs::read(path).is_ok_and(|there| lines(&there) == lines(content))
}
