//! Loads files part by part, for data that does not fit into memory at once.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::buffer::Buffer;

use crate::content::Input;
use crate::detect::{compression, refused};
use crate::encoding::Encoding;
use crate::file_plan::FilePlan;
use crate::input;
use crate::load::{Gathered, HEAD, plan, read_parts};
use crate::options::LoadOptions;
use crate::parts::{PART, Part};
use crate::report::{LoadError, LoadReport};
use crate::results;
use crate::stream::{self, Stream};
use crate::table::EventTable;
use crate::unpack::{LIMITS, unpack};

/// The tables of files that are read one after the other. A table holds the events of about so many bytes, in descending
/// time; the events of a later table stand further down in the input, not in time.
///
/// A compressed file, a CSV, JSON, XML or Windows event log is held as a whole while its parts are read. Of a stream of lines
/// (a FIFO, [`LoadOptions::standard_input_stream`]) only what the next table needs is read.
pub struct PartTables {
    options: Arc<LoadOptions>,
    bytes: u64,
    pool: rayon::ThreadPool,
    paths: VecDeque<PathBuf>,
    files: Vec<FilePlan>,
    waiting: VecDeque<(usize, Part)>,
    /// The stream that is being read, and the number of its file.
    stream: Option<(usize, Stream)>,
    gathered: Gathered,
    failed: bool,
}

/// Begins to load files part by part; see [`crate::load`] for how.
///
/// # Errors
/// Paths that name nothing.
pub fn load_in_parts(options: Arc<LoadOptions>, bytes: u64) -> Result<PartTables, LoadError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
    let pool = pool.map_err(|error| LoadError::Threads(error.to_string()))?;
    let paths: VecDeque<PathBuf> = input::resolve(&options.paths)?.into();
    if let Some(progress) = &options.progress {
        progress.add_total(total_bytes(paths.iter()));
    }
    let (files, waiting, stream, gathered) = (Vec::new(), VecDeque::new(), None, Gathered::default());
    Ok(PartTables { options, bytes, pool, paths, files, waiting, stream, gathered, failed: false })
}

/// How many bytes files have, as they are on disk.
///
/// # Errors
/// Paths that name nothing.
pub fn bytes_of(paths: &[String]) -> Result<u64, LoadError> {
    Ok(total_bytes(input::resolve(paths)?.iter()))
}

fn total_bytes<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> u64 {
    paths.filter_map(|path| std::fs::metadata(path).ok()).map(|metadata| metadata.len()).sum()
}

impl PartTables {
    /// What is to be said of the files that were read.
    pub fn report(&mut self) -> LoadReport {
        std::mem::take(&mut self.gathered).report(&self.files)
    }

    fn read(&mut self) -> Result<Option<EventTable>, LoadError> {
        let mut parts = Vec::new();
        let mut bytes = 0;
        while bytes < self.bytes {
            match self.waiting.pop_front() {
                Some((file, part)) => {
                    bytes += part.bytes();
                    parts.push((file, part));
                }
                None if self.stream.is_some() => self.read_stream()?,
                None => match self.paths.pop_front() {
                    Some(path) => self.open(&path)?,
                    None => break,
                },
            }
        }
        if parts.is_empty() {
            return Ok(None);
        }
        let (files, options, gathered) = (&self.files, self.options.as_ref(), &mut self.gathered);
        self.pool.install(|| gathered.table(files, read_parts(files, parts, options, None), options)).map(Some)
    }

    fn open(&mut self, path: &Path) -> Result<(), LoadError> {
        let inputs = match stream::open(path, &self.options)? {
            Some(stream) => self.open_stream(path, stream)?,
            None => {
                let standard_input = self.options.standard_input.as_ref().map(|bytes| bytes.as_slice());
                input::open(path, standard_input)?
            }
        };
        for input in inputs {
            let (file, parts) = plan(input, &self.options)?;
            let number = self.files.len();
            self.files.push(file);
            self.waiting.extend(parts.into_iter().map(|part| (number, part)));
        }
        Ok(())
    }

    /// Begins to read a stream of lines; what else a stream holds has to be there as a whole.
    fn open_stream(&mut self, path: &Path, mut stream: Stream) -> Result<Vec<Input>, LoadError> {
        let failed = |error| LoadError::Io { path: path.display().to_string(), error };
        let head = stream.head(HEAD).map_err(failed)?.to_vec();
        let plain = compression(&head).is_none()
            && refused(&head).is_none()
            && Encoding::of(&head).is_none()
            // Those are read as the lines that they are turned into, which are not the stream's.
            && !results::is_results(&head);
        if plain {
            let (mut file, _) = plan(stream::input(path, head), &self.options)?;
            if file.is_read_by_line() {
                file.bytes = 0;
                self.stream = Some((self.files.len(), stream));
                self.files.push(file);
                return Ok(Vec::new());
            }
        }
        Ok(unpack(stream::input(path, stream.rest().map_err(failed)?), LIMITS))
    }

    /// Reads the next block of the stream.
    fn read_stream(&mut self) -> Result<(), LoadError> {
        let Some((number, stream)) = &mut self.stream else {
            return Ok(());
        };
        let file = &mut self.files[*number];
        let times = file.times(&self.options);
        let block = stream.block(PART, |text| file.end_of_event(text, &times));
        match block.map_err(|error| LoadError::Io { path: file.path.clone(), error })? {
            Some(block) => {
                file.bytes += block.len() as u64;
                let part = match &mut file.header {
                    Some(header) => {
                        let now = header.clone();
                        header.follow(&block);
                        Part::Headed(Buffer::from_vec(block), Box::new(now))
                    }
                    None => Part::Text(Buffer::from_vec(block)),
                };
                self.waiting.push_back((*number, part));
            }
            None => self.stream = None,
        }
        Ok(())
    }
}

impl Iterator for PartTables {
    type Item = Result<EventTable, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let read = self.read().transpose();
        self.failed = matches!(read, Some(Err(_)));
        read
    }
}
