//! Tables of pipelines: what must be there before them, what can be there behind them, what they write; and what keeps the
//! tables of the commands honest.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use super::*;
use crate::commands;
use crate::spec::{Made, Makes, OptionKind, Read, ReadsEvents, Rows, Writes};
use crate::syntax::Pipeline;

fn parsed(text: &str) -> Pipeline {
    crate::parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
}

/// `*` alone stands for every field, a blank list for none.
fn fields(words: &str) -> RequiredFields {
    if words == "ALL" { RequiredFields::All } else { RequiredFields::only(words.split_whitespace()) }
}

/// Pipeline, required behind it, required before it. At least one line for each command that is built.
const REQUIRED: &[(&str, &str, &str)] = &[
    ("| abstract maxlines=3", "a", "a _raw"),
    ("| accum n AS total", "total", "total n"),
    ("| addcoltotals labelfield=l", "a", "a"),
    ("| addcoltotals a b", "a c", "a c"),
    ("| addinfo", "info_sid", "info_sid"),
    ("| addtotals", "Total", "ALL"),
    ("| addtotals *", "Total", "ALL"),
    ("| addtotals a b*", "Total", "Total a b*"),
    ("| analyzefields classfield=c", "acc", "ALL"),
    ("| anomalies field=x by h", "a", "a x h"),
    ("| anomalies", "a", "a _raw"),
    ("| anomalousvalue", "a", "ALL"),
    ("| anomalousvalue x", "a", "a x"),
    ("| anomalydetection x", "a", "a x"),
    ("| append [search x]", "a", "a"),
    ("| appendcols [search x | stats count]", "a", "a"),
    ("| appendpipe [stats sum(n) by h | eval t=h]", "t", "t n h _time"),
    ("| appendpipe [eval t=x]", "t", "t x"),
    ("| arules a b", "x", "a b"),
    ("| associate", "x", "ALL"),
    ("| associate a b", "x", "a b"),
    ("| autoregress n p=1-3", "n_p1", "n_p1 n"),
    ("| bin span=5m _time AS t", "t", "t _time"),
    ("| bucketdir", "x", "source totalCount"),
    ("| bucketdir pathfield=p sizefield=s countfield=c", "x", "p s c"),
    ("| chart sum(n) over a by b", "ALL", "n a b _time"),
    ("| chart count(eval(x>y)) by a", "q", "x y a _time"),
    ("| cluster", "a", "a _raw"),
    ("| cluster field=m", "cluster_count", "cluster_count m"),
    ("| cofilter a b", "x", "a b"),
    ("| collect index=s", "a", "ALL"),
    ("| concurrency duration=d", "a", "a d _time"),
    ("| concurrency duration=d start=s output=o", "a", "a d s"),
    ("| contingency a b", "x", "a b"),
    ("| convert ctime(t) AS when", "when", "when t"),
    ("| correlate", "x", "ALL"),
    ("| datamodel M D search", "x", "ALL"),
    ("| dedup 2 a b sortby -c", "x", "x a b c"),
    ("| delta n AS d", "d", "d n"),
    ("| diff", "x", "_raw"),
    ("| diff attribute=m", "x", "m"),
    ("| erex f examples=\"a,b\"", "f", "f _raw"),
    ("| eval a=b+c", "a d", "b c d"),
    ("| eval a=1, b=a", "b", ""),
    ("| eval b=a, a=1", "a b", "a"),
    ("| eval x_{k}=v", "a", "a k v"),
    ("| eval x=searchmatch(\"error user=bob\")", "x", "_raw user"),
    ("| eval x=a.b", "x", "a.b a b"),
    ("| eval x=[search y | return $z]", "x", "ALL"),
    ("| eventcount", "x", ""),
    ("| eventcount report_size=t", "x", "_raw"),
    ("| eventstats sum(n) AS s by h", "s", "s n h _time"),
    ("| extract", "a", "a _raw"),
    ("| extract my_stanza", "a", "ALL"),
    ("| fieldformat t=strftime(u, \"%H\")", "a", "a u"),
    ("| fields a b", "a c _time", "a _time"),
    ("| fields a b", "ALL", "a b _raw _time"),
    ("| fields a*", "ab c", "ab"),
    ("| fields - a", "a b", "a b"),
    ("| fields - a", "ALL", "ALL"),
    ("| fieldsummary", "x", "ALL"),
    ("| fieldsummary a b", "x", "a b"),
    ("| filldown", "a", "a"),
    ("| filldown a", "b", "b"),
    ("| fillnull value=0", "a", "a"),
    ("| fillnull a b", "a", "a"),
    ("| findtypes", "x", "_raw punct sourcetype eventtype"),
    ("| folderize attr=a", "x", "a totalCount"),
    ("| foreach a b [eval <<FIELD>>=<<FIELD>>*x]", "z", "z a b x"),
    ("| foreach a* [eval t=t+'<<FIELD>>']", "t", "t a*"),
    ("| foreach a* [eval t=t+'max_<<FIELD>>']", "t", "t a* max_*"),
    ("| foreach a* [eval t=t+'b_<<MATCHSTR>>']", "t", "t a* b_*"),
    ("| foreach * [eval '<<FIELD>>'=1]", "t", "ALL"),
    ("| foreach mode=multivalue m [eval t=t+<<ITEM>>+y]", "t", "t m y"),
    ("| foreach fieldstr=\"#F\" a [eval t='#F'+n]", "t", "t a n"),
    ("| format", "search", "ALL"),
    ("| from datamodel:M.D", "x", "ALL"),
    ("| fromjson j prefix=p_", "p_a", "p_a j"),
    ("| gauge n a b", "x", "n a b"),
    ("| gentimes start=-5", "x", ""),
    ("| geostats count by h", "x", "lat lon h _time"),
    ("| geostats latfield=a longfield=b sum(n)", "x", "a b n _time"),
    ("| head 5", "a", "a"),
    ("| head (n<5)", "a", "a n"),
    ("| highlight error", "a", "a"),
    ("| iconify a", "b", "b"),
    ("| inputcsv a.csv", "a", ""),
    ("| inputcsv append=t a.csv", "a", "a"),
    ("| inputlookup users", "a", ""),
    ("| inputlookup append=t users where x=1", "a", "a"),
    ("| iplocation ip", "City", "City ip"),
    ("| join a b [search x]", "c", "c a b _time"),
    ("| join [search x]", "c", "ALL"),
    ("| join left=L right=R where L.a=R.b [search x]", "c", "ALL"),
    ("| kmeans", "a", "ALL"),
    ("| kmeans k=3 x y", "a", "a x y"),
    ("| kvform", "a", "a _raw sourcetype"),
    ("| kvform field=k", "a", "a _raw k"),
    ("| localize", "x", "_time"),
    ("| localop", "a", "a"),
    ("| lookup users name AS user OUTPUT mail AS m", "m", "m user _time"),
    ("| lookup event_time_field=t users user", "a", "a user t"),
    ("| makecontinuous", "a", "a _time"),
    ("| makecontinuous n span=1", "a", "a n"),
    ("| makejson output=j", "j", "ALL"),
    ("| makejson a b output=j", "j", "j a b"),
    ("| makemv delim=\",\" m", "a", "a m"),
    ("| makeresults count=2", "x", ""),
    ("| map search=\"search user=\\\"$user$\\\" id=$id$\"", "x", "user id"),
    ("| map [search user=\"$user$\"]", "x", "user"),
    ("| map saved", "x", "ALL"),
    ("| mcatalog values(metric_name)", "x", "ALL"),
    ("| metadata type=hosts", "x", "_time host source sourcetype index"),
    ("| metasearch host=a", "x", "_time host source sourcetype index splunk_server"),
    ("| mpreview index=m", "x", "ALL"),
    ("| mstats avg(cpu) where index=m by host", "x", "ALL"),
    ("| multikv fields a b", "a", "a _raw"),
    ("| multisearch [search a] [search b]", "x", ""),
    ("| mvcombine m", "a", "ALL"),
    ("| mvexpand m", "a", "a m"),
    ("| nomv m", "a", "a m"),
    ("| noop x=1", "a", "a"),
    ("| outlier", "a", "ALL"),
    ("| outlier x", "a", "a x"),
    ("| outputcsv a", "a", "ALL"),
    ("| outputlookup a", "a", "ALL"),
    ("| outputtext", "a", "a _raw"),
    ("| overlap", "x", "info_min_time info_max_time info_search_id info_search_name"),
    ("| pivot M D count(D)", "x", "ALL"),
    ("| predict n AS p algorithm=LLB correlate=m", "p", "p n m _time _span _spandays"),
    ("| rangemap field=n low=1-5", "range", "range n"),
    ("| rare a by b", "x", "a b _time"),
    ("| redistribute by a", "b", "b"),
    ("| regex \"x\"", "a", "a _raw"),
    ("| regex u!=\"x\"", "a", "a u"),
    ("| reltime", "reltime", "reltime _time"),
    ("| reltime timefield=t", "a", "a t"),
    ("| rename a AS b", "b c", "a c"),
    ("| rename a AS b, b AS c", "c", "a"),
    ("| rename a AS b", "d", "d"),
    ("| rename a AS b", "x*", "x*"),
    ("| rename a AS b", "b*", "b* a"),
    ("| rename M.* AS *", "dest _time", "dest _time M.dest M._time"),
    ("| rename a*b* AS c*d*", "c1d2 e", "c1d2 e a*b*"),
    ("| rename a AS b", "ALL", "ALL"),
    ("| replace x WITH y", "a", "a"),
    ("| replace x WITH y IN b", "a", "a"),
    ("| require", "a", "a"),
    ("| return 5 user u=name $ip", "x", "user name ip"),
    ("| reverse", "a", "a"),
    ("| rex \"(?<c>x)\"", "c", "c _raw"),
    ("| rex field=u mode=sed \"s/a/b/\"", "a", "a u"),
    ("| savedsearch s", "x", "ALL"),
    ("| scrub", "a", "a"),
    ("| search a=1 OR NOT b IN (1,2) word", "c", "a b c _raw"),
    ("| search tag::host=x", "c", "tag::host tag c"),
    ("| search [search x | fields y]", "c", "ALL"),
    ("| search a=[search x | return $y]", "c", "a c"),
    ("| search savedsearch=s", "c", "ALL"),
    ("| search earliest=-1h *", "c", "c"),
    ("| searchtxn t user=a", "x", "ALL"),
    ("| selfjoin a", "b", "a b"),
    ("| set union [search a] [search b]", "x", ""),
    ("| setfields a=\"x\"", "b", "b"),
    ("| sichart count over a by b", "x", "x a b _time"),
    ("| sirare a", "x", "x a _time"),
    ("| sistats sum(n) by a", "x", "x n a _time"),
    ("| sitimechart sum(n) by a", "x", "x n a _time"),
    ("| sitop a by b", "x", "x a b _time"),
    ("| sort 0 -num(a) b", "c", "a b c"),
    ("| spath", "a", "a _raw"),
    ("| spath input=j path=x output=y", "y", "y j"),
    ("| stats sum(n) AS s count(eval(x=1)) by h", "ALL", "n x h _time"),
    ("| stats values(*) AS *", "a", "* _time"),
    ("| stats sparkline(sum(n),1h)", "a", "n _time"),
    ("| strcat a \"-\" b c", "c", "a b c"),
    ("| streamstats reset_before=\"(x>1)\" reset_after=\"(y=2)\" sum(n) by h", "a", "a n h x y _time"),
    ("| table a b*", "ALL", "a b*"),
    ("| table a b", "a c _time", "a"),
    ("| tags", "a", "ALL"),
    ("| tags host outputfield=t", "t", "t host"),
    ("| tail 5", "a", "a"),
    ("| timechart span=1h sum(n) by h", "x", "n h _time"),
    ("| timewrap 1w", "x", "ALL"),
    ("| tojson", "_raw", "ALL"),
    ("| tojson num(a) b", "_raw", "_raw a b"),
    ("| top 5 a b by c", "x", "a b c _time"),
    ("| transaction a startswith=\"logged in\" endswith=eval(n>1)", "b", "a b n _raw _time"),
    ("| transaction maxspan=1m", "ALL", "ALL"),
    ("| transaction name=t", "b", "ALL"),
    ("| transpose", "x", "ALL"),
    ("| trendline sma5(n) AS m", "m", "m n"),
    ("| tstats count where a=1 by b", "x", "a b _time"),
    ("| tstats append=t prestats=t sum(n) by b", "x", "x n b _time"),
    ("| typelearner", "x", "_raw punct sourcetype eventtype"),
    ("| typelearner f", "x", "_raw punct sourcetype eventtype f"),
    ("| typer", "a", "ALL"),
    ("| union [search a] [search b]", "x", "x"),
    ("| uniq", "a", "ALL"),
    ("| untable x s v", "v", "ALL"),
    ("| where a>b AND like(c, \"x%\")", "d", "a b c d"),
    ("| x11 mult5(n) AS m", "m", "m n"),
    ("| xmlkv", "a", "a _raw"),
    ("| xmlkv m", "a", "a m"),
    ("| xmlunescape", "a", "a _raw"),
    ("| xpath \"//a\" field=x", "xpath", "xpath x"),
    ("| xyseries x s v", "q", "x s v"),
];

