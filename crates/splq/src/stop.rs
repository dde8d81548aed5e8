//! Why a command ends without success, and the exit code of each case.

use std::io::{self, Write};
use std::process::ExitCode;

/// Why a command ends without success.
#[derive(Debug)]
pub enum Stop {
    /// Wrong usage that clap could not see: exit 2 with this message.
    Usage(String),
    /// Something failed: exit 1 with this message.
    Failed(String),
    /// Something failed and was reported already: exit 1.
    Reported,
    /// Wrong usage that was reported already: exit 2.
    ReportedUsage,
    /// Nobody reads the output any more (`splq ... | head`): ends quietly.
    OutputClosed,
}

impl Stop {
    /// Prints what is to be said on stderr and returns the exit code.
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Usage(message) => {
                say(&format!("error: {message}\n\nFor more information, try '--help'.\n"));
                ExitCode::from(2)
            }
            Self::Failed(message) => {
                say(&format!("error: {message}\n"));
                ExitCode::from(1)
            }
            Self::Reported => ExitCode::from(1),
            Self::ReportedUsage => ExitCode::from(2),
            Self::OutputClosed => ExitCode::SUCCESS,
        }
    }
}

/// Writes to stderr; where nobody reads it, there is nobody to tell.
pub fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::OutputClosed
        } else {
            Self::Failed(format!("can't write the results: {error}"))
        }
    }
}
