//! A macro that nothing defines: an error of the search, with a page.

use super::{Find, Level, Lint};

/// The lint.
pub const LINT: Lint = Lint {
    code: "macro/unknown",
    summary: "a macro that neither splq nor --content, --app or --macro defines",
    page: include_str!("../../../../docs/lints/unknown-macro.md"),
    level: Level::Warning,
    find: Find::AsError,
};
