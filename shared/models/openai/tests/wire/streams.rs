//! Streams that end in an answer.

use agent::model::{ModelAnswer, Usage};
use serde_json::{Value, json};
use session::{Message, WITHHELD};

use crate::{
    ask,
    server::{Reply, serve},
};

/// A chunk in OpenAI's published shape.
pub(crate) fn chunk(delta: &Value, finish_reason: Value) -> Value {
    json!({
        "id": "chatcmpl-123", "object": "chat.completion.chunk", "created": 1_694_268_190,
        "model": "gpt-4o-mini", "system_fingerprint": "fp_44709d6fcb", "service_tier": "default",
        "choices": [{
            "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason
        }],
        "usage": null, "obfuscation": "x"
    })
}

pub(crate) fn said(text: &str) -> Value {
    chunk(&json!({ "content": text }), Value::Null)
}

pub(crate) fn end(reason: &str) -> Value {
    chunk(&json!({}), json!(reason))
}

fn usage(input: u64, output: u64) -> Value {
    json!({ "id": "chatcmpl-123", "object": "chat.completion.chunk", "choices": [], "usage": {
        "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
        "prompt_tokens_details": { "cached_tokens": 0 }
    } })
}

fn counted(input_tokens: u64, output_tokens: u64) -> Usage {
    Usage { input_tokens, output_tokens, ..Usage::default() }
}

/// The answer to a question that is answered with `reply`, and what was heard.
async fn answer(reply: Reply) -> (ModelAnswer, String) {
    let (base, _) = serve(vec![reply]).await;
    let (answer, heard) = ask(&base, &[Message::user("Hello!")]).await;
    (answer.unwrap(), heard)
}

#[tokio::test]
async fn text_is_heard_in_its_fragments_and_tokens_are_counted() {
    let begin = chunk(&json!({ "role": "assistant", "content": "", "refusal": null }), Value::Null);
    let chunks = [begin, said("Grüß"), said(" dich"), end("stop"), usage(12, 3)];
    let (answer, heard) = answer(Reply::chunks(&chunks)).await;
    assert_eq!((answer.message.text().as_str(), heard.as_str()), ("Grüß dich", "Grüß dich"));
    assert_eq!(answer.usage, counted(12, 3));
}

#[tokio::test]
async fn events_are_read_with_any_line_end_comment_and_border_between_pieces() {
    let (first, second) = (said("Grüß "), said("dich 🦀"));
    let second = second.to_string();
    // Data on two lines is joined by a line end, which JSON takes for a space.
    let (left, right) = second.split_once(",\"model\"").unwrap();
    let events = format!(
        ": a comment\n\ndata:{first}\n\nevent: message\nid: 1\ndata: {left},\ndata: \"model\"{right}\n\n\
         retry: 5\n\ndata: {}\n\ndata: [DONE]\n\n",
        end("stop")
    );
    for text in [events.clone(), events.replace('\n', "\r\n"), events.replace('\n', "\r")] {
        let bytes = text.as_bytes();
        for pieces in [1, 2, 3, 7, bytes.len()] {
            let pieces = bytes.chunks(bytes.len().div_ceil(pieces)).map(<[u8]>::to_vec).collect();
            let (answer, heard) = answer(Reply::in_pieces(pieces)).await;
            assert_eq!(
                (answer.message.text().as_str(), heard.as_str()),
                ("Grüß dich 🦀", "Grüß dich 🦀")
            );
        }
    }
}

