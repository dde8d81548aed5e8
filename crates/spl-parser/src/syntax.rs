//! The syntax tree of a search: what was written, with spans, before anything is known about data or knowledge objects.

use crate::span::{Span, Spanned};
use crate::spec::CommandSpec;

/// A search: commands joined by `|`. The first one is the implied `search` unless the text starts with `|`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// In the order written; never empty.
    pub commands: Vec<CommandCall>,
    /// The whole text (inside the brackets for a subsearch).
    pub span: Span,
}

/// One command as written. Which arguments and clauses can occur is told by its [`CommandSpec`].
#[derive(Clone, Debug)]
pub struct CommandCall {
    /// The name as written (`bucket`, `bin`); empty span for an implied `search`.
    pub name: Spanned<String>,
    /// The syntax that it was read with; `spec.name` is the canonical name.
    pub spec: &'static CommandSpec,
    /// `name=value` options in the order written.
    pub options: Vec<OptionArgument>,
    /// Positional arguments in the order written.
    pub arguments: Vec<Argument>,
    /// Keyword clauses in the order written: `by ...`, `over ...`, `from ...`, `where ...`, `output ...`.
    pub clauses: Vec<Clause>,
    /// The whole command without the pipe.
    pub span: Span,
}

impl PartialEq for CommandCall {
    fn eq(&self, other: &Self) -> bool {
        self.spec.name == other.spec.name
            && self.options == other.options
            && self.arguments == other.arguments
            && self.clauses == other.clauses
    }
}

impl CommandCall {
    /// The last value given for an option.
    pub fn option(&self, name: &str) -> Option<&OptionArgument> {
        self.options.iter().rev().find(|option| option.name.value.eq_ignore_ascii_case(name))
    }

    /// The clause with this keyword (lower-case).
    pub fn clause(&self, keyword: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.keyword.value == keyword)
    }

    /// The pieces of its arguments, when subsearches stand among them as text.
    pub fn parts(&self) -> Option<&[ArgumentPart]> {
        match self.arguments.first() {
            Some(Argument::Parts(parts)) => Some(parts),
            _ => None,
        }
    }

    /// Positional fields in the order written.
    pub fn fields(&self) -> impl Iterator<Item = &FieldName> {
        self.arguments.iter().filter_map(Argument::as_field)
    }

    /// The fields of the by-clause; empty without one.
    pub fn by_fields(&self) -> &[Argument] {
        self.clause("by").map(|clause| clause.arguments.as_slice()).unwrap_or_default()
    }

    /// Aggregations in the order written.
    pub fn aggregations(&self) -> impl Iterator<Item = &Aggregation> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Aggregation(aggregation) => Some(aggregation),
            _ => None,
        })
    }

    /// The first subsearch among the arguments.
    pub fn subsearch(&self) -> Option<&Subsearch> {
        self.arguments.iter().find_map(|argument| match argument {
            Argument::Subsearch(subsearch) => Some(subsearch),
            _ => None,
        })
    }
}

/// `name=value`, where the command's spec lists the name.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionArgument {
    /// Option name, lower-case.
    pub name: Spanned<String>,
    /// Value without quotes, as text; its kind was checked against the spec.
    pub value: Spanned<String>,
    /// The value was written in double quotes.
    pub quoted: bool,
}

/// A positional argument or a member of a clause.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// A search expression (`search`, `tstats where`).
    Search(SearchExpression),
    /// An eval expression (`where`, `head (x>1)`).
    Expression(Expression),
    /// `target=expression` of eval.
    Assignment(Assignment),
    /// A field, possibly with wildcards.
    Field(FieldName),
    /// `count`, `dc(x) AS n`.
    Aggregation(Aggregation),
    /// `a AS b` (rename, lookup fields, rex?); wildcards allowed.
    Rename {
        /// The field as it is.
        from: FieldName,
        /// The field as it will be.
        to: FieldName,
    },
    /// `- field`, `+num(field)`.
    SortKey(SortKey),
    /// `ctime(x) AS y` (convert).
    Conversion {
        /// Function name, lower-case.
        function: Spanned<String>,
        /// Field pattern.
        field: FieldName,
        /// New field.
        alias: Option<FieldName>,
    },
    /// `field=span` pairs and other `name=value` arguments whose name is not an option: `bin`'s `AS`, by-field spans.
    Pair {
        /// Left of the equals sign.
        name: Spanned<String>,
        /// Right of it, unquoted.
        value: Spanned<String>,
    },
    /// A bare or quoted word or number: `head 5`, a regular expression of `rex`, a lookup's name.
    Text {
        /// Unquoted text. For regular expressions only the quoting is removed (`\"` becomes `"`), nothing else.
        text: Spanned<String>,
        /// Written in double quotes.
        quoted: bool,
    },
    /// `[ ... ]`.
    Subsearch(Subsearch),
    /// All arguments of a command among which subsearches stand as text. What they are is known when the subsearches have
    /// run, see [`crate::parser::substitution`]; until then it is the only argument.
    Parts(Vec<ArgumentPart>),
}

