//! What the agentic workload is configured with, by concern. What both services read is in
//! [`Inbound`] and [`Aws`].

mod guardrail;
mod mcp;
mod model_provider;
mod other_agents;
mod presentation;

use std::{str::FromStr, sync::Arc, time::Duration};

use agent::provider::Provider;
use clock::Clock;
use edge::{
    ConfigError, Inbound, Reader, Source,
    aws::{Aws, AwsEndpoint},
    environment::{parsed, switch, text},
};
use session::ContextTokens;
use tools_github::{App, AppName};
use tools_mcp::McpTools;
use url::Url;
use vault::{ProviderName, endpoint};

pub(crate) use self::model_provider::ModelProvider;
pub(crate) use self::other_agents::{METADATA as MCP_METADATA, OtherAgents, PATH as MCP_PATH};
use self::presentation::Presentation;
pub(crate) use self::presentation::Suggestion;

edge::variables! {
    /// Where conversations are kept.
    pub CONVERSATIONS = "Conversations", read by "the agentic workload":
    SESSION_BUCKET: Required, "the S3 bucket of the conversations";
    MAX_CONVERSATION_BYTES: Or("2097152"), "how large a conversation may be saved, at least 65536: the oldest whole turns go first, the answer says so, and `GET /sessions/{sessionId}` counts them. One that is four times as large from before is not opened (413); it can be deleted";
    IMPORT_STRANDS_SESSIONS: Or("off"), "`on`: an unknown conversation is looked for in the layout of the Python package `strands-agents` in the same bucket (prefix: the user's `sub`)";
    AWS_ENDPOINT_URL_S3: Optional, "where S3 is, when not at AWS";
}

edge::variables! {
    /// Which model is asked.
    pub MODEL = "The model", read by "the agentic workload":
    MODEL_PROVIDER: Or("bedrock"), "who serves the model: `bedrock`, or `openai`: any server that speaks OpenAI's chat completions with tools (OpenAI, Ollama, vLLM, llama.cpp, LiteLLM …)";
    MODEL_ID: Required, "model or inference profile on Amazon Bedrock, by id or ARN (one that can't use tools while it streams says so in its first answer, and the log at start), or the model's name at `OPENAI_BASE_URL`";
    OPENAI_BASE_URL: Optional, "with `MODEL_PROVIDER=openai`: the server's address up to `/chat/completions`, as `https://api.openai.com/v1`. `http` for a server on the same machine only";
    OPENAI_API_KEY: Optional, "with `MODEL_PROVIDER=openai`: the key, sent as a bearer token to that address alone. Only a server on the same machine may do without";
    MAX_CONTEXT_TOKENS: Or("100000"), "how much of a conversation the model sees, estimated";
    MAX_ANSWER_TOKENS: Optional, "how many tokens the model may write in one message, what it thinks included. More than the model can write is refused by its provider. Not set: on Amazon Bedrock what every model of its family takes, at most 16384; elsewhere 4096";
    GUARDRAIL_ID: Optional, "a guardrail on Amazon Bedrock, by id or ARN: it sees everything that is asked and said before anybody hears it, so an answer comes in larger pieces, and later. With `GUARDRAIL_VERSION`";
    GUARDRAIL_VERSION: Optional, "its version: a number, or `DRAFT`";
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: Optional, "where Amazon Bedrock is, when not at AWS";
}

edge::variables! {
    /// What a turn, a user and all of them together may take, and what needs an approval.
    pub TURNS = "Turns", read by "the agentic workload":
    TURN_SECONDS: Or("60"), "how long one turn may take, 1 to 890; on Lambda the function's own time-out counts too";
    CONFIRM_ACTIONS: Or("on"), "`on`: what changes something needs the user's approval; `off`: their consent is enough";
    MAX_TURNS_PER_USER: Or("4"), "turns of one user at once; more get 429 `too_many_turns`. A turn counts until it ends, also if its client has gone. Counted in each process: of a Lambda function, which serves one request in a process, the reserved concurrency is the limit. Not below `MAX_TURNS`, one user can take the turns of all: the log says so at start";
    MAX_TURNS: Or("64"), "turns of all users at once, counted in the same way; more get 503 `overloaded`";
    USER_TOKENS_PER_DAY: Or("0"), "tokens of the model that one user may spend in a day (UTC); then 429 `daily_tokens_used` until midnight. 0: no limit. Costs no request: each process counts what it spends and reads what a conversation it opens has cost today. So it is exact for one process but for turns that run at once; a restarted one, or one of several, knows only of what it spent and of the conversations it has opened, and on Lambda little more than one conversation is limited";
}

