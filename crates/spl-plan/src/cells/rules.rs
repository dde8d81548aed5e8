//! Transforms of transforms.conf as rules that read texts.

use spl_functions::extraction::format;
use spl_functions::extraction::rule::{Reads, Rule};
use spl_knowledge::Transform;

/// The rule of a transform; none when it extracts nothing.
pub fn of_transform(transform: &Transform) -> Option<Rule> {
    let reads = match (&transform.regex, &transform.delimiters) {
        (Some(regex), _) => match &transform.format {
            Some(format) => Reads::Format { regex: regex.clone(), pairs: format::pairs(format) },
            None => Reads::Groups { regex: regex.clone() },
        },
        (None, Some(delimiters)) => match (&delimiters.key_value, transform.fields.is_empty()) {
            (Some(inside), _) => Reads::Pairs { between: delimiters.pairs.clone(), inside: inside.clone() },
            (None, true) => Reads::Tokens { between: delimiters.pairs.clone() },
            (None, false) => Reads::Columns { between: delimiters.pairs.clone(), fields: transform.fields.clone() },
        },
        (None, None) => return None,
    };
    Some(Rule { reads, several: transform.mv_add, clean: transform.clean_keys, keep_empty: transform.keep_empty_values })
}

/// The field that `SOURCE_KEY` names, whose keys of index time are the fields of search time.
pub fn source_field(key: &str) -> &str {
    match key {
        "MetaData:Source" => "source",
        "MetaData:Sourcetype" => "sourcetype",
        "MetaData:Host" => "host",
        "_MetaData:Index" => "index",
        other => other.strip_prefix("field:").unwrap_or(other),
    }
}
