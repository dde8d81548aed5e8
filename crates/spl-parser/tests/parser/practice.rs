//! Forms that apps rely on and no page documents: they are read, printed back, and noted.

use spl_parser::{parse, parse_with_practice, print};

use crate::compare::without_spans;

/// The searches print back to an equal tree; gives what is noted, each as the text at its place.
fn noted(source: &str) -> Vec<String> {
    let (tree, practice) = parse_with_practice(source).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
    let printed = print(&tree);
    let again = parse(&printed).unwrap_or_else(|errors| panic!("{printed}: {errors:?}"));
    assert_eq!(without_spans(&again), without_spans(&tree), "{printed}");
    practice.iter().map(|one| one.span.text(source).to_owned()).collect()
}

#[test]
fn documented_forms_are_not_noted() {
    for source in [
        "| eval a=if(!isnull(b), 1, 0), c=1",
        "| table a, b c",
        "| stats count, sum(a) AS b by c, d",
        "| sort - a, b limit=3",
        "| rename a AS b, c AS d",
        "| timechart eval(avg(a)*2) by b",
        "| tstats count from datamodel=\"A.B\" where x=1 by y",
        "| lookup t a OUTPUTNEW",
    ] {
        assert_eq!(noted(source), Vec::<String>::new(), "{source}");
    }
}

#[test]
fn stray_commas() {
    for source in [
        "| table a,,b",
        "| table , a b",
        "| table a b,",
        "| fields - a,, b",
        "| stats count,, sum(a) by b",
        "| stats count by , a",
        "| stats count by a,",
        "| timechart count by a,",
        "| sort a,, - b",
        "| dedup a,,b",
        "| rename a AS b,, c AS d",
        "| lookup t a OUTPUT , b",
        "| convert num(a),, num(b)",
        "| top a,,b",
        "| bin _time,, span=1h",
        "| tail 5,",
        "| head 5,",
        "| fillnull value=0 a,,b",
        "| tstats count where a=1, b=2",
    ] {
        assert_eq!(noted(source), [","], "{source}");
    }
}

#[test]
fn names_without_quotes() {
    assert_eq!(noted("| eval size(MB)=3"), ["size(MB)"]);
    assert_eq!(noted("| eval a=1, Avg Size=b"), ["Avg Size"]);
    assert_eq!(noted("| stats count(dc(n)) as c"), ["dc(n)"]);
    assert_eq!(noted("| stats avg(Response Time (ms))"), ["Response Time (ms)"]);
    assert_eq!(noted("| makemv a tokenizer=(\\S+)"), ["(\\S+)"]);
    assert_eq!(noted("| makemv tokenizer=([^ ]+) a"), ["([^ ]+)"]);
    assert_eq!(noted("| rex (?<a>\\d+)"), ["(?<a>\\d+)"]);
    assert_eq!(noted("| where x=''"), ["''"]);
}

#[test]
fn other_words() {
    assert_eq!(noted("| search AND NOT a"), ["AND"]);
    assert_eq!(noted("| rename a TO b, c -> d"), ["TO", "->"]);
    assert_eq!(noted("| makeresults 5"), ["5"]);
    assert_eq!(noted("| metadata hosts index=a"), ["hosts"]);
    assert_eq!(noted("| eventcount index=* OR index=_*"), ["OR"]);
    assert_eq!(noted("| tstats count from datamodel=\"A\".\"B\""), ["\"A\".\"B\""]);
    assert_eq!(noted("| tstats count from datamodel:\"A\".\"B\""), ["\"A\".\"B\""]);
    assert_eq!(noted("| from datamodel:\"A\".\"B\""), ["\"A\".\"B\""]);
    assert_eq!(noted("a IN (\"*b*\", \"\"*c*\"\")"), ["\"\"*c*\"\""]);
    assert_eq!(noted("| transaction a startswith=status=\"ok\""), ["status=\"ok\""]);
    assert_eq!(noted("| transaction fields=a,b maxspan=1m"), ["fields"]);
    assert_eq!(noted("| timechart (avg(a)*2) by b"), ["("]);
    assert_eq!(noted("| stats list by x"), ["list"]);
    assert_eq!(noted("| stats"), ["stats"]);
}

#[test]
fn commas_separate_the_conditions_of_one_command() {
    for source in
        ["| tstats count where a=1 [search b, c]", "| tstats count where [| tstats count where a=1, b=2] c=1 d, [search e, f]"]
    {
        assert!(parse(source).is_err(), "{source}");
    }
    assert_eq!(noted("| tstats count where a=1 [| tstats count where b=1 | fields c], d=1, e=1"), [",", ","]);
}

#[test]
fn sql_is_searched_for_and_noted() {
    assert_eq!(noted("select host from main"), ["select"]);
    assert_eq!(noted("| search select host from main"), Vec::<String>::new());
}

#[test]
fn what_may_be_a_mistake_is_told_by_a_run() {
    let choices = |source: &str| {
        let (_, practice) = parse_with_practice(source).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
        practice.iter().filter(|one| one.is_choice).count()
    };
    for source in
        ["| where a=''", "| stats avg(round(a))", "| stats sum(a b)", "select host from main", "| stats", "| stats list by a"]
    {
        assert_eq!(choices(source), 1, "{source}");
    }
    for source in ["| table a,,b", "| eval size(MB)=1", "| rename a TO b", "| makeresults 5"] {
        assert_eq!(choices(source), 0, "{source}");
    }
}

#[test]
fn regular_expressions_end_with_their_subsearch() {
    assert_eq!(noted("| append [| rex (?<a>b)]"), ["(?<a>b)"]);
    assert_eq!(noted(r"| makemv tokenizer=(a\|b) c | head"), [r"(a\|b)"]);
}

#[test]
fn subsearches_stand_as_text() {
    for source in [
        "index=a | bin _time [| makeresults | return $span]",
        "index=a | bin span=[search index=b | return $span] _time",
        "index=a | rex field=b [| makeresults | return $r]",
        "index=a | timechart span=[| makeresults | return $s] count by [| makeresults | return $f]",
        "index=a | head [| makeresults | return $n]",
        "index=a earliest=[| makeresults | return $n]",
        "index=a | foreach [| makeresults | return $n] [eval <<FIELD>>=1]",
        "index=a | table [| makeresults | return $n]",
        "index=a | join type=[| makeresults | return $n] user [search index=b]",
        "index=a | join [| makeresults | return $n] [search index=b]",
        "| metadata index=[| makeresults | return $n] type=hosts",
        "index=a b IN ([| makeresults | return 5 $n])",
        "| tstats count by [| makeresults | return $n]",
        "index=a | append [search index=b | bin _time [| makeresults | return $s]]",
        "index=a | eval [| makeresults | return $n]",
    ] {
        assert_eq!(noted(source), Vec::<String>::new(), "{source}");
    }
    for source in
        ["| table [a-z]", "| join a=b user [search c]", "| bin _time [| makeresults | retrun $span]", "| append [search a] b"]
    {
        assert!(parse(source).is_err(), "{source}");
    }
}
