//! What only the lines of a .conf file show: stanzas and settings that are written twice.

use std::collections::HashMap;
use std::path::Path;

use spl_parser::diagnostic::Severity;

use super::AppProblem;

/// Looks at every .conf file of `default/` and `local/`. Files that can't be read are reported by loading them.
pub(super) fn check(folder: &Path, problems: &mut Vec<AppProblem>) {
    for layer in ["default", "local"] {
        let Ok(entries) = std::fs::read_dir(folder.join(layer)) else { continue };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.extension().is_some_and(|extension| extension == "conf")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                check_file(&path, &text, problems);
            }
        }
    }
}

fn check_file(path: &Path, text: &str, problems: &mut Vec<AppProblem>) {
    let mut stanzas: HashMap<&str, usize> = HashMap::from([("default", 0)]);
    let mut settings: HashMap<(&str, &str), usize> = HashMap::new();
    let mut current = "default";
    let mut warn = |line: usize, code: &'static str, message: String| {
        problems.push(AppProblem {
            file: path.to_owned(),
            line: Some(line),
            code,
            severity: Severity::Warning,
            message,
            help: None,
        });
    };
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate();
    while let Some((index, raw)) = lines.next() {
        let (number, line) = (index + 1, raw.trim());
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            current = name;
            if let Some(first) = stanzas.get(name).copied().filter(|first| *first > 0) {
                warn(
                    number,
                    "conf/duplicate-stanza",
                    format!("stanza `[{name}]` stands on line {first} already; the settings of both are combined"),
                );
            } else {
                stanzas.insert(name, number);
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let key = key.trim_end();
        if let Some(first) = settings.insert((current, key), number) {
            warn(
                number,
                "conf/duplicate-setting",
                format!("`{key}` of `[{current}]` is set on line {first} already; this line wins"),
            );
        }
        let mut value = value.trim_end();
        while value.ends_with('\\') {
            let Some((_, next)) = lines.next() else { break };
            value = next.trim_end();
        }
    }
}
