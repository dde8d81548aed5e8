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
        ("04MAR2024:10:11:25 x", REFERENCE),
        ("04Mar2024 10:11:25.250 x", REFERENCE + 0.25),
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
fn dates_and_times_apart() {
    let reader = TimeReader::new(Tz::UTC, 1_717_200_000.0).with_day(Some((2023, 1, 1)));
    for (text, expected) in [
        ("date=2024-03-04 time=10:11:25 devname=\"F\"", REFERENCE),
        ("2024-03-04|10:11:25|INFO|x", REFERENCE),
        ("2024-03-04;10:11:25;x", REFERENCE),
        ("\"2024-03-04\",\"10:11:25\",\"x\"", REFERENCE),
        ("[2024-03-04] [10:11:25] x", REFERENCE),
        ("[GIN] 2024/03/04 - 10:11:25 | 200 |", REFERENCE),
        ("2024-03-04 at 10:11:25 x", REFERENCE),
        ("Mar 4, 2024 at 10:11:25 AM x", REFERENCE),
        ("2024-03-04\t10:11:25\tx", REFERENCE),
        ("{\"log_date\":\"2024-03-04\",\"log_time\":\"10:11:25.250\"}", REFERENCE + 0.25),
        ("web,2024-03-04,app,10:11:25,x", REFERENCE),
        ("10:11:25|2024-03-04|x", REFERENCE),
        ("03/04/2024 | 10:11:25 | x", REFERENCE),
        ("04 Mar 2024 | 10:11:25", REFERENCE),
        ("20240304,101125,x", REFERENCE),
        ("20240304|10:11|x", REFERENCE - 25.0),
        ("date=20240304 time=101125 x", REFERENCE),
        ("date=2024-03-04,time=10:11 x", REFERENCE - 25.0),
        ("Mar 4 | 10:11:25", REFERENCE),
        ("d 2024-03-04 t 10:11:25 +0100", REFERENCE - 3600.0),
    ] {
        assert_eq!(reader.find(text), Some(expected), "{text}");
    }
    for (text, expected) in
        [("started=2024-03-04 by x", REFERENCE - 36_685.0), ("2024-03-04 from 00:11:22:33:44:55", REFERENCE - 36_685.0)]
    {
        let found = reader.find_within(text, LOOKAHEAD).unwrap();
        assert_eq!((found.seconds, found.clock), (expected, false), "{text}");
    }
    // A date is looked for no further than a time.
    assert_eq!(
        reader.find_within(&format!("2024-03-04 {} 10:11:25", "x ".repeat(80)), LOOKAHEAD).map(|found| found.clock),
        Some(false)
    );
}

#[test]
fn forms_of_programs() {
    let reader = TimeReader::new(Tz::UTC, 1_717_200_000.0);
    for (text, expected) in [
        ("03/04-10:11:25.250000  [**] [1:2:3] x", REFERENCE + 0.25),
        ("03/04/24-10:11:25.250000  [**]", REFERENCE + 0.25),
        ("03-04 10:11:25.250  1234  1240 I Tag: x", REFERENCE + 0.25),
        ("I0304 10:11:25.250000       1 main.go:1] x", REFERENCE + 0.25),
        ("E20240304 10:11:25.250000 1 main.cc:1] x", REFERENCE + 0.25),
        ("24/03/04 10:11:25 INFO Executor: x", REFERENCE),
        ("17/06/09 20:10:40 INFO x", 1_497_039_040.0),
        ("25/12/23 10:00:00 x", 1_703_498_400.0),
        ("31/12/2023 10:00:00 x", 1_704_016_800.0),
        ("04.03.2024 10:11:25 x", REFERENCE),
        ("240304 10:11:25 [Note] x", REFERENCE),
        ("240304  9:11:25 [Note] x", REFERENCE - 3600.0),
        ("081109 203615 148 INFO x", 1_226_262_975.0),
        ("20240304101125 x", REFERENCE),
        ("20240304101125250 x", REFERENCE + 0.25),
        ("Mar-04-24 10:11:25 x", REFERENCE),
        ("2024-03-04-10.11.25.250000+060 I1 x", REFERENCE + 0.25 - 3600.0),
        ("2024-03-04-10.11.25.250000 x", REFERENCE + 0.25),
        ("2024-03-04 10.11.25 x", REFERENCE),
        ("04-MAR-24 10.11.25.250000 AM x", REFERENCE + 0.25),
        ("@4000000065e59e5715a00000 x", 1_709_547_085.0 + 0.362_807),
        ("/x 2024-03-04 10:11:25 MEZ", REFERENCE - 3600.0),
        ("2024-03-04 10:11:25 MESZ x", REFERENCE - 7200.0),
        ("2024-03-04 10:11:25 MET x", REFERENCE - 3600.0),
        ("2024-03-04 10:11:25 UT x", REFERENCE),
        ("2024-03-04 10:11:25 UTC+1 x", REFERENCE - 3600.0),
        ("2024-03-04 10:11:25 UTC-11 x", REFERENCE + 39_600.0),
        ("2024-03-04 10:11:25 GMT+2 x", REFERENCE - 7200.0),
        ("2024-03-04 10:11:25-3 x", REFERENCE + 10_800.0),
        ("2024-03-04 10:11:25 -3", REFERENCE + 10_800.0),
        ("2024-03-04 10:11:25.5-03 x", REFERENCE + 10_800.5),
    ] {
        assert_eq!(reader.find(text), Some(expected), "{text}");
    }
}

