//! Planning of commands: one module each, and the table that says how a command takes part in a pipeline.

use futures::future::BoxFuture;
use spl_parser::syntax::{Argument, CommandCall, FieldName, OptionArgument};
use spl_parser::{Diagnostic, spec::Status};

use crate::frame::{Frame, FrameField};
use crate::needed::Needed;
use crate::planner::Planner;

/// What a command gets.
pub struct Input {
    /// The rows before it; none when it stands first.
    pub frame: Option<Frame>,
    /// The fields that what follows needs.
    pub needed: Needed,
}

/// Plans a command whose columns follow from the columns before it.
pub type RowsPlan = fn(&Planner, &CommandCall, Frame) -> Result<Frame, Diagnostic>;
/// Plans a command that runs something first: a subsearch, the stage before it.
pub type StagePlan = for<'a> fn(&'a Planner, &'a CommandCall, Input) -> BoxFuture<'a, Result<Frame, Diagnostic>>;

/// How a command is planned.
#[derive(Clone, Copy)]
pub enum Planning {
    /// From the frame before it.
    Rows(RowsPlan),
    /// From the frame before it, running something while planning.
    Stage(StagePlan),
    /// It can stand first.
    Source(StagePlan),
}

macro_rules! commands {
    ($($name:literal => $module:ident :: $kind:ident),* $(,)?) => {
        /// The commands that are built, by canonical name.
        pub const BUILT: &[(&str, Planning)] = &[$(($name, Planning::$kind($module::plan))),*];
    };
}

pub mod abstract_command;
pub mod accum;
pub mod addcoltotals;
pub mod addinfo;
pub mod addtotals;
pub mod aggregation;
pub mod analyzefields;
pub mod anomalies;
pub mod anomalousvalue;
pub mod anomalydetection;
pub mod append;
pub mod appendcols;
pub mod appendpipe;
pub mod arules;
pub mod associate;
pub mod autoregress;
pub mod bin;
pub mod bucketdir;
pub mod chart;
pub mod cluster;
pub mod cofilter;
pub mod collect;
pub mod concurrency;
pub mod contingency;
pub mod convert;
pub mod correlate;
pub mod datamodel;
pub mod dedup;
pub mod delta;
pub mod diff;
pub mod erex;
pub mod eval;
pub mod eventcount;
pub mod eventstats;
pub mod extract;
pub mod fieldformat;
pub mod fields;
pub mod fieldsummary;
pub mod filldown;
pub mod fillnull;
pub mod findtypes;
pub mod folderize;
pub mod foreach;
pub mod forecast;
pub mod format;
pub mod from;
pub mod fromjson;
pub mod gauge;
pub mod gentimes;
pub mod geostats;
pub mod head;
pub mod inputcsv;
pub mod inputlookup;
pub mod iplocation;
pub mod join;
pub mod kmeans;
pub mod kvform;
pub mod localize;
pub mod lookup;
pub mod makecontinuous;
pub mod makejson;
pub mod makemv;
pub mod makeresults;
pub mod map;
pub mod mcatalog;
pub mod metadata;
pub mod metasearch;
pub mod mpreview;
pub mod mstats;
pub mod multikv;
pub mod multisearch;
pub mod mvcombine;
pub mod mvexpand;
pub mod nomv;
pub mod outlier;
pub mod outputcsv;
pub mod outputlookup;
pub mod outputtext;
pub mod overlap;
pub mod pass;
pub mod periodicity;
pub mod pivot;
pub mod predict;
pub mod rangemap;
pub mod regex;
pub mod reltime;
pub mod rename;
pub mod replace;
pub mod require;
pub mod return_command;
pub mod reverse;
pub mod rex;
pub mod savedsearch;
pub mod scrub;
pub mod search;
pub mod searchtxn;
pub mod selfjoin;
pub mod set;
pub mod setfields;
pub mod sort;
pub mod spath;
pub mod statistics;
pub mod stats;
pub mod strcat;
pub mod streamstats;
pub mod summary_index;
pub mod table;
pub mod tags;
pub mod tail;
pub mod timechart;
pub mod timewrap;
pub mod tojson;
pub mod top;
pub mod transaction;
pub mod transpose;
pub mod trendline;
pub mod tstats;
pub mod typelearner;
pub mod typer;
pub mod union_command;
pub mod uniq;
pub mod untable;
pub mod where_command;
pub mod x11;
pub mod xmlkv;
pub mod xmlunescape;
pub mod xpath;
pub mod xyseries;

