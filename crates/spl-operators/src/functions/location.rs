//! The location of addresses, from a database in MaxMind's format.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use maxminddb::{LookupResult, PathElement, Reader};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::value::Value;
use spl_parser::Diagnostic;

use crate::node::to_json;

/// A database file, read when it is first needed.
pub struct GeoDatabase {
    path: PathBuf,
    reader: OnceLock<std::result::Result<Reader<Vec<u8>>, String>>,
}

impl fmt::Debug for GeoDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeoDatabase").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What can be known of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Part {
    City,
    Continent,
    Country,
    Latitude,
    Longitude,
    MetroCode,
    Region,
    Timezone,
}

impl Part {
    /// All parts, by the names that `iplocation` gives them.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::City, "City"),
        (Self::Continent, "Continent"),
        (Self::Country, "Country"),
        (Self::MetroCode, "MetroCode"),
        (Self::Region, "Region"),
        (Self::Timezone, "Timezone"),
        (Self::Latitude, "lat"),
        (Self::Longitude, "lon"),
    ];

    /// The type of its values.
    pub fn value_type(self) -> ValueType {
        if matches!(self, Self::Latitude | Self::Longitude) { ValueType::Float } else { ValueType::Text }
    }
}

impl GeoDatabase {
    /// The database in a file, which is not opened yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), reader: OnceLock::new() }
    }

    fn reader(&self) -> std::result::Result<&Reader<Vec<u8>>, Diagnostic> {
        let read = || Reader::open_readfile(&self.path).map_err(|error| error.to_string());
        self.reader
            .get_or_init(read)
            .as_ref()
            .map_err(|message| Diagnostic::general("plan/geo-database", format!("{}: {message}", self.path.display())))
    }

    /// A part of the location of an address; names in a language (`en`, `de`, `zh-CN`), in English where there is none.
    ///
    /// # Errors
    /// A file that can't be read, or is no such database.
    pub fn locate(self: &Arc<Self>, address: Expr, part: Part, language: &str) -> std::result::Result<Expr, Diagnostic> {
        self.reader()?;
        let function = Location {
            database: self.clone(),
            part,
            language: language.to_owned(),
            signature: Signature::new(TypeSignature::Any(1), Volatility::Immutable),
        };
        Ok(ScalarUDF::from(function).call(vec![address]))
    }
}

/// A part of the location of an address.
#[derive(Debug)]
pub struct Location {
    database: Arc<GeoDatabase>,
    part: Part,
    language: String,
    signature: Signature,
}

/// The function as a value; the database is named by its file.
#[derive(Serialize, Deserialize)]
struct Form {
    database: PathBuf,
    part: Part,
    language: String,
}

impl Location {
    /// As a value.
    ///
    /// # Errors
    /// A path that is no text.
    pub fn write(&self) -> Result<Json> {
        to_json(&Form { database: self.database.path.clone(), part: self.part, language: self.language.clone() })
    }

    /// The function of a value.
    ///
    /// # Errors
    /// A value that is of no such function.
    pub fn read(value: Json) -> serde_json::Result<Self> {
        let Form { database, part, language } = serde_json::from_value(value)?;
        let signature = Signature::new(TypeSignature::Any(1), Volatility::Immutable);
        Ok(Self { database: Arc::new(GeoDatabase::new(&database)), part, language, signature })
    }
}

impl PartialEq for Location {
    fn eq(&self, other: &Self) -> bool {
        self.part == other.part && self.language == other.language && self.database.path == other.database.path
    }
}

impl Eq for Location {}

impl Hash for Location {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.part, &self.language, &self.database.path).hash(state);
    }
}

enum Found {
    Text(String),
    Number(f64),
}

impl Location {
    /// None for what is no address, and for addresses that the database does not know.
    fn of(&self, reader: &Reader<Vec<u8>>, text: &str) -> Option<Found> {
        let address: IpAddr = text.trim().parse().ok()?;
        let found = reader.lookup(address).ok()?;
        let number = |name: &str| decoded::<f64>(&found, &["location", name]).map(Found::Number);
        match self.part {
            Part::City => self.named(&found, &["city"]),
            Part::Continent => self.named(&found, &["continent"]),
            Part::Country => self.named(&found, &["country"]),
            Part::Region => {
                let path = |language| {
                    let steps = [
                        PathElement::Key("subdivisions"),
                        PathElement::Index(0),
                        PathElement::Key("names"),
                        PathElement::Key(language),
                    ];
                    found.decode_path::<String>(&steps).ok().flatten()
                };
                path(self.language.as_str()).or_else(|| path("en")).map(Found::Text)
            }
            Part::Latitude => number("latitude"),
            Part::Longitude => number("longitude"),
            Part::MetroCode => decoded::<u32>(&found, &["location", "metro_code"]).map(|code| Found::Text(code.to_string())),
            Part::Timezone => decoded::<String>(&found, &["location", "time_zone"]).map(Found::Text),
        }
    }

    fn named(&self, found: &LookupResult<'_, Vec<u8>>, of: &[&str]) -> Option<Found> {
        let name = |language: &str| {
            let path: Vec<&str> = of.iter().copied().chain(["names", language]).collect();
            decoded::<String>(found, &path)
        };
        name(&self.language).or_else(|| name("en")).map(Found::Text)
    }
}

fn decoded<T: serde::de::DeserializeOwned>(found: &LookupResult<'_, Vec<u8>>, path: &[&str]) -> Option<T> {
    let steps: Vec<PathElement<'_>> = path.iter().map(|name| PathElement::Key(name)).collect();
    found.decode_path::<T>(&steps).ok().flatten()
}

