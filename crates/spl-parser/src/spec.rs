//! Syntax as data: what a command is called, which options it takes and what its arguments look like.
//!
//! One constant per command, in `commands/<name>.rs`. It feeds the parser, option errors, did-you-mean, completion,
//! help and the reference tables. What a command does to fields and rows stands beside it, see [`Effects`].

pub mod effects;

pub use effects::{Effects, Made, Makes, Object, Own, Read, ReadsEvents, Rows, Source, Subsearches, Writes};

/// The syntax of a command.
#[derive(Debug)]
pub struct CommandSpec {
    /// Canonical name as Splunk's search reference spells it.
    pub name: &'static str,
    /// Other names (`bucket` for `bin`).
    pub aliases: &'static [&'static str],
    /// How it treats events.
    pub kind: CommandKind,
    /// One line: what it does.
    pub summary: &'static str,
    /// The syntax line as shown in help.
    pub syntax: &'static str,
    /// `name=value` options.
    pub options: &'static [OptionSpec],
    /// Shape of the rest.
    pub arguments: ArgumentShape,
    /// What it does to fields and rows.
    pub effects: Effects,
    /// How much of it is built.
    pub status: Status,
}

impl CommandSpec {
    /// The option of this name, in any case.
    pub fn option(&self, name: &str) -> Option<&'static OptionSpec> {
        self.options.iter().find(|option| option.name.eq_ignore_ascii_case(name))
    }
}

/// Splunk's command types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// Makes events or results; stands first.
    Generating,
    /// One event at a time, wherever it is.
    DistributableStreaming,
    /// One event at a time, in order.
    CentralizedStreaming,
    /// Makes a table out of events.
    Transforming,
    /// Needs all events, keeps them events.
    DatasetProcessing,
}

impl CommandKind {
    /// Splunk's words for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generating => "generating",
            Self::DistributableStreaming => "distributable streaming",
            Self::CentralizedStreaming => "centralized streaming",
            Self::Transforming => "transforming",
            Self::DatasetProcessing => "dataset processing",
        }
    }
}

/// An option.
#[derive(Debug)]
pub struct OptionSpec {
    /// Lower-case name.
    pub name: &'static str,
    /// What its value is.
    pub kind: OptionKind,
    /// The default as documented, for help; empty when there is none.
    pub default: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Whether it changes anything here; one that does not is noted where a search gives it.
    pub has_effect: bool,
}

/// What an option's value is; the parser checks it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OptionKind {
    /// `true t 1 yes` / `false f 0 no`.
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// Any text.
    Text,
    /// A regular expression: only its quoting is removed.
    Regex,
    /// A field name.
    Field,
    /// A field list in quotes or one field.
    FieldList,
    /// A time or bin span: `1h`, `5m@m`, `log2`, `0.5`.
    SpanLength,
    /// One of these words (lower-case).
    OneOf(&'static [&'static str]),
}

/// What follows a command's name, options aside.
#[derive(Clone, Copy)]
pub enum ArgumentShape {
    /// Nothing.
    Nothing,
    /// A search expression up to the pipe.
    Search,
    /// An eval expression.
    Expression,
    /// `a=expression, b=expression`.
    Assignments,
    /// Fields separated by blanks or commas.
    Fields,
    /// `sum(x) AS y, count BY a b`.
    Aggregations,
    /// The command's own grammar, in its syntax file.
    Own(OwnGrammar),
    /// Known by name, not read: the text up to the next pipe is kept as one [`Text`](crate::syntax::Argument::Text).
    Unread,
}

/// The grammar function of a command whose arguments have a form of their own.
pub type OwnGrammar =
    for<'a> fn(&mut crate::parser::Reader<'a>, &mut crate::syntax::CommandCall) -> Result<(), crate::Diagnostic>;

impl std::fmt::Debug for ArgumentShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Search => "Search",
            Self::Expression => "Expression",
            Self::Assignments => "Assignments",
            Self::Fields => "Fields",
            Self::Aggregations => "Aggregations",
            Self::Own(_) => "Own",
            Self::Unread => "Unread",
        })
    }
}

/// How much of a command or function is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// As documented.
    Full,
    /// All but what the text names.
    Partial(&'static str),
    /// Known, not built yet: using it is an error that says so.
    Planned,
    /// Will not be built, with the reason (needs a Splunk server, an app).
    Refused(&'static str),
}
