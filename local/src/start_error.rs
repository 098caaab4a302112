//! Why the start failed, with a message for the person who started it.

use std::{io, path::PathBuf};

use bedrock_local::ModelError;
use edge::ConfigError;

use crate::binaries::BinaryError;

/// Why the start failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program listens on a port that is needed.
    #[error(
        "port {port}, for {what}, is taken by another program; stop it, or choose other ports \
         with --port"
    )]
    PortTaken {
        /// The port.
        port: u16,
        /// What it is for.
        what: &'static str,
    },
    /// A port can't be listened on for another reason.
    #[error("port {port}, for {what}, can't be listened on: {error}")]
    Listen {
        /// The port.
        port: u16,
        /// What it is for.
        what: &'static str,
        /// Why not.
        error: io::Error,
    },
    /// The data folder can't be used.
    #[error("the data folder {} can't be used: {error}; choose another with --data", folder.display())]
    Data {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The services' binaries are missing or can't be built.
    #[error(transparent)]
    Binaries(#[from] BinaryError),
    /// A service's binary can't be run, or ended before it listened.
    #[error("{name} can't be run: {error}")]
    Process {
        /// The service.
        name: &'static str,
        /// Why not.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A service refuses its configuration.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// It is not said which model a server is asked for.
    #[error("which model? Name one that the server has with --model-id")]
    ModelId,
    /// The real model can't be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// An unexpected I/O error.
    #[error(transparent)]
    Io(io::Error),
    /// An invalid address.
    #[error(transparent)]
    Address(#[from] url::ParseError),
}
