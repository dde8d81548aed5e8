//! Conversion functions of eval (Splunk search reference, Conversion functions).

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion_common::Result;
use serde_json::Value as Json;

use super::kernels::{Compiled, boolean, conditions, float, numbers, text, text_or_values, texts};
use super::printf::Format;
use super::{Call, FunctionSpec, Kernel};
use crate::column::ValueType;
use crate::value::{Value, parse_number, write_decimals, write_number, written_decimals};

const CATEGORY: &str = "Conversion functions";

/// The conversion functions.
pub const FUNCTIONS: &[FunctionSpec] = &[
    row(
        "ipmask",
        "ipmask(<mask>,<ip>)",
        "the bits of an IPv4 address that are set in the mask; null when either is no IPv4 address",
        (2, Some(2)),
        text,
        ipmask,
    )
    .checked(check_ipmask),
    row("printf", "printf(<format>,<arguments>)", "the arguments in the format of C's sprintf", (1, None), text, printf)
        .checked(check_printf),
    row(
        "toarray",
        "toarray(<value>)",
        "a field with several values, or the text of a JSON array, as a JSON array; else null",
        (1, Some(1)),
        text,
        toarray,
    ),
    row(
        "tobool",
        "tobool(<value>)",
        "true for a number other than 0 and the texts true and True, false for 0, false and False; else null",
        (1, Some(1)),
        boolean,
        tobool,
    ),
    row("todouble", "todouble(<value>,<base>)", "the number that the value reads as", (1, Some(2)), float, |call| {
        numbers(call, |row| read_number(call, row))
    })
    .checked(check_base),
    row("toint", "toint(<value>,<base>)", "the number that the value reads as, rounded down", (1, Some(2)), float, |call| {
        numbers(call, |row| read_number(call, row).map(f64::floor))
    })
    .checked(check_base),
    row(
        "tomv",
        "tomv(<value>)",
        "the items of a JSON array as several values; several values as they are; else null",
        (1, Some(1)),
        |_| ValueType::Multivalue,
        tomv,
    ),
    row(
        "tonumber",
        "tonumber(<str>,<base>)",
        "the number that the text reads as in the base (2 to 36, 10 when none is given); null when it is none",
        (1, Some(2)),
        float,
        |call| numbers(call, |row| read_number(call, row)),
    )
    .checked(check_tonumber),
    row("toobject", "toobject(<value>)", "the text of a JSON object as one; else null", (1, Some(1)), text, toobject),
    row(
        "tostring",
        "tostring(<value>,<format>)",
        "the value as text; a number in the format binary, hex, commas or duration",
        (1, Some(2)),
        text_or_values,
        tostring,
    )
    .checked(check_tostring),
];

const fn row(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    arity: super::Arity,
    returns: fn(&[ValueType]) -> ValueType,
    kernel: fn(&Call<'_>) -> Result<ArrayRef>,
) -> FunctionSpec {
    FunctionSpec::new(name, CATEGORY, syntax, summary, arity, returns, Kernel::Columns(kernel))
}

fn literal<'a>(arguments: &[Option<Value<'a>>], argument: usize) -> Option<Value<'a>> {
    arguments.get(argument).copied().flatten()
}

fn check_ipmask(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    for argument in 0..2 {
        if let Some(Value::Text(address)) = literal(arguments, argument)
            && address.parse::<Ipv4Addr>().is_err()
        {
            return Err(format!("\"{address}\" is no IPv4 address"));
        }
    }
    Ok(())
}

fn ipmask(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder_of(ValueType::Text);
    for row in 0..call.rows {
        let address = |argument: usize| call.value(argument, row).text()?.parse::<Ipv4Addr>().ok();
        match (address(0), address(1)) {
            (Some(mask), Some(address)) => built.append_text(&(mask & address).to_string()),
            _ => built.append_null(),
        }
    }
    Ok(built.finish())
}