edge::variables! {
    /// Where GitHub is, and by which credential provider its tokens come.
    pub GITHUB = "GitHub", read by "the agentic workload":
    GITHUB_PROVIDER_NAME: Or("github"), "the credential provider in AgentCore Identity";
    GITHUB_APP: Optional, "the name of the GitHub App whose client the credential provider has, as in its address, `https://github.com/apps/NAME`: users choose the repositories, and scopes do not count. Not set: it is an OAuth app's";
    GITHUB_API_URL: Or("https://api.github.com"), "GitHub's API";
}

edge::variables! {
    /// Which MCP servers have tools for the agent.
    pub MCP = "MCP servers", read by "the agentic workload":
    MCP_SERVERS: Optional, "servers over streamable HTTP whose tools the agent may use with the user's own token: JSON as MCP clients have it, or the path of a file with it after `@`. `{\"calendar\": {\"url\": \"https://…/mcp\", \"auth\": {\"provider\": \"…\", \"label\": \"…\", \"scopes\": […], \"more_scopes\": […]}, \"tools\": […], \"read_only\": […]}}`. `provider`: the credential provider in AgentCore Identity (left out with `auth`: the server is given no token); `more_scopes`: what may be asked for once the server says that a call needs it; `tools`: those that are offered (all); `read_only`: those that are believed to read only, all others are confirmed";
}

edge::variables! {
    /// Whether agents of others may use the tools, with the same consent and confirmation.
    pub OTHER_AGENTS = "Other agents", read by "the agentic workload":
    MCP_AUDIENCE: Optional, "opens `POST /mcp` to MCP clients: for whom the access tokens of `OIDC_ISSUER` have to be made that they bring (their `aud`, or as `BEARER_AUDIENCE_CLAIM` says), such as `https://{host}/mcp`. With `bearer` another value than `OIDC_CLIENT_ID`, so that no client can approve for its user. The issuer has to name people in them as it names them to the load balancer (the same `sub`). Not set: there is no such route";
}

edge::variables! {
    /// What the operator adds to the agent's own rules, and what the chat page says.
    pub PRESENTATION = "Instructions and page", read by "the agentic workload":
    AGENT_INSTRUCTIONS: Optional, "what the model is told after our own rules, in every request: at most 16384 bytes, with no control characters but line feeds. It is no secret: a user can have the model tell it";
    PAGE_WELCOME: Or("The assistant acts for you at GitHub, and asks for your consent first."), "the sentence at the top of the chat page: plain text, at most 500 characters";
    PAGE_EXAMPLE: Or("Which repositories do I have?"), "what the page suggests to ask, in the empty field: plain text, at most 500 characters";
    PAGE_SUGGESTIONS: Optional, "what an empty conversation offers to ask, and what each will need: a JSON list of at most 8 `{\"ask\": \"…\", \"needs\": \"…\"}`, plain text, each at most 500 characters. Not set: some questions about GitHub";
}

/// Everything that this service is configured with.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Who calls, at which site.
    pub(crate) inbound: Inbound,
    /// What every AWS client starts from.
    pub(crate) aws: Aws,
    /// Where AgentCore Identity is.
    pub(crate) identity: AwsEndpoint,
    pub(crate) conversations: Conversations,
    pub(crate) model: Model,
    pub(crate) turns: Turns,
    pub(crate) github: GitHub,
    /// What MCP servers have.
    pub(crate) mcp: Arc<McpTools>,
    pub(crate) presentation: Presentation,
    /// Whether agents of others may call.
    pub(crate) other_agents: Option<OtherAgents>,
    /// What the model is told before any conversation.
    pub(crate) system_prompt: String,
}

/// Where conversations are kept ([`CONVERSATIONS`]).
#[derive(Debug)]
pub(crate) struct Conversations {
    /// Where S3 is.
    pub(crate) s3: AwsEndpoint,
    pub(crate) bucket: String,
    /// How large one may be saved.
    pub(crate) most_bytes: usize,
    /// Whether those of the Python package `strands-agents` are looked for.
    pub(crate) imports_strands: bool,
}

/// Which model is asked ([`MODEL`]).
#[derive(Debug)]
pub(crate) struct Model {
    /// Who serves it, and its name there.
    pub(crate) provider: ModelProvider,
    /// How much of a conversation it sees.
    pub(crate) context: ContextTokens,
    /// How many tokens it may write in one message.
    pub(crate) max_answer_tokens: u32,
}

