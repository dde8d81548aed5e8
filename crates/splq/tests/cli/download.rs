//! `splq test --download` against a server on loopback, and `splq test --watch`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Folder;

/// Serves one file to whoever asks, and notes what was asked for.
fn server(path: &'static str, body: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            lines.find(|line| line.as_ref().is_ok_and(String::is_empty));
            let wanted = first.split(' ').nth(1).unwrap_or_default().to_owned();
            let (status, body) = if wanted == path { ("200 OK", body) } else { ("404 Not Found", "") };
            log.lock().unwrap_or_else(PoisonError::into_inner).push(wanted);
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            let _ = connection.write_all(answer.as_bytes());
        }
    });
    (address, asked)
}

fn detection(folder: &Folder, name: &str, data: &str) {
    let text = format!(
        "name: {name}\ntype: Hunting\nstatus: production\nsearch: '`web` user=ann'\ntests:\n- name: T\n  attack_data:\n  - {{data: '{data}', source: s, sourcetype: web}}\n"
    );
    folder.write(&format!("detections/{name}.yml"), &text);
}

#[test]
fn data_are_fetched_once_and_only_when_asked_for() {
    let (address, asked) = server("/data/web.ndjson", "{\"_time\": 1, \"user\": \"ann\"}\n");
    let folder = Folder::new();
    folder
        .write("contentctl.yml", &format!("test_data_caches: [{{base_url: '{address}/data', base_directory_name: external}}]\n"));
    folder.write("macros/web.yml", "name: web\ndefinition: sourcetype=web\n");
    detection(&folder, "cached", &format!("{address}/data/web.ndjson"));
    detection(&folder, "gone", &format!("{address}/other/gone.ndjson"));
    let asked = || asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let told = |arguments: &[&str]| {
        let printed = folder.run(&[&["test", "detections", "--cache", "kept"], arguments].concat());
        let rows: Vec<Value> = printed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (rows, printed.err)
    };
    let (rows, _) = told(&[]);
    assert!(
        rows.iter().all(|row| row["status"] == "error" && row["message"].as_str().unwrap().contains("--download fetches them"))
    );
    assert_eq!(asked(), Vec::<String>::new());
    let (rows, messages) = told(&["--download"]);
    assert_eq!((&rows[0]["status"], &rows[1]["status"]), (&json!("pass"), &json!("error")));
    assert!(messages.contains(&format!("can't fetch {address}/other/gone.ndjson: the server answers 404")), "{messages}");
    assert!(messages.contains("1 of 2 files of test data fetched"), "{messages}");
    assert_eq!(folder.read("external/web.ndjson"), "{\"_time\": 1, \"user\": \"ann\"}\n");
    assert!(!folder.path().join("kept/127.0.0.1").exists());
    assert_eq!(asked().len(), 2);
    // What is there is not fetched again, and is used without the option.
    assert_eq!(told(&["--select", "name:cached"]).0[0]["status"], json!("pass"));
    told(&["--select", "name:cached", "--download"]);
    assert_eq!(asked().len(), 2);
}

#[test]
fn data_of_saved_searches_are_fetched() {
    let (address, asked) = server("/data/web.ndjson", "{\"_time\": 1, \"user\": \"ann\"}\n");
    let folder = Folder::new();
    folder.write("ours/default/savedsearches.conf", "[Ours]\nsearch = user=ann\n");
    let tests = format!(
        "tests:\n- name: T\n  expect: 1 row\n  attack_data: [{{data: '{address}/data/web.ndjson', source: s, sourcetype: web}}]\n"
    );
    folder.write("ours/tests/Ours.tests.yaml", &tests);
    let printed = folder.run(&["test", "ours", "--cache", "kept", "--download"]);
    assert_eq!(printed.rows()[0]["status"], json!("pass"), "{}", printed.err);
    assert_eq!(asked.lock().unwrap_or_else(PoisonError::into_inner).len(), 1);
}

/// A run that goes on until the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_a_change_concerns_runs_again() {
    let folder = Folder::new();
    folder.write("contentctl.yml", "app: {label: OURS}\n");
    folder.write("macros/web.yml", "name: web\ndefinition: sourcetype=web\n");
    folder.write("data/web.ndjson", "{\"_time\": 1, \"user\": \"ann\"}\n");
    folder.write("data/other.ndjson", "{\"_time\": 1, \"user\": \"bob\"}\n");
    detection(&folder, "one", "data/web.ndjson");
    detection(&folder, "two", "data/other.ndjson");
    let mut child = Command::new(env!("CARGO_BIN_EXE_splq"))
        .args(["test", "detections", "--watch", "--format", "ndjson", "--no-config"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let running = Running(child);
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            let row: Value = serde_json::from_str(&line).unwrap();
            let _ = sender.send(format!("{} {}", row["detection"].as_str().unwrap(), row["status"].as_str().unwrap()));
        }
    });
    // Nobody may wait for a reader of the messages.
    let (told, waits) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut seen, mut bytes) = (String::new(), [0; 256]);
        while let Ok(count @ 1..) = err.read(&mut bytes) {
            seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
            while let Some((_, rest)) = seen.clone().split_once("waiting for changes") {
                seen = rest.to_owned();
                let _ = told.send(());
            }
        }
    });
    let next = || lines.recv_timeout(Duration::from_secs(60)).unwrap();
    let wait = || waits.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!([next(), next()], ["one pass", "two fail"]);
    wait();
    folder.write("data/other.ndjson", "{\"_time\": 1, \"user\": \"ann\"}\n");
    assert_eq!(next(), "two pass");
    wait();
    folder.write("macros/web.yml", "name: web\ndefinition: sourcetype=nothing\n");
    assert_eq!([next(), next()], ["one fail", "two fail"]);
    wait();
    // A file that no detection is concerned by changes nothing.
    folder.write("README.md", "x");
    let started = Instant::now();
    assert!(lines.recv_timeout(Duration::from_secs(2)).is_err() && started.elapsed() >= Duration::from_secs(2));
    drop(running);
}
