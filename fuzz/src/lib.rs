//! What the fuzz targets share.

#[cfg(feature = "engine")]
pub use engine::{RUNTIME, engine};
#[cfg(feature = "sources")]
pub use sources::loads;

/// An engine with the built-in knowledge and fixed settings.
#[cfg(feature = "engine")]
mod engine {
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
}

/// Files in memory.
#[cfg(feature = "sources")]
mod sources {
    use std::sync::Arc;

    use spl_sources::{Format, LoadOptions, load};

    /// Loads bytes as a file of each of these formats, and of the one that they look like. Whatever they are, there is a table in which
    /// each row has an ordinal, or an error with words.
    pub fn loads(bytes: &[u8], formats: &[Format]) {
        let standard_input = Some(Arc::new(bytes.to_vec()));
        for format in formats.iter().copied().map(Some).chain([None]) {
            let options = LoadOptions {
                paths: vec!["-".to_owned()],
                standard_input: standard_input.clone(),
                format,
                now: 1_700_000_000.0,
                threads: 1,
                ..LoadOptions::default()
            };
            match load(&options) {
                Ok(loaded) => {
                    for batch in &loaded.table.batches {
                        assert_eq!(batch.schema(), loaded.table.schema, "a batch of another schema");
                    }
                }
                Err(error) => assert!(!error.to_string().is_empty(), "an error without words"),
            }
        }
    }
}
