//! Any regular expression over any text: it is refused with words, or its matches lie within the text, in order, and are found again.
//!
//! The first line of the input is the pattern, the others are the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spl_functions::pattern::Pattern;

fuzz_target!(|input: &str| {
    let (pattern, text) = input.split_once('\n').unwrap_or((input, ""));
    let pattern = match Pattern::new(pattern) {
        Ok(pattern) => pattern,
        Err(why) => {
            assert!(!why.is_empty(), "refused without words: {pattern}");
            return;
        }
    };
    let mut ranges = Vec::new();
    let whole = pattern.each_range(text, |start, end| ranges.push((start, end)));
    for (start, end) in &ranges {
        assert!(start <= end && text.get(*start..*end).is_some(), "a match outside of the text: {start}..{end}");
    }
    assert!(ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0), "matches overlap: {ranges:?}");
    if whole && pattern.limits_reached() == 0 {
        assert_eq!(pattern.is_match(text).ok(), Some(!ranges.is_empty()), "found, or not");
    }
    let _ = pattern.matches(text, 3);
    let _ = pattern.group_names();
});
