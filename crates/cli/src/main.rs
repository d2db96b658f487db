//! The `rolecall` command: one binary that is the server, its client and its tools.

#![allow(clippy::format_collect, reason = "a command prints a few lines: plain is better than quick")]

mod command;
mod credentials;
mod edit;
mod failure;
mod output;
mod session;
mod template;
mod when;
mod yaml;

use clap::Parser;
use command::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    // A reader that closes our output early (`| head`) ends us quietly, as it does other tools.
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let wrong = error.use_stderr();
            // Nobody can be told when the terminal itself is gone.
            let _printed = error.print();
            return ExitCode::from(if wrong { 2 } else { 0 });
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("rolecall: the system gives no threads: {error}");
            return ExitCode::from(3);
        }
    };
    let result = runtime.block_on(command::run(cli));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match result {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
