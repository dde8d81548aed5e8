//! Any .conf file: it is read, line by line, or its lines are told of; what was read is used without a panic.
//!
//! The text is read as a file alone, and as the files of an app.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spl_knowledge::Knowledge;
use spl_macros::Conf;

const FILES: [&str; 8] = [
    "props.conf",
    "transforms.conf",
    "macros.conf",
    "eventtypes.conf",
    "tags.conf",
    "savedsearches.conf",
    "fields.conf",
    "transactiontypes.conf",
];

fuzz_target!(|text: &str| {
    let (conf, problems) = Conf::read(text, "fuzz.conf");
    assert!(problems.iter().all(|problem| !problem.message.is_empty()), "a problem without words");
    let mut layered = conf.clone();
    layered.layer(conf);
    let names: Vec<String> = layered.effective().map(|stanza| stanza.name).collect();
    let folder = std::env::temp_dir().join(format!("splq-fuzz-{}", std::process::id()));
    let default = folder.join("default");
    if std::fs::create_dir_all(&default).is_err() {
        return;
    }
    for file in FILES {
        let _ = std::fs::write(default.join(file), text);
    }
    let mut knowledge = Knowledge::without_pack();
    let problems = knowledge.load_app(&folder);
    assert!(problems.iter().all(|problem| !problem.message.is_empty()), "a problem without words");
    for name in names.iter().take(8) {
        let plain = name.rsplit("::").next().unwrap_or(name);
        let _ = knowledge.props_for(plain, plain, plain);
        let _ = knowledge.index_time_for(plain, plain, plain);
        let _ = knowledge.transform(plain).is_ok();
        let _ = knowledge.lookup(plain).is_ok();
    }
});
