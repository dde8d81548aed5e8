//! One page: its head, its prose, its examples.

use super::{BEGIN, END, Entry, folder, head};
use crate::{Block, Document, blocks, lines_of, splq, updating};

/// What `now` is in examples: the day of the data in datasets/.
const NOW: &str = "2025-03-12T12:00:00Z";

/// A page that is checked, or written anew.
pub struct Page {
    entry: Entry,
    document: Document,
    problems: Vec<String>,
}

impl Page {
    /// Reads the page; makes a skeleton of one that is missing when documents are written.
    pub fn open(entry: Entry) -> Self {
        let path = folder().join(entry.path());
        let mut problems = Vec::new();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(_) if updating() => {
                let skeleton = head::head(&entry) + "\n";
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &skeleton).unwrap();
                skeleton
            }
            Err(_) => {
                problems.push(format!("{}: no page", path.display()));
                head::head(&entry)
            }
        };
        Self { entry, document: Document::new(path, &text), problems }
    }

    fn problem(&mut self, text: &str) {
        let path = self.document.path.display();
        self.problems.push(format!("{path}: {text}"));
    }

    /// What is wrong with it, after what can be generated has been written.
    pub fn check(mut self) -> Vec<String> {
        if !self.problems.is_empty() {
            return self.problems;
        }
        self.check_head();
        let searches = self.check_examples();
        if searches == 0 {
            self.problem("no example: a fenced block `spl` and one `text` behind it");
        }
        if !self.has_prose() {
            self.problem("no text between its head and its examples");
        }
        let Self { document, mut problems, .. } = self;
        problems.extend(document.written());
        problems
    }

    fn check_head(&mut self) {
        let wanted: Vec<String> = head::head(&self.entry).lines().map(str::to_owned).collect();
        let end = self.document.lines.iter().position(|line| line == END);
        match end {
            Some(end) if self.document.lines.first().is_some_and(|line| line == BEGIN) => {
                self.document.replace(0, end + 1, wanted);
            }
            _ => self.problem("does not begin with a generated head"),
        }
    }

    /// Runs each search; how many there are.
    fn check_examples(&mut self) -> usize {
        let blocks = blocks(&self.document.lines);
        let mut searches = 0;
        for (position, block) in blocks.iter().enumerate() {
            let mut words = block.language.split_whitespace();
            if words.next() != Some("spl") {
                continue;
            }
            searches += 1;
            let options: Vec<&str> = words.collect();
            let Some(answer) = blocks.get(position + 1).filter(|next| next.language == "text") else {
                self.problem(&format!("line {}: no text block follows the search", block.first));
                continue;
            };
            match self.run(block, &options) {
                Ok(printed) => self.document.expect(answer, printed),
                Err(problem) => self.problem(&format!("line {}: {problem}", block.first)),
            }
        }
        searches
    }

    /// What a search prints: its table, or what is wrong with it when the block says `fails`.
    fn run(&self, block: &Block, options: &[&str]) -> Result<Vec<String>, String> {
        let fails = options.contains(&"fails");
        let search = self.document.body(block).join("\n");
        let mut arguments = vec!["query", "--quiet", "--color", "never", "--format", "table", "--now", NOW];
        arguments.extend(options.iter().filter(|option| **option != "fails"));
        arguments.push(&search);
        let output = splq(&arguments);
        let printed = lines_of(if fails { &output.stderr } else { &output.stdout });
        let message = String::from_utf8_lossy(&output.stderr);
        match (output.status.success(), fails) {
            (false, false) => Err(format!("failed; if that is meant, the fence says `spl fails`\n{search}\n{message}")),
            (true, true) => Err(format!("did not fail\n{search}")),
            _ if printed.is_empty() => Err(format!("prints nothing\n{search}")),
            _ => Ok(printed),
        }
    }

    /// Whether a line of text stands outside of head, headings and fences.
    fn has_prose(&self) -> bool {
        let body = self.document.lines.iter().skip_while(|line| *line != END).skip(1);
        body.take_while(|line| !line.starts_with("```")).any(|line| !line.is_empty() && !line.starts_with('#'))
    }
}
