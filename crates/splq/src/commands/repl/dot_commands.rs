//! The commands of the REPL, which begin with a dot: their names, arguments and help.

/// What can be completed behind a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing that is known.
    Nothing,
    /// Paths of files and folders.
    Path,
    /// What was loaded.
    Source,
    /// A field of the data.
    Field,
    /// A macro.
    Macro,
    /// A data model.
    DataModel,
    /// A search.
    Search,
    /// Times.
    Time,
    /// A command of the REPL or of the search language, or a function.
    Topic,
    /// One of these.
    OneOf(&'static [&'static str]),
}

/// A command of the REPL.
#[derive(Debug)]
pub struct DotCommandSpec {
    /// Its name, without the dot.
    pub name: &'static str,
    /// What follows it, as help shows it.
    pub arguments: &'static str,
    /// One line: what it does.
    pub summary: &'static str,
    /// More lines of help; may be empty.
    pub more: &'static str,
    /// What is completed behind it.
    pub wanted: Wanted,
}

/// The formats that `.format` takes.
pub const FORMATS: &[&str] = &["table", "chart", "ndjson", "json", "csv", "markdown", "raw"];

/// The views that `.events` takes.
pub const VIEWS: &[&str] = &["list", "raw", "table", "fields"];

const fn spec(
    name: &'static str,
    arguments: &'static str,
    summary: &'static str,
    wanted: Wanted,
    more: &'static str,
) -> DotCommandSpec {
    DotCommandSpec { name, arguments, summary, more, wanted }
}

/// All of them, in the order of help.
pub const DOT_COMMANDS: &[DotCommandSpec] = &[
    spec(
        "load",
        "PATH...",
        "load more data",
        Wanted::Path,
        "Files, folders and globs; formats are found by content, gz, zst and zip are opened. A path with\nblanks goes in quotes.",
    ),
    spec(
        "unload",
        "PATH...|all",
        "forget data that was loaded",
        Wanted::Source,
        "A path as it was given to --data or .load. What stays is loaded anew.",
    ),
    spec("sources", "", "files, sourcetypes and times of the data", Wanted::Nothing, ""),
    spec("fields", "[PART]", "fields of the data, those whose name contains PART", Wanted::Field, ""),
    spec("macros", "[PART]", "search macros, those whose name contains PART", Wanted::Macro, ""),
    spec(
        "macro",
        "NAME(ARG, ...)=DEFINITION",
        "define a search macro",
        Wanted::Macro,
        "Arguments stand as $arg$ in the definition: .macro of(who)=user=$who$ - then `of(ann)` is\nuser=ann. A name alone shows the macro.",
    ),
    spec("datamodels", "[PART]", "data models and datasets; with a model's name its fields too", Wanted::DataModel, ""),
    spec("explain", "SEARCH", "how a search would be run", Wanted::Search, ""),
    spec(
        "time",
        "[EARLIEST [LATEST]|all]",
        "search only this time; without arguments shows it",
        Wanted::Time,
        "Time modifiers (-24h@h, @d), epoch seconds or RFC 3339, as in .time -24h now. `.time all` searches\nall time.",
    ),
    spec("format", "FORMAT", "format of rows: table, chart, ndjson, json, csv, markdown, raw", Wanted::OneOf(FORMATS), ""),
    spec(
        "limit",
        "N|auto",
        "show at most N rows of a result (0 = all)",
        Wanted::OneOf(&["auto", "0", "20", "100", "1000"]),
        "auto, as at the start, shows as many rows as the terminal has room for.",
    ),
    spec(
        "events",
        "list|raw|table|fields",
        "how events are shown",
        Wanted::OneOf(VIEWS),
        "list: number, time, host, sourcetype, then the text or the fields that say most. raw: the text.\ntable: a row for each event. fields: each event in full.",
    ),
    spec("event", "[N]", "event N of the last result in full, its fields in groups", Wanted::Nothing, ""),
    spec(
        "pager",
        "[on|off]",
        "the last result in a pager; on pages what does not fit",
        Wanted::OneOf(&["on", "off"]),
        "Arrows and PgUp, PgDn scroll, also sideways; / and ? search, n finds the next match, h helps,\nq leaves.",
    ),
    spec(
        "row",
        "[N]",
        "row N of the last result (or the first), every value in full",
        Wanted::Nothing,
        "Tables cut long values to fit the terminal; this shows them whole.",
    ),
    spec(
        "why",
        "",
        "why the last search found nothing, step by step",
        Wanted::Nothing,
        "A search without rows says in one to three lines why. This counts the rows behind each condition\nand command.",
    ),
    spec(
        "save",
        "FILE",
        "write the last result; the extension tells the format",
        Wanted::Path,
        ".csv, .ndjson, .json, .parquet, .md, .txt and .raw are rows, .svg and .png are charts. All rows are\nwritten, whatever .limit shows.",
    ),
    spec(
        "chart",
        "[FILE.svg|FILE.png]",
        "draw the last result as a chart, here or into a file",
        Wanted::Path,
        "For timechart, chart, top and stats results: the first column is the axis, each column of numbers\na series.",
    ),
    spec("timing", "on|off", "the line with row count and time", Wanted::OneOf(&["on", "off"]), ""),
    spec(
        "edit",
        "",
        "open the last search in an editor, then run it",
        Wanted::Nothing,
        "The editor is $VISUAL, else $EDITOR, else vi.",
    ),
    spec("history", "[N]", "the last lines that were typed (20 unless N says)", Wanted::Nothing, ""),
    spec("shell", "COMMAND", "run a command in the shell", Wanted::Nothing, ""),
    spec("run", "FILE", "run the search in a file", Wanted::Path, ""),
    spec("help", "[COMMAND]", "this text, or help on a command or a function", Wanted::Topic, ""),
    spec("quit", "", "leave (also exit, quit, Ctrl-D)", Wanted::Nothing, ""),
];

