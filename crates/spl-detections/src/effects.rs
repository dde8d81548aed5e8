//! Whether a search writes what another search may read.

use spl_parser::Pipeline;
use spl_parser::effects::pipeline_effects;

/// Whether a search, its subsearches and the search of `map` included, changes something outside of itself, or may: a saved
/// search and a text that is filled in with values of rows are known only when they run.
pub fn writes(pipeline: &Pipeline) -> bool {
    !pipeline_effects(pipeline).only_reads()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use spl_parser::parse;

    use super::*;

    #[test]
    fn commands_write_and_words_do_not() {
        for (text, expected) in [
            ("index=main | outputlookup seen.csv", true),
            ("index=main | collect index=summary", true),
            ("index=main | append [search b | outputcsv b]", true),
            ("index=main NOT [search b | outputlookup c.csv]", true),
            ("index=main | eval x=[search b | collect index=s | return $y]", true),
            ("| inputlookup a.csv | map search=\"search host=$host$ | collect index=summary\"", true),
            // Outside of quotes a value can become any part of a search.
            ("| inputlookup a.csv | map search=\"search host=$host$ | stats count\"", true),
            (r#"| inputlookup a.csv | map search="search host=\"$host$\" | stats count""#, false),
            ("index=main macro=data_collected_by_outputlookup | stats count AS collect", false),
            ("index=main | sistats count", false),
            ("index=main [search b | stats count by host | fields host]", false),
        ] {
            assert_eq!(writes(&parse(text).unwrap()), expected, "{text}");
        }
    }
}
