//! Any text parses or is refused; what parses prints to a text that parses to the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(pipeline) = spl_parser::parse(text) else { return };
    let printed = spl_parser::print(&pipeline);
    let again = match spl_parser::parse(&printed) {
        Ok(again) => again,
        Err(errors) => panic!("printed text is refused: {:?}\n{text}\n{printed}", errors.first().map(|error| &error.message)),
    };
    assert_eq!(spl_parser::print(&again), printed, "printing twice differs: {text}");
});
