//! What a command does to fields and rows, as data: which fields it reads, which fields and rows it gives, where its rows
//! come from and what it changes outside of the search.
//!
//! Each command says it in its own file beside its syntax; [`crate::effects`] is the only reader of these tables.

use crate::effects::{FieldsBehind, RequiredFields};
use crate::syntax::CommandCall;

/// What a command does.
#[derive(Clone, Copy, Debug)]
pub struct Effects {
    /// The fields it reads: of the rows it is given, or, for a command that reads events, of the events.
    pub reads: &'static [Read],
    /// The fields of its rows.
    pub makes: Makes,
    /// How its rows follow from those it is given.
    pub rows: Rows,
    /// Where its rows come from.
    pub source: Source,
    /// What its subsearches are for.
    pub subsearches: Subsearches,
    /// What it changes outside of the search.
    pub writes: Writes,
    /// What its plain arguments name, in their order.
    pub objects: &'static [Object],
}

impl Effects {
    /// A command that takes rows, has no subsearches but those of its conditions, and writes nothing.
    pub(crate) const fn of(reads: &'static [Read], makes: Makes, rows: Rows) -> Self {
        Self { reads, makes, rows, source: Source::Rows, subsearches: Subsearches::AsText, writes: Writes::Nothing, objects: &[] }
    }

