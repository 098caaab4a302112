//! An object as a file: one line of JSON with its metadata, then its bytes.
//!
//! Both are in one file, so that they are replaced together. Its name is short for any key, and
//! unique on file systems that ignore case: a readable start, then the hash of the key.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
    time::SystemTime,
};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use s3s::crypto::{Checksum, Md5};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

const SUFFIX: &str = ".object";
const UNFINISHED: &str = ".unfinished-";
const READABLE_CHARACTERS: usize = 40;

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Metadata {
    pub(super) key: String,
    pub(super) e_tag: String,
    pub(super) content_type: Option<String>,
}

/// An object without its bytes.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) metadata: Metadata,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

/// Returns the name of the file of `key`.
fn name(key: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let start: String = key.chars().take(READABLE_CHARACTERS).map(plain).collect();
    format!("{start}-{}{SUFFIX}", hex(digest(&SHA256, key.as_bytes()).as_ref()))
}

/// Creates or replaces an object's file atomically.
pub(super) fn write(
    folder: &Path,
    key: String,
    content_type: Option<String>,
    body: &[u8],
) -> io::Result<Stored> {
    let e_tag = hex(&Md5::checksum(body));
    let path = folder.join(name(&key));
    let metadata = Metadata { key, e_tag, content_type };
    let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
    serde_json::to_writer(&mut file, &metadata)?;
    file.write_all(b"\n")?;
    file.write_all(body)?;
    let modified = persist(file, &path)?.metadata()?.modified()?;
    Ok(Stored { metadata, size: body.len() as u64, modified })
}

fn persist(file: NamedTempFile, path: &Path) -> io::Result<File> {
    file.persist(path).map_err(|error| error.error)
}

/// Reads the bytes of `key`.
pub(super) fn read(folder: &Path, key: &str) -> io::Result<Bytes> {
    let mut file = BufReader::new(File::open(folder.join(name(key)))?);
    file.skip_until(b'\n')?;
    let mut body = Vec::new();
    file.read_to_end(&mut body)?;
    Ok(body.into())
}

/// Removes the file of `key`.
pub(super) fn remove(folder: &Path, key: &str) -> io::Result<()> {
    fs::remove_file(folder.join(name(key)))
}

/// Returns every object in `folder`. Removes the unfinished files of a process that was killed.
pub(super) fn all(folder: &Path) -> io::Result<Vec<Stored>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(UNFINISHED) {
            fs::remove_file(entry.path())?;
        } else if name.ends_with(SUFFIX) {
            let damaged = |error| io::Error::other(format!("{}: {error}", entry.path().display()));
            found.push(inspect(&entry.path()).map_err(damaged)?);
        }
    }
    Ok(found)
}

fn inspect(path: &Path) -> io::Result<Stored> {
    let mut file = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    let head = file.read_until(b'\n', &mut line)? as u64;
    let metadata = serde_json::from_slice(&line)?;
    let whole_file = file.get_ref().metadata()?;
    Ok(Stored {
        metadata,
        size: whole_file.len().saturating_sub(head),
        modified: whole_file.modified()?,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_file_name_is_short_in_lower_case_and_no_path() {
        for key in ["alice/S.json", "../..", "😀", &"a".repeat(1_024)] {
            let name = name(key);
            assert!(name.len() <= 128, "{name}");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
            assert!(name.chars().all(plain), "{name}");
        }
        assert_ne!(name("alice/S.json"), name("alice/s.json"));
    }
}
