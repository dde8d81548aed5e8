//! `scrub`: replaces what identifies persons and machines.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::parser::lexical;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Rows, Status};
use crate::syntax::{CommandCall, OptionArgument};

/// Syntax of `scrub`. The names of its options have dashes.
pub const SPEC: CommandSpec = CommandSpec {
    name: "scrub",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "replaces what identifies persons and machines",
    syntax: "scrub [public-terms=<filename>] [private-terms=<filename>] [name-terms=<filename>] [dictionary=<filename>] [timeconfig=<filename>] [namespace=<string>]",
    options: &[
        super::option("public-terms", OptionKind::Text, "", "file of terms that stay"),
        super::option("private-terms", OptionKind::Text, "", "file of terms that are replaced"),
        super::option("name-terms", OptionKind::Text, "", "file of names"),
        super::idle("dictionary", OptionKind::Text, "", "file of words that stay"),
        super::idle("timeconfig", OptionKind::Text, "", "file of time formats"),
        super::idle("namespace", OptionKind::Text, "", "app with such files"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[], Makes::Keeps, Rows::Each),
    status: Status::Partial("files of terms, and Splunk's dictionaries"),
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    while !reader.at_end_of_command() {
        let Some(name) = reader.read(lexical::field_word) else {
            return Err(reader.unexpected("an option"));
        };
        let lower = name.value.to_ascii_lowercase();
        if !call.spec.options.iter().any(|option| option.name == lower) {
            return Err(Diagnostic::error(
                "parse/unknown-option",
                format!("unknown option `{}` of `scrub`", name.value),
                name.span,
            )
            .with_help(format!("the syntax is `{}`", call.spec.syntax)));
        }
        if reader.symbol("=").is_none() {
            return Err(reader.unexpected("`=`"));
        }
        let (value, quoted) = reader.text_or_word(&format!("a value for `{lower}`"))?;
        call.options.push(OptionArgument { name: Spanned::new(lower, name.span), value, quoted });
    }
    Ok(())
}
