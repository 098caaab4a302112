//! An object as a file: one line of JSON about it, then its bytes.
//!
//! Both in one file, so that replacing it replaces both. Its name is short for any key, and
//! safe on file systems that fold case: a readable start, then the hash of the key.

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
const READABLE: usize = 40;

/// What the first line says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) key: String,
    pub(super) e_tag: String,
    pub(super) content_type: Option<String>,
}

/// What a listing says of an object.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) about: About,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

/// The file of `key`.
fn name(key: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let start: String = key.chars().take(READABLE).map(plain).collect();
    format!("{start}-{}{SUFFIX}", hex(digest(&SHA256, key.as_bytes()).as_ref()))
}

/// Makes or replaces an object's file, the whole of it at once.
pub(super) fn write(
    folder: &Path,
    key: String,
    content_type: Option<String>,
    body: &[u8],
) -> io::Result<Stored> {
    let e_tag = hex(&Md5::checksum(body));
    let path = folder.join(name(&key));
    let about = About { key, e_tag, content_type };
    let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
    serde_json::to_writer(&mut file, &about)?;
    file.write_all(b"\n")?;
    file.write_all(body)?;
    let modified = keep(file, &path)?.metadata()?.modified()?;
    Ok(Stored { about, size: body.len() as u64, modified })
}

fn keep(file: NamedTempFile, path: &Path) -> io::Result<File> {
    file.persist(path).map_err(|error| error.error)
}

/// The bytes of `key`.
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

/// Every object in `folder`. Unfinished files, left by a process that was killed, are removed.
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
    let about = serde_json::from_slice(&line)?;
    let whole = file.get_ref().metadata()?;
    Ok(Stored { about, size: whole.len().saturating_sub(head), modified: whole.modified()? })
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
