//! What patterns mean, what is refused and with which message, and what the limits do.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use super::*;

/// The first match of a pattern, by the engine that it chooses.
fn matched<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    let groups = Pattern::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}")).matches(text, 1).unwrap();
    groups.first().and_then(|groups| groups[0]).map(|(start, end)| &text[start..end])
}

#[test]
fn patterns_mean_what_pcre_means() {
    for (pattern, text, expected) in [
        (r"\d+", "٣ 42", Some("42")),
        (r"\w+", "größe", Some("gr")),
        (r"\bfoo\b", "x foo.", Some("foo")),
        (r"[\w.-]+", "a.b-c d", Some("a.b-c")),
        (r"[\w-]+", "a-b", Some("a-b")),
        (r"[[]a]", "[a]", Some("[a]")),
        (r"[]a]+", "]a", Some("]a")),
        (r"[^]a]+", "]ab", Some("b")),
        (r"[a&&b]+", "a&b", Some("a&b")),
        (r"[+--]+", "+,-", Some("+,-")),
        (r"[[:alpha:]_]+", "ab_1", Some("ab_")),
        (r#"{"a":(\d+)}"#, r#"{"a":12}"#, Some(r#"{"a":12}"#)),
        (r"a{2}b{1,}", "aabb", Some("aabb")),
        (r"a?+b", "ab", Some("ab")),
        (r"\d++x", "12x", Some("12x")),
        (r"a++a", "aaa", None),
        (r"a\hb", "a\tb", Some("a\tb")),
        (r"a\Rb", "a\r\nb", Some("a\r\nb")),
        (r"\Qa.b[\E.", "a.b[x", Some("a.b[x")),
        (r"\<a\>", "<a>", Some("<a>")),
        (r"a\ b", "a b", Some("a b")),
        (r"(?'x'a)b", "ab", Some("ab")),
        (r"(?P<x>a)b", "ab", Some("ab")),
        (r"a(?#comment)b", "ab", Some("ab")),
        ("(?x) a b # [ {", "ab", Some("ab")),
        (r"(?i)FOO", "foo", Some("foo")),
        (r"(?i)k", "\u{212a}", Some("\u{212a}")),
        (r"(?<n>a)(?=b)", "ab", Some("a")),
        (r"(a)\1", "aa", Some("aa")),
        (r"(a)\g{-1}", "aa", Some("aa")),
        (r"\/path\-x\_\%", "/path-x_%", Some("/path-x_%")),
        (r"[^\s]+", "ab c", Some("ab")),
        (r"[\S]+", "ab c", Some("ab")),
        (r"[\[\]]+", "[]", Some("[]")),
        (r"^(?!.*foo\b).+$", "foobar", Some("foobar")),
        (r"\p{L}+", "1größe", Some("größe")),
        (r"(?|a(b)|c(d))", "cd", Some("cd")),
        (r"\((?:[^()]|(?R))*\)", "f(a(b)c)d", Some("(a(b)c)")),
        (r"(?<p>\((?:[^()]|(?&p))*\))", "f(a(b)c)d", Some("(a(b)c)")),
        (r"\X", "e\u{301}x", Some("e\u{301}")),
        (r"\V+", "a b\nc", Some("a b")),
        (r"\cA", "\u{1}", Some("\u{1}")),
        (r"(?(?=x)xy|z)", "xy", Some("xy")),
        (r"(?:(?=x))?y", "y", Some("y")),
        (r"a(*COMMIT)b|ac", "ac", None),
        (r"(*UCP)\w+", "größe", Some("größe")),
        // The end of a text may stand before its last line feed.
        (r"a$", "a\n", Some("a")),
        (r"a\z", "a\n", None),
        (r"a\Z", "a\n", Some("a")),
        (r"a.c", "a\nc", None),
        (r"(?s)a.c", "a\nc", Some("a\nc")),
        (r"(?m)^b$", "a\nb\nc", Some("b")),
        (r"(?-i)(?i:A)b", "ab", Some("ab")),
    ] {
        assert_eq!(matched(pattern, text), expected, "{pattern} on {text:?}");
    }
}

#[test]
fn the_linear_engine_runs_what_is_common() {
    for pattern in [
        r"(?i)powershell.*-enc(?:odedcommand)?\s+(?<payload>[A-Za-z0-9+/=]{20,})",
        r"^(?<user>[^@\s]+)@(?<domain>.+)$",
        r#"{"a":(\d+)}"#,
        r"\\Users\\(?P<u>[^\\]+)\\",
        r"[[:alpha:]\-_]+\.(?:exe|dll)\b",
        r"(?ms)^start(.*?)end$",
        r"src=(?'ip'\d{1,3}(?:\.\d{1,3}){3})",
    ] {
        assert!(Pattern::new(pattern).unwrap().is_linear(), "{pattern}");
    }
    for pattern in
        [r"a(?=b)", r"(a)\1", r"a++", r"(?>a|b)c", r"(?i)é", r"(a*)*", r"(?|a|b)", r"\p{L}", r"a\Bb", r"(?J)(?<n>a)|(?<n>b)"]
    {
        assert!(!Pattern::new(pattern).unwrap().is_linear(), "{pattern}");
    }
}

#[test]
fn faults_have_the_message_of_pcre_and_their_place() {
    for (pattern, expected) in [
        ("(", "missing closing parenthesis, at the end of the pattern"),
        ("[a", "missing terminating ] for character class, at the end of the pattern"),
        ("a)b", "unmatched closing parenthesis, behind character 1 of the pattern, at `)b`"),
        (r"\", r"\ at end of pattern, at the end of the pattern"),
        ("*", "quantifier does not follow a repeatable item, behind character 0 of the pattern, at `*`"),
        ("é(?<1x>a)", "subpattern name must start with a non-digit, behind character 4 of the pattern, at `1x>a)`"),
    ] {
        assert_eq!(Pattern::new(pattern).unwrap_err(), expected, "{pattern}");
    }
    for pattern in ["(?<n", "(?<user name>a)", "(?<a-b>a)", r"(?<=a+)b", r"(?<a>x)(?<a>y)"] {
        assert!(Pattern::new(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn groups_have_names() {
    let pattern = Pattern::new(r"(?J)(x)(?:(?<n>a)|(?<n>b))").unwrap();
    assert_eq!(pattern.group_names(), [None, None, Some("n"), None]);
    assert_eq!(pattern.named_alike(2), [2, 3]);
    assert_eq!(pattern.named_alike(1), [1]);
    let pattern = Pattern::new(r"(?|a(?<v>b)|c(?<v>d))").unwrap();
    assert_eq!(pattern.group_names(), [None, Some("v")]);
}

#[test]
fn empty_matches_go_on_behind_the_next_character() {
    for pattern in ["x*", "(?=)x*"] {
        let found = Pattern::new(pattern).unwrap().matches("éxxa", 0).unwrap();
        let ranges: Vec<_> = found.iter().map(|groups| groups[0].unwrap()).collect();
        assert_eq!(ranges, [(0, 0), (2, 4), (5, 5)], "{pattern}");
    }
}

#[test]
fn a_reached_limit_counts_as_no_match() {
    let text = "a".repeat(20_000);
    let reached = Arc::new(AtomicU64::new(0));
    for pattern in [r"(?=a*a*a*[xy])", r"(a*)*(?=[xy])"] {
        let pattern = Pattern::counted(pattern, reached.clone()).unwrap();
        let before = pattern.limits_reached();
        assert_eq!(pattern.is_match(&text), Ok(false));
        assert_eq!(pattern.matches(&text, 0), Ok(Vec::new()));
        assert_eq!(pattern.limits_reached(), before + 2, "{pattern:?}");
    }
    // A pattern can lower a limit for itself, not raise it.
    let short = "a".repeat(20);
    for (settings, expected) in [("", 0), ("(*LIMIT_MATCH=5)", 1), ("(*LIMIT_MATCH=5)(*LIMIT_MATCH=900000)", 1)] {
        let pattern = Pattern::new(&format!("{settings}(?=a*a*a*[xy])")).unwrap();
        assert_eq!((pattern.is_match(&short), pattern.limits_reached()), (Ok(false), expected), "{settings}");
    }
    let pattern = Pattern::new("(*LIMIT_MATCH=9000000)(?=a*a*a*[xy])").unwrap();
    assert_eq!((pattern.is_match(&text), pattern.limits_reached()), (Ok(false), 1));
    let cache = PatternCache::counted(reached.clone());
    cache.get(r"(?=a*a*a*[xy])").unwrap().is_match(&text).unwrap();
    assert_eq!(cache.limits_reached(), 5);
}

#[test]
fn long_texts_end_in_bounded_time() {
    let started = Instant::now();
    let letters = "a".repeat(1_000_000);
    let pairs = "a,".repeat(500_000);
    let blanks = format!("{}x", " ".repeat(1_000_000));
    for (pattern, text) in [
        (r"(a+)+$", &blanks),
        (r"(?=(a+)+[xy])", &letters),
        (r"(a|aa)+(?=b)", &letters),
        (r",(?=[^']*'[^']*$)", &pairs),
        (r"(?=(a+))\1b", &letters),
        (r"(a(?!.*b))*?c", &letters),
        (r"\s+$", &blanks),
        (r"a.*b|a", &letters),
        (r"^(?=.*c).*$", &letters),
        (r"(?<!b)a", &letters),
        (r"^(?=.*a.*b)", &letters),
        (r"^(?=.*a.*b.*a)", &letters),
    ] {
        let pattern = Pattern::new(pattern).unwrap();
        pattern.is_match(text).unwrap();
        pattern.each_match(text, 0, |_| {});
        pattern.each_range(text, |_, _| {});
    }
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    // What needs no second look at the text is matched however long it is.
    assert_eq!(Pattern::new(r"(?<!b)a").unwrap().matches(&letters, 0).unwrap().len(), 1_000_000);
    assert_eq!(Pattern::new(r"a+").unwrap().matches(&letters, 0).unwrap().len(), 1);
}

#[test]
fn threads_share_a_pattern() {
    let pattern = Pattern::new(r"(\w+)(?=@)").unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let pattern = &pattern;
            scope.spawn(move || {
                for number in 0..2_000 {
                    let text = format!("user{thread}x{number}@host");
                    assert_eq!(pattern.is_match(&text), Ok(true));
                    assert_eq!(pattern.matches(&text, 1).unwrap()[0][1], Some((0, text.len() - 5)));
                }
            });
        }
    });
}
