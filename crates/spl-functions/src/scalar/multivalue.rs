//! Multivalue functions of eval.

mod commands;
mod range;

use std::borrow::Cow;

use arrow::array::ArrayRef;
use datafusion_common::{Result, exec_datafusion_err};
use hashbrown::HashSet;

use super::{Call, FunctionSpec, Kernel};
use crate::column::{MOST_TEXT, ValueType};
use crate::pattern::Pattern;
use crate::value::Value;
use commands::commands;
use range::{Step, mvrange};

const CATEGORY: &str = "Multivalue eval functions";

const fn function(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    arity: (usize, Option<usize>),
    returns: fn(&[ValueType]) -> ValueType,
    kernel: Kernel,
) -> FunctionSpec {
    FunctionSpec { name, category: CATEGORY, syntax, summary, arity, returns, kernel, status: super::Status::Full, check: None }
}

/// The multivalue functions.
pub const FUNCTIONS: &[FunctionSpec] = &[
    function(
        "commands",
        "commands(<value>)",
        "the names of the commands in a search",
        (1, Some(1)),
        multivalue,
        Kernel::Columns(commands),
    ),
    function("mvappend", "mvappend(<values>)", "all values of all arguments", (1, None), multivalue, Kernel::Columns(mvappend)),
    function(
        "mvcount",
        "mvcount(<mv>)",
        "the number of values, null when there is none",
        (1, Some(1)),
        integer,
        Kernel::Columns(mvcount),
    ),
    function(
        "mvdedup",
        "mvdedup(<mv>)",
        "the values without repetitions, in order",
        (1, Some(1)),
        multivalue,
        Kernel::Columns(mvdedup),
    ),
    function(
        "mvfilter",
        "mvfilter(<predicate>)",
        "the values of the field in the predicate for which it is true",
        (1, Some(1)),
        multivalue,
        Kernel::Planned,
    ),
    FunctionSpec {
        status: super::Status::Full,
        check: Some(|arguments| match arguments.get(1) {
            Some(Some(Value::Text(regex))) => Pattern::new(regex).map(|_| ()),
            _ => Ok(()),
        }),
        ..function(
            "mvfind",
            "mvfind(<mv>,<regex>)",
            "the position, from 0, of the first value that the regex matches",
            (2, Some(2)),
            integer,
            Kernel::Columns(mvfind),
        )
    },
    function(
        "mvindex",
        "mvindex(<mv>,<start>,<end>)",
        "the value at a position from 0, or those from start to end; negative positions count from the end",
        (2, Some(3)),
        // A position gives one value, a range several.
        |arguments| {
            if arguments.len() > 2 { ValueType::Multivalue } else { ValueType::Text }
        },
        Kernel::Columns(mvindex),
    ),
    function("mvjoin", "mvjoin(<mv>,<delim>)", "the values joined by the delimiter", (2, Some(2)), text, Kernel::Columns(mvjoin)),
    function(
        "mvmap",
        "mvmap(<mv>,<expression>)",
        "the expression computed for each value",
        (2, Some(2)),
        multivalue,
        Kernel::Planned,
    ),
    FunctionSpec {
        status: super::Status::Full,
        check: Some(|arguments| match arguments.get(2) {
            Some(Some(Value::Text(step))) => Step::parse(&Value::Text(step)).map(|_| ()),
            _ => Ok(()),
        }),
        ..function(
            "mvrange",
            "mvrange(<start>,<end>,<step>)",
            "the numbers from start up to, but without, end, by a step of 1, a number or a time span",
            (2, Some(3)),
            multivalue,
            Kernel::Columns(mvrange),
        )
    },
    function(
        "mvreverse",
        "mvreverse(<value>)",
        "the values in reverse order",
        (1, Some(1)),
        multivalue,
        Kernel::Columns(mvreverse),
    ),
    function("mvsort", "mvsort(<mv>)", "the values sorted by code point", (1, Some(1)), multivalue, Kernel::Columns(mvsort)),
    function(
        "mvzip",
        "mvzip(<mv_left>,<mv_right>,<delim>)",
        "the first values joined by the delimiter (a comma), the second values, and so on while both have one",
        (2, Some(3)),
        multivalue,
        Kernel::Columns(mvzip),
    ),
    function(
        "mv_to_json_array",
        "mv_to_json_array(<field>,<infer_types>)",
        "the values as JSON array of strings, or of what they are as JSON",
        (1, Some(2)),
        text,
        Kernel::Columns(mv_to_json_array),
    ),
    function(
        "split",
        "split(<str>,<delim>)",
        "the parts between the delimiters; the characters when the delimiter is empty",
        (2, Some(2)),
        multivalue,
        Kernel::Columns(split),
    ),
];

