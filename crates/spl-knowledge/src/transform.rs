//! Field transforms (transforms.conf): the extractions that `REPORT-` settings name.

use spl_macros::{Conf, Origin, Stanza};
use spl_parser::diagnostic::Diagnostic;

use crate::problem::{error, warning};
use crate::settings::TRANSFORMS;

/// A field transform (Splunk admin manual, transforms.conf). Either `regex` or `delimiters` is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transform {
    /// The stanza's name.
    pub name: String,
    /// `REGEX`, as written. Groups named `_KEY_1` and `_VAL_1` give field names and values.
    pub regex: Option<String>,
    /// `FORMAT`: `name::$1 $2::$3`; none with a regex of named groups.
    pub format: Option<String>,
    /// `SOURCE_KEY`: the field that is read; `_raw` unless given.
    pub source_key: String,
    /// `DEST_KEY`: set only for index-time transforms.
    pub dest_key: Option<String>,
    /// `DELIMS`.
    pub delimiters: Option<Delimiters>,
    /// `FIELDS`: names for delimited values.
    pub fields: Vec<String>,
    /// `MV_ADD`: further matches become further values instead of being dropped.
    pub mv_add: bool,
    /// `CLEAN_KEYS`: characters that field names can't have become underscores; true unless given.
    pub clean_keys: bool,
    /// `KEEP_EMPTY_VALS`: empty values are kept.
    pub keep_empty_values: bool,
    /// `REPEAT_MATCH`: index-time, match again after the end of the last match.
    pub repeat_match: bool,
    /// Where it was defined.
    pub origin: Origin,
}

/// `DELIMS`: characters between pairs, and between key and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimiters {
    /// Any of these characters ends a value (or a pair, when `key_value` is given).
    pub pairs: String,
    /// Any of these characters stands between a key and its value.
    pub key_value: Option<String>,
}

/// Settings of an index-time transform, which has no meaning for a search.
const INDEX_TIME: &[&str] = &["DEST_KEY", "INGEST_EVAL", "STOP_PROCESSING_IF", "CLONE_SOURCETYPE", "WRITE_META"];

/// Whether a stanza is neither a transform nor a lookup: lists of keys, settings of rule sets.
fn is_other(name: &str) -> bool {
    name == "accepted_keys" || name.starts_with("_ruleset:")
}

/// Whether a stanza defines a lookup rather than a field transform.
pub(crate) fn is_lookup(stanza: &Stanza) -> bool {
    ["filename", "external_cmd", "external_type", "collection"].iter().any(|key| stanza.settings.contains_key(*key))
}

/// Reads the field transforms of a transforms.conf.
pub(crate) fn read_transforms(
    conf: &Conf,
    problems: &mut Vec<Diagnostic>,
    warnings: &mut Vec<Diagnostic>,
) -> indexmap::IndexMap<String, Transform> {
    let mut transforms = indexmap::IndexMap::new();
    for stanza in conf.effective().filter(|stanza| !is_lookup(stanza) && !is_other(&stanza.name)) {
        for (key, setting) in &stanza.settings {
            if let Some((code, message)) = TRANSFORMS.remark(key, "a transform") {
                warnings.push(warning(&setting.origin, code, message));
            }
        }
        match read_transform(&stanza, problems) {
            Ok(Some(transform)) => {
                transforms.insert(stanza.name.clone(), transform);
            }
            Ok(None) => {}
            Err(message) => problems.push(error(&stanza.origin, "knowledge/transform", message)),
        }
    }
    transforms
}

/// The transform of a stanza; none for one that extracts nothing. A flag that is none is named and has its default.
fn read_transform(stanza: &Stanza, problems: &mut Vec<Diagnostic>) -> Result<Option<Transform>, String> {
    let text = |key: &str| stanza.get(key).filter(|value| !value.is_empty()).map(str::to_owned);
    let mut flag = |key: &str, default: bool| {
        let Some(setting) = stanza.settings.get(key).filter(|setting| !setting.value.is_empty()) else { return default };
        setting.as_bool().unwrap_or_else(|| {
            let message = format!("`{key}` of transform `{}` is neither true nor false", stanza.name);
            problems.push(error(&setting.origin, "knowledge/transform", message));
            default
        })
    };
    let regex = text("REGEX");
    let delimiters = match stanza.get("DELIMS").filter(|list| !list.is_empty()) {
        None => None,
        Some(list) => Some(read_delimiters(list).ok_or_else(|| {
            format!("`DELIMS` of transform `{}` is one or two lists of characters in double quotes", stanza.name)
        })?),
    };
    if regex.is_none() && delimiters.is_none() {
        let other = stanza.name.starts_with("metric-schema:") || stanza.name.starts_with("statsd-dims:");
        if other || INDEX_TIME.iter().any(|key| stanza.settings.contains_key(*key)) || flag("disabled", false) {
            return Ok(None);
        }
        return Err(format!("transform `{}` has neither `REGEX` nor `DELIMS`", stanza.name));
    }
    Ok(Some(Transform {
        name: stanza.name.clone(),
        regex,
        format: text("FORMAT"),
        source_key: text("SOURCE_KEY").unwrap_or_else(|| "_raw".to_owned()),
        dest_key: text("DEST_KEY"),
        delimiters,
        fields: text("FIELDS").map(|list| split_quoted(&list, ',')).unwrap_or_default(),
        mv_add: flag("MV_ADD", false),
        clean_keys: flag("CLEAN_KEYS", true),
        keep_empty_values: flag("KEEP_EMPTY_VALS", false),
        repeat_match: flag("REPEAT_MATCH", false),
        origin: stanza.origin.clone(),
    }))
}

