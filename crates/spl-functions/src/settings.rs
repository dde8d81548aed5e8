//! What functions need to know beside their arguments: now and the time zone, carried as DataFusion options so that
//! they travel with a plan.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use chrono_tz::Tz;
use datafusion_common::config::{ConfigEntry, ConfigExtension, ConfigOptions, ExtensionOptions};
use datafusion_common::{Result, extensions_options};

extensions_options! {
    /// Evaluation settings under the prefix `spl`.
    pub struct SplOptions {
        /// Now, in epoch seconds.
        pub now: f64, default = 0.0
        /// IANA name of the time zone of the search.
        pub time_zone: String, default = "UTC".to_owned()
        /// Whether expressions over a dictionary column are evaluated once per distinct value.
        pub once_per_distinct: bool, default = true
        /// Whether dictionary columns are grouped and partitioned by code.
        pub group_by_code: bool, default = true
        /// Whether rows are filtered before they are sorted and numbered.
        pub filter_below_numbers: bool, default = true
        /// Whether rows are sorted by the ranks of texts that many of them share.
        pub sort_by_ranks: bool, default = true
    }
}

impl ConfigExtension for SplOptions {
    const PREFIX: &'static str = "spl";
}

/// The options, parsed.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationSettings {
    /// Now, in epoch seconds.
    pub now: f64,
    /// The time zone of the search.
    pub time_zone: Tz,
}

impl EvaluationSettings {
    /// Reads the options; epoch 0 and UTC when they were not set.
    pub fn from_options(options: &ConfigOptions) -> Self {
        options.extensions.get::<SplOptions>().map_or(Self { now: 0.0, time_zone: Tz::UTC }, |options| Self {
            now: options.now,
            time_zone: options.time_zone.parse().unwrap_or(Tz::UTC),
        })
    }
}

/// Counts the values of a search that functions left out because they are too large (see [`crate::column::MOST_TEXT`]). Copies count together.
#[derive(Clone, Debug, Default)]
pub struct TooLarge(pub Arc<AtomicU64>);

impl TooLarge {
    /// The counter of a search; one that nobody reads when the options have none.
    pub fn of(options: &ConfigOptions) -> Self {
        options.extensions.get::<Self>().cloned().unwrap_or_default()
    }
}

impl ConfigExtension for TooLarge {
    const PREFIX: &'static str = "spl_too_large";
}

impl ExtensionOptions for TooLarge {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, _: &str) -> Result<()> {
        datafusion_common::exec_err!("`{key}` is no option")
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}
