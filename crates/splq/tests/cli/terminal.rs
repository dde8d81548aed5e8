//! The REPL as its users see it: driven through a pseudo-terminal, judged by what stands on the screen.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use serde_json::json;

use super::Folder;

const LINES: u16 = 40;
const COLUMNS: u16 = 100;
/// How long a screen may take to appear on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A session on a terminal.
struct Terminal {
    screen: Arc<Mutex<vt100::Parser>>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts splq in a folder, which is its home too.
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let size = PtySize { rows: LINES, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_splq"));
        command.args(arguments);
        command.cwd(folder);
        for (name, value) in [("HOME", folder.as_os_str()), ("XDG_STATE_HOME", folder.as_os_str())] {
            command.env(name, value);
        }
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        command.env_remove("COLUMNS");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(LINES, COLUMNS, 1000)));
        let mut bytes = pair.master.try_clone_reader().unwrap();
        let drawn = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count) = bytes.read(&mut buffer) {
                if count == 0 {
                    break;
                }
                drawn.lock().unwrap().process(&buffer[..count]);
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { screen, keys, child, _master: pair.master }
    }

    /// A session of the REPL over the folder's events, ready for the first search.
    fn repl(folder: &Folder) -> Self {
        let terminal = Self::start(folder.path(), &["repl", "--data", "events.ndjson"]);
        terminal.prompts();
        terminal
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    #[track_caller]
    fn enter(&mut self, line: &str) {
        self.prompts();
        self.press(line);
        self.press("\r");
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen shows what is asked for.
    #[track_caller]
    fn until(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let started = Instant::now();
        loop {
            let text = self.text();
            if holds(&text) {
                return text;
            }
            assert!(started.elapsed() < PATIENCE, "the screen never shows {what}:\n{text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    fn shows(&self, part: &str) -> String {
        self.until(part, |text| text.contains(part))
    }

    /// Waits for an empty prompt at the end: what is typed before it appears is not always the session's.
    #[track_caller]
    fn prompts(&self) -> String {
        self.until("a prompt", |text| text.trim_end().lines().last().is_some_and(|line| line.trim_end() == "spl>"))
    }

    /// Waits for the end of the program.
    #[track_caller]
    fn ends(&mut self) {
        let started = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < PATIENCE, "it never ends:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(self.child.wait().unwrap().success(), "{}", self.text());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn data_is_loaded_and_values_are_completed() {
    let folder = Folder::new();
    let mut terminal = Terminal::repl(&folder);
    terminal.shows("3 events from 1 file");
    terminal.press("user=\t");
    // The values, most common first.
    let screen = terminal.until("the values", |text| text.lines().any(|line| line.trim_end().ends_with("bob")));
    assert!(screen.lines().any(|line| line.starts_with("ann")), "{screen}");
    terminal.press("a\t");
    terminal.until("the value", |text| text.lines().any(|line| line.trim_end().ends_with("user=ann")));
    terminal.press(" | stat\tcount by us\t\r");
    let screen = terminal.shows("1 row, ");
    assert!(screen.contains("user=ann | stats count by user") && screen.contains("user │ count"), "{screen}");
    // Fields and values of the rows at that point, not of the events.
    terminal.prompts();
    terminal.press("* | stats sum(bytes) AS total by user | table \t");
    terminal.until("the fields", |text| text.lines().any(|line| line.split_whitespace().eq(["total", "user"])));
    terminal.press("total | search total=\t");
    // Equally common ones in the order of `top`, the last first.
    terminal.until("the values", |text| text.lines().any(|line| line.split_whitespace().eq(["22", "20"])));
    terminal.press("\u{3}");
}

#[test]
fn errors_have_a_caret_and_the_session_goes_on() {
    let folder = Folder::new();
    let mut terminal = Terminal::repl(&folder);
    terminal.enter("index=main | statz count");
    let screen = terminal.shows("did you mean `stats`?");
    let lines: Vec<&str> = screen.lines().collect();
    let place = lines.iter().position(|line| line.contains("1 │ index=main | statz count")).unwrap();
    let column = |line: &str, part: &str| line.find(part).map(|at| line[..at].chars().count());
    assert_eq!(column(lines[place], "statz"), column(lines[place + 1], "─────"), "{screen}");
    terminal.enter("| makeresults |");
    // The line goes on.
    terminal.press("eval answer=6*7 | table answer\r");
    terminal.until("the answer", |text| text.lines().any(|line| line.trim() == "42"));
}

#[test]
fn a_heavy_search_is_cancelled() {
    let folder = Folder::new();
    let mut terminal = Terminal::repl(&folder);
    terminal.enter("| makeresults count=4000000 | eval x=sha512(tostring(random())) | eval y=sha512(x) | stats dc(y)");
    std::thread::sleep(Duration::from_millis(700));
    assert!(!terminal.text().contains(" row"), "{}", terminal.text());
    let pressed = Instant::now();
    terminal.press("\u{3}");
    terminal.shows("error: cancelled");
    // A second is what is promised; a busy machine may take longer.
    assert!(pressed.elapsed() < Duration::from_secs(5), "{:?}", pressed.elapsed());
    terminal.enter("| makeresults | eval answer=6*7 | table answer");
    terminal.until("the answer", |text| text.lines().any(|line| line.trim() == "42"));
    // A line that is given up.
    terminal.prompts();
    terminal.press("abc");
    terminal.shows("spl> abc");
    terminal.press("\u{3}");
    terminal.enter(".quit");
    terminal.ends();
}

#[test]
fn history_is_there_after_a_restart() {
    let folder = Folder::new();
    let mut terminal = Terminal::repl(&folder);
    terminal.enter("user=ann | stats count");
    terminal.shows("1 row, ");
    terminal.enter("user=bob | stats sum(bytes)");
    terminal.until("the sum", |text| text.lines().any(|line| line.trim() == "20"));
    terminal.prompts();
    terminal.press("\u{4}");
    terminal.ends();
    let mut terminal = Terminal::repl(&folder);
    terminal.press("\u{1b}[A");
    terminal.shows("spl> user=bob | stats sum(bytes)");
    terminal.press("\u{3}");
    terminal.prompts();
    // The search in the history.
    terminal.press("\u{12}ann");
    terminal.shows("user=ann | stats count");
    terminal.press("\r");
    terminal.shows("1 row, ");
}

#[test]
fn results_are_drawn_saved_and_shown_in_full() {
    let folder = Folder::new();
    let mut terminal = Terminal::repl(&folder);
    terminal.enter("* | top user");
    terminal.shows("2 rows, ");
    terminal.enter(".chart");
    terminal.until("a bar", |text| text.lines().any(|line| line.starts_with("ann") && line.contains("█ 2")));
    terminal.enter(".save out.csv");
    terminal.shows("2 rows written to out.csv");
    terminal.enter(".chart out.svg");
    terminal.shows("written to out.svg");
    terminal.enter(".row 2");
    terminal.until("a row", |text| text.lines().any(|line| line.starts_with("user") && line.ends_with("bob")));
    terminal.enter(".macro of(who)=user=$who$");
    terminal.enter("`of(bob)` | stats count AS found | eval mark=\"is \".found");
    terminal.shows("is 1");
    terminal.enter(".unload all");
    terminal.shows("no data is loaded");
    terminal.enter(".lo\tevents.nd\t");
    terminal.until("events again", |text| text.matches("3 events from 1 file").count() == 2);
    terminal.prompts();
    terminal.press("\u{4}");
    terminal.ends();
    assert!(folder.read("out.csv").starts_with("user,count,percent"));
    assert!(folder.read("out.svg").starts_with("<svg"));
}

/// A folder with more events than a screen shows.
fn many_events() -> Folder {
    let folder = Folder::new();
    let events: String = (0..200)
        .map(|number| {
            let time = 1_700_000_000 + number;
            format!(
                "{{\"_time\": {time}, \"host\": \"web{}\", \"EventCode\": {number}, \"Image\": \"run{number}.exe\", \"noise\": \"{}\"}}\n",
                number % 3,
                "x".repeat(300)
            )
        })
        .collect();
    folder.write("many.ndjson", &events);
    folder.write("app.log", "2024-05-14 09:15:12 ERROR login of ann failed\n2024-05-14 09:15:13 INFO login of bob\n");
    folder
}

#[test]
fn events_are_a_compact_list() {
    let folder = many_events();
    let mut terminal = Terminal::start(folder.path(), &["repl", "--data", "many.ndjson", "--data", "app.log"]);
    terminal.enter("host=web1");
    let screen = terminal.shows("more events; .pager shows all; .event N shows one in full");
    assert!(screen.contains(" 1  2023-11-14 22:16:39.000  web1  _json  many.ndjson\n"), "{screen}");
    assert!(screen.contains("    EventCode=199  Image=run199.exe\n    noise=xxx"), "{screen}");
    assert!(screen.contains("67 rows, ") && screen.contains(" more events"), "{screen}");
    terminal.enter(".event 2");
    let screen = terminal.shows("fields of the event");
    assert!(screen.lines().any(|line| line.split_whitespace().eq(["Image", "run196.exe"])), "{screen}");
    terminal.enter(".event 68");
    terminal.shows("there is no event 68; the last result has 67");
    terminal.enter("login failed");
    let screen = terminal.shows("2024-05-14 09:15:12 ERROR login of ann failed");
    assert!(screen.contains("2024-05-14 09:15:12.000") && screen.contains("app.log"), "{screen}");
    // The marked texts are bold.
    let marked = {
        let parser = terminal.screen.lock().unwrap();
        let row = screen.lines().position(|line| line.contains("ERROR login of ann failed")).unwrap();
        let column = screen.lines().nth(row).unwrap().find("failed").unwrap();
        parser.screen().cell(row.try_into().unwrap(), column.try_into().unwrap()).unwrap().bold()
    };
    assert!(marked, "{screen}");
    terminal.enter(".events raw");
    terminal.enter("EventCode=7");
    terminal.shows("{\"_time\": 1700000007");
    terminal.enter(".events tables");
    terminal.shows("known are list, raw, table, fields");
    terminal.enter("host=web* | stats count by host");
    let screen = terminal.shows("3 rows, ");
    assert!(screen.contains(" # │ host │ count") && screen.contains(" 1 │ web0 │    67"), "{screen}");
}

#[test]
fn what_does_not_fit_is_paged() {
    let folder = many_events();
    let search = "host=web1 | table EventCode Image noise";
    let mut terminal = Terminal::start(folder.path(), &["query", "--data", "many.ndjson", search]);
    terminal.shows("arrows scroll");
    let screen = terminal.shows("run199.exe");
    assert!(screen.contains("  # │ EventCode │ Image") && screen.contains("  1 │       199 │ run199.exe │ xxx"), "{screen}");
    // Sideways, back, and a text that stands far below.
    terminal.press("\u{1b}[C");
    terminal.until("the right side", |text| !text.contains("  # │"));
    terminal.press("\u{1b}[D");
    terminal.shows("  # │");
    terminal.press("/");
    terminal.shows("Search");
    terminal.press("run4\\.\r");
    terminal.shows("run4.exe");
    terminal.press("q");
    terminal.shows("67 rows, ");
    terminal.ends();
    // Without a pager all of it is printed.
    let mut terminal = Terminal::start(folder.path(), &["query", "--no-pager", "--data", "many.ndjson", search]);
    let screen = terminal.shows("67 rows, ");
    assert!(screen.contains(" 67 │") && screen.contains("some values are cut"), "{screen}");
    terminal.ends();
    // The REPL shows a screen, and the rest when it is asked for.
    let mut terminal = Terminal::start(folder.path(), &["repl", "--data", "many.ndjson"]);
    terminal.enter(search);
    terminal.shows("more rows; .pager shows all");
    terminal.enter(".pager");
    terminal.shows("lines   1- 39/ 69");
    terminal.press("q");
    terminal.enter("host=web2 | stats count");
    terminal.shows("66");
    terminal.enter(".pager on");
    terminal.enter("*");
    terminal.until("the pager", |text| text.contains("arrows scroll") && text.contains("run199.exe"));
    terminal.press("q");
    terminal.enter(".quit");
    terminal.ends();
}

#[test]
fn hits_of_a_run_come_first() {
    let folder = Folder::new();
    folder.write("queries/few.spl", "user=bob | table _time host user");
    folder.write("queries/many.spl", "* | table _time host");
    folder.write("queries/none.spl", "user=carl");
    folder.write("queries/bad.spl", "* | statz");
    folder.write("queries/worse.spl", "* | evalx y=1");
    folder.write("queries/counted.spl", "```expect: no rows```\nuser=ann");
    let arguments = ["run", "queries", "--data", "events.ndjson", "--report", "hits.html", "--report", "hits.md"];
    let mut terminal = Terminal::start(folder.path(), &[&arguments[..], &["--fail-on", "none"]].concat());
    let screen = terminal.shows("6 searches: 2 hits, 1 found nothing or what they should, 3 failed, ");
    let lines: Vec<&str> = screen.lines().map(str::trim_end).collect();
    let place = |text: &str| lines.iter().position(|line| line.contains(text)).unwrap_or_else(|| panic!("{text}:\n{screen}"));
    assert!(lines[place("2 hits") + 1].starts_with("  few ") && lines[place("  few ")].ends_with("1 row"), "{screen}");
    assert_eq!(lines[place("  few ") + 1], "  2023-11-14 22:14:20  web2");
    assert_eq!(lines[place("  many ") + 1], "  2023-11-14 22:13:20 to 22:15:20  web1, web2");
    assert_eq!(lines[place("2 searches failed") + 1], "  2  parse/unknown-command");
    assert!(place("1 search with other rows") < place("2 searches failed"), "{screen}");
    // Many errors are told of by their causes, not one by one.
    assert!(!screen.contains("╭─"), "{screen}");
    terminal.ends();
    assert!(folder.read("hits.html").contains("<b>2 hits</b>") && folder.read("hits.html").contains("web2"));
    assert!(folder.read("hits.md").contains("6 searches: 2 hits, 1 with other rows than expected, 2 failed"));
    folder.run(&["run", "queries", "--report", "hits.pdf"]).fails(2, "neither .html nor .md");
    // Few searches are told of one by one, with why they found nothing.
    let mut terminal = Terminal::start(folder.path(), &["run", "queries/none.spl", "--data", "events.ndjson"]);
    terminal.shows("none: no event has `user=carl`; `user` is ann (2), bob (1)");
    terminal.ends();
}

#[test]
fn words_that_people_type() {
    let folder = Folder::new();
    let mut terminal = Terminal::start(folder.path(), &["repl", "~/events.ndjson"]);
    terminal.shows("3 events from 1 file");
    terminal.enter(".shell echo from $((20+3)) shells");
    terminal.shows("from 23 shells");
    terminal.enter("user=ann | stats count");
    terminal.shows("1 row, ");
    terminal.enter(".history 2");
    terminal.until("what was typed", |text| {
        text.contains(".shell echo from $((20+3)) shells\nuser=ann | stats count\n")
            || text.contains("\nuser=ann | stats count\n.history 2\n")
    });
    terminal.enter("exit");
    terminal.ends();
}

#[test]
fn paths_need_no_option() {
    let folder = Folder::new();
    folder.write("search.spl", "user=ann | stats count");
    let count = |arguments: &[&str]| folder.run(arguments).rows();
    assert_eq!(count(&["query", "user=ann | stats count", "events.ndjson"]), [json!({"count": 2})]);
    assert_eq!(count(&["query", "-f", "search.spl", "events.ndjson"]), [json!({"count": 2})]);
    assert!(folder.run(&["inspect", "events.ndjson", "--format", "ndjson"]).ok().contains("\"events\":3"));
    assert!(folder.run(&["explain", "--why-empty", "user=x", "events.ndjson"]).ok().contains("0  user=x"));
    assert!(folder.run(&["help", "stats"]).ok().starts_with("stats: "));
    folder.run(&["help", "statz"]).fails(1, "the nearest is stats");
}

#[test]
fn views_of_events_and_endings_of_files_are_checked() {
    let folder = many_events();
    let run = |arguments: &[&str]| folder.run(&[&["query", "--data", "many.ndjson", "EventCode=7"], arguments].concat());
    let list = run(&["--events", "list"]);
    let expected = "1  2023-11-14 22:13:27.000  web1  _json  many.ndjson\n   EventCode=7  Image=run7.exe  noise=xxx";
    assert!(list.ok().starts_with(expected), "{}", list.out);
    assert!(run(&["--events", "fields"]).ok().contains("fields of the event\n"));
    run(&["--events", "list", "--format", "csv"]).fails(2, "--events");
    run(&["--events", "list", "-o", "out.csv"]).fails(2, "--events");
    assert!(!folder.path().join("out.csv").exists());
    // Elsewhere than on a terminal nothing changes.
    assert_eq!(run(&[]).rows()[0]["Image"], "run7.exe");
    run(&["-o", "out.xlsx"]).fails(2, "the ending of out.xlsx tells no format; known are .csv");
    assert!(!folder.path().join("out.xlsx").exists());
}

#[test]
fn a_zero_is_explained() {
    let folder = Folder::new();
    let mut terminal = Terminal::repl(&folder);
    let kinds = [
        ("User=ann", "no event has the field `User`; did you mean `user`?"),
        ("index=wineventlog", "no event has `index=wineventlog`; `index` is main (3)"),
        ("user=anna", "no event has `user=anna`; did you mean user=ann? (2)"),
        ("zebra | stats count", "no event contains `zebra`"),
        ("user=ann or user=bob", "the operator is written in capitals: OR"),
        ("user=ann latest=1699999999", "no event before 2023-11-14T22:13:19Z; the events are from 2023-11-14T22:13:20Z to"),
        ("* | where user=ann", "`ann` is read as a field here, and no row has it; a text is written in quotes: user=\"ann\""),
        ("* | where user=\"ANN\"", "no row that was left has `user=\"ANN\"`; did you mean user=\"ann\"? (2)"),
        ("* | stats count by user | where count>5", "`count>5` removes the 2 rows that were left; `count` is 1 (1), 2 (1)"),
        ("* | stats count by usr", "no row that was left has the field `usr`; did you mean `user`?"),
        ("| tstats count from datamodel=Web by Web.dest", "`from datamodel=Web` finds nothing to begin with"),
    ];
    for (search, told) in kinds {
        terminal.enter(search);
        terminal.until(told, |text| text.replace('\n', "").contains(told));
    }
    terminal.enter("user=ann bytes=20");
    terminal.shows("`bytes=20` removes the 2 rows that were left; `bytes` is 10 (1), 12 (1)");
    terminal.enter(".why");
    terminal.until("the steps", |text| text.contains("   2  user=ann\n   0  bytes=20"));
    terminal.enter(".unload all");
    terminal.enter("user=ann");
    terminal.until("no data", |text| text.matches("no data is loaded; .load PATH loads some").count() == 2);
}

#[test]
fn a_zero_of_the_command_line_is_explained_on_a_terminal_only() {
    let folder = Folder::new();
    let mut terminal = Terminal::start(folder.path(), &["query", "--data", "events.ndjson", "User=ann | stats count by host"]);
    terminal.shows("no event has the field `User`; did you mean `user`?");
    terminal.ends();
    let mut terminal = Terminal::start(folder.path(), &["query", "-q", "--data", "events.ndjson", "User=ann"]);
    terminal.ends();
    assert_eq!(terminal.text().trim(), "");
    let printed = folder.run(&["query", "--data", "events.ndjson", "User=ann"]);
    assert_eq!((printed.ok(), printed.err.as_str()), ("", ""));
    let explained = folder.run(&["explain", "--why-empty", "--data", "events.ndjson", "User=ann"]);
    assert!(explained.ok().ends_with("no event has the field `User`; did you mean `user`?\n"), "{}", explained.out);
}

#[test]
fn charts_need_no_terminal() {
    let folder = Folder::new();
    let drawn = folder.run(&["query", "--data", "events.ndjson", "* | top user", "--format", "chart"]);
    let lines: Vec<&str> = drawn.ok().lines().collect();
    assert_eq!(lines[0], "count by user");
    assert!(lines[1].starts_with("ann │█") && lines[1].chars().count() == 80 && lines[1].ends_with(" 2"), "{lines:?}");
    assert!(!drawn.out.contains('\u{1b}'), "{lines:?}");
    folder.run(&["query", "--data", "events.ndjson", "* | timechart span=1m count by user", "-o", "out.png"]).ok();
    assert!(std::fs::read(folder.path().join("out.png")).unwrap().starts_with(b"\x89PNG"));
    folder.run(&["query", "--data", "events.ndjson", "* | table user host", "--format", "chart"]).fails(1, "no numbers");
}