#[test]
fn required_before_each_command() {
    for (text, after, before) in REQUIRED {
        let found = RequiredFields::before(&parsed(text).commands, fields(after));
        assert_eq!(found, fields(before), "{text}, {after} required behind it");
    }
}

#[test]
fn every_command_that_is_read_has_a_line() {
    let told: BTreeSet<&str> = REQUIRED.iter().map(|(text, ..)| parsed(text).commands[0].spec.name).collect();
    for spec in commands::COMMANDS {
        let refused = matches!(spec.status, crate::spec::Status::Refused(_));
        assert!(refused || told.contains(spec.name), "`{}` has no line in the table", spec.name);
    }
}

/// A search, what the data must yield for it.
const OF_SEARCHES: &[(&str, &str)] = &[
    ("error user=bob | stats count by host", "_raw user host _time"),
    ("x=1 | eval a=b | table a", "x b"),
    ("x=1 | transaction id | table id, eventcount", "x id eventcount _time"),
    ("x=1 | stats count | append [search y=2 | stats count by z]", "x y z _time"),
    ("x=1 | where a=[search y=2 | stats max(m) AS m | return $m]", "ALL"),
    ("x=1 | stats count by a | appendpipe [stats count by b | append [search y=1 | table z]]", "x a y z _time"),
    ("| makeresults | map search=\"search user=\\\"$u$\\\" | stats count by host\"", "user host _time"),
    ("x=1 | appendpipe [map search=\"search y=2 | stats count by q\"] | table a", "x a y q _time"),
    ("x=1 | foreach a* [append [search y=2 | stats sum(<<FIELD>>)]] | table a1", "x a* a1 y * _time"),
    ("x=1 | foreach a [append [search y=2 | stats count by q]] | table a", "x a y q _time"),
    ("| makeresults | map search=\"search user=$u$ | stats count by host\"", "ALL"),
    ("| makeresults | map [search user=\"$u$\" | table q]", "user q"),
    ("| makeresults | map saved", "ALL"),
    ("| multisearch [search x=1 | table a] [search y=1 | table b]", "x a y b"),
    ("| inputlookup users | join user [search x=1 | stats count by user]", "x user _time"),
    ("x=1 | fillnull | stats count by a", "x a _time"),
    ("x=1 | sitop a | top a b", "x a b _time"),
    ("x=1 | stats count | appendpipe [| mstats avg(m) where index=i]", "ALL"),
    ("x=1 | stats count | appendpipe [| inputlookup append=t users | stats count by y]", "x _time"),
    ("x=1 | eval [search y=1 | return $z] | stats count by a", "ALL"),
    ("x=1 | rename [search y=1 | return $z] | stats count by a", "ALL"),
    ("| makeresults | tstats append=t prestats=t count by y | stats count", "y _time"),
    ("| makeresults | tstats append=t prestats=t count by [search y=1 | return $z] | stats count", "ALL"),
];

