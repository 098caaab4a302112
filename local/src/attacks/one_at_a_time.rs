//! One attack at a time: carol can't be attacked twice at once. The lock is a file's, because the menu of
//! the inspector and the command line are two programs.

use std::{fs::File, io};

use tokio::task::spawn_blocking;
use url::Url;

/// The right to run an attack at one application; it ends with this value, or with the program.
pub(super) struct Turn(File);

impl Turn {
    /// Waits until no attack runs at `application`.
    pub(super) async fn wait_for(application: &Url) -> io::Result<Self> {
        let port = application.port_or_known_default().unwrap_or_default();
        let path = std::env::temp_dir().join(format!("countersign-attacks-{port}.lock"));
        let locked = spawn_blocking(move || {
            let file = File::options().create(true).truncate(false).write(true).open(path)?;
            file.lock()?;
            Ok(Self(file))
        });
        locked.await.map_err(io::Error::other)?
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _unlocked_when_closed_otherwise = self.0.unlock();
    }
}