/// A piece of arguments that are not known yet. Texts are equal when they differ in blanks only, those in quotes aside.
#[derive(Clone, Debug)]
pub enum ArgumentPart {
    /// As written.
    Text(Spanned<String>),
    /// A subsearch, in whose place the text stands that it returns.
    Subsearch(Subsearch),
}

impl PartialEq for ArgumentPart {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => {
                one.span == other.span
                    && crate::parser::lexical::tokens(&one.value) == crate::parser::lexical::tokens(&other.value)
            }
            (Self::Subsearch(one), Self::Subsearch(other)) => one == other,
            _ => false,
        }
    }
}

impl Argument {
    /// The field, if it is one.
    pub fn as_field(&self) -> Option<&FieldName> {
        match self {
            Argument::Field(field) => Some(field),
            _ => None,
        }
    }
}

/// A keyword and what belongs to it: `by a, b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// Lower-case keyword.
    pub keyword: Spanned<String>,
    /// Its members.
    pub arguments: Vec<Argument>,
}

/// `[ search ... ]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Subsearch {
    /// What is run.
    pub pipeline: Pipeline,
    /// With the brackets.
    pub span: Span,
}

/// A field name as it will be looked up: unquoted, unescaped, case kept.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldName {
    /// The name.
    pub name: String,
    /// Where it stands, with quotes.
    pub span: Span,
    /// How it was written, which decides whether `*` is a wildcard.
    pub quoting: Quoting,
}

impl FieldName {
    /// Whether `*` in the name matches other names.
    pub fn has_wildcard(&self) -> bool {
        self.name.contains('*')
    }
}

/// How a name or value was quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// Bare.
    None,
    /// `'name'`.
    Single,
    /// `"name"`.
    Double,
}

/// `target = expression`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The field that is set. In `eval`, `{name}` parts are replaced by that field's value.
    pub target: FieldName,
    /// The parts of a target with braces; empty for a plain name.
    pub template: Vec<TemplatePart>,
    /// The value.
    pub expression: Expression,
    /// Both sides.
    pub span: Span,
}

/// A piece of a `{field}` target.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplatePart {
    /// Taken as it is.
    Text(String),
    /// Replaced by the field's value.
    Field(String),
}

/// An eval expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of an eval expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// `42`.
    Integer(i64),
    /// `4.2`, `1e3`.
    Float(f64),
    /// `"text"`, escapes resolved.
    Text(String),
    /// A field, bare or in single quotes. Bare `true`, `false`, `null` are fields too; `true()` is a call.
    Field(FieldName),
    /// `-x`, `+x`, `NOT x`.
    Unary {
        /// The operator.
        operator: UnaryOperator,
        /// What it applies to.
        operand: Box<Expression>,
    },
    /// `a + b`, `a AND b`, `a LIKE b`, chained comparisons left to right.
    Binary {
        /// The operator.
        operator: Spanned<BinaryOperator>,
        /// Left of it.
        left: Box<Expression>,
        /// Right of it.
        right: Box<Expression>,
    },
    /// `x IN (a, b)`; `NOT IN` is a negation around it.
    In {
        /// What is looked for.
        operand: Box<Expression>,
        /// Among these.
        list: Vec<Expression>,
    },
    /// `function(arguments)`.
    Call {
        /// Function name as written.
        name: Spanned<String>,
        /// Its arguments.
        arguments: Vec<Expression>,
    },
    /// `[ ... ]`, replaced by the text that the subsearch returns.
    Subsearch(Box<Subsearch>),
}

/// Prefix operators of eval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `-`
    Minus,
    /// `+`
    Plus,
    /// `NOT`
    Not,
}

/// Infix operators of eval. Precedence, tightest first: unary `-`; `* / %`; `+ -`; `.`; comparisons and `LIKE`;
/// `NOT`; `AND`; `OR`; `XOR` (Splunk search reference, eval).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Concatenate,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    And,
    Or,
    Xor,
}

/// An aggregation of stats and its kin.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregation {
    /// Function name lower-cased, digits of percentiles kept: `perc95`.
    pub function: Spanned<String>,
    /// What it is computed over.
    pub argument: AggregationArgument,
    /// `AS name`.
    pub alias: Option<FieldName>,
    /// The default result name: the text as written without blanks around brackets, `sum(bytes)`, `count`.
    pub text: String,
    /// Without the alias.
    pub span: Span,
}

