//! One transform: a regular expression with what it writes, or an ingest-time evaluation.

use std::borrow::Cow;
use std::sync::Arc;

use spl_functions::pattern::{Group, Pattern, PatternCache};

use super::IndexTransform;
use super::evaluation::{Assignments, IngestEvaluator, IngestExpression};
use super::event::{IndexedEvent, is_key};

/// A transform ready for use.
#[derive(Clone)]
pub(super) enum Step {
    Regex(RegexStep),
    /// `INGEST_EVAL`, then `STOP_PROCESSING_IF`.
    Evaluation(Option<Assignments>, Option<Arc<dyn IngestExpression>>),
}

/// A transform with a regular expression.
#[derive(Clone)]
pub(super) struct RegexStep {
    pattern: Arc<Pattern>,
    source: Source,
    target: Target,
    format: Vec<Piece>,
    default_value: Option<String>,
    repeat: bool,
    lookahead: usize,
    clone_sourcetype: Option<String>,
}

/// What the expression is applied to.
#[derive(Clone)]
enum Source {
    Key(String),
    /// Indexed fields, joined by blanks.
    Fields(Vec<String>),
}

/// What is written.
#[derive(Clone)]
enum Target {
    Key(String),
    /// Indexed fields: names and values. `keeps` says whether those that there are stay.
    Fields {
        fields: Vec<(Vec<Piece>, Vec<Piece>)>,
        keeps: bool,
    },
    /// Nothing but the sourcetype of a copy.
    Nothing,
}

/// A part of `FORMAT`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `$1`; `$0` is what the key held before.
    Group(usize),
}

impl Step {
    /// Compiles a transform; none when it changes nothing here.
    ///
    /// # Errors
    /// Why it can't be used.
    pub(super) fn new(
        transform: &IndexTransform,
        patterns: &PatternCache,
        evaluator: Option<&Arc<dyn IngestEvaluator>>,
    ) -> Result<Option<Self>, String> {
        if transform.ingest_eval.is_some() || transform.stop_processing_if.is_some() {
            let evaluator = evaluator.ok_or("evaluations are not available here")?;
            let assignments = transform.ingest_eval.as_deref().map(|text| Assignments::new(text, evaluator)).transpose()?;
            let stop = transform.stop_processing_if.as_deref().map(|text| evaluator.compile(text)).transpose()?;
            return Ok(Some(Self::Evaluation(assignments, stop)));
        }
        let regex = transform.regex.as_deref().ok_or("has no `REGEX`")?;
        let pattern = patterns.get(regex)?;
        let groups = pattern.group_names().len();
        let default = format!("{}::$1", transform.name);
        let text = unquoted(transform.format.as_deref().unwrap_or(&default));
        let source = match transform.source_key.split_once(':') {
            Some(("field" | "fields", names)) => {
                Source::Fields(names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect())
            }
            _ if is_key(&transform.source_key) => Source::Key(transform.source_key.clone()),
            _ => return Err(format!("`SOURCE_KEY = {}` is no key of events", transform.source_key)),
        };
        let target = match transform.dest_key.as_deref() {
            Some("_meta") => Target::Fields { fields: fields(text, groups), keeps: text.contains("$0") },
            Some(key) if is_key(key) => Target::Key(key.to_owned()),
            _ if transform.write_meta => Target::Fields { fields: fields(text, groups), keeps: true },
            None if transform.clone_sourcetype.is_some() => Target::Nothing,
            Some(key) => return Err(format!("`DEST_KEY = {key}` is no key of events")),
            None => return Err("has neither `DEST_KEY` nor `WRITE_META = true`".to_owned()),
        };
        Ok(Some(Self::Regex(RegexStep {
            pattern,
            source,
            format: pieces(text, groups),
            default_value: transform.default_value.clone(),
            // `REPEAT_MATCH` is ignored where the text is written.
            repeat: transform.repeat_match && !matches!(&target, Target::Key(key) if key == "_raw"),
            target,
            lookahead: transform.lookahead,
            clone_sourcetype: transform.clone_sourcetype.clone(),
        })))
    }

