//! What a file may say, and what is said of each line that it may not.

use super::*;
use crate::import::{Counts, Kind, LONGEST_LINE};

const META: &str = "{\"t\":\"meta\",\"format\":1}\n";

/// What is said of the last line when it follows those before it.
fn refused(before: &str, line: &str) -> String {
    let text = format!("{before}{line}");
    let bad = read(&text).expect_err(line);
    assert_eq!(bad.line, text.lines().count() as u64, "{bad}");
    assert_eq!(bad.to_string(), format!("line {}: {}", bad.line, bad.message));
    bad.message
}

#[test]
fn every_kind_of_line_is_read() {
    let counts = Counts {
        environments: 2,
        actions: 2,
        roles: 2,
        projects: 2,
        policies: 1,
        groups: 2,
        users: 2,
        applications: 1,
    };
    assert_eq!(read(SMALL).unwrap().counts(), counts);
}

#[test]
fn keys_may_stand_in_any_order_and_texts_may_be_escaped() {
    let odd = r#"  { "id" : "p-\u0030", "t" : "project" }  "#;
    let plain = read(&format!("{META}{{\"t\":\"project\",\"id\":\"p-0\"}}")).unwrap();
    assert_eq!(read(&format!("{META}\n{odd}\r\n\n")).unwrap(), plain);
}

