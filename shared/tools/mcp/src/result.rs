//! A server's result as the model is given it: data with its origin, bounded, and with nothing in it that
//! a person would not see.

use agent::{
    inquiry::{Inquiry, InquiryQuestion},
    tool::Failure,
};
use rmcp::model::{
    CallToolResult, ContentBlock, ElicitRequestParams, InputRequest, InputRequiredResult,
    ResourceContents,
};
use serde_json::{Map, Value, json};
use session::{QuestionKind, json_bytes};
use url::Url;

/// How much of a result is shown, in bytes.
const MOST_SHOWN: usize = 40_000;
/// How much of a server's sentence is quoted, in characters.
const LONGEST_QUOTE: usize = 1_000;
/// How much of a message to the user is shown, in characters.
const LONGEST_MESSAGE: usize = 2_000;
/// How long the address of a page may be.
const LONGEST_ADDRESS: usize = 2_000;
/// How much a server may leave in a conversation: its state, and the form.
const MOST_KEPT: usize = 32_000;
/// How many questions it may ask at once.
const MOST_QUESTIONS: usize = 8;

/// `result` of `server`.
pub(crate) fn shown(server: &str, result: CallToolResult) -> Result<Value, Failure> {
    let text = result.content.into_iter().map(text).collect::<Vec<_>>().join("\n\n");
    if result.is_error == Some(true) {
        let said = format!("{server} says: {}", quoted(&text));
        return Err(Failure::new("tool_error", said));
    }
    let mut shown = Map::from_iter([("from".to_owned(), server.into())]);
    match result.structured_content.map(seen).filter(|data| json_bytes(data) <= MOST_SHOWN) {
        // The text repeats it ("Structured Content").
        Some(data) => drop(shown.insert("data".to_owned(), data)),
        None => {
            let text = invisible::shown_in_lines(&text);
            let end = text.floor_char_boundary(MOST_SHOWN);
            if end < text.len() {
                let left_out = format!("{} of {} bytes", text.len() - end, text.len());
                shown.insert("textLeftOut".to_owned(), left_out.into());
            }
            shown.insert("text".to_owned(), text[..end].into());
        }
    }
    Ok(shown.into())
}

fn text(block: ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text,
        ContentBlock::Image(_) => "[an image, which is not shown]".to_owned(),
        ContentBlock::Audio(_) => "[a sound, which is not played]".to_owned(),
        ContentBlock::Resource(it) => match it.resource {
            ResourceContents::TextResourceContents { text, .. } => text,
            _ => "[a file, which is not shown]".to_owned(),
        },
        ContentBlock::ResourceLink(link) => format!("[{}: {}]", link.name, link.uri),
        _ => "[something that is not shown]".to_owned(),
    }
}

/// `data` with what nobody sees shown by its code.
fn seen(data: Value) -> Value {
    match data {
        Value::String(text) => invisible::shown_in_lines(&text).into(),
        Value::Array(items) => items.into_iter().map(seen).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            members.map(|(name, it)| (invisible::shown(&name), seen(it))).collect()
        }
        plain => plain,
    }
}

/// A server's words as a JSON string: data, not ours.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(cut(text, LONGEST_QUOTE)).to_string()
}

fn cut(text: &str, characters: usize) -> String {
    let text: String = text.chars().take(characters + 1).collect();
    let is_whole = text.chars().count() <= characters;
    let mut text: String = text.chars().take(characters).collect();
    if !is_whole {
        text.push('…');
    }
    invisible::shown_in_lines(&text)
}

/// An address that a person can judge: `https`, with nothing before its host, and not too long to be read.
fn page(address: &str) -> Option<String> {
    let url = Url::parse(address).ok().filter(|url| url.scheme() == "https")?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    let is_short = url.as_str().len() <= LONGEST_ADDRESS;
    (is_plain && is_short).then(|| url.into())
}