#[test]
fn required_of_whole_searches() {
    for (text, expected) in OF_SEARCHES {
        assert_eq!(of_pipeline(&parsed(text)), fields(expected), "{text}");
    }
}

/// A pipeline and the fields that rows can have behind it; `ANY` for whatever the data have.
const BEHIND: &[(&str, &str)] = &[
    ("x", "ANY"),
    ("x | stats count sum(n) AS s by a", "count s a"),
    ("x | stats values(*) AS * by a", "ANY"),
    ("x | chart count over a", "a count"),
    ("x | chart count over a by b", "ANY"),
    ("x | timechart sum(n)", "_time sum(n)"),
    ("x | timechart sum(n) by h", "ANY"),
    ("x | top a by b", "a b count percent"),
    ("x | rare countfield=n showperc=f a", "a n percent"),
    ("x | table a b", "a b"),
    ("x | table a*", "ANY"),
    ("x | fields a", "a _time _raw"),
    ("x | table ab ac d | table a*", "ab ac"),
    ("x | table a b | fields - a", "b"),
    ("x | table a b | rename a AS c", "b c"),
    ("x | table M.a M.b | rename M.* AS *", "a b"),
    ("x | table a | eval b=1, c=2", "a b c"),
    ("x | table a | eval b_{a}=1", "ANY"),
    ("x | table a | rex field=a \"(?<b>.)(?P<c>.)(?=x)\" offset_field=o", "a b c o"),
    ("x | table a | lookup t a OUTPUT b AS c", "a c"),
    ("x | table a | lookup t a", "ANY"),
    ("x | table a | eventstats count by a", "a count"),
    ("x | table a | strcat a a b", "a b"),
    ("x | table a | accum a AS b", "a b"),
    ("x | table a | trendline sma5(a)", "a sma5(a)"),
    ("x | table a | delta a", "ANY"),
    ("x | table a | fillnull a b", "a b"),
    ("x | table a | foreach a [eval b=1]", "ANY"),
    ("x | table a | append [search y | table b]", "a b"),
    ("x | table a | join a [search y]", "ANY"),
    ("x | table a | appendpipe [stats count by a | eval t=1]", "a count t"),
    ("x | table a | inputlookup append=t users", "ANY"),
    ("| makeresults count=3", "_time"),
    ("| makeresults annotate=t", "ANY"),
    ("| tstats count by host", "count host"),
    ("| tstats prestats=t count by host", "ANY"),
    ("x | table a | concurrency duration=a", "a concurrency"),
    ("x | table a | search a=1 | where a=1 | sort a | dedup a | head 3 | mvexpand a", "a"),
    ("x | table a | outputlookup t", "a"),
    ("x | table a | collect index=s", "a"),
    ("x | table a | collect index=s testmode=t", "ANY"),
    ("x | untable a b c", "a b c"),
    ("x | fieldsummary | fields field", "field _time _raw"),
];

