//! Fields in texts as props.conf and transforms.conf find them: by regular expressions, delimiters and pairs.
//!
//! [`rule::Rule`] is one `EXTRACT-` or one transform; [`steps::FieldSteps`] is all that can give one field, in Splunk's
//! order. The planner's function `spl_extract` runs the steps of a field, however many they are, over one column of
//! events.

pub mod format;
pub mod names;
pub mod pairs;
pub mod rule;
pub mod steps;
pub mod table;

use crate::column::ValueType;
use crate::scalar::{self, FunctionSpec, Kernel};

/// The function behind extractions. Its name starts with `spl_`: it is not one that a search can call.
pub const FUNCTIONS: &[FunctionSpec] = &[FunctionSpec::new(
    "spl_extract",
    scalar::OPERATORS,
    "spl_extract(<steps as JSON>,<null of the result's type>,<column>...)",
    "a field as the steps of its extraction find it",
    (2, None),
    |types| types.get(1).copied().unwrap_or(ValueType::Text),
    Kernel::Columns(steps::extract),
)];

/// The fields that are found in one text, each with its values.
pub type Found = Vec<(String, Vec<String>)>;

/// A key as a field name (transforms.conf, `CLEAN_KEYS`): characters other than letters and digits become underscores,
/// underscores and digits in front are cut.
pub fn clean_key(text: &str) -> String {
    let replaced: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    replaced.trim_start_matches(|c: char| c == '_' || c.is_ascii_digit()).to_owned()
}

/// The first value of each key, or all of them.
pub(crate) fn merged(found: Found, several: bool) -> Found {
    let mut result: Found = Vec::new();
    let mut places: hashbrown::HashMap<String, usize> = hashbrown::HashMap::new();
    for (name, values) in found {
        match places.get(&name) {
            Some(place) if several => result[*place].1.extend(values),
            Some(_) => {}
            None => {
                places.insert(name.clone(), result.len());
                result.push((name, values));
            }
        }
    }
    result
}
