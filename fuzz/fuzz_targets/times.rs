//! Any time format, time, time modifier and span: no panic, and what is printed with all its parts reads as the same time again.
//!
//! The first line of the input is the format, the second a text or a number, the third a time modifier or a span.
#![no_main]

use chrono_tz::Tz;
use libfuzzer_sys::fuzz_target;
use spl_functions::time::{is_representable, parse_span, parse_time_modifier, relative_time, strftime, strptime};

const ZONES: [Tz; 3] = [Tz::UTC, Tz::Europe__Berlin, Tz::Australia__Lord_Howe];

fuzz_target!(|input: &str| {
    let mut lines = input.split('\n');
    let (format, text, modifier) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""), lines.next().unwrap_or(""));
    for zone in ZONES {
        let read = strptime(text, format, zone);
        for epoch in [read, text.trim().parse::<f64>().ok(), Some(1_700_000_000.5)].into_iter().flatten() {
            let _ = strftime(epoch, format, zone);
            let _ = relative_time(epoch, modifier, zone);
            if let Ok(modifier) = parse_time_modifier(modifier) {
                let _ = modifier.resolve(epoch, zone);
            }
            if let Ok(span) = parse_span(modifier)
                && is_representable(epoch)
            {
                let start = span.floor(epoch, zone, None);
                assert!(start <= epoch, "{modifier}: {epoch} in {zone} begins later, at {start}");
            }
            // Within four-digit years a time that names its zone is read as it was printed.
            if (0.0..200_000_000_000.0).contains(&epoch) {
                let whole = "%Y-%m-%dT%H:%M:%S.%6N%z";
                let printed = strftime(epoch, whole, zone);
                let again = strptime(&printed, whole, zone);
                assert!(again.is_some_and(|again| (again - epoch).abs() < 1e-3), "{epoch} in {zone}: {printed} is {again:?}");
            }
        }
    }
});