/// The argument of an aggregation.
#[derive(Clone, Debug, PartialEq)]
pub enum AggregationArgument {
    /// `count`.
    None,
    /// `sum(bytes)`, `sum(*)`.
    Field(FieldName),
    /// `count(eval(status=404))`.
    Eval(Expression),
    /// `sparkline(count, 1h)`.
    Sparkline {
        /// Drawn over time.
        aggregation: Box<Aggregation>,
        /// Width of a point.
        time_span: Option<Spanned<String>>,
    },
}

/// A key of `sort`.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// `-` was given.
    pub descending: bool,
    /// `auto`, `str`, `ip`, `num`; none = auto.
    pub kind: Option<Spanned<String>>,
    /// By what.
    pub field: FieldName,
}

/// A search expression.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchExpression {
    /// What it is.
    pub kind: SearchKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of a search expression.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchKind {
    /// All of them; empty = everything (`search` without arguments, `search *`).
    And(Vec<SearchExpression>),
    /// Any of them.
    Or(Vec<SearchExpression>),
    /// Not that.
    Not(Box<SearchExpression>),
    /// `field=value`, `field<value`.
    Comparison {
        /// Left side.
        field: FieldName,
        /// Operator.
        operator: Spanned<SearchOperator>,
        /// Right side.
        value: SearchValue,
    },
    /// `field=[ ... ]`: the text that the subsearch returns is the value.
    SubsearchComparison {
        /// Left side.
        field: FieldName,
        /// Operator.
        operator: Spanned<SearchOperator>,
        /// Right side.
        subsearch: Box<Subsearch>,
    },
    /// `field IN (a, b*)`.
    In {
        /// Left side.
        field: FieldName,
        /// Any of these.
        values: Vec<SearchValue>,
    },
    /// A bare word or quoted phrase, looked for in `_raw`.
    Term(SearchValue),
    /// `earliest=-1h`, `latest=...`, `_index_earliest=...`, `starttimeu=...`: never a field comparison.
    TimeModifier {
        /// Lower-case name.
        name: Spanned<String>,
        /// Value without quotes.
        value: Spanned<String>,
    },
    /// `[ ... ]`, replaced by the search text that the subsearch returns.
    Subsearch(Box<Subsearch>),
}

/// Comparison operators of search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum SearchOperator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value of a search comparison or a term.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchValue {
    /// Literal text and wildcards, escapes resolved.
    pub pattern: Pattern,
    /// Written in double quotes.
    pub quoted: bool,
    /// `TERM(...)` or `CASE(...)`.
    pub directive: Directive,
    /// Where it stands, with quotes.
    pub span: Span,
}

impl SearchValue {
    /// The field and the value of a bare word such as `sourcetype::access` or `env::prod`, which names an indexed field.
    ///
    /// Source: Splunk search manual, use fields to retrieve events: indexed fields.
    pub fn indexed_field(&self) -> Option<(&str, Pattern)> {
        let (PatternPart::Literal(first), rest) = self.pattern.parts.split_first()? else { return None };
        let (field, value) = first.split_once("::").filter(|_| !self.quoted && self.directive == Directive::None)?;
        let names = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let begins = field.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        // `fe80::1` is an address.
        let is_name = begins && field.chars().all(names) && !field.chars().all(|c| c.is_ascii_hexdigit());
        let mut parts: Vec<PatternPart> = Vec::with_capacity(1 + rest.len());
        if !value.is_empty() {
            parts.push(PatternPart::Literal(value.to_owned()));
        }
        parts.extend(rest.iter().cloned());
        (is_name && !parts.is_empty()).then_some((field, Pattern { parts }))
    }
}

/// How a term is to be matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directive {
    /// As usual.
    None,
    /// `TERM(...)`: the whole text between major breakers.
    Term,
    /// `CASE(...)`: with case.
    Case,
}

/// Text with `*` wildcards. `\*` is a literal star, `\\` a backslash, `\"` a quote; any other backslash stands for itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Pattern {
    /// In order; two wildcards never follow each other.
    pub parts: Vec<PatternPart>,
}

/// A piece of a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PatternPart {
    /// Exactly this.
    Literal(String),
    /// `*`: any text, also none.
    Wildcard,
}

impl Pattern {
    /// The text, when there is no wildcard in it.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [PatternPart::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it is a lone `*`.
    pub fn is_any(&self) -> bool {
        matches!(self.parts.as_slice(), [PatternPart::Wildcard])
    }
}
