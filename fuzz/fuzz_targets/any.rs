//! Any target under libFuzzer: `ROLECALL_FUZZ_TARGET=catalog cargo +nightly fuzz run any fuzz/saved/catalog`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rolecall_fuzz::{Parser, TARGETS, find};

thread_local! {
    static PARSER: Parser = {
        let name = std::env::var("ROLECALL_FUZZ_TARGET").unwrap_or_default();
        let Some(target) = find(&name) else {
            let known: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            panic!("set ROLECALL_FUZZ_TARGET to one of {}", known.join(", "))
        };
        (target.start)()
    };
}

fuzz_target!(|data: &[u8]| PARSER.with(|parser| parser(data)));
