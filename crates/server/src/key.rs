//! Where the key that seals data at rest comes from: a setting, else a file beside the database, which is made
//! when it is missing. Not here: sealing (`rolecall-service`).

use anyhow::{Context, bail};
use rolecall_service::{Key, seal};
use rolecall_store::{SqliteStore, Store};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longer than any way to write a key; what is longer is another file.
const LONGEST: u64 = 200;

/// The key of a database: the one that was set, else that of the file beside it.
///
/// # Errors
/// When the file is readable by others or holds no key, when it is missing although the database was sealed, and
/// when the database was sealed with another key.
pub(crate) async fn of(store: &SqliteStore, set: Option<Arc<Key>>) -> anyhow::Result<Arc<Key>> {
    let file = beside(store.path());
    let (key, source) = match set {
        Some(key) => (key, "ROLECALL_KEY".to_owned()),
        None => match read(&file)? {
            Some(key) => (Arc::new(key), file.display().to_string()),
            None => (Arc::new(make(&file, store).await?), file.display().to_string()),
        },
    };
    if !key.belongs_to(store).await? {
        bail!(
            "the database {} is sealed with another key than that of {source}; put back the key that belongs to it, \
             as it was when the database or its backup was made",
            store.path().display()
        );
    }
    Ok(key)
}

/// The key's file: the database's name with `.key` behind it.
fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".key");
    PathBuf::from(name)
}

/// The key in a file; none if there is no such file, or an empty one: that is what a power cut leaves of a first
/// start.
fn read(path: &Path) -> anyhow::Result<Option<Key>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("the key {} cannot be read", path.display())),
    };
    let mode = file.metadata().with_context(|| format!("the key {}", path.display()))?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!(
            "the key {} may be read or written by others than its owner (mode {:03o}); run: chmod 600 {0}",
            path.display(),
            mode & 0o777
        );
    }
    let mut text = String::new();
    let read = Read::by_ref(&mut file).take(LONGEST).read_to_string(&mut text);
    read.with_context(|| format!("the key {} cannot be read", path.display()))?;
    if text.is_empty() {
        return Ok(None);
    }
    let key = Key::parse(&text).with_context(|| format!("the file {} does not hold a key", path.display()))?;
    Ok(Some(key))
}

/// A fresh key, on the disk before anything is sealed with it.
async fn make(path: &Path, store: &dyn Store) -> anyhow::Result<Key> {
    if seal::is_sealed(store).await? {
        bail!(
            "the database is sealed, and its key is missing: put it back as {}, readable by its owner only, or set \
             ROLECALL_KEY",
            path.display()
        );
    }
    let key = Key::generate()?;
    write(path, &key).with_context(|| format!("the key {} cannot be written", path.display()))?;
    tracing::info!(key = %path.display(), "a key was made; keep a copy of it with the backups, but not in the same place");
    Ok(key)
}

fn write(path: &Path, key: &Key) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(key.expose().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    async fn store(folder: &Path) -> SqliteStore {
        SqliteStore::open(folder.join("r.db"), rolecall_store::OpenOptions::default()).await.unwrap()
    }

    fn key_file(folder: &Path) -> PathBuf {
        folder.canonicalize().unwrap().join("r.db.key")
    }

    async fn refusal(store: &SqliteStore, set: Option<Arc<Key>>) -> String {
        format!("{:#}", of(store, set).await.unwrap_err())
    }

    #[tokio::test]
    async fn a_missing_key_is_made_for_its_owner_only_and_read_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path()).await;
        let made = of(&store, None).await.unwrap().expose();
        assert_eq!(fs::metadata(key_file(folder.path())).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(of(&store, None).await.unwrap().expose(), made);
    }

    #[tokio::test]
    async fn what_a_power_cut_left_of_a_first_start_is_made_good() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path()).await;
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(key_file(folder.path())).unwrap();
        let made = of(&store, None).await.unwrap().expose();
        assert_eq!(of(&store, None).await.unwrap().expose(), made);
    }

    #[tokio::test]
    async fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path()).await;
        of(&store, None).await.unwrap();
        let path = key_file(folder.path());
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let said = refusal(&store, None).await;
            assert!(said.contains(&format!("(mode {mode:03o}); run: chmod 600 {}", path.display())), "{said}");
        }
    }

    #[tokio::test]
    async fn a_file_that_holds_no_key_is_refused_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path()).await;
        of(&store, None).await.unwrap();
        for text in ["short", &"long".repeat(100), "\u{e9}\u{e9}"] {
            fs::write(key_file(folder.path()), text).unwrap();
            let said = refusal(&store, None).await;
            assert!(said.contains("does not hold a key: a key is 32 bytes"), "{said}");
            assert!(!said.contains(text), "{said}");
        }
    }

    #[tokio::test]
    async fn a_database_is_refused_with_another_key_and_no_key_is_made_for_a_sealed_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path()).await;
        let first = of(&store, None).await.unwrap().expose();
        let said = refusal(&store, Some(Arc::new(Key::generate().unwrap()))).await;
        assert!(said.contains("is sealed with another key than that of ROLECALL_KEY"), "{said}");
        let path = key_file(folder.path());
        fs::write(&path, "").unwrap();
        assert!(refusal(&store, None).await.contains("its key is missing"));
        assert_eq!(fs::read(&path).unwrap(), b"");
        fs::remove_file(&path).unwrap();
        let said = refusal(&store, None).await;
        assert!(said.contains("its key is missing: put it back as") && !path.exists(), "{said}");
        let set = of(&store, Some(Arc::new(Key::parse(&first).unwrap()))).await.unwrap();
        assert_eq!(set.expose(), first);
        assert!(!path.exists());
    }
}
