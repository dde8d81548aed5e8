//! splq: Splunk searches on files, without Splunk. Reads the command line and starts the command.

mod arguments;
mod batch;
mod commands;
mod configuration;
mod diagnostics;
mod download;
mod empty;
mod files;
mod index_time;
mod layout;
mod lints;
mod loading;
mod output;
mod pager;
mod queries;
mod session;
mod settings;
mod stop;
mod terminal;
mod timer;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use spl_detections::source;
use tokio::runtime::{Builder, Runtime};

use crate::arguments::{Arguments, Command, ReplArguments};
use crate::configuration::Configuration;
use crate::stop::Stop;
use crate::terminal::Terminal;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stack of the threads that parse and plan: searches may be nested deeply.
const STACK: usize = 64 << 20;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::new(arguments.terminal);
    let started = std::thread::Builder::new()
        .name("splq".to_owned())
        .stack_size(STACK)
        .spawn(move || start(arguments.command, arguments.terminal.no_config, &terminal));
    let ended = match started.map(std::thread::JoinHandle::join) {
        Ok(Ok(result)) => result,
        // The panic has printed its message.
        Ok(Err(_)) => Err(Stop::Reported),
        Err(error) => Err(Stop::Failed(format!("can't start a thread: {error}"))),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => stop.report(),
    }
}

fn start(command: Option<Command>, no_config: bool, terminal: &Terminal) -> Result<(), Stop> {
    let mut command = match command {
        Some(command) => command,
        None if std::io::stdin().is_terminal() => Command::Repl(ReplArguments::default()),
        None => {
            let help = Arguments::command().render_help();
            terminal.error_text(&help.to_string());
            return Err(Stop::Usage("a command is needed when stdin is not a terminal".to_owned()));
        }
    };
    command.take_paths();
    if !no_config && let Some(configuration) = Configuration::find(terminal)? {
        configuration.apply(&mut command);
    }
    match command {
        Command::Query(arguments) => wait(arguments.engine.settings.threads, commands::query::query(&arguments, terminal)),
        Command::Run(arguments) => wait(arguments.engine.settings.threads, commands::run::run(&arguments, terminal)),
        Command::Check(arguments) => wait(arguments.settings.threads, commands::check::check(&arguments, terminal)),
        Command::Test(arguments) => wait(arguments.settings.threads, commands::test::test(&arguments, terminal)),
        Command::Coverage(arguments) => {
            wait(arguments.engine.settings.threads, commands::coverage::coverage(&arguments, terminal))
        }
        Command::Backtest(arguments) => {
            wait(arguments.engine.settings.threads, commands::backtest::backtest(&arguments, terminal))
        }
        Command::Fmt(arguments) => commands::fmt::fmt(&arguments, terminal),
        Command::Explain(arguments) => wait(arguments.engine.settings.threads, commands::explain::explain(&arguments, terminal)),
        Command::Repl(arguments) => commands::repl::repl(&arguments, &runtime(arguments.engine.settings.threads)?, terminal),
        Command::Accelerate(arguments) => {
            wait(arguments.engine.settings.threads, commands::accelerate::accelerate(&arguments, terminal))
        }
        Command::Ingest(arguments) => commands::ingest::ingest(&arguments, terminal),
        Command::Inspect(arguments) => wait(arguments.engine.settings.threads, commands::inspect::inspect(&arguments, terminal)),
        Command::Help(arguments) => match &arguments.topic {
            Some(topic) => match Arguments::command().find_subcommand_mut(topic) {
                Some(command) => Ok(command.print_long_help()?),
                None => commands::repl::help(topic),
            },
            None => Ok(Arguments::command().print_long_help()?),
        },
        Command::Commands(arguments) => commands::list::commands(&arguments.output, terminal),
        Command::Functions(arguments) => commands::list::functions(&arguments.output, terminal),
        Command::Macros(arguments) => commands::list::macros(&arguments, terminal),
        Command::Datamodels(arguments) => commands::list::datamodels(&arguments, terminal),
        Command::Limits(arguments) => commands::list::limits(&arguments.output, terminal),
        Command::Watch(arguments) => wait(arguments.engine.settings.threads, commands::watch::watch(&arguments, terminal)),
        Command::Man(arguments) => commands::man::man(&arguments, terminal),
        Command::Completions(arguments) => commands::completions::completions(&arguments),
    }
}

/// The threads that searches run on.
fn runtime(threads: Option<u16>) -> Result<Runtime, Stop> {
    let mut builder = Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(usize::from(threads));
    }
    builder
        .thread_stack_size(STACK)
        .enable_all()
        .build()
        .map_err(|error| Stop::Failed(format!("can't start the threads that searches run on: {error}")))
}

/// Waits for a command, which Ctrl-C ends with exit code 130, whatever is being done.
fn wait(threads: Option<u16>, command: impl Future<Output = Result<(), Stop>>) -> Result<(), Stop> {
    let runtime = runtime(threads)?;
    timer::end_at_interrupt();
    let ended = runtime.block_on(command);
    // A search whose time was over may still be busy with its rows.
    runtime.shutdown_background();
    ended
}
