//! Models that think before they speak, and the rule that what they thought has to come back.
//!
//! Amazon Bedrock User Guide, "Extended thinking" and "Preserving thinking blocks"; Anthropic, "Extended
//! thinking with tool use": within a turn, the thinking of a message that calls a tool has to come back
//! unmodified, before the call. Signatures show what was modified. Amazon Nova writes its thinking into
//! its text, without a signature.
//!
//! What is thought depends on the user's message and on the place in the turn alone, so that a request
//! shows whether it was kept.

use serde::Deserialize;

use super::{
    model_answer::ModelAnswer,
    request::{Block, Message, Request, Role},
};

/// What the model thinks. It must be in no answer and no log.
pub const THOUGHT: &str = "the user must never read this thought";

/// Words with a signature.
const THINKS: &str = "(thinks)";
/// A signature alone.
const THINKS_SILENTLY: &str = "(thinks silently)";
/// An encrypted block, and then one with words.
const THINKS_IN_SECRET: &str = "(thinks in secret)";
/// Nova's thinking, in the text.
const THINKS_ALOUD: &str = "(thinks aloud)";
/// Nothing but thinking, until there are no tokens left.
const ONLY_THINKS: &str = "(only thinks)";
/// Nothing but thinking, and then it stops.
const SAYS_NOTHING: &str = "(says nothing)";

/// A reasoning block, as on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Reasoning {
    ReasoningText {
        text: String,
        signature: Option<String>,
    },
    /// In base64.
    RedactedContent(String),
}

/// What the model thinks before its message number `at` of a turn that begins with `said`.
fn thoughts(said: &str, at: usize) -> Vec<Reasoning> {
    let signed = |text: &str| Reasoning::ReasoningText {
        text: text.to_owned(),
        signature: Some(format!("c2lnbmF0dXJl+/{at}==")),
    };
    if said.contains(THINKS_SILENTLY) {
        vec![signed("")]
    } else if said.contains(THINKS_IN_SECRET) {
        // As base64 of 6 bytes, which differ from place to place.
        vec![Reasoning::RedactedContent(format!("c2VjcmV{at}")), signed(THOUGHT)]
    } else if [THINKS, ONLY_THINKS, SAYS_NOTHING].iter().any(|habit| said.contains(habit)) {
        vec![signed(THOUGHT)]
    } else {
        Vec::new()
    }
}

/// The user's last words, and the model's messages since.
fn running_turn(request: &Request) -> Option<(String, Vec<(usize, &Message)>)> {
    let messages = || request.messages.iter().enumerate();
    let (begin, said) =
        messages().rev().find_map(|(at, message)| Some((at, message.said_by_user()?)))?;
    let models = messages().skip(begin).filter(|(_, it)| it.role == Role::Assistant);
    Some((said, models.collect()))
}

/// The rule that `request` breaks, if it does not bring back what was thought in the running turn, or
/// brings what was thought before: models refuse what another one has thought.
pub(super) fn refusal(request: &Request) -> Option<String> {
    let (said, messages) = running_turn(request)?;
    let begin = messages.first().map_or(request.messages.len(), |(at, _)| *at);
    let earlier =
        request.messages.iter().take(begin).enumerate().map(|(at, it)| (at, it, Vec::new()));
    let running = messages.into_iter().enumerate();
    let running = running.map(|(place, (at, message))| (at, message, thoughts(&said, place)));
    earlier.chain(running).find_map(|(at, message, thoughts)| broken_rule(at, message, &thoughts))
}

fn broken_rule(at: usize, message: &Message, thoughts: &[Reasoning]) -> Option<String> {
    let is_reasoning = |block: &Block| matches!(block, Block::ReasoningContent(_));
    let leading = message.content.iter().take_while(|block| is_reasoning(block)).count();
    for (place, block) in message.content.iter().enumerate() {
        let Block::ReasoningContent(found) = block else { continue };
        if place >= leading || thoughts.get(place) != Some(found) {
            return Some(format!(
                "messages.{at}.content.{place}: `thinking` or `redacted_thinking` blocks in the \
                 latest assistant message cannot be modified. These blocks must remain as they were \
                 in the original response."
            ));
        }
    }
    (leading < thoughts.len()).then(|| {
        let kind = match message.content.get(leading) {
            Some(Block::ToolUse(_)) => "tool_use",
            _ => "text",
        };
        format!(
            "messages.{at}.content.{leading}.type: Expected `thinking` or `redacted_thinking`, but \
             found `{kind}`. When `thinking` is enabled, a final `assistant` message must start with \
             a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks)."
        )
    })
}

/// Lets the model think before `answer`, as the user's last message says.
pub(super) fn think(request: &Request, answer: &mut ModelAnswer) {
    let Some((said, messages)) = running_turn(request) else { return };
    answer.reasoning = thoughts(&said, messages.len());
    if said.contains(THINKS_ALOUD) {
        // White space, so that the tag is split into two fragments.
        answer.text = format!("    <thinking>{THOUGHT}</thinking>\n{}", answer.text);
    }
    for (habit, stop_reason) in [(ONLY_THINKS, "max_tokens"), (SAYS_NOTHING, "end_turn")] {
        if said.contains(habit) {
            answer.text.clear();
            answer.calls.clear();
            answer.stop_reason = stop_reason;
        }
    }
}
