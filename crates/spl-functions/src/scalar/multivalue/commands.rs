//! `commands`: the commands of a search.

use arrow::array::ArrayRef;
use datafusion_common::Result;

use crate::scalar::Call;

pub(super) fn commands(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        match call.value(0, row).text() {
            Some(search) => built.append_values(command_names(&search)),
            None => built.append_null(),
        }
    }
    Ok(built.finish())
}

/// The first words of the commands of a search, those of subsearches left out; a search without a leading bar starts
/// with `search`.
fn command_names(search: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let (mut quoted, mut escaped, mut depth, mut start) = (false, false, 0_usize, 0);
    let mut add = |part: &'_ (usize, usize), first: bool| {
        let text = search[part.0..part.1].trim();
        let end = text.find(|character: char| !(character.is_alphanumeric() || character == '_')).unwrap_or(text.len());
        match &text[..end] {
            "" if first => {}
            name if first && !name.eq_ignore_ascii_case("search") => names.push("search"),
            "" => {}
            name => names.push(name),
        }
    };
    let mut first = true;
    for (at, character) in search.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => {
                add(&(start, at), first);
                first = false;
                start = at + 1;
            }
            _ => {}
        }
    }
    add(&(start, search.len()), first);
    names
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn names_of_commands() {
        assert_eq!(command_names("search foo | stats count | sort count"), ["search", "stats", "sort"]);
        assert_eq!(command_names("| tstats count | eval a=\"x|y\" | join a [search b | head 1]"), ["tstats", "eval", "join"]);
        assert_eq!(command_names("index=main|table a"), ["search", "table"]);
    }
}
