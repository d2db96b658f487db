//! A server of the real binary for one test, and the command beside it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use tempfile::TempDir;

pub const TOKEN: &str = "a-token-for-tests-only";

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Fails the test unless it ended well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// Fails the test unless it ended with this code and said this.
    #[track_caller]
    pub fn refused(self, code: i32, said: &str) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.contains(said), "{self:?}");
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The command, with nothing of the tester's own surroundings.
pub fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ROLECALL_") {
            command.env_remove(name);
        }
    }
    // Nor what the tester has signed in to.
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command.env_remove("EDITOR").env_remove("VISUAL").stdin(Stdio::null());
    command
}

/// The lines of a server's log, as they come.
#[derive(Default)]
struct Log {
    lines: Mutex<(Vec<String>, bool)>,
    came: Condvar,
}

impl Log {
    fn follow(self: &Arc<Self>, from: impl Read + Send + 'static) {
        let log = Arc::clone(self);
        std::thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                log.lines.lock().unwrap().0.push(line);
                log.came.notify_all();
            }
            log.lines.lock().unwrap().1 = true;
            log.came.notify_all();
        });
    }

    /// The first line that `wanted` takes; panics with the log when the server ends without it.
    fn wait<T>(&self, wanted: impl Fn(&str) -> Option<T>) -> T {
        let mut lines = self.lines.lock().unwrap();
        loop {
            if let Some(found) = lines.0.iter().find_map(|line| wanted(line)) {
                return found;
            }
            assert!(!lines.1, "the server ended:\n{}", lines.0.join("\n"));
            lines = self.came.wait(lines).unwrap();
        }
    }
}

/// A running server.
pub struct House {
    child: Child,
    log: Arc<Log>,
    pub url: String,
    pub folder: Arc<TempDir>,
}

impl House {
    /// A new organization with Union's catalog.
    pub fn union() -> Self {
        House::start(&Arc::new(tempfile::tempdir().unwrap()), |command| {
            command
                .env("ROLECALL_CATALOG", "union")
                .env("ROLECALL_ADMIN_TOKEN", TOKEN)
                .env("ROLECALL_ADMIN_EMAIL", "ada@example.com");
        })
    }

    /// A server on the database of a folder.
    pub fn start(folder: &Arc<TempDir>, with: impl FnOnce(&mut Command)) -> Self {
        let mut command = serve(folder.path());
        with(&mut command);
        House::begin(command, folder)
    }

    /// A server by a whole command of one's own.
    pub fn begin(mut command: Command, folder: &Arc<TempDir>) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Log::default());
        log.follow(child.stderr.take().unwrap());
        let url = log.wait(|line| {
            if let Some((_, url)) = line.split_once("demo is running at ") {
                return Some(url.to_owned());
            }
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            (line["message"] == "listening").then(|| line["url"].as_str().unwrap().to_owned())
        });
        House { child, log, url, folder: Arc::clone(folder) }
    }

    /// A line of the log that has this text.
    pub fn said(&self, text: &str) -> String {
        self.log.wait(|line| line.contains(text).then(|| line.to_owned()))
    }

    /// The command against this server.
    pub fn command(&self) -> Command {
        let mut command = bare();
        command.env("ROLECALL_URL", &self.url).env("ROLECALL_TOKEN", TOKEN);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command().args(arguments).output().unwrap())
    }

    /// The command with something on its standard input.
    pub fn run_with(&self, input: &str, arguments: &[&str]) -> Ran {
        let mut command = self.command();
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The command may end before it has read everything.
        let _written = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran::of(child.wait_with_output().unwrap())
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("rolecall.db")
    }

    /// Asks the server to stop, waits for it, and answers with its exit code.
    pub fn stop(mut self) -> (i32, Arc<TempDir>) {
        terminate(&self.child);
        let status = self.child.wait().unwrap();
        (status.code().unwrap_or(-1), Arc::clone(&self.folder))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // It may have ended already.
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// The server's command on the database of a folder and a free port.
pub fn serve(folder: &Path) -> Command {
    let mut command = bare();
    let database = format!("sqlite:{}", folder.join("rolecall.db").display());
    command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--database", &database]);
    command
}

fn terminate(child: &Child) {
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// A request over plain HTTP: status and body.
pub fn http(url: &str, method: &str, path: &str, form: &str) -> (u16, String) {
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let head = "Content-Type: application/x-www-form-urlencoded\r\nConnection: close";
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{head}\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

/// An editor that types prepared texts, one each time it is opened, and keeps what it was shown.
pub struct Editor {
    folder: TempDir,
}

impl Editor {
    /// With these texts; opened more often than that, it leaves the text as it is.
    pub fn typing(texts: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (index, text) in texts.iter().enumerate() {
            std::fs::write(folder.path().join(format!("typed.{}", index + 1)), text).unwrap();
        }
        let script = "#!/bin/sh\nfolder=$(dirname \"$0\")\nn=$(($(ls \"$folder\" | grep -c '^shown') + 1))\ncp \"$1\" \"$folder/shown.$n\"\nif [ -e \"$folder/typed.$n\" ]; then cp \"$folder/typed.$n\" \"$1\"; fi\n";
        std::fs::write(folder.path().join("editor.sh"), script).unwrap();
        Editor { folder }
    }

    /// Runs a command with this editor.
    pub fn run(&self, house: &House, arguments: &[&str]) -> Ran {
        let editor = format!("sh {}", self.folder.path().join("editor.sh").display());
        Ran::of(
            house.command().env("EDITOR", editor).env("TMPDIR", self.folder.path()).args(arguments).output().unwrap(),
        )
    }

    /// What it was shown the nth time, from 1.
    pub fn shown(&self, nth: usize) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("shown.{nth}"))).unwrap()
    }

    /// How often it was opened.
    pub fn openings(&self) -> usize {
        (1..100).take_while(|nth| self.folder.path().join(format!("shown.{nth}")).exists()).count()
    }

    /// The text that was kept, when one was.
    pub fn kept(&self) -> Option<String> {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path());
        let mut yaml = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
        yaml.next().map(|path| std::fs::read_to_string(path).unwrap())
    }
}
