//! What is being done for somebody is done to its end, although they have hung up: a binding is audited (M14), and a
//! turn is saved before a container stops (M15).

use container::Limits;
use std::{
    io,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bind_session::BindSession;
use local::environment;
use serde_json::json;
use tests::{Browser, Fate, Gate, Setup, Workload, World};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::timeout,
};
use url::Url;

const BINDING: &str = "/oauth2/session-binding";

/// What this test's thread logs.
#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| io::ErrorKind::Other)?.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Logs {
    fn hold(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.0.lock().expect("logs")).contains(text)
    }
}

/// A way to AgentCore Identity on which one request waits. Says where it is, when the request is
/// there, and lets it pass.
async fn gate(agentcore: Url) -> (String, oneshot::Receiver<()>, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let ((arrived, is_there), (open, opened)) = (oneshot::channel(), oneshot::channel());
    tokio::spawn(async move {
        let (mut from, _) = listener.accept().await?;
        let mut head = [0; 1];
        from.read_exact(&mut head).await?;
        let _nobody_waits_any_more = (arrived.send(()), opened.await);
        let port = agentcore.port().unwrap_or_default();
        let mut to = TcpStream::connect(("127.0.0.1", port)).await?;
        to.write_all(&head).await?;
        copy_bidirectional(&mut from, &mut to).await
    });
    (address, is_there, open)
}

/// Alice's visit after her consent, as a load balancer passes it on.
fn visit(world: &World, alice: &Browser, back: &Url) -> String {
    let addresses = &world.running.addresses;
    let (issuer, client) = (&world.running.issuer, environment::OIDC_CLIENT_ID);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let exp = (now + Duration::from_secs(120)).as_secs();
    let header = json!({
        "typ": "JWT", "alg": "ES256", "kid": development_key::KEY_ID, "iss": issuer,
        "client": client, "exp": exp, "signer": load_balancer_local::ARN,
    });
    let token =
        development_key::sign(&header, &json!({ "sub": "alice", "exp": exp, "iss": issuer }));
    let host = &addresses.application[url::Position::BeforeHost..url::Position::AfterPort];
    let (query, cookies) = (back.query().expect("a query"), alice.cookies());
    format!(
        "GET {BINDING}?{query} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookies}\r\n\
         x-amzn-oidc-data: {token}\r\n\r\n"
    )
}

/// On one thread, whose logs are kept.
#[tokio::test]
async fn m14_a_binding_is_audited_even_if_the_browser_disconnects() {
    let logs = Logs::default();
    let writer = logs.clone();
    let lines = tracing_subscriber::fmt().json().with_writer(move || writer.clone());
    let _kept = tracing::subscriber::set_default(lines.finish());
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let link = world.ask(&alice, "session").await;
    let consent = alice.open(&link).await;
    let is_binding = |address: &Url| address.path() == BINDING;
    let back = alice.consent_until(&consent, "octo-alice", is_binding).await;

    let addresses = &world.running.addresses;
    let (way, is_there, open) = gate(addresses.agentcore.clone()).await;
    let (issuer, client) = (&world.running.issuer, environment::OIDC_CLIENT_ID);
    let mut variables = environment::functions(addresses, issuer, client);
    variables.insert("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE".to_owned(), way);
    let binder = BindSession::start(&variables).expect("a binder");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut socket = TcpStream::connect(listener.local_addr().expect("an address")).await;
    let socket = socket.as_mut().expect("a connection");
    let (_run, stopped) = oneshot::channel::<()>();
    let stopped = async move {
        let _never = stopped.await;
    };
    let serving = tokio::spawn(container::serve(listener, binder, Limits::default(), stopped));

    socket.write_all(visit(&world, &alice, back.address()).as_bytes()).await.expect("a visit");
    is_there.await.expect("the completion on its way");
    socket.shutdown().await.expect("an end");
    // The container has seen the end once it says so too.
    let _end_of_the_connection =
        timeout(Duration::from_secs(60), socket.read_u8()).await.expect("it notices");
    open.send(()).expect("somebody waits");

    let recorded = async {
        while !logs.hold("\"event\":\"bound\"") {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), recorded).await.expect("the audit trail has it");
    let (_, answer) = alice.go_on("session").await;
    assert_eq!(answer["status"], "completed", "{answer}");
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_turn_whose_client_is_gone_is_saved_before_a_container_stops() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let variables = Workload::variables(&world);
    let gate = Gate::closed();
    let closed = gate.clone();
    proxies.bedrock.rule(move |seen| match seen.body.contains("Hello!") {
        true => Fate::Waits(closed.clone()),
        false => Fate::Arrives,
    });
    let workload = Workload::start(&variables).await;
    let address = workload.address();
    let at = (address.host_str().expect("a host"), address.port().expect("a port"));
    tokio::select! {
        answer = workload.say("gone", "Hello!") => panic!("an answer: {answer:?}"),
        () = gate.reached() => {}
    }
    // The client has hung up, and the container is asked to stop.
    let stops = tokio::spawn(workload.stops());
    while TcpStream::connect(at).await.is_ok() {}
    gate.open();
    assert!(stops.await.expect("no panic"), "it did not end well");
    assert_eq!(Workload::start(&variables).await.said("gone").await, ["Hello!"]);
}
