//! A reasoning block: from its fragments to the agent's, and back to the wire.
//!
//! Amazon Bedrock API Reference, "ReasoningContentBlockDelta" and "ReasoningContentBlock": words, a
//! signature of them, or bytes that the model's provider has encrypted. All of it goes back unmodified.

use agent::model::ModelError;
use aws_sdk_bedrockruntime::types::{
    ReasoningContentBlock, ReasoningContentBlockDelta, ReasoningTextBlock,
};
use aws_smithy_types::{Blob, base64};
use session::Reasoning;

use crate::failure::internal;

/// A reasoning block as its fragments arrive.
#[derive(Default)]
pub(crate) struct PartialReasoning {
    text: String,
    signature: String,
    redacted: Vec<u8>,
}

impl PartialReasoning {
    pub(crate) fn take(&mut self, more: ReasoningContentBlockDelta) {
        match more {
            ReasoningContentBlockDelta::Text(more) => self.text.push_str(&more),
            ReasoningContentBlockDelta::Signature(more) => self.signature.push_str(&more),
            ReasoningContentBlockDelta::RedactedContent(more) => {
                self.redacted.extend_from_slice(more.as_ref());
            }
            _ => {}
        }
    }

    /// The block, unless there is nothing in it. Words without a signature count, and so does a
    /// signature without words.
    pub(crate) fn finish(self) -> Option<Reasoning> {
        let Self { text, signature, redacted } = self;
        if !redacted.is_empty() {
            return Some(Reasoning::Redacted(base64::encode(redacted)));
        }
        let signature = Some(signature).filter(|signature| !signature.is_empty());
        (!text.is_empty() || signature.is_some()).then_some(Reasoning::Text { text, signature })
    }
}

pub(crate) fn wire_reasoning(reasoning: &Reasoning) -> Result<ReasoningContentBlock, ModelError> {
    Ok(match reasoning {
        Reasoning::Text { text, signature } => {
            let block = ReasoningTextBlock::builder().text(text).set_signature(signature.clone());
            ReasoningContentBlock::ReasoningText(block.build().map_err(internal)?)
        }
        Reasoning::Redacted(content) => {
            // If what was saved is no base64, the model refuses it, which ends the turn in words;
            // an error here would end every request of the conversation.
            let content = base64::decode(content).unwrap_or_default();
            ReasoningContentBlock::RedactedContent(Blob::new(content))
        }
    })
}

#[cfg(test)]
mod tests {
    use agent::event::{Event, Listener};
    use aws_sdk_bedrockruntime::types::{
        ContentBlock, ContentBlockDelta, ContentBlockDeltaEvent, ContentBlockStart,
        ContentBlockStartEvent, ConverseStreamOutput, MessageStopEvent,
        ReasoningContentBlock as Wire, ReasoningContentBlockDelta as Delta, StopReason,
        ToolUseBlockStart,
    };
    use aws_smithy_types::Blob;
    use session::{Block, Message, Reasoning};

    use crate::{answer::PartialAnswer, wire::wire_message};

    /// Everything that is heard.
    #[derive(Default)]
    struct Heard(String);

    impl Listener for Heard {
        fn hear(&mut self, event: Event<'_>) {
            if let Event::Text(text) = event {
                self.0.push_str(text);
            }
        }
    }

    fn delta(index: i32, delta: ContentBlockDelta) -> ConverseStreamOutput {
        let event = ContentBlockDeltaEvent::builder().content_block_index(index).delta(delta);
        ConverseStreamOutput::ContentBlockDelta(event.build().unwrap())
    }

    fn thought(index: i32, more: Delta) -> ConverseStreamOutput {
        delta(index, ContentBlockDelta::ReasoningContent(more))
    }

    fn said(index: i32, text: &str) -> ConverseStreamOutput {
        delta(index, ContentBlockDelta::Text(text.into()))
    }

    fn call(index: i32) -> ConverseStreamOutput {
        let call = ToolUseBlockStart::builder().tool_use_id("a").name("t").build().unwrap();
        let start = ContentBlockStart::ToolUse(call);
        let event = ContentBlockStartEvent::builder().content_block_index(index).start(start);
        ConverseStreamOutput::ContentBlockStart(event.build().unwrap())
    }

