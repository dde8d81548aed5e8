//! Field definitions by sourcetype, source and host (props.conf), and how the stanzas that match an event are combined.

use indexmap::IndexMap;
use spl_macros::{Conf, Origin, Setting, Stanza};
use spl_parser::diagnostic::Diagnostic;

use crate::problem::{error, warning};
use crate::settings::PROPS;
use crate::stanza::StanzaMatcher;
use crate::transform::split_quoted;

/// `EXTRACT-<class> = <regex> [in <field>]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extraction {
    /// The class.
    pub class: String,
    /// The regular expression; its named groups are the fields.
    pub regex: String,
    /// The field that is read; `_raw` when none.
    pub source_field: Option<String>,
    /// Where it was defined.
    pub origin: Origin,
}

/// `REPORT-<class> = <transform>, <transform>...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The class.
    pub class: String,
    /// Names of transforms, in the order in which they are applied.
    pub transforms: Vec<String>,
    /// Where it was defined.
    pub origin: Origin,
}

/// One pair of `FIELDALIAS-<class> = <field> AS <alias> ...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldAlias {
    /// The field that exists.
    pub from: String,
    /// The name that it has as well.
    pub to: String,
    /// `ASNEW`: events that have the alias field already keep it. With `AS` it is overwritten, and removed when the
    /// original field is absent.
    pub as_new: bool,
    /// Where it was defined.
    pub origin: Origin,
}

/// `EVAL-<field> = <expression>`. All of them see the event as it is ahead of any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalculatedField {
    /// The field that is set.
    pub name: String,
    /// An eval expression.
    pub expression: String,
    /// Where it was defined.
    pub origin: Origin,
}

/// A field of an automatic lookup, in the table and in the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupField {
    /// Its name in the table.
    pub lookup: String,
    /// Its name in the event.
    pub event: String,
}

/// `LOOKUP-<class> = <lookup> <inputs> [OUTPUT|OUTPUTNEW <outputs>]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutomaticLookup {
    /// The class.
    pub class: String,
    /// Name of the lookup definition.
    pub table: String,
    /// What is looked up.
    pub inputs: Vec<LookupField>,
    /// What is added; empty for all fields of the table but the inputs.
    pub outputs: Vec<LookupField>,
    /// `OUTPUT`, also when neither keyword is written: fields that the event has are overwritten. False for `OUTPUTNEW`.
    pub overwrite: bool,
    /// Where it was defined.
    pub origin: Origin,
}

/// `KV_MODE`: what is extracted from `_raw` without being asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KvMode {
    /// Nothing.
    None,
    /// `key=value` pairs, and JSON.
    Auto,
    /// As `Auto`, with escaped quotes and backslashes.
    AutoEscaped,
    /// The columns of tables; `multi:<stanza>` names a stanza of multikv.conf, which is not read.
    Multi,
    /// XML elements.
    Xml,
    /// JSON.
    Json,
}

