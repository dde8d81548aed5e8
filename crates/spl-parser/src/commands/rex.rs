//! `rex`: extracts named groups of a regular expression, or substitutes with `mode=sed`.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `rex`. The regular or sed expression is the only text argument.
pub const SPEC: CommandSpec = CommandSpec {
    name: "rex",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "extracts the named groups of a regular expression, or substitutes text",
    syntax: "rex [field=<field>] (\"<regex>\" [max_match=<int>] [offset_field=<field>] | mode=sed \"<sed-expression>\")",
    options: &[
        super::option("field", OptionKind::Field, "_raw", "field that is read"),
        super::option("mode", OptionKind::OneOf(&["sed"]), "", "sed for substitution"),
        super::option("max_match", OptionKind::Integer, "1", "how many matches are taken; 0 for all"),
        super::option("offset_field", OptionKind::Field, "", "field that gets the places of the groups"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Option("field")], Makes::Adds(&[Made::Groups, Made::Option("offset_field")]), Rows::Each),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    loop {
        reader.options(call)?;
        if reader.at_end_of_command() {
            break;
        }
        if !call.arguments.is_empty() {
            reader.refuse_unknown_option(call.spec)?;
            return Err(reader.unexpected("an option or the end of the command"));
        }
        if reader.next_character() != Some('"') {
            reader.refuse_unknown_option(call.spec)?;
        }
        let expression = reader.regular_expression("a regular expression in double quotes")?;
        call.arguments.push(expression);
    }
    if call.arguments.is_empty() {
        return Err(missing_argument("`rex` needs a regular expression in double quotes", call.name.span));
    }
    Ok(())
}
