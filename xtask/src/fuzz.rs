//! Runs the fuzz targets for a while: a short word for the mutation loop of `fuzz/targets`.

use crate::command::{cargo, succeed};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long each target runs.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Only this target; without it, every one.
    #[arg(long)]
    target: Option<String>,
    /// Where the random mutations start; another number tries others.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut command = cargo(&["run", "--quiet", "--package", "rolecall-fuzz", "--bin", "mutate", "--"]);
    command.args(["--seconds", &arguments.seconds.to_string(), "--seed", &arguments.seed.to_string()]);
    if let Some(target) = &arguments.target {
        command.args(["--target", target]);
    }
    succeed(&mut command)
}
