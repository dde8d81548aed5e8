#![allow(clippy::unwrap_used)]
use super::*;

const REFERENCE: f64 = 1_709_547_085.0; // 2024-03-04T10:11:25Z

#[test]
fn times_in_text() {
    let reader = TimeReader::new(Tz::UTC, 1_720_000_000.0).with_day(Some((2024, 3, 4)));
    for (text, expected) in [
        ("2024-03-04T10:11:25Z x", REFERENCE),
        ("2024-03-04T10:11:25.483986000Z", REFERENCE + 0.483986),
        ("2024-03-04 10:11:25,250 INFO", REFERENCE + 0.25),
        ("2024-03-04 10:11:25:250 INFO", REFERENCE + 0.25),
        ("2024-03-04T12:11:25+02:00", REFERENCE),
        ("2024-03-04T12:11:25+02", REFERENCE),
        ("2024-03-04 05:11:25 -0500", REFERENCE),
        ("2024-03-04 05:11:25 EST", REFERENCE),
        ("2024-03-04 02:11:25.000 (PST) x", REFERENCE),
        ("2024-03-04 11:11:25 Europe/Berlin x", REFERENCE),
        ("2024-03-04 12:11:25 UTC+02:00 x", REFERENCE),
        ("2024/03/04 10:11:25", REFERENCE),
        ("2024 Mar 04 10:11:25.250 x", REFERENCE + 0.25),
        ("2024-Mar-04 10:11:25", REFERENCE),
        ("20240304T101125Z", REFERENCE),
        ("20240304 101125 x", REFERENCE),
        ("20240304 10:11:25 x", REFERENCE),
        ("20240304101125.5 x", REFERENCE + 0.5),
        ("1.2.3.4 - - [04/Mar/2024:10:11:25 +0000] \"GET /\"", REFERENCE),
        ("Mar  4 10:11:25 host sshd[1]: x", REFERENCE),
        ("<13>Mar 04 10:11:25 host", REFERENCE),
        ("Mar 04 2024 10:11:25: %ASA-6-302013: x", REFERENCE),
        ("Mar 04, 2024 10:11:25 AM x", REFERENCE),
        ("Mon Mar  4 10:11:25 2024 x", REFERENCE),
        ("Mon Mar  4 05:11:25 EST 2024 x", REFERENCE),
        ("Mon, 04 Mar 2024 10:11:25 GMT", REFERENCE),
        ("Mon, 4 Mar 2024 12:11:25 +0200", REFERENCE),
        ("Monday, March 4, 2024 10:11:25 AM", REFERENCE),
        ("4 Mar 10:11:25 x", REFERENCE),
        ("04-Mar-24 10:11:25 x", REFERENCE),
        ("03/04/2024 10:11:25 AM", REFERENCE),
        ("03/04/2024 10:11:25 PM", REFERENCE + 43_200.0),
        ("03/04/24 10:11:25 x", REFERENCE),
        ("10:11:25 03/04/2024 x", REFERENCE),
        ("10:11:25.250 04 Mar 2024 x", REFERENCE + 0.25),
        ("Audit:[timestamp=03-04-2024 10:11:25.818, user=admin", REFERENCE + 0.818),
        ("type=X msg=audit(1709547085.266:6994): pid=1", REFERENCE + 0.266),
        ("2024-03-04\t10:11:25\tIAD", REFERENCE),
        ("1709547085 x", REFERENCE),
        ("1709547085250 x", REFERENCE + 0.25),
        ("1709547085250000 x", REFERENCE + 0.25),
        ("1709547085250000000 x", REFERENCE + 0.25),
        ("10:11:25.250000000: Notice x", REFERENCE + 0.25),
        ("[10:11:25] x", REFERENCE),
    ] {
        assert_eq!(reader.find(text), Some(expected), "{text}");
    }
    for text in [
        "",
        "no time 12 34",
        "version 10.0.17763.1369",
        "2024-13-04T10:11:25Z",
        "id 12345678901",
        "port 1709547",
        "card 4111111111111111",
        "20240304",
        "x 10:11:25",
        "00:11:22:33:44:55 x",
    ] {
        assert_eq!(reader.find(text), None, "{text}");
    }
}

