//! Commands between pipes: the leading command, subsearches, and going on after an error.

use super::{ERROR_LIMIT, Fields, Reader, foreign, lexical, missing_argument};
use crate::commands;
use crate::diagnostic::{Diagnostic, nearest};
use crate::span::{Span, Spanned};
use crate::spec::{ArgumentShape, CommandSpec};
use crate::syntax::{Argument, CommandCall, Pipeline, Subsearch};

/// A subsearch counts as this many levels of nesting: it costs as much stack as several parentheses.
const SUBSEARCH_LEVELS: usize = 4;

impl<'a> Reader<'a> {
    /// The whole text, all errors of its top-level commands together.
    pub(super) fn whole_search(&mut self) -> Result<Pipeline, Vec<Diagnostic>> {
        let mut commands = Vec::new();
        let mut errors = Vec::new();
        self.skip_blanks();
        if self.rest().is_empty() {
            return Err(vec![Diagnostic::error("parse/empty-search", "empty search", Span::new(0, self.source.len()))]);
        }
        foreign::refuse_sigma(self.source)?;
        let mut pipe = self.symbol("|");
        let mut implied = pipe.is_none();
        let first_word = self.position();
        let is_sql = implied && foreign::is_sql(self.rest());
        loop {
            let start = self.position();
            self.depth = 0;
            self.subsearches = 0;
            match self.command(implied, pipe) {
                Ok(command) => commands.push(command),
                Err(error) => {
                    errors.push(error);
                    self.return_to(start);
                    self.depth = 0;
                    self.subsearches = 0;
                    self.skip_command();
                }
            }
            implied = false;
            pipe = self.symbol("|");
            if pipe.is_none() || errors.len() >= ERROR_LIMIT {
                break;
            }
        }
        if is_sql {
            self.note_choice(Span::new(first_word, first_word + "select".len()), foreign::SQL, foreign::SQL_HELP);
            errors.first_mut().into_iter().for_each(foreign::explain);
        }
        if errors.is_empty() { Ok(Pipeline { commands, span: Span::new(0, self.source.len()) }) } else { Err(errors) }
    }

    /// `[ ... ]`: a search, implied or after a pipe.
    pub fn subsearch(&mut self) -> Result<Subsearch, Diagnostic> {
        self.brackets(true)
    }

    /// `[ ... ]`: commands over the rows at hand, the first one with or without a pipe.
    pub fn inner_commands(&mut self) -> Result<Subsearch, Diagnostic> {
        self.brackets(false)
    }

    pub(super) fn brackets(&mut self, implied_search: bool) -> Result<Subsearch, Diagnostic> {
        let Some(opener) = self.symbol("[") else {
            return Err(self.unexpected("a subsearch in [ ]"));
        };
        self.refuse_returned(opener)?;
        let outer_depth = self.depth;
        for _ in 0..SUBSEARCH_LEVELS {
            self.enter(opener)?;
        }
        self.subsearches += 1;
        self.skip_blanks();
        let start = self.position();
        let pipeline = self.inner_pipeline(opener, implied_search)?;
        let inside = Span::new(start, self.position());
        let closer = self.close("]", opener)?;
        self.refuse_returned(opener.to(closer))?;
        self.depth = outer_depth;
        self.subsearches -= 1;
        Ok(Subsearch { pipeline: Pipeline { commands: pipeline, span: inside }, span: opener.to(closer) })
    }

    fn inner_pipeline(&mut self, opener: Span, implied_search: bool) -> Result<Vec<CommandCall>, Diagnostic> {
        if let Some(end) = self.symbol("]") {
            return Err(Diagnostic::error("parse/empty-search", "empty subsearch", opener.to(end)));
        }
        if self.rest().is_empty() {
            self.close("]", opener)?;
        }
        let mut commands = Vec::new();
        let mut pipe = self.symbol("|");
        let mut implied = implied_search && pipe.is_none();
        loop {
            commands.push(self.command(implied, pipe)?);
            implied = false;
            pipe = self.symbol("|");
            if pipe.is_none() {
                return Ok(commands);
            }
        }
    }

    /// One command. An implied `search` has no name.
    fn command(&mut self, implied: bool, pipe: Option<Span>) -> Result<CommandCall, Diagnostic> {
        self.skip_blanks();
        let start = self.here();
        if implied && !self.named_command_ahead() {
            let name = Spanned::new(String::new(), start);
            return self.arguments_or_parts(&commands::search::SPEC, name);
        }
        if self.at_end_of_command() {
            let at = pipe.unwrap_or(start);
            let message =
                if self.next_character() == Some('|') { "no command between two pipes" } else { "no command after `|`" };
            let error = Diagnostic::error("parse/empty-command", message, at);
            let doubled = self.next_character() == Some('|') && at.end == self.position();
            return Err(if doubled { error.with_help("conditions are joined by AND and OR") } else { error });
        }
        let Some(name) = self.read(lexical::name) else {
            return Err(self.unexpected("a command name"));
        };
        let Some(spec) = commands::lookup(name.value) else {
            return Err(unknown_command(name.value, name.span));
        };
        let glued = self.next_character().is_some_and(|c| {
            !c.is_whitespace() && !matches!(c, '|' | ']' | '[' | '(' | '"' | '`' | '\'' | '-' | '+' | '*' | ',')
        });
        if glued {
            let end = self.rest().find(|c: char| c.is_whitespace() || c == '|').unwrap_or(self.rest().len());
            let span = Span::new(name.span.start, self.position() + end);
            let written = self.text(span);
            return Err(unknown_command(written, span));
        }
        let name = Spanned::new(name.value.to_owned(), name.span);
        self.arguments_or_parts(spec, name)
    }