/// What turns may take, and do ([`TURNS`]).
#[derive(Debug)]
pub(crate) struct Turns {
    /// How long one may take.
    pub(crate) limit: Duration,
    /// Whether what changes something needs the user's approval.
    pub(crate) confirm_actions: bool,
    /// How many there may be at once.
    pub(crate) at_once: usize,
    /// How many of one user there may be at once.
    pub(crate) per_user: usize,
    /// How many tokens one user may spend in a day; without a limit if `None`.
    pub(crate) tokens_per_day: Option<u64>,
}

/// Where GitHub is ([`GITHUB`]).
#[derive(Debug)]
pub(crate) struct GitHub {
    pub(crate) provider: Arc<Provider>,
    /// Unless it is an OAuth app.
    pub(crate) app: Option<App>,
    pub(crate) api: Url,
}

impl Settings {
    pub(crate) fn read(source: &dyn Source, clock: Clock) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(source);
        let inbound = Inbound::read(&mut reader, clock);
        let aws = Aws::read(&mut reader);
        let identity = AwsEndpoint::identity(&mut reader);
        let conversations = Conversations::read(&mut reader);
        let model = Model::read(&mut reader);
        let turns = Turns::read(&mut reader);
        let github = GitHub::read(&mut reader);
        let mcp = mcp::read(&mut reader, github.as_ref().map(|it| &it.provider)).map(Arc::new);
        let presentation = Presentation::read(&mut reader);
        let other_agents = OtherAgents::read(&mut reader, inbound.as_ref());
        let read = || {
            let (inbound, presentation) = inbound.zip(presentation)?;
            let mcp = mcp?;
            Some(Self {
                system_prompt: presentation.system_prompt(&inbound.agent, mcp.has_servers()),
                inbound,
                presentation,
                other_agents,
                aws,
                identity: identity?,
                conversations: conversations?,
                model: model?,
                turns: turns?,
                github: github?,
                mcp,
            })
        };
        let settings = read();
        reader.finish(settings)
    }
}

impl Conversations {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let s3 = AwsEndpoint::read(reader, &AWS_ENDPOINT_URL_S3);
        let bucket = reader.required(&SESSION_BUCKET, text);
        let most_bytes = reader.or(&MAX_CONVERSATION_BYTES, at_least::<65_536, _>);
        let imports_strands = reader.or(&IMPORT_STRANDS_SESSIONS, switch)?;
        Some(Self { s3: s3?, bucket: bucket?, most_bytes: most_bytes?, imports_strands })
    }
}

impl Model {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let provider = ModelProvider::read(reader);
        let max_answer_tokens = reader.optional(&MAX_ANSWER_TOKENS, at_least::<1, u32>);
        let context = reader.or(&MAX_CONTEXT_TOKENS, parsed::<ContextTokens>)?;
        let provider = provider?;
        let max_answer_tokens = max_answer_tokens.unwrap_or_else(|| provider.max_answer_tokens());
        Some(Self { provider, context, max_answer_tokens })
    }
}

impl Turns {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let limit = reader.or(&TURN_SECONDS, turn_limit);
        let confirm_actions = reader.or(&CONFIRM_ACTIONS, switch);
        let at_once = reader.or(&MAX_TURNS, at_least::<1, _>);
        let per_user = reader.or(&MAX_TURNS_PER_USER, at_least::<1, _>);
        let tokens_per_day = reader.or(&USER_TOKENS_PER_DAY, at_least::<0, u64>)?;
        Some(Self {
            limit: limit?,
            confirm_actions: confirm_actions?,
            at_once: at_once?,
            per_user: per_user?,
            tokens_per_day: Some(tokens_per_day).filter(|tokens| *tokens > 0),
        })
    }
}

impl GitHub {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let name = reader.or(&GITHUB_PROVIDER_NAME, |name| ProviderName::parse(name));
        let app = reader.optional(&GITHUB_APP, parsed::<AppName>);
        let api = reader.or(&GITHUB_API_URL, endpoint)?;
        let app = app.map(|app| App::new(&app, &api));
        let provider = tools_github::provider(name?, app.as_ref());
        let provider =
            provider.map_err(|error| reader.mistake(&GITHUB_PROVIDER_NAME, error)).ok()?;
        Some(Self { provider: Arc::new(provider), app, api })
    }
}

/// Parses `TURN_SECONDS`: from 1 to 890, because Lambda ends at 900 and a turn is saved before.
fn turn_limit(seconds: &str) -> Result<Duration, &'static str> {
    let seconds = seconds.parse().ok().filter(|seconds| (1..=890).contains(seconds));
    seconds.map(Duration::from_secs).ok_or("must be a number of seconds from 1 to 890")
}

