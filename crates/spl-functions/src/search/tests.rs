//! Tests of the comparisons of `search`.

use super::*;
use crate::scalar::testing::{evaluate, integer, null, one, text, texts, values};
use datafusion_expr::ColumnarValue;

fn encoded(pattern: &str) -> ColumnarValue {
    text(&SearchPattern::new(pattern).encode())
}

#[test]
fn patterns_travel_as_text() {
    for pattern in [
        SearchPattern::new("a*b"),
        SearchPattern::new("*"),
        SearchPattern::new(""),
        SearchPattern::literal("a*b\\c"),
        SearchPattern::new("Größe*").with_case(),
    ] {
        assert_eq!(SearchPattern::decode(&pattern.encode()), Some(pattern));
    }
    assert_eq!(SearchPattern::decode("x"), None);
    assert_eq!(SearchPattern::decode("ü"), None);
    assert_eq!(SearchPattern::decode("i:a\\"), None);
}

#[test]
fn equality_ignores_case_and_knows_wildcards() {
    let column = texts(&[Some("Bob"), Some("bobby"), None, Some("")]);
    let results = |pattern: &str| {
        let results = evaluate("search_equal", &[column.clone(), encoded(pattern)]).unwrap();
        results.into_iter().map(|result| result.unwrap() == "True").collect::<Vec<_>>()
    };
    assert_eq!(results("bob"), [true, false, false, false]);
    assert_eq!(results("BOB*"), [true, true, false, false]);
    assert_eq!(results("*"), [true, true, false, true]);
    assert_eq!(results("*OB*"), [true, true, false, false]);
    assert_eq!(results("*by"), [false, true, false, false]);
    assert_eq!(results("b*y"), [false, true, false, false]);
    assert_eq!(results(""), [false, false, false, true]);
}

#[test]
fn equality_compares_numbers_by_their_text() {
    assert_eq!(one("search_equal", &[integer(1), encoded("1")]), "True");
    assert_eq!(one("search_equal", &[integer(1), encoded("1.0")]), "False");
    assert_eq!(one("search_equal", &[integer(503), encoded("5*")]), "True");
    assert_eq!(one("search_equal", &[text("1.0"), encoded("1")]), "False");
    let array: ArrayRef = Arc::new(arrow::array::Int64Array::from(vec![Some(200), Some(404), None]));
    let found = evaluate("search_equal", &[ColumnarValue::Array(array), encoded("404")]).unwrap();
    assert_eq!(found, [Some("False".into()), Some("True".into()), Some("False".into())]);
    let array: ArrayRef = Arc::new(arrow::array::Float64Array::from(vec![Some(2.5), Some(2.0), None]));
    let found = evaluate("search_equal", &[ColumnarValue::Array(array), encoded("2.5")]).unwrap();
    assert_eq!(found, [Some("True".into()), Some("False".into()), Some("False".into())]);
}

#[test]
fn any_of_several_values_is_enough() {
    assert_eq!(one("search_equal", &[values(&["a", "B"]), encoded("b")]), "True");
    assert_eq!(one("search_equal", &[values(&["a", "B"]), encoded("c")]), "False");
    assert_eq!(one("search_not_equal", &[values(&["a", "B"]), encoded("b")]), "True");
    assert_eq!(one("search_not_equal", &[values(&["b", "B"]), encoded("b")]), "False");
    assert_eq!(one("search_not_equal", &[null(), encoded("b")]), "False");
    assert_eq!(one("search_compare", &[values(&["1", "7"]), text(">"), text("5")]), "True");
}

#[test]
fn networks_match_their_addresses() {
    assert_eq!(one("search_equal", &[text("10.10.10.12"), encoded("10.10.10.0/24")]), "True");
    assert_eq!(one("search_equal", &[text("10.10.11.12"), encoded("10.10.10.0/24")]), "False");
    assert_eq!(one("search_in", &[text("10.10.10.12"), encoded("x"), encoded("10.10.10.0/24")]), "True");
}

#[test]
fn comparison_is_numeric_between_numbers_only() {
    for (value, operator, wanted, expected) in [
        ("10", ">", "9", "True"),
        ("9", ">", "9", "False"),
        ("9", ">=", "9.0", "True"),
        ("abc", "<", "ABD", "True"),
        ("abc", "<", "5", "False"),
    ] {
        assert_eq!(one("search_compare", &[text(value), text(operator), text(wanted)]), expected, "{value}");
    }
    assert_eq!(one("search_compare", &[null(), text("<"), text("5")]), "False");
}

