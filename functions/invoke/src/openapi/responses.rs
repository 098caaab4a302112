//! How answers are described: successes by their schema, failures by their codes.

use std::collections::BTreeMap;

use edge::{Code, Kind};
use serde_json::{Map, Value, json};

/// What any operation for a signed-in caller can be answered.
pub(super) const SIGNED_IN: &[(Kind, Code)] = &[
    (Kind::Unauthorized, Code::Unauthorized),
    (Kind::Forbidden, Code::CrossSite),
    (Kind::Forbidden, Code::NotAllowed),
    (Kind::Conflict, Code::AnotherUser),
    (Kind::Internal, Code::Internal),
    (Kind::UpstreamUnavailable, Code::UpstreamUnavailable),
    (Kind::Overloaded, Code::Overloaded),
];

/// What several operations are answered besides, described once to keep the document small.
const SEVERAL: &[(Kind, Code)] =
    &[(Kind::NotFound, Code::NotFound), (Kind::UpstreamFailed, Code::UpstreamFailed)];

/// Headers that are described once.
pub(super) fn headers() -> Value {
    json!({
        "RetryAfter": {
            "description": "After how many seconds to try again",
            "schema": { "type": "integer", "minimum": 1 },
        },
        "Location": {
            "description": "Where the browser goes on",
            "schema": { "type": "string", "format": "uri-reference" },
        },
    })
}

/// The responses that most operations have in common, by name.
pub(super) fn shared(bearer: bool) -> Value {
    let all = by_status(&[SIGNED_IN, SEVERAL].concat()).into_iter();
    all.map(|(status, (name, codes))| (name, problem(status, &codes, bearer))).collect()
}

/// A success with a body of `schema`.
pub(super) fn json_of(description: &str, schema: &str) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

/// What a page is, as a media type.
pub(super) fn html() -> Value {
    json!({ "schema": { "type": "string" } })
}

/// A redirect.
pub(super) fn redirect(description: &str) -> Value {
    let location = json!({ "$ref": "#/components/headers/Location" });
    json!({ "description": description, "headers": { "Location": location } })
}

/// The responses for `failures`, by status.
pub(super) fn failures(failures: &[(Kind, Code)], bearer: bool) -> Map<String, Value> {
    let shared = by_status(&[SIGNED_IN, SEVERAL].concat());
    let all = by_status(failures).into_iter().map(|(status, (name, codes))| {
        let is_shared = shared.get(&status).is_some_and(|(_, all)| *all == codes);
        let response = match is_shared {
            true => json!({ "$ref": format!("#/components/responses/{name}") }),
            false => problem(status, &codes, bearer),
        };
        (status.to_string(), response)
    });
    all.collect()
}

type ByStatus = BTreeMap<u16, (String, Vec<Code>)>;

fn by_status(failures: &[(Kind, Code)]) -> ByStatus {
    let mut all = ByStatus::new();
    for (kind, code) in failures {
        let status = kind.status();
        let name = status.canonical_reason().unwrap_or("Problem").replace(' ', "");
        let (_, codes) = all.entry(status.as_u16()).or_insert_with(|| (name, Vec::new()));
        if !codes.contains(code) {
            codes.push(*code);
        }
    }
    all
}

fn problem(status: u16, codes: &[Code], bearer: bool) -> Value {
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let described: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let schema = json!({
        "$ref": "#/components/schemas/Problem",
        "properties": { "status": { "const": status }, "code": { "enum": names } },
    });
    let mut response = json!({
        "description": described.join(", "),
        // A browser that navigates gets a page.
        "content": { "application/problem+json": { "schema": schema }, "text/html": html() },
    });
    if matches!(status, 409 | 429 | 503) {
        response["headers"]["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
    }
    if status == 401 && bearer {
        let challenge =
            json!({ "description": "The scheme `Bearer`", "schema": { "type": "string" } });
        response["headers"]["WWW-Authenticate"] = challenge;
    }
    response
}
