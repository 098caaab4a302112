//! Finding words in a message: phrases, repositories, numbers, what is quoted.

/// Before the name of a repository.
const BEFORE_A_PLACE: &[&str] = &["in", "of", "inside", "from", "for", "on", "at", "to"];
/// Between that and a name.
const BETWEEN: &[&str] =
    &["the", "my", "our", "your", "this", "that", "a", "repository", "repo", "project"];
/// No names of repositories, though they stand where one could.
const NO_NAMES: &[&str] = &[
    "github",
    "it",
    "them",
    "me",
    "mine",
    "code",
    "general",
    "total",
    "there",
    "here",
    "repositories",
    "repos",
    "projects",
    "issue",
    "issues",
    "pull",
    "commits",
    "files",
    "file",
    "folder",
    "calendar",
    "all",
    "line",
    "page",
    "title",
    "which",
    "what",
    "description",
    "number",
];
const PUNCTUATION: &[char] = &['?', ':', ';', ',', '.', '!', '"', '“', '”', '(', ')', '`', '\''];

/// A text in which phrases are found without regard to case.
pub(super) struct Words<'a> {
    pub(super) text: &'a str,
    /// As long as `text`, and a space.
    lowercase: String,
}

impl<'a> Words<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let lowercase = format!("{} ", text.to_ascii_lowercase().replace('\n', " "));
        Self { text, lowercase }
    }

    /// Whether it has one of these. A phrase begins where a word does, and can end inside one.
    pub(super) fn has(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.find(phrase).is_some())
    }

    /// What comes after the first of `phrases` that it has.
    pub(super) fn after(&self, phrases: &[&str]) -> Option<&'a str> {
        let (at, phrase) = phrases.iter().find_map(|phrase| Some((self.find(phrase)?, phrase)))?;
        Some(self.text.get(at + phrase.len()..).unwrap_or_default())
    }

    fn find(&self, phrase: &str) -> Option<usize> {
        let begins = |at: usize| {
            !self.lowercase[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-')
        };
        self.lowercase.match_indices(phrase).map(|(at, _)| at).find(|at| begins(*at))
    }

    fn tokens(&self) -> Vec<&'a str> {
        self.text.split_whitespace().map(|token| token.trim_matches(PUNCTUATION)).collect()
    }

    /// The number of an issue or a pull request.
    pub(super) fn number(&self) -> Option<u64> {
        let tokens = self.tokens();
        let counts_something_else = |at: usize| {
            at > 0 && matches!(tokens[at - 1].to_ascii_lowercase().as_str(), "page" | "line")
        };
        let number = |at: usize| tokens[at].trim_start_matches('#').parse().ok();
        (0..tokens.len()).filter(|at| !counts_something_else(*at)).find_map(number)
    }

    /// The number after `word`, such as `page`.
    pub(super) fn counted(&self, word: &str) -> Option<u64> {
        self.after(&[word])?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }

    /// `OWNER/NAME`, or the mere name of a repository: one for which `is_known`, or that stands where one
    /// would.
    pub(super) fn place(&self, is_known: impl Fn(&str) -> bool) -> Option<&'a str> {
        let tokens: Vec<&str> = self.tokens().into_iter().map(without_possession).collect();
        let is_introduced = |at: usize| {
            let mut before = tokens[..at].iter().rev().map(|it| it.to_ascii_lowercase());
            let before = before.find(|it| !BETWEEN.contains(&it.as_str()));
            before.is_some_and(|it| BEFORE_A_PLACE.contains(&it.as_str()))
        };
        let full: Vec<usize> = (0..tokens.len()).filter(|at| is_full_name(tokens[*at])).collect();
        let introduced = full.iter().rev().copied().find(|at| is_introduced(*at));
        if let Some(at) =
            introduced.or(full.last().copied().filter(|at| !tokens[*at].contains('.')))
        {
            return Some(tokens[at]);
        }
        let is_bare = |token: &str| {
            let token = token.to_ascii_lowercase();
            !token.is_empty()
                && token.chars().all(is_of_a_name)
                && token.parse::<u64>().is_err()
                && ![NO_NAMES, BETWEEN, BEFORE_A_PLACE].concat().contains(&token.as_str())
        };
        let known = tokens.iter().copied().find(|token| is_bare(token) && is_known(token));
        let plain = (1..tokens.len()).find(|at| {
            let mut before = tokens[..*at].iter().rev().map(|it| it.to_ascii_lowercase());
            let before = before.find(|it| !BETWEEN.contains(&it.as_str()));
            let is_after = before.is_some_and(|it| matches!(it.as_str(), "in" | "of" | "inside"));
            is_after && is_bare(tokens[*at])
        });
        known.or_else(|| plain.map(|at| tokens[at]))
    }

    /// The path of a file or a folder that is to be read from `place`.
    pub(super) fn path(&self, place: Option<&str>) -> Option<&'a str> {
        let between = |words: &[&str]| {
            let rest = self.after(words)?;
            let (path, _) = rest.split_once(" in ").or_else(|| rest.split_once(" of "))?;
            let path = path.trim_start_matches("the ").trim_start_matches("file ");
            (!path.trim().is_empty() && !path.contains(' ')).then(|| path.trim_matches('`'))
        };
        let named = || {
            let tokens = self.tokens().into_iter().map(without_possession);
            let is_path = |token: &&str| {
                Some(*token) != place && token.contains(['.', '/']) && !token.contains("://")
            };
            let mut tokens = tokens;
            tokens.find(is_path)
        };
        let path = between(&["folder ", "files in ", "read ", "cat "]).or_else(named);
        path.filter(|path| Some(*path) != place && !path.eq_ignore_ascii_case("readme"))
    }
}

