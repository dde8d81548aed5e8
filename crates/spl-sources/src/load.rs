//! Loads files: finds them, cuts them into parts, reads the parts on all cores, joins them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::buffer::Buffer;
use rayon::prelude::*;

use crate::chunk::{Chunk, ChunkBuilder};
use crate::content::{Content, Input};
use crate::detect;
use crate::envelope::Envelope;
use crate::event::EventFinisher;
use crate::file_plan::FilePlan;
use crate::format::Format;
use crate::headed::Header;
use crate::index_time::Steps;
use crate::input;
use crate::likely;
use crate::options::LoadOptions;
use crate::parts::{self, Part, TextMemory, parts, valid_text};
use crate::report::{FileReport, LoadError, LoadReport, WarningKind, Warnings};
use crate::required_texts::RequiredTexts;
use crate::role::Defaults;
use crate::rules::{IndexTimeRules, Merge, RuleSource, Rules, TimeConfig};
use crate::separated::Dialect;
use crate::table::{EventTable, LoadedPart, join};
use crate::timestamp::{DateOrder, TimeReader, date_in_name, date_of};
use crate::{columnar, encoding, evtx_log, headed, json, results, separated, sourcetype, stream, text, windows};

/// Bytes that places in a part can name.
const LARGEST: usize = 2 << 30;
/// Bytes looked at to recognise a format.
pub(crate) const HEAD: usize = 64 << 10;

/// Events and how they were read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The events.
    pub table: EventTable,
    /// Files, counts, warnings.
    pub report: LoadReport,
}

/// Loads files into one table. A bad event never stops it (see [`LoadOptions::strict`]): it is kept as `_raw` and counted.
///
/// # Errors
/// Paths that name nothing or can't be read, the first warning with [`LoadOptions::strict`].
pub fn load(options: &LoadOptions) -> Result<Loaded, LoadError> {
    load_sets(std::slice::from_ref(options))
}

/// Loads several sets of files into one table, each set as its own options say: so files of one table can differ in source,
/// sourcetype, index and host. Threads, fields and `strict` are those of the first set. No set gives an empty table.
///
/// # Errors
/// As [`load`].
pub fn load_sets(sets: &[LoadOptions]) -> Result<Loaded, LoadError> {
    let none = LoadOptions::default();
    let first = sets.first().unwrap_or(&none);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(first.threads).build();
    pool.map_err(|error| LoadError::Threads(error.to_string()))?.install(|| {
        let (mut files, mut chunks) = (Vec::new(), Vec::new());
        for options in sets {
            read_set(options, &mut files, &mut chunks)?;
        }
        let mut gathered = Gathered::default();
        let table = gathered.table(&files, chunks, first)?;
        Ok(Loaded { table, report: gathered.report(&files) })
    })
}

/// Reads the files of a set, behind those that were read before.
fn read_set(options: &LoadOptions, files: &mut Vec<FilePlan>, chunks: &mut Vec<(usize, Chunk)>) -> Result<(), LoadError> {
    let paths = input::resolve(&options.paths)?;
    let streamed = if options.paths.iter().any(|path| path == "-") {
        let rest = |stream: stream::Stream| stream.rest().map_err(|error| LoadError::Io { path: "-".to_owned(), error });
        stream::open(Path::new("-"), options)?.map(rest).transpose()?
    } else {
        None
    };
    let standard_input = options.standard_input.as_ref().map(|bytes| bytes.as_slice()).or(streamed.as_deref());
    let opened: Vec<Vec<Input>> = paths.par_iter().map(|path| input::open(path, standard_input)).collect::<Result<_, _>>()?;
    let inputs: Vec<Input> = opened.into_iter().flatten().collect();
    if let Some(progress) = &options.progress {
        progress.add_total(inputs.iter().map(|input| input.content.len()).sum());
    }
    let planned: Vec<(FilePlan, Vec<Part>)> =
        inputs.into_par_iter().map(|input| plan(input, options)).collect::<Result<_, _>>()?;
    let mut parts = Vec::new();
    for (file, file_parts) in planned {
        parts.extend(file_parts.into_iter().map(|part| (files.len(), part)));
        files.push(file);
    }
    // The first warning of all lines is an error then, so that all are read.
    let texts = options.required_texts.as_ref().filter(|_| !options.strict);
    let kept = texts.map(|_| parts.clone()).unwrap_or_default();
    let read = read_parts(files, parts, options, texts);
    // The time of an event may be that of the event before it, so that such a file is read whole.
    let whole: BTreeSet<usize> =
        read.iter().filter(|(_, chunk)| chunk.passed_over > 0 && chunk.needs_those_before).map(|(file, _)| *file).collect();
    if whole.is_empty() {
        chunks.extend(read);
        return Ok(());
    }
    let again: Vec<(usize, Part)> = kept.into_iter().filter(|(file, _)| whole.contains(file)).collect();
    let mut again = read_parts(files, again, options, None).into_iter();
    chunks.extend(
        read.into_iter().filter_map(|(file, chunk)| if whole.contains(&file) { again.next() } else { Some((file, chunk)) }),
    );
    Ok(())
}

