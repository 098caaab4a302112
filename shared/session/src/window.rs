//! What the model sees of a conversation: the newest turns that fit its context.
//!
//! Tokens are estimated, a little too high for most text: one for every 3 bytes of UTF-8, so
//! that scripts with a token for each character are not taken for cheaper than they are.

use std::{borrow::Cow, str::FromStr};

use crate::{
    json_size::json_bytes,
    message::{Block, Message, ToolOutput, ToolResult, turns},
};

const BYTES_PER_TOKEN: usize = 3;
/// What the wire format of a block costs.
const BLOCK: usize = 4;
/// A tool's result is never shortened to less than this.
const SHORTEST_RESULT: usize = 64;

/// How many tokens of conversation a model is given, at least 1,000. System prompt and tools
/// come on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContextTokens(usize);

/// What can't be [`ContextTokens`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number of tokens, at least 1000, is expected")]
pub struct InvalidContextTokens;

impl FromStr for ContextTokens {
    type Err = InvalidContextTokens;

    fn from_str(text: &str) -> Result<Self, InvalidContextTokens> {
        let tokens = text.parse().ok().map(Self).filter(|tokens| *tokens >= Self::LEAST);
        tokens.ok_or(InvalidContextTokens)
    }
}

impl ContextTokens {
    /// The least that may be configured.
    pub const LEAST: Self = Self(1_000);

    /// How many tokens.
    #[must_use]
    pub fn get(self) -> usize {
        self.0
    }

    /// Half as much as is seen of `history` and `turn` now, or as little as can be; `None` if
    /// nothing of them can be left out.
    #[must_use]
    pub fn half(self, history: &[Message], turn: &[Message]) -> Option<Self> {
        let seen = |limit: Self| cost(&limit.view(history, turn));
        let now = seen(self);
        let mut limit = now.min(self.0) / 2;
        while limit >= SHORTEST_RESULT {
            // A user's words can't be left out: with them it may be more.
            let less = Self(limit.max(seen(Self(limit))));
            if seen(less) < now {
                return Some(less);
            }
            limit /= 2;
        }
        None
    }

    /// How many bytes one message of a user may have: it leaves half of the context.
    #[must_use]
    pub fn message_bytes(self) -> usize {
        self.0 / 2 * BYTES_PER_TOKEN
    }

    /// How far a turn can see back, at most.
    pub(crate) fn reach(self) -> Reach {
        Reach { left: self.0, longest: self.0 / 8 }
    }

    /// The newest turns of `history` that have at most `left` tokens, the newest first.
    fn newest(self, history: &[Message], left: usize) -> Vec<Vec<Cow<'_, Message>>> {
        let mut newest_first = Vec::new();
        let mut reach = Reach { left, ..self.reach() };
        for turn in turns(history).rev() {
            match reach.see(turn) {
                Seen::Whole(seen) => newest_first.push(seen),
                Seen::Not => {}
                Seen::TooFar => break,
            }
        }
        newest_first
    }

    /// The newest messages of `history` that fit before those of `turn`, and these.
    ///
    /// Only whole turns of the history are seen, so that what is seen begins with words of the
    /// user, and calls and their results stay together. Results of tools that are too long are
    /// shortened, with a note that says so; the conversation itself keeps them.
    #[must_use]
    pub fn view<'a>(self, history: &'a [Message], turn: &'a [Message]) -> Vec<Cow<'a, Message>> {
        let mut longest = self.0 / 4;
        let mut current = shorten(turn, longest);
        while cost(&current) > self.0 && longest > SHORTEST_RESULT {
            longest = (longest / 2).max(SHORTEST_RESULT);
            current = shorten(turn, longest);
        }
        let left = self.0.saturating_sub(cost(&current));
        let newest_first = self.newest(history, left);
        newest_first.into_iter().rev().flatten().chain(current).collect()
    }
}

/// How far back a model sees: turns are shown to it from the newest on.
pub(crate) struct Reach {
    /// How many tokens are left.
    left: usize,
    /// How many one result of a tool may have.
    longest: usize,
}

/// How a turn is seen.
enum Seen<'a> {
    Whole(Vec<Cow<'a, Message>>),
    /// Its answer was withheld: a content filter that withholds the answer to a message withholds every
    /// answer for which the message is shown again.
    Not,
    /// It does not fit any more, and with it nothing that is older.
    TooFar,
}