fn check_printf(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    match literal(arguments, 0) {
        Some(Value::Text(format)) => {
            let needed = Format::new(format)?.arguments();
            let given = arguments.len() - 1;
            if given < needed {
                return Err(format!("the format \"{format}\" needs {needed} arguments, {given} are given"));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn printf(call: &Call<'_>) -> Result<ArrayRef> {
    let mut format: Compiled<Arc<Format>> = Compiled::new();
    let mut built = call.builder_of(ValueType::Text);
    let mut printed = String::new();
    for row in 0..call.rows {
        printed.clear();
        let format = format.get(call, 0, row, |text| Format::new(text).map(Arc::new))?;
        match format.and_then(|format| format.print(|argument| call.value(argument + 1, row), &mut printed)) {
            Some(()) => built.append_text(&printed),
            None => built.append_null(),
        }
    }
    Ok(built.finish())
}

/// Reads digits of a base with an optional sign; base 16 may begin with `0x`. None for anything else.
fn parse_in_base(text: &str, base: u32) -> Option<f64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match base {
        16 => digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).unwrap_or(digits),
        _ => digits,
    };
    if digits.is_empty() {
        return None;
    }
    let mut number = 0.0;
    for digit in digits.chars() {
        number = number * f64::from(base) + f64::from(digit.to_digit(base)?);
    }
    Some(if negative { -number } else { number })
}

/// The number of a text in a base; blanks around it make it none.
fn parse_text(text: &str, base: Option<f64>) -> Option<f64> {
    if text.trim() != text {
        return None;
    }
    match base {
        None => parse_number(text),
        Some(10.0) => parse_number(text),
        Some(base) if base.fract() == 0.0 && (2.0..=36.0).contains(&base) => parse_in_base(text, base as u32),
        Some(_) => None,
    }
}

fn read_number(call: &Call<'_>, row: usize) -> Option<f64> {
    let base = if call.has(1) { Some(call.value(1, row).number()?) } else { None };
    match call.value(0, row) {
        // A number's digits are read in the base as well when its column happens to be one of numbers.
        Value::Integer(number) if base.is_some_and(|base| base != 10.0) => parse_text(&number.to_string(), base),
        Value::Integer(number) => Some(number as f64),
        Value::Float(number) => Some(number),
        Value::Text(text) => parse_text(text, base),
        Value::Multivalue(values) if values.len() == 1 => parse_text(values.get(0)?, base),
        _ => None,
    }
}

fn check_base(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    match literal(arguments, 1) {
        Some(base) if !base.number().is_some_and(|base| base.fract() == 0.0 && (2.0..=36.0).contains(&base)) => {
            Err("the base must be a whole number from 2 to 36".to_owned())
        }
        _ => Ok(()),
    }
}

fn check_tonumber(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    check_base(arguments)?;
    let base = literal(arguments, 1).and_then(|base| base.number());
    match literal(arguments, 0) {
        Some(Value::Text(text)) if (arguments.len() < 2 || base.is_some()) && parse_text(text, base).is_none() => {
            Err(format!("the string \"{text}\" is no number"))
        }
        _ => Ok(()),
    }
}

const FORMATS: [&str; 4] = ["binary", "hex", "commas", "duration"];

fn check_tostring(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    match literal(arguments, 1) {
        Some(Value::Text(format)) if !FORMATS.iter().any(|known| known.eq_ignore_ascii_case(format)) => {
            Err(format!("tostring knows the formats {}, not \"{format}\"", FORMATS.join(", ")))
        }
        _ => Ok(()),
    }
}

fn tostring(call: &Call<'_>) -> Result<ArrayRef> {
    let mut format: Compiled<String> = Compiled::new();
    texts(call, |row, text, result| {
        let format = if call.has(1) { format.get(call, 1, row, |text| Ok(text.to_ascii_lowercase()))? } else { None };
        match (format.map(String::as_str), parse_number(text)) {
            // A text that is written with decimals keeps them, two at most: `4.00`.
            (Some("commas"), Some(number)) if written_decimals(text).is_some() => {
                let mut digits = String::new();
                write_decimals(number, written_decimals(text).map(|decimals| decimals.clamp(0, 2)), &mut digits);
                super::printf::write_grouped(&digits, result);
                Ok(true)
            }
            (Some(format), Some(number)) => Ok(write_formatted(number, format, result)),
            _ => {
                result.push_str(text);
                Ok(true)
            }
        }
    })
}

/// Appends a number in a format of `tostring`; false when it can't be written in it.
fn write_formatted(number: f64, format: &str, result: &mut String) -> bool {
    // Writing into a String can't fail.
    let whole = (number.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&number)).then_some(number as u64);
    let _ = match (format, whole) {
        ("hex", Some(whole)) => write!(result, "0x{whole:X}"),
        ("binary", Some(whole)) => write!(result, "{whole:b}"),
        ("hex" | "binary", None) => return false,
        ("commas", _) => {
            let digits = if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{:.2}", hundredths(number)) };
            super::printf::write_grouped(&digits, result);
            Ok(())
        }
        ("duration", _) => write_duration(number, result),
        _ => {
            write_number(number, result);
            Ok(())
        }
    };
    true
}

fn hundredths(number: f64) -> f64 {
    crate::value::round_decimals(number, 2).unwrap_or(number)
}

/// `[D+]HH:MM:SS[.ffffff]`.
fn write_duration(seconds: f64, result: &mut String) -> std::fmt::Result {
    let microseconds = (seconds.abs() * 1e6).round() as u128;
    let (whole, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
    if seconds < 0.0 {
        result.push('-');
    }
    if whole >= 86_400 {
        write!(result, "{}+", whole / 86_400)?;
    }
    write!(result, "{:02}:{:02}:{:02}", whole / 3_600 % 24, whole / 60 % 60, whole % 60)?;
    if fraction > 0 {
        write!(result, ".{fraction:06}")?;
    }
    Ok(())
}

fn tobool(call: &Call<'_>) -> Result<ArrayRef> {
    conditions(call, |row| {
        let value = call.value(0, row);
        Ok(match (value, value.number()) {
            (Value::Boolean(flag), _) => Some(flag),
            (_, Some(number)) => Some(number != 0.0),
            (Value::Text("true" | "True"), _) => Some(true),
            (Value::Text("false" | "False"), _) => Some(false),
            _ => None,
        })
    })
}

/// The JSON text of a value without blanks, its numbers printed as SPL prints them.
fn write_json(value: &Json, result: &mut String) {
    match value {
        Json::Array(items) => {
            result.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    result.push(',');
                }
                write_json(item, result);
            }
            result.push(']');
        }
        Json::Object(members) => {
            result.push('{');
            for (index, (name, item)) in members.iter().enumerate() {
                if index > 0 {
                    result.push(',');
                }
                result.push_str(&Json::from(name.as_str()).to_string());
                result.push(':');
                write_json(item, result);
            }
            result.push('}');
        }
        Json::Number(number) if number.is_f64() => write_number(number.as_f64().unwrap_or_default(), result),
        other => result.push_str(&other.to_string()),
    }
}