/// `{owner}/{name}`.
pub(super) fn is_full_name(token: &str) -> bool {
    token.split_once('/').is_some_and(|(owner, name)| {
        let is_name = |it: &str| !it.is_empty() && it.chars().all(is_of_a_name);
        is_name(owner) && is_name(name)
    })
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn without_possession(token: &str) -> &str {
    token.strip_suffix("'s").or_else(|| token.strip_suffix("’s")).unwrap_or(token)
}

/// Separates what somebody is to read, a title or a comment, from the words around it: what is quoted, what
/// follows a colon, or what follows a word such as `titled`.
pub(super) fn free_text(text: &str) -> (String, Option<&str>) {
    let colon = text.find(": ").or_else(|| text.find(":\n"));
    let quote = text.find(['"', '“']);
    if let Some(at) = quote.filter(|at| colon.is_none_or(|colon| *at < colon)) {
        let inside = text[at..].trim_start_matches(['"', '“']);
        if let Some((quoted, rest)) = inside.split_once(['"', '”']) {
            return (format!("{} {rest}", &text[..at]), some(quoted));
        }
    }
    if let Some(at) = colon {
        return (text[..at].to_owned(), some(text[at + 1..].trim()));
    }
    let words = Words::of(text);
    let titled =
        [" titled ", " called ", " with the title ", " with title ", " saying ", " that says "];
    for phrase in titled {
        let Some(rest) = words.after(&[phrase.trim_start()]) else { continue };
        let head = &text[..text.len() - rest.len() - phrase.trim_start().len()];
        if let Some((inside, place)) = rest.rsplit_once(" in ")
            && is_full_name(place.trim_matches(PUNCTUATION))
        {
            return (format!("{head} in {place}"), some(inside));
        }
        return (head.to_owned(), some(rest.trim()));
    }
    (text.to_owned(), None)
}

/// The text without the quotation marks around it, if there is any.
fn some(text: &str) -> Option<&str> {
    let text = text.trim();
    let quoted = text.strip_prefix(['"', '“']).and_then(|it| it.strip_suffix(['"', '”']));
    Some(quoted.unwrap_or(text).trim()).filter(|text| !text.is_empty())
}