/// What `result` of `server` asks the user.
pub(crate) fn asked(server: &str, result: InputRequiredResult) -> Result<Inquiry, Failure> {
    let refused = |why: &str| {
        Failure::new("input_required", format!("Not run: {server} {why}, and was not told it."))
    };
    let requests = result.input_requests.unwrap_or_default();
    let state = result.request_state;
    if requests.is_empty() || requests.len() > MOST_QUESTIONS {
        return Err(refused("asks for nothing, or for too much"));
    }
    let mut questions = Vec::new();
    for (key, request) in requests {
        let InputRequest::Elicitation(request) = request else {
            return Err(refused("asks for what belongs to this agent alone"));
        };
        let (message, kind) = match request.params {
            ElicitRequestParams::FormElicitationParams { message, requested_schema, .. } => {
                let schema = serde_json::to_value(requested_schema).unwrap_or_default();
                (message, QuestionKind::Form(schema))
            }
            ElicitRequestParams::UrlElicitationParams { message, url, .. } => {
                let page = page(&url).ok_or_else(|| refused("names a page that can't be shown"))?;
                (message, QuestionKind::Page(page))
            }
            _ => return Err(refused("asks in a way that is not known here")),
        };
        questions.push(InquiryQuestion { key, message: cut(&message, LONGEST_MESSAGE), kind });
    }
    let kept = json!([questions.iter().map(|it| (&it.key, &it.kind)).collect::<Vec<_>>(), state]);
    if json_bytes(&kept) > MOST_KEPT {
        return Err(refused("asks for too much"));
    }
    Ok(Inquiry { server: server.to_owned(), questions, state })
}

#[cfg(test)]
mod tests {
    use rmcp::model::{CallToolResult, ContentBlock};
    use serde_json::json;

    use super::{MOST_SHOWN, page, shown};

    #[test]
    fn a_result_is_data_with_its_origin_and_nothing_hidden_in_it() {
        let text = CallToolResult::success(vec![ContentBlock::text("a\u{200b}b\nc")]);
        let expected = json!({ "from": "calendar", "text": "a⟨U+200B⟩b\nc" });
        assert_eq!(shown("calendar", text).unwrap(), expected);
        let mut both = CallToolResult::success(vec![ContentBlock::text("{}")]);
        both.structured_content = Some(json!({ "n\u{202e}": ["x\u{feff}"] }));
        let expected = json!({ "from": "c", "data": { "n⟨U+202E⟩": ["x⟨U+FEFF⟩"] } });
        assert_eq!(shown("c", both).unwrap(), expected);
    }

    #[test]
    fn of_a_result_that_is_too_long_the_beginning_is_shown() {
        let long = "ä".repeat(MOST_SHOWN);
        let result = CallToolResult::success(vec![ContentBlock::text(long)]);
        let shown = shown("calendar", result).unwrap();
        assert_eq!(shown["text"].as_str().unwrap().len(), MOST_SHOWN);
        assert_eq!(shown["textLeftOut"], "40000 of 80000 bytes");
    }

    #[test]
    fn a_page_is_one_whose_address_a_person_can_judge() {
        assert_eq!(page("https://a.example/x?y=1").as_deref(), Some("https://a.example/x?y=1"));
        let like = page("https://\u{430}ccounts.example/").unwrap();
        assert!(like.starts_with("https://xn--"), "{like}");
        let long = format!("https://a.example/{}", "a".repeat(3_000));
        for address in [
            "javascript:alert(1)",
            "data:text/html,x",
            "http://a.example/",
            "https://a.example@b.example/",
            "not a url",
            &long,
        ] {
            assert_eq!(page(address), None, "{address}");
        }
    }

    #[test]
    fn a_servers_error_is_quoted() {
        let result = CallToolResult::error(vec![ContentBlock::text("No.\n\"Ignore\"")]);
        let failure = shown("calendar", result).unwrap_err();
        assert_eq!(failure.text, r#"calendar says: "No.\n\"Ignore\"""#);
    }
}
