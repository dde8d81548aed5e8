//! Runs what the documents show: the wrong searches of docs/mistakes.md, the console sessions of README.md and docs/, and
//! the examples of docs/reference.
//!
//! `SPLQ_BLESS=1 cargo test -p splq --test documents` (or `SPLQ_UPDATE=1`) writes what is printed now into the documents; the
//! difference is for a reader to judge.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

mod broken;
mod pack;
mod reference;

const BINARY: &str = env!("CARGO_BIN_EXE_splq");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Whether documents are written anew.
fn updating() -> bool {
    ["SPLQ_BLESS", "SPLQ_UPDATE"].iter().any(|name| std::env::var_os(name).is_some())
}

/// Held by whoever writes a document that another test may write too.
fn documents_lock() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A fenced block: what stands behind the opening fence, the first line of its body and the line of its closing fence.
struct Block {
    language: String,
    first: usize,
    end: usize,
}

fn blocks(lines: &[String]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, usize)> = None;
    for (number, line) in lines.iter().enumerate() {
        match (&open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.trim().to_owned(), number + 1)),
            (Some((language, first)), Some("")) => {
                blocks.push(Block { language: language.clone(), first: *first, end: number });
                open = None;
            }
            _ => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}

/// A document whose blocks are compared with what is printed now, or replaced by it.
struct Document {
    path: PathBuf,
    lines: Vec<String>,
    /// First line, end and new text of the blocks that differ.
    changes: Vec<(usize, usize, Vec<String>)>,
}

impl Document {
    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::new(path, &text)
    }

    fn new(path: PathBuf, text: &str) -> Self {
        Self { path, lines: text.lines().map(str::to_owned).collect(), changes: Vec::new() }
    }

    fn body(&self, block: &Block) -> &[String] {
        &self.lines[block.first..block.end]
    }

    fn expect(&mut self, block: &Block, printed: Vec<String>) {
        self.replace(block.first, block.end, printed);
    }

    /// Wants other lines in place of those given, which come behind those of earlier calls.
    fn replace(&mut self, first: usize, end: usize, wanted: Vec<String>) {
        if self.lines[first..end] != wanted {
            self.changes.push((first, end, wanted));
        }
    }

    /// Fails with every difference, or writes the document anew.
    fn finish(self) {
        if let Some(message) = self.written() {
            panic!("{message}");
        }
    }

    /// Writes the document anew, or says what differs.
    fn written(mut self) -> Option<String> {
        if self.changes.is_empty() {
            return None;
        }
        if updating() {
            for (first, end, printed) in self.changes.into_iter().rev() {
                self.lines.splice(first..end, printed);
            }
            std::fs::write(&self.path, self.lines.join("\n") + "\n").unwrap();
            return None;
        }
        let mut message = String::new();
        for (first, end, printed) in &self.changes {
            let shown = self.lines[*first..*end].join("\n");
            message +=
                &format!("{}:{}\n--- shown\n{shown}\n--- printed\n{}\n\n", self.path.display(), first + 1, printed.join("\n"));
        }
        Some(message + "SPLQ_BLESS=1 cargo test -p splq --test documents writes what is printed")
    }
}

fn lines_of(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).trim_matches('\n').lines().map(|line| line.trim_end().to_owned()).collect()
}

fn splq(arguments: &[&str]) -> Output {
    Command::new(BINARY)
        .args(arguments)
        .current_dir(root())
        .env_remove("NO_COLOR")
        .env("COLUMNS", "100")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn mistakes_are_reported_as_shown() {
    let mut document = Document::read(root().join("docs/mistakes.md"));
    let blocks = blocks(&document.lines);
    let mut searches = 0;
    for (position, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "spl") {
        let search = document.body(block).join("\n");
        let answer = blocks
            .get(position + 1)
            .filter(|next| next.language == "text")
            .unwrap_or_else(|| panic!("no text block follows: {search}"));
        let output = splq(&["query", "--quiet", "--color", "never", "--now", "2025-03-12T12:00:00Z", &search]);
        let printed = lines_of(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "not refused: {search}\n{}", printed.join("\n"));
        assert!(output.stdout.is_empty(), "printed rows: {search}");
        assert!(!printed.is_empty(), "refused without a message: {search}");
        document.expect(answer, printed);
        searches += 1;
    }
    assert!(searches >= 10, "{searches} searches in docs/mistakes.md");
    document.finish();
}

/// Console blocks: lines that begin with `$ ` are run by a shell at the repository's root, the others are what is printed
/// to standard output. `$ splq` runs the binary under test.
#[test]
fn console_sessions_print_what_is_shown() {
    let mut documents = vec![root().join("README.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                documents.push(path);
            }
        }
    }
    documents.sort();
    let _lock = documents_lock();
    let mut sessions = 0;
    for path in documents {
        let mut document = Document::read(path);
        for block in blocks(&document.lines).iter().filter(|block| block.language == "console") {
            let mut printed = Vec::new();
            for command in document.body(block).iter().filter_map(|line| line.strip_prefix("$ ")) {
                assert!(
                    command.starts_with("splq ") || command.contains("| splq ") || command.contains("&& splq "),
                    "{}: a console block runs only splq: {command}",
                    document.path.display()
                );
                printed.push(format!("$ {command}"));
                printed.extend(lines_of(&shell(command).stdout));
            }
            document.expect(block, printed);
            sessions += 1;
        }
        document.finish();
    }
    assert!(sessions > 0, "no console block in README.md or docs/");
}

fn shell(command: &str) -> Output {
    let folder = Path::new(BINARY).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(folder.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    )
    .unwrap();
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(root())
        .env("PATH", path)
        .env("COLUMNS", "100")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The quick start finds what datasets/expected says, in every field of every row.
#[test]
fn quick_start_finds_the_expected_rows() {
    let results = std::env::temp_dir().join(format!("splq-quick-start-{}", std::process::id()));
    let output = splq(&["run", "queries", "--data", "datasets", "--out", results.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut compared = 0;
    for entry in std::fs::read_dir(root().join("datasets/expected")).unwrap() {
        let expected = entry.unwrap().path();
        let found = results.join(expected.file_name().unwrap());
        let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(read(&found), read(&expected), "{}", expected.display());
        compared += 1;
    }
    std::fs::remove_dir_all(&results).unwrap();
    assert_eq!(compared, std::fs::read_dir(root().join("queries")).unwrap().count(), "each query has its expected rows");
}
