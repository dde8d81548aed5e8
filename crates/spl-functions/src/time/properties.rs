//! What must hold for every time, text and zone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;

fn zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(vec![
        Tz::UTC,
        Tz::America__New_York,
        Tz::America__Sao_Paulo,
        Tz::America__St_Johns,
        Tz::Europe__Berlin,
        Tz::Asia__Kolkata,
        Tz::Asia__Gaza,
        Tz::Australia__Lord_Howe,
        Tz::Pacific__Apia,
    ])
}

fn format() -> impl Strategy<Value = String> {
    prop::collection::vec(prop_oneof!["%[-_0]?[1-9]?:{0,3}E?[a-zA-Z%+]".boxed(), "[ .:/TZ-]".boxed(), ".{0,2}".boxed(),], 0..8)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn nothing_panics(epoch in any::<f64>(), text in ".{0,30}", digits in "[0-9 :/.TZ+-]{0,30}", format in format(), zone in zone()) {
        let shown = strftime(epoch, &format, zone);
        for text in [&text, &digits, &shown] {
            let _ = strptime_at(text, &format, zone, epoch);
            let _ = parse_span(text);
            let _ = parse_time_modifier(text).map(|modifier| modifier.resolve(epoch, zone));
        }
    }

    #[test]
    fn modifiers_resolve(epoch in any::<f64>(), modifier in "([+-][0-9]{0,12}(s|m|h|d|w|mon|q|y)|@(s|m|h|d|w|mon|q|y|w[0-7])){1,4}", zone in zone()) {
        prop_assert!(!parse_time_modifier(&modifier).unwrap().resolve(epoch, zone).is_nan() || epoch.is_nan());
    }

    #[test]
    fn what_is_shown_reads_back(milliseconds in -2_000_000_000_000_i64..8_000_000_000_000, zone in zone()) {
        let epoch = milliseconds as f64 / 1000.0;
        for format in ["%Y-%m-%dT%H:%M:%S.%3N%::z", "%s.%3N", "%d/%b/%Y %I:%M:%S.%Q %p %::z", "%G-W%V-%u %T.%f %::z", "%Y %j %k:%M:%S.%N %::z"] {
            if format.starts_with("%s") && epoch < 0.0 {
                continue;
            }
            let shown = strftime(epoch, format, zone);
            let back = strptime(&shown, format, Tz::UTC);
            prop_assert!(back.is_some_and(|back| (back - epoch).abs() < 1e-6), "{shown} {back:?}");
        }
    }

    #[test]
    fn bins_hold_their_times(
        milliseconds in -2_000_000_000_000_i64..8_000_000_000_000,
        amount in 1_u32..40,
        unit in prop::sample::select(vec!["s", "m", "h", "d", "w", "mon", "q", "y", "w@w1"]),
        zone in zone(),
    ) {
        let epoch = milliseconds as f64 / 1000.0;
        let span = parse_span(&format!("{amount}{unit}")).unwrap();
        let start = span.floor(epoch, zone, None);
        prop_assert!(start <= epoch && epoch < span.next(start, zone), "{start} {epoch} {}", span.next(start, zone));
        prop_assert_eq!(span.floor(start, zone, None), start);
    }

    #[test]
    fn snapping_goes_back(
        milliseconds in -2_000_000_000_000_i64..8_000_000_000_000,
        unit in prop::sample::select(vec!["s", "m", "h", "d", "w", "mon", "q", "y", "w3"]),
        zone in zone(),
    ) {
        let epoch = milliseconds as f64 / 1000.0;
        let snapped = relative_time(epoch, &format!("@{unit}"), zone).unwrap();
        prop_assert!(snapped <= epoch);
        prop_assert_eq!(relative_time(snapped, &format!("@{unit}"), zone), Some(snapped));
    }
}