#[test]
fn fields_behind_pipelines() {
    for (text, expected) in BEHIND {
        let expected = match *expected {
            "ANY" => FieldsBehind::Any,
            names => FieldsBehind::Only(names.split(' ').map(str::to_owned).collect()),
        };
        assert_eq!(FieldsBehind::behind(&parsed(text).commands), expected, "{text}");
    }
}

#[test]
fn what_searches_write() {
    for (text, expected, open) in [
        ("x | stats count", "", false),
        ("x output_collected_macro | stats count", "", false),
        ("x | outputlookup users", "outputlookup users", false),
        ("x | collect index=risk", "collect risk", false),
        ("x | append [search y | outputcsv a]", "outputcsv a", false),
        ("x | appendpipe [stats count | collect index=s]", "collect s", false),
        ("x | map search=\"search a=\\\"$b$\\\" | outputlookup t\"", "outputlookup t", false),
        ("x | map search=\"search $b$ | outputlookup t\"", "", true),
        ("x | foreach a b [eval <<FIELD>>=1]", "", false),
        ("x | foreach a [outputlookup <<FIELD>>]", "outputlookup a", false),
        ("| savedsearch s", "", true),
        ("| from savedsearch:s", "", true),
        ("x | outputtext | sistats count", "", false),
        ("x | sendemail to=a", "sendemail", false),
        ("x | bin span=[search y | return $z] _time", "", false),
        ("x | append maxout=[search y | return $z] [search a | outputlookup t]", "", true),
        ("| from [search y | return $z]", "", true),
    ] {
        let effects = pipeline_effects(&parsed(text));
        let written = effects.writes.iter().map(|one| match &one.target {
            Some(target) => format!("{} {target}", one.command),
            None => one.command.to_owned(),
        });
        assert_eq!(written.collect::<Vec<_>>().join(", ").replace(" to=a", ""), expected, "{text}");
        assert_eq!(effects.is_open, open, "{text}");
    }
}

