//! Layouts as they are expected, and the promise over every search at hand: stable, and the same search as before.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use serde::Deserialize;
use spl_knowledge::Knowledge;
use spl_parser::Pipeline;

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    let formatted = layout(text).unwrap();
    assert_eq!(formatted, expected);
    assert_eq!(layout(&formatted).unwrap(), expected, "not stable");
}

#[test]
fn pipes_begin_lines() {
    check("index=main   user=ann|stats count by user |  head 5", "index=main user=ann\n| stats count by user\n| head 5\n");
    check("|makeresults|eval x=1\n\n", "| makeresults\n| eval x=1\n");
    check("  \n", "");
}

#[test]
fn what_is_quoted_stays() {
    check("x=\"a  |  b\\\" c\" | rex \"(a|b)  [^]]\"", "x=\"a  |  b\\\" c\"\n| rex \"(a|b)  [^]]\"\n");
    check("`m(a |  b)`|eval 'my  field|x'=1", "`m(a |  b)`\n| eval 'my  field|x'=1\n");
    check("don't  stop | where isn't", "don't stop\n| where isn't\n");
    check("a ```note |\n  two``` | b", "a ```note |\n  two```\n| b\n");
    check("```first```\nindex=main|head 1", "```first```\nindex=main\n| head 1\n");
    check("a\n```own line```\n| b", "a\n```own line```\n| b\n");
    check("x=a[0-9]  y=[ ] z=[1-9", "x=a[0-9] y=[ ] z=[1-9\n");
}

#[test]
fn line_breaks_inside_commands_are_kept() {
    check("| tstats count\n  by  a\n  b | x", "| tstats count\n    by a\n    b\n| x\n");
    check("| eval a=case(\nx=1, 2,\ntrue(), 3\n)", "| eval a=case(\n        x=1, 2,\n        true(), 3\n    )\n");
}

#[test]
fn subsearches_are_blocks() {
    check("a [search b | fields c] | d", "a [search b | fields c]\n| d\n");
    check("a [ | inputlookup b | fields c ] | d", "a [| inputlookup b | fields c]\n| d\n");
    check(
        "a | join x [\nsearch b [search c | return d]\n| fields c\n] | e",
        "a\n| join x [\n    search b [search c | return d]\n    | fields c\n]\n| e\n",
    );
    let long = "b=1234567890 ".repeat(8);
    let seven = "b=1234567890 ".repeat(7);
    check(
        &format!("a | append [search {long}| fields c] | e"),
        &format!("a\n| append [\n    search {}\n        b=1234567890\n    | fields c\n]\n| e\n", seven.trim_end())
            .replace(" b=1234567890\n        b=1234567890\n", "\n        b=1234567890 b=1234567890\n"),
    );
    check("| foreach a* [eval <<FIELD>>=1 |\n  eval b=2]", "| foreach a* [eval <<FIELD>>=1 |\n  eval b=2]\n");
}

#[test]
fn names_of_columns_are_left_alone() {
    check("a | stats count(eval(x  = 1)) by  b", "a\n| stats count(eval(x  = 1)) by b\n");
    check("a | eval x = if( y , 1,  2)", "a\n| eval x = if( y , 1, 2)\n");
}

#[test]
fn long_lines_are_wrapped() {
    let fields = ["field_number_one"; 12].join(" ");
    let formatted = layout(&format!("index=main | stats count by {fields} | head 1")).unwrap();
    assert!(formatted.lines().all(|line| line.chars().count() <= WIDTH), "{formatted}");
    assert_eq!(formatted.lines().count(), 5, "{formatted}");
    assert_eq!(layout(&formatted).unwrap(), formatted);
    let word = "x".repeat(150);
    check(&format!("| eval a=\"{word}\" | b"), &format!("| eval\n    a=\"{word}\"\n| b\n"));
}

#[test]
fn open_ends_are_errors() {
    assert_eq!(layout("a\n| b \"c").unwrap_err(), "the quote in line 2 is not closed");
    assert!(layout("`a").is_err() && layout("```a").is_err());
    assert!(layout(&"[a ".repeat(500)).is_ok());
    assert!(layout(&format!("{}{}", "[a ".repeat(500), "]".repeat(500))).is_err());
}