impl ScalarUDFImpl for Location {
    fn name(&self) -> &str {
        "spl_location"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.part.value_type().arrow())
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = call.number_rows;
        let reader = self.database.reader().map_err(|error| datafusion::common::DataFusionError::External(Box::new(error)))?;
        let mut built = ColumnBuilder::new(self.part.value_type(), rows);
        let mut known: HashMap<String, Option<Found>> = HashMap::new();
        if let Some(argument) = call.args.first() {
            let column = Column::new(&argument.clone().into_array(rows)?)?;
            for row in 0..rows {
                // Of several values the first that has a location.
                let mut result = None;
                for text in column.value(row).each_text() {
                    let text = text.into_owned();
                    if !known.contains_key(&text) {
                        let found = self.of(reader, &text);
                        known.insert(text.clone(), found);
                    }
                    result = known.get(&text).and_then(Option::as_ref);
                    if result.is_some() {
                        break;
                    }
                }
                match result {
                    Some(Found::Text(text)) => built.append_text(text),
                    Some(Found::Number(number)) => built.append(Value::Float(*number)),
                    None => built.append_null(),
                }
            }
        }
        Ok(ColumnarValue::Array(built.finish()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(value: &str) -> Vec<u8> {
        let mut bytes = vec![2 << 5 | u8::try_from(value.len()).unwrap()];
        bytes.extend(value.bytes());
        bytes
    }

    fn whole(kind: u8, value: u64, length: usize) -> Vec<u8> {
        let mut bytes = if kind < 8 { vec![kind << 5 | length as u8] } else { vec![length as u8, kind - 7] };
        bytes.extend(&value.to_be_bytes()[8 - length..]);
        bytes
    }

    fn double(value: f64) -> Vec<u8> {
        let mut bytes = vec![3 << 5 | 8];
        bytes.extend(value.to_be_bytes());
        bytes
    }

    fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = vec![7 << 5 | members.len() as u8];
        for (name, value) in members {
            bytes.extend(text(name));
            bytes.extend(value);
        }
        bytes
    }

    fn list(items: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![items.len() as u8, 11 - 7];
        items.iter().for_each(|item| bytes.extend(item));
        bytes
    }

    /// A database that knows 1.2.3.0/24.
    fn database() -> Vec<u8> {
        const NODES: u32 = 24;
        let network = 0x0001_0203_u32;
        let mut bytes = Vec::new();
        for depth in 0..NODES {
            let bit = network >> (NODES - 1 - depth) & 1;
            let next = if depth + 1 == NODES { NODES + 16 } else { depth + 1 };
            let records = if bit == 0 { [next, NODES] } else { [NODES, next] };
            records.iter().for_each(|record| bytes.extend(&record.to_be_bytes()[1..]));
        }
        bytes.extend([0; 16]);
        let names = |english: &str, german: &str| map(&[("names", map(&[("en", text(english)), ("de", text(german))]))]);
        bytes.extend(map(&[
            ("city", names("Munich", "M\u{fc}nchen")),
            ("country", names("Germany", "Deutschland")),
            ("subdivisions", list(&[names("Bavaria", "Bayern")])),
            ("location", map(&[("latitude", double(48.1)), ("longitude", double(11.5)), ("time_zone", text("Europe/Berlin"))])),
        ]));
        bytes.extend(b"\xab\xcd\xefMaxMind.com");
        bytes.extend(map(&[
            ("node_count", whole(6, u64::from(NODES), 4)),
            ("record_size", whole(5, 24, 2)),
            ("ip_version", whole(5, 4, 2)),
            ("database_type", text("Test-City")),
            ("languages", list(&[text("en")])),
            ("binary_format_major_version", whole(5, 2, 2)),
            ("binary_format_minor_version", whole(5, 0, 2)),
            ("build_epoch", whole(9, 1_700_000_000, 8)),
            ("description", map(&[("en", text("a test"))])),
        ]));
        bytes
    }

    fn located(part: Part, language: &str, address: &str) -> Option<String> {
        let reader = Reader::from_source(database()).unwrap();
        let location = Location {
            database: Arc::new(GeoDatabase::new(Path::new("unused"))),
            part,
            language: language.to_owned(),
            signature: Signature::new(TypeSignature::Any(1), Volatility::Immutable),
        };
        Some(match location.of(&reader, address)? {
            Found::Text(text) => text,
            Found::Number(number) => number.to_string(),
        })
    }

    #[test]
    fn addresses_are_located() {
        assert_eq!(located(Part::City, "en", "1.2.3.4").as_deref(), Some("Munich"));
        assert_eq!(located(Part::City, "de", "1.2.3.4").as_deref(), Some("M\u{fc}nchen"));
        assert_eq!(located(Part::Country, "fr", "1.2.3.4").as_deref(), Some("Germany"));
        assert_eq!(located(Part::Region, "de", " 1.2.3.4").as_deref(), Some("Bayern"));
        assert_eq!(located(Part::Latitude, "en", "1.2.3.4").as_deref(), Some("48.1"));
        assert_eq!(located(Part::Timezone, "en", "1.2.3.4").as_deref(), Some("Europe/Berlin"));
        assert_eq!(located(Part::MetroCode, "en", "1.2.3.4"), None);
        assert_eq!(located(Part::City, "en", "1.2.4.4"), None);
        assert_eq!(located(Part::City, "en", "not an address"), None);
    }

    #[test]
    fn a_file_that_is_no_database_is_an_error() {
        let database = Arc::new(GeoDatabase::new(Path::new("/nonexistent.mmdb")));
        let address = datafusion::logical_expr::lit("1.2.3.4");
        assert!(database.locate(address, Part::City, "en").unwrap_err().message.contains("/nonexistent.mmdb"));
    }
}
