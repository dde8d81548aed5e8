//! What functions need to know beside their arguments: now and the time zone, carried as DataFusion options so that
//! they travel with a plan.

use chrono_tz::Tz;
use datafusion_common::config::{ConfigExtension, ConfigOptions};
use datafusion_common::extensions_options;

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
