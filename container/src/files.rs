//! Open files: every connection is one, on both sides of a service.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises this process's soft limit of open files to the hard one: the usual 1,024 are for programs
/// that use `select(2)`, which can't look at more (getrlimit(2); systemd, "File Descriptor Limits").
pub(crate) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let raised = Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, limit = ?limit.current, "the limit of open files stays as it is");
    }
}
