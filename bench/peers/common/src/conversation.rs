//! How an engine is told what to measure: a line with the name of a variant on standard input is answered by one line of
//! JSON on standard output. The engine ends with its input.

use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::io::{BufRead, Write, stdin, stdout};
use std::path::PathBuf;
use std::time::Duration;

/// The command line of every engine: `ENGINE DIRECTORY SIZE SECONDS [timed]`.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// Where the workload is.
    pub directory: PathBuf,
    /// `S`, `M` or `L`.
    pub size: String,
    /// How long a phase may take.
    pub budget: Duration,
    /// Whether one grant in twenty has a window.
    pub is_timed: bool,
}

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    /// When it is not as it must be.
    pub fn read() -> anyhow::Result<Arguments> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let [directory, size, seconds, rest @ ..] = words.as_slice() else {
            bail!("usage: ENGINE DIRECTORY S|M|L SECONDS [timed]");
        };
        let seconds = seconds.parse().context("SECONDS is a number")?;
        Ok(Arguments {
            directory: directory.into(),
            size: size.clone(),
            budget: Duration::from_secs_f64(seconds),
            is_timed: rest.iter().any(|word| word == "timed"),
        })
    }
}

/// Says what loading cost, then answers line by line.
///
/// # Errors
/// When a measurement fails or the other side is gone.
pub fn converse(loaded: &Value, mut measure: impl FnMut(&str) -> anyhow::Result<Value>) -> anyhow::Result<()> {
    say(loaded)?;
    for line in stdin().lock().lines() {
        let answer = measure(line?.trim());
        match answer {
            Ok(answer) => say(&answer)?,
            Err(error) => {
                say(&json!({ "error": format!("{error:#}") }))?;
                return Err(error);
            }
        }
    }
    Ok(())
}

fn say(value: &Value) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{value}")?;
    Ok(out.flush()?)
}