/// Appends an item of several values as JSON: what reads as JSON's number, true, false, null, array or object is one.
fn write_inferred(item: &str, result: &mut String) {
    match serde_json::from_str::<Json>(item.trim()) {
        Ok(value) if !value.is_string() => write_json(&value, result),
        _ => result.push_str(&Json::from(item).to_string()),
    }
}

fn toarray(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder_of(ValueType::Text);
    let mut array = String::new();
    for row in 0..call.rows {
        array.clear();
        match call.value(0, row) {
            Value::Multivalue(values) if values.len() > 1 => {
                for (index, item) in values.iter().enumerate() {
                    array.push(if index == 0 { '[' } else { ',' });
                    write_inferred(item, &mut array);
                }
                array.push(']');
            }
            value => {
                let parsed = value.text().and_then(|text| serde_json::from_str::<Json>(&text).ok());
                if let Some(parsed @ Json::Array(_)) = parsed {
                    write_json(&parsed, &mut array);
                }
            }
        }
        if array.is_empty() { built.append_null() } else { built.append_text(&array) }
    }
    Ok(built.finish())
}

fn toobject(call: &Call<'_>) -> Result<ArrayRef> {
    texts(call, |_, text, result| {
        let Ok(parsed @ Json::Object(_)) = serde_json::from_str::<Json>(text) else {
            return Ok(false);
        };
        write_json(&parsed, result);
        Ok(true)
    })
}

