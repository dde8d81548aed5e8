//! Layout, type and status of a detection, as its file writes them.

/// The layout that a detection is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `contentctl` 4: risk under `tags` (`confidence`, `impact`, `message`, `observable`); unknown keys are ignored.
    V4,
    /// `contentctl` 5: risk under `rba`; unknown keys are refused.
    V5,
}

/// What kind of detection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetectionType {
    /// Tactics, techniques and procedures: a finding.
    Ttp,
    /// Something unusual: risk only.
    Anomaly,
    /// For people who look for something; makes neither risk nor a finding.
    Hunting,
    /// A search over what other detections found.
    Correlation,
}

impl DetectionType {
    /// All, as they are written.
    pub const NAMES: [(&'static str, Self); 4] =
        [("TTP", Self::Ttp), ("Anomaly", Self::Anomaly), ("Hunting", Self::Hunting), ("Correlation", Self::Correlation)];

    /// Reads the value of `type`; letter case counts, as it does for `contentctl`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind)
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// How far a detection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// In use, and tested.
    Production,
    /// Tried out.
    Experimental,
    /// No longer to be used.
    Deprecated,
    /// Being validated (layout 4).
    Validation,
    /// Taken out (layout 5, in the folder `removed`).
    Removed,
}

impl Status {
    /// All, as they are written.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("production", Self::Production),
        ("experimental", Self::Experimental),
        ("deprecated", Self::Deprecated),
        ("validation", Self::Validation),
        ("removed", Self::Removed),
    ];

    /// Reads the value of `status`; letter case counts.
    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, status)| *status)
    }
}

/// A value that is none of those that a key can have.
pub(crate) fn unknown_name(key: &str, found: &str, known: &[&str]) -> String {
    format!("`{key}: {found}` is unknown; expected one of {}", known.join(", "))
}
