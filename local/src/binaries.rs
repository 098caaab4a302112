//! The binaries of the functions and the containers: taken from a folder, or built.
//!
//! Cargo does not build other packages' binaries by itself. The build is of the whole workspace, limited
//! to these binaries, so that dependencies have the same features as in any other build of the workspace
//! and nothing compiles twice.

use std::{
    collections::BTreeMap,
    env, io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use serde::Deserialize;
use tokio::{process::Command, sync::Mutex};

/// The path of each binary, by name.
pub type Binaries = BTreeMap<String, PathBuf>;

/// Why a binary can't be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BinaryError {
    /// The folder lacks some.
    #[error("{} lacks {}", .folder.display(), .names.join(", "))]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The missing ones.
        names: Vec<String>,
    },
    /// Cargo can't be run.
    #[error("cargo could not be run")]
    Cargo(#[source] io::Error),
    /// The build failed; cargo has printed why.
    #[error("cargo build failed ({0})")]
    Build(ExitStatus),
    /// The build succeeded without making this one.
    #[error("cargo build did not make {0}")]
    NotBuilt(String),
}

/// Returns the paths of the binaries `names`: in `folder`, or built if there is no folder, with cargo's
/// progress on standard error. A process builds each only once.
///
/// # Errors
/// When one is missing, or the build fails.
pub async fn find(folder: Option<&Path>, names: &[&str]) -> Result<Binaries, BinaryError> {
    match folder {
        Some(folder) => in_folder(folder, names),
        None => built(names).await,
    }
}

fn in_folder(folder: &Path, names: &[&str]) -> Result<Binaries, BinaryError> {
    let places = names.iter().map(|name| ((*name).to_owned(), folder.join(name)));
    let (found, missing): (Binaries, Binaries) = places.partition(|(_, place)| place.is_file());
    if missing.is_empty() {
        return Ok(found);
    }
    let names = missing.into_keys().collect();
    Err(BinaryError::Missing { folder: folder.to_owned(), names })
}

async fn built(names: &[&str]) -> Result<Binaries, BinaryError> {
    /// What this process has built; locked while it builds.
    static BUILT: Mutex<Binaries> = Mutex::const_new(Binaries::new());

    let mut known = BUILT.lock().await;
    if names.iter().any(|name| !known.contains_key(*name)) {
        known.extend(build(names).await?);
    }
    let place = |name: &&str| {
        let place = known.get(*name).ok_or_else(|| BinaryError::NotBuilt((*name).to_owned()))?;
        Ok(((*name).to_owned(), place.clone()))
    };
    names.iter().map(place).collect()
}

async fn build(names: &[&str]) -> Result<Binaries, BinaryError> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    command.args(["build", "--workspace", "--message-format=json-render-diagnostics"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    command.args(names.iter().flat_map(|name| ["--bin", name]));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().map_err(BinaryError::Cargo)?;
    let output = child.wait_with_output().await.map_err(BinaryError::Cargo)?;
    if !output.status.success() {
        return Err(BinaryError::Build(output.status));
    }
    Ok(executables(&output.stdout))
}

/// One of cargo's messages; most have neither member.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    target: Option<CargoTarget>,
}

#[derive(Deserialize)]
struct CargoTarget {
    name: String,
}

fn executables(messages: &[u8]) -> Binaries {
    let messages = messages.split(|byte| *byte == b'\n');
    let messages = messages.filter_map(|line| serde_json::from_slice::<Message>(line).ok());
    messages.filter_map(|message| Some((message.target?.name, message.executable?))).collect()
}
