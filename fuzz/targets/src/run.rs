//! Runs a parser over inputs and hands back the first one that it panics on.

use crate::Parser;
use crate::mutation::Mutation;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// How a run went that found nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clean {
    /// How many inputs were tried.
    pub tried: usize,
    /// How long the slowest one took.
    pub slowest: Duration,
    /// The slowest one.
    pub input: Vec<u8>,
}

/// An input that a target panicked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found(
    /// The bytes.
    pub Vec<u8>,
);

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// After so many inputs.
    Inputs(usize),
    /// After so long.
    Elapsed(Duration),
}

impl Until {
    fn reached(self, tried: usize, started: Instant) -> bool {
        match self {
            Self::Inputs(most) => tried >= most,
            Self::Elapsed(longest) => started.elapsed() >= longest,
        }
    }
}

/// Tries one input.
///
/// # Errors
/// The input, when the parser panics on it.
pub fn once(parser: &Parser, data: &[u8]) -> Result<(), Found> {
    catch_unwind(AssertUnwindSafe(|| parser(data))).map_err(|_| Found(data.to_vec()))
}

/// Tries mutations of inputs until it is time to stop. There must be at least one input.
///
/// # Errors
/// The first input that the parser panics on.
pub fn mutations(parser: &Parser, inputs: &[Vec<u8>], seed: u64, until: Until) -> Result<Clean, Found> {
    let mut mutation = Mutation::new(seed);
    let started = Instant::now();
    let mut clean = Clean::default();
    while !until.reached(clean.tried, started) {
        let data = mutation.next(inputs);
        let begun = Instant::now();
        once(parser, &data)?;
        clean.tried += 1;
        let took = begun.elapsed();
        if took > clean.slowest {
            (clean.slowest, clean.input) = (took, data);
        }
    }
    Ok(clean)
}
