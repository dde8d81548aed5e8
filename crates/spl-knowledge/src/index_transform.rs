//! Transforms of events while they are loaded (transforms.conf): what `TRANSFORMS-` and `RULESET-` of props.conf name.

use indexmap::IndexMap;
use spl_macros::{Conf, Origin, Stanza};
use spl_parser::diagnostic::Diagnostic;

use crate::problem::warning;

/// The transforms that Splunk brings and that apps name without defining them.
const BUILT_IN: &str = include_str!("index_transform/built_in.conf");

/// Bytes of a key that a regular expression is applied to, unless `LOOKAHEAD` says otherwise.
const LOOKAHEAD: usize = 4096;

/// An index-time transform (Splunk admin manual, transforms.conf). Nothing is checked here: what can't be used is said when
/// an event meets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexTransform {
    /// The stanza's name.
    pub name: String,
    /// `REGEX`.
    pub regex: Option<String>,
    /// `FORMAT`; `<name>::$1` when none.
    pub format: Option<String>,
    /// `SOURCE_KEY`; `_raw` unless given.
    pub source_key: String,
    /// `DEST_KEY`.
    pub dest_key: Option<String>,
    /// `WRITE_META`: what `FORMAT` comes to are indexed fields.
    pub write_meta: bool,
    /// `DEFAULT_VALUE`: written where the expression does not match.
    pub default_value: Option<String>,
    /// `REPEAT_MATCH`: every match counts, not only the first.
    pub repeat_match: bool,
    /// `LOOKAHEAD` in bytes.
    pub lookahead: usize,
    /// `CLONE_SOURCETYPE`: a copy of the event with this sourcetype is what is changed.
    pub clone_sourcetype: Option<String>,
    /// `INGEST_EVAL`: assignments, in place of a regular expression.
    pub ingest_eval: Option<String>,
    /// `STOP_PROCESSING_IF`: a condition that ends the work on the event.
    pub stop_processing_if: Option<String>,
    /// Where it was defined.
    pub origin: Origin,
}

/// Reads every stanza of a transforms.conf as an index-time transform; those that are for searches only do no harm.
pub(crate) fn read_index_transforms(conf: &Conf, warnings: &mut Vec<Diagnostic>) -> IndexMap<String, IndexTransform> {
    let built_in = Conf::parse_built_in(BUILT_IN).unwrap_or_default();
    let mut transforms: IndexMap<String, IndexTransform> =
        built_in.effective().map(|stanza| (stanza.name.clone(), read(&stanza, warnings))).collect();
    transforms.extend(conf.effective().map(|stanza| (stanza.name.clone(), read(&stanza, warnings))));
    transforms
}

fn read(stanza: &Stanza, warnings: &mut Vec<Diagnostic>) -> IndexTransform {
    let text = |key: &str| stanza.get(key).filter(|value| !value.is_empty()).map(str::to_owned);
    let flag = |key: &str| stanza.settings.get(key).and_then(spl_macros::Setting::as_bool).unwrap_or(false);
    let lookahead = stanza.settings.get("LOOKAHEAD").map(|setting| (setting, setting.value.trim().parse::<usize>()));
    if let Some((setting, Err(_))) = &lookahead {
        let message = format!("`LOOKAHEAD` of transform `{}` is not a whole number", stanza.name);
        warnings.push(warning(&setting.origin, "knowledge/index-time", message));
    }
    IndexTransform {
        name: stanza.name.clone(),
        regex: text("REGEX"),
        format: text("FORMAT"),
        source_key: text("SOURCE_KEY").unwrap_or_else(|| "_raw".to_owned()),
        dest_key: text("DEST_KEY"),
        write_meta: flag("WRITE_META"),
        default_value: text("DEFAULT_VALUE"),
        repeat_match: flag("REPEAT_MATCH"),
        lookahead: lookahead.and_then(|(_, number)| number.ok()).unwrap_or(LOOKAHEAD),
        clone_sourcetype: text("CLONE_SOURCETYPE"),
        ingest_eval: text("INGEST_EVAL"),
        stop_processing_if: text("STOP_PROCESSING_IF"),
        origin: stanza.origin.clone(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_defaults() {
        let conf = Conf::parse(
            "[a]\nREGEX = x(y)\nFORMAT = k::$1\nWRITE_META = t\nLOOKAHEAD = far\n[b]\nINGEST_EVAL = a:=1, \\\n b=2\nSTOP_PROCESSING_IF = a==1\n",
            "t.conf",
        )
        .unwrap();
        let mut warnings = Vec::new();
        let transforms = read_index_transforms(&conf, &mut warnings);
        let a = &transforms["a"];
        assert_eq!((a.regex.as_deref(), a.write_meta, a.lookahead, a.source_key.as_str()), (Some("x(y)"), true, 4096, "_raw"));
        assert_eq!(transforms["b"].ingest_eval.as_deref(), Some("a:=1, \n b=2"));
        assert_eq!(warnings[0].message, "t.conf:5: `LOOKAHEAD` of transform `a` is not a whole number");
        assert!(transforms.contains_key("syslog-host"));
    }
}
