//! From a body to an invocation, in the plain form and in AG-UI's: what is accepted keeps to what the OpenAPI
//! document promises, and the same document in another spelling says the same.

use invoke::fuzzing::{ReadInvocation, invocation};
use serde_json::Value;

/// The document's limits.
const MOST_ANSWERS: usize = 64;
const LONGEST_ID: usize = 256;
const LONGEST_SESSION: usize = 128;

/// Reads one input.
pub(crate) fn run(input: &[u8]) {
    let Ok(read) = invocation(input) else { return };
    keeps_its_promises(&read);
    let document: Value = serde_json::from_slice(input).expect("JSON, because it was accepted");
    let spelt = serde_json::to_vec_pretty(&document).expect("JSON");
    let again = invocation(&spelt).expect("the same document is refused in another spelling");
    assert_eq!(again, read, "spelt in another way, the same document says something else");
    names_nothing_twice(&spelt);
}

fn keeps_its_promises(read: &ReadInvocation) {
    let ReadInvocation { session, message, answers, run } = read;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    assert!((1..=LONGEST_SESSION).contains(&session.len()) && session.bytes().all(is_allowed));
    assert!(message.as_deref().is_none_or(|text| !text.trim().is_empty()), "a blank message");
    assert!(answers.len() <= MOST_ANSWERS);
    let is_uuid =
        |id: &String| id.len() == 36 && id.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-');
    assert!(answers.keys().all(is_uuid), "an answer to what is no interrupt's id");
    let Some((id, message_id, is_reload)) = run else { return };
    assert!(id.len() <= LONGEST_ID);
    let is_id = |id: &String| (1..=LONGEST_ID).contains(&id.len());
    assert!(message_id.as_ref().is_none_or(is_id), "a message that would count twice");
    assert_eq!(message.is_some(), message_id.is_some());
    assert_eq!(*is_reload, message.is_none() && answers.is_empty());
}

/// Of a member that is there twice, one reader would believe the first and another the last.
fn names_nothing_twice(document: &[u8]) {
    let name =
        if document.windows(10).any(|it| it == b"\"threadId\"") { "threadId" } else { "sessionId" };
    let twice = [format!("{{\"{name}\":\"another\",").as_bytes(), &document[1..]].concat();
    assert!(invocation(&twice).is_err(), "a member that is there twice is accepted");
}
