//! Files in the repository that the program itself writes. They are committed, so that a reader finds them and a change
//! shows in review; a stale one fails `cargo xtask check`.

use crate::command::{cargo, output, root};
use anyhow::{Context as _, ensure};
use std::path::Path;

struct Generated {
    path: &'static str,
    /// What the `rolecall` command is asked for.
    words: &'static [&'static str],
}

const FILES: [Generated; 1] = [Generated { path: "docs/openapi.json", words: &["openapi"] }];

/// Writes every file anew.
pub(crate) fn write() -> anyhow::Result<()> {
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
    for file in &FILES {
        if !same(&root().join(file.path), &file.content()?) {
            stale.push(file.path);
        }
    }
    ensure!(stale.is_empty(), "stale or missing: {}", stale.join(", "));
    Ok(())
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
