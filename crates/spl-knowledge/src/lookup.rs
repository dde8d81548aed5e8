//! Lookups: their definitions (transforms.conf, content YAML) and the tables in CSV files.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use spl_macros::{Conf, Origin, Stanza};
use spl_parser::diagnostic::{Diagnostic, nearest};

use crate::problem::{error, warning};
use crate::settings::LOOKUPS;
use crate::transform::is_lookup;

/// How a field of a lookup table is compared with the event's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchType {
    /// The whole text.
    Exact,
    /// The table's value may hold `*`.
    Wildcard,
    /// The table's value is a network, the event's an address.
    Cidr,
}

/// Where a lookup's rows are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupSource {
    /// A CSV file, gzip if its name ends in `.gz`.
    File(PathBuf),
    /// Given rows.
    Table(Arc<LookupTable>),
    /// A KV store collection: without rows until a file is given for it.
    Collection(String),
    /// A file of this name that no lookups folder holds.
    Missing(String),
    /// A kind that can't be used here, in words.
    Unsupported(String),
}

/// A lookup definition (Splunk admin manual, transforms.conf).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupDefinition {
    /// The name.
    pub name: String,
    /// Where the rows are.
    pub source: LookupSource,
    /// `match_type`, by field of the table; fields that are not listed match exactly.
    pub match_types: IndexMap<String, MatchType>,
    /// `case_sensitive_match`; true unless given.
    pub case_sensitive: bool,
    /// `max_matches`: 1000 unless given, 1 for lookups by time.
    pub max_matches: usize,
    /// `min_matches`: 0 unless given. With fewer matches `default_match` fills the output fields.
    pub min_matches: usize,
    /// `default_match`: empty unless given.
    pub default_match: String,
    /// `time_field`: the table's field that bounds a match by time.
    pub time_field: Option<String>,
    /// `time_format` of that field; `%s.%Q` unless given.
    pub time_format: String,
    /// `max_offset_secs`: how far an event may be behind the table's time; 2000000000 unless given.
    pub max_offset_seconds: i64,
    /// `min_offset_secs`; 0 unless given.
    pub min_offset_seconds: i64,
    /// `filter`: an eval expression that rows must satisfy.
    pub filter: Option<String>,
    /// `fields_list`: the fields of a collection.
    pub fields: Vec<String>,
    /// Where it was defined.
    pub origin: Origin,
}

impl LookupDefinition {
    /// A definition with the defaults of a CSV lookup.
    pub fn new(name: impl Into<String>, source: LookupSource, origin: Origin) -> Self {
        Self {
            name: name.into(),
            source,
            match_types: IndexMap::new(),
            case_sensitive: true,
            max_matches: 1000,
            min_matches: 0,
            default_match: String::new(),
            time_field: None,
            time_format: "%s.%Q".to_owned(),
            max_offset_seconds: 2_000_000_000,
            min_offset_seconds: 0,
            filter: None,
            fields: Vec::new(),
            origin,
        }
    }

    /// The file, if the rows are in one.
    pub fn file(&self) -> Option<&Path> {
        match &self.source {
            LookupSource::File(path) => Some(path),
            _ => None,
        }
    }

    /// How a field of the table is compared.
    pub fn match_type(&self, field: &str) -> MatchType {
        self.match_types.get(field).copied().unwrap_or(MatchType::Exact)
    }

    /// Reads the rows. A collection without a file is a table of its fields without rows.
    ///
    /// # Errors
    /// A file that is missing or unreadable, or a kind of lookup that is not supported.
    pub fn load(&self) -> Result<Arc<LookupTable>, Diagnostic> {
        let wrong = |message: String| Diagnostic::general("lookup/source", message);
        match &self.source {
            LookupSource::File(path) => LookupTable::read(path).map(Arc::new),
            LookupSource::Table(table) => Ok(table.clone()),
            LookupSource::Collection(_) => Ok(Arc::new(LookupTable { header: self.fields.clone(), rows: Vec::new() })),
            LookupSource::Missing(file) => {
                Err(wrong(format!("file `{file}` of lookup `{}` is in no lookups folder ({})", self.name, self.origin))
                    .with_help("give the rows with `--lookup NAME=FILE.csv`"))
            }
            LookupSource::Unsupported(what) => {
                Err(wrong(format!("lookup `{}` is {what}, which is not supported ({})", self.name, self.origin))
                    .with_help("give its rows with `--lookup NAME=FILE.csv`"))
            }
        }
    }

