//! Separated values with a header line: any bytes load or are refused with words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spl_sources::Format;

fuzz_target!(|bytes: &[u8]| splq_fuzz::loads(bytes, &[Format::Csv, Format::Tsv]));
