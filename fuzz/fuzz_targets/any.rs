//! Any target under libFuzzer: `ROLECALL_FUZZ_TARGET=catalog cargo +nightly fuzz run any fuzz/saved/catalog`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rolecall_fuzz::{TARGETS, Target, find};
use std::sync::LazyLock;

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = std::env::var("ROLECALL_FUZZ_TARGET").unwrap_or_default();
    find(&name).unwrap_or_else(|| {
        let known: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        panic!("set ROLECALL_FUZZ_TARGET to one of {}", known.join(", "))
    })
});

fuzz_target!(|data: &[u8]| (TARGET.run)(data));
