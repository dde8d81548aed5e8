//! What searches mean: the trees that the planner gets.

use spl_parser::parser::{parse_expression, parse_search_expression};
use spl_parser::syntax::*;
use spl_parser::{parse, print, print_expression, print_search_expression};

/// The canonical form of an eval expression with every grouping made visible by the printer's own rules.
fn eval(source: &str) -> String {
    print_expression(&parse_expression(source).unwrap())
}

fn search(source: &str) -> String {
    print_search_expression(&parse_search_expression(source).unwrap())
}

fn canonical(source: &str) -> String {
    print(&parse(source).unwrap_or_else(|errors| panic!("{source}: {}", errors[0])))
}

fn only(source: &str) -> CommandCall {
    parse(source).unwrap_or_else(|errors| panic!("{source}: {}", errors[0])).commands.pop().unwrap()
}

/// A sketch of an expression with all parentheses.
fn grouped(expression: &Expression) -> String {
    match &expression.kind {
        ExpressionKind::Integer(value) => value.to_string(),
        ExpressionKind::Float(value) => value.to_string(),
        ExpressionKind::Text(text) => format!("{text:?}"),
        ExpressionKind::Field(field) => field.name.clone(),
        ExpressionKind::Unary { operator, operand } => {
            format!("({operator:?} {})", grouped(operand))
        }
        ExpressionKind::Binary { operator, left, right } => {
            format!("({} {:?} {})", grouped(left), operator.value, grouped(right))
        }
        ExpressionKind::In { operand, list } => format!("({} In {})", grouped(operand), list.len()),
        ExpressionKind::Call { name, arguments } => {
            format!("{}({})", name.value, arguments.iter().map(grouped).collect::<Vec<_>>().join(" "))
        }
        ExpressionKind::Subsearch(_) => "[]".to_owned(),
    }
}

fn groups(source: &str) -> String {
    grouped(&parse_expression(source).unwrap())
}

#[test]
fn eval_precedence() {
    assert_eq!(groups("1+2*3-4"), "((1 Add (2 Multiply 3)) Subtract 4)");
    assert_eq!(groups("a.b+c.\"x\""), "((a.b Add c) Concatenate \"x\")");
    assert_eq!(groups("a . b . 1+2"), "((a Concatenate b) Concatenate (1 Add 2))");
    assert_eq!(groups("-a*b"), "((Minus a) Multiply b)");
    assert_eq!(
        groups("NOT a=1 AND b=2 OR c=3 XOR d=4"),
        "((((Not (a Equal 1)) And (b Equal 2)) Or (c Equal 3)) Xor (d Equal 4))"
    );
    assert_eq!(groups("a or b and c"), "(a Or (b And c))");
    assert_eq!(groups("a LIKE \"x%\" and not b like c"), "((a Like \"x%\") And (Not (b Like c)))");
    assert_eq!(groups("a IN (1, 2) AND b NOT IN (\"x\")"), "((a In 2) And (Not (b In 1)))");
    assert_eq!(groups("server-one"), "(server Subtract one)");
    assert_eq!(groups("1=1=1"), "((1 Equal 1) Equal 1)");
}

