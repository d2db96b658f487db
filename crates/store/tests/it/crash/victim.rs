//! The process that is killed: this test program again, running only [`super::writer`].

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::OnceLock,
    time::Duration,
};

use rolecall_store::Durability;
use tempfile::TempDir;

use super::verify::Acknowledged;

/// What is between the process and the disk.
pub enum Layer {
    /// Nothing: what was written before the kill is there.
    System,
    /// A layer that keeps only what was synced.
    Unsynced(Durability),
}

impl Layer {
    pub fn unsynced(durability: Durability) -> Self {
        Self::Unsynced(durability)
    }

    /// What is in the folder now is on the disk.
    fn settle(&self, folder: &Path) {
        let Self::Unsynced(_) = self else { return };
        for path in files(folder) {
            fs::copy(&path, twin(&path)).unwrap();
        }
    }

    /// Leaves of each file only what was synced.
    pub fn lose_power(&self, folder: &Path) {
        let Self::Unsynced(_) = self else { return };
        let (twins, written): (Vec<_>, Vec<_>) =
            files(folder).into_iter().partition(|path| path.extension().is_some_and(|end| end == "synced"));
        for path in written {
            fs::remove_file(path).unwrap();
        }
        for twin in twins {
            fs::rename(&twin, twin.with_extension("")).unwrap();
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn twin(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".synced");
    name.into()
}

/// A number below `sides`, at random.
pub fn dice(sides: u64) -> u64 {
    getrandom::u64().unwrap() % sides
}

/// A running writer.
pub struct Victim {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Victim {
    pub fn start(layer: &Layer, folder: &Path) -> Self {
        layer.settle(folder);
        let mut command = command(layer, folder, "crash::writer::write_until_killed");
        command.stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has acknowledged so many entries.
    pub fn listen(&mut self, wanted: u64, acknowledged: &mut Acknowledged) {
        let mut heard = 0;
        while heard < wanted {
            let mut line = String::new();
            assert!(self.said.read_line(&mut line).unwrap() > 0, "the writer ended by itself");
            heard += u64::from(acknowledged.hear(&line));
        }
    }

    /// Kills it at a random instant within this time, and hears what it still said.
    pub fn kill(mut self, within: Duration, acknowledged: &mut Acknowledged) {
        // Not a wait for anything: the instant is what is random here.
        std::thread::sleep(within.mul_f64(f64::from(u32::try_from(dice(1_000)).unwrap()) / 1_000.0));
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        for line in (&mut self.said).lines() {
            acknowledged.hear(&line.unwrap());
        }
    }
}

/// Runs one of the tests that are only meant to be processes of their own, to its end.
pub fn run(layer: &Layer, folder: &Path, test: &str) -> Output {
    command(layer, folder, test).output().unwrap()
}

fn command(layer: &Layer, folder: &Path, test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    command.env("ROLECALL_VICTIM", folder);
    if let Layer::Unsynced(durability) = layer {
        command.env("LD_PRELOAD", library());
        command.env("UNSYNCED_FOLDER", folder.canonicalize().unwrap());
        if *durability == Durability::Process {
            command.env("ROLECALL_VICTIM_CARELESS", "1");
        }
    }
    command
}

impl Drop for Victim {
    fn drop(&mut self) {
        // Only after a failed assertion is it still running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The layer of `unsynced.c`, compiled once for all tests of this run.
fn library() -> &'static Path {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unsynced.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/unsynced.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o"])
            .args([&path, &source])
            .args(["-ldl", "-lpthread"])
            .status()
            .expect("a C compiler named cc must be installed for this test");
        assert!(built.success(), "unsynced.c does not compile");
        (folder, path)
    });
    path
}
