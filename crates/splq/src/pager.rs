//! The pager: rows scrolled up and down and sideways, searched, left with `q`.

use std::io::Cursor;

use streampager::Pager;
use streampager::config::{Config, InterfaceMode, WrappingMode};

use crate::stop::Stop;

/// What stands at the bottom.
const TITLE: &str = "arrows scroll, / searches, h helps, q leaves";

/// Shows a text until the user leaves it.
///
/// # Errors
/// A terminal that can't be used.
pub fn show(text: String) -> Result<(), Stop> {
    page(text).map_err(|error| Stop::Failed(format!("the pager can't use the terminal: {error}; --no-pager does without")))
}

fn page(text: String) -> Result<(), streampager::Error> {
    let config = Config {
        interface_mode: InterfaceMode::FullScreen,
        wrapping_mode: WrappingMode::Unwrapped,
        scroll_past_eof: false,
        ..Config::default()
    };
    let mut pager = Pager::new_using_system_terminal_with_config(config)?;
    pager.add_stream(Cursor::new(text.into_bytes()), TITLE)?;
    pager.run()
}
