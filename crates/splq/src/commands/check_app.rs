//! `splq check --app`: what is wrong with the files of Splunk apps, with file and line.

use std::path::PathBuf;

use indicatif::HumanCount;
use spl_functions::pattern::Pattern;
use spl_knowledge::lint::lint_app;
use spl_parser::Severity;

use super::{Checked, Problem};
use crate::arguments::KnowledgeOptions;
use crate::diagnostics::severity_name;
use crate::session;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// The findings of each app, one entry each, which are shown too.
pub fn problems(options: &KnowledgeOptions, terminal: &Terminal) -> Vec<Checked> {
    let base = session::base(options);
    let group_names = |regex: &str| {
        Pattern::new(regex).map(|pattern| pattern.group_names().into_iter().map(|name| name.map(str::to_owned)).collect())
    };
    let mut found = Vec::new();
    for app in &options.app {
        let name = app.file_name().map_or_else(|| app.display().to_string(), |name| name.to_string_lossy().into_owned());
        let others: Vec<&PathBuf> = options.app.iter().filter(|other| *other != app).collect();
        let mut with_others = base.clone();
        // The others' problems are told when it is their turn.
        let _ = if others.is_empty() { Vec::new() } else { with_others.load_apps(&others) };
        for problem in lint_app(app, &with_others, &group_names) {
            let place = match problem.line {
                Some(line) => format!("{}:{line}", problem.file.display()),
                None => problem.file.display().to_string(),
            };
            let kind = severity_name(problem.severity);
            terminal.error_text(&format!("{place}: {kind}[{}]: {}\n", problem.code, problem.message));
            if let Some(help) = &problem.help {
                terminal.error_text(&format!("  help: {help}\n"));
            }
            found.push(Checked {
                query: name.clone(),
                file: problem.file.display().to_string(),
                problems: vec![Problem {
                    severity: problem.severity,
                    code: problem.code.to_owned(),
                    message: problem.message,
                    help: problem.help,
                    region: problem.line.map(|line| ((line, 1), (line, 1))),
                }],
            });
        }
    }
    found
}

/// The last line, and whether an app has errors.
pub fn finish(found: &[Checked], apps: &[PathBuf], terminal: &Terminal) -> Result<(), Stop> {
    let of = |severity| found.iter().flat_map(|one| &one.problems).filter(|problem| problem.severity == severity).count();
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let apps = if apps.len() == 1 { "1 app".to_owned() } else { format!("{} apps", apps.len()) };
    terminal.note(format_args!("{apps}: {} errors, {} warnings", HumanCount(errors as u64), HumanCount(warnings as u64)));
    if errors == 0 { Ok(()) } else { Err(Stop::Reported) }
}
