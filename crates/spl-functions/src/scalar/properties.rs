//! Properties that hold for any text: nothing panics, and fast matching agrees with plain matching.

use proptest::prelude::*;

use super::printf::Format;
use super::testing::{integer, one, text};
use crate::pattern::Pattern;
use crate::search::{SearchPattern, TermBoundaries};
use crate::value::{Value, format_number, parse_number};
use crate::wildcard::{LikePattern, Wildcard};

/// Plain matching of `*` wildcards by trying every split.
fn plain(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|from| plain(rest, &text[from..])),
        Some(('_', rest)) => !text.is_empty() && plain(rest, &text[1..]),
        Some((first, rest)) => text.first() == Some(first) && plain(rest, &text[1..]),
    }
}

fn characters(text: &str) -> Vec<char> {
    text.chars().collect()
}

proptest! {
    #[test]
    fn wildcards_match_as_plainly(pattern in "[ab*ö]{0,7}", text in "[abö]{0,9}") {
        let expected = plain(&characters(&pattern), &characters(&text));
        let mut scratch = Vec::new();
        prop_assert_eq!(Wildcard::new(pattern.split('*'), true).matches(&text, &mut scratch), expected);
        let folded = Wildcard::new(pattern.split('*'), false).matches(&text.to_uppercase(), &mut scratch);
        prop_assert_eq!(folded, expected);
        prop_assert_eq!(SearchPattern::new(&pattern).matcher().matches(&text), expected);
    }

    #[test]
    fn like_matches_as_plainly(pattern in "[ab*_ö]{0,7}", text in "[abö]{0,9}") {
        let expected = plain(&characters(&pattern), &characters(&text));
        let like = LikePattern::new(&pattern.replace('*', "%"));
        prop_assert_eq!(like.matches(&text, &mut Vec::new()), expected);
    }

    #[test]
    fn search_patterns_survive_their_encoding(text in any::<String>()) {
        for pattern in [SearchPattern::new(&text), SearchPattern::literal(&text).with_case()] {
            prop_assert_eq!(SearchPattern::decode(&pattern.encode()), Some(pattern));
        }
        let _ = SearchPattern::decode(&text);
    }

    #[test]
    fn terms_match_any_text(pattern in any::<String>(), text in any::<String>()) {
        for boundaries in [TermBoundaries::Segments, TermBoundaries::Major] {
            SearchPattern::new(&pattern).term_matcher(boundaries).matches(&text);
        }
        // A whole text is always a term of itself.
        prop_assume!(!text.contains('*'));
        prop_assert!(SearchPattern::new(&text).with_case().term_matcher(TermBoundaries::Major).matches(&text));
    }

    #[test]
    fn patterns_and_formats_never_panic(pattern in any::<String>(), odd in r"[\[\](){}?+*\\^\-&~|<>:'#dwsQEx1, ]{0,12}") {
        for pattern in [pattern, odd] {
            if let Ok(pattern) = Pattern::new(&pattern) {
                let _ = pattern.is_match("a1 [b] {c}");
            }
            if let Ok(format) = Format::new(&pattern.replace('\\', "%")) {
                format.print(|_| Value::Float(-1.5), &mut String::new());
            }
        }
    }

    #[test]
    fn printed_numbers_read_back(number in any::<f64>()) {
        prop_assume!(number.is_finite());
        prop_assert_eq!(parse_number(&format_number(number)), Some(if number == 0.0 { 0.0 } else { number }));
    }

    #[test]
    fn text_functions_take_any_text(value in any::<String>(), start in any::<i64>(), length in any::<i64>()) {
        for name in ["len", "lower", "upper", "trim", "urldecode", "md5", "tonumber", "tostring", "typeof", "tomv"] {
            one(name, &[text(&value)]);
        }
        one("substr", &[text(&value), integer(start), integer(length)]);
        one("substr", &[text(&value), integer(start)]);
        prop_assert_ne!(one("replace", &[text(&value), text("(.)?"), text(&value)]), "error");
    }
}
