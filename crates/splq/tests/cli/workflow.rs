//! The workflow of docs/examples/content: its commands run and write the reports that later steps take.

use std::path::Path;
use std::process::Command;

use super::Folder;

const WORKFLOW: &str = include_str!("../../../../docs/examples/content/.github/workflows/detections.yml");

/// The commands of splq in the order of the steps.
fn commands() -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    let mut lines = WORKFLOW.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(run) = line.trim().strip_prefix("run: ") else { continue };
        let indented = |line: &str| line.len() - line.trim_start().len();
        let mut text = run.trim_start_matches(">-").to_owned();
        while let Some(more) = lines.next_if(|next| indented(next) > indented(line)) {
            text = format!("{text} {}", more.trim());
        }
        if let Some((_, arguments)) = text.split_once("splq ") {
            let arguments = arguments.replace("origin/${{ github.base_ref }}", "HEAD");
            commands.push(arguments.split_whitespace().map(str::to_owned).collect());
        }
    }
    commands
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => assert!(std::fs::copy(&path, &target).is_ok(), "{}", path.display()),
        }
    }
}

#[test]
fn the_commands_of_the_workflow_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = Folder::new();
    let content = folder.path().join("docs/examples/content");
    copy(&root.join("docs/examples/content"), &content);
    copy(&root.join("datasets"), &folder.path().join("datasets"));
    let git = |arguments: &[&str]| {
        let done = Command::new("git").arg("-C").arg(&content).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-qm", "a"]);
    let changed = content.join("detections/endpoint/windows_service_create_remcomsvc.yml");
    let text = std::fs::read_to_string(&changed).unwrap();
    std::fs::write(&changed, text.replacen("version: 1", "version: 2", 1)).unwrap();
    std::fs::create_dir_all(content.join("reports")).unwrap();
    let commands = commands();
    assert_eq!(commands.iter().map(|one| one[0].as_str()).collect::<Vec<_>>(), ["check", "test", "coverage"]);
    for arguments in commands {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        folder.run_in("docs/examples/content", &arguments).ok();
    }
    for name in
        ["check.sarif", "junit.xml", "test.sarif", "comment.md", "report.html", "coverage.html", "layer.json", "techniques.csv"]
    {
        assert!(content.join("reports").join(name).metadata().is_ok_and(|known| known.len() > 0), "{name}");
    }
    assert!(std::fs::read_to_string(content.join("reports/comment.md")).unwrap().contains("1 detections: 1 passed"));
}
