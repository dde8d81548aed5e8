//! Comparison and conditional functions of eval (Splunk search reference, Comparison and Conditional functions).
//!
//! On a field with several values `cidrmatch`, `like` and `match` hold as soon as one value satisfies them.

use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion_common::{Result, exec_datafusion_err};
use ipnet::IpNet;

use super::kernels::{Compiled, any_text, boolean, conditions, text};
use super::{Call, FunctionSpec, Kernel};
use crate::column::ValueType;
use crate::pattern::Pattern;
use crate::value::Value;
use crate::wildcard::LikePattern;

const CATEGORY: &str = "Comparison and Conditional functions";

/// The comparison and conditional functions.
pub const FUNCTIONS: &[FunctionSpec] = &[
    planned(
        "case",
        "case(<condition>,<value>,...)",
        "the value after the first condition that holds; null when none does",
        (2, None),
        |types| common(types.iter().skip(1).step_by(2)),
    )
    .checked(check_pairs),
    FunctionSpec::new(
        "cidrmatch",
        CATEGORY,
        "cidrmatch(<cidr>,<ip>)",
        "whether the IP address is in the subnet (IPv4, IPv6)",
        (2, Some(2)),
        boolean,
        Kernel::Columns(cidrmatch),
    )
    .checked(check_cidr),
    planned("coalesce", "coalesce(<values>)", "the first value that is not null", (1, None), |types| common(types.iter())),
    planned("false", "false()", "false", (0, Some(0)), boolean),
    planned(
        "if",
        "if(<predicate>,<true_value>,<false_value>)",
        "the second value when the predicate holds, else the third",
        (3, Some(3)),
        |types| common(types.iter().skip(1)),
    ),
    planned("in", "in(<field>,<list>)", "whether the value equals one of the list", (2, None), boolean),
    FunctionSpec::new(
        "like",
        CATEGORY,
        "like(<str>,<pattern>)",
        "whether the text matches a pattern in which % stands for any characters and _ for one; with case",
        (2, Some(2)),
        boolean,
        Kernel::Columns(like),
    ),
    planned(
        "lookup",
        "lookup(<table>,json_object(<input>,<value>,...),json_array(<output>,...))",
        "the output fields of the matching row of a lookup table, as a JSON object",
        (3, Some(3)),
        text,
    ),
    FunctionSpec::new(
        "match",
        CATEGORY,
        "match(<str>,<regex>)",
        "whether the regular expression matches anywhere in the text",
        (2, Some(2)),
        boolean,
        Kernel::Columns(matches),
    )
    .checked(check_match),
    planned("null", "null()", "null", (0, Some(0)), |_| ValueType::Null),
    planned("nullif", "nullif(<field1>,<field2>)", "null when the two are equal, else the first", (2, Some(2)), |types| {
        common(types.iter().take(1))
    }),
    planned("searchmatch", "searchmatch(<search_str>)", "whether the event matches the search", (1, Some(1)), boolean),
    planned("true", "true()", "true", (0, Some(0)), boolean),
    planned(
        "validate",
        "validate(<condition>,<value>,...)",
        "the value after the first condition that does not hold; null when all do",
        (2, None),
        |types| common(types.iter().skip(1).step_by(2)),
    )
    .checked(check_pairs),
];

const fn planned(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    arity: super::Arity,
    returns: fn(&[ValueType]) -> ValueType,
) -> FunctionSpec {
    FunctionSpec::new(name, CATEGORY, syntax, summary, arity, returns, Kernel::Planned)
}

/// The type that holds values of all these types.
fn common<'a>(types: impl Iterator<Item = &'a ValueType>) -> ValueType {
    types.copied().fold(ValueType::Null, ValueType::common)
}

fn check_pairs(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    if arguments.len().is_multiple_of(2) {
        Ok(())
    } else {
        Err("conditions and values must come in pairs: the last condition has no value".to_owned())
    }
}

/// Checks a regular expression that is a literal.
pub(super) fn check_regex(pattern: Option<Value<'_>>) -> std::result::Result<(), String> {
    match pattern {
        Some(Value::Text(pattern)) => Pattern::new(pattern)
            .map(|_| ())
            .map_err(|message| format!("the regular expression \"{pattern}\" is not valid: {message}")),
        _ => Ok(()),
    }
}

fn check_match(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    check_regex(arguments.get(1).copied().flatten())
}

/// Reads a subnet; host bits may be set, and an address alone is a subnet of one.
fn parse_network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn check_cidr(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    match arguments.first().copied().flatten() {
        Some(Value::Text(cidr)) if parse_network(cidr).is_none() => {
            Err(format!("\"{cidr}\" is no subnet in CIDR notation, such as 10.0.0.0/8"))
        }
        _ => Ok(()),
    }
}

