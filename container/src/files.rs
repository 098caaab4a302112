//! Open files: every connection is one, on both sides of a service.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises this process's soft limit of open files to the hard one: the usual 1,024 are for programs
/// that use `select(2)`, which can't look at more (getrlimit(2); systemd, "File Descriptor Limits").
/// Returns the limit from now on, if there is one.
pub(crate) fn raise_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return limit.current;
    }
    let raised = Rlimit { current: limit.maximum, ..limit };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, limit = ?limit.current, "the limit of open files stays as it is");
            limit.current
        }
    }
}

/// How many of `wanted` connections there can be with `files` open files: a quarter is left for what requests ask
/// elsewhere.
pub(crate) fn connections(wanted: usize, files: Option<u64>) -> usize {
    let files = files.and_then(|files| usize::try_from(files).ok());
    let most = files.map_or(wanted, |files| (files / 4 * 3).max(1));
    if most < wanted {
        tracing::warn!(
            wanted,
            connections = most,
            "the limit of open files allows fewer connections"
        );
    }
    wanted.min(most)
}

#[cfg(test)]
mod tests {
    use super::connections;

    #[test]
    fn open_files_are_left_for_what_requests_ask_elsewhere() {
        assert_eq!(connections(3_000, None), 3_000);
        assert_eq!(connections(3_000, Some(1_048_576)), 3_000);
        assert_eq!(connections(3_000, Some(1_024)), 768);
        assert_eq!(connections(3_000, Some(0)), 1);
    }
}