#[test]
fn the_file_begins_with_a_meta_line_of_a_known_format() {
    assert_eq!(read("").unwrap_err().message, "the file is empty; it must begin with a \"meta\" line");
    assert!(refused("", r#"{"t":"project","id":"p"}"#).contains("must begin with a line such as"));
    assert_eq!(refused("", r#"{"t":"meta","format":2}"#), "format 2 is not known here; format 1 is");
    assert_eq!(refused(META, META.trim()), "a \"meta\" line stands only at the beginning");
}

#[test]
fn a_line_that_is_no_object_of_its_kind_is_refused_with_its_column() {
    assert!(refused(META, "{\"t\":\"project\"}").starts_with("missing field `id` (column"));
    assert!(
        refused(META, r#"{"t":"project","id":"p","idd":1}"#)
            .starts_with("unknown field `idd`, expected `t` or `id` (column")
    );
    assert!(refused(META, r#"{"t":"project","id":"p","id":"q"}"#).contains("duplicate field `id`"));
    assert!(refused(META, r#"{"t":"project","id":7}"#).contains("invalid type: integer `7`"));
    assert!(refused(META, "project p").contains("expected value (column 1)"), "not JSON");
    assert!(refused(META, r#"{"t":"project","id":"p"} x"#).contains("trailing characters"));
    assert!(refused(META, r#"{"t":"project","id":"p""#).contains("EOF"));
    assert_eq!(refused(META, r#"{"id":"p"}"#), "the line does not say what it is; it needs a key \"t\"");
    assert_eq!(refused(META, r#"{"t":"usr","id":"p"}"#), "no kind of line named \"usr\"; did you mean \"user\"?");
    let mut reader = WorkloadReader::new();
    reader.line(META.trim().as_bytes()).unwrap();
    assert!(reader.line(b"{\"t\":\"project\",\"id\":\"\xff\"}").is_err());
}

#[test]
fn an_id_is_defined_before_it_is_used() {
    let before = SMALL;
    let user = |rest: &str| format!(r#"{{"t":"user","id":"new",{rest}}}"#);
    let known = "; an id is defined before it is used";
    for (rest, says) in [
        (r#""grants":[{"role":"prj-1"}]"#, "no role named \"prj-1\"; did you mean \"prj-0\"?"),
        (r#""grants":[{"role":"prj-0","project":"q"}]"#, "no project named \"q\""),
        (r#""grants":[{"role":"prj-0","environment":"devv"}]"#, "no environment named \"devv\"; did you mean \"dev\"?"),
        (r#""groups":["g-7"]"#, "no group named \"g-7\"; did you mean \"g-0\"?"),
        (r#""policies":["pol-9"]"#, "no policy named \"pol-9\"; did you mean \"pol-0\"?"),
    ] {
        assert_eq!(refused(before, &user(rest)), format!("{says}{known}"));
    }
    let role = r#"{"t":"role","id":"new","level":"project","permissions":[{"action":"flag.raed"}]}"#;
    assert_eq!(refused(before, role), format!("no action named \"flag.raed\"; did you mean \"flag.read\"?{known}"));
}

#[test]
fn an_id_is_defined_once() {
    assert_eq!(refused(SMALL, r#"{"t":"project","id":"p-1"}"#), "the project \"p-1\" was defined in line 9 already");
    let shared = "; users and applications share their ids";
    let says = format!("the application \"U-0\" was defined in line 13 already{shared}");
    assert_eq!(refused(SMALL, r#"{"t":"application","id":"U-0"}"#), says);
    assert_eq!(
        refused(SMALL, r#"{"t":"user","id":"a-0"}"#),
        says.replace("application \"U-0\"", "user \"a-0\"").replace("13", "15")
    );
}

#[test]
fn an_id_must_be_a_name_as_it_is_kept() {
    for id in ["", " p", "p ", "a\\u0000b", "e\\u0301", "a\\u202eb"] {
        let project = format!(r#"{{"t":"project","id":"{id}"}}"#);
        assert!(!refused(META, &project).is_empty(), "{id}");
        assert!(!refused(META, &project.replace("project", "user")).is_empty(), "{id}");
    }
    let long = "x".repeat(101);
    assert!(refused(META, &format!(r#"{{"t":"group","id":"{long}"}}"#)).contains("at most 100"));
    assert!(refused(META, r#"{"t":"action","id":"rolecall.users.read"}"#).contains("are Rolecall's own"));
    assert!(refused(META, r#"{"t":"action","id":"*"}"#).contains("cannot be an action's name"));
    assert!(refused(META, r#"{"t":"user","id":"usr_1"}"#).contains("id must not begin with \"usr_\""));
    assert!(refused(META, r#"{"t":"user","id":"ada@example.com"}"#).contains('@'));
}

#[test]
fn a_role_or_policy_that_cannot_be_is_refused() {
    let role = |rest: &str| refused(SMALL, &format!(r#"{{"t":"role","id":"new",{rest}}}"#));
    assert!(role(r#""level":"root","permissions":[]"#).contains("it is \"organization\" or \"project\""));
    assert!(
        role(r#""level":"project","permissions":[{"action":"flag.read","environments":[]}]"#)
            .contains("leave \"environments\" out")
    );
    let user = r#"{"t":"user","id":"new","grants":[{"role":"org-0","project":"p-0"}]}"#;
    assert_eq!(refused(SMALL, user), "the role \"org-0\" is for the organization; leave the project out");
    let application = r#"{"t":"application","id":"new","groups":["g-0"]}"#;
    assert!(refused(SMALL, application).starts_with("a group has users only"));
    let projects: String =
        (0..1_001).fold(SMALL.to_owned(), |text, p| format!("{text}{{\"t\":\"project\",\"id\":\"many-{p}\"}}\n"));
    let bindings: Vec<String> = (0..1_001).map(|p| format!(r#"{{"role":"prj-0","project":"many-{p}"}}"#)).collect();
    let policy = |count: usize| format!(r#"{{"t":"policy","id":"many","bindings":[{}]}}"#, bindings[..count].join(","));
    assert!(refused(&projects, &policy(1_001)).contains("at most 1000 bindings; this one has 1001"));
    assert!(read(&format!("{projects}{}", policy(1_000))).is_ok());
}

#[test]
fn a_line_without_end_is_refused() {
    let line = format!(r#"{{"t":"project","id":"{}"}}"#, "x".repeat(LONGEST_LINE));
    assert!(refused(META, &line).starts_with("the line is "));
}

#[test]
fn after_a_bad_line_no_more_is_taken() {
    let mut reader = WorkloadReader::new();
    reader.line(META.trim().as_bytes()).unwrap();
    let bad = reader.line(b"{}").unwrap_err();
    assert_eq!(reader.line(br#"{"t":"project","id":"p"}"#), Err(bad.clone()));
    assert_eq!(reader.finish(), Err(bad));
}

#[test]
fn what_stands_twice_in_a_list_is_kept_once() {
    let twice: String = read(SMALL)
        .map(|_| SMALL.replace(r#"{"role":"org-0"}],"groups":["g-0","g-1","g-0"]"#, r#"],"groups":["g-0","g-1"]"#))
        .unwrap();
    let once = twice
        .replace(r#","project":"p-0"},]"#, r#","project":"p-0"}]"#)
        .replace(r#"["pol-0","pol-0"]"#, r#"["pol-0"]"#);
    let once = once.replace(
        r#"{"role":"prj-0","environment":"staging"},{"role":"org-0"}]"#,
        r#"{"role":"prj-0","environment":"staging"}]"#,
    );
    assert_eq!(read(SMALL).unwrap(), read(&once).unwrap());
}

/// Enough users that two threads read them.
fn many(users: usize, change: impl Fn(usize, String) -> String) -> String {
    let head = "{\"t\":\"meta\",\"format\":1}\n{\"t\":\"group\",\"id\":\"g\"}\n".to_owned();
    let user = |number: usize| format!("{{\"t\":\"user\",\"id\":\"user-{number}\",\"groups\":[\"g\"]}}");
    (0..users).fold(head, |text, number| text + &change(number, user(number)) + "\n")
}

/// What comes of a file taken in pieces of whole lines: its head, then all the rest.
fn at_once(text: &str) -> Result<Workload, BadLine> {
    let head = text.match_indices('\n').nth(1).map_or(0, |(at, _)| at + 1);
    let mut reader = WorkloadReader::new();
    reader.read(&text.as_bytes()[..head])?;
    reader.read(&text.as_bytes()[head..])?;
    reader.finish()
}

#[test]
fn many_lines_at_once_are_as_one_after_another() {
    let text = many(5_000, |_, line| line);
    let (one_by_one, at_once) = (super::read(&text).unwrap(), at_once(&text).unwrap());
    assert!(one_by_one == at_once);
    assert_eq!(at_once.counts().users, 5_000);
    assert_eq!(at_once.column(Kind::User).line(4_999), Some(5_002));
}

#[test]
fn the_first_bad_line_of_many_is_named_wherever_it_stands() {
    let unknown = |line: String| line.replace("[\"g\"]", "[\"h\"]");
    for bad in [0, 1, 2_400, 2_500, 2_600, 4_998, 4_999] {
        let text = many(5_000, |number, line| if number == bad || number == 4_999 { unknown(line) } else { line });
        let found = at_once(&text).unwrap_err();
        assert_eq!(found, super::read(&text).unwrap_err());
        assert_eq!(found.line, bad as u64 + 3);
    }
    for (first, again) in [(0, 4_999), (10, 11), (2_000, 3_000)] {
        let text =
            many(
                5_000,
                |number, line| {
                    if number == again { line.replace(&again.to_string(), &format!("{first}")) } else { line }
                },
            );
        assert_eq!(at_once(&text).unwrap_err(), super::read(&text).unwrap_err());
    }
}
