//! Lists the files of the knowledge pack for `src/pack.rs`: a folder added under `pack/sources` needs no line of code.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=pack");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("pack");
    let mut code =
        String::from("/// The sources of the pack, by name: a small app each.\npub(super) const SOURCES: &[Source] = &[\n");
    for folder in entries(&root.join("sources"))? {
        let text = |name: &str| {
            let path = folder.join("default").join(name);
            if path.is_file() { include(&path) } else { "\"\"".to_owned() }
        };
        let _ = writeln!(
            code,
            "Source {{ name: {:?}, event_types: {}, tags: {}, props: {}, transforms: {} }},",
            name(&folder),
            text("eventtypes.conf"),
            text("tags.conf"),
            text("props.conf"),
            text("transforms.conf"),
        );
    }
    code.push_str("];\n");
    for (constant, what, folder) in [("MODELS", "data model", "data/models"), ("LOOKUPS", "lookup table", "lookups")] {
        let _ = writeln!(code, "/// File name and text of every {what}.\npub(super) const {constant}: &[(&str, &str)] = &[");
        for path in entries(&root.join(folder))? {
            let _ = writeln!(code, "({:?}, {}),", name(&path), include(&path));
        }
        code.push_str("];\n");
    }
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("pack.rs"), code)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn include(path: &Path) -> String {
    format!("include_str!({:?})", path.display().to_string())
}
