//! The project's own tasks, one module each: `cargo xtask <task>`. Nothing here is part of the product, and no task
//! needs more than Rust itself.

mod check;
mod command;
mod dependencies;
mod fuzz;
mod generate;
mod layers;
mod metadata;
mod prove;
mod workload;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The project's own tasks.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Format, lints, documentation, dependency rules, layers and generated files, in this order; tests are `make test`.
    Check {
        /// Only these steps: format, layers, dependencies, lints, documentation, generated.
        steps: Vec<String>,
    },
    /// Writes the files that are generated from the program.
    Generate {
        /// Only says which are stale, and fails if one is.
        #[arg(long)]
        check: bool,
    },
    /// Writes the benchmark workload of a size.
    Workload(workload::Arguments),
    /// Compares the engine with the reference model on random organizations for as long as one likes.
    Prove(prove::Arguments),
    /// Mutates the saved inputs of every parser for a while and looks for a panic.
    Fuzz(fuzz::Arguments),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<()> {
    match task {
        Task::Check { steps } => check::run(&steps),
        Task::Generate { check: true } => generate::check(),
        Task::Generate { check: false } => generate::write(),
        Task::Workload(arguments) => workload::run(&arguments),
        Task::Prove(arguments) => prove::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
    }
}