#[test]
fn whether_searches_read_events() {
    for (text, expected) in [
        ("x", ReadsEvents::Yes),
        ("| makeresults | search a=1", ReadsEvents::No),
        ("| makeresults | append [search x]", ReadsEvents::Yes),
        ("| makeresults | appendpipe [search x]", ReadsEvents::No),
        ("| inputlookup users | map search=\"search user=\\\"$u$\\\"\"", ReadsEvents::Yes),
        ("| inputlookup users | map saved", ReadsEvents::Maybe),
        ("| inputlookup users where a=[search x | return $y]", ReadsEvents::Yes),
        ("| tstats count", ReadsEvents::Yes),
        ("| from lookup:users", ReadsEvents::No),
        ("| from datamodel:M.D", ReadsEvents::Yes),
        ("| datamodel M", ReadsEvents::No),
        ("| datamodel M D search", ReadsEvents::Yes),
        ("| multisearch [search a] [search b]", ReadsEvents::Yes),
        ("| union lookup:a lookup:b", ReadsEvents::No),
        ("| union lookup:a datamodel:M.D", ReadsEvents::Yes),
        ("| savedsearch s", ReadsEvents::Maybe),
        ("| from [| makeresults | return $z]", ReadsEvents::Maybe),
        ("| makeresults | bin span=[| makeresults | return $z] _time", ReadsEvents::No),
    ] {
        assert_eq!(pipeline_effects(&parsed(text)).reads_events, expected, "{text}");
    }
}

