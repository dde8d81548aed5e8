//! What the values of an eval expression are pieces of: fields whose text holds them, and texts that stand in the expression.

use std::collections::BTreeSet;

use spl_parser::syntax::{Expression, ExpressionKind};

/// What the values of an expression are pieces of. A letter may have another case than in the field.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    /// Each value that is none of the constants stands, as one run of characters, in the value of one of these fields.
    pub fields: BTreeSet<String>,
    /// Values that the expression can give whatever the fields hold.
    pub constants: Vec<String>,
}

impl Pieces {
    fn and(mut self, other: Self) -> Self {
        self.fields.extend(other.fields);
        self.constants.extend(other.constants);
        self
    }
}

/// What the values of an expression are pieces of; none where that can't be told, as where texts are joined.
///
/// Source: Splunk search reference, Evaluation functions.
pub fn of(expression: &Expression) -> Option<Pieces> {
    match &expression.kind {
        ExpressionKind::Text(text) => Some(Pieces { constants: vec![text.clone()], ..Pieces::default() }),
        ExpressionKind::Field(field) => Some(Pieces { fields: BTreeSet::from([field.name.clone()]), ..Pieces::default() }),
        ExpressionKind::Call { name, arguments } => of_call(&name.value.to_ascii_lowercase(), arguments),
        _ => None,
    }
}

fn of_call(name: &str, arguments: &[Expression]) -> Option<Pieces> {
    match (name, arguments) {
        ("null", []) => Some(Pieces::default()),
        ("if", [_, yes, no]) => Some(of(yes)?.and(of(no)?)),
        ("case", pairs) => all(pairs.chunks_exact(2).map(|pair| &pair[1])),
        ("coalesce" | "mvappend", values) => all(values.iter()),
        ("nullif", [value, _]) | ("lower" | "upper" | "mvdedup" | "mvsort", [value]) => of(value),
        ("substr" | "mvindex" | "split" | "trim" | "ltrim" | "rtrim", [value, ..]) => of_part(value),
        ("replace", [value, regex, with]) => match (&regex.kind, &with.kind) {
            (ExpressionKind::Text(regex), ExpressionKind::Text(with)) if keeps_one_piece(regex, with) => of_part(value),
            _ => None,
        },
        _ => None,
    }
}

fn all<'e>(mut values: impl Iterator<Item = &'e Expression>) -> Option<Pieces> {
    values.try_fold(Pieces::default(), |all, value| Some(all.and(of(value)?)))
}

/// The pieces of a part of a value: a part of a constant is none of the constants.
fn of_part(value: &Expression) -> Option<Pieces> {
    of(value).filter(|pieces| pieces.constants.is_empty())
}

/// Whether what `replace` leaves of a text is one run of its characters: what stands behind a match at its beginning, or one
/// group of a match from its beginning to its end. A text that does not match stays as it is.
fn keeps_one_piece(regex: &str, with: &str) -> bool {
    let (flags, rest) = match regex.strip_prefix("(?").and_then(|rest| rest.split_once(')')) {
        Some((flags, rest)) if flags.chars().all(|flag| flag.is_ascii_lowercase()) => (flags, rest),
        _ => ("", regex),
    };
    // With `m` a match may begin at any line, and an alternative anywhere.
    if flags.contains('m') || !rest.starts_with('^') || rest.contains('|') || rest.contains("(?m") {
        return false;
    }
    let is_group =
        with.strip_prefix('\\').is_some_and(|number| number.len() == 1 && number != "0" && number.parse::<u8>().is_ok());
    with.is_empty() || is_group && rest.ends_with('$') && !rest.ends_with("\\$")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Option<(Vec<String>, Vec<String>)> {
        let found = of(&spl_parser::parse_expression(text).unwrap())?;
        Some((found.fields.into_iter().collect(), found.constants))
    }

    fn known(fields: &[&str], constants: &[&str]) -> Option<(Vec<String>, Vec<String>)> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Some((owned(fields), owned(constants)))
    }

    #[test]
    fn values_are_pieces_of_fields() {
        assert_eq!(pieces("a"), known(&["a"], &[]));
        assert_eq!(pieces(r#"if(isnull(a) OR a="", "unknown", a)"#), known(&["a"], &["unknown"]));
        assert_eq!(pieces(r#"case(x=1, lower(a), x=2, null(), 1=1, coalesce(b, "-"))"#), known(&["a", "b"], &["-"]));
        assert_eq!(pieces(r#"replace(a, "^.*[\\\\/]", "")"#), known(&["a"], &[]));
        assert_eq!(pieces(r#"replace(a, "(?s)^\s*\"([^\"]+)\".*$", "\1")"#), known(&["a"], &[]));
        assert_eq!(pieces(r#"mvindex(split(a, "\\"), -1)"#), known(&["a"], &[]));
    }

    #[test]
    fn values_that_are_put_together_are_no_pieces() {
        for text in [
            r#"a."b""#,
            "a+1",
            r#"replace(a, "x", "")"#,
            r#"replace(a, "^a|b", "")"#,
            r#"replace(a, "(?m)^a", "")"#,
            r#"replace(a, "^(a)b", "\1")"#,
            r#"replace(a, "^(a)(b)$", "\2\1")"#,
            r#"replace(a, "^a\$", "\1")"#,
            r#"substr(if(x=1, "constant", a), 2)"#,
            "urldecode(a)",
            r#"mvjoin(a, "")"#,
        ] {
            assert_eq!(pieces(text), None, "{text}");
        }
    }
}
