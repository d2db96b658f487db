//! Writes the benchmark workload: `workload <S|M|L> <seed> <directory>`.

use anyhow::Context as _;
use clap::Parser;
use rolecall_bench::workload::{self, Size};
use std::path::PathBuf;

/// Writes the benchmark workload of a size: its data, and 10,000 checks with their verdicts.
#[derive(Parser)]
struct Arguments {
    /// S (a thousand users), M (a hundred thousand) or L (a million).
    size: Size,
    /// The seed; the published measurements use 1.
    seed: u64,
    /// Where `<size>.data.jsonl` and `<size>.queries.jsonl` go; made if it is not there.
    directory: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let Arguments { size, seed, directory } = Arguments::parse();
    std::fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let written = workload::write(size, seed, &directory)
        .with_context(|| format!("cannot write the workload into {}", directory.display()))?;
    println!("{}\n{}", written.data, written.queries);
    eprintln!("{}: {} of 10000 queries are allowed", size.name(), written.allowed);
    Ok(())
}