#[test]
fn objects_are_named() {
    let effects = pipeline_effects(&parsed("| inputlookup a | lookup b c | append [| from lookup:d | outputlookup e]"));
    let names: Vec<&str> = effects.objects.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["a", "b", "d", "e"]);
}

/// The names of options in a table of effects.
fn options_named(effects: &crate::spec::Effects) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = effects
        .reads
        .iter()
        .filter_map(|read| match read {
            Read::Option(name) | Read::Condition(name) | Read::AllWith(name) | Read::NamedWith(_, name) => Some(*name),
            _ => None,
        })
        .collect();
    if let Makes::Adds(made) | Makes::Only(made) = effects.makes {
        names.extend(made.iter().filter_map(|made| match made {
            Made::Option(name) | Made::UnknownWith(name) => Some(*name),
            _ => None,
        }));
    }
    names
}

#[test]
fn options_of_effects_stand_in_the_syntax() {
    for spec in commands::all() {
        for name in options_named(&spec.effects) {
            let option = spec.option(name);
            assert!(option.is_some(), "`{}` has no option `{name}`", spec.name);
        }
        // Options that name a field are no news to the effects.
        for option in spec.options.iter().filter(|option| option.kind == OptionKind::FieldList) {
            let told = options_named(&spec.effects).contains(&option.name)
                || spec.effects.reads.iter().any(|read| matches!(read, Read::All));
            assert!(told, "what `{}` of `{}` reads is not said", option.name, spec.name);
        }
    }
}