/// Short forms.
const ALIASES: &[(&str, &str)] = &[("exit", "quit"), ("q", "quit"), ("h", "help"), ("?", "help")];

/// The command of this name, in any case, with or without its dot.
pub fn find(name: &str) -> Option<&'static DotCommandSpec> {
    let name = name.strip_prefix('.').unwrap_or(name).to_ascii_lowercase();
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name.as_str(), |(_, full)| full);
    DOT_COMMANDS.iter().find(|spec| spec.name == name)
}

/// What `.help` prints.
pub fn help() -> String {
    let mut text = "\
A line is a search. It goes on over several lines while a quote, bracket or backtick is open
or it ends with a pipe; an empty line ends it in any case, Alt-Enter begins a new line.
Tab completes what can stand at the cursor: commands, their options, functions, fields,
values, macros, data models, lookups, paths. Ctrl-R searches the history, Ctrl-C cancels a
search, Ctrl-D leaves.

"
    .to_owned();
    for spec in DOT_COMMANDS {
        let usage = usage(spec);
        // A usage that is too long has its summary on the next line.
        if usage.len() > 30 {
            text.push_str(&format!("  {usage}\n  {:30}  {}\n", "", spec.summary));
        } else {
            text.push_str(&format!("  {usage:30}  {}\n", spec.summary));
        }
    }
    text
}

/// What `.help` prints of one of them.
pub fn help_on(spec: &DotCommandSpec) -> String {
    let more = if spec.more.is_empty() { String::new() } else { format!("{}\n", spec.more) };
    format!("{}\n{}\n{more}", usage(spec), spec.summary)
}

/// `.load PATH...`
pub fn usage(spec: &DotCommandSpec) -> String {
    format!(".{} {}", spec.name, spec.arguments).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_found_and_fit() {
        for spec in DOT_COMMANDS {
            assert_eq!(find(spec.name).map(|found| found.name), Some(spec.name));
        }
        assert_eq!(find(".Q").map(|found| found.name), Some("quit"));
        assert!(find("nothing").is_none());
        let all = DOT_COMMANDS.iter().map(help_on).chain([help()]).collect::<String>();
        assert!(all.lines().all(|line| line.len() <= 100), "{all}");
    }
}
