//! The operating-system lock that lets only one process open a database: a file beside it, which says who.
//!
//! The lock ends with the process, however it ends; the file stays and means nothing by itself.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use crate::StoreError;

/// A lock that is held until it is released or dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of a database, or says who holds it.
    pub fn take(database: &Path) -> Result<Self, StoreError> {
        let path = beside(database, ".lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| StoreError::file("open", &path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(&mut file, database)),
            Err(TryLockError::Error(error)) => return Err(StoreError::file("lock", &path, error)),
        }
        sign(&mut file).map_err(|error| StoreError::file("write", &path, error))?;
        Ok(Self { file })
    }

    /// Gives the lock back.
    pub fn release(self) {
        // Closing the file releases it in any case.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// A file beside another one: the same name with something added.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    let second = jiff::Timestamp::now().as_second();
    let since = jiff::Timestamp::from_second(second).unwrap_or_default();
    write!(file, "pid {}, since {since}", std::process::id())
}

fn held(file: &mut File, database: &Path) -> StoreError {
    let mut holder = String::new();
    let read = file.read_to_string(&mut holder);
    if read.is_err() || holder.is_empty() {
        "one that is starting or stopping".clone_into(&mut holder);
    }
    StoreError::Locked { path: database.to_owned(), holder }
}
