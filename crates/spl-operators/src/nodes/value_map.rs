//! Mappings of one value to others: what `xpath`, `xmlunescape`, `outputtext`, `replace` and `rangemap` do with it.

use serde::{Deserialize, Serialize};
use spl_functions::value::parse_number;
use spl_functions::xml_document::{self, unescaped};

use crate::functions::xpath::XmlPath;
use crate::wildcards::wildcard_captures;

/// A mapping of values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ValueMap {
    /// What a path selects in an XML document; the default where it selects nothing.
    XmlPath {
        /// The path.
        path: XmlPath,
        /// The value of a text that has nothing there; none = no value.
        default: Option<String>,
    },
    /// XML entities replaced by what they stand for.
    XmlUnescaped,
    /// Text as it stands in XML.
    XmlEscaped,
    /// Old values with new ones, in order of precedence; `*` stands for any text.
    Replacements(Vec<(String, String)>),
    /// The names of the ranges that a number is in.
    Ranges {
        /// Each range with its least and its greatest number.
        ranges: Vec<(String, f64, f64)>,
        /// What a value in none of them becomes.
        otherwise: String,
    },
}

impl ValueMap {
    /// The command that does this.
    pub fn command(&self) -> &'static str {
        match self {
            Self::XmlPath { .. } => "xpath",
            Self::XmlUnescaped => "xmlunescape",
            Self::XmlEscaped => "outputtext",
            Self::Replacements(_) => "replace",
            Self::Ranges { .. } => "rangemap",
        }
    }

    /// What becomes of a value; an absent value is `None`.
    pub fn map(&self, value: Option<&str>) -> Vec<String> {
        match self {
            Self::XmlPath { path, default } => {
                let found = value.and_then(xml_document::parse).map(|roots| path.values(&roots)).unwrap_or_default();
                if found.is_empty() { default.iter().cloned().collect() } else { found }
            }
            Self::XmlUnescaped => value.map(unescaped).into_iter().collect(),
            Self::XmlEscaped => value.map(escaped).into_iter().collect(),
            Self::Replacements(pairs) => value.map(|value| replaced(pairs, value)).into_iter().collect(),
            Self::Ranges { ranges, otherwise } => {
                let number = value.and_then(parse_number);
                let within =
                    |(_, low, high): &&(String, f64, f64)| number.is_some_and(|number| *low <= number && number <= *high);
                let names: Vec<String> = ranges.iter().filter(within).map(|(name, _, _)| name.clone()).collect();
                if names.is_empty() { vec![otherwise.clone()] } else { names }
            }
        }
    }
}

/// Text as it stands in XML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn replaced(pairs: &[(String, String)], value: &str) -> String {
    for (from, to) in pairs {
        let Some(captures) = wildcard_captures(from, value) else { continue };
        if !to.contains('*') {
            return to.clone();
        }
        let mut captures = captures.into_iter();
        let mut result = String::new();
        for (place, piece) in to.split('*').enumerate() {
            if place > 0 {
                result.push_str(captures.next().unwrap_or_default());
            }
            result.push_str(piece);
        }
        return result;
    }
    value.to_owned()
}