/// Settings that concern how files are cut into events and how events get their time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexTimeSettings {
    /// `TIME_FORMAT`, strptime style.
    pub time_format: Option<String>,
    /// `TIME_PREFIX`, a regular expression.
    pub time_prefix: Option<String>,
    /// `MAX_TIMESTAMP_LOOKAHEAD`, in characters; 0 and -1 for no limit.
    pub max_timestamp_lookahead: Option<i64>,
    /// `TZ`.
    pub time_zone: Option<String>,
    /// `TZ_ALIAS`: `EST=GMT+10:00,EDT=GMT+11:00`.
    pub tz_alias: Option<String>,
    /// `MAX_DAYS_AGO`.
    pub max_days_ago: Option<i64>,
    /// `MAX_DAYS_HENCE`.
    pub max_days_hence: Option<i64>,
    /// `MAX_DIFF_SECS_AGO`.
    pub max_diff_secs_ago: Option<i64>,
    /// `MAX_DIFF_SECS_HENCE`.
    pub max_diff_secs_hence: Option<i64>,
    /// `ROUTE_EVENTS_OLDER_THAN`, in seconds.
    pub route_events_older_than: Option<i64>,
    /// `SHOULD_LINEMERGE`.
    pub should_linemerge: Option<bool>,
    /// `LINE_BREAKER`, a regular expression whose first group is dropped.
    pub line_breaker: Option<String>,
    /// `BREAK_ONLY_BEFORE`, a regular expression.
    pub break_only_before: Option<String>,
    /// `BREAK_ONLY_BEFORE_DATE`.
    pub break_only_before_date: Option<bool>,
    /// `MUST_BREAK_AFTER`, a regular expression.
    pub must_break_after: Option<String>,
    /// `MUST_NOT_BREAK_BEFORE`, a regular expression.
    pub must_not_break_before: Option<String>,
    /// `MUST_NOT_BREAK_AFTER`, a regular expression.
    pub must_not_break_after: Option<String>,
    /// `MAX_EVENTS`: the most lines of an event.
    pub max_events: Option<i64>,
    /// `DATETIME_CONFIG`: `CURRENT`, `NONE`, or a path that has no effect.
    pub datetime_config: Option<String>,
    /// `TRUNCATE`, in bytes; 0 for no limit.
    pub truncate: Option<i64>,
    /// `TIMESTAMP_FIELDS`, the fields that make the time of a record.
    pub timestamp_fields: Vec<String>,
    /// `HEADER_FIELD_LINE_NUMBER`, from 1; 0 for the first line that could be a header.
    pub header_field_line_number: Option<i64>,
    /// `HEADER_FIELD_DELIMITER`: a character, or its name.
    pub header_field_delimiter: Option<String>,
    /// `FIELD_DELIMITER`: a character, or its name.
    pub field_delimiter: Option<String>,
    /// `FIELD_NAMES`, for files without a header.
    pub field_names: Vec<String>,
    /// `INDEXED_EXTRACTIONS`: `csv`, `json`, ...
    pub indexed_extractions: Option<String>,
    /// `sourcetype`: what events of this source are given.
    pub sourcetype: Option<String>,
    /// `rename`: the name that the sourcetype has at search time.
    pub rename: Option<String>,
    /// `CHARSET`: the encoding of the files.
    pub charset: Option<String>,
    /// `PREAMBLE_REGEX`: lines that it matches before the header are no part of the data.
    pub preamble_regex: Option<String>,
    /// `FIELD_HEADER_REGEX`: the header is what follows its match in the first line that it matches.
    pub field_header_regex: Option<String>,
    /// `FIELD_QUOTE`: a character, or its name.
    pub field_quote: Option<String>,
    /// `HEADER_FIELD_QUOTE`: a character, or its name.
    pub header_field_quote: Option<String>,
    /// `HEADER_FIELD_ACCEPTABLE_SPECIAL_CHARACTERS`: characters that stay in names; others become underscores.
    pub acceptable_special_characters: Option<String>,
    /// `MISSING_VALUE_REGEX`: a value that it matches is no value.
    pub missing_value_regex: Option<String>,
    /// `JSON_TRIM_BRACES_IN_ARRAY_NAMES`: names of lists lose their `{}`.
    pub json_trim_braces: Option<bool>,
    /// `CHECK_FOR_HEADER`: the file has a header, whatever its sourcetype says.
    pub check_for_header: Option<bool>,
    /// `DETERMINE_TIMESTAMP_DATE_WITH_SYSTEM_TIME`: a time of day is on the current date.
    pub date_with_system_time: Option<bool>,
    /// `SEDCMD-`: sed scripts in the order of their classes.
    pub sed_commands: Vec<(String, Origin)>,
    /// `TRANSFORMS-`: names of index-time transforms, in the order of their classes.
    pub transforms: Vec<(Vec<String>, Origin)>,
    /// `RULESET-`: as `TRANSFORMS-`, behind all of them.
    pub rulesets: Vec<(Vec<String>, Origin)>,
    /// Where settings that files may turn out not to fit were written.
    pub origins: IndexMap<&'static str, Origin>,
}

impl IndexTimeSettings {
    /// Whether no stanza says anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A stanza of props.conf as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropsStanza {
    /// What stands in the brackets.
    pub name: String,
    /// Which events it is for.
    pub matcher: StanzaMatcher,
    /// `priority`, or the default of 100 for plain names and 0 for patterns.
    pub priority: i64,
    /// The settings.
    pub settings: IndexMap<String, Setting>,
    /// Where it was defined.
    pub origin: Origin,
}

