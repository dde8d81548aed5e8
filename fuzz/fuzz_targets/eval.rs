//! Any expression over columns of any values gives one value per row or an error.
//!
//! The first line of the input is the expression over the fields `a` (texts), `n` (numbers), `m` (several values) and `x`
//! (absent); the other lines are the values of `a`.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use spl_exec::Engine;
use splq_fuzz::{RUNTIME, engine};

static ENGINE: LazyLock<Engine> = LazyLock::new(engine);

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let Some(Ok(expression)) = lines.next().map(spl_parser::parse_expression) else { return };
    let expression = spl_parser::print_expression(&expression);
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let values: Vec<String> = lines.take(8).map(quoted).collect();
    let rows = values.len().max(1);
    let cases: String = values.iter().enumerate().map(|(row, value)| format!("row={}, {value}, ", row + 1)).collect();
    let text = format!(
        "| makeresults count={rows} | streamstats count as row | eval a=case({cases}true(), \"\"), n=tonumber(a), \
         m=split(a, \",\") | eval result={expression}"
    );
    let Ok(search) = ENGINE.compile(&text) else { return };
    if let Ok(results) = RUNTIME.block_on(ENGINE.run(&search)) {
        assert_eq!(results.rows(), rows, "rows got lost: {text}");
    }
});
