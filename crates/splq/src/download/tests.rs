//! A small server on loopback that answers as real ones do, and as they should not.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

/// What the server does with a path.
#[derive(Clone)]
enum Answer {
    /// Sends the bytes, ranges too.
    Whole(Vec<u8>),
    /// Ends the connection after so many bytes of the first answer.
    Breaks(Vec<u8>, usize),
    /// Knows no ranges and names no length.
    Streams(Vec<u8>),
    /// Only this status, so many times, then the bytes.
    Fails(u16, usize, Vec<u8>),
    /// Says to look elsewhere.
    Moved(String),
}

/// What was asked for: path and range.
type Asked = Mutex<Vec<(String, Option<String>)>>;

struct Server {
    address: String,
    asked: Arc<Asked>,
    /// The most connections at a time.
    most: Arc<AtomicUsize>,
}

/// The file of a certificate of the tests.
fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/download/certificates").join(name)
}

/// What a server needs to show that it is `localhost`.
fn identity() -> Arc<ServerConfig> {
    let shown = CertificateDer::from_pem_file(certificate("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(certificate("server_key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(vec![shown], key).unwrap())
}

impl Server {
    fn new(answers: &[(&str, Answer)]) -> Self {
        Self::start(answers, None)
    }

    /// One that speaks TLS.
    fn trusted(answers: &[(&str, Answer)]) -> Self {
        Self::start(answers, Some(identity()))
    }

    fn start(answers: &[(&str, Answer)], identity: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if identity.is_some() { "https" } else { "http" };
        let address = format!("{scheme}://{}", listener.local_addr().unwrap());
        let answers: HashMap<String, Answer> =
            answers.iter().map(|(path, answer)| ((*path).to_owned(), answer.clone())).collect();
        let (asked, most) = (Arc::<Asked>::default(), Arc::<AtomicUsize>::default());
        let now = Arc::<AtomicUsize>::default();
        let (log, peak) = (Arc::clone(&asked), Arc::clone(&most));
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (answers, log, peak, now) = (answers.clone(), Arc::clone(&log), Arc::clone(&peak), Arc::clone(&now));
                let identity = identity.clone();
                std::thread::spawn(move || {
                    peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let connection = connection.unwrap();
                    // A client that does not trust the server leaves.
                    let _ = match identity {
                        None => answer(connection, &answers, &log),
                        Some(identity) => {
                            let session = ServerConnection::new(identity).unwrap();
                            answer(StreamOwned::new(session, connection), &answers, &log)
                        }
                    };
                    now.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, asked, most }
    }

    fn download(&self, path: &str, folder: &Path) -> Download {
        Download { url: format!("{}{path}", self.address), file: folder.join(path.trim_start_matches('/')) }
    }

    fn asked(&self) -> Vec<(String, Option<String>)> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer<C: Read + Write>(mut connection: C, answers: &HashMap<String, Answer>, log: &Asked) -> std::io::Result<()> {
    let mut reader = BufReader::new(&mut connection);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut range = None;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let header = header.trim();
        if header.is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("range")
        {
            range = Some(value.trim().to_owned());
        }
    }
    let times = {
        let mut log = log.lock().unwrap();
        log.push((path.clone(), range.clone()));
        log.iter().filter(|(known, _)| *known == path).count()
    };
    let start: usize =
        range.as_deref().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()).unwrap_or(0);
    let whole = |connection: &mut C, bytes: &[u8], most: usize| {
        let head = match (range.is_some(), start < bytes.len()) {
            (false, _) => format!("HTTP/1.1 200 OK\r\nETag: \"one\"\r\nContent-Length: {}", bytes.len()),
            (true, true) => format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{}/{}\r\nContent-Length: {}",
                bytes.len() - 1,
                bytes.len(),
                bytes.len() - start
            ),
            (true, false) => format!("HTTP/1.1 416 No\r\nContent-Range: bytes */{}\r\nContent-Length: 0", bytes.len()),
        };
        write!(connection, "{head}\r\nConnection: close\r\n\r\n")?;
        let rest = bytes.get(start..).unwrap_or_default();
        connection.write_all(&rest[..rest.len().min(most)])
    };
    match answers.get(&path) {
        Some(Answer::Whole(bytes)) => {
            std::thread::sleep(Duration::from_millis(50));
            whole(&mut connection, bytes, usize::MAX)
        }
        Some(Answer::Breaks(bytes, most)) => whole(&mut connection, bytes, if times == 1 { *most } else { usize::MAX }),
        Some(Answer::Streams(bytes)) => {
            write!(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            connection.write_all(bytes)
        }
        Some(Answer::Fails(status, count, _)) if times <= *count => {
            write!(connection, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        Some(Answer::Fails(_, _, bytes)) => whole(&mut connection, bytes, usize::MAX),
        Some(Answer::Moved(to)) => {
            write!(connection, "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        None => write!(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    }
}

fn fetcher() -> Fetcher {
    fetcher_that_trusts(RootCerts::WebPki)
}

fn fetcher_that_trusts(trusted: RootCerts) -> Fetcher {
    Fetcher { agent: agent(trusted), bars: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()) }
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|number| (number % 251) as u8).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn whole_files_come_and_nothing_else_stays() {
    let server = Server::new(&[
        ("/a.log", Answer::Whole(bytes(300_000))),
        ("/b.log", Answer::Streams(bytes(10))),
        ("/c.log", Answer::Moved("/a.log".to_owned())),
        ("/e.log", Answer::Fails(503, 1, bytes(5))),
    ]);
    let folder = tempfile::tempdir().unwrap();
    for (path, count) in [("/a.log", 300_000), ("/b.log", 10), ("/c.log", 300_000), ("/e.log", 5)] {
        let download = server.download(path, folder.path());
        assert_eq!(fetcher().file(&download), Ok(count as u64), "{path}");
        assert_eq!(std::fs::read(&download.file).unwrap(), bytes(count));
    }
    let missing = fetcher().file(&server.download("/d.log", folder.path()));
    assert_eq!(missing, Err("the server answers 404".to_owned()));
    assert_eq!(names(folder.path()), ["a.log", "b.log", "c.log", "e.log"]);
}

#[test]
fn what_was_begun_is_gone_on_with() {
    let server = Server::new(&[("/a.log", Answer::Breaks(bytes(100_000), 40_000)), ("/b.log", Answer::Whole(bytes(1000)))]);
    let folder = tempfile::tempdir().unwrap();
    let download = server.download("/a.log", folder.path());
    assert_eq!(fetcher().file(&download), Ok(100_000));
    assert_eq!(std::fs::read(&download.file).unwrap(), bytes(100_000));
    assert_eq!(server.asked()[1], ("/a.log".to_owned(), Some("bytes=40000-".to_owned())));
    // A run that ended in the middle left its beginning and its tag.
    let download = server.download("/b.log", folder.path());
    std::fs::write(beside(&download.file, "part"), &bytes(1000)[..300]).unwrap();
    std::fs::write(beside(&download.file, "tag"), "\"one\"").unwrap();
    assert_eq!(fetcher().file(&download), Ok(1000));
    assert_eq!(std::fs::read(&download.file).unwrap(), bytes(1000));
    assert_eq!(server.asked()[2].1.as_deref(), Some("bytes=300-"));
    // All of it was there already.
    std::fs::rename(&download.file, beside(&download.file, "part")).unwrap();
    std::fs::write(beside(&download.file, "tag"), "\"one\"").unwrap();
    assert_eq!(fetcher().file(&download), Ok(1000));
    // A beginning without a tag may be of another version.
    std::fs::remove_file(&download.file).unwrap();
    std::fs::write(beside(&download.file, "part"), "other").unwrap();
    assert_eq!(fetcher().file(&download), Ok(1000));
    assert_eq!(std::fs::read(&download.file).unwrap(), bytes(1000));
    assert_eq!(names(folder.path()), ["a.log", "b.log"]);
}

#[test]
fn several_come_at_once_and_failures_cost_themselves() {
    let paths: Vec<String> = (0..8).map(|number| format!("/{number}.log")).collect();
    let answers: Vec<(&str, Answer)> = paths.iter().map(|path| (path.as_str(), Answer::Whole(bytes(100)))).collect();
    let server = Server::new(&answers);
    let folder = tempfile::tempdir().unwrap();
    let mut downloads: Vec<Download> = paths.iter().map(|path| server.download(path, folder.path())).collect();
    downloads.push(server.download("/0.log", folder.path()));
    downloads.push(server.download("/gone.log", folder.path()));
    let options = crate::arguments::TerminalOptions { color: crate::arguments::ColorChoice::Never, quiet: true, no_config: true };
    fetch(downloads, None, &Terminal::new(options)).unwrap();
    assert_eq!(names(folder.path()).len(), 8);
    let most = server.most.load(Ordering::SeqCst);
    assert!((2..=AT_ONCE).contains(&most), "{most}");
    assert_eq!(server.asked().iter().filter(|(path, _)| path == "/0.log").count(), 1);
}

#[test]
fn nobody_there_ends() {
    let folder = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let download = Download { url: format!("http://{address}/a.log"), file: folder.path().join("a.log") };
    assert!(fetcher().file(&download).is_err());
    let other = std::fs::OpenOptions::new().append(true).open(beside(&download.file, "part")).unwrap();
    other.try_lock().unwrap();
    assert!(fetcher().file(&download).unwrap_err().contains("another splq"));
}

#[test]
fn servers_show_who_they_are() {
    let server = Server::trusted(&[
        ("/a.log", Answer::Whole(bytes(300_000))),
        ("/b.log", Answer::Breaks(bytes(100_000), 40_000)),
        ("/c.log", Answer::Moved("/a.log".to_owned())),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let fetcher = fetcher_that_trusts(trusted(Some(&certificate("authority.pem"))).unwrap());
    for (path, count) in [("/a.log", 300_000), ("/b.log", 100_000), ("/c.log", 300_000)] {
        let download = server.download(path, folder.path());
        assert_eq!(fetcher.file(&download), Ok(count as u64), "{path}");
        assert_eq!(std::fs::read(&download.file).unwrap(), bytes(count));
    }
    assert_eq!(server.asked()[2], ("/b.log".to_owned(), Some("bytes=40000-".to_owned())));
    // Whom nobody vouches for is asked once, and nothing stays.
    let other = folder.path().join("other");
    let refused = self::fetcher().file(&server.download("/a.log", &other)).unwrap_err();
    assert!(refused.starts_with("the certificate of the server is not trusted"), "{refused}");
    assert_eq!(names(&other), Vec::<String>::new());
    assert_eq!(server.asked().len(), 5);
}

#[test]
fn certificates_that_are_none() {
    for (name, told) in [("nothing.pem", "No such file"), ("README.md", "it has none"), ("server_key.pem", "it has none")] {
        let stop = trusted(Some(&certificate(name))).unwrap_err();
        let Stop::Failed(message) = stop else { panic!("{stop:?}") };
        assert!(message.contains(told), "{message}");
    }
}
