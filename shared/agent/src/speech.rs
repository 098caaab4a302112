//! A text block without the thinking that some models write into it.
//!
//! Amazon Nova begins a text with `<thinking>…</thinking>` (Amazon Nova User Guide, "Tool use
//! systems"), DeepSeek's and Qwen's models with `<think>` where the server does not take it out, and
//! gpt-oss on Amazon Bedrock with `<reasoning>` (Amazon Bedrock User Guide, "OpenAI models"), in
//! fragments that can end anywhere. It is reasoning without a signature: nobody hears it,
//! and it need not go back. Only the beginning of a text block is looked at, so that an answer can still
//! show these tags, as in an example of code. Thinking that does not end goes on to the block's end.

use std::mem::take;

/// How thinking begins and ends.
const TAGS: [(&str, &str); 3] =
    [("<thinking>", "</thinking>"), ("<think>", "</think>"), ("<reasoning>", "</reasoning>")];

/// A text block as its fragments arrive.
#[derive(Debug, Default)]
pub struct Speech {
    said: String,
    /// The end of what has arrived, as long as it is not known what it is.
    held: String,
    state: State,
    has_thought: bool,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    /// Thinking may begin.
    #[default]
    Undecided,
    /// … and ends with this tag.
    Thinking(&'static str),
    Speaking,
}

impl Speech {
    /// Takes a fragment in. Returns what can be heard now.
    pub fn take(&mut self, more: &str) -> String {
        self.held.push_str(more);
        loop {
            match self.state {
                State::Undecided => {
                    let begun = self.held.trim_start();
                    let thought = TAGS.iter().find_map(|(begin, end)| {
                        begun.strip_prefix(begin).map(|thought| (thought, *end))
                    });
                    if let Some((thought, end)) = thought {
                        self.held = thought.to_owned();
                        (self.state, self.has_thought) = (State::Thinking(end), true);
                    } else if TAGS.iter().any(|(begin, _)| begin.starts_with(begun)) {
                        return String::new();
                    } else {
                        self.state = State::Speaking;
                    }
                }
                State::Thinking(end) => {
                    if let Some((_, rest)) = self.held.split_once(end) {
                        self.held = rest.trim_start().to_owned();
                        self.state = State::Undecided;
                    } else {
                        // The tag may be split: its beginning stays.
                        let kept = self.held.len().saturating_sub(end.len());
                        self.held = self.held.split_off(self.held.floor_char_boundary(kept));
                        return String::new();
                    }
                }
                State::Speaking => return self.say(),
            }
        }
    }

    /// The block has ended. Returns what can be heard now.
    pub fn end(&mut self) -> String {
        match self.state {
            State::Undecided if !self.held.trim().is_empty() => self.say(),
            _ => String::new(),
        }
    }

    /// Whether there was thinking in it.
    pub fn has_thought(&self) -> bool {
        self.has_thought
    }

    /// Returns all that was heard.
    pub fn into_said(self) -> String {
        self.said
    }

    fn say(&mut self) -> String {
        let mut heard = take(&mut self.held);
        if self.said.is_empty() && self.has_thought {
            heard = heard.trim_start().to_owned();
        }
        self.said.push_str(&heard);
        heard
    }
}

#[cfg(test)]
mod tests {
    use super::Speech;

    /// Every way to cut a text into three fragments is heard and saved as `said`.
    #[track_caller]
    fn assert_said(text: &str, said: &str, has_thought: bool) {
        let cuts: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for first in &cuts {
            for second in cuts.iter().filter(|second| *second >= first) {
                let mut speech = Speech::default();
                let fragments = [&text[..*first], &text[*first..*second], &text[*second..]];
                let mut heard: String = fragments.map(|more| speech.take(more)).concat();
                heard += &speech.end();
                assert_eq!(heard, said, "{fragments:?}");
                assert_eq!(speech.has_thought(), has_thought, "{fragments:?}");
                assert_eq!(speech.into_said(), said, "{fragments:?}");
            }
        }
    }

    #[test]
    fn thinking_at_the_beginning_is_left_out_however_it_is_split() {
        assert_said("<thinking>hm</thinking>\nYes", "Yes", true);
        assert_said("\n <thinking>ö < 2 </think</thinking> Yes ", "Yes ", true);
        assert_said("<thinking>a</thinking>\n<thinking>b</thinking>Yes", "Yes", true);
    }

    #[test]
    fn each_models_own_tags_are_known() {
        assert_said("<think>hm</thinking></think>\n\nYes", "Yes", true);
        assert_said("<reasoning>hm</reasoning>Yes", "Yes", true);
    }

    #[test]
    fn thinking_that_does_not_end_is_no_answer() {
        assert_said("<thinking>hm, and so on </thinkin", "", true);
        assert_said("<thinking>hm</thinking> \n", "", true);
    }

    #[test]
    fn all_other_text_is_heard_as_it_is() {
        for text in
            ["Yes", " \n Yes", "<thin>king", "<reason>", "< thinking>", "<thinkin", "<thinking"]
        {
            assert_said(text, text, false);
        }
        let example = "So: `<thinking>x</thinking>`";
        assert_said(example, example, false);
        assert_said("", "", false);
    }
}
