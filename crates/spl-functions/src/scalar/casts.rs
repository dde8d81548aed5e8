//! Conversions that the planner inserts: to text, to a number, to several values, to a sort key.

use arrow::array::ArrayRef;
use datafusion_common::Result;

use super::{Call, FunctionSpec, Kernel};
use crate::column::ValueType;
use crate::value::Value;

const CATEGORY: &str = super::OPERATORS;

/// The conversions. Their names start with `spl_`: they are not functions that a search can call.
pub const FUNCTIONS: &[FunctionSpec] = &[
    FunctionSpec {
        name: "spl_text",
        category: CATEGORY,
        syntax: "spl_text(<value>)",
        summary: "the value as text; several values joined by line feeds",
        arity: (1, Some(1)),
        returns: |_| ValueType::Text,
        kernel: Kernel::Columns(convert),
        status: super::Status::Full,
        check: None,
    },
    FunctionSpec {
        name: "spl_number",
        category: CATEGORY,
        syntax: "spl_number(<value>)",
        summary: "the value as a number; absent when it does not look like one",
        arity: (1, Some(1)),
        returns: |_| ValueType::Float,
        kernel: Kernel::Columns(convert),
        status: super::Status::Full,
        check: None,
    },
    FunctionSpec {
        name: "spl_multivalue",
        category: CATEGORY,
        syntax: "spl_multivalue(<value>)",
        summary: "the value as a list of one",
        arity: (1, Some(1)),
        returns: |_| ValueType::Multivalue,
        kernel: Kernel::Columns(convert),
        status: super::Status::Full,
        check: None,
    },
    FunctionSpec {
        name: "spl_sort_key",
        category: CATEGORY,
        syntax: "spl_sort_key(<value>,<auto|group|num|str|ip>)",
        summary: "a text whose byte order is the sort order of the value; absent for an absent value",
        arity: (2, Some(2)),
        returns: |_| ValueType::Text,
        kernel: Kernel::Columns(sort_key),
        status: super::Status::Full,
        check: None,
    },
];

fn convert(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        built.append(call.value(0, row));
    }
    Ok(built.finish())
}

fn sort_key(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder_of(ValueType::Text);
    for row in 0..call.rows {
        let kind = call.value(1, row).text().unwrap_or_default().into_owned();
        match key(call.value(0, row), &kind) {
            Some(key) => built.append_text(&key),
            None => built.append_null(),
        }
    }
    Ok(built.finish())
}

/// Numbers before addresses before texts (Splunk search reference, sort: auto looks at each value).
fn key(value: Value<'_>, kind: &str) -> Option<String> {
    let text = value.text()?;
    let number = || value.number().filter(|number| !number.is_nan()).map(number_key);
    let address = || {
        text.trim().parse::<std::net::IpAddr>().ok().map(|address| match address {
            std::net::IpAddr::V4(address) => format!("2{:08x}", u32::from(address)),
            std::net::IpAddr::V6(address) => format!("3{:032x}", u128::from(address)),
        })
    };
    let plain = || format!("4{text}");
    Some(match kind {
        "str" => plain(),
        "num" => number().unwrap_or_else(plain),
        "ip" => address().unwrap_or_else(plain),
        // Groups whose values are the same number written in other ways have an order of their own.
        "group" => number().map(|number| number + &text).or_else(address).unwrap_or_else(plain),
        _ => number().or_else(address).unwrap_or_else(plain),
    })
}

/// Hexadecimal digits whose order is the order of the numbers.
fn number_key(number: f64) -> String {
    let bits = (if number == 0.0 { 0.0_f64 } else { number }).to_bits();
    let ordered = if bits >> 63 == 0 { bits | (1 << 63) } else { !bits };
    format!("1{ordered:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_order_numbers_before_addresses_before_texts() {
        let keys: Vec<Option<String>> = ["-2", "-1.5", "0", "3", "20", "10.0.0.2", "10.0.0.10", "A", "a", "b"]
            .into_iter()
            .map(|text| key(Value::Text(text), "auto"))
            .collect();
        let mut sorted = keys.clone();
        sorted.sort();
        assert_eq!(keys, sorted);
        assert_eq!(key(Value::Null, "auto"), None);
        assert_eq!(key(Value::Text("010"), "auto"), key(Value::Text("10"), "auto"));
        let groups: Vec<Option<String>> =
            ["9", "010", "10", "10.0", "11"].into_iter().map(|text| key(Value::Text(text), "group")).collect();
        assert!(groups.is_sorted());
        assert!(groups.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
