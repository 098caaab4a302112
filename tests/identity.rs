//! Every token of the table, sent to both services over HTTP (M2, M15).

use container::Limits;
use std::{
    collections::{BTreeMap, BTreeSet},
    future,
    time::{SystemTime, UNIX_EPOCH},
};

use bind_session::BindSession;
use identity_vectors::{Kind, Vector, World, all};
use invoke::Invoke;
use reqwest::{Client, Response, StatusCode, header};
use tokio::net::TcpListener;

/// Both services on sockets, as containers serve them, trusting one kind of token.
struct Services {
    client: Client,
    invoke: String,
    bind_session: String,
}

impl Services {
    async fn trusting(kind: Kind, world: &World) -> Self {
        let (invoke_listener, invoke) = listener().await;
        let (binder_listener, binder) = listener().await;
        let binding = format!("{binder}/oauth2/session-binding");
        let mut variables = BTreeMap::from(
            [
                ("AWS_REGION", "eu-west-1"),
                ("SESSION_BINDING_URL", &binding),
                ("CONSENT_KEY", "0123456789abcdef0123456789abcdef"),
                ("WORKLOAD_IDENTITY_NAME", "countersign"),
                ("SESSION_BUCKET", "sessions"),
                ("MODEL_ID", "model"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let of_kind = world.variables(kind).into_iter();
        variables.extend(of_kind.map(|(name, value)| (name.to_owned(), value)));

        let agent = Invoke::start(&variables).expect("a handler");
        let bind_session = BindSession::start(&variables).expect("a handler");
        tokio::spawn(container::serve(
            invoke_listener,
            agent,
            Limits::default(),
            future::pending(),
        ));
        tokio::spawn(container::serve(
            binder_listener,
            bind_session,
            Limits::default(),
            future::pending(),
        ));
        Self {
            client: Client::new(),
            invoke: format!("{invoke}/docs/swagger-ui.css"),
            bind_session: format!("{binding}?result=connected"),
        }
    }

    async fn ask(&self, address: &str, vector: &Vector, world: &World) -> Response {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
        let headers = vector.headers(world, now);
        self.client.get(address).headers(headers).send().await.expect("an answer")
    }
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, format!("http://{address}"))
}

/// What the issuer does not publish may be new until it is asked again: that can be either.
fn is_expected(vector: &Vector, status: StatusCode) -> bool {
    let names_no_key = vector.name.contains("/no-key-id") || vector.name.contains("/thumbprint");
    let may_be_new = vector.kind != Kind::Alb
        && match vector.expect.as_str() {
            "UnknownKey" => true,
            "KeyId" | "Signature" => names_no_key,
            _ => false,
        };
    match vector.expect.as_str() {
        "User" => status == StatusCode::OK,
        "Unavailable" => status == StatusCode::SERVICE_UNAVAILABLE,
        _ if may_be_new && status == StatusCode::SERVICE_UNAVAILABLE => true,
        _ => status == StatusCode::UNAUTHORIZED,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_both_services_accept_and_refuse_every_vector_and_never_say_why() {
    let world = World::start().await;
    let (mut wrong, mut said) = (Vec::new(), BTreeSet::new());
    for kind in [Kind::Alb, Kind::Bearer, Kind::Entra] {
        let services = Services::trusting(kind, &world).await;
        let vectors = all().into_iter().filter(|vector| vector.kind == kind);
        for vector in &vectors.collect::<Vec<_>>() {
            for address in [&services.invoke, &services.bind_session] {
                let answer = services.ask(address, vector, &world).await;
                let (status, headers) = (answer.status(), answer.headers().clone());
                let is_later = headers.contains_key(header::RETRY_AFTER);
                if !is_expected(vector, status) || is_later != (status == 503) {
                    wrong.push(format!("{address} {}: {status}", vector.name));
                }
                if status == StatusCode::UNAUTHORIZED {
                    let id = headers["x-request-id"].to_str().expect("an id");
                    let body = answer.text().await.expect("a body");
                    said.insert((address.ends_with("connected"), body.replace(id, "")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(said.len(), 2, "each service says one thing, whatever the reason: {said:?}");
}

/// RFC 9110, section 15.5.2, and RFC 6750, section 3.
#[tokio::test(flavor = "multi_thread")]
async fn m15_a_program_without_a_bearer_token_is_told_what_it_needs() {
    let world = World::start().await;
    let vectors = all();
    let without = |name: &str| vectors.iter().find(|vector| vector.name == name).expect("a vector");

    let bearer = Services::trusting(Kind::Bearer, &world).await;
    let answer = bearer.ask(&bearer.invoke, without("bearer/no-header"), &world).await;
    assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], "Bearer");

    let alb = Services::trusting(Kind::Alb, &world).await;
    let answer = alb.ask(&alb.invoke, without("alb/no-header"), &world).await;
    assert!(!answer.headers().contains_key(header::WWW_AUTHENTICATE));
}
