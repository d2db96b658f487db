//! A process that writes is killed at random instants. Whatever it said was written is there, nothing is half there,
//! and the next start is clean: with the files as the system has them, and with only what was synced.
//!
//! `ROLECALL_KILLS` says how many kills each test makes; 25 unless set.

mod disk;
mod verify;
mod victim;
mod writer;

use std::{path::Path, time::Duration};

use rolecall_store::{Durability, OpenOptions, SqliteStore, StoreError};

use self::{
    verify::{Acknowledged, verify},
    victim::{Layer, Victim, dice},
};

/// Kills after which a fresh folder is begun, so that checking stays quick.
const KILLS_A_FOLDER: u64 = 5;

/// About how long a writer takes to start, and to write a little.
const STARTING: Duration = Duration::from_millis(80);
const WRITING: Duration = Duration::from_millis(5);

fn kills() -> u64 {
    std::env::var("ROLECALL_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(25)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    survive(&Layer::System).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_only_what_was_synced_remains() {
    survive(&Layer::unsynced(Durability::Disk)).await;
}

/// The control of the test above: without waiting for the disk, the same layer does lose acknowledged entries.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_layer_that_drops_what_was_not_synced_bites() {
    let layer = Layer::unsynced(Durability::Process);
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let mut acknowledged = Acknowledged::default();
        kill_one(&layer, folder.path(), 20, &mut acknowledged);
        let store = SqliteStore::open(folder.path().join("rolecall.db"), OpenOptions::default()).await.unwrap();
        assert!(verify::lost(&store, &acknowledged).await > 0, "nothing was lost of {acknowledged:?}");
    }
}

async fn survive(layer: &Layer) {
    let mut done = 0;
    while done < kills() {
        let folder = tempfile::tempdir().unwrap();
        let mut acknowledged = Acknowledged::default();
        for kill in 0..KILLS_A_FOLDER.min(kills() - done) {
            // One kill in eight hits the start, where nothing may be acknowledged yet.
            let wanted = if dice(8) == 0 { 0 } else { 1 + dice(60) };
            kill_one(layer, folder.path(), wanted, &mut acknowledged);
            done += 1;
            // The others are recovered from by the next writer itself.
            if dice(3) > 0 || kill + 1 == KILLS_A_FOLDER || done == kills() {
                verify(&folder.path().join("rolecall.db"), &acknowledged).await;
            }
        }
    }
}

fn kill_one(layer: &Layer, folder: &Path, wanted: u64, acknowledged: &mut Acknowledged) {
    let mut victim = Victim::start(layer, folder);
    victim.listen(wanted, acknowledged);
    let within = if wanted == 0 { STARTING } else { WRITING };
    victim.kill(within, acknowledged);
    layer.lose_power(folder);
}

/// A process on a disk that is full, and then one that cannot sync: see [`disk`].
#[cfg(target_os = "linux")]
#[test]
fn a_full_or_failing_disk_refuses_a_write_whole_and_the_store_goes_on_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let layer = Layer::unsynced(Durability::Disk);
    let outcome = victim::run(&layer, folder.path(), "crash::disk::meet_a_full_and_a_failing_disk");
    assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_is_refused_and_told_who_holds_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rolecall.db");
    let mut acknowledged = Acknowledged::default();
    let mut victim = Victim::start(&Layer::System, folder.path());
    victim.listen(1, &mut acknowledged);
    let refused = SqliteStore::open(&path, OpenOptions::default()).await.unwrap_err();
    let said = refused.to_string();
    assert!(matches!(refused, StoreError::Locked { .. }), "{said}");
    assert!(said.contains(&format!("(pid {}, since 20", victim.pid())), "{said}");
    assert!(said.ends_with("; stop it first"), "{said}");
    victim.kill(WRITING, &mut acknowledged);
    verify(&path, &acknowledged).await;
}
