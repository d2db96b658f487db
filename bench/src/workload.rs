//! One deterministic data set in three sizes, with 10,000 checks and the verdicts they must get (`bench/WORKLOAD.md`).
//! Integer arithmetic only, so the same size and seed give the same bytes on every machine. The order in which random
//! numbers are drawn is part of the format: whoever changes it changes every fingerprint.

mod draw;
mod oracle;
mod output;
mod question;
mod random;
mod size;
mod world;

pub use output::Fingerprint;
pub use size::Size;

use random::Random;
use std::io;
use std::path::Path;

/// What [`write()`] has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The nouns, in the order an import needs them: `<size>.data.jsonl`.
    pub data: Fingerprint,
    /// The checks with their verdicts: `<size>.queries.jsonl`.
    pub queries: Fingerprint,
    /// How many of the 10,000 checks are allowed.
    pub allowed: usize,
}

/// Writes `<size>.data.jsonl` and `<size>.queries.jsonl` into `dir`, which must exist. `seed` may be any number; the
/// published measurements use 1.
///
/// # Errors
/// When a file cannot be created or written.
pub fn write(size: Size, seed: u64, dir: &Path) -> io::Result<Written> {
    let mut random = Random::new(seed ^ (size.users() << 32));
    let (world, projects) = draw::world(size, &mut random);
    let data = output::data(&world, size, seed, dir)?;
    let (queries, allowed) = question::write(&world, size, &projects, &mut random, dir)?;
    Ok(Written { data, queries, allowed })
}
