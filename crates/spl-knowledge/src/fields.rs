//! Fields whose text holds several values (fields.conf).

use indexmap::IndexMap;
use spl_macros::{Conf, Origin, Setting};
use spl_parser::diagnostic::Diagnostic;

use crate::problem::warning;
use crate::settings::FIELDS;

/// How the values of a field are found in its text (Splunk admin manual, fields.conf, `TOKENIZER`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokenizer {
    /// A regular expression; each of its matches is a value, the first group of it where it has one.
    pub regex: String,
    /// Where it was defined.
    pub origin: Origin,
}

/// Reads the stanzas of a fields.conf. A stanza is named like the field, or `<sourcetype>::<field>` for an indexed one.
/// A field with `INDEXED = true` has no tokenizer (fields.conf, `TOKENIZER`).
pub(crate) fn read_tokenizers(conf: &Conf, warnings: &mut Vec<Diagnostic>) -> IndexMap<String, Tokenizer> {
    let mut tokenizers = IndexMap::new();
    for stanza in conf.effective() {
        for (key, setting) in &stanza.settings {
            if let Some((code, message)) = FIELDS.remark(key, "a field") {
                warnings.push(warning(&setting.origin, code, message));
            }
        }
        let is_indexed = stanza.settings.get("INDEXED").and_then(Setting::as_bool).unwrap_or(false);
        let tokenizer = stanza.settings.get("TOKENIZER").filter(|setting| !is_indexed && !setting.value.is_empty());
        if let Some(setting) = tokenizer {
            let tokenizer = Tokenizer { regex: setting.value.clone(), origin: setting.origin.clone() };
            tokenizers.insert(stanza.name.clone(), tokenizer);
        }
    }
    tokenizers
}