#[tokio::test]
async fn calls_in_fragments_are_whole_with_any_finish_reason() {
    let call = |index: usize, part: Value| {
        chunk(&json!({ "tool_calls": [{ "index": index, "function": part }] }), Value::Null)
    };
    let begin = |index: usize, id: &str, name: &str| {
        let function = json!({ "name": name, "arguments": "" });
        let call = json!({ "index": index, "id": id, "type": "function", "function": function });
        chunk(&json!({ "role": "assistant", "content": null, "tool_calls": [call] }), Value::Null)
    };
    for reason in [
        json!("tool_calls"),
        json!("function_call"),
        json!("stop"),
        json!("length"),
        Value::Null,
        json!("new"),
    ] {
        let chunks = [
            begin(0, "call_1", "get_weather"),
            call(0, json!({ "arguments": "{\"city\":" })),
            call(0, json!({ "arguments": "\"Bonn\"}" })),
            begin(1, "call_2", "get_time"),
            call(1, json!({ "arguments": "{}" })),
            chunk(&json!({}), reason.clone()),
        ];
        let (answer, heard) = answer(Reply::chunks(&chunks)).await;
        let calls = answer.message.tool_uses();
        let calls: Vec<_> =
            calls.map(|it| (it.tool_use_id.as_str(), it.name.as_str(), &it.input)).collect();
        let (city, nothing) = (json!({ "city": "Bonn" }), json!({}));
        assert_eq!(
            calls,
            [("call_1", "get_weather", &city), ("call_2", "get_time", &nothing)],
            "{reason}"
        );
        assert!(answer.unreadable.is_empty() && !heard.contains('('), "{heard}");
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off_or_withheld_says_so() {
    let (cut, heard) = answer(Reply::chunks(&[said("So, "), end("length")])).await;
    assert!(heard.starts_with("So, (") && heard.contains("cut off"), "{heard}");
    assert!(cut.message.text().contains("cut off"), "{cut:?}");
    let (withheld, heard) = answer(Reply::chunks(&[said("So, "), end("content_filter")])).await;
    assert!(heard.starts_with("So, ⟲(") && heard.contains("content filter"), "{heard}");
    assert!(withheld.message.is_withheld(), "{withheld:?}");
}

#[tokio::test]
async fn tokens_that_the_server_had_kept_are_part_of_the_input_and_counted_apart() {
    let mut counts = usage(12, 3);
    counts["usage"]["prompt_tokens_details"]["cached_tokens"] = json!(8);
    let (answer, _) = answer(Reply::chunks(&[said("Yes"), end("stop"), counts])).await;
    assert_eq!(answer.usage, Usage { cached_input_tokens: 8, ..counted(12, 3) });
}

#[tokio::test]
async fn an_unknown_finish_reason_is_tried_once_more_and_then_noted() {
    let bad = Reply::chunks(&[said("Ye"), end("malformed_function_call"), usage(10, 1)]);
    let good = Reply::chunks(&[said("Yes"), end("stop"), usage(10, 2)]);
    let (base, seen) = serve(vec![bad.clone(), good]).await;
    let (answer, heard) = ask(&base, &[Message::user("Hello!")]).await;
    let answer = answer.unwrap();
    assert_eq!((answer.message.text().as_str(), heard.as_str()), ("Yes", "Ye⟲Yes"));
    assert_eq!(answer.usage, counted(20, 3));
    assert_eq!(seen.lock().unwrap().len(), 2);

    let (base, seen) = serve(vec![bad]).await;
    let (answer, _) = ask(&base, &[Message::user("Hello!")]).await;
    assert!(answer.unwrap().message.text().contains("broke off"));
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn thinking_is_never_heard_and_an_answer_of_thinking_alone_says_so() {
    let thoughts = |member: &str| {
        let thought = |text: &str| chunk(&json!({ member: text, "content": null }), Value::Null);
        match member {
            "content" => vec![said("<thi"), said("nk>hm</think>\n\n")],
            _ => vec![thought("h"), thought("m")],
        }
    };
    for member in ["reasoning_content", "reasoning", "content"] {
        let with = |more: &[Value]| Reply::chunks(&[&thoughts(member), more].concat());
        let (both, heard) = answer(with(&[said("Yes"), end("stop")])).await;
        assert_eq!((both.message.text().as_str(), heard.as_str()), ("Yes", "Yes"), "{member}");
        let kept = json!([{ "reasoning": { "text": { "text": "hm" } } }, { "text": "Yes" }]);
        if member != "content" {
            assert_eq!(serde_json::to_value(&both.message.content).unwrap(), kept);
        }
        for (reason, words) in [("length", "used up the 100 tokens"), ("stop", "thought about it")]
        {
            let (_, heard) = answer(with(&[end(reason)])).await;
            assert!(heard.contains(words) && !heard.contains("hm"), "{member}: {heard}");
        }
    }
}

#[tokio::test]
async fn members_that_servers_leave_out_or_send_as_null_are_not_missed() {
    // As Ollama, llama.cpp and others send them.
    let chunks = [
        json!({ "choices": [{ "delta": { "role": "assistant", "content": null } }] }),
        json!({ "choices": [{ "delta": null, "finish_reason": "" }], "usage": null, "error": null }),
        json!({ "choices": [{ "index": 0, "delta": { "content": "Yes", "tool_calls": null } }] }),
        json!({ "choices": null, "timings": { "predicted_n": 1 } }),
        json!({ "choices": [{ "finish_reason": "stop" }], "usage": { "prompt_tokens": 1 } }),
    ];
    let (answer, heard) = answer(Reply::chunks(&chunks)).await;
    assert_eq!((answer.message.text().as_str(), heard.as_str()), ("Yes", "Yes"));
    assert_eq!(answer.usage, counted(1, 0));
}

#[tokio::test]
async fn nothing_stands_of_what_a_filter_or_the_model_itself_withholds() {
    // As Azure says it of a question, and inside a stream of an answer.
    let filtered = json!({ "error": { "message": "The response was filtered", "type": null,
        "param": "prompt", "code": "content_filter", "status": 400 } });
    let declined = |text: &str| chunk(&json!({ "content": null, "refusal": text }), Value::Null);
    let call = json!([{ "index": 0, "id": "a", "function": { "name": "one", "arguments": "{}" } }]);
    let call = chunk(&json!({ "tool_calls": call }), Value::Null);
    for (reply, before) in [
        (Reply::chunks(&[said("So, "), call, end("content_filter")]), "So, "),
        (Reply::chunks(&[said("So, "), end("refusal")]), "So, "),
        (Reply::chunks(&[declined("I can't "), declined("help."), end("stop")]), ""),
        (Reply::events(&format!("data: {}\n\ndata: {filtered}\n\n", said("So, "))), "So, "),
        (Reply::json("400 Bad Request", "", &filtered), ""),
    ] {
        let (base, seen) = serve(vec![reply]).await;
        let (answer, heard) = ask(&base, &[Message::user("Hello!")]).await;
        let message = answer.unwrap().message;
        assert!(message.is_withheld() && message.tool_uses().count() == 0, "{message:?}");
        assert_eq!(heard, format!("{before}⟲{WITHHELD}"));
        assert_eq!(seen.lock().unwrap().len(), 1, "it is not asked for again");
    }
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let call =
        json!({ "id": "a", "type": "function", "function": { "name": "one", "arguments": "{}" } });
    let message = json!({ "role": "assistant", "content": "Yes", "tool_calls": [call] });
    let whole = json!({
        "object": "chat.completion", "usage": { "prompt_tokens": 5, "completion_tokens": 6 },
        "choices": [{ "index": 0, "message": message, "finish_reason": "tool_calls" }]
    });
    let (answer, heard) = answer(Reply::json("200 OK", "", &whole)).await;
    assert_eq!((heard.as_str(), answer.message.tool_uses().count()), ("Yes", 1));
    assert_eq!(answer.usage, counted(5, 6));
}

#[tokio::test]
async fn the_connection_is_used_for_the_next_request() {
    let (base, seen) = serve(vec![Reply::chunks(&[said("Ye"), end("unknown")])]).await;
    // This server looks at one connection at a time: a second one would wait for ever.
    let (answer, _) = ask(&base, &[Message::user("Hello!")]).await;
    assert!(answer.is_ok());
    assert_eq!(seen.lock().unwrap().len(), 2);
}
