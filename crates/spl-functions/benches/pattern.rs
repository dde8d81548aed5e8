//! Time of regular expressions over 200,000 distinct command lines: `cargo bench -p spl-functions --bench pattern`.

#![allow(missing_docs, clippy::unwrap_used)]

use divan::counter::BytesCount;
use spl_functions::pattern::Pattern;

fn main() {
    divan::main();
}

/// Patterns of searches: the linear-time engine runs the first four, PCRE2 the others.
const PATTERNS: &[&str] = &[
    r"(?i)powershell.*-enc(?:odedcommand)?\s+(?<payload>[A-Za-z0-9+/=]{20,})",
    r"\\Users\\(?<user>[^\\]+)\\",
    r"^\S+\s+/c\s+(?<rest>.+)$",
    r"host=(?<ip>\d{1,3}(?:\.\d{1,3}){3})",
    r"(?<!\w)reg(?:\.exe)?\s+add(?=.*\\Run\b)",
    r"(\w)\1{2,}",
    r#"(?<=")[^"]+(?=")"#,
];

fn command_lines() -> Vec<String> {
    let line = |number: u64| {
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        match number % 4 {
            0 => format!(
                r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe -NoProfile -EncodedCommand {mixed:x}AAAA{mixed:x} -File C:\Users\user{}\s{number}.ps1",
                number % 977
            ),
            1 => format!(r#""C:\Program Files\Vendor\App{}\agent.exe" --config "C:\ProgramData\c{mixed:x}.json""#, number % 50),
            2 => format!(r"cmd.exe /c reg add HKLM\Software\CurrentVersion\Run /v n{number} /d C:\Users\Public\{mixed:x}.exe /f"),
            _ => format!("svchost.exe -k netsvcs -p pid={number} host=10.{}.{}.7", mixed % 256, (mixed >> 8) % 256),
        }
    };
    (0..200_000).map(line).collect()
}

fn bytes(lines: &[String]) -> BytesCount {
    BytesCount::new(lines.iter().map(String::len).sum::<usize>())
}

/// `match`, `regex`.
#[divan::bench(args = PATTERNS, sample_count = 5)]
fn matches(bencher: divan::Bencher<'_, '_>, pattern: &str) {
    let (pattern, lines) = (Pattern::new(pattern).unwrap(), command_lines());
    bencher.counter(bytes(&lines)).bench(|| lines.iter().filter(|line| pattern.is_match(line).unwrap()).count());
}

/// `rex`.
#[divan::bench(args = PATTERNS, sample_count = 5)]
fn first_groups(bencher: divan::Bencher<'_, '_>, pattern: &str) {
    let (pattern, lines) = (Pattern::new(pattern).unwrap(), command_lines());
    bencher.counter(bytes(&lines)).bench(|| {
        let mut found = 0;
        for line in &lines {
            pattern.each_match(line, 1, |groups| found += groups.len());
        }
        found
    });
}

/// Patterns from data are compiled per value.
#[divan::bench]
fn compile(bencher: divan::Bencher<'_, '_>) {
    let mut number = 0;
    bencher.bench_local(move || {
        number += 1;
        Pattern::new(&format!(r"\\Users\\(?<user>[^\\]+)\\x{number}")).unwrap()
    });
}
