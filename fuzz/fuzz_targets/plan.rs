//! Any text expands, parses and plans, or is refused with an error; nothing panics and nothing runs away.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use spl_exec::Engine;
use splq_fuzz::{RUNTIME, engine};

static ENGINE: LazyLock<Engine> = LazyLock::new(engine);

fuzz_target!(|text: &str| {
    match ENGINE.compile(text) {
        Ok(search) => {
            if let Err(failure) = RUNTIME.block_on(ENGINE.check(&search)) {
                assert!(failure.diagnostics.iter().all(|error| !error.message.is_empty()), "an error without words: {text}");
            }
        }
        Err(failure) => assert!(!failure.diagnostics.is_empty(), "refused without an error: {text}"),
    }
});
