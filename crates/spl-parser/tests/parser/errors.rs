//! Wrong searches: code, place and words of what is reported.

use spl_parser::{Diagnostic, parse};

fn errors(source: &str) -> Vec<Diagnostic> {
    match parse(source) {
        Ok(tree) => panic!("{source} parses: {tree:?}"),
        Err(errors) => errors,
    }
}

/// The first error as `code: message @ text under the caret`.
fn first(source: &str) -> String {
    let error = &errors(source)[0];
    let at = error.span().map_or("", |span| span.text(source));
    format!("{}: {} @ {at}", error.code, error.message)
}

fn help(source: &str) -> String {
    errors(source)[0].help.clone().unwrap_or_default()
}

#[test]
fn nothing_to_run() {
    assert_eq!(first(""), "parse/empty-search: empty search @ ");
    assert_eq!(first("  ``` only a comment ```  "), "parse/empty-search: empty search @   ``` only a comment ```  ");
    assert_eq!(first("index=main |"), "parse/empty-command: no command after `|` @ |");
    assert_eq!(first("index=main | | head"), "parse/empty-command: no command between two pipes @ |");
    assert_eq!(first("index=main []"), "parse/empty-search: empty subsearch @ []");
}

#[test]
fn unclosed_things_point_at_their_opener() {
    assert_eq!(first(r#"index="main"#), "parse/unclosed-quote: quote \" is never closed @ \"");
    assert_eq!(first(r#"| makeresults | eval x="abc"#), "parse/unclosed-quote: quote \" is never closed @ \"");
    assert_eq!(first("| makeresults | eval x=(1+2"), "parse/unclosed-parenthesis: `(` is never closed @ (");
    assert_eq!(first("| makeresults | eval x=if(1=1, 2 | head"), "parse/unclosed-parenthesis: `(` is never closed @ (");
    assert_eq!(first("(a OR b | head"), "parse/unclosed-parenthesis: `(` is never closed @ (");
    assert_eq!(first("a IN (b, c | head"), "parse/unclosed-parenthesis: `(` is never closed @ (");
    assert_eq!(first("| stats sum(x"), "parse/unclosed-parenthesis: `(` is never closed @ (");
    assert_eq!(first("index=main [search index=main | fields user"), "parse/unclosed-bracket: `[` is never closed @ [");
    assert_eq!(first("index=main ``` note"), "parse/unclosed-comment: comment ``` is never closed @ ```");
}

#[test]
fn closed_without_being_opened() {
    assert_eq!(first("a=1) b=2"), "parse/unmatched-parenthesis: `)` without `(` @ )");
    assert_eq!(first("a=1 ]"), "parse/unmatched-bracket: `]` without `[` @ ]");
    assert_eq!(first("| where x=1)"), "parse/unmatched-parenthesis: `)` without `(` @ )");
}

#[test]
fn macros_left_over() {
    assert_eq!(first("index=main `filter`"), "parse/unexpanded-macro: a macro stands here unexpanded @ `");
    assert_eq!(first("index=main | `filter`"), "parse/unexpanded-macro: a macro stands here unexpanded @ `");
    assert_eq!(first("| eval x=`y`"), "parse/unexpanded-macro: a macro stands here unexpanded @ `");
    assert_eq!(first("| tstats `options` count"), "parse/unexpanded-macro: a macro stands here unexpanded @ `");
}

#[test]
fn operands() {
    assert_eq!(first("search OR foo"), "parse/missing-operand: nothing to the left of `OR` @ OR");
    assert_eq!(first("a AND OR b"), "parse/missing-operand: nothing to the left of `OR` @ OR");
    assert_eq!(first("a OR"), "parse/missing-operand: nothing to the right of `OR` @ OR");
    assert_eq!(first("a AND"), "parse/missing-operand: nothing to the right of `AND` @ AND");
    assert_eq!(first("a NOT"), "parse/missing-operand: nothing to the right of `NOT` @ NOT");
    assert_eq!(first("(AND a)"), "parse/missing-operand: nothing to the left of `AND` @ AND");
    assert_eq!(first("a= | head"), "parse/missing-operand: no value to the right of `a=` @ a=");
    assert_eq!(first("=5"), "parse/missing-operand: no field to the left of `=` @ =");
    assert_eq!(first("| eval x=1+"), "parse/missing-operand: nothing to the right of `+` @ +");
    assert_eq!(first("| where AND x=1"), "parse/missing-operand: nothing to the left of `AND` @ AND");
    assert_eq!(first("| where x=1 and"), "parse/missing-operand: nothing to the right of `and` @ and");
    assert_eq!(first("| eval x="), "parse/missing-operand: nothing is assigned to `x` @ x=");
    assert_eq!(first("| where ()"), "parse/missing-operand: nothing between the parentheses @ ()");
    assert_eq!(first("| eval x=f(1,)"), "parse/unmatched-parenthesis: `)` without `(` @ )");
    assert_eq!(first("a in (b)"), "parse/lower-case-operator: `in` before a list @ in");
    assert_eq!(first("a IN b"), "parse/missing-operand: `IN` needs a field before it and a list in parentheses after it @ IN");
    assert_eq!(first("a=f(x | head"), "parse/unclosed-parenthesis: `(` is never closed in this word @ (");
    assert_eq!(first("a IN ()"), "parse/missing-argument: `IN` needs at least one value @ ()");
}

#[test]
fn names_and_numbers() {
    assert_eq!(first("| statz count"), "parse/unknown-command: unknown command `statz` @ statz");
    assert_eq!(help("| statz count"), "did you mean `stats`?");
    assert_eq!(first("| where 1abc=2"), "parse/number: `1abc` is neither a number nor a field name @ 1abc");
    assert_eq!(first("| eval x=1e999"), "parse/number: number `1e999` is too large @ 1e999");
    assert_eq!(first("| rename a b"), "parse/unexpected: expected `AS` and the new name, found `b` @ b");
    assert_eq!(
        first("| rename value* AS val"),
        "parse/rename-wildcards: `value*` and `val` have different numbers of wildcards @ value* AS val"
    );
    assert_eq!(first("| convert ctim(x)"), "parse/unknown-conversion: unknown conversion `ctim` @ ctim");
    assert_eq!(first("a=foo\"bar\""), "parse/quote-inside-word: a quote starts inside a word @ \"");
}

#[test]
fn options() {
    assert_eq!(first("| head limt=5"), "parse/unknown-option: unknown option `limt` of `head` @ limt");
    assert_eq!(help("| head limt=5"), "did you mean `limit`?");
    assert_eq!(
        first("| head limit=five"),
        "parse/option-value: option `limit` of `head` takes a whole number, not `five` @ five"
    );
    assert_eq!(
        first("| dedup host keepempty=maybe"),
        "parse/option-value: option `keepempty` of `dedup` takes true or false, not `maybe` @ maybe"
    );
    assert_eq!(
        first("| bin _time span=soon"),
        "parse/option-value: option `span` of `bin` takes a span such as 5m, 1h or log2, not `soon` @ soon"
    );
    assert_eq!(
        first("| join type=cross a [search b]"),
        "parse/option-value: option `type` of `join` takes one of inner, outer, left, not `cross` @ cross"
    );
    assert_eq!(first("| fillnull value="), "parse/missing-value: option `value` of `fillnull` has no value @ value");
    assert_eq!(first("| table a limit=5"), "parse/unknown-option: unknown option `limit` of `table` @ limit");
    assert_eq!(first("| head 3 limit=2"), "parse/duplicate-argument: `head` has both a count and `limit` @ 3");
    assert_eq!(first("| stats count by a by b"), "parse/duplicate-clause: `by` is given twice @ by");
}

#[test]
fn arguments() {
    assert_eq!(first("| chart"), "parse/missing-argument: `chart` needs at least one aggregation @ chart");
    assert_eq!(first("| stats cout by x"), "parse/missing-argument: aggregation `cout` needs a field in parentheses @ cout");
    assert_eq!(first("| stats count by"), "parse/missing-argument: no field after `by` @ by");
    assert_eq!(first("| stats sum(a+b)"), "parse/unexpected: `a+b` is not a field name @ a+b");
    assert_eq!(first("| stats sum(round(x,1))"), "parse/unexpected: expected `)` after the field, found `(` @ (");
    assert_eq!(help("| stats sum(round(x,1))"), "an expression is written sum(eval(...))");
    assert_eq!(first("| table"), "parse/missing-argument: `table` needs at least one field @ table");
    assert_eq!(first("| where"), "parse/missing-argument: `where` needs an expression @ where");
    assert_eq!(first("| sort"), "parse/missing-argument: `sort` needs at least one field @ sort");
    assert_eq!(first("| rex field=x"), "parse/missing-argument: `rex` needs a regular expression in double quotes @ rex");
    assert_eq!(first("| lookup users"), "parse/missing-argument: `lookup` needs at least one field to match @ lookup");
    assert_eq!(first("| join a"), "parse/missing-argument: `join` needs a subsearch in [ ] @ join");
    assert_eq!(first("| append"), "parse/missing-argument: `append` needs a subsearch in [ ] @ append");
    assert_eq!(
        first("| multisearch [search index=main k=a]"),
        "parse/missing-argument: `multisearch` needs at least two subsearches @ multisearch"
    );
    assert_eq!(first("| tail x"), "parse/unexpected: expected a whole number, found `x` @ x");
    assert_eq!(first("| reverse x"), "parse/unexpected: expected nothing after `reverse`, found `x` @ x");
}

#[test]
fn other_languages_get_a_hint() {
    assert_eq!(first("| where a<>1"), "parse/unexpected: `<>` is no operator @ <>");
    assert_eq!(help("| where a<>1"), "not equal is written !=");
    assert_eq!(first("index=a b<>1"), "parse/unexpected: `<>` is no operator @ <>");
    assert_eq!(first("| eval x=a[0]"), "parse/unexpected: `a[0]` is no expression @ a[0]");
    assert_eq!(help("| eval x=a[0]"), "an item of a multivalue field is mvindex(a, 0)");
    assert_eq!(help("| where a=1 && b=2"), "conditions are joined by AND and OR");
    assert_eq!(help("| where a=1 || b=2"), "conditions are joined by AND and OR");
}

#[test]
fn several_errors_in_one_run() {
    let found = errors("index=main (a | eval x=1+ | stats count | haed 5 | where y>");
    let messages: Vec<&str> = found.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(
        messages,
        ["`(` is never closed", "nothing to the right of `+`", "unknown command `haed`", "nothing to the right of `>`"]
    );
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(|| {
            for (open, close) in [("(", ")"), ("f(", ")"), ("NOT ", ""), ("-", ""), ("if(1=1,", ",2)")] {
                let ok = format!("| where {}x{}", open.repeat(190), close.repeat(190));
                let printed = spl_parser::print(&parse(&ok).unwrap());
                assert!(parse(&printed).is_ok());
                let deep = format!("| where {}x{}", open.repeat(1000), close.repeat(1000));
                assert_eq!(errors(&deep)[0].code, "parse/nested-too-deeply", "{open}");
            }
            for (open, close) in [("(", ")"), ("NOT ", ""), ("(a OR ", ")")] {
                let ok = format!("search {}x{}", open.repeat(190), close.repeat(190));
                assert!(parse(&spl_parser::print(&parse(&ok).unwrap())).is_ok());
                let deep = format!("search {}x{}", open.repeat(100_000), close.repeat(100_000));
                assert_eq!(errors(&deep)[0].code, "parse/nested-too-deeply", "{open}");
            }
            let ok = format!("index=x {}{}", "| append [search y ".repeat(48), "]".repeat(48));
            assert!(parse(&ok).is_ok());
            let deep = format!("search {}x{}", "[search ".repeat(1000), "]".repeat(1000));
            assert_eq!(errors(&deep)[0].code, "parse/nested-too-deeply");
            assert_eq!(errors(&format!("| eval x=1{}", "+1".repeat(100_000)))[0].code, "parse/nested-too-deeply");
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn long_searches_take_linear_time() {
    let started = std::time::Instant::now();
    let or = format!("| where x=0{}", " OR field=\"value\"".repeat(60_000));
    let tree = parse(&or).unwrap();
    assert_eq!(crate::compare::without_spans(&parse(&spl_parser::print(&tree)).unwrap()), crate::compare::without_spans(&tree));
    assert!(parse(&format!("index=main{}", " OR field=\"value\"".repeat(60_000))).is_ok());
    assert!(parse(&format!("a IN ({})", "\"value\", ".repeat(100_000))).is_ok());
    assert!(parse(&format!("index=main{}", " | eval x=y+1".repeat(80_000))).is_ok());
    assert!(parse(&format!("index=main | table{}", " a,".repeat(300_000))).is_ok());
    assert_eq!(errors(&format!("index=main{}", " | evil x=y+1".repeat(80_000))).len(), 50);
    assert!(parse(&format!("a=\"{}", "\\\"".repeat(500_000))).is_err());
    assert!(parse(&"(".repeat(1_000_000)).is_err());
    assert!(parse(&" ``` c ``` ".repeat(100_000)).is_err());
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
