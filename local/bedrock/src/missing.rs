//! What a call still needs: the script asks for it, and takes the next message as the answer. That it has
//! asked is seen from the conversation alone.

use super::{
    conversation::{Exchange, Known},
    intents::{self, Draft},
    wordings::{Words, is_full_name},
};

/// What a tool can't do without.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Repository,
    Number,
    Title,
    Body,
    Query,
}

const ALL: [Need; 5] = [Need::Repository, Need::Number, Need::Title, Need::Body, Need::Query];

impl Need {
    fn member(self) -> &'static str {
        match self {
            Self::Repository => "repo",
            Self::Number => "number",
            Self::Title => "title",
            Self::Body => "body",
            Self::Query => "query",
        }
    }

    fn question(self) -> &'static str {
        match self {
            Self::Repository => "in which repository (OWNER/NAME)",
            Self::Number => "which number has it",
            Self::Title => "with which title",
            Self::Body => "what shall the comment say",
            Self::Query => "which words shall I look for",
        }
    }

    fn is_free_text(self) -> bool {
        matches!(self, Self::Title | Self::Body | Self::Query)
    }
}

fn needs(draft: &Draft) -> Vec<Need> {
    let all: &[Need] = match draft.tool {
        "github_search_repositories" | "github_search_code" => &[Need::Query],
        "github_list_issues"
        | "github_list_pull_requests"
        | "github_list_commits"
        | "github_read_contents" => &[Need::Repository],
        "github_read_issue" | "github_read_pull_request" => &[Need::Repository, Need::Number],
        "github_create_issue" => &[Need::Repository, Need::Title],
        "github_comment_on_issue" => &[Need::Repository, Need::Number, Need::Body],
        _ => &[],
    };
    let missing = |need: &Need| !draft.input.contains_key(need.member());
    let mut missing: Vec<Need> = all.iter().copied().filter(missing).collect();
    // A search of all code needs no repository, unless one was named that nobody knows.
    if all == [Need::Query] && draft.unclear.is_some() {
        missing.insert(0, Need::Repository);
    }
    missing
}

/// The question for what the first of `drafts` that is not complete needs. `None` if all are complete.
pub(super) fn question(drafts: &[Draft], known: &Known) -> Option<String> {
    let (draft, missing) =
        drafts.iter().map(|it| (it, needs(it))).find(|(_, it)| !it.is_empty())?;
    let asked: Vec<&str> = missing.into_iter().map(Need::question).collect();
    let asked = asked.join(", and ");
    let (first, rest) = asked.split_at(1);
    let question = format!("{}{rest}?", first.to_ascii_uppercase());
    let Some(name) = &draft.unclear else { return Some(question) };
    let why = match known.named(name).as_slice() {
        [] => format!("I have not seen a repository “{name}” in our conversation."),
        several => format!("There are several called “{name}”: {}.", several.join(", ")),
    };
    Some(format!("{why} {question}"))
}

fn is_question(answered: &str) -> bool {
    let last = answered.rsplit(['.', '\n']).next().unwrap_or_default();
    let last = last.trim_matches([')', ' ']).to_lowercase();
    let Some(asked) = last.strip_suffix('?') else { return false };
    asked.split(", and ").all(|part| ALL.iter().any(|it| it.question().to_lowercase() == part))
}

/// What the user wants now, where the messages before may belong to it.
pub(super) fn wanted(exchanges: &[Exchange], known: &Known) -> Vec<Draft> {
    let Some((last, before)) = exchanges.split_last() else { return Vec::new() };
    let asked = before.iter().rev().take_while(|it| is_question(&it.answered)).count();
    let mut drafts = Vec::new();
    for exchange in before[before.len() - asked..].iter().chain([last]) {
        let open = drafts.iter().position(|it| !needs(it).is_empty());
        match open.map(|at| &mut drafts[at]) {
            Some(_) if is_given_up(&exchange.said) => drafts = Vec::new(),
            Some(draft) if is_answer(draft, &exchange.said, known) => {
                fill(draft, &exchange.said, known);
            }
            _ => drafts = intents::of(&exchange.said, known),
        }
    }
    drafts
}

fn is_given_up(said: &str) -> bool {
    let said = said.trim().to_lowercase();
    let begins =
        ["never mind", "nevermind", "cancel", "forget it", "stop", "help", "what can you do"];
    begins.iter().any(|it| said.starts_with(it))
}

/// Whether it says what was asked for, and is no other wish.
fn is_answer(draft: &Draft, said: &str, known: &Known) -> bool {
    let missing = needs(draft);
    let words: Vec<&str> = said.split_whitespace().collect();
    let first = words.iter().find(|it| !["in", "of", "the"].contains(&it.to_lowercase().as_str()));
    let begins_with_name =
        first.is_some_and(|it| is_full_name(it.trim_end_matches([':', ',', '.', ';'])));
    let is_text = missing.iter().all(|need| need.is_free_text());
    let other = intents::of(said, known);
    let is_other = !other.is_empty() && other.iter().all(|it| needs(it).is_empty());
    begins_with_name || is_text || !is_other
}

fn fill(draft: &mut Draft, said: &str, known: &Known) {
    let mut rest = said.trim();
    for need in needs(draft) {
        let value = match need {
            Need::Repository => {
                rest = name(draft, rest, known);
                continue;
            }
            Need::Number => {
                let Some((number, after)) = number(rest) else { continue };
                rest = after;
                number.into()
            }
            Need::Title | Need::Body | Need::Query => {
                let text = free_text(rest);
                if text.is_empty() {
                    continue;
                }
                text.into()
            }
        };
        draft.input.insert(need.member().to_owned(), value);
    }
}

/// Takes the repository at the beginning of `said`, or the `OWNER/NAME` anywhere in it. Returns the rest.
fn name<'a>(draft: &mut Draft, said: &'a str, known: &Known) -> &'a str {
    let mut rest = said;
    for word in ["in ", "of ", "the ", "my ", "repository ", "repo ", "project "] {
        let has = rest.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word));
        rest = if has { &rest[word.len()..] } else { rest };
    }
    let ends = |c: char| c.is_whitespace() || [':', ',', ';', '?', '!'].contains(&c);
    let (first, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
    let first = first.trim_end_matches('.');
    if is_full_name(first) || !known.named(first).is_empty() {
        intents::name(draft, first, known);
        return after;
    }
    let place = Words::of(said).place(|name| !known.named(name).is_empty());
    if let Some(place) = place {
        intents::name(draft, place, known);
        let before = said.split(place).next().unwrap_or_default().trim_end();
        return before.strip_suffix(" in").or_else(|| before.strip_suffix(" of")).unwrap_or(before);
    }
    if after.trim().is_empty() {
        draft.unclear = Some(first.to_owned());
        return "";
    }
    said
}

fn number(said: &str) -> Option<(u64, &str)> {
    let at = said.find(|c: char| c.is_ascii_digit())?;
    let digits = &said[at..];
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    Some((digits[..end].parse().ok()?, &digits[end..]))
}

/// The words without what introduces and separates them.
fn free_text(said: &str) -> &str {
    let separators = [':', ',', ';', ' ', '-', '–', '—', '"', '“', '”'];
    let mut text = said.trim().trim_matches(separators);
    for word in ["and ", "with ", "the ", "title ", "titled ", "called ", "saying ", "that says "] {
        let has = text.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word));
        let is_whole = said.trim().len() == text.len();
        text = if has && (!is_whole || word != "the ") { &text[word.len()..] } else { text };
    }
    text.trim().trim_matches(separators)
}