/// What the stanzas that match an event come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvedProps {
    /// `EXTRACT-`, in the order of their classes.
    pub extractions: Vec<Extraction>,
    /// `REPORT-`, in the order of their classes.
    pub reports: Vec<Report>,
    /// `FIELDALIAS-`, in the order of their classes.
    pub aliases: Vec<FieldAlias>,
    /// `EVAL-`, in the order of their fields.
    pub calculated: Vec<CalculatedField>,
    /// `LOOKUP-`, in the order of their classes.
    pub lookups: Vec<AutomaticLookup>,
    /// `KV_MODE`; none where no stanza sets it.
    pub kv_mode: Option<KvMode>,
    /// `AUTO_KV_JSON`: JSON in `_raw` is extracted besides pairs.
    pub auto_kv_json: Option<bool>,
    /// `KV_TRIM_SPACES`: blanks around the values of pairs are cut.
    pub kv_trim_spaces: Option<bool>,
    /// Settings for loading.
    pub index_time: IndexTimeSettings,
    /// What the knowledge pack says beside these: it fills fields that neither the events nor these definitions give.
    pub pack: Option<Box<ResolvedProps>>,
}

/// Settings that may turn out not to fit when a file is read, so that their place is kept.
const PLACED: &[&str] = &[
    "TIME_FORMAT",
    "TIME_PREFIX",
    "TZ",
    "TZ_ALIAS",
    "LINE_BREAKER",
    "BREAK_ONLY_BEFORE",
    "MUST_BREAK_AFTER",
    "MUST_NOT_BREAK_AFTER",
    "MUST_NOT_BREAK_BEFORE",
    "CHARSET",
    "PREAMBLE_REGEX",
    "FIELD_HEADER_REGEX",
    "MISSING_VALUE_REGEX",
];

/// Prefixes of settings that are read.
const READ_PREFIXES: &[&str] = &["EXTRACT-", "REPORT-", "FIELDALIAS-", "EVAL-", "LOOKUP-"];
/// The prefix of a setting and its class. `LOOKUP-` has several spellings: `LOOKUP_a`, `lookupa`.
fn prefix_and_class(key: &str) -> Option<(&'static str, &str)> {
    let plain = READ_PREFIXES.iter().find_map(|prefix| Some((*prefix, key.strip_prefix(prefix)?)));
    plain.or_else(|| {
        let (start, class) = key.split_at_checked("LOOKUP".len())?;
        let class = class.strip_prefix(['-', '_']).unwrap_or(class);
        start.eq_ignore_ascii_case("LOOKUP").then_some(("LOOKUP-", class))
    })
}
/// Prefixes of settings that change events while they are loaded.
const LOADING_PREFIXES: &[&str] = &["TRANSFORMS", "SEDCMD", "RULESET-"];

/// Reads the stanzas of a props.conf. Every setting is checked here, so that resolving can't fail later.
pub(crate) fn read_props(conf: &Conf, problems: &mut Vec<Diagnostic>, warnings: &mut Vec<Diagnostic>) -> Vec<PropsStanza> {
    let mut stanzas = Vec::new();
    for stanza in conf.stanzas.values() {
        // Rules for guessing the sourcetype of a file, which the loader does in its own way.
        if stanza.name.starts_with("rule::") || stanza.name.starts_with("delayedrule::") {
            continue;
        }
        let Some(matcher) = StanzaMatcher::parse(&stanza.name) else {
            problems.push(error(
                &stanza.origin,
                "knowledge/props",
                format!("`[{}]` is not a pattern that can be matched", stanza.name),
            ));
            continue;
        };
        let priority = match stanza.settings.get("priority").map(|setting| (setting, setting.value.parse::<i64>())) {
            None => matcher.default_priority(),
            Some((_, Ok(priority))) => priority,
            Some((setting, Err(_))) => {
                problems.push(error(&setting.origin, "knowledge/props", "`priority` is not a whole number"));
                matcher.default_priority()
            }
        };
        check(stanza, problems, warnings);
        stanzas.push(PropsStanza {
            name: stanza.name.clone(),
            matcher,
            priority,
            settings: stanza.settings.clone(),
            origin: stanza.origin.clone(),
        });
    }
    stanzas
}

