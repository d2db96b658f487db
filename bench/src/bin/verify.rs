//! Asks a running server every question of a workload: `verify --url U --token T --queries S.queries.jsonl`.

use anyhow::Context as _;
use clap::Parser;
use rolecall_bench::verify::{Server, read, verify};
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

/// Compares a running server's answers with a workload's expected verdicts; exits with 1 if one is wrong.
#[derive(Parser)]
struct Arguments {
    /// The server's address.
    #[arg(long, env = "ROLECALL_URL", default_value = "http://127.0.0.1:7400")]
    url: String,
    /// A token that may ask about anybody.
    #[arg(long, env = "ROLECALL_TOKEN", hide_env_values = true)]
    token: String,
    /// The workload's questions.
    #[arg(long)]
    queries: PathBuf,
    /// Questions in one request.
    #[arg(long, default_value_t = 100)]
    batch: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let Arguments { url, token, queries, batch } = Arguments::parse();
    let file = File::open(&queries).with_context(|| format!("cannot open {}", queries.display()))?;
    let questions = read(BufReader::new(file)).with_context(|| format!("cannot read {}", queries.display()))?;
    let outcome = verify(&Server { url, token, batch }, &questions).await?;
    println!("{outcome}");
    Ok(if outcome.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
