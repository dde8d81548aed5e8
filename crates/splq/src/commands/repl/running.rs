//! Searches on a thread of their own, so that the terminal can stop waiting for one at any moment.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use spl_exec::{Engine, Failure, Results, Search};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::stop::Stop;

/// What is said of what was given up.
pub const CANCELLED: &str = "cancelled";
/// Stack of a thread that plans and runs a search: searches may be nested deeply.
const STACK: usize = 64 << 20;

/// Runs searches, and gives up on them.
pub struct Runner<'a> {
    runtime: &'a Runtime,
    /// Waits for answers and Ctrl-C, also while all threads of the other runtime are busy.
    watch: Runtime,
    running: Arc<AtomicUsize>,
    interrupted: Arc<AtomicBool>,
}

/// How waiting for a search ended.
pub enum Outcome<T> {
    /// It was answered.
    Answer(Result<T, Failure>),
    /// The user or the time said that it is enough.
    GivenUp,
}

/// Where the answer of a search arrives; none when it was given up.
type Answer<T> = oneshot::Receiver<Option<Result<T, Failure>>>;

/// Counts a search as running while it exists.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl<'a> Runner<'a> {
    /// On the threads of a runtime.
    ///
    /// # Errors
    /// A terminal whose signals can't be watched.
    pub fn new(runtime: &'a Runtime) -> Result<Self, Stop> {
        let watch = Builder::new_current_thread().enable_all().build();
        let watch = watch.map_err(|error| Stop::Failed(format!("can't wait for searches: {error}")))?;
        let interrupted = Arc::<AtomicBool>::default();
        let seen = Arc::clone(&interrupted);
        runtime.spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                seen.store(true, Ordering::Relaxed);
            }
        });
        Ok(Self { runtime, watch, running: Arc::default(), interrupted })
    }

    /// A writer to stdout that fails from the moment when Ctrl-C is pressed.
    pub fn output(&self) -> InterruptibleOutput {
        self.interrupted.store(false, Ordering::Relaxed);
        InterruptibleOutput { interrupted: Arc::clone(&self.interrupted) }
    }

    /// Whether Ctrl-C was pressed since [`Runner::output`].
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Whether searches that were given up are still being ended.
    pub fn is_busy(&self) -> bool {
        self.running.load(Ordering::SeqCst) > 0
    }

    /// Runs a search until it is answered or Ctrl-C is pressed.
    ///
    /// # Errors
    /// A thread that can't be started or died.
    pub fn run(&self, engine: &Arc<Engine>, search: &Search) -> Result<Outcome<Results>, Stop> {
        let engine = Arc::clone(engine);
        let search = search.clone();
        self.until_interrupted(move |handle| handle.block_on(async { engine.run(&search).await }))
    }

    /// Does some work with the engine until it is done or Ctrl-C is pressed.
    ///
    /// # Errors
    /// A thread that can't be started or died.
    pub fn until_interrupted<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Waiting) -> Option<Result<T, Failure>> + Send + 'static,
    ) -> Result<Outcome<T>, Stop> {
        let (answer, _cancel) = self.start(work)?;
        self.watch.block_on(async {
            tokio::select! {
                answer = answer => match answer {
                    Ok(Some(answer)) => Ok(Outcome::Answer(answer)),
                    Ok(None) => Ok(Outcome::GivenUp),
                    // The thread has printed why.
                    Err(_) => Err(Stop::Failed("the search ended without an answer".to_owned())),
                },
                _ = tokio::signal::ctrl_c() => Ok(Outcome::GivenUp),
            }
        })
    }

    /// Runs a search for a short while; none when it failed or took longer.
    pub fn quickly(&self, engine: &Arc<Engine>, search: Search, patience: Duration) -> Option<Results> {
        let engine = Arc::clone(engine);
        let work = move |handle: &Waiting| handle.block_on(async { engine.run(&search).await });
        let (answer, _cancel) = self.start(work).ok()?;
        let answer = self.watch.block_on(async { tokio::time::timeout(patience, answer).await });
        answer.ok()?.ok()??.ok()
    }

    /// Starts work; when the sender that is returned goes, the work is given up at the next step that waits.
    fn start<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Waiting) -> Option<Result<T, Failure>> + Send + 'static,
    ) -> Result<(Answer<T>, oneshot::Sender<()>), Stop> {
        let (answers, answer) = oneshot::channel();
        let (cancel, cancelled) = oneshot::channel();
        self.running.fetch_add(1, Ordering::SeqCst);
        let counted = Counted(Arc::clone(&self.running));
        let waiting = Waiting { handle: self.runtime.handle().clone(), cancelled: cancelled.into() };
        let started = std::thread::Builder::new().name("search".to_owned()).stack_size(STACK).spawn(move || {
            let done = work(&waiting);
            drop(counted);
            // Nobody waits for a search that was given up.
            let _ = answers.send(done);
        });
        started.map_err(|error| Stop::Failed(format!("can't start a thread: {error}")))?;
        Ok((answer, cancel))
    }
}

/// Stdout until Ctrl-C is pressed.
pub struct InterruptibleOutput {
    interrupted: Arc<AtomicBool>,
}

impl Write for InterruptibleOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(io::Error::other(CANCELLED));
        }
        io::stdout().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

/// Waits on behalf of a search until it is given up.
pub struct Waiting {
    handle: tokio::runtime::Handle,
    cancelled: std::sync::Mutex<oneshot::Receiver<()>>,
}

impl Waiting {
    /// Waits for a future; none when the search was given up. A future that was given up is dropped, which cancels it.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut cancelled = self.cancelled.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.handle.block_on(async {
            tokio::select! {
                answer = future => Some(answer),
                _ = &mut *cancelled => None,
            }
        })
    }
}