impl Reach {
    /// Whether it reaches `turn`, which is the next older one.
    pub(crate) fn takes(&mut self, turn: &[Message]) -> bool {
        !matches!(self.see(turn), Seen::TooFar)
    }

    fn see<'a>(&mut self, turn: &'a [Message]) -> Seen<'a> {
        if turn.iter().any(Message::is_withheld) {
            return Seen::Not;
        }
        let seen = shorten(turn, self.longest);
        let Some(left) = self.left.checked_sub(cost(&seen)) else { return Seen::TooFar };
        self.left = left;
        Seen::Whole(seen)
    }
}

fn shorten(messages: &[Message], longest: usize) -> Vec<Cow<'_, Message>> {
    let is_long = |block: &Block| matches!(block, Block::ToolResult(_)) && price(block) > longest;
    let shorten = |message: &Message| {
        let content = message.content.iter().map(|block| match block {
            Block::ToolResult(result) if is_long(block) => {
                Block::ToolResult(shortened(result, longest))
            }
            _ => block.clone(),
        });
        Message { role: message.role, content: content.collect(), id: None }
    };
    let seen = messages.iter().map(|message| match message.content.iter().any(is_long) {
        true => Cow::Owned(shorten(message)),
        false => Cow::Borrowed(message),
    });
    seen.collect()
}

fn shortened(result: &ToolResult, longest: usize) -> ToolResult {
    let whole = result.text();
    let longest = longest.saturating_sub(BLOCK).saturating_mul(BYTES_PER_TOKEN);
    let shown = &whole[..whole.floor_char_boundary(longest)];
    let (shown_bytes, bytes) = (shown.len(), whole.len());
    let text = format!("{shown}\n[Shortened: these are the first {shown_bytes} of {bytes} bytes.]");
    ToolResult::new(&result.tool_use_id, result.status, text)
}

