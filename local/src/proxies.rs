//! Requests to this machine never go through a proxy, even if the environment has one for other
//! hosts. Every HTTP client here reads the same variables of the process (`HTTP_PROXY` and its like,
//! `NO_PROXY`), which can't be changed from within, so the process starts itself again with others.

use std::{env, io, os::unix::process::CommandExt, process::Command};

use edge::Source;

/// The variables of proxies for plain HTTP, which all stand-ins use.
const PROXIES: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
const LOOPBACK: [&str; 2] = ["localhost", "127.0.0.1"];

/// Starts this process again with `NO_PROXY` for this machine, if it is needed.
///
/// # Errors
/// When it can't be started again.
pub fn bypass_for_loopback(source: &dyn Source) -> io::Result<()> {
    let Some(exceptions) = exceptions(source) else { return Ok(()) };
    let mut again = Command::new(env::current_exe()?);
    again.args(env::args_os().skip(1)).env("NO_PROXY", &exceptions).env("no_proxy", &exceptions);
    Err(again.exec())
}

/// Returns the value that `NO_PROXY` needs. `None` if it can stay as it is.
fn exceptions(source: &dyn Source) -> Option<String> {
    PROXIES.iter().find_map(|name| source.get(name))?;
    let set = source.get("no_proxy").or_else(|| source.get("NO_PROXY")).unwrap_or_default();
    let mut names: Vec<&str> = set.split(',').map(str::trim).collect();
    names.retain(|name| !name.is_empty());
    if names.contains(&"*") || LOOPBACK.iter().all(|name| names.contains(name)) {
        return None;
    }
    names.extend(LOOPBACK);
    Some(names.join(","))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::exceptions;

    #[test]
    fn a_process_restarts_at_most_once_and_only_with_a_proxy() {
        let mut variables = BTreeMap::from([("NO_PROXY".to_owned(), "intranet".to_owned())]);
        assert_eq!(exceptions(&variables), None);
        variables.insert("http_proxy".to_owned(), "http://proxy.example".to_owned());
        let needed = exceptions(&variables).unwrap();
        assert_eq!(needed, "intranet,localhost,127.0.0.1");
        variables.insert("no_proxy".to_owned(), needed);
        assert_eq!(exceptions(&variables), None);
    }
}
