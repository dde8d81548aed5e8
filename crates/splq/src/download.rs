//! Test data fetched over HTTP: several files at a time, each into a file beside its place that is put there when it is whole.
//! What was begun is gone on with.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use spl_detections::downloads::Download;
use ureq::Agent;
use ureq::http::{HeaderMap, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::stop::Stop;
use crate::terminal::Terminal;

/// Files that are fetched at a time.
const AT_ONCE: usize = 4;
/// How often a file is tried without a byte that came.
const TRIES: u32 = 3;
/// How long a connection may take, and the answer to a request.
const CONNECT: Duration = Duration::from_secs(30);
/// How long one answer may take to come in; what is missing then is asked for anew.
const BODY: Duration = Duration::from_secs(600);
/// The pause before a file is tried again, times the number of tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Where fetched data are kept: what the option names, else `splq/attack_data` in the user's folder for caches.
pub fn folder(named: Option<&Path>) -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = || match cfg!(windows) {
        true => variable("LOCALAPPDATA"),
        false => variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache"))),
    };
    named.map(Path::to_owned).or_else(|| Some(own()?.join("splq").join("attack_data")))
}

/// Fetches what is missing. What can't be fetched is a warning: the tests that need it say so again. Servers are trusted by the
/// certificates in the file, else in the one that `SSL_CERT_FILE` names, else by those that splq brings.
///
/// # Errors
/// Certificates that can't be read.
pub fn fetch(mut downloads: Vec<Download>, certificates: Option<&Path>, terminal: &Terminal) -> Result<(), Stop> {
    downloads.sort();
    downloads.dedup();
    if downloads.is_empty() {
        return Ok(());
    }
    let target = if terminal.stderr && !terminal.quiet { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bars = MultiProgress::with_draw_target(target);
    let fetcher = Fetcher { agent: agent(trusted(certificates)?), bars: bars.clone() };
    let count = downloads.len();
    let queue = Mutex::new(downloads.into_iter());
    let ended: Mutex<Vec<(Download, Result<u64, String>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(count) {
            scope.spawn(|| {
                while let Some(download) = next(&queue) {
                    let result = fetcher.file(&download);
                    if let Ok(mut ended) = ended.lock() {
                        ended.push((download, result));
                    }
                }
            });
        }
    });
    // A bar that can't be cleared is of no consequence.
    let _ = bars.clear();
    let ended = ended.into_inner().unwrap_or_default();
    let fetched: Vec<u64> = ended.iter().filter_map(|(_, result)| result.as_ref().ok().copied()).collect();
    for (download, message) in ended.iter().filter_map(|(download, result)| Some((download, result.as_ref().err()?))) {
        terminal.warn(format_args!("can't fetch {}: {message}", download.url));
    }
    let bytes = HumanBytes(fetched.iter().sum());
    terminal.note(format_args!("{} of {count} files of test data fetched, {bytes}", fetched.len()));
    Ok(())
}

fn next(queue: &Mutex<impl Iterator<Item = Download>>) -> Option<Download> {
    queue.lock().ok()?.next()
}

/// The certificates that a file holds.
fn trusted(named: Option<&Path>) -> Result<RootCerts, Stop> {
    let variable = || std::env::var_os("SSL_CERT_FILE").filter(|value| !value.is_empty()).map(PathBuf::from);
    let Some(file) = named.map(Path::to_owned).or_else(variable) else { return Ok(RootCerts::WebPki) };
    let cannot = |why: &str| Stop::Failed(format!("can't read the certificates in {}: {why}", file.display()));
    let text = std::fs::read(&file).map_err(|error| cannot(&error.to_string()))?;
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| cannot(&error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(cannot("it has none in the form of PEM"));
    }
    Ok(RootCerts::from(certificates.into_iter()))
}