#[test]
fn eval_names_and_texts() {
    assert_eq!(groups("first_name.\" \".last_name"), "((first_name Concatenate \" \") Concatenate last_name)");
    assert_eq!(groups("\"n=\".n.\";\""), "((\"n=\" Concatenate n) Concatenate \";\")");
    assert_eq!(groups("Processes.process_name"), "Processes.process_name");
    assert_eq!(groups("a.lower(b)"), "(a Concatenate lower(b))");
    assert_eq!(groups("a{}.b{0}.c"), "a{}.b{0}.c");
    assert_eq!(groups("tag::host"), "tag::host");
    assert_eq!(groups("n.1"), "(n Concatenate 1)");
    assert_eq!(groups("5.\"x\""), "(5 Concatenate \"x\")");
    assert_eq!(groups(".5+1e3"), "(0.5 Add 1000)");
    assert_eq!(groups(r#"match(a, "^\d+\\.\"$")"#), r#"match(a "^\\d+\\.\"$")"#);
    assert_eq!(groups("case(a=1, \"x\", true(), \"y\")"), "case((a Equal 1) \"x\" true() \"y\")");
    assert_eq!(groups("9223372036854775807 + 9223372036854775808"), "(9223372036854775807 Add 9223372036854776000)");
}

#[test]
fn eval_printing() {
    assert_eq!(eval("( (a+b) ) * c"), "(a+b)*c");
    assert_eq!(eval("a - (b - c)"), "a-(b-c)");
    assert_eq!(eval("not (a=1 or b=2)"), "NOT (a=1 OR b=2)");
    assert_eq!(eval("- -a"), "--a");
    assert_eq!(eval("a . .5"), "a . 0.5");
    assert_eq!(eval("'x y'.\"a\\\\b\""), "'x y' . \"a\\\\b\"");
}

#[test]
fn search_precedence() {
    assert_eq!(search("a b OR c d"), "a (b OR c) d");
    assert_eq!(search("a AND b OR NOT c"), "a (b OR NOT c)");
    assert_eq!(search("NOT (a b)"), "NOT (a b)");
    assert_eq!(search("(a OR (b OR c)) (d)"), "(a OR b OR c) d");
    assert_eq!(search("and or not"), "and or not");
    assert_eq!(search("*"), "*");
    assert!(matches!(parse_search_expression("*").unwrap().kind, SearchKind::And(operands) if operands.is_empty()));
    assert!(matches!(parse_search_expression("").unwrap().kind, SearchKind::And(operands) if operands.is_empty()));
}

#[test]
fn search_conditions() {
    assert_eq!(search("a = b c==d e != f g<5 h >= 6"), "a=b c=d e!=f g<5 h>=6");
    assert_eq!(search("\"a b\"=\"c\" tag::host=x a{}.b=1 f-g@h$=2"), "\"a b\"=\"c\" tag::host=x a{}.b=1 f-g@h$=2");
    assert_eq!(search("f IN (a, b* \"c d\")"), "f IN (a, b*, \"c d\")");
    assert_eq!(search("NOT f IN (a)  g NOT IN (b)"), "NOT f IN (a) NOT g IN (b)");
    assert_eq!(search("url=http://x/y?z=1&w=(2)"), "url=http://x/y?z=1&w=(2)");
    assert_eq!(search("TERM(10.0.0.1) CASE(Error) f=CASE(X)"), "TERM(10.0.0.1) CASE(Error) f=CASE(X)");
    assert_eq!(
        search("earliest=-1h latest=@d _index_earliest=\"1/2/2024:0:0:0\""),
        "earliest=-1h latest=@d _index_earliest=1/2/2024:0:0:0"
    );
    assert_eq!(search(r#"p="C:\\Windows\\*" q=a\*b r="\d+""#), r#"p="C:\\Windows\\*" q=a\\*b r="\\d+""#);
    assert_eq!(search("state=OR"), "state=OR");
    assert!(matches!(parse_search_expression("earliest=-1h").unwrap().kind, SearchKind::TimeModifier { .. }));
    assert!(matches!(parse_search_expression("Earliest=-1h").unwrap().kind, SearchKind::Comparison { .. }));
    assert!(matches!(
        parse_search_expression("user=[search x | return $u]").unwrap().kind,
        SearchKind::SubsearchComparison { .. }
    ));
}

#[test]
fn pipelines() {
    assert_eq!(canonical("index=main"), "search index=main");
    assert_eq!(canonical("  |  search index=main"), "search index=main");
    assert_eq!(canonical("SEARCH index=main | HEAD"), "search index=main | head");
    assert_eq!(canonical("search=1"), "search search=1");
    assert_eq!(canonical("a ```c | d``` b | ```x``` head ```y``` 5"), "search a b | head 5");
    assert_eq!(canonical("a | eval x=\"p|q [\" | where x=1"), "search a | eval x=\"p|q [\" | where x=1");
    assert_eq!(
        canonical("a [ | inputlookup t | fields x ] [ b=1 ] [inputlookup u]"),
        "search a [| inputlookup t | fields x] [search b=1] [| inputlookup u]"
    );
    assert_eq!(canonical("x | bucket _time span=1h"), "search x | bin span=1h _time");
}

/// Source and canonical form, one of each form of every command.
const COMMANDS: &[(&str, &str)] = &[
    (
        "| stats count, sum(bytes) as \"total bytes\" dc(eval(a=1 AND b=\"x\")) by host, src span=1h",
        "| stats count sum(bytes) AS \"total bytes\" dc(eval(a=1 AND b=\"x\")) by host src span=1h",
    ),
    (
        "| stats allnum=t c(x) perc95(y) exactperc99.5(z) values(*) as * by a dedup_splitvals=true",
        "| stats allnum=t dedup_splitvals=true c(x) perc95(y) exactperc99.5(z) values(*) AS * by a",
    ),
    (
        "| stats sparkline(count, 1h) AS s sparkline(avg(x)) list(\"a b\")",
        "| stats sparkline(count, 1h) AS s sparkline(avg(x)) list(\"a b\")",
    ),
    (
        "| tstats summariesonly=t count min(_time) as first from datamodel=Endpoint.Processes where Processes.process=\"*x*\" (a OR b) by Processes.user _time span=1h",
        "| tstats summariesonly=t count min(_time) AS first from datamodel=Endpoint.Processes where Processes.process=\"*x*\" (a OR b) by Processes.user _time span=1h",
    ),
    ("| tstats count where index=main by PREFIX(user=) AS u, host", "| tstats count where index=main by prefix(user=) AS u host"),
    (
        "| tstats prestats=true count from datamodel Risk.All_Risk groupby x",
        "| tstats prestats=true count from datamodel=Risk.All_Risk by x",
    ),
    ("| eval a=1, 'b c'=a+1, \"d e\"=2, f_{g}_h=3, x{}.y=4", "| eval a=1, 'b c'=a+1, \"d e\"=2, f_{g}_h=3, x{}.y=4"),
    ("| fields - a, b* _raw", "| fields - a b* _raw"),
    ("| fields + a \"b c\"", "| fields + a \"b c\""),
    ("| table a, sum(x) 'c d'", "| table a sum(x) 'c d'"),
    ("| rename a AS b, \"c d\" as e f.* AS *", "| rename a AS b \"c d\" AS e f.* AS *"),
    ("| sort 0 - _time, +num(a) b desc", "| sort 0 -_time num(a) b desc"),
    ("| sort limit=5 -ip(src)", "| sort limit=5 -ip(src)"),
    ("| sort - avg(x)", "| sort -avg(x)"),
    ("| head limit=10 null=true keeplast=f (x>5)", "| head limit=10 null=true keeplast=f x>5"),
    ("| tail 3", "| tail 3"),
    ("| dedup 3 a b keepevents=true sortby -_time +x", "| dedup keepevents=true 3 a b sortby -_time x"),
    ("| convert timeformat=\"%H:%M\" ctime(_time) AS t, num(x)", "| convert timeformat=\"%H:%M\" ctime(_time) AS t num(x)"),
    ("| fillnull value=\"\" a b", "| fillnull value=\"\" a b"),
    // A backslash is doubled only where it would escape what follows it.
    (r#"| rex field=x max_match=0 "(?<a>\d+\\.\\\\\"b)""#, r#"| rex field=x max_match=0 "(?<a>\d+\.\\\\\"b)""#),
    (r#"| rex mode=sed "s/\d/X/g" field=y"#, r#"| rex mode=sed field=y "s/\d/X/g""#),
    (r#"| regex email!="^a\.b""#, r#"| regex email!="^a\.b""#),
    (r#"| regex "192\.168""#, r#"| regex "192\.168""#),
    ("| bin bins=10 span=2log5 x AS y", "| bin bins=10 span=2log5 x AS y"),
    ("| discretize _time span=5m@m", "| bin span=5m@m _time"),
    ("| eventstats allnum=f avg(x) by y", "| eventstats allnum=f avg(x) by y"),
    (
        "| streamstats window=5 current=f reset_before=(x>1 OR y=\"(\") count by a global=f",
        "| streamstats window=5 current=f reset_before=(x>1 OR y=\"(\") global=f count by a",
    ),
    ("| top 5 a, b by c showperc=f", "| top showperc=f 5 a b by c"),
    ("| rare limit=3 countfield=n a", "| rare limit=3 countfield=n a"),
    ("| mvexpand x limit=5", "| mvexpand limit=5 x"),
    (r#"| makemv tokenizer="([^,]+),?\d" allowempty=t x"#, r#"| makemv tokenizer="([^,]+),?\d" allowempty=t x"#),
    (r#"| makeresults format=json data="[{\"a\":1}]""#, r#"| makeresults format=json data="[{\"a\":1}]""#),
    ("| inputlookup append=t users.csv where a=1 OR b=2*", "| inputlookup append=t users.csv where a=1 OR b=2*"),
    ("| outputlookup append=true key_field=_key users", "| outputlookup append=true key_field=_key users"),
    (
        "| lookup local=true users uid AS user_id, b OUTPUT name AS n, d OUTPUTNEW e",
        "| lookup local=true users uid AS user_id b output name AS n d outputnew e",
    ),
    ("| append maxout=5 [search a | stats count]", "| append maxout=5 [search a | stats count]"),
    ("| join type=left max=0 a, b [| inputlookup t]", "| join type=left max=0 a b [| inputlookup t]"),
    ("| join left=L right=R where L.a=R.b [search x]", "| join left=L right=R where L.a=R.b [search x]"),
    (
        "| chart limit=top5 avg(x) over a span=10 by b usenull=f where sum in top3",
        "| chart limit=top5 usenull=f avg(x) over a span=10 by b where sum in top3",
    ),
    ("| chart eval(avg(a)/max(b)) AS r by c", "| chart eval(avg(a)/max(b)) AS r by c"),
    ("| timechart span=1h count by host limit=5 where count > 10", "| timechart span=1h limit=5 count by host where count > 10"),
    ("| xyseries a b c sep=\"-\"", "| xyseries sep=\"-\" a b c"),
    ("| untable a b c", "| untable a b c"),
    ("| transpose 5 header_field=a", "| transpose header_field=a 5"),
    ("| spath input=x output=y a{}.b", "| spath input=x output=y a{}.b"),
    ("| spath", "| spath"),
    ("| mvcombine delim=\",\" a", "| mvcombine delim=\",\" a"),
    (
        "| foreach a* b [ eval <<FIELD>>_x='<<FIELD>>'+1 | where x>0 ]",
        "| foreach a* b [ eval <<FIELD>>_x='<<FIELD>>'+1 | where x>0 ]",
    ),
    ("| appendpipe [stats sum(x) AS x | eval t=\"total\"]", "| appendpipe [| stats sum(x) AS x | eval t=\"total\"]"),
    ("| appendcols override=t [search a]", "| appendcols override=t [search a]"),
    (
        "| format mvsep=\"|\" \"(\" \"(\" \"AND\" \")\" \"OR\" \")\"",
        "| format mvsep=\"|\" \"(\" \"(\" \"AND\" \")\" \"OR\" \")\"",
    ),
    ("| return 5 a, b=c $d", "| return 5 a b=c $d"),
    (
        "| transaction a b maxspan=5m startswith=eval(x=\"1\") endswith=(y OR z)",
        "| transaction maxspan=5m a b startswith=eval(x=\"1\") endswith=(y OR z)",
    ),
    ("| transaction a startswith=\"login\"", "| transaction a startswith=\"login\""),
    ("| iplocation prefix=p_ allfields=true src", "| iplocation prefix=p_ allfields=true src"),
    ("| replace \"*a\" WITH b, c WITH \"d e\" IN x y", "| replace \"*a\" WITH b c WITH \"d e\" in x y"),
    ("| rangemap field=x Low=-5--1 high=3.5-9 default=none", "| rangemap field=x default=none Low=-5--1 high=3.5-9"),
    ("| multisearch [search a] [search b]", "| multisearch [search a] [search b]"),
    ("| union maxout=5 lookup:t [search b]", "| union maxout=5 lookup:t [search b]"),
    ("| set diff [search a] [search b]", "| set diff [search a] [search b]"),
    ("| from datamodel:\"Risk.All Risk\"", "| from datamodel:\"Risk.All Risk\""),
    ("| from lookup users", "| from lookup:users"),
    ("| map maxsearches=5 search=\"search a=$a$ \\\"x\\\"\"", "| map maxsearches=5 search=\"search a=$a$ \\\"x\\\"\""),
    ("| strcat allrequired=t a \":\" b c", "| strcat allrequired=t a \":\" b c"),
    ("| accum x AS y", "| accum x AS y"),
    ("| autoregress x p=1-3", "| autoregress p=1-3 x"),
    ("| delta x AS d p=2", "| delta p=2 x AS d"),
    ("| addtotals row=t col=f fieldname=T a b*", "| addtotals row=t col=f fieldname=T a b*"),
    ("| kv pairdelim=\"|;\" kvdelim=\"=\"", "| extract pairdelim=\"|;\" kvdelim=\"=\""),
    ("| multikv noheader=t fields a b filter x", "| multikv noheader=t fields a b filter x"),
    ("| tojson num(a) b default_type=str", "| tojson default_type=str num(a) b"),
    ("| fieldformat a=round(b, 2).\"%\"", "| fieldformat a=round(b, 2) . \"%\""),
    ("| trendline sma5(x) AS y ema2(z)", "| trendline sma5(x) AS y ema2(z)"),
    (
        "| mstats avg(_value) WHERE index=m AND metric_name=\"cpu.*\" BY host span=1m",
        "| mstats span=1m avg(_value) where index=m metric_name=\"cpu.*\" by host",
    ),
    ("| datamodel Endpoint Processes search", "| datamodel Endpoint Processes search"),
    ("| metadata type=hosts index=main", "| metadata type=hosts index=main"),
    ("| rest /services/server/info | table x", "| rest /services/server/info | table x"),
    ("| dbxquery query=\"a|b\" connection=x", "| dbxquery query=\"a|b\" connection=x"),
    (
        "| predict a AS b upper90=high algorithm=LL, c algorithm=llp period=7",
        "| predict a AS b upper90=high algorithm=LL c algorithm=llp period=7",
    ),
    ("| x11 (a) AS b | x11 ADD20(c)", "| x11 mult(a) AS b | x11 add20(c)"),
    ("| scrub public-terms=mine", "| scrub public-terms=mine"),
    ("| findtypes useraw max=5", "| findtypes max=5 useraw"),
    ("| anomalies by a, b threshold=2", "| anomalies threshold=2 by a b"),
];

#[test]
fn commands() {
    for (source, expected) in COMMANDS {
        assert_eq!(&canonical(source), expected, "{source}");
        assert_eq!(&canonical(expected), expected, "{source}");
    }
}

#[test]
fn places_of_nodes() {
    let source = "index=main | stats count(x) AS n BY host | eval y = a + \"b\"";
    let tree = parse(source).unwrap();
    let stats = &tree.commands[1];
    assert_eq!(stats.span.text(source), "stats count(x) AS n BY host");
    assert_eq!(stats.name.span.text(source), "stats");
    let aggregation = stats.aggregations().next().unwrap();
    assert_eq!(aggregation.span.text(source), "count(x)");
    assert_eq!(aggregation.text, "count(x)");
    assert_eq!(aggregation.alias.as_ref().unwrap().span.text(source), "n");
    assert_eq!(stats.clause("by").unwrap().keyword.span.text(source), "BY");
    assert_eq!(stats.by_fields()[0].as_field().unwrap().span.text(source), "host");
    let Argument::Assignment(assignment) = &tree.commands[2].arguments[0] else { panic!() };
    assert_eq!(assignment.span.text(source), "y = a + \"b\"");
    let ExpressionKind::Binary { operator, right, .. } = &assignment.expression.kind else { panic!() };
    assert_eq!(operator.span.text(source), "+");
    assert_eq!(right.span.text(source), "\"b\"");
    assert_eq!(tree.commands[0].name.span, spl_parser::Span::new(0, 0));
    assert_eq!(tree.commands[0].span.text(source), "index=main");
}

#[test]
fn shapes_that_planning_relies_on() {
    let regex = only("| regex f!=\"x\"");
    assert!(
        matches!(regex.arguments.as_slice(), [Argument::Field(_), Argument::Text { text, .. }, Argument::Text { quoted: true, .. }] if text.value == "!=")
    );
    let tstats = only("| tstats count from datamodel=A.B by _time span=1h");
    assert!(
        matches!(&tstats.clause("from").unwrap().arguments[0], Argument::Pair { name, value } if name.value == "datamodel" && value.value == "A.B")
    );
    assert!(matches!(&tstats.by_fields()[1], Argument::Pair { name, value } if name.value == "span" && value.value == "1h"));
    let eval = only("| eval a_{b}_c=1, d{}=2");
    let Argument::Assignment(assignment) = &eval.arguments[0] else { panic!() };
    assert_eq!(
        assignment.template,
        [TemplatePart::Text("a_".into()), TemplatePart::Field("b".into()), TemplatePart::Text("_c".into())]
    );
    let Argument::Assignment(assignment) = &eval.arguments[1] else { panic!() };
    assert!(assignment.template.is_empty());
    let count = only("| stats count() count(eval( a = 1 ))");
    let names: Vec<&str> = count.aggregations().map(|aggregation| aggregation.text.as_str()).collect();
    assert_eq!(names, ["count", "count(eval( a = 1 ))"]);
    assert_eq!(only("| head 5").arguments.len(), 1);
    assert!(matches!(
        &only("| transaction a startswith=eval(b=1)").clause("startswith").unwrap().arguments[0],
        Argument::Expression(_)
    ));
}

#[test]
fn every_documented_command_is_known() {
    let surface = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/docs/spl_surface.csv");
    let Ok(text) = std::fs::read_to_string(surface) else {
        println!("skipped: the list of documented commands is not there");
        return;
    };
    for line in text.lines().filter(|line| line.starts_with("command,")) {
        let name = line.split(',').nth(1).unwrap();
        assert!(spl_parser::commands::lookup(name).is_some(), "{name}");
    }
}

#[test]
fn specs_are_sound() {
    let mut names: Vec<&str> = spl_parser::commands::names().collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "a command name is given twice");
    for spec in spl_parser::commands::all() {
        assert!(
            !spec.summary.is_empty()
                && spec.options.iter().all(|option| option
                    .name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')))
        );
    }
}
