//! The clock that ends searches whose time is over, and the ear for Ctrl-C: each on a thread of its own, as those of searches may all
//! be busy.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use spl_exec::Timer;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// Counts time by the clock of the system.
#[derive(Debug)]
pub struct SystemTimer;

impl Timer for SystemTimer {
    fn after(&self, seconds: u64) -> futures::future::BoxFuture<'static, ()> {
        // Both go when nobody waits any more, which ends the thread.
        let (waits, waiting) = channel::<()>();
        let (ends, end) = oneshot::channel::<()>();
        let started = std::thread::Builder::new().name("timer".to_owned()).spawn(move || {
            if let Err(RecvTimeoutError::Timeout) = waiting.recv_timeout(Duration::from_secs(seconds)) {
                // Nobody waits for a search that has just been answered.
                let _ = ends.send(());
            }
        });
        Box::pin(async move {
            let _waits = waits;
            if started.is_err() || end.await.is_err() {
                // Without a thread no time passes.
                std::future::pending::<()>().await;
            }
        })
    }
}

/// Ends the process with exit code 130 at Ctrl-C, whatever is being done. A terminal whose signals can't be watched ends it by itself.
pub fn end_at_interrupt() {
    let listen = || {
        let listening = Builder::new_current_thread().enable_all().build();
        if listening.is_ok_and(|runtime| runtime.block_on(tokio::signal::ctrl_c()).is_ok()) {
            std::process::exit(130);
        }
    };
    drop(std::thread::Builder::new().name("interrupt".to_owned()).spawn(listen));
}
