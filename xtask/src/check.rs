//! Everything that is checked besides the tests, cheapest first, stopping at the first failure.

use crate::command::{cargo, has_cargo_command, succeed};
use crate::metadata::Metadata;
use crate::{dependencies, generate, layers};
use anyhow::{anyhow, bail};

struct Step {
    what: &'static str,
    run: fn() -> anyhow::Result<()>,
    /// What to do when it fails, after the words "to mend it:".
    mend: &'static str,
}

const STEPS: [Step; 6] = [
    Step { what: "format", run: format, mend: "run `cargo fmt --all`" },
    Step {
        what: "layers",
        run: || layers::check(&Metadata::read(&[])?),
        mend: "move the code to the layer where it may stand (ARCHITECTURE.md)",
    },
    Step {
        what: "dependencies",
        run: dependencies_step,
        mend: "take another crate, or write the exception with its reason into deny.toml",
    },
    Step { what: "lints", run: lints, mend: "mend each warning, or allow it in place with a reason" },
    Step { what: "documentation", run: documentation, mend: "mend the comments that rustdoc names" },
    Step { what: "generated", run: generate::check, mend: "run `cargo xtask generate` and commit the result" },
];

/// Runs the steps of these names, or every one when none is named.
pub(crate) fn run(names: &[String]) -> anyhow::Result<()> {
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|step| step.what != **name)) {
        let known: Vec<_> = STEPS.iter().map(|step| step.what).collect();
        bail!("no step named {unknown:?}; there are {}", known.join(", "));
    }
    for (number, step) in STEPS.iter().enumerate() {
        if names.is_empty() || names.iter().any(|name| name == step.what) {
            println!("[{}/{}] {}", number + 1, STEPS.len(), step.what);
            (step.run)().map_err(|error| anyhow!("{} failed: {error:#}\nto mend it: {}", step.what, step.mend))?;
        }
    }
    println!("{}", if names.is_empty() { "all checks passed" } else { "these checks passed" });
    Ok(())
}

fn format() -> anyhow::Result<()> {
    succeed(&mut cargo(&["fmt", "--all", "--check"]))
}

fn lints() -> anyhow::Result<()> {
    succeed(&mut cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn documentation() -> anyhow::Result<()> {
    succeed(cargo(&["doc", "--quiet", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Our own reading of deny.toml always, and cargo-deny's, which knows the advisories, where it is installed.
fn dependencies_step() -> anyhow::Result<()> {
    dependencies::check()?;
    if has_cargo_command("deny") {
        return succeed(&mut cargo(&["deny", "check"]));
    }
    println!("      advisories were not looked at: `cargo install --locked cargo-deny` brings them");
    Ok(())
}
