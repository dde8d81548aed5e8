//! docs/reference/settings.md: the settings of configuration files, and what becomes of each.

use spl_knowledge::settings::{ALL, Status};

use super::{BEGIN, END, cell, code};

/// The page.
pub fn page() -> String {
    let mut text = format!(
        "{BEGIN}\n# Settings of configuration files\n\nWhat `--app` makes of the settings of an app. A setting *works*, works *in part*, has *no effect* although it \
         would change\nresults (a warning says so when an app is loaded), or is *harmless*: it changes no results of a search over files.\n\n"
    );
    text += "| File | Works | In part | No effect | Harmless |\n|---|---:|---:|---:|---:|\n";
    for stanza in ALL {
        let count = |wanted: fn(Status) -> bool| stanza.all().filter(|setting| wanted(setting.status)).count();
        text += &format!(
            "| `{}`, {} | {} | {} | {} | {} |\n",
            stanza.file,
            stanza.about,
            count(|status| status == Status::Works),
            count(|status| matches!(status, Status::Partial(_))),
            count(|status| matches!(status, Status::WithoutEffect(_))),
            count(|status| matches!(status, Status::Harmless(_))),
        );
    }
    for stanza in ALL {
        text += &format!("\n## {}: {}\n\n| Setting | What it is for | |\n|---|---|---|\n", stanza.file, stanza.about);
        for setting in stanza.all() {
            let status = match setting.status {
                Status::Works => "works".to_owned(),
                Status::Partial(missing) => format!("in part: {}", cell(missing)),
                Status::WithoutEffect(why) => format!("no effect: {}", cell(why)),
                Status::Harmless(why) => format!("harmless: {}", cell(why)),
            };
            text += &format!("| {} | {} | {status} |\n", code(setting.name), cell(setting.summary));
        }
    }
    text + END + "\n"
}
