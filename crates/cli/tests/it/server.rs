//! Starting and stopping the server.

use crate::house::{House, Ran, TOKEN, bare, http, serve};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

#[test]
fn it_stops_when_told_and_has_everything_when_it_starts_again() {
    let house = House::union();
    house.run(&["create", "user", "--email", "grace@example.com", "--policy", "Viewer"]).ok();
    let (code, folder) = house.stop();
    assert_eq!(code, 0);
    // The first start is over: its variables change nothing any more.
    let house = House::start(&folder, |command| {
        command.env("ROLECALL_ADMIN_TOKEN", "another-token-of-somebody");
    });
    house.run(&["check", "grace@example.com", "view_flyte_executions"]).ok();
    house.run(&["audit", "--verify"]).ok();
}

#[test]
fn a_request_in_flight_is_answered_before_it_stops() {
    let house = House::union();
    let host = house.url.strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&host).unwrap();
    let body = "{\"email\": \"late@example.com\"}";
    let head = format!(
        "POST /api/v1/users HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body.as_bytes()[..5]).unwrap();
    // The server has taken the connection once it answers another one.
    house.run(&["whoami"]).ok();
    let folder = Arc::clone(&house.folder);
    let stopping = std::thread::spawn(move || house.stop());
    stream.write_all(&body.as_bytes()[5..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(stopping.join().unwrap().0, 0);
    let again = House::start(&folder, |_| {});
    again.run(&["get", "user", "late@example.com"]).ok();
}

#[test]
fn a_second_server_on_the_same_database_is_refused() {
    let house = House::union();
    let second = Ran::of(serve(house.folder.path()).output().unwrap());
    assert_eq!(second.code, 3, "{second:?}");
    assert!(second.err.contains("another"), "{second:?}");
    house.run(&["whoami"]).ok();
}

#[test]
fn settings_that_cannot_be_are_refused_before_the_database_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::union();
    let taken = house.url.strip_prefix("http://").unwrap();
    let cases: [(&[&str], &str); 5] = [
        (&["--listen", taken], "cannot listen"),
        (&["--database", "postgres://x/y"], "later version"),
        (&["--tls-cert", "x.pem"], "--tls-key"),
        (&["--tls-cert", "/nowhere/x.pem", "--tls-key", "/nowhere/y.pem"], "/nowhere/x.pem"),
        (&["--admin-token", "short"], "16"),
    ];
    for (arguments, said) in cases {
        let mut command = bare();
        command.current_dir(folder.path()).args(["serve", "--log-format", "json"]);
        if !arguments.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        Ran::of(command.args(arguments).output().unwrap()).refused(3, said);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{arguments:?}");
    }
}

#[test]
fn without_a_word_about_the_first_start_a_link_leads_to_the_set_up_page() {
    let house = House::start(&Arc::new(tempfile::tempdir().unwrap()), |_| {});
    let link = house.said("/setup?key=");
    let key = link.trim().split_once("key=").unwrap().1.to_owned();
    let (status, page) = http(&house.url, "GET", &format!("/setup?key={key}"), "");
    assert_eq!(status, 200);
    assert!(page.contains("<form") && !page.contains("<script"), "{page}");
    let wrong = "key=wrong&organization=acme&catalog=union&email=ada%40example.com";
    assert_eq!(http(&house.url, "POST", "/setup", wrong).0, 403);
    let form = format!("key={key}&organization=acme&catalog=union&email=ada%40example.com");
    let (status, page) = http(&house.url, "POST", "/setup", &form);
    assert_eq!(status, 200, "{page}");
    let token = page.split_once("<pre>").unwrap().1.split('<').next().unwrap().to_owned();
    let me = Ran::of(house.command().env("ROLECALL_TOKEN", token).args(["whoami", "-o", "json"]).output().unwrap())
        .ok()
        .json();
    assert_eq!(
        (&me["email"], &me["organization"], &me["administrator"]),
        (&"ada@example.com".into(), &"acme".into(), &true.into())
    );
    assert_eq!(http(&house.url, "POST", "/setup", &form).0, 410);
}

#[test]
fn it_speaks_https_with_a_certificate_of_ones_own() {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls");
    let house = House::start(&Arc::new(tempfile::tempdir().unwrap()), |command| {
        command.env("ROLECALL_ADMIN_TOKEN", TOKEN);
        command.arg("--tls-cert").arg(files.join("certificate.pem")).arg("--tls-key").arg(files.join("key.pem"));
    });
    assert!(house.url.starts_with("https://"), "{}", house.url);
    let authority = files.join("authority.pem");
    house.run(&["whoami", "--ca-cert", authority.to_str().unwrap()]).ok();
    assert_eq!(house.run(&["whoami"]).code, 3);
}

#[test]
fn the_demo_has_people_to_ask_about_and_says_how() {
    let house = House::start(&Arc::new(tempfile::tempdir().unwrap()), |command| {
        command.arg("--demo").env("ROLECALL_ADMIN_TOKEN", TOKEN);
    });
    assert!(house.run(&["get", "user", "-o", "json"]).ok().json().as_array().unwrap().len() >= 12);
    house
        .run(&[
            "check",
            "grace@example.com",
            "create_flyte_executions",
            "--project",
            "checkout",
            "--environment",
            "production",
        ])
        .ok();
    assert_eq!(
        house
            .run(&[
                "check",
                "grace@example.com",
                "create_flyte_executions",
                "--project",
                "checkout",
                "--environment",
                "development"
            ])
            .code,
        1
    );
    assert!(!house.database().exists());
}
