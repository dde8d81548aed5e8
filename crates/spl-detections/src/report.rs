//! Reports for other tools, as texts and values.

pub mod backtest_page;
pub mod html;
pub mod junit;
pub mod markdown;
pub mod matrix;
pub mod navigator;
pub mod run_markdown;
pub mod run_page;
pub mod sarif;
pub mod summary;
pub mod test_findings;
