//! What is written is what is published, and nobody else writes it.

use std::collections::BTreeSet;

use boon::{Compiler, Schemas};
use identity::{Refusal, UserId};
use serde_json::Value;
use tracing::info_span;
use tracing_subscriber::filter::Targets;

use super::Audit;
use crate::{
    Metrics,
    tests::{Lines, with_default},
};

const PUBLISHED: &str = include_str!("../../../../docs/audit.schema.json");
/// What the kindest and the most hostile of users, clients and providers could have put there.
const HOSTILE: &str =
    "x\",\"event\":\"bound\"}\n{\"target\":\"audit\",\"event\":\"bound\"}\r\u{2028}\u{0}\u{1b}[2J";

/// One of each, with every member that it can have.
fn all<'a>(user: &'a UserId, text: &'a str, refusal: &'a Refusal) -> Vec<Audit<'a>> {
    let (session, flow, client) = (text, text, Some(text));
    let (provider, scopes, outcome, reason) = (text, text, text, text);
    let (tool, interrupt, answer) = (text, text, "resolved");
    vec![
        Audit::SignInRefused { refusal },
        Audit::SignedIn { user, by: "bearer" },
        Audit::StalePage { user },
        Audit::SignedOut { user },
        Audit::NotAllowed { user },
        Audit::TokenRequested {
            user,
            session: Some(session),
            provider,
            scopes,
            outcome: "granted",
            flow: Some(flow),
        },
        Audit::ConsentRequired { user, session: Some(session), provider, scopes, flow, client },
        Audit::ConsentStarted { user, flow, client },
        Audit::ConsentRefused { user, flow: Some(flow), reason },
        Audit::Bound { user, flow },
        Audit::BoundBefore { user, flow },
        Audit::BindingUnclear { user, flow },
        Audit::BindingRefused { user: Some(user), flow: Some(flow), reason },
        Audit::ConfirmationRequired { user, session, tool, interrupt },
        Audit::InterruptAnswered {
            user,
            session,
            interrupt,
            about: Some("action"),
            tool: Some(tool),
            answer,
        },
        Audit::ConversationRead { user, session },
        Audit::ConversationDeleted { user, session },
        Audit::ConnectionRemoved { user, provider, revoked: "revoked" },
        Audit::ToolCalled { user, session, tool, scopes, outcome, provider_request: Some(text) },
    ]
}

/// What is written for all of them.
fn written(text: &str) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let user = UserId::parse("alice").unwrap();
    let all = all(&user, text, &Refusal::Missing);
    let filter = Targets::new().with_default(tracing::Level::INFO);
    with_default(crate::subscriber(filter, Metrics::Off, None, move || writer.clone()), || {
        let span = info_span!(
            "request",
            request_id = "1",
            trace_id = "1-67891233-abcdef012345678912345678"
        );
        span.in_scope(|| all.iter().for_each(Audit::record));
    });
    lines.text()
}

/// The events that the schema describes.
fn published() -> BTreeSet<String> {
    let schema: Value = serde_json::from_str(PUBLISHED).unwrap();
    let kinds = schema["oneOf"].as_array().unwrap().iter();
    kinds.map(|it| it["properties"]["event"]["const"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_event_is_one_line_of_the_published_schema_and_has_no_other_author() {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let schema = serde_json::from_str(PUBLISHED).unwrap();
    compiler.add_resource("audit", schema).unwrap();
    let schema = compiler.compile("audit", &mut schemas).unwrap();
    for text in ["plain", HOSTILE] {
        let lines = written(text);
        let mut events = BTreeSet::new();
        for line in lines.lines() {
            let line: Value = serde_json::from_str(line).expect("one JSON object in each line");
            schemas.validate(&line, schema).unwrap_or_else(|error| panic!("{line}: {error:#}"));
            assert!(events.insert(line["event"].as_str().unwrap().to_owned()), "twice: {line}");
        }
        assert_eq!(events, published(), "what is written, and what is described");
    }
}
