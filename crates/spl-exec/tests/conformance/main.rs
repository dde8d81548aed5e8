//! Runs the conformance cases of `tests/conformance`: one test per case, in process; the format stands in the README there.
//! Each case runs in every [`Mode`]: the rows must be the same. So do generated searches over generated events.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::collections::HashSet;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chrono_tz::Tz;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use indexmap::{IndexMap, IndexSet};
use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use spl_codec::{read_logical, read_physical, write_logical, write_physical};
use spl_exec::{Engine, EventParts, Failure, Passage, Results, Rewrites, Search, SearchClock, Settings};
use spl_functions::column::Column;
use spl_functions::value::Value;
use spl_knowledge::Knowledge;
use spl_parser::Diagnostic;
use spl_sources::{EventTable, FieldSelection, LoadOptions};
use tokio::runtime::Runtime;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/conformance");
const GAPS: &str = "gaps.yml";
const TIME_OUT: Duration = Duration::from_secs(20);

type Row = Map<String, Json>;

mod compare;
mod generated;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    area: String,
    spl: String,
    #[serde(default)]
    now: Option<Json>,
    #[serde(default)]
    tz: Option<String>,
    #[serde(default)]
    events: Option<Vec<Row>>,
    #[serde(default)]
    lookups: IndexMap<String, Vec<Row>>,
    #[serde(default)]
    macros: IndexMap<String, Macro>,
    #[serde(default)]
    app: IndexMap<String, String>,
    #[serde(default)]
    ordered: Option<bool>,
    #[serde(default)]
    expect: Option<Vec<Row>>,
    #[serde(default)]
    fields: Option<Vec<String>>,
    #[serde(default)]
    error: bool,
    #[serde(default)]
    code: Option<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Macro {
    #[serde(default)]
    args: Vec<String>,
    definition: String,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = Path::new(CASES);
    let cases = read_cases(folder);
    let gaps: IndexMap<String, String> = read_yaml(&folder.join(GAPS));
    let mut trials = vec![gaps_name_cases(&gaps, &cases)];
    let runtime = Arc::new(tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime"));
    for case in generated::cases() {
        let (runtime, name) = (Arc::clone(&runtime), case.name.clone());
        let same = move || generated::same_in_every_mode(&case, &runtime).map_err(Failed::from);
        trials.push(Trial::test(name, same).with_kind("generated"));
    }
    for case in cases {
        let gap = gaps.get(&case.name).cloned();
        let (runtime, name, area) = (Arc::clone(&runtime), case.name.clone(), case.area.clone());
        trials.push(Trial::test(name, move || judge(&case, gap.as_deref(), &runtime)).with_kind(area));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// All cases of a folder, with a panic for what no test could tell: broken files, two cases of one name.
fn read_cases(folder: &Path) -> Vec<Case> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "yml") && path.file_name().is_some_and(|name| name != GAPS)
        })
        .collect();
    files.sort();
    let mut names = HashSet::new();
    let mut cases = Vec::new();
    for file in files {
        for case in read_yaml::<Vec<Case>>(&file) {
            let place = format!("{}: {}", file.display(), case.name);
            assert!(names.insert(case.name.clone()), "{place}: a second case of this name");
            assert!(case.error != case.expect.is_some(), "{place}: either `expect` or `error: true`");
            assert!(case.error == case.code.is_some(), "{place}: an error and its `code` go together");
            assert!(case.fields.is_none() || case.expect.is_some(), "{place}: `fields` are those of rows");
            assert!(!case.source.trim().is_empty(), "{place}: `source` is empty");
            cases.push(case);
        }
    }
    assert!(!cases.is_empty(), "{}: no cases", folder.display());
    cases
}

fn read_yaml<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn gaps_name_cases(gaps: &IndexMap<String, String>, cases: &[Case]) -> Trial {
    let names: HashSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let unknown: Vec<&String> = gaps.keys().filter(|name| !names.contains(name.as_str())).collect();
    let without_reason: Vec<&String> = gaps.iter().filter(|(_, reason)| reason.trim().is_empty()).map(|(name, _)| name).collect();
    let problem = match (unknown.is_empty(), without_reason.is_empty()) {
        (true, true) => None,
        _ => Some(format!("{GAPS}: no such case: {unknown:?}; no reason given: {without_reason:?}")),
    };
    Trial::test("gaps-name-cases", move || problem.map_or(Ok(()), |problem| Err(problem.into())))
}

