//! The elements of `pivot`, which has words where other commands have options.

use super::names;
use crate::syntax::{Argument, Clause};

/// The words in front of an argument of an element; `before` is its place among the element's arguments.
pub fn lead(clause: &Clause, place: usize) -> &'static str {
    if clause.keyword.value.eq_ignore_ascii_case("limit") && place == 1 { "by " } else { "" }
}

/// Prints an argument that only `pivot` writes so; false when it is written as in every command.
pub fn argument(output: &mut String, clause: &Clause, place: usize, argument: &Argument) -> bool {
    let sorts = matches!(clause.keyword.value.to_ascii_lowercase().as_str(), "sort" | "rowsort");
    match argument {
        Argument::Pair { name, value } => {
            if matches!(name.value.as_str(), "as" | "period" | "truelabel" | "falselabel") {
                output.push_str(&name.value);
                output.push(' ');
            } else {
                output.push_str("range ");
                output.push_str(&name.value);
                output.push('=');
            }
            names::word(output, &value.value);
            true
        }
        Argument::Text { text, .. } if sorts && place > 0 => {
            let field = match text.value.strip_prefix('-') {
                Some(field) => {
                    output.push_str("- ");
                    field
                }
                None => &text.value,
            };
            names::quoted(output, field);
            true
        }
        _ => false,
    }
}
