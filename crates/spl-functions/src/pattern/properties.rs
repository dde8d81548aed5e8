//! Properties of any pattern and text: both engines give the same groups, and nothing panics.

use proptest::prelude::*;

use super::linear::Linear;
use super::pcre::Pcre;
use super::{Group, Groups, Pattern};

/// Pieces of patterns: what the linear-time engine accepts and what stands near to it.
fn pattern() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(vec![
        "a",
        "b",
        "A",
        "k",
        "s",
        "1",
        "é",
        ".",
        " ",
        "_",
        r"\w",
        r"\W",
        r"\d",
        r"\D",
        r"\s",
        r"\S",
        r"\h",
        r"\v",
        r"\V",
        "[ab]",
        "[^a]",
        "[^b]",
        r"[\w-]",
        r"[^\W1]",
        "[a-k]",
        "[[:alpha:]]",
        "[[:^space:]é]",
        r"\n",
        r"\x41",
        r"\x{e9}",
        "{",
        "[]a]",
        r"\N",
        r"\.",
        r"[K-S1]",
        r"\Qa.\E",
        "(?#x)",
    ]);
    let place =
        prop::sample::select(vec!["^", "$", r"\b", r"\A", r"\z", r"\Z", "(?i)", "(?m)", "(?s)", "(?U)", "(?-i)", "(?x) "]);
    let quantifier = prop::sample::select(vec!["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,1}?", "{2,}"]);
    let leaf = prop_oneof![
        6 => (atom, quantifier.clone()).prop_map(|(atom, quantifier)| format!("{atom}{quantifier}")),
        1 => place.prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let open = prop::sample::select(vec!["(", "(?:", "(?i:", "(?<n>", "(?s-i:"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("{left}|{right}")),
            (open, inner, quantifier.clone()).prop_map(|(open, inner, quantifier)| format!("{open}{inner}){quantifier}")),
        ]
    })
}

fn groups_of(each: impl FnOnce(&mut dyn FnMut(&[Group])) -> bool) -> Option<Vec<Groups>> {
    let mut found = Vec::new();
    each(&mut |groups| found.push(groups.to_vec())).then_some(found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, max_global_rejects: 400_000, ..ProptestConfig::default() })]

    #[test]
    fn both_engines_give_the_same_groups(
        pattern in pattern(),
        texts in prop::collection::vec("[abkKsSA1é_ .\n\u{212a}\u{17f}{-]{0,12}", 1..4),
    ) {
        let (Ok(pcre), Some(linear)) = (Pcre::new(&pattern), Linear::new(&pattern)) else {
            return Err(TestCaseError::reject("not for both engines"));
        };
        for text in &texts {
            if linear.holds_for(text) {
                let expected = groups_of(|visit| pcre.each_match(text, usize::MAX, visit));
                prop_assert_eq!(groups_of(|visit| linear.each_match(text, usize::MAX, visit)), expected.clone(), "{} on {:?}", pattern, text);
                prop_assert_eq!(Some(linear.is_match(text)), expected.map(|found| !found.is_empty()));
            }
        }
    }

    #[test]
    fn no_pattern_panics(
        pattern in prop_oneof![
            any::<String>(),
            r"[\[\](){}?+*\\^\-&~|<>:'#dwsQECKXRGgkPpUJLux1, é]{0,14}",
        ],
        text in any::<String>(),
    ) {
        if let Ok(pattern) = Pattern::new(&pattern) {
            let _ = pattern.is_match(&text);
            for groups in pattern.matches(&text, 20).unwrap_or_default() {
                for (start, end) in groups.into_iter().flatten() {
                    let _ = &text[start..end];
                }
            }
        }
    }
}