fn multivalue(_: &[ValueType]) -> ValueType {
    ValueType::Multivalue
}

fn integer(_: &[ValueType]) -> ValueType {
    ValueType::Integer
}

fn text(_: &[ValueType]) -> ValueType {
    ValueType::Text
}

fn mvappend(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        built.append_values((0..call.arguments.len()).flat_map(|argument| call.value(argument, row).each_text()));
    }
    Ok(built.finish())
}

fn mvcount(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        built.append(match call.value(0, row) {
            Value::Null => Value::Null,
            Value::Multivalue(values) => Value::Integer(values.len() as i64),
            _ => Value::Integer(1),
        });
    }
    Ok(built.finish())
}

/// A column of lists made from the list of the first argument.
fn rearranged(call: &Call<'_>, rearrange: fn(&mut Vec<Cow<'_, str>>)) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let mut values = call.value(0, row).each_text();
        rearrange(&mut values);
        built.append_values(values);
    }
    Ok(built.finish())
}

fn mvdedup(call: &Call<'_>) -> Result<ArrayRef> {
    rearranged(call, |values| {
        let mut seen = HashSet::with_capacity(values.len());
        values.retain(|value| seen.insert(value.clone()));
    })
}

fn mvreverse(call: &Call<'_>) -> Result<ArrayRef> {
    rearranged(call, |values| values.reverse())
}

fn mvsort(call: &Call<'_>) -> Result<ArrayRef> {
    rearranged(call, |values| values.sort_unstable())
}

fn mvfind(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let mut found = Value::Null;
        if let Some(regex) = call.value(1, row).text() {
            let pattern = call.patterns.get(&regex).map_err(|error| exec_datafusion_err!("mvfind: {error}"))?;
            for (position, value) in call.value(0, row).each_text().iter().enumerate() {
                if pattern.is_match(value).map_err(|error| exec_datafusion_err!("mvfind: {error}"))? {
                    found = Value::Integer(position as i64);
                    break;
                }
            }
        }
        built.append(found);
    }
    Ok(built.finish())
}

fn mvindex(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let values = call.value(0, row).each_text();
        let position = |argument: usize| {
            let number = call.value(argument, row).number()?.trunc();
            let position = if number < 0.0 { number + values.len() as f64 } else { number };
            (position >= 0.0 && position < values.len() as f64).then_some(position as usize)
        };
        let start = position(1);
        let end = if call.has(2) { position(2) } else { start };
        match (start, end) {
            (Some(start), Some(end)) if start <= end => built.append_values(&values[start..=end]),
            _ => built.append_null(),
        }
    }
    Ok(built.finish())
}

fn mvjoin(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let values = call.value(0, row).each_text();
        match call.value(1, row).text() {
            Some(delimiter) if !values.is_empty() => {
                let bytes = values.iter().map(|value| value.len()).sum::<usize>();
                match bytes.saturating_add(delimiter.len().saturating_mul(values.len() - 1)) {
                    0..=MOST_TEXT => built.append_text(&values.join(delimiter.as_ref())),
                    _ => built.append_too_large(),
                }
            }
            _ => built.append_null(),
        }
    }
    Ok(built.finish())
}

fn mvzip(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let delimiter = if call.has(2) { call.value(2, row).text() } else { Some(Cow::Borrowed(",")) };
        match delimiter {
            Some(delimiter) => {
                let (left, right) = (call.value(0, row).each_text(), call.value(1, row).each_text());
                built.append_values(left.iter().zip(&right).map(|(left, right)| format!("{left}{delimiter}{right}")));
            }
            None => built.append_null(),
        }
    }
    Ok(built.finish())
}

fn split(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    let mut buffer = [0; 4];
    for row in 0..call.rows {
        let values = call.value(0, row).each_text();
        match call.value(1, row).text() {
            None => built.append_null(),
            Some(delimiter) if delimiter.is_empty() => built.append_values(
                values.iter().flat_map(|value| value.chars()).map(|character| character.encode_utf8(&mut buffer).to_owned()),
            ),
            Some(delimiter) => built.append_values(values.iter().flat_map(|value| value.split(delimiter.as_ref()))),
        }
    }
    Ok(built.finish())
}