commands! {
    "abstract" => abstract_command::Rows,
    "accum" => accum::Rows,
    "addcoltotals" => addcoltotals::Rows,
    "addinfo" => addinfo::Rows,
    "addtotals" => addtotals::Rows,
    "analyzefields" => analyzefields::Stage,
    "anomalies" => anomalies::Stage,
    "anomalousvalue" => anomalousvalue::Stage,
    "anomalydetection" => anomalydetection::Stage,
    "append" => append::Stage,
    "appendcols" => appendcols::Stage,
    "appendpipe" => appendpipe::Stage,
    "arules" => arules::Stage,
    "associate" => associate::Stage,
    "autoregress" => autoregress::Rows,
    "bin" => bin::Stage,
    "bucketdir" => bucketdir::Stage,
    "chart" => chart::Stage,
    "cluster" => cluster::Stage,
    "cofilter" => cofilter::Stage,
    "collect" => collect::Stage,
    "concurrency" => concurrency::Rows,
    "contingency" => contingency::Stage,
    "convert" => convert::Stage,
    "correlate" => correlate::Stage,
    "datamodel" => datamodel::Source,
    "dedup" => dedup::Rows,
    "delta" => delta::Rows,
    "diff" => diff::Stage,
    "erex" => erex::Stage,
    "eval" => eval::Stage,
    "eventcount" => eventcount::Source,
    "eventstats" => eventstats::Rows,
    "extract" => extract::Stage,
    "fieldformat" => fieldformat::Rows,
    "fields" => fields::Rows,
    "fieldsummary" => fieldsummary::Stage,
    "filldown" => filldown::Rows,
    "fillnull" => fillnull::Rows,
    "findtypes" => findtypes::Stage,
    "folderize" => folderize::Stage,
    "foreach" => foreach::Stage,
    "format" => format::Stage,
    "from" => from::Source,
    "fromjson" => fromjson::Stage,
    "gauge" => gauge::Stage,
    "gentimes" => gentimes::Source,
    "geostats" => geostats::Stage,
    "head" => head::Rows,
    "highlight" => pass::Rows,
    "iconify" => pass::Rows,
    "inputcsv" => inputcsv::Source,
    "inputlookup" => inputlookup::Source,
    "iplocation" => iplocation::Rows,
    "join" => join::Stage,
    "kmeans" => kmeans::Stage,
    "kvform" => kvform::Stage,
    "localize" => localize::Stage,
    "localop" => pass::Rows,
    "lookup" => lookup::Rows,
    "makecontinuous" => makecontinuous::Stage,
    "makejson" => makejson::Rows,
    "makemv" => makemv::Rows,
    "makeresults" => makeresults::Source,
    "map" => map::Stage,
    "mcatalog" => mcatalog::Source,
    "metadata" => metadata::Source,
    "metasearch" => metasearch::Source,
    "mpreview" => mpreview::Source,
    "mstats" => mstats::Source,
    "multikv" => multikv::Stage,
    "multisearch" => multisearch::Source,
    "mvcombine" => mvcombine::Rows,
    "mvexpand" => mvexpand::Rows,
    "nomv" => nomv::Rows,
    "noop" => pass::Rows,
    "outlier" => outlier::Rows,
    "outputcsv" => outputcsv::Stage,
    "outputlookup" => outputlookup::Stage,
    "outputtext" => outputtext::Rows,
    "overlap" => overlap::Stage,
    "pivot" => pivot::Source,
    "predict" => predict::Stage,
    "rangemap" => rangemap::Rows,
    "rare" => top::Rows,
    "redistribute" => pass::Rows,
    "regex" => regex::Rows,
    "reltime" => reltime::Rows,
    "rename" => rename::Rows,
    "replace" => replace::Rows,
    "require" => require::Stage,
    "return" => return_command::Stage,
    "reverse" => reverse::Rows,
    "rex" => rex::Rows,
    "savedsearch" => savedsearch::Source,
    "scrub" => scrub::Stage,
    "search" => search::Source,
    "searchtxn" => searchtxn::Source,
    "selfjoin" => selfjoin::Stage,
    "set" => set::Source,
    "setfields" => setfields::Rows,
    "sichart" => summary_index::Stage,
    "sirare" => summary_index::Stage,
    "sistats" => summary_index::Stage,
    "sitimechart" => summary_index::Stage,
    "sitop" => summary_index::Stage,
    "sort" => sort::Rows,
    "spath" => spath::Stage,
    "stats" => stats::Stage,
    "strcat" => strcat::Rows,
    "streamstats" => streamstats::Rows,
    "table" => table::Rows,
    "tags" => tags::Rows,
    "tail" => tail::Rows,
    "timechart" => timechart::Stage,
    "timewrap" => timewrap::Stage,
    "tojson" => tojson::Rows,
    "top" => top::Rows,
    "transaction" => transaction::Rows,
    "transpose" => transpose::Stage,
    "trendline" => trendline::Rows,
    "tstats" => tstats::Source,
    "typelearner" => typelearner::Stage,
    "typer" => typer::Rows,
    "union" => union_command::Source,
    "uniq" => uniq::Rows,
    "untable" => untable::Stage,
    "where" => where_command::Stage,
    "x11" => x11::Stage,
    "xmlkv" => xmlkv::Stage,
    "xmlunescape" => xmlunescape::Rows,
    "xpath" => xpath::Rows,
    "xyseries" => xyseries::Stage,
}