#[test]
fn numbers_are_times_where_times_stand() {
    let reader = TimeReader::new(Tz::UTC, 1_717_200_000.0);
    for (text, expected) in [
        ("call 2125550025 2024-03-04 10:11:25 INFO x", Some(REFERENCE)),
        ("1234567890 2024-03-04 10:11:25 x", Some(REFERENCE)),
        ("{\"PhoneNumber\":\"2125550025\",\"when\":\"2024-03-04T10:11:25Z\"}", Some(REFERENCE)),
        ("{\"order\":\"1234567890\",\"x\":1}", None),
        ("{\"event_ts\":1709547085.25,\"x\":1}", Some(REFERENCE + 0.25)),
        ("{\"createdAt\": \"1709547085250\"}", Some(REFERENCE + 0.25)),
        ("id=1234567890 ts=1709547085 x", Some(REFERENCE)),
        ("id=1234567890 timestamp: 1709547085250000", Some(REFERENCE + 0.25)),
        ("x [1709547085] y", Some(REFERENCE)),
        ("x (1709547085.250) y", Some(REFERENCE + 0.25)),
        ("<134>1 1709547085.25 MX84 flows x", Some(REFERENCE + 0.25)),
        ("#1709547085", Some(REFERENCE)),
        (": 1709547085:0;ls", Some(REFERENCE)),
        ("2125550025 answered", None),
        ("1709547085-ab x", None),
        ("order 1709547085 x", None),
        ("uptime=1709547085 x", None),
        ("2024-03-04 x ts=1709547085", Some(REFERENCE)),
    ] {
        assert_eq!(reader.find(text), expected, "{text}");
    }
}

#[test]
fn orders_of_dates_are_learnt() {
    for (text, expected) in [
        ("04/03/2024 10:00:00\n13/03/2024 10:00:00\n", Some(DateOrder::Day)),
        ("03/04/2024 10:00:00\n03/13/2024 10:00:00\n", Some(DateOrder::Month)),
        ("17/06/09 10:00:00\n17/06/10 10:00:00\n", Some(DateOrder::Year)),
        ("13/06/17 10:00:00\n14/06/17 10:00:00\n", Some(DateOrder::Day)),
        ("99/06/17 10:00:00\n", Some(DateOrder::Year)),
        ("03/04/2024 10:00:00\n", None),
        ("nothing\n", None),
    ] {
        assert_eq!(DateOrder::of(text, LOOKAHEAD), expected, "{text}");
    }
    let reader = TimeReader::new(Tz::UTC, 1_717_200_000.0).with_order(Some(DateOrder::Day));
    assert_eq!(reader.find("04/03/2024 10:11:25"), Some(REFERENCE));
}

#[test]
fn skipped_and_repeated_hours() {
    let reader = TimeReader::new(Tz::Europe__Berlin, 1_717_200_000.0);
    // 02:30 does not exist on that day: half an hour after 02:00 is 03:30 in summer time.
    assert_eq!(reader.find("2024-03-31 02:30:00 x"), Some(1_711_848_600.0));
    assert_eq!(reader.find("2023-10-29 02:30:00 x"), Some(1_698_539_400.0));
    let names: std::sync::Arc<[_]> = aliases("EST=GMT+10:00, XYZ=UTC-2").unwrap().into();
    let reader = reader.with_aliases(&names);
    assert_eq!(reader.find("2024-03-04 20:11:25 EST x"), Some(REFERENCE));
    assert_eq!(reader.find("2024-03-04 08:11:25 XYZ x"), Some(REFERENCE));
    assert_eq!(aliases("EST"), None);
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
    assert_eq!(reader.value("1603233182.063979"), Some(Found::epoch(1_603_233_182.063979)));
    assert_eq!(reader.value("0"), Some(Found::epoch(0.0)));
    assert_eq!(reader.field("1709547085250").unwrap().seconds, REFERENCE + 0.25);
    assert_eq!(
        reader.field("2024-03-04 11:11:25").unwrap(),
        Found { seconds: REFERENCE, zoned: false, clock: true, dated: true, place: 0 }
    );
    assert_eq!(reader.utc("2024-03-04 10:11:25").unwrap().seconds, REFERENCE);
    assert_eq!(reader.field("12"), None);
    assert_eq!(reader.field("20240304111125").unwrap().seconds, REFERENCE);
    assert_eq!(reader.field("/Date(1709547085250)/").unwrap().seconds, REFERENCE + 0.25);
    assert_eq!(reader.field("/Date(1709547085250+0100)/").unwrap().seconds, REFERENCE + 0.25);
    assert!(!reader.field("2024-03-04").unwrap().clock);
    assert_eq!(reader.field("10:11:25"), None);
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
        assert_eq!(reader.formatted(&parsed, text).map(|found| found.seconds), Some(expected), "{format} on {text}");
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