/// Reads parts of files at the same time; each with the number of its file. Lines without these texts may be passed over.
pub(crate) fn read_parts(
    files: &[FilePlan],
    parts: Vec<(usize, Part)>,
    options: &LoadOptions,
    texts: Option<&RequiredTexts>,
) -> Vec<(usize, Chunk)> {
    let memory = TextMemory::default();
    parts
        .into_par_iter()
        .map(|(file, part)| {
            let chunk = read_part(&files[file], part, options, texts, &memory);
            if let Some(progress) = &options.progress {
                progress.advance(chunk.bytes, u64::from(chunk.rows) + chunk.passed_over);
            }
            (file, chunk)
        })
        .collect()
}

/// What was found in each file so far.
#[derive(Default)]
pub(crate) struct Gathered {
    lines: Vec<u64>,
    counts: Vec<Counts>,
    warnings: Vec<Warnings>,
}

/// Counts of a file's events.
#[derive(Clone, Copy, Default)]
struct Counts {
    events: u64,
    passed_over: u64,
    without_time: u64,
    without_zone: u64,
}

impl Gathered {
    /// Joins parts that were read into a table; parts of a file come in order.
    pub(crate) fn table(
        &mut self,
        files: &[FilePlan],
        chunks: Vec<(usize, Chunk)>,
        options: &LoadOptions,
    ) -> Result<EventTable, LoadError> {
        for file in &files[self.lines.len()..] {
            self.lines.push(0);
            self.counts.push(Counts::default());
            self.warnings.push(file.warnings.clone());
        }
        let mut parts = Vec::with_capacity(chunks.len());
        for (file, mut chunk) in chunks {
            self.warnings[file].merge(std::mem::take(&mut chunk.warnings), self.lines[file]);
            self.lines[file] += chunk.lines;
            let counts = &mut self.counts[file];
            counts.events += u64::from(chunk.rows) + chunk.passed_over;
            counts.passed_over += chunk.passed_over;
            counts.without_time += chunk.without_time;
            counts.without_zone += chunk.without_zone;
            let fallback_time = files[file].modified.unwrap_or(options.now);
            parts.push(LoadedPart { chunk, file, defaults: files[file].defaults.clone(), fallback_time });
        }
        if options.strict {
            for (file, warnings) in files.iter().zip(&self.warnings) {
                if let Some(warning) = warnings.first() {
                    return Err(LoadError::Strict { path: file.path.clone(), warning: warning.clone() });
                }
            }
        }
        Ok(join(parts, options.fields.contains("_raw"))?)
    }

    /// What is to be said of the files.
    pub(crate) fn report(self, files: &[FilePlan]) -> LoadReport {
        let found = self.counts.into_iter().zip(self.warnings);
        let report = |(file, (counts, warnings)): (&FilePlan, (Counts, Warnings))| FileReport {
            events: counts.events,
            passed_over: counts.passed_over,
            without_time: counts.without_time,
            without_zone: counts.without_zone,
            warnings: warnings.into_vec(),
            ..file.report()
        };
        LoadReport { files: files.iter().zip(found).map(report).collect() }
    }
}