#[test]
fn tables_agree_with_the_kinds_of_commands() {
    use crate::spec::{CommandKind, Source, Subsearches};
    for spec in commands::all() {
        let effects = &spec.effects;
        let takes_rows = matches!(effects.source, Source::Rows | Source::EventsWhenFirst | Source::NothingWhenFirst);
        let is_unread = matches!(spec.arguments, crate::spec::ArgumentShape::Unread);
        // `union` and `set` may stand first or later.
        if !is_unread && spec.name != "union" {
            assert_eq!(spec.kind == CommandKind::Generating, !takes_rows, "`{}`: where its rows come from", spec.name);
        }
        if !takes_rows && spec.name != "union" {
            assert!(matches!(effects.makes, Makes::Only(_)), "`{}` makes rows, so it says all their fields", spec.name);
        }
        if matches!(effects.rows, Rows::Groups(_) | Rows::FewGroups(_)) {
            assert!(matches!(effects.makes, Makes::Only(_)), "`{}` groups rows, so it makes new ones", spec.name);
        }
        if effects.writes != Writes::Nothing {
            let all = effects.reads.iter().any(|read| matches!(read, Read::All));
            assert!(all, "`{}` writes rows, so it reads every field", spec.name);
        }
        if let Subsearches::AsRows(Some(limit)) = effects.subsearches {
            assert!(limit.contains("max"), "`{}`: {limit}", spec.name);
        }
    }
}

#[test]
fn reads_are_never_too_small_for_more_behind() {
    // More required behind a command never means less before it.
    for (text, after, _) in REQUIRED {
        let calls = parsed(text).commands;
        let narrow = RequiredFields::before(&calls, fields(after));
        let wide = RequiredFields::before(&calls, fields(after).union(fields("more")));
        if let RequiredFields::Only(names) = narrow {
            assert!(names.iter().all(|name| wide.contains(name)), "{text}: {names:?}, {wide:?}");
        }
    }
}

/// A command that no search can name: what `shout <field> AS <name>` would say of itself beside its syntax.
mod a_command_that_is_added {
    use super::*;
    use crate::effects::{pipeline_effects, required_before};
    use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status, Writes};
    use crate::syntax::{CommandCall, Pipeline};

    static SHOUT: CommandSpec = CommandSpec {
        name: "shout",
        aliases: &["yell"],
        kind: CommandKind::DistributableStreaming,
        summary: "writes a field in capitals and keeps a copy",
        syntax: "shout [mark=<field>] <field>",
        options: &[crate::commands::option("mark", OptionKind::Field, "shouted", "field that holds the copy")],
        arguments: ArgumentShape::Fields,
        effects: Effects::of(&[Read::Arguments], Makes::Adds(&[Made::Option("mark")]), Rows::Each).writing(Writes::File),
        status: Status::Full,
    };

    fn shouting(text: &str) -> Pipeline {
        let mut pipeline = crate::parse(text).unwrap();
        for call in &mut pipeline.commands {
            if call.spec.name == "makemv" {
                *call = CommandCall { spec: &SHOUT, ..call.clone() };
            }
        }
        pipeline
    }

    #[test]
    fn its_row_is_all_that_it_needs() {
        let pipeline = shouting("search index=main | makemv user | table shouted, host");
        let call = &pipeline.commands[1];
        // It loads what it reads; what it makes may have been there before.
        let required = required_before(call, RequiredFields::only(["shouted", "host"]));
        assert_eq!(required, RequiredFields::only(["shouted", "host", "user"]));
        // Behind it rows have what it makes.
        let behind = FieldsBehind::only(["user"]).through(std::slice::from_ref(call));
        assert!(behind.may_have("shouted") && behind.may_have("user") && !behind.may_have("other"));
        // It stands among the writers of a run.
        assert_eq!(pipeline_effects(&pipeline).writes.len(), 1);
        // Its option is read with its default.
        assert_eq!(call.text("mark"), "shouted");
    }
}
