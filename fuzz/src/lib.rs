//! What the fuzz targets share: an engine with the built-in knowledge and fixed settings.
#![cfg(feature = "engine")]

use std::sync::LazyLock;

use indexmap::IndexMap;
use spl_exec::{Engine, Rewrites, SearchClock, Settings};
use spl_knowledge::Knowledge;
use tokio::runtime::{Builder, Runtime};

/// A runtime on this thread.
pub static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));

/// An engine without data.
pub fn engine() -> Engine {
    let settings = Settings {
        clock: SearchClock::at(1_700_000_000.0, chrono_tz::Tz::UTC),
        limits: IndexMap::new(),
        memory_limit: Some(1 << 30),
        threads: 1,
        geo_database: None,
        csv_folder: None,
        batch_rows: None,
        rewrites: Rewrites::default(),
    };
    Engine::new(Knowledge::built_in(), settings).expect("an engine")
}
