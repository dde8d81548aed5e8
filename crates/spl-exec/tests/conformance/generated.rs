//! Whole searches over small tables, both drawn at random: whatever the answer is, it is the same in every mode.
//!
//! `SPLQ_GENERATED=2000` draws so many searches instead of a few, `SPLQ_SEED` begins with another one. The name of a failing
//! test holds its seed, and its message the search with its events: a finding becomes a case of `tests/conformance`.

use std::fmt::Write as _;

use serde_json::json;
use tokio::runtime::Runtime;

use crate::compare::compare;
use crate::{Answer, Case, Mode, Refusal, Row, answer, is_asked};

/// Searches of a run that asks for none.
const USUAL: u64 = 40;

/// The searches of this run.
pub fn cases() -> Vec<Case> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("SPLQ_SEED").unwrap_or(1);
    (first..first + number("SPLQ_GENERATED").unwrap_or(USUAL)).map(case).collect()
}

/// Runs a search in every mode, and compares with the first.
pub fn same_in_every_mode(case: &Case, runtime: &Runtime) -> Result<(), String> {
    let run = |mode: Mode| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        answer(case, folder.path(), runtime, mode)
    };
    let told = |problem: String| {
        let events: Vec<String> = case.events.iter().flatten().map(|event| json!(event).to_string()).collect();
        format!("{problem}\n     {}\n     {}", case.spl, events.join("\n     "))
    };
    let first = run(Mode::Loaded);
    if let Err(refusal) = &first
        && refusal.0.iter().any(|problem| problem.code == "run/internal" || problem.message.contains("Internal error"))
    {
        return Err(told(format!("the engine fails: {refusal}")));
    }
    for mode in Mode::ALL.into_iter().skip(1).filter(|mode| is_asked(*mode)) {
        if mode == Mode::Parts && case.events.as_ref().is_none_or(|events| events.len() < 2) {
            continue;
        }
        differs(&first, &run(mode)).map_err(|problem| told(format!("{}: {problem}", mode.name())))?;
    }
    Ok(())
}

fn differs(first: &Result<Answer, Refusal>, other: &Result<Answer, Refusal>) -> Result<(), String> {
    match (first, other) {
        // An answer without rows has no fields in Splunk.
        (Ok(first), Ok(other)) if first.fields == other.fields || (first.rows.is_empty() && other.rows.is_empty()) => {
            compare(&first.rows, &other.rows, true)?;
            compare(&other.rows, &first.rows, true)
        }
        (Ok(first), Ok(other)) => Err(format!("fields {:?} in place of {:?}", other.fields, first.fields)),
        (Err(_), Err(_)) => Ok(()),
        (Ok(_), Err(refusal)) => Err(format!("refused here alone: {refusal}")),
        (Err(refusal), Ok(_)) => Err(format!("answered, where the loaded events gave {refusal}")),
    }
}

fn case(seed: u64) -> Case {
    let mut draw = Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let events = draw.events();
    Case {
        name: format!("generated-{seed}"),
        area: "generated".to_owned(),
        spl: draw.search(),
        now: Some(json!(1_700_100_000)),
        events: Some(events),
        source: "the same answer in every mode".to_owned(),
        ..Case::default()
    }
}

/// Draws numbers: xorshift, so that a seed gives the same search everywhere.
struct Draw(u64);

