//! Tries mutations of the saved inputs for a while: `cargo xtask fuzz --seconds 60`.

use anyhow::{Context as _, bail};
use clap::Parser;
use rolecall_fuzz::run::{Until, mutations, once};
use rolecall_fuzz::{TARGETS, Target, find, saved};
use std::process::ExitCode;
use std::time::Duration;

/// What takes longer is shown: nothing so small should.
const SLOW: Duration = Duration::from_secs(1);

/// Tries mutations of the saved inputs of every target, and saves the first input that makes one panic.
#[derive(Parser)]
struct Arguments {
    /// How long each target runs.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Only this target.
    #[arg(long)]
    target: Option<String>,
    /// Where the random mutations start.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let one = arguments.target.as_deref().map(named).transpose()?;
    for target in one.map_or(TARGETS, std::slice::from_ref) {
        fuzz(target, arguments)?;
    }
    Ok(())
}

fn named(name: &str) -> anyhow::Result<&'static Target> {
    find(name).with_context(|| {
        let known: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        format!("no target named {name:?}; there are {}", known.join(", "))
    })
}

fn fuzz(target: &Target, arguments: &Arguments) -> anyhow::Result<()> {
    let (folder, parser) = (saved::folder(), (target.start)());
    let mut inputs = Vec::new();
    for input in saved::read(&folder, target.name)? {
        if once(&parser, &input.data).is_err() {
            bail!("{} panics on its saved input {}", target.name, input.name);
        }
        inputs.push(input.data);
    }
    let until = Until::Elapsed(Duration::from_secs(arguments.seconds));
    match mutations(&parser, &inputs, arguments.seed, until) {
        Ok(clean) => {
            println!("{}: {} inputs, the slowest took {:?}", target.name, clean.tried, clean.slowest);
            if clean.slowest > SLOW {
                println!("{}: look at the slowest: {}", target.name, clean.input.escape_ascii());
            }
            Ok(())
        }
        Err(found) => {
            let path = saved::keep(&folder, target.name, &found.0)?;
            bail!("{} panics on {}: mend the parser and keep the file", target.name, path.display())
        }
    }
}