    /// With rows from elsewhere.
    pub(crate) const fn from(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// With subsearches of this use.
    pub(crate) const fn with(mut self, subsearches: Subsearches) -> Self {
        self.subsearches = subsearches;
        self
    }

    /// With something that it writes.
    pub(crate) const fn writing(mut self, writes: Writes) -> Self {
        self.writes = writes;
        self
    }

    /// With names of knowledge objects among its arguments.
    pub(crate) const fn naming(mut self, objects: &'static [Object]) -> Self {
        self.objects = objects;
        self
    }

    /// Whether columns are named by the text of the functions that make them, so that blanks in it matter.
    pub fn names_columns_by_text(&self) -> bool {
        match self.makes {
            Makes::Adds(made) | Makes::Only(made) => made.iter().any(|made| matches!(made, Made::Results | Made::Series(..))),
            Makes::Keeps | Makes::Own(_) => false,
        }
    }

    /// A command of which only its name is known.
    pub(crate) const UNKNOWN: Self = Self::of(&[Read::All], Makes::Only(&[Made::Unknown]), Rows::New);
}

/// Fields that a command reads.
#[derive(Clone, Copy, Debug)]
pub enum Read {
    /// These.
    Named(&'static [&'static str]),
    /// All that the arguments read: listed fields, sort keys, the fields of aggregations, conditions, conversions and
    /// assigned expressions, the old names of renames.
    Arguments,
    /// What the arguments read, but for the last one.
    ButLast,
    /// The listed fields, unless the list is one of fields to remove.
    Kept,
    /// The new names of renames and the listed fields: `lookup` names a field of the table first and the event's behind
    /// `AS`.
    NewNames,
    /// What the arguments read; every field when they list none.
    ArgumentsOrAll,
    /// What the arguments read; this field when they list none.
    ArgumentsOr(&'static str),
    /// Every field when the arguments name something.
    AllWithArguments,
    /// The field that the first text argument names, else this one.
    TextOr(&'static str),
    /// What the members of a clause read; a text is a search condition.
    Clause(&'static str),
    /// The field or fields that an option names, separated by commas; its default when it is not given.
    Option(&'static str),
    /// What the condition in an option reads.
    Condition(&'static str),
    /// The fields that arguments of the form `<name>=<field>` name, where `<name>` begins so.
    Pairs(&'static str),
    /// Every field when an option is given.
    AllWith(&'static str),
    /// This field when an option is on.
    NamedWith(&'static str, &'static str),
    /// Every field.
    All,
    /// What a function finds.
    Own(fn(&CommandCall) -> RequiredFields),
}

/// The fields of a command's rows.
#[derive(Clone, Copy, Debug)]
pub enum Makes {
    /// Those of the rows it is given; their values may change, each by itself.
    Keeps,
    /// Those of the rows it is given, and these.
    Adds(&'static [Made]),
    /// These and no others: fields that it does not read do not matter to it.
    Only(&'static [Made]),
    /// What no row can say.
    Own(&'static Own),
}

/// Fields that a command makes.
#[derive(Clone, Copy, Debug)]
pub enum Made {
    /// These.
    Named(&'static [&'static str]),
    /// The fields that the arguments set: listed fields, new names of renames, targets of assignments.
    Arguments,
    /// The names behind `AS`.
    Aliases,
    /// The last field of the arguments.
    LastField,
    /// The fields of a clause.
    Clause(&'static str),
    /// The new names of the fields of these clauses; unknown fields when none of them is given.
    NewNames(&'static [&'static str]),
    /// The results of functions: their aliases, else the text of the call. Such a command names columns by how it is
    /// written, blanks included.
    Results,
    /// The same, but unknown fields, one for each value, when these clauses have more fields than the number says.
    Series(&'static [&'static str], usize),
    /// The field that an option names; its default when it is not given.
    Option(&'static str),
    /// The named groups of the regular expressions among the arguments.
    Groups,
    /// The fields of the rows of its subsearches.
    Subsearches,
    /// Fields that only the data tell, when an option is given.
    UnknownWith(&'static str),
    /// Fields that only the data tell.
    Unknown,
}

/// The functions of a command whose fields no row can describe.
#[derive(Debug)]
pub struct Own {
    /// The fields that rows must have before it, given those that must be there behind it: what it reads included.
    pub required: fn(&CommandCall, RequiredFields) -> RequiredFields,
    /// The fields that rows can have behind it, given those that they can have before it.
    pub behind: fn(&CommandCall, FieldsBehind) -> FieldsBehind,
}

/// How the rows of a command follow from those it is given.
#[derive(Clone, Copy, Debug)]
pub enum Rows {
    /// Each row for itself becomes one row, in the same order.
    Each,
    /// Each row for itself is kept or dropped, in the same order.
    Some,
    /// Each row for itself becomes any number of rows, in the same order.
    Several,
    /// At most so many of them, the first in their order.
    First,
    /// At most so many of them, the last in their order.
    Last,
    /// A row depends on the rows before it, so their order matters.
    InOrder,
    /// A row depends on all rows, whatever their order.
    Whole,
    /// The same rows in another order.
    Sorted,
    /// The first of the rows that agree in these fields, in their order.
    Distinct(&'static [Read]),
    /// A new row for each combination of values of these fields; rows that lack one are left out.
    Groups(&'static [Read]),
    /// The same, but only a few groups.
    FewGroups(&'static [Read]),
    /// A few new rows, however many it is given.
    NewFew,
    /// New rows.
    New,
}

/// Where a command's rows come from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// The command before it.
    Rows,
    /// The events when it stands first, else the command before it.
    EventsWhenFirst,
    /// The command before it; none at all when it stands first, as in `| stats count`, which makes one row of them.
    NothingWhenFirst,
    /// The events.
    Events,
    /// Its subsearches.
    Subsearches,
    /// It makes them itself, or reads a file that is no event data.
    Itself,
    /// What its arguments name: a function tells whether it reads events.
    Named(fn(&CommandCall) -> ReadsEvents),
}

/// Whether events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReadsEvents {
    /// No.
    No,
    /// Only knowledge objects or the rows at hand tell.
    Maybe,
    /// Yes.
    Yes,
}

/// What the subsearches of a command are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subsearches {
    /// They stand in conditions and expressions, and become text there.
    AsText,
    /// Their rows become rows of the command; the name is the limit that they are held to, if there is one.
    AsRows(Option<&'static str>),
    /// They are commands over the rows at hand.
    OverRows,
    /// They are a search of its own for each row, with the row's values filled in.
    PerRow,
}

/// What a command changes outside of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Nothing.
    Nothing,
    /// A lookup table.
    Lookup,
    /// Events.
    Events,
    /// A file of results.
    File,
    /// Something outside of Splunk: a mail, an alert, a script.
    Sends,
    /// It removes events.
    Deletes,
}

impl Writes {
    /// What it is called in a sentence; none for nothing.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Lookup => Some("a lookup table"),
            Self::Events => Some("events"),
            Self::File => Some("a file"),
            Self::Sends => Some("a message or action outside of the search"),
            Self::Deletes => Some("events, which it deletes"),
        }
    }
}

/// What a plain argument names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// A lookup table.
    Lookup,
    /// A saved search.
    SavedSearch,
    /// A data model.
    DataModel,
    /// A dataset of the data model that stands before it.
    Dataset,
    /// The kind of a dataset, a colon and its name.
    KindAndName,
}