fn mv_to_json_array(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let infer = is_true(&call.value(1, row));
        let values = call.value(0, row).each_text();
        if values.is_empty() {
            built.append_null();
            continue;
        }
        let items =
            values
                .into_iter()
                .map(|value| {
                    if infer {
                        serde_json::from_str(&value).unwrap_or(serde_json::Value::Null)
                    } else {
                        value.into_owned().into()
                    }
                })
                .collect();
        built.append_text(&serde_json::Value::Array(items).to_string());
    }
    Ok(built.finish())
}

/// Whether a flag argument is set: `true()`, or a text or number that says so.
pub(super) fn is_true(value: &Value<'_>) -> bool {
    match value {
        Value::Boolean(flag) => *flag,
        Value::Text(text) => text.eq_ignore_ascii_case("true") || *text == "1",
        other => other.number().is_some_and(|number| number != 0.0),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::testing::{boolean, check, evaluate, integer, null, one, text, texts, values};
    use super::*;

    #[test]
    fn counting_and_arranging() {
        assert_eq!(one("mvcount", &[values(&["x", "y", "z"])]), "3");
        assert_eq!(one("mvcount", &[text("x")]), "1");
        assert_eq!(one("mvcount", &[null()]), "null");
        assert_eq!(one("mvdedup", &[values(&["b", "a", "b"])]), "b|a");
        assert_eq!(one("mvreverse", &[values(&["1", "2", "3"])]), "3|2|1");
        assert_eq!(one("mvsort", &[values(&["10", "9", "b", "B", "a", "100"])]), "10|100|9|B|a|b");
        assert_eq!(one("mvsort", &[null()]), "null");
        assert_eq!(one("mvappend", &[text("a"), null(), values(&["b", "c"]), integer(4)]), "a|b|c|4");
        assert_eq!(one("mvappend", &[null(), null()]), "null");
    }

    #[test]
    fn finding() {
        let names = ["alex", "celestino", "claudia", "david", "ikraam"];
        let at = |start: i64| one("mvindex", &[values(&names), integer(start)]);
        assert_eq!([at(0), at(-1), at(5), at(-6)], ["alex", "ikraam", "null", "null"]);
        let range = |start: i64, end: i64| one("mvindex", &[values(&names), integer(start), integer(end)]);
        assert_eq!(
            [range(0, 1), range(-2, -1), range(4, 4), range(3, 9), range(2, 1)],
            ["alex|celestino", "david|ikraam", "ikraam", "null", "null"]
        );
        assert_eq!(one("mvindex", &[text("x"), text("one")]), "null");
        assert_eq!(one("mvfind", &[values(&["alpha", "beta"]), text("^be")]), "1");
        assert_eq!(one("mvfind", &[values(&["alpha", "beta"]), text("x")]), "null");
        assert_eq!(one("mvfind", &[text("a"), text("(")]), "error");
        assert!(check("mvfind", &[None, Some(Value::Text("("))]).is_err());
    }

    #[test]
    fn joining_and_splitting() {
        assert_eq!(one("mvjoin", &[values(&["1", "2"]), text(" OR ")]), "1 OR 2");
        assert_eq!(one("mvjoin", &[null(), text(",")]), "null");
        assert_eq!(one("mvzip", &[values(&["a", "b", "c"]), values(&["1", "2"])]), "a,1|b,2");
        assert_eq!(one("mvzip", &[text("a"), text("b"), text("::")]), "a::b");
        assert_eq!(one("mvzip", &[text("a"), null()]), "null");
        assert_eq!(one("split", &[text("a;b;;c"), text(";")]), "a|b||c");
        assert_eq!(one("split", &[text("añb"), text("")]), "a|ñ|b");
        assert_eq!(one("split", &[text("name::value"), text("::")]), "name|value");
        assert_eq!(evaluate("split", &[texts(&[Some("a"), None]), text(",")]).unwrap(), [Some("a".to_owned()), None]);
    }

    #[test]
    fn json_arrays() {
        let ponies = || values(&["\"Rarity\"", "true", "null", "2.5", "bare"]);
        assert_eq!(one("mv_to_json_array", &[ponies()]), r#"["\"Rarity\"","true","null","2.5","bare"]"#);
        assert_eq!(one("mv_to_json_array", &[ponies(), boolean(true)]), r#"["Rarity",true,null,2.5,null]"#);
        assert_eq!(one("mv_to_json_array", &[null()]), "null");
    }
}