fn check(stanza: &Stanza, problems: &mut Vec<Diagnostic>, warnings: &mut Vec<Diagnostic>) {
    let mut resolved = ResolvedProps::default();
    for (key, setting) in &stanza.settings {
        // The pack's own settings are checked by its tests.
        if !cfg!(debug_assertions) && setting.origin == Origin::BuiltIn {
            continue;
        }
        if let Err(message) = resolved.apply(key, setting) {
            problems.push(error(&setting.origin, "knowledge/props", message));
            continue;
        }
        if prefix_and_class(key).is_some() {
            continue;
        }
        if let Some((code, message)) = PROPS.remark(key, "a props stanza") {
            warnings.push(warning(&setting.origin, code, message));
        }
    }
}

/// Combines the stanzas that match: setting by setting, `source::` over `host::` over sourcetype over `[default]`, then by
/// priority, then the name that is lower in ASCII order.
///
/// Settings of the knowledge pack lie below those of every other stanza: one that an app sets too is the app's. The
/// definitions of fields that are left come separately.
pub(crate) fn resolve<'a>(stanzas: impl Iterator<Item = &'a PropsStanza>) -> ResolvedProps {
    let mut matching: Vec<&PropsStanza> = stanzas.collect();
    matching
        .sort_by(|a, b| (a.matcher.rank(), a.priority).cmp(&(b.matcher.rank(), b.priority)).then_with(|| b.name.cmp(&a.name)));
    let of = |built_in: bool| {
        let mut settings: IndexMap<&str, &Setting> = IndexMap::new();
        for stanza in &matching {
            let own = stanza.settings.iter().filter(|(_, setting)| (setting.origin == Origin::BuiltIn) == built_in);
            settings.extend(own.map(|(key, setting)| (key.as_str(), setting)));
        }
        settings.sort_unstable_keys();
        settings
    };
    let (settings, mut of_pack) = (of(false), of(true));
    of_pack.retain(|key, _| !settings.contains_key(key));
    let mut resolved = ResolvedProps::default();
    let mut pack = ResolvedProps::default();
    // Settings were checked when they were read; what is wrong was reported then.
    for (key, setting) in of_pack {
        let _ = if is_field_definition(key) { pack.apply(key, setting) } else { resolved.apply(key, setting) };
    }
    for (key, setting) in settings {
        let _ = resolved.apply(key, setting);
    }
    if pack != ResolvedProps::default() {
        resolved.pack = Some(Box::new(pack));
    }
    resolved
}