    /// Arguments by the command's grammar; where a subsearch stands in the way, they are kept as text around it.
    fn arguments_or_parts(&mut self, spec: &'static CommandSpec, name: Spanned<String>) -> Result<CommandCall, Diagnostic> {
        let (start, depth, subsearches) = (self.position(), self.depth, self.subsearches);
        let error = match self.arguments(spec, name.clone()) {
            Ok(call) => return Ok(call),
            Err(error) => error,
        };
        let failed = (self.position(), self.depth, self.subsearches);
        self.return_to(start);
        (self.depth, self.subsearches) = (depth, subsearches);
        match self.parts(spec, &error) {
            Some(parts) => {
                let end = self.last_written();
                let span = name.span.to(Span::new(end, end));
                let arguments = vec![Argument::Parts(parts)];
                Ok(CommandCall { name, spec, options: Vec::new(), arguments, clauses: Vec::new(), span })
            }
            None => {
                self.return_to(failed.0);
                (self.depth, self.subsearches) = (failed.1, failed.2);
                Err(error)
            }
        }
    }

    /// Whether a first command without pipe is named: `search`, in a subsearch any command.
    pub(super) fn named_command_ahead(&mut self) -> bool {
        let inside = self.subsearches > 0;
        let before = self.position();
        let found = self
            .read(lexical::name)
            .and_then(|name| commands::lookup(name.value))
            .is_some_and(|spec| inside || spec.name == "search");
        let bounded = self.next_character().is_none_or(|c| c.is_whitespace() || matches!(c, '|' | ']' | '(' | '[' | '"'));
        let operator = self.read(lexical::search_operator).is_some();
        self.return_to(before);
        found && bounded && !operator
    }

    fn arguments(&mut self, spec: &'static CommandSpec, name: Spanned<String>) -> Result<CommandCall, Diagnostic> {
        let start = name.span;
        let mut call = CommandCall { name, spec, options: Vec::new(), arguments: Vec::new(), clauses: Vec::new(), span: start };
        self.read_shape(spec.arguments, &mut call)?;
        let end = self.last_written();
        call.span = start.to(Span::new(start.end.max(end), start.end.max(end)));
        self.expect_end_of_command("the end of the command")?;
        Ok(call)
    }

    /// The end of what was read, trailing blanks aside.
    pub(super) fn last_written(&self) -> usize {
        self.source.get(..self.position()).map_or(self.position(), |text| text.trim_end().len())
    }

    pub(super) fn read_shape(&mut self, shape: ArgumentShape, call: &mut CommandCall) -> Result<(), Diagnostic> {
        match shape {
            ArgumentShape::Own(grammar) => grammar(self, call),
            ArgumentShape::Search => self.search_shape(call),
            ArgumentShape::Expression => self.expression_shape(call),
            ArgumentShape::Assignments => self.assignments_shape(call),
            ArgumentShape::Fields => self.fields_shape(call),
            ArgumentShape::Aggregations => self.aggregations_by(call),
            ArgumentShape::Nothing => self.nothing_shape(call),
            ArgumentShape::Unread => self.unread(call),
        }
    }

    fn nothing_shape(&mut self, call: &mut CommandCall) -> Result<(), Diagnostic> {
        self.options(call)?;
        self.refuse_unknown_option(call.spec)?;
        self.expect_end_of_command(&format!("nothing after `{}`", call.spec.name))
    }

    fn search_shape(&mut self, call: &mut CommandCall) -> Result<(), Diagnostic> {
        let expression = self.search_expression()?;
        call.arguments.push(Argument::Search(expression));
        Ok(())
    }

    fn expression_shape(&mut self, call: &mut CommandCall) -> Result<(), Diagnostic> {
        if self.at_end_of_command() {
            return Err(missing_argument(&format!("`{}` needs an expression", call.spec.name), call.name.span));
        }
        let expression = self.expression()?;
        call.arguments.push(Argument::Expression(expression));
        self.expect_end_of_command("an operator or the end of the command")
    }

    fn assignments_shape(&mut self, call: &mut CommandCall) -> Result<(), Diagnostic> {
        if self.at_end_of_command() {
            return Err(missing_argument(
                &format!("`{}` needs an assignment `field=expression`", call.spec.name),
                call.name.span,
            ));
        }
        let assignments = self.assignments()?;
        call.arguments.extend(assignments.into_iter().map(Argument::Assignment));
        self.expect_end_of_command("`,` or an operator")
    }

    fn fields_shape(&mut self, call: &mut CommandCall) -> Result<(), Diagnostic> {
        self.field_list(call, Fields::Plain, &[])?;
        if call.arguments.is_empty() {
            return Err(missing_argument(&format!("`{}` needs at least one field", call.spec.name), call.name.span));
        }
        Ok(())
    }

    /// Keeps the text up to the next pipe.
    fn unread(&mut self, call: &mut CommandCall) -> Result<(), Diagnostic> {
        self.skip_blanks();
        let start = self.position();
        self.skip_command();
        let raw = self.text(Span::new(start, self.position()));
        let text = raw.trim_end();
        if !text.is_empty() {
            let span = Span::new(start, start + text.len());
            call.arguments.push(Argument::Text { text: Spanned::new(text.to_owned(), span), quoted: false });
        }
        Ok(())
    }
}

fn unknown_command(name: &str, span: Span) -> Diagnostic {
    let shown: String = name.chars().take(40).collect();
    let error = Diagnostic::error("parse/unknown-command", format!("unknown command `{shown}`"), span);
    let near = (name.len() < 40).then(|| nearest(name, commands::names())).flatten();
    match near {
        Some(near) => error.with_help(format!("did you mean `{near}`?")),
        None => error,
    }
}