/// A case passes, or is a known gap and fails; a panic is never a known gap.
fn judge(case: &Case, gap: Option<&str>, runtime: &Runtime) -> Result<(), Failed> {
    let outcome = catch_unwind(AssertUnwindSafe(|| run(case, runtime))).map_err(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Failed::from(format!("panicked: {}\n     {}", message.unwrap_or("?"), case.spl))
    })?;
    match (outcome, gap) {
        (Ok(()), None) | (Err(_), Some(_)) => Ok(()),
        (Ok(()), Some(reason)) => Err(format!("passes, but stands in {GAPS} ({reason}): remove it there").into()),
        (Err(problem), None) => Err(format!("{problem}\n     {}\n     {}", case.spl, case.source).into()),
    }
}

/// A way of running a case; each must give the same rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// All events loaded at once.
    Loaded,
    /// Two files of half of the events, read one after the other.
    Parts,
    /// Batches of two rows on four partitions.
    SmallBatches,
    /// A memory limit of 4 MiB.
    MemoryLimit,
    /// Every field loaded, whatever the search requires.
    AllFields,
    /// Without the rewrites that make searches faster.
    NoRewrites,
    /// All at once; every logical and physical plan is written as bytes and read back before it runs.
    Carried,
}

impl Mode {
    /// All modes; a search that is refused is refused in the first alone.
    const ALL: [Self; 7] =
        [Self::Loaded, Self::Parts, Self::SmallBatches, Self::MemoryLimit, Self::AllFields, Self::NoRewrites, Self::Carried];

    /// The name by which `SPLQ_MODES` asks for the mode.
    fn name(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Parts => "parts",
            Self::SmallBatches => "small-batches",
            Self::MemoryLimit => "memory-limit",
            Self::AllFields => "all-fields",
            Self::NoRewrites => "no-rewrites",
            Self::Carried => "carried",
        }
    }
}

/// Whether `SPLQ_MODES` asks for a mode; without it all modes are asked for.
fn is_asked(mode: Mode) -> bool {
    static ASKED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("SPLQ_MODES").ok());
    ASKED.as_deref().is_none_or(|asked| asked.split(',').any(|name| name == mode.name()))
}

/// The case in every mode, or in those that `SPLQ_MODES` names; `SPLQ_MODES=loaded` is enough while working on a case.
fn run(case: &Case, runtime: &Runtime) -> Result<(), String> {
    let events = case.events.as_ref().map_or(0, Vec::len);
    for mode in Mode::ALL.into_iter().filter(|mode| is_asked(*mode)) {
        let differs = match mode {
            Mode::Parts => events > 1,
            Mode::AllFields => events > 0,
            _ => true,
        };
        if mode != Mode::Loaded && (case.expect.is_none() || !differs) {
            continue;
        }
        judged(case, runtime, mode).map_err(|problem| format!("{}: {problem}", mode.name()))?;
    }
    Ok(())
}

fn judged(case: &Case, runtime: &Runtime, mode: Mode) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let answer = answer(case, folder.path(), runtime, mode);
    match (&case.expect, answer) {
        (None, Err(refusal)) => refused_as(case, &refusal),
        (None, Ok(answer)) => Err(format!("{} rows, expected an error", answer.rows.len())),
        (Some(_), Err(refusal)) => Err(refusal.to_string()),
        (Some(expected), Ok(answer)) => {
            if let Some(fields) = case.fields.as_ref().filter(|fields| **fields != answer.fields) {
                return Err(format!("fields {:?}, expected {fields:?}", answer.fields));
            }
            compare::compare(expected, &answer.rows, case.ordered.unwrap_or(true))
        }
    }
}

