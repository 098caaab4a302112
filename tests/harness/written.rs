//! What must never be written down, looked for whenever a world ends: in every line that this
//! process has logged, in everything saved, and in what the model was sent (M7, M14).
//!
//! It knows secrets by their shape, whichever test they are from.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bedrock_local::THOUGHT;
use github_local::private_repositories;

use crate::{logs::Logs, proxy::Proxy};

/// Text that must be nowhere, in no test.
const NEVER: [&str; 10] = [
    "urn:ietf:params:oauth:request_uri",
    "/oauth2/authorize",
    "cal_at_",
    "cal_rt_",
    "gho_",
    "ghs_",
    "ghu_",
    "ghr_",
    // As the keys of `tests::openai` begin.
    "sk-proj-",
    "state=",
];
/// … nor these with a value.
const NEVER_WITH_A_VALUE: [&str; 2] = ["code=", "flow="];

/// What a world writes; what must not be there is looked for when it ends.
#[derive(Debug)]
pub(crate) struct Written {
    logs: Logs,
    folder: PathBuf,
    consent_key: String,
    model: Option<Proxy>,
}

impl Written {
    /// What a world writes that seals flows with `consent_key` and saves in `folder`.
    pub(crate) fn new(logs: Logs, folder: &Path, consent_key: &str) -> Self {
        Self { logs, folder: folder.to_owned(), consent_key: consent_key.to_owned(), model: None }
    }

    /// With what goes to the model.
    pub(crate) fn watch_model(&mut self, proxy: &Proxy) {
        self.model = Some(proxy.clone());
    }

    #[track_caller]
    fn assert_nothing_secret(&self, what: &str, text: &str) {
        let secret = secret_in(text, &self.consent_key);
        assert!(secret.is_none(), "{secret:?} is in {what}: {text}");
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for line in self.logs.unread() {
            self.assert_nothing_secret("a log", &line);
            let private = private_repositories().find(|name| line.contains(name));
            assert!(private.is_none(), "{private:?}, which is private, is in a log: {line}");
            assert!(!line.contains(THOUGHT), "the model's reasoning is in a log: {line}");
        }
        self.assert_nothing_secret("what is saved", &text_in(&self.folder));
        for seen in self.model.iter().flat_map(Proxy::seen) {
            self.assert_nothing_secret("a request to the model", &seen.body);
        }
    }
}

/// All that is in `folder`, as text. What goes while this looks was only passing.
pub(crate) fn text_in(folder: &Path) -> String {
    let mut text = String::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else if let Ok(bytes) = fs::read(entry.path()) {
                text.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
    }
    text
}

/// What `text` holds that it must not.
#[must_use]
pub fn secret_in<'a>(text: &str, consent_key: &'a str) -> Option<&'a str> {
    let part = NEVER.into_iter().chain([consent_key]).find(|part| text.contains(part));
    let valued = || NEVER_WITH_A_VALUE.into_iter().find(|name| has_value(text, name));
    part.or_else(valued).or_else(|| holds_jwt(text).then_some("a JWT"))
}

fn has_value(text: &str, name: &str) -> bool {
    let mut after = text.split(name).skip(1);
    after.any(|value| value.starts_with(|first: char| first.is_ascii_alphanumeric()))
}

/// `eyJ` is how a JSON object begins in base64.
fn holds_jwt(text: &str) -> bool {
    const LEAST: usize = 20;
    let is_base64url = |it: &u8| it.is_ascii_alphanumeric() || b"-_".contains(it);
    let length = |after: &str| after.bytes().take_while(is_base64url).count();
    text.split("eyJ").skip(1).any(|after| length(after) >= LEAST)
}

#[cfg(test)]
mod tests {
    use super::secret_in;

    const KEY: &str = "the-key-that-seals-flows";

    #[test]
    fn m7_every_kind_of_secret_is_found_wherever_it_stands() {
        for secret in [
            "urn:ietf:params:oauth:request_uri:abc",
            "https://agentcore.example/identities/oauth2/authorize?x",
            "gho_16C7e42F292c6912E7710c838347Ae178B4a",
            "ghu_a",
            "ghs_a",
            "ghr_a",
            "sk-proj-of-a-test",
            "state=",
            "code=4a",
            "/consent?flow=AbC",
            KEY,
            "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln",
        ] {
            let line = format!("{{\"message\":\"before {secret} after\"}}");
            assert!(secret_in(&line, KEY).is_some(), "{secret}");
        }
    }

    #[test]
    fn m7_text_without_a_secret_is_not_taken_for_one() {
        for text in ["", "a code= without one", "flow=", "\"flow\":\"0a1b2c\"", "eyJ and more"] {
            assert_eq!(secret_in(text, KEY), None, "{text}");
        }
    }
}