    /// Sets an option by its name in transforms.conf.
    ///
    /// # Errors
    /// A value of another kind, in words.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let number =
            || value.trim().parse::<i64>().map_err(|_| format!("`{key}` of lookup `{}` is not a whole number", self.name));
        let within = |low: i64, high: i64| match number()? {
            number if (low..=high).contains(&number) => usize::try_from(number).map_err(|error| error.to_string()),
            number => Err(format!("`{key}` of lookup `{}` is {number}, not {low} to {high}", self.name)),
        };
        match key {
            "match_type" => {
                self.match_types =
                    read_match_types(value).map_err(|message| format!("`match_type` of lookup `{}`: {message}", self.name))?
            }
            "case_sensitive_match" => {
                self.case_sensitive = spl_macros::conf::as_bool(value)
                    .ok_or_else(|| format!("`{key}` of lookup `{}` is neither true nor false", self.name))?;
            }
            "max_matches" => self.max_matches = within(1, 1000)?,
            "min_matches" => self.min_matches = within(0, 1000)?,
            "default_match" => self.default_match = value.to_owned(),
            "time_field" => self.time_field = Some(value.to_owned()).filter(|field| !field.is_empty()),
            "time_format" => self.time_format = value.to_owned(),
            "max_offset_secs" => self.max_offset_seconds = number()?,
            "min_offset_secs" => self.min_offset_seconds = number()?,
            "filter" => self.filter = Some(value.to_owned()).filter(|filter| !filter.is_empty()),
            "fields_list" => {
                self.fields = value.split(',').map(|field| field.trim().to_owned()).filter(|field| !field.is_empty()).collect()
            }
            _ => {}
        }
        Ok(())
    }
}

/// `WILDCARD(a), CIDR(b), EXACT(c)`; a list of fields inside the parentheses is allowed.
fn read_match_types(text: &str) -> Result<IndexMap<String, MatchType>, String> {
    let mut types = IndexMap::new();
    let mut rest = text.trim().trim_matches('"').trim_matches(',').trim();
    while !rest.is_empty() {
        let open = rest.find('(').ok_or_else(|| format!("`{rest}` is not WILDCARD(field), CIDR(field) or EXACT(field)"))?;
        let close = rest[open..].find(')').map(|offset| open + offset).ok_or("a parenthesis is not closed")?;
        let kind = match rest[..open].trim().to_ascii_uppercase().as_str() {
            "WILDCARD" => MatchType::Wildcard,
            "CIDR" => MatchType::Cidr,
            "EXACT" => MatchType::Exact,
            other => return Err(format!("`{other}` is not WILDCARD, CIDR or EXACT")),
        };
        for field in rest[open + 1..close].split(',').map(str::trim).filter(|field| !field.is_empty()) {
            types.insert(field.to_owned(), kind);
        }
        rest = rest[close + 1..].trim_start_matches([',', ' ', '\t', '\n']);
    }
    Ok(types)
}

/// Reads the lookup definitions of a transforms.conf; `find` finds the rows of a file name.
pub(crate) fn read_lookups(
    conf: &Conf,
    find: impl Fn(&str, &Origin) -> Option<LookupSource>,
    problems: &mut Vec<Diagnostic>,
    warnings: &mut Vec<Diagnostic>,
) -> IndexMap<String, LookupDefinition> {
    let mut lookups = IndexMap::new();
    for stanza in conf.effective().filter(is_lookup) {
        let mut definition = LookupDefinition::new(stanza.name.clone(), source_of(&stanza, &find), stanza.origin.clone());
        if stanza.get("time_field").is_some_and(|field| !field.is_empty()) {
            definition.max_matches = 1;
        }
        for (key, setting) in &stanza.settings {
            if let Err(message) = definition.set(key, &setting.value) {
                problems.push(error(&setting.origin, "knowledge/lookup", message));
            }
            if let Some((code, message)) = LOOKUPS.remark(key, "a lookup") {
                warnings.push(warning(&setting.origin, code, message));
            }
        }
        lookups.insert(stanza.name.clone(), definition);
    }
    lookups
}

fn source_of(stanza: &Stanza, find: impl Fn(&str, &Origin) -> Option<LookupSource>) -> LookupSource {
    let text = |key: &str| stanza.get(key).filter(|value| !value.is_empty());
    let kind = text("external_type").map(str::to_ascii_lowercase);
    if let Some(file) = text("filename") {
        // Only the name counts: Splunk strips a path (transforms.conf, filename).
        let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let origin = stanza.settings.get("filename").map_or(&stanza.origin, |setting| &setting.origin);
        if file.ends_with(".kmz") || file.ends_with(".kml") {
            return LookupSource::Unsupported("a geospatial lookup".to_owned());
        }
        return find(file, origin).unwrap_or_else(|| LookupSource::Missing(file.to_owned()));
    }
    match (text("collection"), kind.as_deref()) {
        (Some(collection), _) => LookupSource::Collection(collection.to_owned()),
        (None, Some("geo")) => LookupSource::Unsupported("a geospatial lookup".to_owned()),
        _ => LookupSource::Unsupported("a lookup by an external command".to_owned()),
    }
}