/// Fields that events may have.
const FIELDS: &[&str] = &["a", "b", "c", "d", "user", "host"];
/// Texts, with case, blanks, numbers and nothing.
const TEXTS: &[&str] = &["x", "X", "yes", "No", "alpha beta", "10", "010", "1.5", "-3", "", "ä", "C:\\tmp\\x.exe", "a,b"];

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % most.max(1)
    }

    fn one<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }

    fn field(&mut self) -> &'static str {
        self.one(FIELDS)
    }

    fn events(&mut self) -> Vec<Row> {
        let count = [0, 1, 3, 9, 30][self.below(5)];
        let mut time = 1_700_000_000.0;
        (0..count)
            .map(|_| {
                time += [0.25, 1.0, 60.0, 3_600.0][self.below(4)];
                let mut event = Row::new();
                event.insert("_time".to_owned(), json!(time));
                // Files are named anew in each mode.
                event.insert("source".to_owned(), json!("generated"));
                for field in FIELDS {
                    let value = match self.below(6) {
                        0 => continue,
                        1 => json!(self.below(5)),
                        2 => json!(self.below(40) as f64 / 4.0),
                        3 => json!([self.one(TEXTS), self.one(TEXTS)]),
                        _ => json!(self.one(TEXTS)),
                    };
                    // A column of one type, most of the time: that is what is loaded as numbers.
                    let value = if *field == "a" && self.below(8) > 0 { json!(self.below(4)) } else { value };
                    event.insert((*field).to_owned(), value);
                }
                event
            })
            .collect()
    }

    fn search(&mut self) -> String {
        let mut search = "index=main".to_owned();
        if self.below(3) == 0 {
            let _ = write!(search, " {}", self.condition());
        }
        for _ in 0..=self.below(5) {
            let _ = write!(search, " | {}", self.command());
        }
        search
    }

    fn condition(&mut self) -> String {
        let field = self.field();
        match self.below(7) {
            0 => format!("{field}=*"),
            1 => format!("NOT {field}=x"),
            2 => format!("{field}>{}", self.below(5)),
            3 => format!("{field} IN (x, yes, 1*)"),
            4 => format!("({} OR {})", self.condition(), self.condition()),
            5 => format!("{field}!=\"*e*\""),
            _ => format!("{field}=\"{}*\"", self.one(&["x", "a", "1", "C:\\\\"])),
        }
    }

    fn expression(&mut self, depth: usize) -> String {
        let field = self.field();
        if depth == 0 {
            return match self.below(3) {
                0 => format!("{}", self.below(9)),
                1 => format!("\"{}\"", self.one(&["x", "b c", "10"])),
                _ => field.to_owned(),
            };
        }
        let (left, right) = (self.expression(depth - 1), self.expression(depth - 1));
        match self.below(22) {
            0 => format!("({left}+{right})"),
            1 => format!("({left}.{right})"),
            2 => format!("if({field}={right},{left},null())"),
            3 => format!("coalesce({field},{right})"),
            4 => format!("lower({left})"),
            5 => format!("len({left})"),
            6 => format!("mvcount({field})"),
            7 => format!("mvappend({left},{right})"),
            8 => format!("mvindex({field},-1)"),
            9 => format!("split({left},\",\")"),
            10 => format!("tonumber({left})"),
            11 => format!("tostring({left})"),
            12 => format!("substr({left},2,3)"),
            13 => format!("replace({left},\"[aeiou]\",\"_\")"),
            14 => format!("case(isnull({field}),\"none\",{left}>{right},\"more\",true(),{left})"),
            15 => format!("mvjoin({field},\"-\")"),
            16 => format!("mvsort(mvdedup({field}))"),
            17 => format!("round({left},1)"),
            18 => format!("max({left},{right})"),
            19 => format!("mvfilter(match({field},\"[a-y]\"))"),
            20 => format!("mvmap({field},upper({field}))"),
            _ => format!("({left}*{right})"),
        }
    }

    fn aggregations(&mut self) -> String {
        let mut all = Vec::new();
        for place in 0..=self.below(3) {
            let field = self.field();
            let function = self.one(&[
                "count", "dc", "values", "list", "sum", "avg", "min", "max", "first", "last", "earliest", "latest", "median",
                "range", "mode",
            ]);
            all.push(format!("{function}({field}) as r{place}"));
        }
        all.join(" ")
    }

    fn by(&mut self) -> String {
        match self.below(4) {
            0 => String::new(),
            1 => format!(" by {} {}", self.one(&["a", "b"]), self.one(&["user", "host"])),
            _ => format!(" by {}", self.field()),
        }
    }

    fn command(&mut self) -> String {
        let (field, other) = (self.field(), self.field());
        let count = self.below(5) + 1;
        match self.below(38) {
            0..=3 => format!("eval {}={}", self.one(&["a", "n", "m", "user"]), self.expression(2)),
            4 | 5 => format!("where {}", self.one(&["a>1", "isnotnull(b)", "like(user,\"%x%\")", "b=\"x\" OR c<3", "NOT a=d"])),
            6 => format!("search {}", self.condition()),
            7..=9 => format!("stats {}{}", self.aggregations(), self.by()),
            10 => format!("eventstats {}{}", self.aggregations(), self.by()),
            11 => format!("streamstats window={} {}{}", self.below(4), self.aggregations(), self.by()),
            12 => format!("sort {} {}{field} {}{other}", self.below(4) * 3, self.one(&["", "-"]), self.one(&["", "-"])),
            13 => format!("dedup {field}"),
            14 => format!("dedup {count} {field} {other} keepempty=true"),
            15 => format!("head {}", count * 3),
            16 => format!("tail {}", count * 3),
            17 => format!("table {field} {other} a"),
            18 => format!("fields - {field}"),
            19 => format!("rename {field} as renamed"),
            20 => format!("top {count} {field}"),
            21 => format!("rare {count} {field} by {other}"),
            22 => format!("chart count over {field} by {other}"),
            23 => format!("timechart span=1h {}", self.aggregations()),
            24 => format!("bin {} _time", self.one(&["span=1h", "span=10m"])),
            25 => format!("mvexpand {field}"),
            26 => format!("fillnull value=0 {field} {other}"),
            27 => format!("rex field={field} \"(?<part>[a-z]+)\""),
            28 => format!("makemv delim=\",\" {field}"),
            29 => "reverse".to_owned(),
            30 => format!("accum a as total | delta a as change p={count}"),
            31 => format!("filldown {field}"),
            32 => format!("addtotals fieldname=all {field} {other}"),
            33 => format!("append [search index=main {} | head {count}]", self.condition()),
            34 => format!("join type={} {field} [search index=main | fields {field} {other}]", self.one(&["inner", "left"])),
            35 => format!("appendpipe [stats count by {field}]"),
            36 => format!("eventstats count as n by {field} | where n>1"),
            _ => format!("transaction {field} maxspan=1h"),
        }
    }
}