/// Searches put together at random: stable, and nothing but blanks changes.
#[test]
fn made_up_searches_are_stable() {
    const PARTS: [&str; 30] = [
        "a",
        "b=1",
        "|",
        "|",
        "[",
        "]",
        " [search ",
        "] ",
        "(",
        ")",
        "\n",
        " ",
        " ",
        "  ",
        "```c```",
        "```c\nd```",
        "\"x  y\"",
        "`m(a |b)`",
        " by ",
        " AND ",
        " as ",
        " = ",
        "| stats ",
        "| foreach ",
        "search ",
        ", ",
        "'q q'",
        "\\|",
        "count(eval(a  = 1))",
        " a_word_of_so_many_letters_that_lines_are_wrapped_sooner ",
    ];
    let mut state = 88_172_645_463_325_252_u64;
    let mut laid_out = 0;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..40 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.push_str(PARTS[(state % 30) as usize]);
        }
        let Ok(formatted) = layout(&text) else { continue };
        assert_eq!(layout(&formatted).as_deref(), Ok(formatted.as_str()), "not stable:\n{text}");
        let ink = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
        assert_eq!(ink(&text), ink(&formatted), "{text}");
        laid_out += 1;
    }
    assert!(laid_out > 10_000, "{laid_out}");
}

/// The tree of a search without places; none when it can't be had.
fn tree(knowledge: &Knowledge, text: &str) -> Option<Pipeline> {
    let expansion = knowledge.macros.expand(text, &|_| Err("no evaluation here".to_owned())).ok()?;
    let mut pipeline = spl_parser::parse(&expansion.text).ok()?;
    spl_parser::printer::clear_spans(&mut pipeline);
    Some(pipeline)
}

/// Formats each search twice and compares the trees; returns how many were compared and what differs.
fn compare(knowledge: &Knowledge, searches: &[(String, String)]) -> usize {
    let mut compared = 0;
    for (name, text) in searches {
        let Ok(formatted) = layout(text) else {
            assert!(tree(knowledge, text).is_none(), "{name} can be parsed, but not be laid out:\n{text}");
            continue;
        };
        assert_eq!(layout(&formatted).as_deref(), Ok(formatted.as_str()), "{name} is not stable:\n{text}");
        if let Some(before) = tree(knowledge, text) {
            let after = tree(knowledge, &formatted);
            let printed = |pipeline: &Pipeline| spl_parser::print(pipeline);
            assert!(
                after.as_ref() == Some(&before),
                "{name} is another search after its layout:\n{text}\n\n{formatted}\n{}\n{}",
                printed(&before),
                after.as_ref().map(printed).unwrap_or_default()
            );
            compared += 1;
        }
    }
    compared
}

#[derive(Deserialize)]
struct Case {
    name: String,
    spl: String,
}

#[derive(Deserialize)]
struct Detection {
    search: String,
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml" || extension == "spl") {
            found.push(path);
        }
    }
}

#[test]
fn conformance_searches_stay_the_same_searches() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    files(&root.join("tests/conformance"), &mut found);
    let mut searches = Vec::new();
    for file in found {
        let text = std::fs::read_to_string(&file).unwrap();
        for case in serde_saphyr::from_str::<Vec<Case>>(&text).unwrap_or_default() {
            searches.push((case.name, case.spl));
        }
    }
    let compared = compare(&Knowledge::built_in(), &searches);
    assert!(compared > 500, "{compared} of {} searches", searches.len());
}

#[test]
fn published_detections_stay_the_same_searches() {
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/security_content");
    if !content.is_dir() {
        return;
    }
    let mut knowledge = Knowledge::built_in();
    let _ = knowledge.load_content(&content);
    let mut found = Vec::new();
    files(&content.join("detections"), &mut found);
    let mut searches = Vec::new();
    for file in found {
        let text = std::fs::read_to_string(&file).unwrap();
        if let Ok(detection) = serde_saphyr::from_str::<Detection>(&text) {
            searches.push((file.display().to_string(), detection.search));
        }
    }
    let compared = compare(&knowledge, &searches);
    assert!(compared > 1000, "{compared} of {} searches", searches.len());
}
