//! What an answer to a turn says, in both shapes.

use github_local::crowd;
use serde_json::Value;

/// How the scripted model tells of an issue.
const CREATED: &str = "I created issue ";

/// How a request for a turn ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Turn {
    /// The words of the answer, with a blank line between messages.
    Completed(String),
    /// What the user is asked.
    Interrupted(Value),
    /// A clear error: its code.
    Refused(String),
    /// No answer, or a part of one: a service was killed, or a connection ended.
    Broken,
}

/// A plain answer.
pub(crate) fn plain(text: &str) -> Option<Turn> {
    let answer: Value = serde_json::from_str(text).ok()?;
    match answer["status"].as_str()? {
        "completed" => Some(Turn::Completed(answer["message"].as_str()?.to_owned())),
        "interrupted" => Some(Turn::Interrupted(answer["interrupts"][0].clone())),
        _ => None,
    }
}

/// The events of a run, which ends in one of two ways.
pub(crate) fn events(text: &str) -> Option<Turn> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = data.map(serde_json::from_str).collect::<Result<_, _>>().ok()?;
    let last = events.last()?;
    match last["type"].as_str()? {
        "RUN_ERROR" => Some(Turn::Refused(last["code"].as_str()?.to_owned())),
        "RUN_FINISHED" if last["outcome"]["type"] == "interrupt" => {
            let mut interrupt = last["outcome"]["interrupts"][0].clone();
            for name in ["url", "scopes"] {
                let value = interrupt["metadata"][name].clone();
                interrupt[name] = value;
            }
            Some(Turn::Interrupted(interrupt))
        }
        "RUN_FINISHED" => Some(Turn::Completed(messages(&events).join("\n\n"))),
        _ => None,
    }
}

/// What was said in each message that counts.
fn messages(events: &[Value]) -> Vec<String> {
    let mut messages: Vec<(&str, String)> = Vec::new();
    for event in events {
        match (event["type"].as_str(), event["messageId"].as_str()) {
            (Some("TEXT_MESSAGE_START"), Some(id)) => messages.push((id, String::new())),
            (Some("TEXT_MESSAGE_CONTENT"), Some(id)) => {
                let message = messages.iter_mut().rfind(|(known, _)| *known == id);
                let delta = event["delta"].as_str().unwrap_or_default();
                message.into_iter().for_each(|(_, text)| text.push_str(delta));
            }
            (Some("CUSTOM"), _) if event["name"] == "text_discarded" => {
                messages.retain(|(id, _)| event["value"]["messageId"] != *id);
            }
            _ => {}
        }
    }
    messages.into_iter().map(|(_, text)| text).collect()
}

/// The numbers of all issues that `words` say were created.
pub(crate) fn issues_told(words: &str) -> Vec<usize> {
    words.split(CREATED).skip(1).filter_map(number).collect()
}

/// The number of the issue of which the last message tells. What is before it is of a turn that waited, and says
/// nothing of the one that was asked for last.
pub(crate) fn issue_told_last(words: &str) -> Option<usize> {
    let last = words.rsplit("\n\n").next()?;
    last.split_once(CREATED).and_then(|(_, rest)| number(rest))
}

fn number(text: &str) -> Option<usize> {
    text.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
}

/// The subject of user `number`, as their token has it.
pub(crate) fn subject(number: usize) -> String {
    format!("user-{number:04}")
}

/// The first mark in `text` that is not one of user `number`.
pub(crate) fn foreign(text: &str, number: usize) -> Option<String> {
    let own = [crowd::mark(number), crowd::login(number), subject(number)];
    for own in own {
        let begin = own.trim_end_matches(|it: char| it.is_ascii_digit());
        for (at, _) in text.match_indices(begin) {
            let found: String = text[at..].chars().take(own.len()).collect();
            let is_whole = found[begin.len()..].bytes().all(|it| it.is_ascii_digit());
            if found.len() == own.len() && is_whole && found != own {
                return Some(found);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Turn, events, foreign, issue_told_last, issues_told, plain};

    fn stream(events: &[serde_json::Value]) -> String {
        events.iter().map(|event| format!("data: {event}\n\n")).collect()
    }

    fn said(id: &str, words: &[&str]) -> Vec<serde_json::Value> {
        let start = json!({ "type": "TEXT_MESSAGE_START", "messageId": id });
        let content = |delta: &&str| json!({ "type": "TEXT_MESSAGE_CONTENT", "messageId": id, "delta": delta });
        [start].into_iter().chain(words.iter().map(content)).collect()
    }

    #[test]
    fn an_issue_of_the_turn_before_is_not_one_of_this_turn() {
        let finished = json!({ "type": "RUN_FINISHED", "outcome": { "type": "success" } });
        let run = [
            said("1", &["I created ", "issue 3: x"]),
            said("2", &["GitHub asks to wait."]),
            vec![finished.clone()],
        ];
        let Some(Turn::Completed(words)) = events(&stream(&run.concat())) else { panic!() };
        assert_eq!((issues_told(&words), issue_told_last(&words)), (vec![3], None));

        let run = [said("1", &["Nothing."]), said("2", &["I created issue 12: x"]), vec![finished]];
        let Some(Turn::Completed(words)) = events(&stream(&run.concat())) else { panic!() };
        assert_eq!(issue_told_last(&words), Some(12));
        let answer = json!({ "status": "completed", "message": "I created issue 1: x\n\nNo." });
        let Some(Turn::Completed(words)) = plain(&answer.to_string()) else { panic!() };
        assert_eq!((issues_told(&words), issue_told_last(&words)), (vec![1], None));
    }

    #[test]
    fn words_that_were_discarded_were_not_said() {
        let discarded =
            json!({ "type": "CUSTOM", "name": "text_discarded", "value": { "messageId": "1" } });
        let finished = json!({ "type": "RUN_FINISHED", "outcome": { "type": "success" } });
        let run = [said("1", &["I created"]), vec![discarded], said("2", &["No."]), vec![finished]];
        assert_eq!(events(&stream(&run.concat())), Some(Turn::Completed("No.".to_owned())));
    }

    #[test]
    fn a_run_without_an_end_and_an_error_without_a_code_are_unclear() {
        assert_eq!(events(&stream(&said("1", &["Hello"]))), None);
        assert_eq!(events(&stream(&[json!({ "type": "RUN_ERROR" })])), None);
        assert_eq!(plain("<html>"), None);
        assert_eq!(plain("{\"status\":\"lost\"}"), None);
    }

    #[test]
    fn every_mark_of_another_user_is_found_and_no_own_one() {
        for mark in ["mark-0003", "octo-crowd-0003", "user-0003"] {
            let text = format!("of {mark} and mark-0002");
            assert_eq!(foreign(&text, 2).as_deref(), Some(mark));
        }
        assert_eq!(foreign("mark-0002 octo-crowd-0002/mark-0002 user-0002 user-agent", 2), None);
    }
}
