//! Signing in at a terminal: by a browser on the machine and by a code, and what is kept of it.

use crate::house::{House, Ran, bare};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const PASSWORD: &str = "a Password of tests: 17!";
const ADA: &str = "ada@example.com";

/// A server where somebody can sign in, and a home to keep credentials in.
struct Home {
    house: House,
    config: TempDir,
}

impl Home {
    fn new() -> Self {
        let house = House::start(&Arc::new(tempfile::tempdir().unwrap()), |command| {
            command.env("ROLECALL_CATALOG", "union").env("ROLECALL_ADMIN_EMAIL", ADA);
            command.env("ROLECALL_ADMIN_PASSWORD", PASSWORD);
        });
        Home { house, config: tempfile::tempdir().unwrap() }
    }

    /// The command in this home, without a token; on a machine with a display but no browser.
    fn command(&self) -> Command {
        let mut command = bare();
        command.env("ROLECALL_URL", &self.house.url).env("XDG_CONFIG_HOME", self.config.path());
        command.env("DISPLAY", ":1").env("PATH", "/nonexistent").env_remove("WAYLAND_DISPLAY");
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command().args(arguments).output().unwrap())
    }

    fn kept(&self) -> Value {
        let text = std::fs::read_to_string(self.config.path().join("rolecall/credentials.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["servers"][&self.house.url].clone()
    }

    fn keep(&self, credential: &Value) {
        let all = serde_json::json!({ "servers": { &self.house.url: credential } });
        std::fs::write(self.config.path().join("rolecall/credentials.json"), all.to_string()).unwrap();
    }

    /// Begins to sign in, and gives the first of what it says that begins so.
    #[expect(clippy::zombie_processes, reason = "whoever gets it waits for it")]
    fn login(&self, arguments: &[&str], begins: &str) -> (Child, BufReader<std::process::ChildStderr>, String) {
        let mut command = self.command();
        command.arg("login").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut all = String::new();
        loop {
            let mut line = String::new();
            assert!(said.read_line(&mut line).unwrap() > 0, "it ended: {all}");
            if line.trim().starts_with(begins) {
                return (child, said, line.trim().to_owned());
            }
            all += &line;
        }
    }

    /// Signs in by the browser to the end.
    fn sign_in(&self) -> Ran {
        let (child, mut said, address) = self.login(&[], "http://");
        let mut browser = Browser::of(&self.house.url);
        let page = browser.sign_in(&address);
        let back = browser.submit(&page, "decision=allow");
        let shown = Browser::of("").get(&back.location);
        assert!(shown.text.contains("You are signed in"), "{}", shown.text);
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        Ran { err: rest, ..Ran::of(child.wait_with_output().unwrap()) }
    }
}

/// A browser of few words.
struct Browser {
    url: String,
    cookies: BTreeMap<String, String>,
}

struct Shown {
    status: u16,
    location: String,
    text: String,
}

impl Browser {
    fn of(url: &str) -> Self {
        Browser { url: url.to_owned(), cookies: BTreeMap::new() }
    }

    fn get(&mut self, address: &str) -> Shown {
        self.ask("GET", address, "")
    }

    fn ask(&mut self, method: &str, address: &str, form: &str) -> Shown {
        let address = if address.starts_with('/') { format!("{}{address}", self.url) } else { address.to_owned() };
        let rest = address.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let head = format!(
            "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nCookie: {}\r\nOrigin: http://{host}\r\n\
             Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
            cookies.join("; "),
            form.len()
        );
        stream.write_all(format!("{head}{form}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let mut location = String::new();
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("set-cookie") {
                let (name, value) = value.split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            } else if name.eq_ignore_ascii_case("location") {
                value.clone_into(&mut location);
            }
        }
        Shown { status: head.split(' ').nth(1).unwrap().parse().unwrap(), location, text: text.to_owned() }
    }

    /// Sends the form of a page with what is hidden in it.
    fn submit(&mut self, page: &Shown, more: &str) -> Shown {
        let action = page.text.split("<form method=\"post\" action=\"").nth(1).unwrap().split('"').next().unwrap();
        let hidden = page.text.split("<input type=\"hidden\" name=\"").skip(1).map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"").unwrap();
            let value = rest.split('"').next().unwrap().replace("&amp;", "&");
            format!("{name}={}&", rolecall_client::escaped(&value))
        });
        let form = hidden.collect::<String>() + more;
        self.ask("POST", action, &form)
    }

    /// Opens an address, signs in on the way, and gives the page behind.
    fn sign_in(&mut self, address: &str) -> Shown {
        let sent = self.get(address);
        assert_eq!(sent.status, 303, "{}", sent.text);
        let page = self.get(&sent.location);
        let filled = format!("identifier={ADA}&password={}", rolecall_client::escaped(PASSWORD));
        let back = self.submit(&page, &filled);
        assert_eq!(back.status, 303, "{}", back.text);
        self.get(&back.location)
    }
}