fn read_delimiters(list: &str) -> Option<Delimiters> {
    let mut sets = Vec::new();
    let mut rest = list.trim();
    while !rest.is_empty() {
        let (set, after) = quoted(rest)?;
        sets.push(set);
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None if rest.is_empty() => {}
            None => return None,
        }
    }
    let mut sets = sets.into_iter();
    let delimiters = Delimiters { pairs: sets.next()?, key_value: sets.next() };
    sets.next().is_none().then_some(delimiters)
}

/// Text in double quotes at the start, and what follows it. `\t`, `\n`, `\r`, `\"` and `\\` are escapes.
fn quoted(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut plain = String::new();
    let mut characters = inner.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((plain, &inner[index + 1..])),
            '\\' => match characters.next()?.1 {
                't' => plain.push('\t'),
                'n' => plain.push('\n'),
                'r' => plain.push('\r'),
                other => plain.push(other),
            },
            other => plain.push(other),
        }
    }
    None
}

/// Splits a list, with or without quotes around its members.
pub(crate) fn split_quoted(list: &str, separator: char) -> Vec<String> {
    let mut members = Vec::new();
    let mut current = String::new();
    let mut inside = false;
    for character in list.chars() {
        match character {
            '"' => inside = !inside,
            other if other == separator && !inside => members.push(std::mem::take(&mut current)),
            other => current.push(other),
        }
    }
    members.push(current);
    members.into_iter().map(|member| member.trim().to_owned()).filter(|member| !member.is_empty()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn read(text: &str) -> (indexmap::IndexMap<String, Transform>, Vec<Diagnostic>, Vec<Diagnostic>) {
        let (mut problems, mut warnings) = (Vec::new(), Vec::new());
        let transforms = read_transforms(&Conf::parse(text, "t.conf").unwrap(), &mut problems, &mut warnings);
        (transforms, problems, warnings)
    }

    #[test]
    fn regex_and_delimiters() {
        let (transforms, problems, warnings) = read(
            "[r]\nREGEX = (\\w+)=(\\d+)\nFORMAT = $1::$2\nMV_ADD = true\n[d]\nSOURCE_KEY = line\nDELIMS = \"|;\", \"=\"\n[f]\nDELIMS = \",\"\nFIELDS = a, \"b c\", d\nCLEAN_KEYS = 0\n[l]\nfilename = x.csv\n[i]\nINGEST_EVAL = a=1\n",
        );
        assert!(problems.is_empty() && warnings.is_empty(), "{problems:?} {warnings:?}");
        assert_eq!(transforms.keys().collect::<Vec<_>>(), ["r", "d", "f"]);
        assert_eq!(transforms["r"].source_key, "_raw");
        assert!(transforms["r"].mv_add && transforms["r"].clean_keys);
        assert_eq!(transforms["d"].delimiters, Some(Delimiters { pairs: "|;".into(), key_value: Some("=".into()) }));
        assert_eq!(transforms["f"].fields, ["a", "b c", "d"]);
        assert!(!transforms["f"].clean_keys);
    }

    #[test]
    fn problems_are_named() {
        let (_, problems, warnings) = read("[a]\nFORMAT = x\n[b]\nDELIMS = ,\n[c]\nREGEX = x\nMV_ADD = often\nFORMT = y\n");
        assert_eq!(problems.len(), 3);
        assert_eq!(problems[0].message, "t.conf:1: transform `a` has neither `REGEX` nor `DELIMS`");
        assert_eq!(warnings[0].message, "t.conf:8: unknown setting `FORMT` of a transform; did you mean `FORMAT`?");
    }
}