fn tomv(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder_of(ValueType::Multivalue);
    for row in 0..call.rows {
        let value = call.value(0, row);
        let parsed = match value {
            Value::Multivalue(values) if values.len() > 1 => {
                built.append(value);
                continue;
            }
            value => value.text().and_then(|text| serde_json::from_str::<Json>(&text).ok()),
        };
        match parsed {
            Some(Json::Array(items)) => built.append_values(items.iter().map(|item| match item {
                Json::String(text) => text.clone(),
                other => {
                    let mut written = String::new();
                    write_json(other, &mut written);
                    written
                }
            })),
            _ => built.append_null(),
        }
    }
    Ok(built.finish())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{boolean, check, integer, null, number, one, text, values};
    use super::*;

    #[test]
    fn numbers_from_texts() {
        assert_eq!(one("tonumber", &[text("0A4"), integer(16)]), "164");
        assert_eq!(one("tonumber", &[text("0101"), integer(2)]), "5");
        assert_eq!(one("tonumber", &[text("zz"), integer(36)]), "1295");
        assert_eq!(one("tonumber", &[text("0xff"), integer(16)]), "255");
        assert_eq!(one("tonumber", &[text("-ff"), text("16")]), "-255");
        assert_eq!(one("tonumber", &[integer(11), integer(2)]), "3");
        assert_eq!(one("tonumber", &[text("2"), integer(2)]), "null");
        assert_eq!(one("tonumber", &[text(" 21 ")]), "null");
        assert_eq!(one("tonumber", &[text("seven")]), "null");
        assert_eq!(one("tonumber", &[text("1.50")]), "1.5");
        assert_eq!(one("tonumber", &[null()]), "null");
        assert_eq!(one("tonumber", &[integer(7)]), "7");
        assert_eq!(one("todouble", &[text("16.00")]), "16");
        assert_eq!(one("toint", &[number(3.75)]), "3");
        assert_eq!(one("toint", &[text("-3.25")]), "-4");
        assert!(check("tonumber", &[Some(Value::Text("seven"))]).is_err());
        assert!(check("tonumber", &[Some(Value::Text("ff")), Some(Value::Integer(16))]).is_ok());
        assert!(check("tonumber", &[None, Some(Value::Integer(37))]).is_err());
    }

    #[test]
    fn texts_from_numbers() {
        for (value, format, expected) in [
            (15.0, "hex", "0xF"),
            (255.0, "hex", "0xFF"),
            (-1.0, "hex", "null"),
            (9.0, "binary", "1001"),
            (12345.6789, "commas", "12,345.68"),
            (1000000.1278, "commas", "1,000,000.13"),
            (39532.0, "commas", "39,532"),
            (999.0, "commas", "999"),
            (-1234567.0, "commas", "-1,234,567"),
            (615.0, "duration", "00:10:15"),
            (93784.0, "duration", "1+02:03:04"),
            (0.0, "duration", "00:00:00"),
            (1.5, "duration", "00:00:01.500000"),
        ] {
            assert_eq!(one("tostring", &[number(value), text(format)]), expected, "{value} {format}");
        }
        assert_eq!(one("tostring", &[text("1234.50"), text("commas")]), "1,234.50");
        assert_eq!(one("tostring", &[text("4.00"), text("commas")]), "4.00");
        assert_eq!(one("tostring", &[text("1234.5678"), text("commas")]), "1,234.57");
        assert_eq!(one("tostring", &[boolean(true)]), "True");
        assert_eq!(one("tostring", &[number(2.50)]), "2.5");
        assert_eq!(one("tostring", &[text("abc"), text("hex")]), "abc");
        assert_eq!(one("tostring", &[text("615"), text("duration")]), "00:10:15");
        assert!(check("tostring", &[None, Some(Value::Text("octal"))]).is_err());
    }

    #[test]
    fn masks() {
        assert_eq!(one("ipmask", &[text("0.255.0.224"), text("10.20.30.120")]), "0.20.0.96");
        assert_eq!(one("ipmask", &[text("255.255.255.0"), text("x")]), "null");
        assert!(check("ipmask", &[Some(Value::Text("255.255.0")), None]).is_err());
    }

    #[test]
    fn json_types() {
        assert_eq!(one("toarray", &[values(&["1", " 2", " 3"])]), "[1,2,3]");
        assert_eq!(one("toarray", &[text("[\"carrots\", 1.00, \"potatoes\", 1.75]")]), "[\"carrots\",1,\"potatoes\",1.75]");
        assert_eq!(one("toarray", &[text("somefield")]), "null");
        assert_eq!(one("tomv", &[text("[\"dubois\",{\"name\":\"patel\"},1]")]), "dubois|{\"name\":\"patel\"}|1");
        assert_eq!(one("tomv", &[text("x")]), "null");
        assert_eq!(one("tomv", &[values(&["a", "b"])]), "a|b");
        assert_eq!(one("toobject", &[text("{\"name\": \"maria\", \"age\": 25}")]), "{\"name\":\"maria\",\"age\":25}");
        assert_eq!(one("toobject", &[text("[1]")]), "null");
        assert_eq!(one("tobool", &[integer(12)]), "True");
        assert_eq!(one("tobool", &[text("0")]), "False");
        assert_eq!(one("tobool", &[text("True")]), "True");
        assert_eq!(one("tobool", &[text("TRUE")]), "null");
    }

    #[test]
    fn printf_prints_null_without_its_arguments() {
        assert_eq!(one("printf", &[text("%d %s"), integer(5), text("x")]), "5 x");
        assert_eq!(one("printf", &[text("%d"), null()]), "null");
        assert_eq!(one("printf", &[text("%d"), text("x")]), "null");
        assert_eq!(one("printf", &[text("100%%")]), "100%");
        assert!(check("printf", &[Some(Value::Text("%d %d")), None]).is_err());
        assert!(check("printf", &[Some(Value::Text("%n")), None]).is_err());
    }
}
