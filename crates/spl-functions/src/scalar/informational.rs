//! Informational functions of eval (Splunk search reference, Informational functions): what kind of value a value is.
//!
//! A text that looks like a number counts as a number here, because a field's value does. A quoted string in an
//! expression never does; only the planner can tell the two apart, so it asks [`of_quoted_string`] first.

use arrow::array::ArrayRef;
use datafusion_common::Result;

use super::kernels::{boolean, conditions, text};
use super::{Call, FunctionSpec, Kernel};
use crate::column::ValueType;
use crate::value::Value;

const CATEGORY: &str = "Informational functions";

/// The informational functions.
pub const FUNCTIONS: &[FunctionSpec] = &[
    test("isarray", "isarray(<value>)", "whether the value is a JSON array", |call| each(call, |value| is_json(value, b'['))),
    test("isbool", "isbool(<value>)", "whether the value is Boolean", |call| {
        each(call, |value| matches!(value, Value::Boolean(_)))
    }),
    test("isdouble", "isdouble(<value>)", "whether the value is a number with a fraction", |call| {
        each(call, |value| kind(value) == Kind::Double)
    }),
    test("isint", "isint(<value>)", "whether the value is a whole number", |call| {
        each(call, |value| kind(value) == Kind::Integer)
    }),
    test("ismv", "ismv(<value>)", "whether the field has several values", |call| {
        each(call, |value| matches!(value, Value::Multivalue(values) if values.len() > 1))
    }),
    test("isnotnull", "isnotnull(<value>)", "whether the field is present", |call| each(call, |value| !value.is_null())),
    test("isnull", "isnull(<value>)", "whether the field is absent", |call| each(call, |value| value.is_null())),
    test("isnum", "isnum(<value>)", "whether the value is a number", |call| {
        each(call, |value| matches!(kind(value), Kind::Integer | Kind::Double | Kind::NotANumber))
    }),
    test("isobject", "isobject(<value>)", "whether the value is a JSON object", |call| each(call, |value| is_json(value, b'{'))),
    test("isstr", "isstr(<value>)", "whether the value is a string", |call| {
        each(call, |value| matches!(kind(value), Kind::Text | Kind::NotANumber))
    }),
    FunctionSpec::new(
        "typeof",
        CATEGORY,
        "typeof(<value>)",
        "the type of the value: Number, String, Bool, Multivalue, or Invalid for null",
        (1, Some(1)),
        text,
        Kernel::Columns(type_of),
    ),
];

const fn test(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    kernel: fn(&Call<'_>) -> Result<ArrayRef>,
) -> FunctionSpec {
    FunctionSpec::new(name, CATEGORY, syntax, summary, (1, Some(1)), boolean, Kernel::Columns(kernel))
}

/// What the functions that tell strings from numbers say of a quoted string: it is a string even when it looks like a
/// number (Splunk search reference, isnum). None for other functions.
pub fn of_quoted_string(function: &str) -> Option<Value<'static>> {
    match function.to_ascii_lowercase().as_str() {
        "isnum" | "isint" | "isdouble" => Some(Value::Boolean(false)),
        "isstr" => Some(Value::Boolean(true)),
        "typeof" => Some(Value::Text("String")),
        _ => None,
    }
}

fn each(call: &Call<'_>, holds: fn(Value<'_>) -> bool) -> Result<ArrayRef> {
    conditions(call, |row| Ok(Some(holds(call.value(0, row)))))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Text,
    Integer,
    Double,
    /// A number that is none, or its text: both a number and a string.
    NotANumber,
    Boolean,
    Multivalue,
}

fn kind(value: Value<'_>) -> Kind {
    match value {
        Value::Null => Kind::Null,
        Value::Integer(_) => Kind::Integer,
        Value::Float(number) if number.is_nan() => Kind::NotANumber,
        // A whole number prints without a point, whatever it was computed as.
        Value::Float(number) if number.fract() == 0.0 => Kind::Integer,
        Value::Float(_) => Kind::Double,
        Value::Boolean(_) => Kind::Boolean,
        Value::Text(text) => match value.number() {
            Some(number) if number.fract() == 0.0 && !text.contains('.') => Kind::Integer,
            Some(_) => Kind::Double,
            None if text.eq_ignore_ascii_case("nan") => Kind::NotANumber,
            None => Kind::Text,
        },
        Value::Multivalue(values) => match values.get(0) {
            Some(only) if values.len() == 1 => kind(Value::Text(only)),
            _ => Kind::Multivalue,
        },
    }
}

fn is_json(value: Value<'_>, opening: u8) -> bool {
    let Some(text) = value.text() else {
        return false;
    };
    text.trim_start().as_bytes().first() == Some(&opening) && serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok()
}

fn type_of(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder_of(ValueType::Text);
    for row in 0..call.rows {
        built.append_text(match kind(call.value(0, row)) {
            Kind::Null => "Invalid",
            Kind::Text => "String",
            Kind::Integer | Kind::Double | Kind::NotANumber => "Number",
            Kind::Boolean => "Bool",
            Kind::Multivalue => "Multivalue",
        });
    }
    Ok(built.finish())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{boolean, integer, null, number, one, text, values};
    use super::*;

    #[test]
    fn kinds_of_values() {
        for (name, value, expected) in [
            ("isarray", text("[1, 2, 3]"), "True"),
            ("isarray", integer(1), "False"),
            ("isobject", text("{\"a\": \"b\"}"), "True"),
            ("isobject", text("{cities: \"3\"}"), "False"),
            ("isbool", boolean(false), "True"),
            ("isbool", text("true"), "False"),
            ("isdouble", number(3.546), "True"),
            ("isdouble", integer(1_000_000), "False"),
            ("isint", text("42"), "True"),
            ("isint", text("4x"), "False"),
            ("isint", text("4.0"), "False"),
            ("ismv", values(&["1", "2"]), "True"),
            ("ismv", values(&["1"]), "False"),
            ("isnull", null(), "True"),
            ("isnull", text(""), "False"),
            ("isnotnull", integer(0), "True"),
            ("isnum", text("NaN"), "True"),
            ("isnum", text("1e3"), "True"),
            ("isnum", text("abc"), "False"),
            ("isnum", null(), "False"),
            ("isstr", text("abc"), "True"),
            ("isstr", integer(3), "False"),
            ("typeof", integer(12), "Number"),
            ("typeof", text("12"), "Number"),
            ("typeof", text("string"), "String"),
            ("typeof", boolean(true), "Bool"),
            ("typeof", null(), "Invalid"),
            ("typeof", values(&["1", "2"]), "Multivalue"),
        ] {
            assert_eq!(one(name, std::slice::from_ref(&value)), expected, "{name} {value:?}");
        }
        assert_eq!(of_quoted_string("isNum"), Some(Value::Boolean(false)));
        assert_eq!(of_quoted_string("len"), None);
    }
}