/// The rows of a lookup. Every row has as many values as the header; an empty value is no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookupTable {
    /// Names of the fields.
    pub header: Vec<String>,
    /// The rows in file order.
    pub rows: Vec<Vec<String>>,
}

impl LookupTable {
    /// Reads a CSV file with a header line; gzip is recognised by its first bytes.
    ///
    /// # Errors
    /// A file that can't be read, with its path.
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        Self::read_noting(path).map(|(table, _)| table)
    }

    /// As [`LookupTable::read`], with what was left out of the rows, in words.
    ///
    /// # Errors
    /// As there.
    pub fn read_noting(path: &Path) -> Result<(Self, Option<String>), Diagnostic> {
        let wrong = |message: String| Diagnostic::general("lookup/file", format!("{}: {message}", path.display()));
        let mut bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::new();
            flate2::read::MultiGzDecoder::new(bytes.as_slice())
                .read_to_end(&mut plain)
                .map_err(|error| wrong(error.to_string()))?;
            bytes = plain;
        }
        Self::parse_noting(&bytes).map_err(wrong)
    }

    /// Reads CSV text. Invalid UTF-8 is replaced; short rows are filled up, values beyond the header are dropped.
    ///
    /// # Errors
    /// What is wrong, with the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        Self::parse_noting(bytes).map(|(table, _)| table)
    }

    /// As [`LookupTable::parse`], with what was left out of the rows, in words.
    ///
    /// # Errors
    /// As there.
    pub fn parse_noting(bytes: &[u8]) -> Result<(Self, Option<String>), String> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut records = reader.byte_records();
        let text = |record: &csv::ByteRecord| -> Vec<String> {
            record.iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect()
        };
        let header: Vec<String> = match records.next() {
            None => return Ok((Self::default(), None)),
            Some(record) => {
                text(&record.map_err(|error| error.to_string())?).into_iter().map(|name| name.trim().to_owned()).collect()
            }
        };
        let mut rows = Vec::new();
        let (mut long, mut first_long) = (0_usize, 0);
        for record in records {
            let record = record.map_err(|error| error.to_string())?;
            let mut row = text(&record);
            if row.iter().skip(header.len()).any(|value| !value.is_empty()) {
                if long == 0 {
                    first_long = record.position().map_or(0, csv::Position::line);
                }
                long += 1;
            }
            row.resize(header.len(), String::new());
            rows.push(row);
        }
        let note = (long > 0).then(|| {
            format!("{long} rows have more values than the header, first in line {first_long}; the values beyond it are dropped")
        });
        Ok((Self { header, rows }, note))
    }

    /// Writes the table as a CSV file with a header line, gzip if its name ends in `.gz`. A table without a header is an
    /// empty file.
    ///
    /// # Errors
    /// A file that can't be written, with its path.
    pub fn write(&self, path: &Path) -> Result<(), Diagnostic> {
        let wrong = |message: String| Diagnostic::general("lookup/file", format!("{}: {message}", path.display()));
        let mut writer = csv::Writer::from_writer(Vec::new());
        if !self.header.is_empty() {
            for record in std::iter::once(&self.header).chain(&self.rows) {
                writer.write_record(record).map_err(|error| wrong(error.to_string()))?;
            }
        }
        let mut bytes = writer.into_inner().map_err(|error| wrong(error.to_string()))?;
        if path.extension().is_some_and(|extension| extension == "gz") {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            packed.write_all(&bytes).map_err(|error| wrong(error.to_string()))?;
            bytes = packed.finish().map_err(|error| wrong(error.to_string()))?;
        }
        std::fs::write(path, bytes).map_err(|error| wrong(error.to_string()))
    }

    /// The place of a field in the rows.
    ///
    /// # Errors
    /// An unknown field, with the nearest known one.
    pub fn column(&self, field: &str) -> Result<usize, Diagnostic> {
        self.header.iter().position(|name| name == field).ok_or_else(|| {
            let unknown = Diagnostic::general("lookup/unknown-field", format!("the lookup table has no field `{field}`"));
            match nearest(field, self.header.iter().map(String::as_str)) {
                Some(near) => unknown.with_help(format!("did you mean `{near}`?")),
                None if self.header.is_empty() => unknown.with_help("the table has no fields: its file is missing or empty"),
                None => unknown.with_help(format!("its fields are {}", self.header.join(", "))),
            }
        })
    }
}

#[cfg(test)]
mod tests;
