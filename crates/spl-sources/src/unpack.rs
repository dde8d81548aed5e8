//! Takes compressions off and opens archives, within limits of how far anything may expand.

use std::io::{BufRead, BufReader, Cursor, Read};

use arrow::buffer::Buffer;

use crate::content::{Content, Input};
use crate::detect::{Compression, compression, refused};
use crate::encoding::Encoding;

/// How many layers of compression are taken off.
const LAYERS: usize = 4;

/// Memory that the decoder of an xz file may take; `xz -9` needs 65 MiB.
const XZ_MEMORY: u64 = 512 << 20;

/// How far a compressed file may expand. Logs shrink to a tenth or a hundredth, seldom more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes that any member may have, however small it was.
    free: u64,
    /// Bytes that all members of a file may have together, however small it was.
    total: u64,
    /// How many times its size a member or file may expand beyond that.
    ratio: u64,
}

pub(crate) const LIMITS: Limits = Limits { free: 256 << 20, total: 1 << 30, ratio: 250 };

/// The inputs in a file: itself, decompressed, or the members of an archive.
pub(crate) fn unpack(input: Input, limits: Limits) -> Vec<Input> {
    let left = limits.total.max(input.content.len().saturating_mul(limits.ratio));
    let mut unpacking = Unpacking { limits, left, inputs: Vec::new() };
    unpacking.input(input, 0);
    unpacking.inputs
}

struct Unpacking {
    limits: Limits,
    /// Bytes that may still come out of the file.
    left: u64,
    inputs: Vec<Input>,
}

impl Unpacking {
    fn input(&mut self, mut input: Input, layer: usize) {
        let head = match input.content.head(4096) {
            Ok(head) => head,
            Err(error) => return self.failed(input, error.to_string()),
        };
        if let Some(what) = refused(&head) {
            return self.failed(input, format!("this is {what}"));
        }
        match compression(&head) {
            Some(found) if layer < LAYERS => {
                input.compressed.push(found.name());
                let opened = match found {
                    Compression::Zip => self.zip(&input, layer),
                    Compression::Tar => self.tar(&input, layer),
                    _ => self.compressed(&input, found, layer),
                };
                if let Err(error) = opened {
                    self.failed(input, error.to_string());
                }
            }
            Some(found) => {
                self.failed(input, format!("more than {LAYERS} layers of compression, the innermost {}", found.name()))
            }
            None => {
                if let Some(encoding) = Encoding::of(&head) {
                    match input.content.read() {
                        Ok(bytes) => {
                            if let Some(text) = encoding.decode(&bytes) {
                                input.content = Content::Memory(Buffer::from_vec(text));
                            }
                        }
                        Err(error) => return self.failed(input, error.to_string()),
                    }
                }
                self.inputs.push(input);
            }
        }
    }

    /// An input without content, for its warning.
    fn failed(&mut self, input: Input, error: String) {
        let error = Some(input.error.map_or(error.clone(), |before| format!("{before}; {error}")));
        self.inputs.push(Input { content: Content::Memory(Buffer::default()), error, ..input });
    }

    fn compressed(&mut self, input: &Input, compression: Compression, layer: usize) -> std::io::Result<()> {
        let bytes = input.content.reader()?;
        let mut reader: Box<dyn Read> = match compression {
            Compression::Gz => Box::new(flate2::bufread::MultiGzDecoder::new(bytes)),
            Compression::Zst => Box::new(zstd::stream::read::Decoder::with_buffer(bytes)?),
            Compression::Bz2 => Box::new(bzip2::bufread::MultiBzDecoder::new(bytes)),
            _ => {
                let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED)?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(bytes, stream))
            }
        };
        let (plain, error) = self.read(&mut reader, input.content.len());
        self.member(input, input.path.clone(), plain, error, layer);
        Ok(())
    }

    fn zip(&mut self, input: &Input, layer: usize) -> std::io::Result<()> {
        let bytes = input.content.read()?;
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes.as_slice())).map_err(std::io::Error::other)?;
        for index in 0..archive.len() {
            let read = archive.by_index(index).map_err(std::io::Error::other).and_then(|mut member| {
                let name = member.name().map_err(std::io::Error::other)?.replace('\\', "/");
                if member.is_dir() || name.ends_with('/') || is_extra(&name) {
                    return Ok(None);
                }
                let size = member.compressed_size();
                Ok(Some((name, self.read(&mut member, size))))
            });
            match read {
                Ok(Some((name, (plain, error)))) => {
                    self.member(input, format!("{}:{name}", input.path), plain, error, layer);
                }
                Ok(None) => {}
                Err(error) => {
                    let name =
                        archive.name_for_index(index).and_then(Result::ok).map_or("?".to_owned(), |name| name.into_owned());
                    self.failed(Input { path: format!("{}:{name}", input.path), ..input.clone() }, error.to_string());
                }
            }
        }
        Ok(())
    }

    fn tar(&mut self, input: &Input, layer: usize) -> std::io::Result<()> {
        let mut archive = tar::Archive::new(input.content.reader()?);
        for entry in archive.entries()? {
            let mut entry = entry?;
            let name = entry.path()?.display().to_string();
            if !entry.header().entry_type().is_file() || is_extra(&name) {
                continue;
            }
            let size = entry.size();
            let (plain, error) = self.read(&mut entry, size);
            self.member(input, format!("{}:{name}", input.path), plain, error, layer);
        }
        Ok(())
    }

    fn member(&mut self, input: &Input, path: String, plain: Vec<u8>, error: Option<String>, layer: usize) {
        let content = Content::Memory(Buffer::from_vec(plain));
        self.input(Input { path, content, compressed: input.compressed.clone(), modified: input.modified, error }, layer + 1);
    }

    /// What comes out of `size` compressed bytes, as far as the limits and the data allow, and what ended it early. Of a
    /// text that is cut the last whole line stays the last.
    fn read(&mut self, reader: &mut dyn Read, size: u64) -> (Vec<u8>, Option<String>) {
        let Limits { free, ratio, .. } = self.limits;
        let own = free.max(size.saturating_mul(ratio));
        let most = own.min(self.left);
        let mut plain = Vec::new();
        let read = reader.take(most + 1).read_to_end(&mut plain);
        let mut error = read.err().map(|error| error.to_string());
        if plain.len() as u64 > most {
            error = Some(if own <= self.left {
                format!("expands to more than {ratio} times its size, cut after {most} bytes")
            } else {
                format!("the archive expands to more than {ratio} times its size, cut")
            });
            let end = memchr::memrchr(b'\n', &plain).map_or(0, |end| end + 1);
            plain.truncate(end);
            plain.shrink_to_fit();
        }
        self.left = self.left.saturating_sub(plain.len() as u64);
        (plain, error)
    }
}