#[test]
fn somebody_signs_in_by_the_browser_is_who_they_are_and_signs_out() {
    let home = Home::new();
    home.run(&["whoami"]).refused(3, "rolecall login");
    let done = home.sign_in().ok();
    assert!(done.err.contains("you are signed in to"), "{done:?}");
    let me = home.run(&["whoami", "-o", "json"]).ok().json();
    assert_eq!(me["email"], ADA);
    assert!(me["token"]["name"].as_str().unwrap().starts_with("rolecall"), "{me}");
    let path = home.config.path().join("rolecall/credentials.json");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    // What is given on the command line goes before it.
    home.run(&["whoami", "--token", "another-credential"]).refused(3, "the token is not known here");
    let kept = home.kept();
    home.run(&["logout"]).ok();
    home.run(&["whoami"]).refused(3, "rolecall login");
    assert!(home.kept().is_null());
    home.keep(&kept);
    home.run(&["whoami"]).refused(3, "rolecall login");
    home.run(&["logout"]).ok();
    assert!(home.run(&["logout"]).ok().err.contains("you were not signed in"));
}

#[test]
fn somebody_signs_in_by_a_code_that_is_typed_elsewhere() {
    let home = Home::new();
    let mut command = home.command();
    // Without a display nobody need say so.
    command.env_remove("DISPLAY").arg("login").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(|line| line.unwrap().trim().to_owned());
    let address = said.find(|line| line.starts_with("http://")).unwrap();
    let code = said.find(|line| line.len() == 9 && line.as_bytes()[4] == b'-').unwrap();
    let mut browser = Browser::of(&home.house.url);
    let page = browser.sign_in(&address);
    let page = browser.submit(&page, &format!("user_code={code}"));
    assert!(page.text.contains("do everything you may do here"), "{}", page.text);
    assert_eq!(browser.submit(&page, "decision=allow").status, 200);
    let rest: Vec<_> = said.collect();
    assert!(child.wait().unwrap().success(), "{rest:?}");
    assert_eq!(home.run(&["whoami", "-o", "json"]).ok().json()["email"], ADA);
}

#[test]
fn who_does_not_agree_is_not_signed_in() {
    let home = Home::new();
    let (child, mut said, address) = home.login(&[], "http://");
    let mut browser = Browser::of(&home.house.url);
    let page = browser.sign_in(&address);
    let back = browser.submit(&page, "decision=deny");
    // Somebody else's answer is not taken for it.
    let forged = back.location.replace("state=", "state=x");
    assert_eq!(Browser::of("").get(&forged).status, 404);
    assert!(Browser::of("").get(&back.location).text.contains("You are not signed in"));
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("did not agree"), "{rest}");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(3));
    assert!(!home.config.path().join("rolecall/credentials.json").exists());
}

#[test]
fn an_access_token_is_renewed_before_it_ends_and_once_only() {
    let home = Home::new();
    home.sign_in().ok();
    let first = home.kept();
    let mut ending = first.clone();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    ending["expires_at"] = (now + 30).into();
    home.keep(&ending);
    // Many at once: if two of them showed the refresh token, the server would end all.
    let running: Vec<_> = (0..6)
        .map(|_| home.command().args(["whoami"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    for child in running {
        Ran::of(child.wait_with_output().unwrap()).ok();
    }
    let renewed = home.kept();
    assert_ne!(renewed["refresh_token"], first["refresh_token"]);
    assert!(renewed["expires_at"].as_u64().unwrap() > now + 300);
    // A sign-in that the server has ended is said to have, and forgotten.
    ending["refresh_token"] = first["refresh_token"].clone();
    home.keep(&ending);
    home.run(&["whoami"]).refused(3, "run \"rolecall login\"");
    assert!(home.kept().is_null());
}
