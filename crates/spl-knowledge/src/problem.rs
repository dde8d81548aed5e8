//! Diagnostics about places in files.

use spl_macros::Origin;
use spl_parser::diagnostic::Diagnostic;

/// An error about a place in a file.
pub(crate) fn error(origin: &Origin, code: &'static str, message: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::general(code, format!("{origin}: {message}"))
}

/// A warning about a place in a file.
pub(crate) fn warning(origin: &Origin, code: &'static str, message: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::warning(code, format!("{origin}: {message}"), None)
}