#[test]
fn years_that_are_left_open() {
    let reader = TimeReader::new(Tz::UTC, REFERENCE);
    assert_eq!(reader.find("Dec 31 23:59:59 x"), Some(1_704_067_199.0));
    // After an event of the first of January 2023 comes one of the last of December 2022, and the other way round.
    reader.note(1_672_531_200.0);
    assert_eq!(reader.find("Dec 31 23:59:59 x"), Some(1_672_531_199.0));
    reader.note(1_672_531_199.0);
    assert_eq!(reader.find("Jan  1 00:00:00 x"), Some(1_672_531_200.0));
    assert_eq!(reader.find("Mar  4 10:11:25 x"), Some(REFERENCE));
    // A clock that is a little ahead at the turn of the year.
    let reader = TimeReader::new(Tz::UTC, 1_704_067_100.0);
    assert_eq!(reader.find("Jan  1 00:00:00 x"), Some(1_704_067_200.0));
}

#[test]
fn time_fields() {
    let reader = TimeReader::new(Tz::Europe__Berlin, REFERENCE);
    assert_eq!(reader.value("1603233182.063979"), Some(1_603_233_182.063979));
    assert_eq!(reader.value("0"), Some(0.0));
    assert_eq!(reader.field("1709547085250").unwrap().seconds, REFERENCE + 0.25);
    assert_eq!(reader.field("2024-03-04 11:11:25").unwrap(), Zoned { seconds: REFERENCE, zoned: false });
    assert_eq!(reader.utc("2024-03-04 10:11:25"), Some(REFERENCE));
    assert_eq!(reader.field("12"), None);
    assert_eq!(reader.value("yesterday"), None);
    assert_eq!(reader.field("2023-10-10T17:08:65"), None);
}

#[test]
fn formats_of_props() {
    let reader = TimeReader::new(Tz::UTC, 1_720_000_000.0).with_day(Some((2024, 3, 4)));
    for (format, text, expected) in [
        ("%Y-%m-%d %H:%M:%S.%3N", "2024-03-04 10:11:25.250 x", REFERENCE + 0.25),
        ("%Y-%m-%dT%H:%M:%S.%6N%z", "2024-03-04T12:11:25.250000+0200", REFERENCE + 0.25),
        ("%Y-%m-%dT%H:%M:%S%:z", "2024-03-04T12:11:25+02:00", REFERENCE),
        ("%d/%m/%Y %I:%M:%S %p", "04/03/2024 10:11:25 PM", REFERENCE + 43_200.0),
        ("%b %d %H:%M:%S", "Mar  4 10:11:25 host", REFERENCE),
        ("%a %b %e %T %Z %Y", "Mon Mar  4 05:11:25 EST 2024", REFERENCE),
        ("%s", "1709547085 x", REFERENCE),
        ("%s.%6N", "1709547085.250000 x", REFERENCE + 0.25),
        ("%s%3N", "1709547085250", REFERENCE + 0.25),
        ("%d/%b/%Y:%H:%M:%S %z", "04/Mar/2024:10:11:25 +0000]", REFERENCE),
        ("%Y%m%d%H%M%S", "20240304101125", REFERENCE),
        ("%y%m%d %k:%M", "240304 10:11", REFERENCE - 25.0),
        ("%F %T,%Q", "2024-03-04 10:11:25,2500", REFERENCE + 0.25),
        ("%Y.%j %T", "2024.064 10:11:25", REFERENCE),
        ("%H:%M:%S", "10:11:25", REFERENCE),
        ("at %H o'clock 100%%", "at 10 o'clock 100%", REFERENCE - 685.0),
    ] {
        let parsed = TimeFormat::new(format).unwrap();
        assert_eq!(reader.formatted(&parsed, text), Some(expected), "{format} on {text}");
    }
    let format = TimeFormat::new("%Y-%m-%d").unwrap();
    assert_eq!(reader.formatted(&format, "x 2024-03-04"), None);
    assert!(TimeFormat::new("%Y %!").is_err());
    assert!(TimeFormat::new("%").is_err());
}

#[test]
fn dates_in_names() {
    for (name, expected) in [
        ("access-2024-03-04.log", Some((2024, 3, 4))),
        ("/var/log/app_20240304.log.gz", Some((2024, 3, 4))),
        ("x.2024.03.04", Some((2024, 3, 4))),
        ("u_ex240304.log", None),
        ("1202403041", None),
        ("x20241304", None),
    ] {
        assert_eq!(date_in_name(name), expected, "{name}");
    }
}
