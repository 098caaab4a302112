//! A proxy before a stand-in: it sees every request, and a test chooses the fate of each.
//!
//! So a test makes AWS or GitHub fail on a real socket, loses an answer on its way, and holds one
//! request while another one overtakes it, without waiting for any time to pass.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header},
};
use reqwest::{Client, redirect::Policy};
use tokio::{net::TcpListener, sync::Semaphore};
use url::Url;

/// A request as the proxy saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its method.
    pub method: Method,
    /// Its path, without a query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

impl Seen {
    /// Whether it is this method at a path that ends so.
    #[must_use]
    pub fn is(&self, method: &Method, end: &str) -> bool {
        self.method == *method && self.path.ends_with(end)
    }
}

/// The fate of a request.
#[derive(Debug, Clone)]
pub enum Fate {
    /// It arrives, and so does its answer.
    Arrives,
    /// It never arrives: this is answered instead.
    Answered(StatusCode, Vec<(&'static str, &'static str)>, String),
    /// It never arrives: the connection ends without a word.
    NeverArrives,
    /// It arrives, and its answer is lost on the way back.
    AnswerLost,
    /// It arrives with this body instead of its own.
    ArrivesAs(String),
    /// It waits until the gate is opened, and then arrives.
    Waits(Gate),
}

impl Fate {
    /// An error in the shape of AWS's REST-JSON protocol.
    #[must_use]
    pub fn aws_error(status: StatusCode, name: &'static str, message: &str) -> Self {
        let body = serde_json::json!({ "message": message }).to_string();
        Self::Answered(status, vec![("x-amzn-errortype", name)], body)
    }
}

/// Where requests wait.
#[derive(Debug, Clone)]
pub struct Gate {
    reached: Arc<Semaphore>,
    opened: Arc<Semaphore>,
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn closed() -> Self {
        Self { reached: Arc::new(Semaphore::new(0)), opened: Arc::new(Semaphore::new(0)) }
    }

    /// Completes when a request waits here.
    ///
    /// # Panics
    /// Never.
    pub async fn reached(&self) {
        self.reached.acquire().await.expect("an open semaphore").forget();
    }

    /// Lets all through from now on.
    pub fn open(&self) {
        self.opened.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    async fn pass(&self) {
        self.reached.add_permits(1);
        self.opened.acquire().await.expect("an open semaphore").forget();
    }
}

type Rule = Box<dyn Fn(&Seen) -> Fate + Send + Sync>;

/// A proxy that listens.
#[derive(Clone)]
pub struct Proxy {
    /// Where it listens.
    pub address: Url,
    state: Arc<Mutex<Inner>>,
    client: Client,
}

struct Inner {
    target: Option<Url>,
    rule: Rule,
    seen: Vec<Seen>,
}

impl Proxy {
    /// A proxy that leads nowhere yet, and lets everything through.
    ///
    /// # Panics
    /// When nothing can be listened on.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let address = Url::parse(&format!("http://{address}")).expect("an address");
        let client = Client::builder().no_proxy().redirect(Policy::none()).build();
        let client = client.expect("a client");
        let rule: Rule = Box::new(|_| Fate::Arrives);
        let inner = Inner { target: None, rule, seen: Vec::new() };
        let proxy = Self { address, state: Arc::new(Mutex::new(inner)), client };
        let router = Router::new().fallback(pass_on).with_state(proxy.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        proxy
    }

    /// Everything goes there from now on.
    pub fn lead_to(&self, target: &Url) {
        self.inner().target = Some(target.clone());
    }

    /// Sets the fate of requests from now on.
    pub fn rule(&self, rule: impl Fn(&Seen) -> Fate + Send + Sync + 'static) {
        self.inner().rule = Box::new(rule);
    }

    /// Every request so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.inner().seen.clone()
    }

    /// How many requests there were of this method at a path that ends so.
    #[must_use]
    pub fn count(&self, method: &Method, end: &str) -> usize {
        self.inner().seen.iter().filter(|seen| seen.is(method, end)).count()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn forward(
        &self,
        method: Method,
        uri: &Uri,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Response<Body> {
        let mut target = self.inner().target.clone().expect("a target");
        target.set_path(uri.path());
        target.set_query(uri.query());
        headers.remove(header::CONTENT_LENGTH);
        let request = self.client.request(method, target).headers(headers).body(body);
        let answer = request.send().await.expect("an answer of the stand-in");
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        headers.remove(header::CONTENT_LENGTH);
        headers.remove(header::TRANSFER_ENCODING);
        let mut reply = Response::new(Body::from(answer.bytes().await.expect("a body")));
        *reply.status_mut() = status;
        *reply.headers_mut() = headers;
        reply
    }
}

async fn pass_on(
    State(proxy): State<Proxy>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let (path, text) = (uri.path().to_owned(), String::from_utf8_lossy(&body).into_owned());
    let seen = Seen { method: method.clone(), path, headers: headers.clone(), body: text };
    let fate = {
        let mut inner = proxy.inner();
        inner.seen.push(seen.clone());
        (inner.rule)(&seen)
    };
    match fate {
        Fate::Arrives => proxy.forward(method, &uri, headers, body).await,
        Fate::AnswerLost => {
            proxy.forward(method, &uri, headers, body).await;
            hang_up()
        }
        Fate::NeverArrives => hang_up(),
        Fate::ArrivesAs(body) => proxy.forward(method, &uri, headers, body.into()).await,
        Fate::Waits(gate) => {
            gate.pass().await;
            proxy.forward(method, &uri, headers, body).await
        }
        Fate::Answered(status, headers, text) => {
            let mut reply = Response::new(Body::from(text));
            *reply.status_mut() = status;
            for (name, value) in headers {
                reply.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            reply
        }
    }
}

/// Ends the connection: a panic does, and this kind prints nothing.
fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("the connection ends"))
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", self.address)
    }
}
