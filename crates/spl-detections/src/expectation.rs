//! How many rows a search must find: what `expect:` says.

/// How many rows a search must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// At least so many.
    least: usize,
    /// At most so many.
    most: usize,
}

impl Expectation {
    /// Reads `3`, `> 0`, `>= 2`, `< 5`, `<= 5`, `2..5`, `rows`, `no rows`; the word `rows` may follow a number. None when it is
    /// something else, or no number of rows could meet it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_suffix("rows").or_else(|| text.strip_suffix("row")).unwrap_or(text).trim();
        let number = |text: &str| text.trim().parse::<usize>().ok();
        let (least, most) = if text.is_empty() || text.eq_ignore_ascii_case("some") {
            (1, usize::MAX)
        } else if text.eq_ignore_ascii_case("no") {
            (0, 0)
        } else if let Some(rest) = text.strip_prefix(">=") {
            (number(rest)?, usize::MAX)
        } else if let Some(rest) = text.strip_prefix('>') {
            (number(rest)?.checked_add(1)?, usize::MAX)
        } else if let Some(rest) = text.strip_prefix("<=") {
            (0, number(rest)?)
        } else if let Some(rest) = text.strip_prefix('<') {
            (0, number(rest)?.checked_sub(1)?)
        } else if let Some((least, most)) = text.split_once("..") {
            (number(least)?, number(most)?)
        } else {
            let exactly = number(text)?;
            (exactly, exactly)
        };
        (least <= most).then_some(Self { least, most })
    }

    /// What is wrong with a number of rows; none when it is as expected.
    pub fn mismatch(self, rows: usize) -> Option<String> {
        if (self.least..=self.most).contains(&rows) {
            return None;
        }
        let expected = match (self.least, self.most) {
            (least, usize::MAX) => format!("{least} or more"),
            (least, most) if least == most => least.to_string(),
            (0, most) => format!("at most {most}"),
            (least, most) => format!("{least} to {most}"),
        };
        Some(format!("{rows} {}, expected {expected}", if rows == 1 { "row" } else { "rows" }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn expectations() {
        for (text, good, bad) in
            [("3", 3, 2), ("3 rows", 3, 4), (">= 2", 2, 1), ("< 2", 1, 2), ("2..4", 4, 5), ("rows", 1, 0), ("no rows", 0, 1)]
        {
            let expectation = Expectation::parse(text).unwrap();
            assert_eq!(expectation.mismatch(good), None, "{text}");
            assert!(expectation.mismatch(bad).is_some(), "{text}");
        }
        assert_eq!(Expectation::parse("5..2"), None);
        assert_eq!(Expectation::parse("< 0"), None);
    }
}
