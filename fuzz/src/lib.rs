//! What the fuzz targets share: an engine with the built-in knowledge and fixed settings.
#![cfg(feature = "engine")]

use std::sync::LazyLock;

use spl_exec::{Engine, SearchClock, Settings};
use spl_knowledge::Knowledge;
use tokio::runtime::{Builder, Runtime};

/// A runtime on this thread.
pub static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));

/// An engine without data.
pub fn engine() -> Engine {
    let clock = SearchClock::at(1_700_000_000.0, chrono_tz::Tz::UTC);
    let settings = Settings { memory_limit: Some(1 << 30), threads: 1, ..Settings::at(clock) };
    Engine::new(Knowledge::built_in(), settings).expect("an engine")
}