/// Whether a setting defines fields.
pub(crate) fn is_field_definition(key: &str) -> bool {
    READ_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

impl ResolvedProps {
    /// Adds one setting; settings of other kinds are passed over.
    fn apply(&mut self, key: &str, setting: &Setting) -> Result<(), String> {
        let value = setting.value.as_str();
        let origin = || setting.origin.clone();
        if let Some((prefix, class)) = prefix_and_class(key) {
            if class.is_empty() {
                return Err(format!("`{key}` names no class"));
            }
            if value.is_empty() {
                // An empty value switches off what a lower layer defines.
                return Ok(());
            }
            match prefix {
                "EXTRACT-" => {
                    let (regex, source_field) = read_extraction(value);
                    self.extractions.push(Extraction { class: class.to_owned(), regex, source_field, origin: origin() });
                }
                "REPORT-" => {
                    self.reports.push(Report { class: class.to_owned(), transforms: split_quoted(value, ','), origin: origin() })
                }
                "FIELDALIAS-" => {
                    for (from, to, as_new) in read_aliases(value).map_err(|message| format!("`{key}`: {message}"))? {
                        self.aliases.push(FieldAlias { from, to, as_new, origin: origin() });
                    }
                }
                "EVAL-" => self.calculated.push(CalculatedField {
                    name: class.to_owned(),
                    expression: value.to_owned(),
                    origin: origin(),
                }),
                _ => self.lookups.push(read_lookup(class, value, origin()).map_err(|message| format!("`{key}`: {message}"))?),
            }
            return Ok(());
        }
        if let Some(prefix) = LOADING_PREFIXES.iter().find(|prefix| key.starts_with(**prefix)) {
            let loading = &mut self.index_time;
            if value.is_empty() {
                return Ok(());
            }
            match *prefix {
                "SEDCMD" => loading.sed_commands.push((value.to_owned(), origin())),
                "TRANSFORMS" => loading.transforms.push((split_quoted(value, ','), origin())),
                _ => loading.rulesets.push((split_quoted(value, ','), origin())),
            }
            return Ok(());
        }
        self.apply_plain(key, setting)
    }

    fn apply_plain(&mut self, key: &str, setting: &Setting) -> Result<(), String> {
        let value = setting.value.as_str();
        let text = || (!value.is_empty()).then(|| value.to_owned());
        let flag = || setting.as_bool().map(Some).ok_or_else(|| format!("`{key}` is neither true nor false"));
        let list = value.trim().strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(value);
        let names = || split_quoted(list, ',').into_iter().filter(|name| !name.is_empty()).collect();
        let number = || value.parse::<i64>().map(Some).map_err(|_| format!("`{key}` is not a whole number"));
        let loading = &mut self.index_time;
        if let Some(known) = PLACED.iter().find(|known| **known == key) {
            loading.origins.insert(known, setting.origin.clone());
        }
        match key {
            "KV_MODE" => {
                self.kv_mode = Some(match value.to_ascii_lowercase().as_str() {
                    "none" => KvMode::None,
                    "auto" => KvMode::Auto,
                    "auto_escaped" => KvMode::AutoEscaped,
                    multi if multi == "multi" || multi.starts_with("multi:") || multi.starts_with("multi_") => KvMode::Multi,
                    "xml" => KvMode::Xml,
                    "json" => KvMode::Json,
                    other => {
                        return Err(format!("`{other}` is no `KV_MODE`: none, auto, auto_escaped, multi, xml, json"));
                    }
                });
            }
            "AUTO_KV_JSON" => self.auto_kv_json = flag()?,
            "KV_TRIM_SPACES" => self.kv_trim_spaces = flag()?,
            "TIME_FORMAT" => loading.time_format = text(),
            "TIME_PREFIX" => loading.time_prefix = text(),
            "MAX_TIMESTAMP_LOOKAHEAD" => loading.max_timestamp_lookahead = number()?,
            "TZ" => loading.time_zone = text(),
            "TZ_ALIAS" => loading.tz_alias = text(),
            "MAX_DAYS_AGO" => loading.max_days_ago = number()?,
            "MAX_DAYS_HENCE" => loading.max_days_hence = number()?,
            "MAX_DIFF_SECS_AGO" => loading.max_diff_secs_ago = number()?,
            "MAX_DIFF_SECS_HENCE" => loading.max_diff_secs_hence = number()?,
            "ROUTE_EVENTS_OLDER_THAN" => {
                let seconds =
                    seconds(value).ok_or_else(|| format!("`{value}` is no `{key}`: a number, and s, m, h or d behind it"));
                loading.route_events_older_than = text().map(|_| seconds).transpose()?;
            }
            "SHOULD_LINEMERGE" => loading.should_linemerge = flag()?,
            "LINE_BREAKER" => loading.line_breaker = text(),
            "BREAK_ONLY_BEFORE" => loading.break_only_before = text(),
            "BREAK_ONLY_BEFORE_DATE" => loading.break_only_before_date = flag()?,
            "MUST_BREAK_AFTER" => loading.must_break_after = text(),
            "MUST_NOT_BREAK_AFTER" => loading.must_not_break_after = text(),
            "MUST_NOT_BREAK_BEFORE" => loading.must_not_break_before = text(),
            "MAX_EVENTS" => loading.max_events = number()?,
            "DATETIME_CONFIG" => loading.datetime_config = text(),
            "TIMESTAMP_FIELDS" => loading.timestamp_fields = names(),
            "HEADER_FIELD_LINE_NUMBER" => loading.header_field_line_number = number()?,
            "HEADER_FIELD_DELIMITER" => loading.header_field_delimiter = text(),
            "FIELD_DELIMITER" => loading.field_delimiter = text(),
            "FIELD_NAMES" => loading.field_names = names(),
            "TRUNCATE" => loading.truncate = number()?,
            "INDEXED_EXTRACTIONS" => loading.indexed_extractions = text(),
            "CHARSET" => loading.charset = text(),
            "PREAMBLE_REGEX" => loading.preamble_regex = text(),
            "FIELD_HEADER_REGEX" => loading.field_header_regex = text(),
            "FIELD_QUOTE" => loading.field_quote = text(),
            "HEADER_FIELD_QUOTE" => loading.header_field_quote = text(),
            "HEADER_FIELD_ACCEPTABLE_SPECIAL_CHARACTERS" => loading.acceptable_special_characters = text(),
            "MISSING_VALUE_REGEX" => loading.missing_value_regex = text(),
            "JSON_TRIM_BRACES_IN_ARRAY_NAMES" => loading.json_trim_braces = flag()?,
            "CHECK_FOR_HEADER" => loading.check_for_header = flag()?,
            "DETERMINE_TIMESTAMP_DATE_WITH_SYSTEM_TIME" => loading.date_with_system_time = flag()?,
            "sourcetype" => loading.sourcetype = text(),
            "rename" => loading.rename = text(),
            _ => {}
        }
        Ok(())
    }
}

/// The seconds of `90`, `90s`, `15m`, `12h`, `30d`.
fn seconds(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    digits.trim_end().parse::<u32>().ok().map(|number| i64::from(number) * unit)
}

/// Splits ` in field` off the end of a regular expression; `in` is written in any case.
fn read_extraction(value: &str) -> (String, Option<String>) {
    let plain = |field: &str| {
        !field.is_empty() && field.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-'))
    };
    let split = || {
        let (before, field) = value.trim_end().rsplit_once(char::is_whitespace)?;
        let (regex, keyword) = before.trim_end().rsplit_once(char::is_whitespace)?;
        let is_source = keyword.eq_ignore_ascii_case("in") && plain(field) && !regex.trim().is_empty();
        is_source.then(|| (regex.trim_end().to_owned(), Some(field.to_owned())))
    };
    split().unwrap_or_else(|| (value.to_owned(), None))
}

/// Words separated by blanks or commas; double or single quotes keep a name together.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut current = String::new();
    let mut quote: Option<char> = None;
    let mut started = false;
    for character in text.chars() {
        match (quote, character) {
            (Some(mark), other) if other == mark => quote = None,
            (Some(_), other) => current.push(other),
            (None, '"' | '\'') => {
                quote = Some(character);
                started = true;
            }
            (None, ',') => {
                if started || !current.is_empty() {
                    words.push(std::mem::take(&mut current));
                    started = false;
                }
            }
            (None, other) if other.is_whitespace() => {
                if started || !current.is_empty() {
                    words.push(std::mem::take(&mut current));
                    started = false;
                }
            }
            (None, other) => current.push(other),
        }
    }
    if started || !current.is_empty() {
        words.push(current);
    }
    words
}

