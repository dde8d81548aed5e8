//! The REPL as its users see it: driven through a pseudo-terminal, judged by what stands on the screen.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

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
