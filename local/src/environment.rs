//! The environment of both services: the same variables on every platform.

use std::collections::BTreeMap;

use edge::Source;

use stand_in::REGION;

use crate::{
    options::{Model, ModelChoice},
    parts::Addresses,
};

/// The bucket for conversations.
pub const BUCKET: &str = "countersign-local";
/// The agent's workload identity at AgentCore Identity.
pub const WORKLOAD_IDENTITY: &str = "countersign-local";
/// The credential provider.
pub const GITHUB_PROVIDER: &str = "github";
/// The credential provider of the calendar.
pub const CALENDAR_PROVIDER: &str = "calendar";
/// The load balancer's client id at the identity provider.
pub const OIDC_CLIENT_ID: &str = "countersign-local";
/// … and its secret.
pub const OIDC_CLIENT_SECRET: &str = "for-development-only";
/// Static credentials that only the stand-ins accept.
pub const ACCESS_KEY_ID: &str = "LOCALDEVELOPMENTONLY";
/// … and their secret.
pub const SECRET_ACCESS_KEY: &str = "for-development-only";
/// Seals flows. It is in this repository, so it is not a secret.
const CONSENT_KEY: &str = "for-development-only-this-key-is-public";
/// The id of the scripted model.
const MODEL: &str = "scripted-stand-in";

/// What the chat page suggests where there is a calendar.
const SUGGESTIONS: [(&str, &str); 4] = [
    ("Which repositories do I have, private ones too?", "reads · asks you to connect GitHub once"),
    (
        "Which private repositories do I have, and what is in my calendar?",
        "reads · asks you to connect GitHub and the calendar once",
    ),
    ("Who am I at GitHub?", "reads your profile only"),
    ("What can you do?", "needs nothing"),
];

/// The variable with the key to a model's server.
pub(crate) const OPENAI_API_KEY: &str = "OPENAI_API_KEY";

/// The path of the page after consent.
pub(crate) const BINDING: &str = "/oauth2/session-binding";

/// The services' variables that are taken from the environment of the person who runs this. The addresses
/// of AWS, GitHub and the issuer are not among them, because they have to be those of the stand-ins.
const PASSED_ON: [&str; 35] = [
    "AGENT_INSTRUCTIONS",
    "AGENT_NAME",
    "ALLOW_CLAIM",
    "BROWSER_BINDING",
    "CONFIRM_ACTIONS",
    "GUARDRAIL_ID",
    "GUARDRAIL_VERSION",
    "IMPORT_STRANDS_SESSIONS",
    "INBOUND_AUTH",
    "MAX_ANSWER_TOKENS",
    "MAX_CONTEXT_TOKENS",
    "MAX_CONVERSATION_BYTES",
    "MAX_TURNS",
    "MAX_TURNS_PER_USER",
    "MCP_AUDIENCE",
    "MCP_SERVERS",
    "METRICS",
    "METRICS_NAMESPACE",
    "MODEL_ID",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "PAGE_EXAMPLE",
    "PAGE_SUGGESTIONS",
    "PAGE_WELCOME",
    "TURN_SECONDS",
    "USER_TOKENS_PER_DAY",
    "VAULT_IDENTITY",
];

/// Returns those of these variables that `source` has.
#[must_use]
pub fn passed_on(source: &dyn Source) -> BTreeMap<String, String> {
    let found = PASSED_ON.iter().filter_map(|name| Some(((*name).to_owned(), source.get(name)?)));
    found.collect()
}

/// Returns the variables of both services for stand-ins at `addresses`, behind a load balancer that signs
/// people in at `issuer` as the client `client_id`.
#[must_use]
pub fn functions(addresses: &Addresses, issuer: &str, client_id: &str) -> BTreeMap<String, String> {
    let origin = |address: &url::Url| address.as_str().trim_end_matches('/').to_owned();
    let application = origin(&addresses.application);
    let variables = [
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
        ("AWS_ENDPOINT_URL_S3", origin(&addresses.s3)),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", origin(&addresses.bedrock)),
        ("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", origin(&addresses.agentcore)),
        ("ALB_ARN", load_balancer_local::ARN.to_owned()),
        ("ALB_PUBLIC_KEYS_URL", origin(&addresses.public_keys)),
        ("OIDC_ISSUER", issuer.to_owned()),
        ("OIDC_CLIENT_ID", client_id.to_owned()),
        ("SESSION_BINDING_URL", format!("{application}{BINDING}")),
        ("CONSENT_KEY", CONSENT_KEY.to_owned()),
        ("WORKLOAD_IDENTITY_NAME", WORKLOAD_IDENTITY.to_owned()),
        ("GITHUB_PROVIDER_NAME", GITHUB_PROVIDER.to_owned()),
        ("GITHUB_API_URL", origin(&addresses.github)),
        ("SESSION_BUCKET", BUCKET.to_owned()),
        ("MODEL_ID", MODEL.to_owned()),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Returns the variables that name the calendar at `address` as an MCP server, and suggest a question that
/// needs both providers.
#[must_use]
pub(crate) fn calendar(address: &url::Url) -> [(String, String); 2] {
    let servers = serde_json::json!({ "calendar": {
        "url": format!("{}mcp", address.as_str()),
        "auth": {
            "provider": CALENDAR_PROVIDER,
            "label": "Calendar",
            "scopes": ["events.read"],
            "more_scopes": ["events.write"],
        },
        "read_only": ["list_events"],
    } });
    let suggestion = |(ask, needs): (&str, &str)| serde_json::json!({ "ask": ask, "needs": needs });
    let suggestions: Vec<_> = SUGGESTIONS.into_iter().map(suggestion).collect();
    let suggestions = serde_json::Value::from(suggestions);
    [
        ("MCP_SERVERS".to_owned(), servers.to_string()),
        ("PAGE_SUGGESTIONS".to_owned(), suggestions.to_string()),
    ]
}

/// Returns the variables that say which model is asked, where the stand-in for Bedrock is not.
#[must_use]
pub(crate) fn model(model: &Model) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    variables.extend(model.id.iter().map(|id| ("MODEL_ID".to_owned(), id.clone())));
    if let ModelChoice::OpenAi(url) = &model.choice {
        variables.insert("MODEL_PROVIDER".to_owned(), "openai".to_owned());
        variables.insert("OPENAI_BASE_URL".to_owned(), url.to_string());
        let key = model.key.iter().map(|key| (OPENAI_API_KEY.to_owned(), key.expose().to_owned()));
        variables.extend(key);
    }
    variables
}
