//! The words that the user has said, as opposed to those of the model, of tools, and of the people whose
//! texts tools read.

use std::collections::BTreeSet;

use session::{Message, Role};

use super::Turn;

impl Turn {
    /// The words that the user has said before this turn, in what the model sees of it, count as
    /// theirs, too.
    pub(crate) fn heard_before(&mut self, earlier: &[Message]) {
        self.earlier_words = said(earlier);
    }

    /// Whether the user has said each of these words, in any order.
    pub(super) fn user_said(&self, words: &[String]) -> bool {
        let now = said(&self.messages);
        let is_said = |word: &String| {
            let word = word.to_lowercase();
            now.contains(&word) || self.earlier_words.contains(&word)
        };
        !words.is_empty() && words.iter().all(is_said)
    }
}

fn said(messages: &[Message]) -> BTreeSet<String> {
    let users = messages.iter().filter(|message| message.role == Role::User);
    users.flat_map(|message| words(&message.text())).collect()
}

/// Letters, digits, `-`, `_` and `.` make a word, as they do in names at providers; a full stop after it
/// is none of it.
fn words(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let words = text.split(|c| !is_part(c)).map(|word| word.trim_end_matches('.').to_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_name_is_a_word_with_or_without_an_owner_a_link_or_a_full_stop() {
        for text in [
            "the issues of octo-alice/diary.",
            "https://github.com/Octo-Alice/Diary/issues?q=1",
            "octo-alice\u{2019}s \u{201c}diary\u{201d}",
        ] {
            let words = words(text);
            assert!(words.contains("octo-alice") && words.contains("diary"), "{words:?}");
        }
        assert!(!words("diary-2, my_diary and diary.md").contains("diary"));
    }
}
