//! The Session Binding Service at a fixed time, what two people's browsers carry there, and an AgentCore
//! Identity that nobody should ever call.
//!
//! The placeholders in an input become what only a service can make: `@token` alice's proof of who she is,
//! `@browser` her browser's secret, `@mine` a flow of hers, `@bobs` one of bob's, `@bound` that a flow of hers
//! was bound, and `@state` the state that bob's flow comes back with. Hers comes back with one that is told to
//! nobody, so that no input can complete anything.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, SystemTime},
};

use clock::Clock;
use edge::{Handler, Inbound, Reader};
use identity::{BrowserSecret, User, UserId};
use identity_vectors::{Kind, World, all};
use tokio::runtime::Runtime;
use vault::{AuthorizationUrl, Bound, ConsentKeys, Flow, FlowState, SessionUri};

use crate::token::{ISSUER, NOW, now};

const SITE: &str = "https://agent.example";
const SESSION: &str = "urn:ietf:params:oauth:request_uri:one";

/// Everything that an input meets.
pub(crate) struct Bench {
    pub(crate) runtime: Runtime,
    pub(crate) handler: Handler<bind_session::Service>,
    pub(crate) inbound: Inbound,
    pub(crate) user: User,
    pub(crate) session: SessionUri,
    placeholders: Vec<(&'static str, String)>,
    was_identity_called: Arc<AtomicBool>,
    _keys: World,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let world = runtime.block_on(World::of_issuer(ISSUER));
        let was_identity_called = Arc::new(AtomicBool::new(false));
        let variables = variables(&world, identity(Arc::clone(&was_identity_called)));
        let clock = Clock::new(now);
        let handler = Handler::start_by(&variables, clock.clone()).expect("a handler");
        let mut reader = Reader::new(&variables);
        let inbound = Inbound::read(&mut reader, clock);
        let inbound = reader.finish(inbound).expect("settings");
        let good =
            all().into_iter().find(|vector| vector.kind == Kind::Alb && vector.expect == "User");
        let good = good.expect("a good token");
        let headers = good.headers(&world, NOW);
        let user = runtime.block_on(inbound.user(&headers)).expect("a user");
        let session = SessionUri::parse(SESSION).expect("a session");
        let token = good.token(&world, NOW);
        let placeholders = placeholders(token, &user, &session, &inbound.consent_keys);
        Self {
            runtime,
            handler,
            inbound,
            user,
            session,
            placeholders,
            was_identity_called,
            _keys: world,
        }
    }

    /// What `name` stands for.
    pub(crate) fn value(&self, name: &str) -> &str {
        let of_it = self.placeholders.iter().find(|(placeholder, _)| *placeholder == name);
        of_it.map_or("", |(_, value)| value)
    }

    /// `text` with values in place of its placeholders.
    pub(crate) fn filled(&self, text: &str) -> String {
        let values = self.placeholders.iter();
        values.fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// Whether AgentCore Identity was called, which alone can bind a token.
    pub(crate) fn was_identity_called(&self) -> bool {
        self.was_identity_called.load(Relaxed)
    }
}

/// An AgentCore Identity that hangs up, and says that it was called.
fn identity(was_called: Arc<AtomicBool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || listener.incoming().for_each(|_hung_up| was_called.store(true, Relaxed)));
    address
}

fn variables(world: &World, identity: SocketAddr) -> BTreeMap<String, String> {
    let own = [
        ("SESSION_BINDING_URL", format!("{SITE}/oauth2/session-binding")),
        ("CONSENT_KEY", "a key of at least 32 characters for tests".to_owned()),
        ("WORKLOAD_IDENTITY_NAME", "countersign".to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", format!("http://{identity}")),
        ("AWS_ACCESS_KEY_ID", "fuzz".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "fuzz".to_owned()),
    ];
    let all = world.variables(Kind::Alb).into_iter().chain(own);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn placeholders(
    token: String,
    alice: &User,
    session: &SessionUri,
    keys: &ConsentKeys,
) -> Vec<(&'static str, String)> {
    let secret = BrowserSecret::generate().expect("randomness");
    let (alice, bob) = (alice.id().clone(), UserId::parse("bob").expect("an id"));
    let flow = |user, state: &FlowState| {
        let page = AuthorizationUrl::parse("https://provider.example/").expect("an address");
        let browser = Some(secret.hash());
        let flow = Flow::begin(user, browser, session, state.hash(), page, now());
        flow.seal(keys).expect("a sealed flow")
    };
    let (secret_state, state) =
        (FlowState::generate().expect("randomness"), FlowState::generate().expect("randomness"));
    let before: SystemTime = now() - Duration::from_secs(60);
    let bound = Bound::new(alice.clone(), session, before).seal(keys).expect("a sealed mark");
    vec![
        ("@token", token),
        ("@browser", secret.expose()),
        ("@mine", flow(alice, &secret_state)),
        ("@bobs", flow(bob, &state)),
        ("@bound", bound),
        ("@state", state.expose().to_owned()),
    ]
}
