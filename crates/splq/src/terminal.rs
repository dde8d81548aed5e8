//! What is known about the terminal: colours, width, whether anyone watches.

use std::io::IsTerminal;

use crate::arguments::{ColorChoice, TerminalOptions};
use crate::stop::say;

/// How to talk to the user.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Colours on stdout.
    pub color_out: bool,
    /// Colours on stderr.
    pub color_error: bool,
    /// Stdout is a terminal.
    pub stdout: bool,
    /// Stderr is a terminal.
    pub stderr: bool,
    /// Columns of the terminal that stdout is, else what `COLUMNS` says; none = as wide as needed.
    pub width: Option<usize>,
    /// Columns for messages on stderr.
    pub message_width: usize,
    /// A pager can be used: the terminal moves its cursor, and keys come from it.
    pub can_page: bool,
    /// Only results and errors.
    pub quiet: bool,
}

impl Terminal {
    /// Looks at stdout, stderr and the environment.
    pub fn new(options: TerminalOptions) -> Self {
        let stdout = std::io::stdout().is_terminal();
        let stderr = std::io::stderr().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let color = |terminal: bool| match options.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !plain,
        };
        // The width that a caller asks for counts where no terminal tells its own.
        let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok()).filter(|width| *width > 0);
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0);
        Self {
            color_out: color(stdout),
            color_error: color(stderr),
            stdout,
            stderr,
            width: if stdout { width.or(asked).or(Some(100)) } else { asked },
            message_width: if stderr { width.or(asked) } else { asked }.unwrap_or(100).clamp(40, 160),
            can_page: stdout && std::io::stdin().is_terminal() && std::env::var_os("TERM").is_some_and(|value| value != "dumb"),
            quiet: options.quiet,
        }
    }

    /// A line on stderr that the user may want to know, unless `-q` was given.
    pub fn note(&self, text: impl std::fmt::Display) {
        if !self.quiet {
            say(&format!("{text}\n"));
        }
    }

    /// A warning line on stderr, unless `-q` was given.
    pub fn warn(&self, text: impl std::fmt::Display) {
        if self.color_error {
            self.note(format_args!("\u{1b}[33mwarning:\u{1b}[0m {text}"));
        } else {
            self.note(format_args!("warning: {text}"));
        }
    }

    /// Text on stderr as it is.
    pub fn error_text(&self, text: &str) {
        say(text);
    }
}
