//! Every parser of Rolecall as a fuzz target: a function that takes any bytes and must neither panic nor hang. Where a
//! format can be written as well as read, the target also holds that what was read reads back the same.
//!
//! The same table serves the replay of saved inputs and the bounded run in the tests, the mutation loop of
//! `cargo xtask fuzz`, and libFuzzer (`fuzz/fuzz_targets`). A new target is one line in [`TARGETS`], its function, and a
//! few inputs in `fuzz/saved/<name>/`.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a target says by a panic that a promise is broken"
)]

pub mod mutation;
pub mod run;
pub mod saved;

mod target;

use target::{log, model};

/// A parser that takes any bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of its folder of saved inputs.
    pub name: &'static str,
    /// Reads the bytes; panics if the parser broke a promise.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "catalog",
        run: model::catalog,
    },
    Target {
        name: "changes",
        run: log::changes,
    },
    Target {
        name: "entry",
        run: log::entry,
    },
    Target {
        name: "id",
        run: model::id,
    },
    Target {
        name: "identifier",
        run: model::identifier,
    },
    Target {
        name: "name",
        run: model::name,
    },
    Target {
        name: "state",
        run: log::state,
    },
    Target {
        name: "time",
        run: model::time,
    },
    Target {
        name: "workload",
        run: log::workload,
    },
];

/// The target of a name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