fn cost(messages: &[Cow<'_, Message>]) -> usize {
    messages.iter().flat_map(|message| &message.content).map(price).sum()
}

fn price(block: &Block) -> usize {
    let bytes = match block {
        Block::Reasoning(reasoning) => reasoning.bytes(),
        Block::Text(text) => text.len(),
        Block::ToolUse(call) => call.name.len() + json_bytes(&call.input),
        Block::ToolResult(result) => result.content.iter().map(output_bytes).sum(),
    };
    BLOCK + bytes.div_ceil(BYTES_PER_TOKEN)
}

fn output_bytes(output: &ToolOutput) -> usize {
    match output {
        ToolOutput::Text(text) => text.len(),
        ToolOutput::Json(data) => json_bytes(data),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::{collection::vec, prelude::*};

    use super::{ContextTokens, cost};
    use crate::{
        message::{Block, Message, Role, ToolOutput, WITHHELD, turns},
        well_formed::{
            is_well_formed,
            tests::{reasoning, turn, words},
        },
    };

    fn tokens(text: &str) -> ContextTokens {
        text.parse().unwrap()
    }

    fn texts(view: &[Cow<'_, Message>]) -> Vec<String> {
        view.iter().map(|message| message.text()).filter(|text| !text.is_empty()).collect()
    }

    fn output(message: &Message) -> &str {
        match &message.content[0] {
            Block::ToolResult(result) => match &result.content[0] {
                ToolOutput::Text(text) => text,
                ToolOutput::Json(_) => panic!("no text"),
            },
            _ => panic!("no result"),
        }
    }

    proptest! {
        #[test]
        fn what_is_seen_is_well_formed_and_fits(
            turns in vec((0_usize..4, 1_usize..30_000), 0..20),
            now in 0_usize..4,
        ) {
            let of = |(n, (calls, length)): (usize, &(usize, usize))| turn(n, *calls, &"ä".repeat(*length));
            let history: Vec<Message> = turns.iter().enumerate().flat_map(of).collect();
            // A turn that waits for the model's answer.
            let mut current = turn(99, now, &"x".repeat(20_000));
            current.pop();
            let thought = reasoning("hm");
            for message in current.iter_mut().filter(|it| it.role == Role::Assistant) {
                message.content.insert(0, thought.clone());
            }

            let view = tokens("10000").view(&history, &current);
            prop_assert!(cost(&view) <= 10_000);
            let thoughts = view.iter().filter(|message| message.content[0] == thought).count();
            prop_assert_eq!(thoughts, usize::from(now > 0), "the reasoning of the turn that runs");
            let seen = view.into_iter().map(|message| message.into_owned().without_reasoning());
            let mut seen: Vec<Message> = seen.collect();
            seen.push(turn(100, 0, "").remove(1));
            prop_assert!(is_well_formed(&seen));
        }
    }

    #[test]
    fn turns_that_fit_are_not_copied() {
        let (history, now) = ([turn(1, 1, "out"), turn(2, 0, "")].concat(), [Message::user("now")]);
        let view = tokens("1000").view(&history, &now);
        assert_eq!(view.len(), history.len() + 1);
        assert!(view.iter().all(|message| matches!(message, Cow::Borrowed(_))));
    }

    #[test]
    fn the_oldest_turns_are_left_out_first_and_whole() {
        let words = |n: usize| n.to_string().repeat(1_200);
        let long = |n| [vec![Message::user(words(n))], turn(n, 0, "").split_off(1)].concat();
        let history = [long(1), long(2), long(3)].concat();
        let now = [Message::user("now")];
        let seen = tokens("1000").view(&history, &now);
        let expected = [&words(2), "answer 2", &words(3), "answer 3", "now"];
        assert!(
            texts(&seen) == expected,
            "the first turn should not be seen, and the rest be whole"
        );
    }

    #[test]
    fn a_long_result_is_shortened_with_a_note_and_kept_whole_where_it_is_saved() {
        let history = turn(1, 1, &"ö".repeat(5_000));
        let now = [Message::user("now")];
        let seen = tokens("8000").view(&history, &now);
        let shown = output(&seen[2]);
        assert!(shown.starts_with("öö"));
        assert!(shown.ends_with("\n[Shortened: these are the first 2988 of 10000 bytes.]"));
        assert_eq!(output(&history[2]).len(), 10_000);
    }

    #[test]
    fn results_of_the_current_turn_share_what_there_is() {
        let now = &turn(1, 10, &"x".repeat(50_000))[..3];
        let seen = tokens("5000").view(&[], now);
        assert_eq!(seen[2].content.len(), 10);
        assert!(cost(&seen) <= 5_000);
    }

    #[test]
    fn a_turn_whose_answer_was_withheld_is_not_seen_and_hides_none_before_it() {
        let mut withheld = turn(2, 1, "out");
        withheld[3] = words(WITHHELD);
        let history = [turn(1, 1, "out"), withheld, turn(3, 1, "out")].concat();
        let now = [Message::user("now")];
        let seen = tokens("1000").view(&history, &now);
        let expected = ["question 1", "answer 1", "question 3", "answer 3", "now"];
        assert_eq!(texts(&seen), expected);
        let mut reach = tokens("1000").reach();
        assert!(turns(&history).rev().all(|turn| reach.takes(turn)));
    }

    #[test]
    fn half_of_what_is_seen_is_less_each_time_until_nothing_can_be_left_out() {
        let history: Vec<Message> = (0..50).flat_map(|n| turn(n, 2, &"x".repeat(3_000))).collect();
        let mut now = turn(99, 2, &"x".repeat(30_000));
        now.pop();
        let (mut context, mut seen) = (tokens("100000"), usize::MAX);
        let mut times = 0;
        while let Some(less) = context.half(&history, &now) {
            let view = cost(&less.view(&history, &now));
            assert!(view < seen, "{view} of {seen}");
            (context, seen, times) = (less, view, times + 1);
        }
        assert!(seen < 300 && (5..12).contains(&times), "{seen} tokens after {times} times");

        let long = [Message::user("x".repeat(30_000))];
        assert_eq!(tokens("100000").half(&[], &long), None);
        let with_history = tokens("20000").half(&history, &long).unwrap();
        assert_eq!(with_history.view(&history, &long).len(), 1, "the words of the user stay");
    }

    #[test]
    fn a_context_has_at_least_a_thousand_tokens() {
        for text in ["", "0", "999", "-1", "1e5", "1 000"] {
            assert!(text.parse::<ContextTokens>().is_err(), "{text}");
        }
        assert_eq!(tokens("100000").message_bytes(), 150_000);
    }
}