fn read_aliases(value: &str) -> Result<Vec<(String, String, bool)>, String> {
    let words = words(value);
    if !words.len().is_multiple_of(3) {
        return Err("a field alias is `field AS alias` or `field ASNEW alias`".to_owned());
    }
    words
        .chunks_exact(3)
        .map(|chunk| match chunk {
            [from, keyword, to] if keyword.eq_ignore_ascii_case("as") => Ok((from.clone(), to.clone(), false)),
            [from, keyword, to] if keyword.eq_ignore_ascii_case("asnew") => Ok((from.clone(), to.clone(), true)),
            _ => Err("a field alias is `field AS alias` or `field ASNEW alias`".to_owned()),
        })
        .collect()
}

fn read_lookup(class: &str, value: &str, origin: Origin) -> Result<AutomaticLookup, String> {
    let words = words(value);
    let is_output = |word: &String| word.eq_ignore_ascii_case("output") || word.eq_ignore_ascii_case("outputnew");
    let (table, rest) = words.split_first().ok_or("no lookup is named")?;
    let split = rest.iter().position(is_output);
    let (inputs, outputs) = match split {
        None => (rest, &rest[rest.len()..]),
        Some(at) => (&rest[..at], &rest[at + 1..]),
    };
    let inputs = lookup_fields(inputs)?;
    if inputs.is_empty() {
        return Err("no field to look up is named".to_owned());
    }
    Ok(AutomaticLookup {
        class: class.to_owned(),
        table: table.clone(),
        inputs,
        outputs: lookup_fields(outputs)?,
        overwrite: split.is_none_or(|at| rest[at].eq_ignore_ascii_case("output")),
        origin,
    })
}

/// `a AS b c`: fields of the table, with their names in the event.
fn lookup_fields(words: &[String]) -> Result<Vec<LookupField>, String> {
    let mut fields: Vec<LookupField> = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if !word.eq_ignore_ascii_case("as") {
            fields.push(LookupField { lookup: word.clone(), event: word.clone() });
            continue;
        }
        match (fields.last_mut(), words.next()) {
            (Some(field), Some(name)) => field.event = name.clone(),
            _ => return Err("`AS` stands between two fields".to_owned()),
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests;