/// Whether a search was refused with the code that its case names.
fn refused_as(case: &Case, refusal: &Refusal) -> Result<(), String> {
    if refusal.0.iter().any(|problem| problem.message.trim().is_empty()) {
        return Err("failed as expected, but without a message".to_owned());
    }
    let code = case.code.as_deref().unwrap_or_default();
    match refusal.0.iter().any(|problem| problem.code == code) {
        true => Ok(()),
        false => Err(format!("expected {code}, got {refusal}")),
    }
}

/// Why a search has no rows.
struct Refusal(Vec<Diagnostic>);

impl From<Diagnostic> for Refusal {
    fn from(problem: Diagnostic) -> Self {
        Self(vec![problem])
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self(failure.diagnostics)
    }
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self(vec![Diagnostic::general("run/data", message)])
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let problems: Vec<String> = self.0.iter().map(|problem| format!("{}: {}", problem.code, problem.message)).collect();
        f.write_str(&problems.join("; "))
    }
}

/// What the command line would print.
struct Answer {
    fields: Vec<String>,
    rows: Vec<Row>,
}

/// The answer of the case's search.
fn answer(case: &Case, folder: &Path, runtime: &Runtime, mode: Mode) -> Result<Answer, Refusal> {
    let mut engine = Engine::new(knowledge(case, folder)?, settings(case, mode))?;
    let search = engine.compile(&case.spl)?;
    if let Some(events) = &case.events {
        let part = (mode == Mode::Parts).then(|| events.len().div_ceil(2).max(1));
        let parts: Vec<LoadOptions> = events
            .chunks(part.unwrap_or(usize::MAX).min(events.len().max(1)))
            .enumerate()
            .map(|(number, events)| load_options(&engine, &search, folder, number, events, mode))
            .collect();
        engine = match (part, parts.first()) {
            (Some(_), _) => engine.with_parts(Arc::new(Parts(parts))),
            (None, Some(all)) => {
                let loaded = spl_sources::load(all).map_err(|error| error.to_string())?;
                engine.with_data(loaded.table)
            }
            (None, None) => {
                let none = load_options(&engine, &search, folder, 0, &[], mode);
                let loaded = spl_sources::load(&none).map_err(|error| error.to_string())?;
                engine.with_data(loaded.table)
            }
        }?;
    }
    if mode == Mode::Carried {
        engine = engine.with_passage(Arc::new(AsBytes));
    }
    let results = runtime
        .block_on(async { tokio::time::timeout(TIME_OUT, engine.run(&search)).await })
        .map_err(|_| format!("no answer in {} s", TIME_OUT.as_secs()))??;
    let fields = results.fields.clone();
    let rows = rows(&results, &fields)?;
    Ok(Answer { fields, rows })
}

/// Has plans written and read back before they run.
struct AsBytes;

impl Passage for AsBytes {
    fn logical(&self, plan: LogicalPlan, context: &TaskContext) -> datafusion::common::Result<LogicalPlan> {
        read_logical(&write_logical(&plan)?, context)
    }

    fn physical(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        context: &TaskContext,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        read_physical(&write_physical(plan)?, context)
    }
}

/// Writes events to a file, for a load of it.
fn load_options(engine: &Engine, search: &Search, folder: &Path, number: usize, events: &[Row], mode: Mode) -> LoadOptions {
    let mut text = String::new();
    for event in events {
        writeln!(text, "{}", Json::Object(event.clone())).expect("writing to a text");
    }
    let path = folder.join(format!("events{number}.ndjson"));
    std::fs::write(&path, text).expect("writing events");
    let required = engine.required_data([search]);
    LoadOptions {
        paths: vec![path.display().to_string()],
        fields: if mode == Mode::AllFields { FieldSelection::All } else { required.fields },
        kept_texts: required.kept_texts.filter(|_| mode != Mode::AllFields),
        required_texts: if mode == Mode::AllFields { None } else { engine.required_texts([search]) },
        now: engine.clock().now,
        time_zone: engine.clock().time_zone,
        threads: 1,
        ..LoadOptions::default()
    }
}

struct Parts(Vec<LoadOptions>);

impl EventParts for Parts {
    fn parts(&self) -> Box<dyn Iterator<Item = Result<EventTable, String>> + Send> {
        let options = self.0.clone();
        Box::new(
            options
                .into_iter()
                .map(|part| spl_sources::load(&part).map(|loaded| loaded.table).map_err(|error| error.to_string())),
        )
    }
}

