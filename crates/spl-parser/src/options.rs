//! Options as typed values, with the defaults of the syntax tables.

use crate::Span;
use crate::diagnostic::Diagnostic;
use crate::spec::OptionSpec;
use crate::syntax::CommandCall;

/// Whether a text is one of the words that switch an option on: `t`, `true`, `1`, `yes`.
pub fn is_true(text: &str) -> bool {
    ["t", "true", "1", "yes", "y"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

impl CommandCall {
    /// The value of an option as written, else its default in the syntax table.
    ///
    /// An option that the table does not have is a mistake in the program: its value is empty, and debug builds stop.
    pub fn text(&self, name: &str) -> &str {
        match self.option(name) {
            Some(option) => &option.value.value,
            None => self.described(name).map_or("", |option| option.default),
        }
    }

    /// An option that is on or off.
    pub fn flag(&self, name: &str) -> bool {
        is_true(self.text(name))
    }

    /// A whole number that is not negative.
    ///
    /// # Errors
    /// `plan/number` when the text is none, or when there is no default.
    pub fn count(&self, name: &str) -> Result<u64, Diagnostic> {
        let text = self.text(name).trim();
        text.parse().map_err(|_| self.wrong(name, text, "a whole number that is not negative"))
    }

    /// Any finite number.
    ///
    /// # Errors
    /// `plan/number` when the text is none, or when there is no default.
    pub fn number(&self, name: &str) -> Result<f64, Diagnostic> {
        let text = self.text(name).trim();
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| self.wrong(name, text, "a number"))
    }

    /// The field that an option names; none when it is neither given nor has a default.
    pub fn field_option(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|name| !name.is_empty())
    }

    fn described(&self, name: &str) -> Option<&'static OptionSpec> {
        let found = self.spec.option(name);
        debug_assert!(found.is_some(), "`{}` has no option `{name}`", self.spec.name);
        found
    }

    fn wrong(&self, name: &str, text: &str, wanted: &str) -> Diagnostic {
        let span: Span = self.option(name).map_or(self.span, |option| option.value.span);
        Diagnostic::error("plan/number", format!("`{name}` of `{}` is {wanted}, not `{text}`", self.spec.name), span)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::syntax::CommandCall;

    fn call(text: &str) -> CommandCall {
        crate::parse(text).unwrap().commands.remove(0)
    }

    #[test]
    fn defaults_come_from_the_table() {
        let top = call("| top user");
        assert_eq!(top.count("limit").unwrap(), 10);
        assert!(top.flag("showperc") && !top.flag("useother"));
        assert_eq!(top.text("otherstr"), "OTHER");
        let top = call("| top limit=3 showperc=F user");
        assert_eq!(top.count("limit").unwrap(), 3);
        assert!(!top.flag("showperc"));
        assert_eq!(call("| concurrency duration=d").field_option("start"), Some("_time"));
        assert_eq!(call("| cluster").number("t").unwrap(), 0.8);
    }

    #[test]
    fn numbers_are_checked() {
        let error = call("| streamstats window=-1 count").count("window").unwrap_err();
        assert_eq!(error.code, "plan/number");
    }

    #[test]
    #[should_panic(expected = "no option")]
    #[cfg(debug_assertions)]
    fn an_option_that_the_table_lacks_is_a_mistake() {
        call("| top user").flag("nonsense");
    }
}
