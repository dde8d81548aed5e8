//! The table of commands: how each of them takes part in a pipeline.

use spl_parser::Diagnostic;
use spl_parser::spec::{CommandKind, Status};
use spl_parser::syntax::CommandCall;
use spl_plan::context::{CommandTable, Planning};

use crate::{charts, combine, extract, fields, filter, generate, metrics, mining, models, multivalue, output, statistics};

/// The commands that are built, by canonical name.
pub const BUILT: &[(&str, Planning)] = &[
    ("abstract", Planning::Rows(fields::abstract_command::plan)),
    ("accum", Planning::Rows(fields::accum::plan)),
    ("addcoltotals", Planning::Rows(statistics::addcoltotals::plan)),
    ("addinfo", Planning::Rows(fields::addinfo::plan)),
    ("addtotals", Planning::Rows(statistics::addtotals::plan)),
    ("analyzefields", Planning::Stage(mining::analyzefields::plan)),
    ("anomalies", Planning::Stage(mining::anomalies::plan)),
    ("anomalousvalue", Planning::Stage(mining::anomalousvalue::plan)),
    ("anomalydetection", Planning::Stage(mining::anomalydetection::plan)),
    ("append", Planning::Stage(combine::append::plan)),
    ("appendcols", Planning::Stage(combine::appendcols::plan)),
    ("appendpipe", Planning::Stage(combine::appendpipe::plan)),
    ("arules", Planning::Stage(mining::arules::plan)),
    ("associate", Planning::Stage(mining::associate::plan)),
    ("autoregress", Planning::Rows(fields::autoregress::plan)),
    ("bin", Planning::Stage(fields::bin::plan)),
    ("bucketdir", Planning::Stage(mining::bucketdir::plan)),
    ("chart", Planning::Stage(charts::chart::plan)),
    ("cluster", Planning::Stage(mining::cluster::plan)),
    ("cofilter", Planning::Stage(mining::cofilter::plan)),
    ("collect", Planning::Stage(output::collect::plan)),
    ("concurrency", Planning::Rows(statistics::concurrency::plan)),
    ("contingency", Planning::Stage(statistics::contingency::plan)),
    ("convert", Planning::Stage(fields::convert::plan)),
    ("correlate", Planning::Stage(mining::correlate::plan)),
    ("datamodel", Planning::Source(models::datamodel::plan)),
    ("dedup", Planning::Rows(filter::dedup::plan)),
    ("delta", Planning::Rows(fields::delta::plan)),
    ("diff", Planning::Stage(mining::diff::plan)),
    ("erex", Planning::Stage(extract::erex::plan)),
    ("eval", Planning::Stage(fields::eval::plan)),
    ("eventcount", Planning::Source(generate::eventcount::plan)),
    ("eventstats", Planning::Stage(statistics::eventstats::plan)),
    ("extract", Planning::Stage(extract::extract::plan)),
    ("fieldformat", Planning::Rows(fields::fieldformat::plan)),
    ("fields", Planning::Rows(fields::fields::plan)),
    ("fieldsummary", Planning::Stage(statistics::fieldsummary::plan)),
    ("filldown", Planning::Rows(fields::filldown::plan)),
    ("fillnull", Planning::Stage(fields::fillnull::plan)),
    ("findtypes", Planning::Stage(mining::findtypes::plan)),
    ("folderize", Planning::Stage(mining::folderize::plan)),
    ("foreach", Planning::Stage(fields::foreach::plan)),
    ("format", Planning::Stage(generate::format::plan)),
    ("from", Planning::Source(generate::from::plan)),
    ("fromjson", Planning::Stage(extract::fromjson::plan)),
    ("gauge", Planning::Stage(charts::gauge::plan)),
    ("gentimes", Planning::Source(generate::gentimes::plan)),
    ("geostats", Planning::Stage(statistics::geostats::plan)),
    ("head", Planning::Rows(filter::head::plan)),
    ("highlight", Planning::Rows(fields::pass::plan)),
    ("iconify", Planning::Rows(fields::pass::plan)),
    ("inputcsv", Planning::Source(generate::inputcsv::plan)),
    ("inputlookup", Planning::Source(generate::inputlookup::plan)),
    ("iplocation", Planning::Rows(fields::iplocation::plan)),
    ("join", Planning::Stage(combine::join::plan)),
    ("kmeans", Planning::Stage(mining::kmeans::plan)),
    ("kvform", Planning::Stage(extract::kvform::plan)),
    ("localize", Planning::Stage(mining::localize::plan)),
    ("localop", Planning::Rows(fields::pass::plan)),
    ("lookup", Planning::Rows(fields::lookup::plan)),
    ("makecontinuous", Planning::Stage(charts::makecontinuous::plan)),
    ("makejson", Planning::Rows(extract::makejson::plan)),
    ("makemv", Planning::Rows(multivalue::makemv::plan)),
    ("makeresults", Planning::Source(generate::makeresults::plan)),
    ("map", Planning::Stage(combine::map::plan)),
    ("mcatalog", Planning::Source(metrics::mcatalog::plan)),
    ("metadata", Planning::Source(generate::metadata::plan)),
    ("metasearch", Planning::Source(generate::metasearch::plan)),
    ("mpreview", Planning::Source(metrics::mpreview::plan)),
    ("mstats", Planning::Source(metrics::mstats::plan)),
    ("multikv", Planning::Stage(extract::multikv::plan)),
    ("multisearch", Planning::Source(combine::multisearch::plan)),
    ("mvcombine", Planning::Rows(multivalue::mvcombine::plan)),
    ("mvexpand", Planning::Rows(multivalue::mvexpand::plan)),
    ("nomv", Planning::Rows(multivalue::nomv::plan)),
    ("noop", Planning::Rows(fields::pass::plan)),
    ("outlier", Planning::Rows(mining::outlier::plan)),
    ("outputcsv", Planning::Stage(output::outputcsv::plan)),
    ("outputlookup", Planning::Stage(output::outputlookup::plan)),
    ("outputtext", Planning::Rows(output::outputtext::plan)),
    ("overlap", Planning::Stage(mining::overlap::plan)),
    ("pivot", Planning::Source(models::pivot::plan)),
    ("predict", Planning::Stage(mining::predict::plan)),
    ("rangemap", Planning::Rows(fields::rangemap::plan)),
    ("rare", Planning::Rows(statistics::top::plan)),
    ("redistribute", Planning::Rows(fields::pass::plan)),
    ("regex", Planning::Rows(filter::regex::plan)),
    ("reltime", Planning::Rows(fields::reltime::plan)),
    ("rename", Planning::Rows(fields::rename::plan)),
    ("replace", Planning::Rows(fields::replace::plan)),
    ("require", Planning::Stage(filter::require::plan)),
    ("return", Planning::Stage(generate::return_command::plan)),
    ("reverse", Planning::Rows(filter::reverse::plan)),
    ("rex", Planning::Rows(extract::rex::plan)),
    ("savedsearch", Planning::Source(generate::savedsearch::plan)),
    ("scrub", Planning::Stage(fields::scrub::plan)),
    ("search", Planning::Source(filter::search::plan)),
    ("searchtxn", Planning::Source(filter::searchtxn::plan)),
    ("selfjoin", Planning::Stage(combine::selfjoin::plan)),
    ("set", Planning::Source(combine::set::plan)),
    ("setfields", Planning::Rows(fields::setfields::plan)),
    ("sichart", Planning::SummaryOf("chart")),
    ("sirare", Planning::SummaryOf("rare")),
    ("sistats", Planning::SummaryOf("stats")),
    ("sitimechart", Planning::SummaryOf("timechart")),
    ("sitop", Planning::SummaryOf("top")),
    ("sort", Planning::Rows(filter::sort::plan)),
    ("spath", Planning::Stage(extract::spath::plan)),
    ("stats", Planning::Stage(statistics::stats::plan)),
    ("strcat", Planning::Rows(fields::strcat::plan)),
    ("streamstats", Planning::Stage(statistics::streamstats::plan)),
    ("table", Planning::Rows(fields::table::plan)),
    ("tags", Planning::Rows(fields::tags::plan)),
    ("tail", Planning::Rows(filter::tail::plan)),
    ("timechart", Planning::Stage(charts::timechart::plan)),
    ("timewrap", Planning::Stage(charts::timewrap::plan)),
    ("tojson", Planning::Rows(extract::tojson::plan)),
    ("top", Planning::Rows(statistics::top::plan)),
    ("transaction", Planning::Rows(statistics::transaction::plan)),
    ("transpose", Planning::Stage(charts::transpose::plan)),
    ("trendline", Planning::Rows(statistics::trendline::plan)),
    ("tstats", Planning::Source(models::tstats::plan)),
    ("typelearner", Planning::Stage(mining::typelearner::plan)),
    ("typer", Planning::Rows(mining::typer::plan)),
    ("union", Planning::Source(combine::union_command::plan)),
    ("uniq", Planning::Rows(filter::uniq::plan)),
    ("untable", Planning::Stage(charts::untable::plan)),
    ("where", Planning::Stage(filter::where_command::plan)),
    ("x11", Planning::Stage(mining::x11::plan)),
    ("xmlkv", Planning::Stage(extract::xmlkv::plan)),
    ("xmlunescape", Planning::Rows(extract::xmlunescape::plan)),
    ("xpath", Planning::Rows(extract::xpath::plan)),
    ("xyseries", Planning::Stage(charts::xyseries::plan)),
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

    /// Source: Splunk search reference 10.0, command types; bin and fillnull, usage: with `span` and with a list of fields
    /// they are distributable streaming commands.
    fn is_streaming(&self, call: &CommandCall) -> bool {
        match call.spec.name {
            "bin" => call.option("span").is_some(),
            "fillnull" => call.fields().next().is_some(),
            _ => call.spec.kind == CommandKind::DistributableStreaming,
        }
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
