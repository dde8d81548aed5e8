//! What `.help` says on commands and functions of the search language, and what a data model's fields are.

use spl_exec::expression::is_user_function;
use spl_functions::{aggregate, scalar};
use spl_knowledge::data_model::DataModel;
use spl_parser::commands::{lookup, names};
use spl_parser::diagnostic::nearest;
use unicode_width::UnicodeWidthStr;

use super::dot_commands::{self, DOT_COMMANDS};
use crate::commands::list::status;
use crate::stop::Stop;

/// All of help, or what is known of a topic. A name that is a command and a function has both.
///
/// # Errors
/// A topic that is none, with the nearest one.
pub fn help(topic: &str) -> Result<String, Stop> {
    if topic.is_empty() {
        return Ok(dot_commands::help());
    }
    if topic.starts_with('.') {
        return dot_commands::find(topic)
            .map(dot_commands::help_on)
            .ok_or_else(|| Stop::Failed(format!("unknown command {topic}; .help lists them")));
    }
    let name = topic.trim_end_matches(['(', ')']);
    let texts: Vec<String> = [command_help(name), function_help(name), statistics_help(name)].into_iter().flatten().collect();
    if !texts.is_empty() {
        return Ok(texts.join("\n"));
    }
    // `.help load` is meant as `.help .load`.
    if let Some(spec) = dot_commands::find(name) {
        return Ok(dot_commands::help_on(spec));
    }
    let functions = scalar::all().filter(|function| is_user_function(function)).map(|function| function.name);
    let known = names().chain(functions).chain(aggregate::all().map(|function| function.name));
    let near = nearest(name, known.chain(DOT_COMMANDS.iter().map(|spec| spec.name)));
    let near = near.map(|near| format!("; the nearest is {near}")).unwrap_or_default();
    Err(Stop::Failed(format!("`{topic}` is no command or function{near}")))
}

fn command_help(name: &str) -> Option<String> {
    let spec = lookup(name)?;
    let mut text = format!("{}: {}\n{}\n", spec.name, spec.summary, spec.syntax);
    for option in spec.options {
        let default = if option.default.is_empty() { String::new() } else { format!(" [default: {}]", option.default) };
        text.push_str(&format!("  {}  {}{default}\n", option.name, option.summary));
    }
    text.push_str(&format!("{} command; status: {}\n", spec.kind.name(), status(spec.status)));
    Some(text)
}

fn function_help(name: &str) -> Option<String> {
    let function = scalar::lookup(name).filter(|function| is_user_function(function))?;
    Some(format!("{}: {}\n{}\neval function; {}\n", function.name, function.summary, function.syntax, function.category))
}

fn statistics_help(name: &str) -> Option<String> {
    let (function, _) = aggregate::lookup(name)?;
    Some(format!("{}: {}\n{}\nstats function; {}\n", function.name, function.summary, function.syntax, function.category))
}

/// The fields of each dataset of a model, in lines of a width.
pub fn model_fields(model: &DataModel, width: usize) -> String {
    let mut text = String::new();
    for dataset in model.datasets.values() {
        let Ok(fields) = model.all_fields(&dataset.name) else {
            continue;
        };
        let mut names: Vec<&str> = fields.into_iter().map(|field| field.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        text.push_str(&format!("\n{}.{}\n", model.name, dataset.name));
        let mut line = String::from(" ");
        for name in names {
            if line.len() > 1 && line.width() + name.width() + 1 > width {
                text.push_str(&line);
                text.push('\n');
                line = String::from(" ");
            }
            line.push(' ');
            line.push_str(name);
        }
        text.push_str(&line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn topics() {
        assert!(help("").unwrap().contains(".load"));
        assert!(help("stats").unwrap().contains("<aggregation>"));
        assert!(help("substr()").unwrap().contains("substr("));
        assert!(help("dc").unwrap().contains("stats function"));
        assert!(help(".save").unwrap().contains("parquet"));
        assert!(help("unload").unwrap().contains("PATH"));
        assert!(help("statz").is_err());
        let knowledge = spl_knowledge::Knowledge::built_in();
        let fields = model_fields(knowledge.data_model("Endpoint").unwrap(), 60);
        assert!(fields.contains("Endpoint.Processes") && fields.lines().all(|line| line.len() <= 60), "{fields}");
    }
}
