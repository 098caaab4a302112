//! The words that the user has said, as opposed to those of the model, of tools, and of the people whose
//! texts tools read.

use session::{Message, Role};

use super::Turn;

impl Turn {
    /// What the user has said before this turn, as far as the model sees it, counts as theirs, too.
    pub(crate) fn heard_before(&mut self, earlier: &[Message]) {
        self.said_earlier = said(earlier).collect();
        self.widen();
    }

    /// Whether one message of the user's has one of these phrases. A client's call has no such messages: its
    /// input is all that is asked, and counts as said.
    pub(super) fn user_said<T: AsRef<str>>(&self, phrases: &[T]) -> bool {
        if self.rules.is_one_call {
            return !phrases.is_empty();
        }
        let has = |text: &String| phrases.iter().any(|phrase| holds(text, phrase.as_ref()));
        self.said_earlier.iter().any(has) || said(&self.messages).any(|text| has(&text))
    }

    /// A call that the user themselves has asked for needs at once what it takes.
    pub(super) fn widen(&mut self) {
        for at in 0..self.calls.len() {
            let input = &self.calls[at].tool_use.input;
            let Some(needs) = self.calls[at].open().and_then(|it| it.tool.spec().needs.as_ref())
            else {
                continue;
            };
            let wider = self.user_said((needs.meant_by)(input)).then(|| needs.at_most.clone());
            let need = self.calls[at].open_mut().and_then(|open| open.need.as_mut());
            need.into_iter().for_each(|need| need.scopes.extend(wider.iter().flatten().cloned()));
        }
    }
}

/// Each message of the user's, in one form: in lower case, with one space where there are several.
fn said(messages: &[Message]) -> impl Iterator<Item = String> {
    messages.iter().filter(|message| message.role == Role::User).map(|it| plain(&it.text()))
}

fn plain(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether `text` has `phrase` as words of its own: not as a part of a longer word, and not in the middle of
/// a path. At the beginning of a path, behind a host, it counts.
fn holds(text: &str, phrase: &str) -> bool {
    let phrase = plain(phrase);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let begins = |before: &str| match before.strip_suffix('/') {
        Some(path) => is_host(path),
        None => !before.ends_with(|c| is_part(c) || c == '.'),
    };
    let ends = |after: &str| {
        let after = after.strip_prefix(".git").unwrap_or(after).trim_start_matches('.');
        !after.starts_with(is_part)
    };
    // A phrase that begins or ends with a quotation mark has its own edges.
    let is_word = |c: Option<char>| c.is_some_and(is_part);
    let (first, last) = (is_word(phrase.chars().next()), is_word(phrase.chars().next_back()));
    phrase.contains(char::is_alphanumeric)
        && text.match_indices(&phrase).any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + phrase.len()..]);
            (!first || begins(before)) && (!last || ends(after))
        })
}

/// Whether `text` ends in a host, with or without a scheme before it.
fn is_host(text: &str) -> bool {
    let word = text.rsplit(|c: char| c.is_whitespace() || "<>()[]\"'`".contains(c)).next();
    let host = word.map(|it| it.split_once("://").map_or(it, |(_, host)| host));
    host.is_some_and(|host| !host.contains('/') && host.contains(['.', ':']))
}

#[cfg(test)]
mod tests {
    use super::{holds, plain};

    fn says(text: &str, phrase: &str) -> bool {
        holds(&plain(text), phrase)
    }

    #[test]
    fn a_full_name_counts_in_a_sentence_and_in_an_address() {
        for text in [
            "the issues of octo-alice/diary.",
            "octo-alice/diary: what is open?",
            "https://github.com/Octo-Alice/Diary/issues?q=1",
            "see (github.com/octo-alice/diary)",
            "git clone git@github.com:octo-alice/diary.git",
            "http://127.0.0.1:9002/octo-alice/diary",
        ] {
            assert!(says(text, "octo-alice/diary"), "{text}");
        }
    }

    /// Mallory registers a name that is made of words that the user has said, or of a part of a path.
    #[test]
    fn parts_of_other_names_are_no_name() {
        for (text, name) in [
            ("list the issues of acme/garden", "acme/issues"),
            ("octo-alice has a diary", "octo-alice/diary"),
            ("octo-alice / diary", "octo-alice/diary"),
            ("https://github.com/acme/garden/issues", "garden/issues"),
            ("acme/garden/issues", "garden/issues"),
            ("acme/garden-two", "acme/garden"),
            ("acme/garden.md", "acme/garden"),
            ("my-acme/garden", "acme/garden"),
            ("x.acme/garden", "acme/garden"),
            ("and/or", "-/_"),
            ("- / _ -/_ what", "-/_"),
        ] {
            assert!(!says(text, name), "{name} in {text}");
        }
    }

    #[test]
    fn a_phrase_is_whole_words_in_their_order() {
        assert!(says("My  Private\nRepositories?", "private repositories"));
        assert!(!says("repositories, private", "private repositories"));
        assert!(!says("nonprivate repositories", "private repositories"));
        assert!(says("what is open in my \"diary\"?", "\"diary\""));
        assert!(!says("what is open in my diary?", "\"diary\""));
    }
}
