//! A snapshot of the running database in a new file.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use sqlx::SqlitePool;

use super::{lock::beside, refusal::refusal};
use crate::StoreError;

/// Writes everything that is committed now into `to`, which must not be there. The new file gets its name only when
/// it is whole and on the disk.
pub async fn backup(readers: &SqlitePool, to: &Path) -> Result<(), StoreError> {
    let folder = folder(to)?;
    if to.symlink_metadata().is_ok() {
        return Err(StoreError::Refused(format!("{} is there already; name a new file", to.display())));
    }
    let partial = Partial::new(beside(to, &format!(".{:x}.partial", unique()?)));
    let name = partial
        .0
        .to_str()
        .ok_or_else(|| StoreError::Refused(format!("the name {} is not valid text; choose another", to.display())))?;
    sqlx::query("VACUUM INTO $1").bind(name).execute(readers).await.map_err(refusal)?;
    partial.become_file(to, &folder)
}

/// The folder a file is to be in, which must be there.
pub fn folder(of: &Path) -> Result<PathBuf, StoreError> {
    let folder = match of.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    if folder.is_dir() {
        Ok(folder)
    } else {
        Err(StoreError::Refused(format!("there is no folder {}; create it first", folder.display())))
    }
}

/// A number that no other file beside ours carries in its name.
pub fn unique() -> Result<u64, StoreError> {
    getrandom::u64().map_err(|error| StoreError::Database(error.into()))
}

/// A file that is being written, and removed again unless it becomes whole.
pub struct Partial(pub PathBuf);

impl Partial {
    /// Nothing is created yet.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Puts the file on the disk and then gives it its name, for good. Never overwrites.
    pub fn become_file(self, to: &Path, folder: &Path) -> Result<(), StoreError> {
        sync(&self.0)?;
        // A link is refused if the name was taken meanwhile, which a rename would not be.
        fs::hard_link(&self.0, to).map_err(|error| StoreError::file("create", to, error))?;
        drop(self);
        sync(folder)
    }

    /// Puts the file on the disk and then in the place of another, at once.
    pub fn replace_file(self, to: &Path, folder: &Path) -> Result<(), StoreError> {
        sync(&self.0)?;
        fs::rename(&self.0, to).map_err(|error| StoreError::file("replace", to, error))?;
        sync(folder)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        for path in [self.0.clone(), beside(&self.0, "-journal"), beside(&self.0, "-wal"), beside(&self.0, "-shm")] {
            // Most of these are not there.
            let _ = fs::remove_file(path);
        }
    }
}

/// Has the operating system put a file or folder on the disk.
pub fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| StoreError::file("sync", path, error))
}
