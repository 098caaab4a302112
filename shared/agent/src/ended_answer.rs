//! What becomes a model's message once its stream has ended: the same with every provider.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use session::{Block, Message, Role, ToolUse, WITHHELD};

use crate::{
    event::{Event, Listener},
    model::{ModelAnswer, ModelError, Usage},
};

/// How a stream ended, by what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The model has said what it had to say.
    Complete,
    /// It had no more tokens to write.
    CutOff,
    /// The conversation left it no more room.
    NoRoom,
    /// A content filter withholds the answer.
    Withheld,
    /// The model, or its server, says of itself that it broke off, or says something unknown.
    BrokenOff,
}

/// A tool call as it was streamed; names and ids are as the model wrote them.
#[derive(Debug, Default)]
pub struct StreamedCall {
    /// The model's id of it.
    pub id: String,
    /// Which tool.
    pub name: String,
    /// Its input, as text.
    pub input: String,
}

/// The parts of a message whose stream has ended.
#[derive(Debug)]
pub struct EndedAnswer {
    /// Everything but the calls, in its order; no text in it is blank.
    pub said: Vec<Block>,
    /// The calls.
    pub calls: Vec<StreamedCall>,
    /// Whether the model thought, be it unheard.
    pub has_thought: bool,
    /// How the stream ended.
    pub ending: Ending,
    /// How many tokens it might have.
    pub max_tokens: u32,
    /// The tokens that it took.
    pub usage: Usage,
}

impl EndedAnswer {
    /// The message, with its calls at its end. A call that is whole counts with any ending, unless the
    /// answer is withheld. A message without calls that is not whole says so, and `listener` hears it.
    ///
    /// # Errors
    ///
    /// [`ModelError::TooLong`] if what the model was shown left no room for a word.
    pub fn finish(self, listener: &mut dyn Listener) -> Result<ModelAnswer, ModelError> {
        let Self { said: mut content, calls, has_thought, ending, max_tokens, usage } = self;
        if ending == Ending::Withheld {
            return Ok(withheld(usage, listener));
        }
        let (mut called, mut unreadable) = (Vec::new(), BTreeMap::new());
        for call in calls {
            let input = match object(&call.input) {
                // A call that ends before its input begins is not one without an input.
                _ if ending != Ending::Complete && call.input.is_empty() => continue,
                Ok(input) => input,
                Err(_) if ending != Ending::Complete => continue,
                Err(why) => {
                    unreadable.insert(called.len(), why);
                    Value::Object(Map::new())
                }
            };
            let StreamedCall { id, name, .. } = call;
            called.push(Block::ToolUse(ToolUse { tool_use_id: id, name, input }));
        }
        if called.is_empty() {
            let has_text = content.iter().any(|block| matches!(block, Block::Text(_)));
            let heard = match (has_text, has_thought) {
                (true, _) => Heard::Text,
                (false, true) => Heard::Thinking,
                (false, false) => Heard::Nothing,
            };
            if ending == Ending::NoRoom && !has_text {
                return Err(ModelError::TooLong("nothing fits after what it was shown".into()));
            }
            if let Some(note) = note(ending, heard, max_tokens) {
                listener.hear(Event::Text(&note));
                content.push(Block::Text(note));
            }
        }
        content.append(&mut called);
        let message = Message { role: Role::Assistant, content, id: None };
        Ok(ModelAnswer { message, unreadable, usage })
    }
}

/// The answer in the place of one that a content filter has withheld. What was heard of that does not
/// stand.
fn withheld(usage: Usage, listener: &mut dyn Listener) -> ModelAnswer {
    listener.hear(Event::TextDiscarded);
    listener.hear(Event::Text(WITHHELD));
    let content = vec![Block::Text(WITHHELD.to_owned())];
    let message = Message { role: Role::Assistant, content, id: None };
    ModelAnswer { message, unreadable: BTreeMap::new(), usage }
}

/// What there is of an answer that has no calls.
#[derive(Clone, Copy)]
enum Heard {
    Text,
    /// The model has thought, and has said nothing.
    Thinking,
    Nothing,
}

/// What the user should know of an answer that is not whole.
fn note(ending: Ending, heard: Heard, max_tokens: u32) -> Option<String> {
    let note = match (ending, heard) {
        // Some models think without a word of it in the stream.
        (Ending::CutOff, Heard::Thinking | Heard::Nothing) => {
            return Some(format!(
                "(The model used up the {max_tokens} tokens of an answer before it wrote one: what it \
                 thinks counts, too. Ask for a smaller part of it, or have the operator raise \
                 MAX_ANSWER_TOKENS.)"
            ));
        }
        (Ending::CutOff | Ending::NoRoom, _) => "(The answer was cut off here: it is too long.)",
        (Ending::Withheld, _) => WITHHELD,
        (Ending::BrokenOff, _) => "(The model broke off here. Ask again.)",
        (Ending::Complete, Heard::Thinking) => {
            "(The model thought about it and gave no answer. Ask again.)"
        }
        (Ending::Complete, Heard::Nothing) => "(The model gave no answer.)",
        (Ending::Complete, Heard::Text) => return None,
    };
    Some(note.to_owned())
}

