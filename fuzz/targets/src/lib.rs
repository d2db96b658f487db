//! Every parser of Rolecall as a fuzz target: a function that takes any bytes and must neither panic nor hang. Where a
//! format can be written as well as read, the target also holds that what was read reads back the same.
//!
//! The same table serves the replay of saved inputs and the bounded run in the tests, the mutation loop of
//! `cargo xtask fuzz`, and libFuzzer (`fuzz/fuzz_targets`). A new target is one line in [`TARGETS`], its function, and a
//! few inputs in `fuzz/saved/<name>/`.

pub mod mutation;
pub mod run;
pub mod saved;

mod target;

use target::model;

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
        run: model::changes,
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
        name: "time",
        run: model::time,
    },
];

/// The target of a name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
