//! Compares the engine with the reference model on random organizations for a while: the comparison itself is a test
//! of `crates/reference`, which this runs optimized.

use crate::command::{cargo, succeed};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long to go on, once it is built.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// The first seed: the same one tries the same organizations again. Without it, others each time.
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let seed = arguments.seed.unwrap_or_else(of_the_clock);
    println!("proving for {} minutes, from seed {seed} on", arguments.minutes);
    let mut command = cargo(&["test", "--release", "--package", "rolecall-reference", "--test", "it", "--"]);
    command.args(["--ignored", "--exact", "--nocapture"]);
    command.arg("prove::the_engine_answers_as_the_reference_does_for_as_long_as_one_likes");
    command.env("ROLECALL_PROVE_MINUTES", arguments.minutes.to_string());
    command.env("ROLECALL_PROVE_SEED", seed.to_string());
    succeed(&mut command)
}

/// Far enough apart that no two runs try the same.
fn of_the_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs().wrapping_mul(1_000_000))
}