    /// Applies it; true when it ends the work on the event.
    pub(super) fn apply(&self, event: &mut IndexedEvent, copies: &mut Vec<IndexedEvent>) -> bool {
        match self {
            Self::Regex(step) => {
                step.apply(event, copies);
                false
            }
            Self::Evaluation(assignments, stop) => {
                if let Some(assignments) = assignments {
                    assignments.apply(event);
                }
                stop.as_ref().is_some_and(|stop| stop.evaluate(&|name| super::evaluation::value(event, name)).is_true())
            }
        }
    }
}

impl RegexStep {
    fn apply(&self, event: &mut IndexedEvent, copies: &mut Vec<IndexedEvent>) {
        let text = match &self.source {
            Source::Key(key) => event.key(key),
            Source::Fields(names) => {
                let values: Vec<&str> = names.iter().filter_map(|name| event.field(name)).collect();
                (!values.is_empty()).then(|| Cow::Owned(values.join(" ")))
            }
        };
        let text = text.unwrap_or_default();
        let text = &text[..text.floor_char_boundary(self.lookahead)];
        let mut matches: Vec<Vec<Option<String>>> = Vec::new();
        let complete = self.pattern.each_match(text, usize::from(!self.repeat), |groups| matches.push(texts(text, groups)));
        if !complete || matches.is_empty() {
            if let (Some(value), Target::Key(key)) = (&self.default_value, &self.target) {
                event.set_key(&key.clone(), value);
            }
            return;
        }
        match &self.clone_sourcetype {
            Some(sourcetype) if *sourcetype != event.sourcetype => {
                let mut copy = event.clone();
                copy.sourcetype.clone_from(sourcetype);
                // Whether the copy is kept is decided by its own rules.
                copy.dropped = false;
                copy.changed = true;
                self.write(&mut copy, &matches);
                copies.push(copy);
            }
            _ => self.write(event, &matches),
        }
    }

    fn write(&self, event: &mut IndexedEvent, matches: &[Vec<Option<String>>]) {
        match &self.target {
            Target::Nothing => {}
            Target::Key(key) => {
                for groups in matches {
                    let before = event.key(key).map(Cow::into_owned).unwrap_or_default();
                    event.set_key(key, &expand(&self.format, groups, &before));
                }
            }
            Target::Fields { fields, keeps } => {
                if !keeps {
                    event.fields.clear();
                    event.changed = true;
                }
                for groups in matches {
                    for (name, value) in fields {
                        event.add_field(expand(name, groups, "").trim(), expand(value, groups, "").trim());
                    }
                }
            }
        }
    }
}

/// The texts of the groups of a match.
fn texts(text: &str, groups: &[Group]) -> Vec<Option<String>> {
    groups.iter().map(|group| group.and_then(|(start, end)| text.get(start..end)).map(str::to_owned)).collect()
}

fn expand(pieces: &[Piece], groups: &[Option<String>], before: &str) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Group(0) => text.push_str(before),
            Piece::Group(group) => text.push_str(groups.get(*group).and_then(Option::as_deref).unwrap_or_default()),
        }
    }
    text
}

/// A value without the quotes around all of it.
fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.filter(|inner| !inner.contains('"')).unwrap_or(text)
}