fn knowledge(case: &Case, folder: &Path) -> Result<Knowledge, Diagnostic> {
    static BUILT_IN: LazyLock<Knowledge> = LazyLock::new(Knowledge::built_in);
    let mut knowledge = BUILT_IN.clone();
    for (name, rows) in &case.lookups {
        let path = folder.join(format!("{name}.csv"));
        std::fs::write(&path, comma_separated(rows)).expect("writing a lookup");
        knowledge.add_lookup_file(name, &path)?;
    }
    if !case.app.is_empty() {
        let app = folder.join("app");
        for (path, text) in &case.app {
            let path = app.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("making a folder");
            std::fs::write(&path, text).expect("writing a file of the app");
        }
        if let Some(problem) = knowledge.load_app(&app).into_iter().next() {
            return Err(problem);
        }
    }
    for (name, definition) in &case.macros {
        let bare = name.split('(').next().unwrap_or(name);
        let head = if definition.args.is_empty() { bare.to_owned() } else { format!("{bare}({})", definition.args.join(",")) };
        knowledge.macros.define(&format!("{head}={}", definition.definition))?;
    }
    Ok(knowledge)
}

fn settings(case: &Case, mode: Mode) -> Settings {
    let now = match &case.now {
        None => std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64()),
        Some(Json::Number(number)) => number.as_f64().expect("a finite number"),
        Some(Json::String(text)) => {
            let time = chrono::DateTime::parse_from_rfc3339(text).unwrap_or_else(|error| panic!("{}: now: {error}", case.name));
            time.timestamp() as f64 + f64::from(time.timestamp_subsec_micros()) / 1e6
        }
        Some(other) => panic!("{}: now: {other}", case.name),
    };
    let time_zone: Tz = case.tz.as_deref().unwrap_or("UTC").parse().unwrap_or_else(|error| panic!("{}: tz: {error}", case.name));
    Settings {
        memory_limit: (mode == Mode::MemoryLimit).then_some(4 << 20),
        threads: if mode == Mode::SmallBatches { 4 } else { 0 },
        batch_rows: (mode == Mode::SmallBatches).then_some(2),
        rewrites: if mode == Mode::NoRewrites { Rewrites::NONE } else { Rewrites::default() },
        ..Settings::at(SearchClock::at(now, time_zone))
    }
}

/// A CSV file with the fields in order of their first appearance.
fn comma_separated(rows: &[Row]) -> String {
    let fields: IndexSet<&String> = rows.iter().flat_map(Row::keys).collect();
    let quoted = |text: &str| {
        if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    };
    let mut lines = vec![fields.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",")];
    for row in rows {
        let cells = fields.iter().map(|field| match row.get(*field) {
            None | Some(Json::Null) => String::new(),
            Some(Json::String(text)) => quoted(text),
            Some(other) => quoted(&other.to_string()),
        });
        lines.push(cells.collect::<Vec<_>>().join(","));
    }
    lines.join("\r\n") + "\r\n"
}

/// Rows as objects: absent fields left out, several values as an array.
fn rows(results: &Results, fields: &[String]) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for batch in &results.batches {
        let mut columns = Vec::new();
        for name in fields {
            let array = batch.column_by_name(name).ok_or_else(|| format!("field `{name}` has no column"))?;
            columns.push((name, Column::new(array).map_err(|error| error.to_string())?));
        }
        for row in 0..batch.num_rows() {
            rows.push(
                columns
                    .iter()
                    .filter_map(|(name, column)| json(column.value(row)).map(|value| ((*name).clone(), value)))
                    .collect(),
            );
        }
    }
    Ok(rows)
}

fn json(value: Value<'_>) -> Option<Json> {
    Some(match value {
        Value::Null => return None,
        Value::Text(text) => Json::from(text),
        Value::Integer(number) => Json::from(number),
        Value::Float(number) => serde_json::Number::from_f64(number).map_or_else(|| Json::from(number.to_string()), Json::Number),
        Value::Boolean(_) => Json::from(value.text().unwrap_or_default().into_owned()),
        Value::Multivalue(values) => values.iter().collect(),
    })
}
