//! Writes the benchmark workload: a short word for the generator of `bench/`.

use crate::command::{cargo, succeed};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// S, M or L.
    size: String,
    /// The seed; the published measurements use 1.
    seed: u64,
    /// Where the files go.
    directory: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    // The generator runs at the root of the repository, but the caller's directory is meant.
    let directory = std::path::absolute(&arguments.directory)?;
    let mut command = cargo(&["run", "--quiet", "--package", "rolecall-bench", "--bin", "workload", "--"]);
    succeed(command.arg(&arguments.size).arg(arguments.seed.to_string()).arg(directory))
}