fn agent(trusted: RootCerts) -> Agent {
    Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(trusted).build())
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(CONNECT))
        .timeout_recv_body(Some(BODY))
        .http_status_as_error(false)
        .user_agent(concat!("splq/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

struct Fetcher {
    agent: Agent,
    bars: MultiProgress,
}

/// Why a file is not there.
enum Trouble {
    /// Another try may help.
    Passing(String),
    /// It can't.
    Lasting(String),
}

impl Fetcher {
    /// Fetches one file and says how many bytes it has.
    fn file(&self, download: &Download) -> Result<u64, String> {
        let cannot = |what: &str, path: &Path, error: std::io::Error| format!("can't {what} {}: {error}", path.display());
        let folder = download.file.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder).map_err(|error| cannot("make", folder, error))?;
        let begun = beside(&download.file, "part");
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&begun)
            .map_err(|error| cannot("write", &begun, error))?;
        if file.try_lock().is_err() {
            return Err(format!("another splq is fetching {}", download.file.display()));
        }
        let bar = self.bar(&download.url);
        let mut tries = 0;
        loop {
            let before = size(&file);
            match self.go_on(download, &mut file, &bar) {
                Ok(()) => break,
                Err(Trouble::Lasting(message)) => {
                    bar.finish_and_clear();
                    // Of a file that is not there nothing is left either.
                    if size(&file) == 0 {
                        let _ = std::fs::remove_file(&begun);
                    }
                    return Err(message);
                }
                Err(Trouble::Passing(message)) => {
                    tries = if size(&file) > before { 0 } else { tries + 1 };
                    if tries >= TRIES {
                        bar.finish_and_clear();
                        return Err(message);
                    }
                    std::thread::sleep(PAUSE * (tries + 1));
                }
            }
        }
        bar.finish_and_clear();
        let bytes = size(&file);
        file.sync_all().map_err(|error| cannot("write", &begun, error))?;
        std::fs::rename(&begun, &download.file).map_err(|error| cannot("write", &download.file, error))?;
        let _ = std::fs::remove_file(beside(&download.file, "tag"));
        Ok(bytes)
    }

    /// Asks for what is missing and appends it. The version that the beginning is of is asked for by its tag, so that no file is
    /// put together of two.
    fn go_on(&self, download: &Download, file: &mut File, bar: &ProgressBar) -> Result<(), Trouble> {
        let tag_file = beside(&download.file, "tag");
        let there = size(file);
        let tag = std::fs::read_to_string(&tag_file).ok().filter(|_| there > 0);
        let mut request = self.agent.get(&download.url).header("Accept-Encoding", "identity");
        if let Some(tag) = &tag {
            request = request.header("Range", format!("bytes={there}-")).header("If-Range", tag);
        }
        let response = request.call().map_err(|error| refused(&error))?;
        let headers = response.headers();
        let expected = match response.status().as_u16() {
            206 => {
                let (start, total) = content_range(headers).ok_or_else(|| lasting("the server names no range"))?;
                if start != there {
                    empty(file, &tag_file)?;
                    return Err(Trouble::Passing("the server sends another range than was asked for".to_owned()));
                }
                total
            }
            200 => {
                empty(file, &tag_file)?;
                // Without a tag of its version a file can't be gone on with.
                if let Some(tag) = version(headers) {
                    let _ = std::fs::write(&tag_file, tag);
                }
                number(headers, "content-length")
            }
            // All of it was there.
            416 if content_range(headers).is_some_and(|(_, total)| total == Some(there)) => return Ok(()),
            416 => {
                empty(file, &tag_file)?;
                return Err(Trouble::Passing("the file on the server has become shorter".to_owned()));
            }
            status @ (408 | 429 | 500..=599) => return Err(Trouble::Passing(format!("the server answers {status}"))),
            status => return Err(Trouble::Lasting(format!("the server answers {status}"))),
        };
        if let Some(expected) = expected {
            bar.set_length(expected);
        }
        bar.set_position(size(file));
        copy(response, file, bar)?;
        let came = size(file);
        match expected {
            Some(expected) if came < expected => Err(Trouble::Passing(format!("{came} of {expected} bytes came"))),
            Some(expected) if came > expected => {
                empty(file, &tag_file)?;
                Err(Trouble::Lasting(format!("{came} bytes came in place of {expected}")))
            }
            _ => Ok(()),
        }
    }

    fn bar(&self, url: &str) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new(0));
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {bytes:>10}/{total_bytes:10} {wide_msg}") {
            bar.set_style(style);
        }
        bar.set_message(url.rsplit('/').next().unwrap_or(url).to_owned());
        bar
    }
}

/// Why there is no answer. A server that can't be trusted is not asked again.
fn refused(error: &ureq::Error) -> Trouble {
    let told = error.to_string();
    let told = told.strip_prefix("io: ").unwrap_or(&told);
    match told.strip_prefix("invalid peer certificate: ") {
        Some(why) => Trouble::Lasting(format!(
            "the certificate of the server is not trusted ({why}); --certificates FILE names those of an authority of one's own"
        )),
        None => Trouble::Passing(told.to_owned()),
    }
}

fn lasting(message: &str) -> Trouble {
    Trouble::Lasting(message.to_owned())
}

/// Appends what comes. What came before the connection broke is kept.
fn copy(response: Response<ureq::Body>, file: &mut File, bar: &ProgressBar) -> Result<(), Trouble> {
    let mut reader = response.into_body().into_reader();
    let mut bytes = vec![0; 64 << 10];
    loop {
        let count = match reader.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Trouble::Passing(error.to_string())),
        };
        file.write_all(&bytes[..count]).map_err(|error| Trouble::Lasting(format!("can't write: {error}")))?;
        bar.inc(count as u64);
    }
}

fn size(file: &File) -> u64 {
    file.metadata().map_or(0, |known| known.len())
}

/// Begins a file anew.
fn empty(file: &mut File, tag_file: &Path) -> Result<(), Trouble> {
    let _ = std::fs::remove_file(tag_file);
    let emptied = file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0)));
    emptied.map(drop).map_err(|error| Trouble::Lasting(format!("can't write: {error}")))
}

/// The name of a file that stands beside another while it is fetched.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.{ending}"))
}

/// What tells the versions of a file apart: a strong tag, else the time of its last change.
fn version(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    text("etag").filter(|tag| !tag.starts_with("W/")).or_else(|| text("last-modified"))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The first byte and the size of the whole of `bytes 5-9/10` and `bytes */10`.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let (range, total) = headers.get("content-range")?.to_str().ok()?.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let start = range.split('-').next()?.trim().parse().unwrap_or(0);
    Some((start, total.trim().parse().ok()))
}

#[cfg(test)]
mod tests;