/// Parses a number that is at least `LEAST`.
fn at_least<const LEAST: u64, T>(text: &str) -> Result<T, String>
where
    T: FromStr + TryInto<u64> + Copy,
{
    let is_enough = |number: &T| (*number).try_into().is_ok_and(|number| number >= LEAST);
    let number = text.parse().ok().filter(is_enough);
    number.ok_or_else(|| format!("must be a number, at least {LEAST}"))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use session::ContextTokens;

    use super::{Clock, ConfigError, Settings};

    /// The least configuration, and `more`.
    pub(crate) fn read(more: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let least = [
            ("AWS_REGION", "eu-central-1"),
            ("ALB_ARN", "arn:aws:elasticloadbalancing:eu-central-1:0:loadbalancer/app/a/b"),
            ("OIDC_ISSUER", "https://issuer.example"),
            ("OIDC_CLIENT_ID", "client"),
            ("SESSION_BINDING_URL", "https://app.example/oauth2/session-binding"),
            ("CONSENT_KEY", "0123456789abcdef0123456789abcdef"),
            ("WORKLOAD_IDENTITY_NAME", "countersign"),
            ("SESSION_BUCKET", "bucket"),
            ("MODEL_ID", "model"),
        ];
        let pairs = least.iter().chain(more);
        let source: BTreeMap<_, _> =
            pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Settings::read(&source, Clock::system())
    }

    #[test]
    fn github_is_an_oauth_app_unless_a_github_app_is_named() {
        assert!(read(&[]).unwrap().github.app.is_none());
        let github = read(&[("GITHUB_APP", "acme-agent")]).unwrap().github;
        assert!(github.app.is_some() && github.provider.choice().is_some());
        let wrong = [("GITHUB_APP", "https://github.com/apps/acme"), ("GITHUB_API_URL", "nowhere")];
        let error = read(&wrong).err().unwrap().to_string();
        assert!(error.contains("GITHUB_APP") && error.contains("GITHUB_API_URL"), "{error}");
    }

    #[test]
    fn actions_are_confirmed_unless_that_is_switched_off() {
        assert!(read(&[]).unwrap().turns.confirm_actions);
        assert!(!read(&[("CONFIRM_ACTIONS", "off")]).unwrap().turns.confirm_actions);
        let error = read(&[("CONFIRM_ACTIONS", "no")]).err().unwrap().to_string();
        assert!(error.contains("CONFIRM_ACTIONS"), "{error}");
    }

    #[test]
    fn a_turn_may_take_as_long_as_configured() {
        assert_eq!(read(&[]).unwrap().turns.limit, Duration::from_secs(60));
        let settings = read(&[("TURN_SECONDS", "300")]).unwrap();
        assert_eq!(settings.turns.limit, Duration::from_secs(300));
        for wrong in ["0", "900", "a minute"] {
            let error = read(&[("TURN_SECONDS", wrong)]).err().unwrap().to_string();
            assert!(error.contains("TURN_SECONDS") && error.contains("1 to 890"), "{error}");
        }
    }

    #[test]
    fn an_answer_is_as_long_as_configured_or_as_the_model_writes() {
        let tokens = |more| read(more).unwrap().model.max_answer_tokens;
        assert_eq!(tokens(&[]), 4_096);
        assert_eq!(tokens(&[("MODEL_ID", "eu.anthropic.claude-sonnet-4-5")]), 16_384);
        assert_eq!(tokens(&[("MAX_ANSWER_TOKENS", "32000")]), 32_000);
        let error = read(&[("MODEL_ID", "a/../b")]).err().unwrap().to_string();
        assert!(error.contains("MODEL_ID") && error.contains("id or ARN"), "{error}");
        for wrong in ["0", "-1", "many"] {
            let error = read(&[("MAX_ANSWER_TOKENS", wrong)]).err().unwrap().to_string();
            assert!(error.contains("MAX_ANSWER_TOKENS"), "{error}");
        }
    }

    #[test]
    fn sessions_are_imported_and_the_context_is_limited_as_configured() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.model.context, "100000".parse::<ContextTokens>().unwrap());
        assert!(!settings.conversations.imports_strands);
        let more = [("MAX_CONTEXT_TOKENS", "5000"), ("IMPORT_STRANDS_SESSIONS", "on")];
        let settings = read(&more).unwrap();
        assert_eq!(settings.model.context, "5000".parse::<ContextTokens>().unwrap());
        assert!(settings.conversations.imports_strands);
        let wrong = [("MAX_CONTEXT_TOKENS", "5"), ("IMPORT_STRANDS_SESSIONS", "yes")];
        let error = read(&wrong).err().unwrap().to_string();
        for (name, _) in wrong {
            assert!(error.contains(name), "{error}");
        }
    }
}
