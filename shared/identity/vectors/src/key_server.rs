//! A server of keys over a real socket, which also fails in all the ways that servers do.

use std::{
    collections::HashMap,
    convert::Infallible,
    future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
    serve::ListenerExt,
};
use futures_util::{StreamExt, stream};
use http::StatusCode;
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
    task::JoinHandle,
    time::sleep,
};

/// What the server answers at one path.
#[derive(Debug, Clone)]
pub enum Answer {
    /// 200 with this.
    Document(String),
    /// This status, and nothing else.
    Status(u16),
    /// 302 to this address.
    Redirect(String),
    /// 200, and bytes without end.
    Endless,
    /// 200 with this, a byte at a time, and this long before each.
    Drip(Duration, String),
    /// Nothing, ever.
    Silence,
    /// 200 with this, once there is a permit.
    Gated(Arc<Semaphore>, String),
}

/// A server on a port of its own; it stops when it is dropped.
#[derive(Debug)]
pub struct KeyServer {
    address: String,
    state: Arc<Served>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Served {
    answers: Mutex<HashMap<String, Answer>>,
    asked: Mutex<Vec<String>>,
    changed: Notify,
}

impl KeyServer {
    /// A server that answers 404 everywhere.
    ///
    /// # Panics
    /// When no port is free.
    #[expect(clippy::expect_used, reason = "without a server the tests must fail")]
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::<Served>::default();
        // A stopped clock would not wait for bytes that TCP holds back.
        let listener = listener.tap_io(|stream| {
            let _as_fast_as_it_goes = stream.set_nodelay(true);
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        let task = tokio::spawn(async move {
            let _until_it_is_dropped = axum::serve(listener, router).await;
        });
        Self { address, state, task }
    }

    /// `http://{host}:{port}`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// From now on `path` answers so.
    pub fn put(&self, path: &str, answer: Answer) {
        lock(&self.state.answers).insert(path.to_owned(), answer);
    }

    /// What is served where nothing fails.
    #[must_use]
    pub fn documents(&self) -> HashMap<String, String> {
        let answers = lock(&self.state.answers);
        let documents = answers.iter().filter_map(|(path, answer)| match answer {
            Answer::Document(document) => Some((path.clone(), document.clone())),
            _ => None,
        });
        documents.collect()
    }

    /// How often `path` was asked for.
    #[must_use]
    pub fn asked(&self, path: &str) -> usize {
        lock(&self.state.asked).iter().filter(|asked| *asked == path).count()
    }

    /// How often anything was asked for.
    #[must_use]
    pub fn asked_in_all(&self) -> usize {
        lock(&self.state.asked).len()
    }

    /// Stops listening.
    pub fn stop(&mut self) {
        self.task.abort();
    }

    /// Waits until `path` was asked for `times`.
    pub async fn until_asked(&self, path: &str, times: usize) {
        loop {
            let changed = self.state.changed.notified();
            if self.asked(path) >= times {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(state): State<Arc<Served>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let answer = lock(&state.answers).get(&path).cloned();
    lock(&state.asked).push(path);
    state.changed.notify_waiters();
    match answer {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(Answer::Document(document)) => document.into_response(),
        Some(Answer::Status(status)) => {
            StatusCode::from_u16(status).unwrap_or_default().into_response()
        }
        Some(Answer::Redirect(to)) => Redirect::to(&to).into_response(),
        Some(Answer::Endless) => {
            let chunk: Result<_, Infallible> = Ok([b'x'; 4096].as_slice());
            Body::from_stream(stream::repeat(chunk)).into_response()
        }
        Some(Answer::Drip(pause, document)) => {
            let bytes = stream::iter(document.into_bytes()).then(move |byte| async move {
                sleep(pause).await;
                Ok::<_, Infallible>(vec![byte])
            });
            Body::from_stream(bytes).into_response()
        }
        Some(Answer::Silence) => future::pending().await,
        Some(Answer::Gated(gate, document)) => {
            let _permit = gate.acquire().await;
            document.into_response()
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
