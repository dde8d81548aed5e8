//! docs/broken-detections.md: each change is made to a copy of the example repository, and what `splq test` prints is shown.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::{BINARY, Document, blocks, documents_lock, lines_of, root};

/// The detection that is changed when a section names no other.
const DETECTION: &str = "windows_service_create_remcomsvc.yml";

#[test]
fn broken_detections_are_told_of_as_shown() {
    let _lock = documents_lock();
    let mut document = Document::read(root().join("docs/broken-detections.md"));
    let blocks = blocks(&document.lines);
    let mut sections = 0;
    for (place, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "diff") {
        let lines = document.body(block);
        let line = |mark: &str| lines.iter().find_map(|line| line.strip_prefix(mark).map(str::to_owned)).unwrap();
        let file = lines.iter().find_map(|line| line.strip_prefix("# ")).unwrap_or(DETECTION).to_owned();
        let printed = printed(&file, &line("- "), &line("+ "));
        let answer = blocks.get(place + 1).filter(|next| next.language == "text").expect("a text block follows");
        document.expect(answer, printed);
        sections += 1;
    }
    assert!(sections >= 10, "{sections} sections in docs/broken-detections.md");
    document.finish();
}

/// What is printed for a detection in which one text is replaced by another.
fn printed(file: &str, before: &str, after: &str) -> Vec<String> {
    let copy = tempfile::tempdir().unwrap();
    let folder = copy.path().join("docs/examples/content");
    copy_folder(&root().join("docs/examples/content"), &folder);
    copy_folder(&root().join("datasets"), &copy.path().join("datasets"));
    let detection = folder.join("detections/endpoint").join(file);
    let text = std::fs::read_to_string(&detection).unwrap();
    assert_eq!(text.matches(before).count(), 1, "`{before}` stands once in {file}");
    std::fs::write(&detection, text.replace(before, after)).unwrap();
    // What the file beside it expects is no part of the page.
    let _ = std::fs::remove_file(detection.with_extension("tests.yaml"));
    let output = Command::new(BINARY)
        .args(["test", &format!("detections/endpoint/{file}"), "--color", "never", "--format", "csv"])
        .current_dir(&folder)
        .env("COLUMNS", "100")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "a broken detection fails: {after}");
    let mut printed = lines_of(&output.stderr);
    // How long it took changes from run to run.
    printed.retain(|line| !line.contains(" passed, "));
    while printed.last().is_some_and(String::is_empty) {
        printed.pop();
    }
    let rows = lines_of(&output.stdout);
    let verdicts = rows.iter().skip(1).filter_map(|row| {
        let mut cells = row.splitn(7, ',');
        let (test, kind, status) = (cells.nth(1)?, cells.next()?, cells.next()?);
        let message = cells.nth(2)?.trim_matches('"').replace("\"\"", "\"");
        Some(format!("{test} ({kind}): {status}, {message}"))
    });
    let verdicts: Vec<String> = verdicts.collect();
    if !printed.is_empty() {
        printed.push(String::new());
    }
    printed.extend(verdicts);
    printed
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}
