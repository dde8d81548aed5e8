//! `splq fmt`: .spl files in the canonical layout, in place or as a check.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use spl_macros::MacroTable;
use spl_parser::printer::clear_spans;

use crate::arguments::FormatArguments;
use crate::layout::layout;
use crate::queries::{has_extension, search_files};
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Formats files in place, or stdin to stdout.
///
/// # Errors
/// Files that can't be read or written, open quotes; with `--check` files whose layout is another.
pub fn fmt(arguments: &FormatArguments, terminal: &Terminal) -> Result<(), Stop> {
    if arguments.paths.iter().any(|path| path == Path::new("-")) {
        return standard_input(arguments);
    }
    let (mut changed, mut failed) = (0, 0);
    let files = files(&arguments.paths, terminal)?;
    for file in &files {
        let path = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| Stop::Failed(format!("can't read {path}: {error}")))?;
        let formatted = match same_search(&text) {
            Ok(formatted) => formatted,
            Err(message) => {
                terminal.error_text(&format!("error: {path}: {message}\n"));
                failed += 1;
                continue;
            }
        };
        if formatted == text {
            continue;
        }
        changed += 1;
        if arguments.check {
            writeln!(std::io::stdout(), "{path}")?;
        } else {
            std::fs::write(file, formatted).map_err(|error| Stop::Failed(format!("can't write {path}: {error}")))?;
        }
    }
    let verb = if arguments.check { "would be changed" } else { "changed" };
    terminal.note(format_args!("{changed} of {} files {verb}", files.len()));
    if failed > 0 || (arguments.check && changed > 0) { Err(Stop::Reported) } else { Ok(()) }
}

fn standard_input(arguments: &FormatArguments) -> Result<(), Stop> {
    if arguments.paths.len() > 1 {
        return Err(Stop::Usage("`-` stands alone: stdin is formatted to stdout".to_owned()));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| Stop::Failed(format!("can't read stdin: {error}")))?;
    let formatted = same_search(&text).map_err(Stop::Failed)?;
    if arguments.check {
        return if formatted == text { Ok(()) } else { Err(Stop::Failed("stdin is not in the canonical layout".to_owned())) };
    }
    Ok(std::io::stdout().write_all(formatted.as_bytes())?)
}

/// The .spl files that the paths name.
fn files(paths: &[PathBuf], terminal: &Terminal) -> Result<Vec<PathBuf>, Stop> {
    let mut files = Vec::new();
    let mut skipped = 0;
    for path in paths {
        if path.is_dir() {
            let found = search_files(path)?;
            let before = found.len();
            let kept = files.len();
            files.extend(found.into_iter().filter(|file| has_extension(file, &["spl"])));
            skipped += before - (files.len() - kept);
        } else if !path.exists() {
            return Err(Stop::Failed(format!("no such file or folder: {}", path.display())));
        } else if !has_extension(path, &["spl"]) {
            return Err(Stop::Failed(format!("{} is not a .spl file; searches inside YAML are not formatted", path.display())));
        } else {
            files.push(path.clone());
        }
    }
    if skipped > 0 {
        terminal.note(format_args!("{skipped} YAML files skipped: only .spl files are formatted"));
    }
    Ok(files)
}

/// The layout of a search, which must be the same search.
fn same_search(text: &str) -> Result<String, String> {
    let formatted = layout(text)?;
    if formatted != text {
        let macros = MacroTable::built_in();
        let tree = |text: &str| {
            let expansion = macros.expand(text, &|_| Err(String::new())).ok()?;
            let mut pipeline = spl_parser::parse(&expansion.text).ok()?;
            clear_spans(&mut pipeline);
            Some(pipeline)
        };
        // What can't be read, as its macros are not known here, differs in nothing but blanks all the same.
        if let Some(before) = tree(text)
            && tree(&formatted).as_ref() != Some(&before)
        {
            return Err("another layout would change what it means; it was left as it is".to_owned());
        }
    }
    Ok(formatted)
}
