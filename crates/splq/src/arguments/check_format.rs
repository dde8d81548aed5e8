//! `--format` of `splq check`: the formats of rows, and SARIF.

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser, ValueParser};

use crate::output::Format;

/// How `splq check` writes what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckFormat {
    /// As rows.
    Rows(Format),
    /// As a SARIF log.
    Sarif,
}

impl CheckFormat {
    /// Reads the name of a format.
    pub fn parser() -> ValueParser {
        let formats = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let names: Vec<PossibleValue> =
            formats.chain([PossibleValue::new("sarif").help("SARIF 2.1.0, for code hosts and editors")]).collect();
        let parser = PossibleValuesParser::new(names);
        ValueParser::new(parser.map(|name| match Format::from_str(&name, true) {
            Ok(format) => Self::Rows(format),
            Err(_) => Self::Sarif,
        }))
    }
}
