//! The commands: one module each with its planning, and the table that says how a command takes part in a pipeline.

use spl_parser::syntax::CommandCall;
use spl_parser::{Diagnostic, spec::Status};

use crate::context::{CommandTable, Planning};

pub mod abstract_command;
pub mod accum;
pub mod addcoltotals;
pub mod addinfo;
pub mod addtotals;
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
pub mod series;
pub mod set;
pub mod setfields;
pub mod sort;
pub mod spath;
pub mod statistics;
pub mod stats;
pub mod strcat;
pub mod streamstats;
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

/// The commands that are built, by canonical name.
pub const BUILT: &[(&str, Planning)] = &[
    ("abstract", Planning::Rows(abstract_command::plan)),
    ("accum", Planning::Rows(accum::plan)),
    ("addcoltotals", Planning::Rows(addcoltotals::plan)),
    ("addinfo", Planning::Rows(addinfo::plan)),
    ("addtotals", Planning::Rows(addtotals::plan)),
    ("analyzefields", Planning::Stage(analyzefields::plan)),
    ("anomalies", Planning::Stage(anomalies::plan)),
    ("anomalousvalue", Planning::Stage(anomalousvalue::plan)),
    ("anomalydetection", Planning::Stage(anomalydetection::plan)),
    ("append", Planning::Stage(append::plan)),
    ("appendcols", Planning::Stage(appendcols::plan)),
    ("appendpipe", Planning::Stage(appendpipe::plan)),
    ("arules", Planning::Stage(arules::plan)),
    ("associate", Planning::Stage(associate::plan)),
    ("autoregress", Planning::Rows(autoregress::plan)),
    ("bin", Planning::Stage(bin::plan)),
    ("bucketdir", Planning::Stage(bucketdir::plan)),
    ("chart", Planning::Stage(chart::plan)),
    ("cluster", Planning::Stage(cluster::plan)),
    ("cofilter", Planning::Stage(cofilter::plan)),
    ("collect", Planning::Stage(collect::plan)),
    ("concurrency", Planning::Rows(concurrency::plan)),
    ("contingency", Planning::Stage(contingency::plan)),
    ("convert", Planning::Stage(convert::plan)),
    ("correlate", Planning::Stage(correlate::plan)),
    ("datamodel", Planning::Source(datamodel::plan)),
    ("dedup", Planning::Rows(dedup::plan)),
    ("delta", Planning::Rows(delta::plan)),
    ("diff", Planning::Stage(diff::plan)),
    ("erex", Planning::Stage(erex::plan)),
    ("eval", Planning::Stage(eval::plan)),
    ("eventcount", Planning::Source(eventcount::plan)),
    ("eventstats", Planning::Rows(eventstats::plan)),
    ("extract", Planning::Stage(extract::plan)),
    ("fieldformat", Planning::Rows(fieldformat::plan)),
    ("fields", Planning::Rows(fields::plan)),
    ("fieldsummary", Planning::Stage(fieldsummary::plan)),
    ("filldown", Planning::Rows(filldown::plan)),
    ("fillnull", Planning::Rows(fillnull::plan)),
    ("findtypes", Planning::Stage(findtypes::plan)),
    ("folderize", Planning::Stage(folderize::plan)),
    ("foreach", Planning::Stage(foreach::plan)),
    ("format", Planning::Stage(format::plan)),
    ("from", Planning::Source(from::plan)),
    ("fromjson", Planning::Stage(fromjson::plan)),
    ("gauge", Planning::Stage(gauge::plan)),
    ("gentimes", Planning::Source(gentimes::plan)),
    ("geostats", Planning::Stage(geostats::plan)),
    ("head", Planning::Rows(head::plan)),
    ("highlight", Planning::Rows(pass::plan)),
    ("iconify", Planning::Rows(pass::plan)),
    ("inputcsv", Planning::Source(inputcsv::plan)),
    ("inputlookup", Planning::Source(inputlookup::plan)),
    ("iplocation", Planning::Rows(iplocation::plan)),
    ("join", Planning::Stage(join::plan)),
    ("kmeans", Planning::Stage(kmeans::plan)),
    ("kvform", Planning::Stage(kvform::plan)),
    ("localize", Planning::Stage(localize::plan)),
    ("localop", Planning::Rows(pass::plan)),
    ("lookup", Planning::Rows(lookup::plan)),
    ("makecontinuous", Planning::Stage(makecontinuous::plan)),
    ("makejson", Planning::Rows(makejson::plan)),
    ("makemv", Planning::Rows(makemv::plan)),
    ("makeresults", Planning::Source(makeresults::plan)),
    ("map", Planning::Stage(map::plan)),
    ("mcatalog", Planning::Source(mcatalog::plan)),
    ("metadata", Planning::Source(metadata::plan)),
    ("metasearch", Planning::Source(metasearch::plan)),
    ("mpreview", Planning::Source(mpreview::plan)),
    ("mstats", Planning::Source(mstats::plan)),
    ("multikv", Planning::Stage(multikv::plan)),
    ("multisearch", Planning::Source(multisearch::plan)),
    ("mvcombine", Planning::Rows(mvcombine::plan)),
    ("mvexpand", Planning::Rows(mvexpand::plan)),
    ("nomv", Planning::Rows(nomv::plan)),
    ("noop", Planning::Rows(pass::plan)),
    ("outlier", Planning::Rows(outlier::plan)),
    ("outputcsv", Planning::Stage(outputcsv::plan)),
    ("outputlookup", Planning::Stage(outputlookup::plan)),
    ("outputtext", Planning::Rows(outputtext::plan)),
    ("overlap", Planning::Stage(overlap::plan)),
    ("pivot", Planning::Source(pivot::plan)),
    ("predict", Planning::Stage(predict::plan)),
    ("rangemap", Planning::Rows(rangemap::plan)),
    ("rare", Planning::Rows(top::plan)),
    ("redistribute", Planning::Rows(pass::plan)),
    ("regex", Planning::Rows(regex::plan)),
    ("reltime", Planning::Rows(reltime::plan)),
    ("rename", Planning::Rows(rename::plan)),
    ("replace", Planning::Rows(replace::plan)),
    ("require", Planning::Stage(require::plan)),
    ("return", Planning::Stage(return_command::plan)),
    ("reverse", Planning::Rows(reverse::plan)),
    ("rex", Planning::Rows(rex::plan)),
    ("savedsearch", Planning::Source(savedsearch::plan)),
    ("scrub", Planning::Stage(scrub::plan)),
    ("search", Planning::Source(search::plan)),
    ("searchtxn", Planning::Source(searchtxn::plan)),
    ("selfjoin", Planning::Stage(selfjoin::plan)),
    ("set", Planning::Source(set::plan)),
    ("setfields", Planning::Rows(setfields::plan)),
    ("sichart", Planning::SummaryOf("chart")),
    ("sirare", Planning::SummaryOf("rare")),
    ("sistats", Planning::SummaryOf("stats")),
    ("sitimechart", Planning::SummaryOf("timechart")),
    ("sitop", Planning::SummaryOf("top")),
    ("sort", Planning::Rows(sort::plan)),
    ("spath", Planning::Stage(spath::plan)),
    ("stats", Planning::Stage(stats::plan)),
    ("strcat", Planning::Rows(strcat::plan)),
    ("streamstats", Planning::Rows(streamstats::plan)),
    ("table", Planning::Rows(table::plan)),
    ("tags", Planning::Rows(tags::plan)),
    ("tail", Planning::Rows(tail::plan)),
    ("timechart", Planning::Stage(timechart::plan)),
    ("timewrap", Planning::Stage(timewrap::plan)),
    ("tojson", Planning::Rows(tojson::plan)),
    ("top", Planning::Rows(top::plan)),
    ("transaction", Planning::Rows(transaction::plan)),
    ("transpose", Planning::Stage(transpose::plan)),
    ("trendline", Planning::Rows(trendline::plan)),
    ("tstats", Planning::Source(tstats::plan)),
    ("typelearner", Planning::Stage(typelearner::plan)),
    ("typer", Planning::Rows(typer::plan)),
    ("union", Planning::Source(union_command::plan)),
    ("uniq", Planning::Rows(uniq::plan)),
    ("untable", Planning::Stage(untable::plan)),
    ("where", Planning::Stage(where_command::plan)),
    ("x11", Planning::Stage(x11::plan)),
    ("xmlkv", Planning::Stage(xmlkv::plan)),
    ("xmlunescape", Planning::Rows(xmlunescape::plan)),
    ("xpath", Planning::Rows(xpath::plan)),
    ("xyseries", Planning::Stage(xyseries::plan)),
];

/// All commands that are built.
#[derive(Debug)]
pub struct Commands;

impl CommandTable for Commands {
    fn planning(&self, call: &CommandCall) -> Result<Planning, Diagnostic> {
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
