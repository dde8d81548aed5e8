//! `splq completions`: the completion script of a shell.

use std::io::Write;

use clap::CommandFactory;

use crate::arguments::{Arguments, CompletionsArguments};
use crate::stop::Stop;

/// Prints the script.
///
/// # Errors
/// Stdout that can't be written.
pub fn completions(arguments: &CompletionsArguments) -> Result<(), Stop> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "splq", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}
