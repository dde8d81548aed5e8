//! Transaction types (transactiontypes.conf): named settings of `transaction`.

use indexmap::IndexMap;
use spl_macros::Conf;
use spl_parser::diagnostic::{Diagnostic, nearest};

use crate::problem::warning;

/// A transaction type (Splunk admin manual, transactiontypes.conf).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionType {
    /// The name.
    pub name: String,
    /// `fields`: what events of a transaction share.
    pub fields: Vec<String>,
    /// `search`: where its events come from, for `searchtxn`.
    pub search: Option<String>,
    /// The other settings, which are options of `transaction` by the same names; empty values are left out.
    pub options: IndexMap<String, String>,
}

const OPTIONS: &[&str] = &[
    "maxspan",
    "maxpause",
    "maxevents",
    "connected",
    "startswith",
    "endswith",
    "maxopentxn",
    "maxopenevents",
    "keepevicted",
    "mvlist",
    "delim",
    "nullstr",
];

/// Reads the stanzas of a transactiontypes.conf. `aliases` was for field names of old versions and has no effect.
pub(crate) fn read_transaction_types(conf: &Conf, warnings: &mut Vec<Diagnostic>) -> IndexMap<String, TransactionType> {
    let mut types = IndexMap::new();
    for stanza in conf.effective() {
        let mut read = TransactionType { name: stanza.name.clone(), ..TransactionType::default() };
        for (key, setting) in &stanza.settings {
            let value = setting.value.trim();
            match key.as_str() {
                "fields" => {
                    let names = value.trim_matches('"').split([',', ' ', '\t']).filter(|name| !name.is_empty());
                    read.fields = names.map(str::to_owned).collect();
                }
                "search" => read.search = Some(value.to_owned()).filter(|search| !search.is_empty()),
                known if OPTIONS.contains(&known) => {
                    if !value.is_empty() {
                        read.options.insert(known.to_owned(), value.to_owned());
                    }
                }
                "aliases" | "disabled" => {}
                other => {
                    let near = nearest(other, OPTIONS.iter().copied().chain(["fields", "search"]));
                    let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                    warnings.push(warning(
                        &setting.origin,
                        "knowledge/unknown-setting",
                        format!("unknown setting `{other}` of a transaction type{near}"),
                    ));
                }
            }
        }
        types.insert(stanza.name.clone(), read);
    }
    types
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_options() {
        let text = "[default]\nmaxspan = 5m\n[visit]\nfields = clientip, user\nmaxpause=30s\nmaxpasue=1\nsearch=sourcetype=web\n";
        let mut warnings = Vec::new();
        let types = read_transaction_types(&Conf::parse(text, "t.conf").unwrap(), &mut warnings);
        let visit = &types["visit"];
        assert_eq!(visit.fields, ["clientip", "user"]);
        assert_eq!(visit.options["maxspan"], "5m");
        assert_eq!(visit.options["maxpause"], "30s");
        assert_eq!(visit.search.as_deref(), Some("sourcetype=web"));
        assert_eq!(warnings.len(), 1);
    }
}
