//! Whatever the text, the parser answers: no panic, spans inside the text, printed text that parses to the same tree.

use proptest::prelude::*;
use spl_parser::{Diagnostic, parse, parse_expression, parse_search_expression, print};

use crate::compare::without_spans;

/// Pieces of the language, so that random texts get past the first word.
const PIECES: &[&str] = &[
    "|",
    " ",
    " ",
    " ",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "'",
    "`",
    "```",
    ",",
    "=",
    "==",
    "!=",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    ".",
    "\\",
    "AND",
    "OR",
    "NOT",
    "XOR",
    "LIKE",
    "IN",
    "AS",
    "BY",
    "by",
    "over",
    "where",
    "search",
    "stats",
    "tstats",
    "eval",
    "fields",
    "table",
    "rename",
    "sort",
    "head",
    "dedup",
    "rex",
    "regex",
    "bin",
    "lookup",
    "OUTPUT",
    "join",
    "append",
    "foreach",
    "transaction",
    "startswith",
    "timechart",
    "chart",
    "replace",
    "WITH",
    "return",
    "format",
    "from",
    "datamodel",
    "map",
    "count",
    "sum(x)",
    "eval(a=1)",
    "x",
    "y.z",
    "a{}.b",
    "{f}",
    "1",
    "1.5",
    "1e3",
    "\"text\"",
    "'a field'",
    "<<FIELD>>",
    "index=main",
    "limit=5",
    "span=1h",
    "TERM(",
    "CASE(",
    "case(",
    "earliest=-1h",
    "é",
    "\u{a0}",
    "\n",
    "$x$",
];

fn check_places(source: &str, errors: &[Diagnostic]) {
    for error in errors {
        for label in &error.labels {
            assert!(label.span.start <= label.span.end && label.span.end <= source.len(), "{source:?}: {error:?}");
            assert!(
                source.is_char_boundary(label.span.start) && source.is_char_boundary(label.span.end),
                "{source:?}: {error:?}"
            );
        }
    }
}

fn check(source: &str) {
    match parse(source) {
        Err(errors) => {
            assert!(!errors.is_empty());
            check_places(source, &errors);
        }
        Ok(tree) => {
            assert!(!tree.commands.is_empty());
            let printed = print(&tree);
            let again = parse(&printed).unwrap_or_else(|errors| panic!("{source:?} was printed as {printed:?}: {}", errors[0]));
            assert!(without_spans(&again) == without_spans(&tree), "{source:?} was printed as {printed:?}");
        }
    }
    if let Err(errors) = parse_expression(source) {
        check_places(source, &errors);
    }
    if let Err(errors) = parse_search_expression(source) {
        check_places(source, &errors);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(source in "\\PC{0,60}") {
        check(&source);
    }

    #[test]
    fn text_of_the_language(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..25), spaced in any::<bool>()) {
        check(&pieces.join(if spaced { " " } else { "" }));
    }

    #[test]
    fn search_expressions(pieces in proptest::collection::vec(proptest::sample::select(&["a", "b=1", "\"x y\"", "AND", "OR", "NOT", "(", ")", "f IN (1, 2)", "*", "c!=d*", "[search e]", "()", "earliest=-1d", "TERM(a.b)"][..]), 1..14)) {
        check(&format!("search {}", pieces.join(" ")));
    }

    #[test]
    fn eval_expressions(pieces in proptest::collection::vec(proptest::sample::select(&["a", "1", "\"t\"", "'f g'", "+", "-", "*", "/", "%", ".", "=", "!=", "<", "AND", "OR", "XOR", "NOT", "LIKE", "IN (1, 2)", "(", ")", "f(", ",", "2.5"][..]), 1..16)) {
        check(&format!("| where {}", pieces.join(" ")));
    }
}

#[test]
fn every_prefix_of_a_search_is_answered() {
    let source = r#"index=main (a="b c" OR d IN (1, "2*")) NOT [search x | return 5 y] ```note``` | eval x=if('a b'=="é\"", 1.5, f(y)), {z}=x." " | stats count(eval(x>1)) AS "n m" BY host span=1h | rex field=x "(?<a>\d+)\\" | lookup t a AS b OUTPUT c | foreach a* [eval <<FIELD>>=1]"#;
    for end in (0..=source.len()).filter(|end| source.is_char_boundary(*end)) {
        check(&source[..end]);
    }
}

#[test]
fn what_is_printed_of_odd_aggregations_is_printed_so_again() {
    for text in
        ["* | stats( avgzx) s", "* | timechart span=1h ( avg(a) * 2 ) by b", "* | stats eval( sum(a)/count ) as x, avg( b )"]
    {
        let printed = spl_parser::print(&spl_parser::parse(text).unwrap());
        let again = spl_parser::print(&spl_parser::parse(&printed).unwrap());
        assert_eq!(again, printed, "{text}");
    }
    let refused = spl_parser::parse("* | timechart span=1h eval fiel").unwrap_err();
    assert_eq!(refused[0].code, "parse/missing-argument");
}