/// How a file is read, and the parts that it is read in.
pub(crate) fn plan(mut input: Input, options: &LoadOptions) -> Result<(FilePlan, Vec<Part>), LoadError> {
    let mut warnings = Warnings::default();
    let mut head = input.content.head(HEAD).unwrap_or_default();
    if options.format.is_none() && results::is_results(&head) {
        match input.content.read().and_then(|bytes| results::as_json(&bytes, &mut warnings)) {
            Ok(lines) => {
                head = lines[..lines.len().min(HEAD)].to_vec();
                input.content = Content::Memory(Buffer::from_vec(lines));
            }
            Err(error) => warnings.add(WarningKind::BadXml, 0, &error.to_string()),
        }
    }
    if let Some(error) = &input.error {
        warnings.add(WarningKind::BadFile, 0, error);
    }
    let source = options.source.clone().unwrap_or_else(|| input.path.clone());
    let host = options.host.clone().unwrap_or_else(|| "localhost".to_owned());
    let settings = |sourcetype: &str| match &options.index_time {
        Some(rules) => rules.rules(sourcetype, &source, &host),
        None => IndexTimeRules::default(),
    };
    // A stanza for the source may name the sourcetype.
    let named = options.sourcetype.clone().or_else(|| settings("").sourcetype);
    let known = named.as_deref().map(|name| (name, settings(name)));
    if let Some((sourcetype, settings)) = &known {
        decode(&mut input, &mut head, settings, sourcetype, &mut warnings);
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&head);
    let detected = detect::format(&head, &input.path);
    let format = options.format.unwrap_or_else(|| format_of(detected, known.as_ref(), text, &input.path));
    let header = header_of(format, text);
    let mut decoded = Vec::new();
    let (sourcetype, settings) = match known {
        Some((name, settings)) => (name.to_owned(), settings),
        None => {
            let name = sourcetype::of(format, &input.path, text, header.as_ref());
            let settings = settings(&name);
            decode(&mut input, &mut decoded, &settings, &name, &mut warnings);
            (name, settings)
        }
    };
    let text = if decoded.is_empty() { text } else { &decoded };
    let format =
        options.format.unwrap_or_else(|| format_of(format, Some(&(sourcetype.as_str(), settings.clone())), text, &input.path));
    let header = header.or_else(|| header_of(format, text));
    let mut problems = Vec::new();
    let mut rules = Rules::new(&settings, &sourcetype, &mut problems);
    let evaluator = options.index_time.as_ref().and_then(RuleSource::evaluator);
    let steps = Steps::new(&settings, evaluator, &mut problems);
    let dialect = Dialect::new(format, &settings, text, &mut problems);
    for problem in &problems {
        warnings.add(WarningKind::BadRule, 0, problem);
    }
    let zone = rules.time_zone.unwrap_or(options.time_zone);
    let of_file = || {
        date_in_name(sourcetype::file_name(&input.path)).unwrap_or_else(|| date_of(input.modified.unwrap_or(options.now), zone))
    };
    let today = settings.date_with_system_time;
    let mut day = if today { date_of(options.now, zone) } else { of_file() };
    let times = TimeReader::new(zone, options.now).with_day(Some(day)).with_today(today).with_aliases(&rules.aliases);
    let text_format = !matches!(format, Format::Evtx | Format::Parquet | Format::Xml);
    let order = if text_format { DateOrder::of(&String::from_utf8_lossy(text), rules.time.lookahead()) } else { None };
    let mut times = times.with_order(order);
    let found_day = if format.is_lines() && !today { day_of_head(&rules, text, &times) } else { None };
    if let Some(seconds) = found_day {
        day = date_of(seconds, zone);
        times = times.with_day(Some(day));
    }
    if format == Format::Text && merges_by_default(&rules, text, &times) {
        rules.breaking.merge = Some(Merge::default());
    }
    let defaults = Defaults { host, source, sourcetype, index: options.index.clone().unwrap_or_else(|| "main".to_owned()) };
    let unmapped = options.index_time.is_some() && !settings.is_mapped;
    let looks_like = if unmapped { likely::of(format, text, &defaults.sourcetype) } else { None };
    let mut file = FilePlan {
        path: input.path,
        format,
        compressed: input.compressed.join("."),
        bytes: input.content.len(),
        modified: input.modified,
        defaults: Arc::new(defaults),
        names: Vec::new(),
        dialect,
        header,
        headers: Mutex::default(),
        looks_like,
        envelope: if matches!(format, Format::Ndjson | Format::Json) { Envelope::of(text) } else { Envelope::None },
        rules,
        steps: steps.map(Arc::new),
        indexed_json: settings.indexed_extractions.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("json")),
        day: Some(day),
        today,
        whole: found_day.is_some(),
        order,
        warnings,
    };
    if format == Format::Text && options.format.is_none() && detect::is_binary(&head) {
        file.warnings.add(WarningKind::Binary, 0, "--format-in text loads it all the same");
        return Ok((file, Vec::new()));
    }
    let parts = match parts(&mut file, input.content, &times) {
        Ok(parts) => parts,
        Err(error) => {
            file.warnings.add(WarningKind::BadFile, 0, &error.to_string());
            Vec::new()
        }
    };
    Ok((file, parts))
}

