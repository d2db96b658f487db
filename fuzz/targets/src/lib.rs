//! Every parser of Rolecall as a fuzz target: a function that takes any bytes and must neither panic nor hang. Where a
//! format can be written as well as read, the target also holds that what was read reads back the same.
//!
//! The same table serves the replay of saved inputs and the bounded run in the tests, the mutation loop of
//! `cargo xtask fuzz`, and libFuzzer (`fuzz/fuzz_targets`). A new target is one line in [`TARGETS`], its function, and a
//! few inputs in `fuzz/saved/<name>/`.
#![allow(clippy::expect_used, clippy::panic, reason = "a target says by a panic that a promise is broken")]

pub mod mutation;
pub mod run;
pub mod saved;

mod target;

use target::{authzen, log, model, rest, scim, server};

/// Reads bytes with the parser of a target; panics if it breaks a promise.
pub type Parser = Box<dyn Fn(&[u8])>;

/// A parser that takes any bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of its folder of saved inputs.
    pub name: &'static str,
    /// Makes the parser, with whatever must be there around it.
    pub start: fn() -> Parser,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "authzen", start: authzen::requests },
    Target { name: "catalog", start: || Box::new(model::catalog) },
    Target { name: "changes", start: || Box::new(log::changes) },
    Target { name: "entry", start: || Box::new(log::entry) },
    Target { name: "id", start: || Box::new(model::id) },
    Target { name: "identifier", start: || Box::new(model::identifier) },
    Target { name: "name", start: || Box::new(model::name) },
    Target { name: "rest", start: rest::requests },
    Target { name: "scim-filter", start: || Box::new(scim::filter) },
    Target { name: "scim-patch", start: || Box::new(scim::patch) },
    Target { name: "scim-path", start: || Box::new(scim::path) },
    Target { name: "scim-selection", start: || Box::new(scim::selection) },
    Target { name: "settings", start: server::settings },
    Target { name: "state", start: || Box::new(log::state) },
    Target { name: "time", start: || Box::new(model::time) },
    Target { name: "workload", start: || Box::new(log::workload) },
];

/// The target of a name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
