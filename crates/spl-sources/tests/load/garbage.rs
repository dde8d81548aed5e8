//! Whatever the bytes are, nothing panics and no event is lost.

use proptest::prelude::*;
use spl_sources::{FieldSelection, Format, IndexTimeRules, RuleSource};

use crate::support::*;

/// Pieces that texts of all formats are made of.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "{\"a\":",
        "\"x\"}",
        "[{",
        "}]",
        "\n",
        "\r\n",
        ",",
        "=",
        "\"",
        "\\",
        "|",
        "<Event>",
        "</Event>",
        "<Data Name='x'>",
        "2024-03-04 10:11:25 ",
        "Mar  4 10:11:25 ",
        "host ",
        "sshd[1]: ",
        "<34>1 ",
        "CEF:0|a|b|c|d|e|5|",
        "k=v ",
        "LEEF:2.0|",
        "type=A msg=audit(1.2:3): ",
        "msg='",
        "#fields\ta\tb\n",
        "#separator \\x09\n",
        "\t",
        "1.2.3.4 - - [04/Mar/2024:10:11:25 +0000] ",
        "\"GET / HTTP/1.1\" 200 5 ",
        "é",
        "\u{1d}",
        "#Fields: date time\n",
        "[",
        "]",
        ":",
        "%",
        "10:11:25",
        "1709547085",
        "\\x09",
        "{\"Records\":[",
        "ElfChnk\0",
        "LogName=x\n",
    ])
    .prop_map(|text| text.as_bytes().to_vec());
    let piece = prop_oneof![4 => known, 1 => prop::collection::vec(any::<u8>(), 0..6)];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Lines with something in them, after what can't be text was replaced.
/// The bytes with line feeds for carriage returns where these alone end lines.
fn with_line_feeds(bytes: &[u8]) -> Vec<u8> {
    let alone = !bytes.contains(&b'\n') && !bytes.contains(&0) && bytes[..bytes.len().max(1) - 1].contains(&b'\r');
    bytes.iter().map(|byte| if alone && *byte == b'\r' { b'\n' } else { *byte }).collect()
}

fn lines(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    text.split('\n').filter(|line| !line.trim_ascii_end().is_empty()).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(bytes in pieces(), format in prop::sample::select(Format::ALL.to_vec())) {
        let some = load_bytes(&bytes, |options| options.fields = FieldSelection::only(["a", "k"]));
        let all = load_bytes(&bytes, |_| {});
        prop_assert_eq!(some.table.rows(), all.table.rows());
        load_bytes(&bytes, |options| options.format = Some(format.1));
    }

    #[test]
    fn lines_are_events(bytes in pieces(), format in prop::sample::select(vec![
        Format::Syslog, Format::Access, Format::Audit, Format::Cef, Format::Leef, Format::Ndjson,
    ])) {
        // What looks compressed or like UTF-16 is something else first.
        prop_assume!(!bytes.starts_with(&[0xFF, 0xFE]) && !bytes.starts_with(&[0xFE, 0xFF]) && !bytes.starts_with(&[0x1F, 0x8B]));
        let loaded = load_bytes(&bytes, |options| options.format = Some(format));
        let plain = with_line_feeds(&bytes);
        let expected = if format == Format::Ndjson {
            // The marks of JSON text sequences are blanks.
            let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x1E;
            plain.split(|byte| *byte == b'\n').filter(|line| !line.iter().all(blank)).count()
        } else {
            lines(&plain)
        };
        prop_assert_eq!(loaded.table.rows(), expected);
    }

    #[test]
    fn merged_text_keeps_every_line(bytes in pieces()) {
        prop_assume!(!bytes.starts_with(&[0xFF, 0xFE]) && !bytes.starts_with(&[0xFE, 0xFF]) && !bytes.starts_with(&[0x1F, 0x8B]));
        let loaded = load_bytes(&bytes, |options| {
            options.format = Some(Format::Text);
            options.index_time = Some(RuleSource::new(|_, _, _| IndexTimeRules {
                should_linemerge: Some(true),
                max_events: Some(3),
                ..IndexTimeRules::default()
            }));
        });
        let kept: usize = texts(&loaded.table, "_raw").iter().map(|raw| raw.split('\n').filter(|line| !line.trim_ascii().is_empty()).count()).sum();
        let plain = with_line_feeds(&bytes);
        let text = String::from_utf8_lossy(&plain);
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
        prop_assert_eq!(kept, text.split('\n').filter(|line| !line.trim_ascii().is_empty()).count());
    }
}