fn cidrmatch(call: &Call<'_>) -> Result<ArrayRef> {
    let mut network: Compiled<Option<IpNet>> = Compiled::new();
    conditions(call, |row| {
        let Some(network) = network.get(call, 0, row, |text| Ok(parse_network(text)))? else {
            return Ok(None);
        };
        any_text(call.value(1, row), |address| {
            let address = address.trim().parse::<IpAddr>();
            Ok(network.is_some_and(|network| address.is_ok_and(|address| network.contains(&address))))
        })
    })
}

fn like(call: &Call<'_>) -> Result<ArrayRef> {
    let mut pattern: Compiled<LikePattern> = Compiled::new();
    let mut scratch = Vec::new();
    conditions(call, |row| {
        let Some(pattern) = pattern.get(call, 1, row, |text| Ok(LikePattern::new(text)))? else {
            return Ok(None);
        };
        any_text(call.value(0, row), |text| Ok(pattern.matches(text, &mut scratch)))
    })
}

fn matches(call: &Call<'_>) -> Result<ArrayRef> {
    let mut pattern: Compiled<Arc<Pattern>> = Compiled::new();
    conditions(call, |row| {
        let Some(pattern) = pattern.get(call, 1, row, |text| call.patterns.get(text))? else {
            return Ok(None);
        };
        any_text(call.value(0, row), |text| pattern.is_match(text).map_err(|error| exec_datafusion_err!("match: {error}")))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::testing::{check, integer, null, one, text, values};
    use super::*;

    #[test]
    fn subnets() {
        for (cidr, address, expected) in [
            ("192.0.2.0/24", "192.0.2.56", "True"),
            ("192.0.2.0/24", "192.0.3.0", "False"),
            ("182.236.164.11/16", "182.236.1.2", "True"),
            ("2001:0db8:ffff:ffff:ffff:ffff:ffff:ff00/120", "2001:0db8:ffff:ffff:ffff:ffff:ffff:ff99", "True"),
            ("2001:db8:ffff:ffff:ffff:ffff:ffff:ff00/120", "2001:db8:ffff:ffff:ffff:ffff:ffff:fe99", "False"),
            ("10.0.0.1", "10.0.0.1", "True"),
            ("10.0.0.0/8", "no address", "False"),
            ("nonsense", "10.0.0.1", "False"),
        ] {
            assert_eq!(one("cidrmatch", &[text(cidr), text(address)]), expected, "{cidr} {address}");
        }
        assert_eq!(one("cidrmatch", &[text("10.0.0.0/8"), null()]), "null");
        assert_eq!(one("cidrmatch", &[text("10.0.0.0/8"), values(&["1.1.1.1", "10.1.1.1"])]), "True");
        assert!(check("cidrmatch", &[Some(Value::Text("10.0.0/8")), None]).is_err());
    }

    #[test]
    fn patterns() {
        assert_eq!(one("like", &[text("foobar"), text("foo%")]), "True");
        assert_eq!(one("like", &[text("Foobar"), text("foo%")]), "False");
        assert_eq!(one("like", &[integer(404), text("4%")]), "True");
        assert_eq!(one("like", &[null(), text("4%")]), "null");
        assert_eq!(one("like", &[values(&["a", "foo"]), text("f__")]), "True");
        assert_eq!(one("match", &[text("oh yes it is"), text("yes")]), "True");
        assert_eq!(one("match", &[text("oh yes it is"), text("^yes")]), "False");
        assert_eq!(one("match", &[text("foobar"), text("foo(?!baz)")]), "True");
        assert_eq!(one("match", &[text("x"), text("(")]), "error");
        assert_eq!(one("match", &[null(), text("x")]), "null");
        assert_eq!(one("match", &[values(&["a", "b"]), text("^b$")]), "True");
        assert!(check("match", &[None, Some(Value::Text("[a"))]).is_err());
    }

    #[test]
    fn types_of_branches() {
        let returns = |name: &str, types: &[ValueType]| (super::super::lookup(name).unwrap().returns)(types);
        use ValueType::{Boolean, Float, Integer, Null, Text};
        assert_eq!(returns("if", &[Boolean, Integer, Float]), Float);
        assert_eq!(returns("case", &[Boolean, Integer, Boolean, Text]), Text);
        assert_eq!(returns("coalesce", &[Null, Integer]), Integer);
        assert!(check("case", &[None, None, None]).is_err());
    }
}