/// How a command is planned; an error when it is known but not built.
pub fn planning(call: &CommandCall) -> Result<Planning, Diagnostic> {
    if let Some((_, planning)) = BUILT.iter().find(|(name, _)| *name == call.spec.name) {
        return Ok(*planning);
    }
    Err(match call.spec.status {
        Status::Refused(why) => {
            Diagnostic::error("plan/refused-command", format!("`{}` can't be run: {why}", call.spec.name), call.name.span)
        }
        _ => Diagnostic::error("plan/not-built", format!("`{}` is known but not built yet", call.spec.name), call.name.span)
            .with_help("`splq commands` lists what is built"),
    })
}

/// Reads a truth value of an option; the parser has checked its form.
pub fn boolean(call: &CommandCall, name: &str, default: bool) -> bool {
    call.option(name)
        .map_or(default, |option| matches!(option.value.value.to_ascii_lowercase().as_str(), "true" | "t" | "1" | "yes" | "y"))
}

/// Reads a whole number of an option; negative ones are an error.
pub fn count(call: &CommandCall, name: &str, default: u64) -> Result<u64, Diagnostic> {
    call.option(name).map_or(Ok(default), |option| parse_count(&option.value.value, option.value.span))
}

/// Reads a whole number that is not negative.
pub fn parse_count(text: &str, span: spl_parser::Span) -> Result<u64, Diagnostic> {
    text.trim().parse().map_err(|_| Diagnostic::error("plan/number", format!("`{text}` is not a count"), span))
}

/// The first positional count (`head 5`, `sort 10 x`).
pub fn leading_count(call: &CommandCall) -> Result<Option<u64>, Diagnostic> {
    match call.arguments.first() {
        Some(Argument::Text { text, quoted: false })
            if text.value.chars().all(|c| c.is_ascii_digit() || c == '-') && !text.value.is_empty() && text.value != "-" =>
        {
            parse_count(&text.value, text.span).map(Some)
        }
        _ => Ok(None),
    }
}

/// Refuses options that would change the answer and are not built.
pub fn refuse_options(call: &CommandCall, names: &[(&str, &str)]) -> Result<(), Diagnostic> {
    for (name, harmless) in names {
        if let Some(OptionArgument { name: found, value, .. }) = call.option(name)
            && !value.value.eq_ignore_ascii_case(harmless)
            && !(is_false(harmless) && is_false(&value.value))
        {
            return Err(Diagnostic::error(
                "plan/not-built",
                format!("`{name}={}` of `{}` is not built yet", value.value, call.spec.name),
                found.span.to(value.span),
            ));
        }
    }
    Ok(())
}

fn is_false(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "false" | "f" | "0" | "no" | "n")
}

/// The fields of a frame that a name or a pattern stands for; a plain name that no event has stands for nothing.
pub fn expand(frame: &Frame, field: &FieldName) -> Vec<FrameField> {
    if field.has_wildcard() { frame.matching(&field.name) } else { frame.field(&field.name).into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_built_or_refused_with_a_reason() {
        for spec in spl_parser::commands::all() {
            let said = match spec.status {
                Status::Refused(why) | Status::Partial(why) => !why.is_empty(),
                Status::Full => true,
                Status::Planned => false,
            };
            assert!(said, "{}", spec.name);
        }
    }

    #[test]
    fn what_is_built_says_so_in_its_syntax() {
        for spec in spl_parser::commands::all() {
            let built = BUILT.iter().any(|(name, _)| *name == spec.name);
            let says = matches!(spec.status, Status::Full | Status::Partial(_));
            assert_eq!(built, says, "{}", spec.name);
        }
    }
}