/// The parts of a format. A `$` is special only before the number of a group that exists, and before 0.
fn pieces(text: &str, groups: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        match rest[..digits].parse::<usize>() {
            Ok(group) if group == 0 || group < groups => {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Group(group));
                rest = &rest[digits..];
            }
            _ => plain.push('$'),
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

/// The fields that a format names: `a::$1 b::"x $2"`. A value without quotes ends at a blank of the format, not at one of
/// the text that a group stands for.
fn fields(format: &str, groups: usize) -> Vec<(Vec<Piece>, Vec<Piece>)> {
    let mut fields = Vec::new();
    let mut rest = format.trim_start();
    while !rest.is_empty() {
        let mut quoted = false;
        let end = rest
            .find(|c: char| {
                quoted ^= c == '"';
                c.is_whitespace() && !quoted
            })
            .unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        rest = behind.trim_start();
        if let Some((name, value)) = word.split_once("::") {
            let value = value.strip_prefix('"').map_or(value, |value| value.strip_suffix('"').unwrap_or(value));
            fields.push((pieces(name.trim_matches('"'), groups), pieces(value, groups)));
        }
    }
    fields
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn run(transform: IndexTransform, raw: &str) -> (IndexedEvent, Vec<IndexedEvent>) {
        let mut event = IndexedEvent {
            raw: raw.to_owned(),
            host: "h".to_owned(),
            source: "/var/log/a.log".to_owned(),
            sourcetype: "st".to_owned(),
            index: "main".to_owned(),
            ..IndexedEvent::default()
        };
        let mut copies = Vec::new();
        let transform = IndexTransform {
            source_key: if transform.source_key.is_empty() { "_raw".to_owned() } else { transform.source_key.clone() },
            lookahead: if transform.lookahead == 0 { 4096 } else { transform.lookahead },
            ..transform
        };
        Step::new(&transform, &PatternCache::default(), None).unwrap().unwrap().apply(&mut event, &mut copies);
        (event, copies)
    }

    fn to(dest_key: &str, regex: &str, format: &str) -> IndexTransform {
        IndexTransform {
            regex: Some(regex.to_owned()),
            format: Some(format.to_owned()),
            dest_key: Some(dest_key.to_owned()),
            ..IndexTransform::default()
        }
    }

    #[test]
    fn keys_are_written() {
        let (event, _) = run(to("MetaData:Sourcetype", "a(b)", "sourcetype::x:$1"), "ab");
        assert_eq!(event.sourcetype, "x:b");
        let from_source =
            IndexTransform { source_key: "MetaData:Source".to_owned(), ..to("MetaData:Host", r"log/(\w+)\.", "host::$1") };
        assert_eq!(run(from_source, "ab").0.host, "a");
        assert_eq!(run(to("_MetaData:Index", ".", "other"), "ab").0.index, "other");
        assert!(run(to("queue", "a", "nullQueue"), "ab").0.dropped);
        assert_eq!(run(to("_raw", "(a)b", "$1-$0-$7"), "ab").0.raw, "a-ab-$7");
        let default = IndexTransform { default_value: Some("host::none".to_owned()), ..to("MetaData:Host", "z", "host::$1") };
        assert_eq!(run(default, "ab").0.host, "none");
        let short = IndexTransform { lookahead: 1, ..to("_MetaData:Index", "b", "other") };
        assert_eq!(run(short, "ab").0.index, "main");
    }

    #[test]
    fn fields_are_indexed() {
        let meta = |regex: &str, format: Option<&str>, repeat: bool| {
            let transform = IndexTransform {
                name: "t".to_owned(),
                regex: Some(regex.to_owned()),
                format: format.map(str::to_owned),
                write_meta: true,
                repeat_match: repeat,
                ..IndexTransform::default()
            };
            run(transform, "u=ann v=bob w=two words").0.fields
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(meta(r"u=(\w+)", Some("user::$1"), false), [pair("user", "ann")]);
        assert_eq!(meta(r"u=(\w+)", None, false), [pair("t", "ann")]);
        assert_eq!(meta(r"(\w)=(\w+)", Some("$1::$2"), true), [pair("u", "ann"), pair("v", "bob"), pair("w", "two")]);
        assert_eq!(meta(r"w=(.*)", Some(r#"a::$1 b::"x $1" c::$1.$1"#), false).len(), 3);
        assert_eq!(meta(r"w=(.*)", Some("a::$1"), false), [pair("a", "two words")]);
    }

    #[test]
    fn copies_have_their_own_sourcetype() {
        let clone = IndexTransform { clone_sourcetype: Some("copy".to_owned()), ..to("_raw", "a", "x") };
        let (event, copies) = run(clone, "ab");
        assert_eq!((event.raw.as_str(), event.sourcetype.as_str()), ("ab", "st"));
        assert_eq!((copies[0].raw.as_str(), copies[0].sourcetype.as_str()), ("x", "copy"));
        let same = IndexTransform { clone_sourcetype: Some("st".to_owned()), ..to("_raw", "a", "x") };
        let (event, copies) = run(same, "ab");
        assert!(event.raw == "x" && copies.is_empty());
    }

    #[test]
    fn formats_by_the_letter() {
        let text = |format: &str| expand(&pieces(format, 2), &[None, Some("bar".to_owned())], "before");
        assert_eq!(text("foo$1"), "foobar");
        assert_eq!(text("foo$bar"), "foo$bar");
        assert_eq!(text("foo$1234"), "foo$1234");
        assert_eq!(text(r"foo$1\$2"), r"foobar\$2");
        assert_eq!(text("$0 $1"), "before bar");
    }
}