    fn answer(events: Vec<ConverseStreamOutput>, stop: StopReason) -> (Message, String) {
        let (mut answer, mut heard) = (PartialAnswer::new(100), Heard::default());
        events.into_iter().for_each(|event| answer.take(event, &mut heard));
        let stop = MessageStopEvent::builder().stop_reason(stop).build().unwrap();
        answer.take(ConverseStreamOutput::MessageStop(stop), &mut heard);
        (answer.finish(&mut heard).unwrap().message, heard.0)
    }

    #[test]
    fn every_kind_of_reasoning_goes_back_as_it_came_in_its_order_and_before_the_call() {
        let text = |text: &str| Delta::Text(text.into());
        let signature = |text: &str| Delta::Signature(text.into());
        let redacted = |bytes: &[u8]| Delta::RedactedContent(Blob::new(bytes));
        let events = vec![
            thought(0, text("first, ")),
            thought(0, text("hm")),
            thought(0, signature("c2l")),
            thought(0, signature("nbg==")),
            thought(1, signature("YWxvbmU=")),
            thought(2, redacted(&[0, 255])),
            thought(2, redacted(&[7])),
            thought(3, text("unsigned")),
            thought(4, text("")),
            call(5),
            said(6, "Let me look."),
        ];
        let (message, heard) = answer(events, StopReason::ToolUse);
        assert_eq!(heard, "Let me look.");
        let content = wire_message(&message).unwrap().content;
        let read = content[..4].iter().map(|block| match block.as_reasoning_content().unwrap() {
            Wire::ReasoningText(block) => format!("{} | {:?}", block.text(), block.signature()),
            Wire::RedactedContent(bytes) => format!("{:?}", bytes.as_ref()),
            other => panic!("{other:?}"),
        });
        let expected = [
            r#"first, hm | Some("c2lnbg==")"#,
            r#" | Some("YWxvbmU=")"#,
            "[0, 255, 7]",
            "unsigned | None",
        ];
        assert_eq!(read.collect::<Vec<_>>(), expected);
        assert!(matches!(content[4..], [ContentBlock::Text(_), ContentBlock::ToolUse(_)]));
    }

    #[test]
    fn an_answer_of_reasoning_alone_says_so_in_words_that_fit() {
        let thinking = || vec![thought(0, Delta::Text("hm".into()))];
        let aloud = || vec![said(0, "<thinking>hm")];
        for events in [thinking, aloud] {
            for (stop, words) in [
                (StopReason::MaxTokens, "used up the 100 tokens of an answer before it wrote one"),
                (StopReason::EndTurn, "thought about it and gave no answer"),
                (StopReason::GuardrailIntervened, "withheld by a content filter"),
            ] {
                let (message, heard) = answer(events(), stop);
                assert!(heard.contains(words) && !heard.contains("hm"), "{heard}");
                assert_eq!(message.text(), heard);
            }
        }
        let (message, _) = answer(vec![], StopReason::MaxTokens);
        assert!(message.text().contains("used up the 100 tokens"), "{message:?}");
        let (message, _) = answer(vec![said(0, "Yes")], StopReason::MaxTokens);
        assert!(message.text().contains("cut off"), "{message:?}");
    }

    #[test]
    fn blocks_of_another_kind_at_the_same_place_are_kept_apart() {
        let events = vec![thought(0, Delta::Text("hm".into())), said(0, "Yes"), call(0), call(0)];
        let (message, heard) = answer(events, StopReason::ToolUse);
        let reasoning = Reasoning::Text { text: "hm".into(), signature: None };
        assert_eq!(message.content[0], Block::Reasoning(reasoning));
        assert_eq!((heard.as_str(), message.tool_uses().count()), ("Yes", 2));
    }

    #[test]
    fn saved_reasoning_that_can_not_be_read_makes_no_request_fail() {
        let content = vec![Block::Reasoning(Reasoning::Redacted("no base64".into()))];
        let message = Message { role: session::Role::Assistant, content };
        assert!(wire_message(&message).is_ok());
    }
}
