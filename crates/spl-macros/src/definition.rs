//! A macro as it was defined, and where that was.

use std::fmt;

/// Where a knowledge object was defined.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Shipped with splq.
    BuiltIn,
    /// A file, as the path was given by the caller.
    File {
        /// The path.
        path: String,
        /// Line of the definition, counted from 1; 0 when the format does not tell.
        line: usize,
    },
    /// Given with the command (`--macro`, `--lookup`).
    CommandLine,
}

impl Origin {
    /// A place in a file.
    pub fn file(path: impl Into<String>, line: usize) -> Self {
        Self::File { path: path.into(), line }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::File { path, line: 0 } => f.write_str(path),
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// A macro definition (Splunk admin manual, macros.conf).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroDefinition {
    /// The name without the number of arguments.
    pub name: String,
    /// Names of the arguments in the order of the call; each stands as `$name$` in the definition.
    pub arguments: Vec<String>,
    /// What the call is replaced by; for an eval-based macro the expression that computes it.
    pub definition: String,
    /// `iseval`: the definition is an eval expression that returns the replacement.
    pub is_eval: bool,
    /// `validation`: an eval expression over the arguments that is true, or null in a string form, for good ones.
    pub validation: Option<String>,
    /// `errormsg`: what to say when a true/false validation fails.
    pub error_message: Option<String>,
    /// Where it was defined.
    pub origin: Origin,
}

impl MacroDefinition {
    /// A plain text macro.
    pub fn new(name: impl Into<String>, arguments: Vec<String>, definition: impl Into<String>, origin: Origin) -> Self {
        Self {
            name: name.into(),
            arguments,
            definition: definition.into(),
            is_eval: false,
            validation: None,
            error_message: None,
            origin,
        }
    }

    /// The name as a stanza of macros.conf has it: `name`, `name(2)`.
    pub fn key(&self) -> String {
        key(&self.name, self.arguments.len())
    }

    /// The name with its arguments: `name`, `name(a, b)`.
    pub fn signature(&self) -> String {
        if self.arguments.is_empty() { self.name.clone() } else { format!("{}({})", self.name, self.arguments.join(", ")) }
    }
}

/// `name` or `name(2)`.
pub(crate) fn key(name: &str, arity: usize) -> String {
    if arity == 0 { name.to_owned() } else { format!("{name}({arity})") }
}