/// Turns a text into UTF-8 from the encoding that `CHARSET` says; `head` becomes its beginning then.
fn decode(input: &mut Input, head: &mut Vec<u8>, settings: &IndexTimeRules, sourcetype: &str, warnings: &mut Warnings) {
    let Some(charset) = &settings.charset else { return };
    if matches!(detect::format(head, &input.path), Format::Evtx | Format::Parquet) && !head.is_empty() {
        return;
    }
    let decoded = input.content.read().map_err(|error| error.to_string()).and_then(|bytes| encoding::decode_as(charset, &bytes));
    match decoded {
        Ok(Some(text)) => {
            *head = text[..text.len().min(HEAD)].to_vec();
            input.content = Content::Memory(Buffer::from_vec(text));
        }
        Ok(None) => {}
        Err(message) => {
            let place = settings.origins.get("CHARSET").map(|origin| format!("{origin}: ")).unwrap_or_default();
            warnings.add(WarningKind::BadRule, 0, &format!("{place}`CHARSET` of `{sourcetype}`: {message}"));
        }
    }
}

/// The comment lines of a log that has its header there.
fn header_of(format: Format, head: &[u8]) -> Option<Header> {
    matches!(format, Format::Zeek | Format::W3c).then(|| Header::read(&String::from_utf8_lossy(head), format == Format::W3c))
}

/// The format that the settings say, or that the sourcetype has, or that was recognised.
fn format_of(detected: Format, known: Option<&(&str, IndexTimeRules)>, head: &[u8], path: &str) -> Format {
    let Some((sourcetype, settings)) = known else {
        return detected;
    };
    if matches!(detected, Format::Evtx | Format::Parquet) {
        return detected;
    }
    let named = detect::is_named_table(path) || matches!(sourcetype.to_ascii_lowercase().as_str(), "csv" | "tsv" | "psv");
    let is_table = matches!(detected, Format::Csv | Format::Tsv) && !named;
    match settings.indexed_extractions.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("csv" | "psv" | "field_extractions") => Format::Csv,
        Some("tsv") => Format::Tsv,
        Some("w3c") => Format::W3c,
        Some("json" | "hec") if detected == Format::Text => Format::Ndjson,
        _ if settings.check_for_header && detected == Format::Text => {
            if head.split(|byte| *byte == b'\n').next().is_some_and(|line| line.contains(&b'\t')) {
                Format::Tsv
            } else {
                Format::Csv
            }
        }
        // Text that looks like a table has no header where an app knows its sourcetype and does not say that it has one.
        None if is_table && settings.is_known && !settings.check_for_header => {
            sourcetype::format(sourcetype, head).unwrap_or(Format::Text)
        }
        _ if detected == Format::Text => sourcetype::format(sourcetype, head).unwrap_or(detected),
        _ => detected,
    }
}

/// Whether lines are put together, where no setting says so: when the first one, or at least one in twenty, has a date
/// with a time of day. Splunk would put text without any times together too, by 256 lines, which nobody wants to search.
fn merges_by_default(rules: &Rules, head: &[u8], times: &TimeReader) -> bool {
    if rules.breaking.explicit || rules.breaking.breaker.is_some() || rules.time.config != TimeConfig::Recognised {
        return false;
    }
    let text = String::from_utf8_lossy(head);
    let (mut all, mut timed) = (0, 0);
    for line in text.lines().filter(|line| !line.trim().is_empty()).take(1000) {
        all += 1;
        let has_time = rules.time.find(times, line).is_some_and(|found| found.clock);
        if has_time && all == 1 {
            return true;
        }
        timed += usize::from(has_time);
    }
    timed > 0 && timed * 20 >= all
}

/// The first date of a text in which some lines have a time of day and no date, so that these have the date of what stands
/// before them.
///
/// Source: Splunk admin manual, props.conf, `DETERMINE_TIMESTAMP_DATE_WITH_SYSTEM_TIME`.
fn day_of_head(rules: &Rules, head: &[u8], times: &TimeReader) -> Option<f64> {
    let text = String::from_utf8_lossy(head);
    let (mut day, mut has_open) = (None, false);
    for line in text.lines().take(1000) {
        match rules.time.find(times, line) {
            Some(found) if found.dated => day = day.or(Some(found.seconds)),
            Some(_) => has_open = true,
            None => {}
        }
        if has_open && day.is_some() {
            return day;
        }
    }
    None
}

