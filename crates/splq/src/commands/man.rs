//! `splq man`: the manual page, from the definitions that the command line is read with.

use std::io::Write;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::arguments::{Arguments, ManArguments};
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Prints the page of splq, or writes the pages of splq and of its commands into a folder.
///
/// # Errors
/// A folder or stdout that can't be written.
pub fn man(arguments: &ManArguments, terminal: &Terminal) -> Result<(), Stop> {
    let command = Arguments::command();
    let Some(folder) = &arguments.out else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page)?;
        return Ok(std::io::stdout().write_all(&page)?);
    };
    let failed = |error: std::io::Error| Stop::Failed(format!("can't write into {}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(command, folder).map_err(failed)?;
    terminal.note(format_args!("pages written to {}", folder.display()));
    Ok(())
}