impl Content {
    /// Reads the bytes as they are needed.
    fn reader(&self) -> std::io::Result<Box<dyn BufRead + '_>> {
        Ok(match self {
            Self::File(path, _) => Box::new(BufReader::with_capacity(256 << 10, std::fs::File::open(path)?)),
            Self::Memory(buffer) => Box::new(buffer.as_slice()),
        })
    }
}

/// Members that archivers of other systems add and that hold no events.
fn is_extra(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    name.starts_with("__MACOSX/") || file.starts_with("._") || file == ".DS_Store"
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::Write;

    fn input(bytes: Vec<u8>) -> Input {
        let content = Content::Memory(Buffer::from_vec(bytes));
        Input { path: "x".to_owned(), content, compressed: Vec::new(), modified: None, error: None }
    }

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    const SMALL: Limits = Limits { free: 10_000, total: 40_000, ratio: 20 };

    #[test]
    fn bombs_are_cut_and_the_rest_is_read() {
        let zeros = unpack(input(gz(&vec![0; 1 << 20])), SMALL);
        assert_eq!(zeros.len(), 1);
        assert_eq!(zeros[0].content.len(), 0);
        assert!(zeros[0].error.as_deref().unwrap().contains("more than 20 times"));
        // Lines before the limit are kept.
        let lines = unpack(input(gz("a line of text\n".repeat(50_000).as_bytes())), SMALL);
        assert!(lines[0].content.len() > 9_000 && lines[0].content.len().is_multiple_of(15) && lines[0].error.is_some());
        // A bomb inside an archive leaves the other members alone.
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        for (name, bytes) in [("a.log", b"one\n".to_vec()), ("bomb", vec![0; 1 << 20]), ("z.log", b"two\n".to_vec())] {
            zip.start_file(name, options).unwrap();
            zip.write_all(&bytes).unwrap();
        }
        let found = unpack(input(zip.finish().unwrap().into_inner()), SMALL);
        let names: Vec<(&str, u64, bool)> =
            found.iter().map(|input| (input.path.as_str(), input.content.len(), input.error.is_some())).collect();
        assert_eq!(names, [("x:a.log", 4, false), ("x:bomb", 0, true), ("x:z.log", 4, false)]);
        // Bombs in bombs end at the number of layers.
        let mut nested = b"one\n".to_vec();
        for _ in 0..6 {
            nested = gz(&nested);
        }
        assert!(unpack(input(nested), SMALL)[0].error.as_deref().unwrap().contains("layers"));
    }

    #[test]
    fn bz2_and_xz_are_opened() {
        let mut bz2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        bz2.write_all(b"one\n").unwrap();
        let bz2 = bz2.finish().unwrap();
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 6);
        xz.write_all(b"one\n").unwrap();
        let xz = xz.finish().unwrap();
        for (bytes, name) in [(bz2, "bz2"), (xz, "xz")] {
            // Files one after another count as one.
            let twice = [bytes.clone(), bytes.clone()].concat();
            let found = unpack(input(twice), SMALL);
            assert_eq!(found[0].content.read().unwrap().as_slice(), b"one\none\n", "{name}");
            assert_eq!(found[0].compressed, [name]);
            let cut = unpack(input(bytes[..bytes.len() - 6].to_vec()), SMALL);
            assert!(cut[0].error.is_some(), "{name}");
        }
    }

    #[test]
    fn captures_and_other_archives_are_refused() {
        for head in [&b"\xD4\xC3\xB2\xA1\x02\x00\x04\x00"[..], b"\x0A\x0D\x0D\x0A\x1C\x00\x00\x00", b"7z\xBC\xAF\x27\x1C\x00\x04"]
        {
            let found = unpack(input(head.to_vec()), SMALL);
            assert!(found[0].error.as_deref().unwrap().starts_with("this is a"), "{found:?}");
            assert_eq!(found[0].content.len(), 0);
        }
    }
}
