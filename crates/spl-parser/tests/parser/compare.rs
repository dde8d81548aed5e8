//! Comparison of trees without their places.

use spl_parser::Pipeline;

pub fn without_spans(pipeline: &Pipeline) -> Pipeline {
    let mut copy = pipeline.clone();
    spl_parser::printer::clear_spans(&mut copy);
    copy
}
