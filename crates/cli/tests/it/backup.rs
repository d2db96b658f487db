//! Backup, restore, recover: with the server running, and with it stopped.

use crate::house::{House, Ran, bare};

#[test]
fn a_backup_put_back_has_everything_up_to_its_moment() {
    let house = House::union();
    house.run(&["create", "user", "--email", "before@example.com"]).ok();
    let file = house.folder.path().join("backup.db");
    let file = file.to_str().unwrap().to_owned();
    house.run(&["backup", &file]).ok();
    house.run(&["backup", &file]).refused(3, "is there already");
    house.run(&["create", "user", "--email", "after@example.com"]).ok();
    let database = format!("sqlite:{}", house.database().display());
    let restore = || Ran::of(bare().args(["restore", &file, "--database", &database]).output().unwrap());
    // A running server keeps its database.
    assert_eq!(restore().code, 3);
    let (_, folder) = house.stop();
    restore().ok();
    let house = House::start(&folder, |_| {});
    house.run(&["get", "user", "before@example.com"]).ok();
    house.run(&["get", "user", "after@example.com"]).refused(3, "no user");
    house.run(&["audit", "--verify"]).ok();
}

#[test]
fn what_is_no_backup_is_not_put_back() {
    let house = House::union();
    let database = format!("sqlite:{}", house.database().display());
    let (_, folder) = house.stop();
    let file = folder.path().join("no-backup");
    std::fs::write(&file, "not a database").unwrap();
    assert_eq!(
        Ran::of(bare().args(["restore", file.to_str().unwrap(), "--database", &database]).output().unwrap()).code,
        3
    );
    House::start(&folder, |_| {}).run(&["whoami"]).ok();
}

#[test]
fn recovery_makes_an_administrator_again() {
    let house = House::union();
    let database = format!("sqlite:{}", house.database().display());
    let recover = || {
        Ran::of(
            bare()
                .args(["recover", "--email", "eve@example.com", "-o", "json", "--database", &database])
                .output()
                .unwrap(),
        )
    };
    assert_eq!(recover().code, 3);
    let (_, folder) = house.stop();
    let token = recover().ok().json()["token"].as_str().unwrap().to_owned();
    let house = House::start(&folder, |_| {});
    let me = Ran::of(house.command().env("ROLECALL_TOKEN", token).args(["whoami", "-o", "json"]).output().unwrap())
        .ok()
        .json();
    assert_eq!((&me["email"], &me["administrator"]), (&"eve@example.com".into(), &true.into()));
    assert!(house.run(&["audit", "--limit", "1"]).ok().out.contains("recover"));
}
