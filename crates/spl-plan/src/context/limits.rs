//! Splunk's limits that change results, with their defaults, and splq's own bounds for what a search may grow to;
//! `--limit name=value` sets them.

use indexmap::IndexMap;

/// A limit.
#[derive(Debug)]
pub struct LimitSpec {
    /// Name.
    pub name: &'static str,
    /// Splunk's default; 0 = no limit.
    pub default: u64,
    /// What it bounds.
    pub summary: &'static str,
}

/// All limits (Splunk, limits.conf; the last ones are splq's own).
pub const LIMITS: &[LimitSpec] = &[
    LimitSpec { name: "subsearch_maxout", default: 10_000, summary: "rows of a subsearch that becomes search text" },
    LimitSpec { name: "append_maxout", default: 50_000, summary: "rows of the subsearch of append" },
    LimitSpec { name: "join_subsearch_maxout", default: 50_000, summary: "rows of the subsearch of join" },
    LimitSpec { name: "union_maxout", default: 50_000, summary: "rows of each subsearch of union" },
    LimitSpec { name: "set_maxresultrows", default: 50_000, summary: "rows of each subsearch of set" },
    LimitSpec { name: "selfjoin_maxrows", default: 100_000, summary: "rows that selfjoin takes" },
    LimitSpec { name: "list_maxsize", default: 100, summary: "values of a group that list gives" },
    LimitSpec { name: "sort_count", default: 10_000, summary: "rows that sort returns without a count" },
    LimitSpec { name: "spath_extraction_cutoff", default: 5_000, summary: "characters that spath reads for all fields" },
    LimitSpec { name: "head_count", default: 10, summary: "rows that head and tail return without a count" },
    LimitSpec { name: "sparkline_maxsize", default: 100, summary: "points of a sparkline without a span" },
    LimitSpec { name: "top_limit", default: 10, summary: "values that top and rare return without a limit" },
    LimitSpec { name: "top_maxresultrows", default: 50_000, summary: "values that top and rare return at most" },
    LimitSpec { name: "anomalousvalue_maxresultrows", default: 50_000, summary: "rows that anomalousvalue returns" },
    LimitSpec { name: "correlate_maxfields", default: 1000, summary: "fields that correlate looks at" },
    LimitSpec { name: "kmeans_maxkvalue", default: 1000, summary: "groups that kmeans makes" },
    LimitSpec { name: "kmeans_maxkrange", default: 100, summary: "span of a range of groups of kmeans" },
    LimitSpec { name: "kmeans_maxdatapoints", default: 100_000_000, summary: "rows that kmeans takes" },
    LimitSpec { name: "searchresults_maxresultrows", default: 50_000, summary: "rows that scrub takes" },
    LimitSpec {
        name: "search_maxbytes",
        default: 2 << 30,
        summary: "bytes that a search holds beside the loaded events where it goes on from computed rows; an error beyond it",
    },
    LimitSpec { name: "search_maxrows", default: 100_000_000, summary: "rows that a search goes on from; an error beyond it" },
    LimitSpec { name: "search_maxtime", default: 0, summary: "seconds that a search may take; an error beyond them" },
    LimitSpec { name: "join_maxrows", default: 20_000_000, summary: "rows that join and selfjoin make; an error beyond it" },
    LimitSpec { name: "appendpipe_maxrows", default: 2_000_000, summary: "rows that appendpipe adds; an error beyond it" },
    LimitSpec { name: "map_maxsearches", default: 10_000, summary: "searches that map may run; an error beyond it" },
    LimitSpec {
        name: "eventstats_maxvalues",
        default: 2_000_000_000,
        summary: "values of the lists that eventstats adds to rows; an error beyond it",
    },
    LimitSpec {
        name: "streamstats_maxvalues",
        default: 40_000_000,
        summary: "values of the lists that streamstats adds to rows; an error beyond it",
    },
    LimitSpec {
        name: "table_maxvalues",
        default: 20_000_000,
        summary: "rows times columns of chart, xyseries and their kin; an error beyond it",
    },
    LimitSpec { name: "foreach_maxrounds", default: 100_000, summary: "rounds of foreach; an error beyond it" },
];

/// Limits beyond this number are this number: the engine counts rows in signed numbers, and asks for one row more.
const MOST: u64 = i64::MAX as u64 - 1;

/// Limits in force.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    set: &'a IndexMap<String, u64>,
}

impl<'a> Limits<'a> {
    /// Over what the user set.
    pub fn new(set: &'a IndexMap<String, u64>) -> Self {
        Self { set }
    }

    /// The value of a limit; 0 = no limit.
    pub fn get(&self, name: &str) -> u64 {
        self.set
            .get(name)
            .copied()
            .or_else(|| LIMITS.iter().find(|limit| limit.name == name).map(|limit| limit.default))
            .unwrap_or(0)
            .min(MOST)
    }
}
