//! Kills the server at random instants under four concurrent writers and starts it again: no
//! acknowledged change is lost, no half change is seen, every start is clean. Once on plain files,
//! once on a layer that keeps only what was synced.
//!
//! `ROLECALL_KILLS` sets how often (8 unless set).

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const TOKEN: &str = "a-token-for-the-crash-test";
const WRITERS: usize = 4;

struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts on a database and waits until it says where it listens.
    fn start(database: &Path, layer: Option<&Layer>) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--log", "info"])
            .arg("--database")
            .arg(format!("sqlite:{}", database.display()))
            .env("ROLECALL_CATALOG", "union")
            .env("ROLECALL_ADMIN_TOKEN", TOKEN)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if let Some(layer) = layer {
            command.env("LD_PRELOAD", &layer.library).env("UNSYNCED_FOLDER", &layer.folder);
        }
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let url = loop {
            let Some(line) = lines.next() else { panic!("the server did not start: {said:#?}") };
            let line = line.unwrap();
            if let Ok(event) = serde_json::from_str::<Value>(&line)
                && event["message"] == "listening"
            {
                break event["url"].as_str().unwrap().to_owned();
            }
            said.push(line);
        };
        // Somebody must go on reading, or the server would wait for room in the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, url }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The layer under the files that forgets what was not synced; the store's tests have the same.
struct Layer {
    library: PathBuf,
    folder: PathBuf,
}

impl Layer {
    fn build(folder: &Path) -> Layer {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/tests/it/unsynced.c");
        let library = folder.join("unsynced.so");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .arg(source)
            .arg("-ldl")
            .status()
            .unwrap();
        assert!(built.success());
        let files = folder.join("files");
        std::fs::create_dir(&files).unwrap();
        Layer { library, folder: files }
    }

    /// Puts every file back to what was synced of it.
    fn drop_unsynced(&self) {
        for file in std::fs::read_dir(&self.folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "synced") {
                continue;
            }
            let mut synced = path.as_os_str().to_owned();
            synced.push(".synced");
            if Path::new(&synced).exists() {
                std::fs::copy(&synced, &path).unwrap();
            } else {
                std::fs::remove_file(&path).unwrap();
            }
        }
    }
}

/// What the writers were told is done.
#[derive(Default)]
struct Acknowledged {
    names: Mutex<BTreeSet<String>>,
    next: AtomicU64,
}

fn client() -> reqwest::Client {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap()
}

/// Writes until the server is gone.
async fn write(url: String, done: Arc<Acknowledged>) {
    let client = client();
    loop {
        let name = format!("writer-{}", done.next.fetch_add(1, Ordering::Relaxed));
        let user = json!({ "username": name, "policies": ["Viewer", "Contributor"] });
        let request = client.post(format!("{url}/api/v1/users")).bearer_auth(TOKEN).json(&user);
        match request.send().await {
            Ok(answer) if answer.status() == 201 => {
                done.names.lock().unwrap().insert(name);
            }
            Ok(answer) => panic!("the server refused: {}", answer.text().await.unwrap_or_default()),
            Err(_) => return,
        }
    }
}

async fn get(url: &str, path: &str) -> Value {
    let answer = client().get(format!("{url}/api/v1{path}")).bearer_auth(TOKEN).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    answer.json().await.unwrap()
}

/// All users by name, each with how many policies it has.
async fn users(url: &str) -> Vec<(String, usize)> {
    let mut all = Vec::new();
    let mut token = String::new();
    loop {
        let page = get(url, &format!("/users?limit=1000{token}")).await;
        for user in page["items"].as_array().unwrap() {
            all.push((user["username"].as_str().unwrap().to_owned(), user["policies"].as_array().unwrap().len()));
        }
        match page["next_page_token"].as_str() {
            Some(next) => token = format!("&page_token={next}"),
            None => return all,
        }
    }
}

fn survives(layer: Option<&Layer>, folder: &Path, kills: u64) {
    let database = folder.join("crash.db");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let done = Arc::new(Acknowledged::default());
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    for round in 0..kills {
        let server = Server::start(&database, layer);
        let writing: Vec<_> =
            (0..WRITERS).map(|_| runtime.spawn(write(server.url.clone(), Arc::clone(&done)))).collect();
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The instant is random, and late enough that some writes were answered.
        let before = done.names.lock().unwrap().len();
        let patience = Instant::now() + Duration::from_secs(30);
        while done.names.lock().unwrap().len() < before + usize::try_from(random >> 59).unwrap() {
            assert!(Instant::now() < patience, "nothing was acknowledged in round {round}");
            std::thread::yield_now();
        }
        server.kill();
        runtime.block_on(async {
            for writer in writing {
                writer.await.unwrap();
            }
        });
        if let Some(layer) = layer {
            layer.drop_unsynced();
        }
        let server = Server::start(&database, layer);
        runtime.block_on(check(&server.url, &done));
        server.kill();
        if let Some(layer) = layer {
            layer.drop_unsynced();
        }
    }
}

async fn check(url: &str, done: &Acknowledged) {
    let present = users(url).await;
    assert!(present.iter().all(|(_, policies)| *policies == 2), "half a change is seen");
    let present: BTreeSet<String> = present.into_iter().map(|(name, _)| name).collect();
    let lost: Vec<String> = done.names.lock().unwrap().difference(&present).cloned().collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    get(url, "/history/verify").await;
}

fn kills() -> u64 {
    std::env::var("ROLECALL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

#[test]
fn a_server_killed_at_any_instant_loses_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    survives(None, folder.path(), kills());
}

#[test]
fn a_server_killed_on_a_disk_that_forgets_what_was_not_synced_loses_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let layer = Layer::build(folder.path());
    survives(Some(&layer), &layer.folder, kills());
}