/// The input of a call; an error says what it is instead.
fn object(input: &str) -> Result<Value, String> {
    let input = if input.trim().is_empty() { "{}" } else { input };
    match serde_json::from_str(input) {
        Ok(Value::Object(members)) => Ok(Value::Object(members)),
        Ok(_) => Err("the input is JSON, but no object".to_owned()),
        Err(error) => Err(format!("the input is no JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use session::Block;

    use super::{EndedAnswer, Ending, StreamedCall};
    use crate::{
        event::{Event, Listener},
        model::{ModelAnswer, ModelError, Usage},
    };

    #[derive(Default)]
    struct Heard(String);

    impl Listener for Heard {
        fn hear(&mut self, event: Event<'_>) {
            if let Event::Text(text) = event {
                self.0.push_str(text);
            }
        }
    }

    fn nothing() -> EndedAnswer {
        EndedAnswer {
            said: Vec::new(),
            calls: Vec::new(),
            has_thought: false,
            ending: Ending::Complete,
            max_tokens: 100,
            usage: Usage::default(),
        }
    }

    fn finish(
        said: &str,
        inputs: &[&str],
        has_thought: bool,
        ending: Ending,
    ) -> (ModelAnswer, String) {
        let call = |input: &&str| StreamedCall {
            id: "id".to_owned(),
            name: "name".to_owned(),
            input: (*input).to_owned(),
        };
        let said = Some(said).filter(|text| !text.is_empty());
        let said = said.map(|text| Block::Text(text.to_owned())).into_iter().collect();
        let calls = inputs.iter().map(call).collect();
        let ended = EndedAnswer { said, calls, has_thought, ending, ..nothing() };
        let mut heard = Heard::default();
        (ended.finish(&mut heard).unwrap(), heard.0)
    }

    const ENDINGS: [Ending; 5] =
        [Ending::Complete, Ending::CutOff, Ending::NoRoom, Ending::Withheld, Ending::BrokenOff];

    #[test]
    fn a_whole_call_counts_with_any_ending_unless_the_answer_is_withheld() {
        for ending in ENDINGS {
            let (answer, heard) = finish("Let me look.", &[r#"{"a":1}"#], false, ending);
            let calls: Vec<_> = answer.message.tool_uses().map(|call| &call.input).collect();
            match ending {
                Ending::Withheld => {
                    assert!(calls.is_empty() && heard.contains("content filter"), "{heard}")
                }
                _ => assert_eq!((calls, heard.as_str()), (vec![&json!({ "a": 1 })], "")),
            }
        }
    }

    #[test]
    fn an_unreadable_input_is_reported_by_the_call_and_left_out_where_it_may_be_cut_off() {
        let inputs = ["", r#"{"a":"#, "[]"];
        let (answer, _) = finish("", &inputs, false, Ending::Complete);
        assert!(answer.message.tool_uses().all(|call| call.input == json!({})));
        assert_eq!(answer.unreadable.keys().collect::<Vec<_>>(), [&1, &2]);
        assert!(answer.unreadable[&1].contains("no JSON"), "{:?}", answer.unreadable);
        assert!(answer.unreadable[&2].contains("no object"), "{:?}", answer.unreadable);
        for ending in [Ending::CutOff, Ending::BrokenOff] {
            let (answer, heard) = finish("", &inputs, false, ending);
            assert_eq!((answer.message.tool_uses().count(), answer.unreadable.len()), (0, 0));
            assert_eq!(answer.message.text(), heard);
        }
    }

    #[test]
    fn an_answer_that_is_not_whole_says_why_and_is_never_empty() {
        for (said, has_thought, ending, note) in [
            ("Yes", false, Ending::Complete, ""),
            ("Yes", true, Ending::CutOff, "cut off"),
            ("", true, Ending::CutOff, "used up the 100 tokens"),
            ("", false, Ending::CutOff, "used up the 100 tokens"),
            ("Yes", true, Ending::NoRoom, "cut off"),
            ("Yes", false, Ending::BrokenOff, "broke off"),
            ("", true, Ending::Complete, "thought about it and gave no answer"),
            ("", false, Ending::Complete, "gave no answer"),
        ] {
            let (answer, heard) = finish(said, &[], has_thought, ending);
            assert!(heard.contains(note) && heard.is_empty() == note.is_empty(), "{heard}");
            let text = answer.message.text();
            assert!(text.starts_with(said) && text.ends_with(&heard) && !text.is_empty());
        }
        let ended = EndedAnswer { ending: Ending::NoRoom, ..nothing() };
        let refused = ended.finish(&mut Heard::default()).unwrap_err();
        assert!(matches!(refused, ModelError::TooLong(_)), "{refused}");
    }

    #[test]
    fn what_was_heard_of_a_withheld_answer_does_not_stand() {
        let (answer, heard) = finish("Yes", &[], false, Ending::Withheld);
        assert!(answer.message.is_withheld(), "{answer:?}");
        assert_eq!(heard, session::WITHHELD);
    }
}