#[test]
fn lists_hold_literals_and_patterns() {
    let list = [encoded("BOB"), encoded("car*"), encoded("4")];
    let within = |value: ColumnarValue| one("search_in", &[&[value], &list[..]].concat());
    assert_eq!(within(text("bob")), "True");
    assert_eq!(within(text("Carol")), "True");
    assert_eq!(within(text("dave")), "False");
    assert_eq!(within(integer(4)), "True");
    assert_eq!(within(values(&["x", "bob"])), "True");
    assert_eq!(within(null()), "False");
}

fn term(raw: &str, pattern: &SearchPattern, boundaries: TermBoundaries) -> bool {
    one("search_term", &[text(raw), text(&pattern.encode()), text(boundaries.name())]) == "True"
}

#[test]
fn terms_match_whole_segments() {
    for (pattern, raw, expected) in [
        ("error", "ERROR disk failure", true),
        ("error", "error: disk", true),
        ("error", "Errors were found", false),
        ("error", "terror", false),
        ("foo", "foobar foo-bar", true),
        ("foo", "a_foo_b", true),
        ("127.0.0.1", "ip=127.0.0.1 - user", true),
        ("127.0.0.1", "127.0.0.10 - admin", false),
        ("example", "GET /a/example/b done", true),
        ("example", "bob@examples.org", false),
        ("foo*", "a foobar", true),
        ("foo*", "a xfoobar", false),
        ("*bar", "a foobar", true),
        ("*bar", "a foobarx", false),
        ("*oba*", "a foobar", true),
        ("f*r", "a foobar", true),
        ("f*r", "foo bar", false),
        ("f*o*r", "a fxoxoxr b", true),
        ("f*bar", "foo-barx foo-bar", true),
        ("access denied", "failed login: access denied", true),
        ("Access DENIED", "access denied", true),
        ("access denied", "denied access", false),
        ("error | stats count", "ran error | stats count today", true),
        ("startswith=foo", "opt startswith=foo end", true),
        ("/a/", "GET /a/example", true),
        ("größe", "die GRÖßE hier", true),
        ("*", "anything", true),
    ] {
        assert_eq!(term(raw, &SearchPattern::new(pattern), TermBoundaries::Segments), expected, "{pattern} in {raw}");
    }
}

#[test]
fn term_directive_needs_major_boundaries() {
    let pattern = SearchPattern::new("127.0.0.1");
    assert!(term("127.0.0.1 - admin", &pattern, TermBoundaries::Major));
    assert!(!term("ip=127.0.0.1 - admin", &pattern, TermBoundaries::Major));
    assert!(term("ip=127.0.0.1 x", &SearchPattern::new("ip=127.0.0.1"), TermBoundaries::Major));
    assert!(term("ip=127.0.0.1 x", &SearchPattern::new("ip=*"), TermBoundaries::Major));
}

#[test]
fn case_directive_is_case_sensitive() {
    let pattern = SearchPattern::new("error").with_case();
    assert!(term("error: x", &pattern, TermBoundaries::Segments));
    assert!(!term("ERROR x", &pattern, TermBoundaries::Segments));
}

#[test]
fn absent_text_matches_no_term() {
    let pattern = text(&SearchPattern::new("x").encode());
    assert_eq!(one("search_term", &[null(), pattern, text("segments")]), "False");
    let everything = text(&SearchPattern::new("*").encode());
    assert_eq!(one("search_term", &[null(), everything, text("segments")]), "True");
}

#[test]
fn any_of_many_terms_is_any_of_them_one_by_one() {
    let patterns: Vec<SearchPattern> = ["error", "foo*", "*bar", "a*z", "127.0.0.1", "Größe", "b", "*mid*"]
        .iter()
        .map(|pattern| SearchPattern::new(pattern))
        .chain([SearchPattern::new("Case").with_case()])
        .collect();
    let raws = [
        "ERROR disk",
        "terror",
        "foobar",
        "rebar",
        "abcz x",
        "abc z",
        "ip=127.0.0.1",
        "127.0.0.10",
        "die größe",
        "ab b_",
        "amidst",
        "Case",
        "case",
        "",
        "aerror error",
    ];
    for boundaries in [TermBoundaries::Segments, TermBoundaries::Major] {
        let mut any = AnyTermMatcher::new(&patterns, boundaries);
        for raw in raws {
            let expected = patterns.iter().any(|pattern| pattern.term_matcher(boundaries).matches(raw));
            assert_eq!(any.matches(raw), expected, "{raw}");
        }
    }
    let none = AnyTermMatcher::new(&[], TermBoundaries::Segments).matches("x");
    assert!(!none);
}
