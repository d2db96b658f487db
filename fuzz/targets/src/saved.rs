//! The saved inputs of a target: `fuzz/saved/<target>/`, one file each. What once failed stays here for good.

use anyhow::{Context as _, ensure};
use std::path::{Path, PathBuf};

/// An input with the name of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The file's name, which says what the input is about.
    pub name: String,
    /// The bytes.
    pub data: Vec<u8>,
}

/// The folder of this repository that holds a folder for each target.
pub fn folder() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).join("saved")
}

/// The saved inputs of a target in the order of their names.
///
/// # Errors
/// When there is none, or one cannot be read.
pub fn read(folder: &Path, target: &str) -> anyhow::Result<Vec<Input>> {
    let folder = folder.join(target);
    let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot open {}", folder.display()))?;
    let mut inputs = entries.map(|entry| input(&entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!inputs.is_empty(), "save at least one input in {}", folder.display());
    inputs.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(inputs)
}

fn input(path: &Path) -> anyhow::Result<Input> {
    let data = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Input { name, data })
}

/// Keeps an input that failed, and says where.
///
/// # Errors
/// When it cannot be written.
pub fn keep(folder: &Path, target: &str, data: &[u8]) -> anyhow::Result<PathBuf> {
    let path = folder.join(target).join(format!("found-{:016x}", fingerprint(data)));
    std::fs::write(&path, data).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// FNV-1a, 64 bits: the same input gets the same name on every machine.
fn fingerprint(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
