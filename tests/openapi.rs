//! What is answered is what the OpenAPI document says, member by member (M3, M16).

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Browser, World};

const SESSION: &str = "described";

/// The document, as a signed-in client gets it.
struct Document(Value);

impl Document {
    async fn of(browser: &Browser) -> Self {
        let answer = browser.request(Method::GET, "/openapi.json").send().await.expect("an answer");
        Self(answer.json().await.expect("JSON"))
    }

    fn schema(&self, name: &str) -> &Value {
        &self.0["components"]["schemas"][name]
    }

    /// What is wrong with `value` by `schema`: members that it does not know, members that it
    /// requires, other types.
    fn mistake(&self, schema: &Value, value: &Value) -> Option<String> {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            let whole = self.mistake(self.schema(name), value);
            // What stands beside a reference narrows it (JSON Schema 2020-12, section 8.2.3.1).
            let narrower = schema["properties"].as_object();
            let mut narrower = narrower.into_iter().flatten();
            return whole.or_else(|| {
                narrower.find_map(|(name, schema)| self.mistake(schema, &value[name]))
            });
        }
        if let Some(only) = schema.get("const") {
            return (only != value).then(|| format!("{value} is not {only}"));
        }
        for kind in ["oneOf", "anyOf"] {
            if let Some(variants) = schema[kind].as_array() {
                let mistakes = variants.iter().map(|it| self.mistake(it, value));
                let mistakes: Option<Vec<String>> = mistakes.collect();
                return mistakes.map(|all| all.join("; or "));
            }
        }
        if let Some(allowed) = schema["enum"].as_array().filter(|all| !all.contains(value)) {
            return Some(format!("{value} is none of {allowed:?}"));
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.clone(),
            Value::Null => return None,
            one => vec![one.clone()],
        };
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        if !types.contains(&json!(kind)) {
            return Some(format!("{value} is no {types:?}"));
        }
        match value {
            Value::Array(items) => {
                items.iter().find_map(|item| self.mistake(&schema["items"], item))
            }
            Value::Object(members) => {
                let known = schema["properties"].as_object()?;
                let needed = schema["required"].as_array().into_iter().flatten();
                let missing =
                    needed.filter_map(Value::as_str).find(|it| !members.contains_key(*it));
                let missing = missing.map(|name| format!("{name} is missing in {value}"));
                missing.or_else(|| {
                    members.iter().find_map(|(name, member)| match known.get(name) {
                        None => Some(format!("{name} is not described")),
                        Some(schema) => self.mistake(schema, member),
                    })
                })
            }
            _ => None,
        }
    }

    fn assert_describes(&self, path: &str, method: &str, status: StatusCode, answer: &Value) {
        let path = path.replace('/', "~1");
        let status = status.as_u16();
        let response = format!("/paths/{path}/{method}/responses/{status}");
        let response = self.0.pointer(&response).unwrap_or_else(|| panic!("no {response}"));
        let shared = response["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        let response = shared.map_or(response, |name| &self.0["components"]["responses"][name]);
        let content = response["content"].as_object().expect("content");
        let schema = &content.values().next().expect("a media type")["schema"];
        let mistake = self.mistake(schema, answer);
        assert_eq!(mistake, None, "{method} {path} {status}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_every_kind_of_answer_is_as_the_document_describes_it() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let document = Document::of(&alice).await;
    let turn = |status: StatusCode, answer: &Value| {
        document.assert_describes("/invocations", "post", status, answer);
    };

    let (status, answer) = alice.say(SESSION, "Hello!").await;
    assert_eq!(answer["status"], "completed");
    turn(status, &answer);
    let create = "Please create an issue in octo-alice/garden: Water the tomatoes";
    let (status, answer) = alice.say(SESSION, create).await;
    assert_eq!(answer["interrupts"][0]["reason"], "authorization_required");
    turn(status, &answer);
    world.consent(&alice, &answer, "octo-alice").await;
    let (status, answer) = alice.go_on(SESSION).await;
    assert_eq!(answer["interrupts"][0]["reason"], "confirmation_required", "{answer}");
    turn(status, &answer);
    let again = json!([{ "interruptId": uuid(), "status": "resolved" }]);
    let (status, answer) = alice.invoke(&json!({ "sessionId": SESSION, "resume": again })).await;
    assert_eq!(status, StatusCode::CONFLICT);
    turn(status, &answer);
    let (status, answer) = alice.invoke(&json!({ "sessionId": "", "message": "Hello!" })).await;
    assert_eq!(answer["field"], "sessionId");
    turn(status, &answer);

    for (path, described) in
        [("/sessions", "/sessions"), ("/sessions/described", "/sessions/{sessionId}")]
    {
        let answer = alice.request(Method::GET, path).send().await.expect("an answer");
        let status = answer.status();
        let answer = answer.json().await.expect("JSON");
        document.assert_describes(described, "get", status, &answer);
    }

    let missing = alice.request(Method::GET, "/sessions/none").send().await.expect("an answer");
    let (status, answer) = (missing.status(), missing.json().await.expect("JSON"));
    document.assert_describes("/sessions/{sessionId}", "get", status, &answer);
    let text = alice.request(Method::POST, "/invocations").body("Hello!");
    let answer = text.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let (status, answer) = (answer.status(), answer.json().await.expect("JSON"));
    turn(status, &answer);
    let foreign = alice.request(Method::POST, "/invocations");
    let foreign = foreign.header("sec-fetch-site", "cross-site").json(&json!({}));
    let answer = foreign.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let (status, answer) = (answer.status(), answer.json().await.expect("JSON"));
    turn(status, &answer);

    world.lose_storage();
    let (status, answer) = alice.say("lost", "Hello!").await;
    assert_eq!(answer["code"], "turn_not_saved");
    turn(status, &answer);
}

fn uuid() -> &'static str {
    "00000000-0000-4000-8000-000000000000"
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_an_answer_that_differs_from_the_document_is_noticed() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let document = Document::of(&alice).await;
    let (_, right) = alice.say(SESSION, "Which repositories do I have?").await;
    let schema = document.schema("InvocationAnswer");
    assert_eq!(document.mistake(schema, &right), None);
    for (pointer, wrong) in [
        ("/status", json!("done")),
        ("/interrupts/0", json!({})),
        ("/interrupts/0/reason", json!("other")),
        ("/interrupts/0/scopes", json!("repo")),
        ("/usage", json!({ "input_tokens": 1, "output_tokens": 1 })),
    ] {
        let mut answer = right.clone();
        *answer.pointer_mut(pointer).expect("a member") = wrong;
        assert!(document.mistake(schema, &answer).is_some(), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_a_code_that_an_operation_does_not_list_is_noticed() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let document = Document::of(&alice).await;
    let missing = alice.request(Method::GET, "/sessions/none").send().await.expect("an answer");
    let mut problem: Value = missing.json().await.expect("JSON");
    let place = "/paths/~1sessions~1{sessionId}/get/responses/404/content";
    let content = document.0.pointer(place).expect("a response");
    let schema = &content["application/problem+json"]["schema"];
    assert_eq!(document.mistake(schema, &problem), None);
    for (member, wrong) in [("code", json!("turn_in_progress")), ("status", json!(409))] {
        let right = std::mem::replace(&mut problem[member], wrong);
        assert!(document.mistake(schema, &problem).is_some(), "{problem}");
        problem[member] = right;
    }
}
