//! Files that are there as a whole or not at all.

use std::io::Write;
use std::path::Path;

use crate::stop::Stop;

/// A path whose first part is `~` below the folder of the user, as shells have it where they see the path.
pub fn at_home(path: &str) -> String {
    let rest = match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with(['/', '\\']) => rest,
        _ => return path.to_owned(),
    };
    match std::env::var("HOME").or_else(|_| std::env::var("USERPROFILE")) {
        Ok(home) if !home.is_empty() => format!("{home}{rest}"),
        _ => path.to_owned(),
    }
}

/// Writes a text beside its file and then puts it in its place, so that whoever ends splq in between finds the file from before
/// or none. Folders above it are made. What is no plain file (`/dev/stdout`, a pipe) is written to as it is.
///
/// # Errors
/// A file or folder that can't be written.
pub fn write_whole(file: &Path, text: &str) -> Result<(), Stop> {
    let cannot = |path: &Path, error: std::io::Error| Stop::Failed(format!("can't write {}: {error}", path.display()));
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Stop::Failed(format!("can't make {}: {error}", folder.display())))?;
    }
    if file.exists() && !file.is_file() {
        return std::fs::write(file, text).map_err(|error| cannot(file, error));
    }
    let Some(name) = file.file_name() else { return Err(Stop::Failed(format!("{} is no name of a file", file.display()))) };
    let beside = file.with_file_name(format!(".{}.{}", name.to_string_lossy(), std::process::id()));
    let written = std::fs::File::create(&beside).and_then(|mut open| {
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        std::fs::rename(&beside, file)
    });
    written.map_err(|error| {
        // What is left over is of no use; the error that counts is the first.
        let _ = std::fs::remove_file(&beside);
        cannot(file, error)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn files_are_whole_or_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/b.txt");
        write_whole(&file, "one").unwrap();
        write_whole(&file, "two").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "two");
        assert_eq!(std::fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
        assert!(write_whole(&file.join("c"), "x").is_err());
        assert!(write_whole(folder.path(), "x").is_err());
    }
}