fn read_part(file: &FilePlan, part: Part, options: &LoadOptions, texts: Option<&RequiredTexts>, memory: &TextMemory) -> Chunk {
    let mut warnings = Warnings::default();
    let mut places = Vec::new();
    let mut group = None;
    let mut bytes = None;
    let read = |read: std::io::Result<Buffer>, warnings: &mut Warnings| match read {
        Ok(text) => valid_text(text, warnings),
        Err(error) => {
            warnings.add(WarningKind::BadFile, 0, &error.to_string());
            Buffer::default()
        }
    };
    let mut header = file.header.clone();
    let buffer = match part {
        Part::Headed(buffer, own) => {
            header = Some(*own);
            valid_text(buffer, &mut warnings)
        }
        Part::Text(buffer) => valid_text(buffer, &mut warnings),
        Part::Lines(path, from, to) => {
            if let Some(first) = file.header.as_ref().filter(|_| from > 0) {
                let mut headers = file.headers.lock().unwrap_or_else(PoisonError::into_inner);
                header = headers.at(&path, first, from).ok().or(header);
            }
            read(parts::read_lines(&path, from, to, memory.take()), &mut warnings)
        }
        Part::Between(path, from, to) => read(parts::read_between(&path, from, to).map(Buffer::from_vec), &mut warnings),
        Part::Places(buffer, events) => {
            places = events;
            buffer
        }
        Part::Evtx(chunks) => {
            let (text, records) = evtx_log::render(&chunks, &mut warnings);
            places = records;
            bytes = Some(chunks.len() as u64);
            Buffer::from_vec(text.into_bytes())
        }
        Part::Group(input, index) => {
            // Counted once, with the first group.
            bytes = Some(if index == 0 { input.len() } else { 0 });
            group = Some((input, index));
            Buffer::default()
        }
    };
    let buffer = if buffer.len() > LARGEST {
        warnings.add(WarningKind::TooLarge, 0, "a line of more than two gigabytes");
        let cut = String::from_utf8_lossy(&buffer[..LARGEST]).into_owned();
        Buffer::from_vec(cut.into_bytes())
    } else {
        buffer
    };
    let mut finisher = EventFinisher::new(options, &file.of_events(), file.times(options));
    let mut builder = ChunkBuilder::new(&buffer);
    builder.warnings = warnings;
    match file.format {
        Format::Ndjson => {
            let is_plain = file.envelope == Envelope::None && !finisher.changes_events();
            let finder = texts.filter(|_| is_plain).and_then(|texts| texts.finder(&file.defaults));
            json::read_lines(&mut builder, &mut finisher, file.envelope, finder);
        }
        Format::Csv | Format::Tsv => {
            separated::read_records(&mut builder, &mut finisher, &file.names, &file.dialect);
        }
        Format::Json => json::read_places(&mut builder, &mut finisher, file.envelope, &places),
        Format::Xml => windows::read(&mut builder, &mut finisher),
        Format::Evtx => windows::read_places(&mut builder, &mut finisher, &places),
        Format::Parquet => {
            if let Some((input, group)) = group {
                columnar::read(&mut builder, &mut finisher, &input, group);
            }
        }
        Format::Zeek | Format::W3c => {
            if let Some(header) = &header {
                headed::read(&mut builder, &mut finisher, header);
            }
        }
        Format::Syslog | Format::Access | Format::Audit | Format::Cef | Format::Leef | Format::Text => {
            text::read(&mut builder, &mut finisher, file.format, &file.rules, &file.defaults.sourcetype);
        }
    }
    // Few events of a part don't keep all of its text.
    let keep = (finisher.kept_texts() > builder.row() / 2 && builder.passed_over == 0).then(|| buffer.clone());
    let mut chunk = builder.finish(keep);
    chunk.bytes = bytes.unwrap_or(chunk.bytes);
    (chunk.without_time, chunk.without_zone) = (finisher.without_time, finisher.without_zone);
    chunk.needs_those_before = finisher.times.asked_previous() || chunk.times.iter().any(|time| time.is_nan());
    memory.give(buffer);
    chunk
}
