//! One attack at a time: carol can't be attacked twice at once. The lock is a file's, because the menu of
//! the inspector and the command line are two programs.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use tokio::task::spawn_blocking;
use url::Url;

/// The right to run an attack at one application; it ends with this value, or with the program.
pub(super) struct Turn {
    file: PathBuf,
    _locked: File,
}

impl Turn {
    /// Waits until no attack runs at `application`.
    pub(super) async fn wait_for(application: &Url) -> io::Result<Self> {
        let port = application.port_or_known_default().unwrap_or_default();
        let file = std::env::temp_dir().join(format!("countersign-attacks-{port}.lock"));
        spawn_blocking(move || lock(file)).await.map_err(io::Error::other)?
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _only_left_over_otherwise = fs::remove_file(&self.file);
    }
}

fn lock(file: PathBuf) -> io::Result<Turn> {
    loop {
        let opened = File::options().create(true).truncate(false).write(true).open(&file)?;
        opened.lock()?;
        // The one before has removed the file that this was waiting for.
        if is_at(&opened, &file)? {
            return Ok(Turn { file, _locked: opened });
        }
    }
}

/// Whether `path` still leads to `opened`.
fn is_at(opened: &File, path: &Path) -> io::Result<bool> {
    let opened = opened.metadata()?;
    match fs::metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (opened.dev(), opened.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
