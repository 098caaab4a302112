//! Whether the counting notices: a service that lies in one way at a time, to users who look at it as at a real
//! one.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use github_local::crowd;

use local::running::Keys;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::timeout};
use url::Url;

use crate::{
    afterwards::look_afterwards,
    counts::{Counts, Never},
    person::Person,
    site::{Places, Site},
    story,
};

/// A user whose answers are plain, and somebody else.
const USER: usize = 2;
const OTHER: usize = 3;
const TIME: Duration = Duration::from_secs(60);

/// In which way the service lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    TellsAnothers,
    SavesNothing,
    DoesNothing,
    DoesItTwice,
    BindsNothing,
    Blocks,
    SaysNothing,
    NeverAnswers,
}

struct Service {
    lie: Lie,
    asked: usize,
    bound: bool,
    last: String,
    saved: Vec<Value>,
    titles: Vec<String>,
}

type Shared = Arc<Mutex<Service>>;

fn lock(service: &Shared) -> MutexGuard<'_, Service> {
    service.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service {
    fn turn(&mut self, body: &Value) -> Response {
        self.asked += 1;
        if let Some(message) = body["message"].as_str() {
            self.last = message.to_owned();
        }
        let is_last = self.last == "Hello!";
        match self.lie {
            Lie::NeverAnswers => return problem(503, "upstream_unavailable"),
            Lie::Blocks if is_last => return problem(409, "turn_in_progress"),
            Lie::SaysNothing if self.asked == 1 => {
                return (StatusCode::INTERNAL_SERVER_ERROR, "oh").into_response();
            }
            _ => {}
        }
        if !self.bound {
            let interrupt = json!({
                "id": "1", "reason": "authorization_required", "scopes": ["repo"],
                "url": "http://localhost/consent",
            });
            return Json(json!({ "status": "interrupted", "interrupts": [interrupt] }))
                .into_response();
        }
        let message = self.act();
        if self.lie != Lie::SavesNothing {
            self.saved.push(json!({ "role": "user", "text": self.last }));
        }
        Json(json!({ "status": "completed", "message": message })).into_response()
    }

    fn act(&mut self) -> String {
        let whose = if self.lie == Lie::TellsAnothers { OTHER } else { USER };
        let Some((_, title)) = self.last.split_once(": ") else {
            return format!("You have {} and {}.", crowd::mark(USER), crowd::mark(whose));
        };
        let times = match self.lie {
            Lie::DoesNothing => 0,
            Lie::DoesItTwice => 2,
            _ => 1,
        };
        self.titles.extend(std::iter::repeat_n(title.to_owned(), times));
        format!("I created issue {}: x", self.titles.len().max(1))
    }

    /// The page after consent says that it is connected.
    fn consent(&mut self) {
        self.asked += 1;
        let is_first = self.asked <= 2;
        self.bound = !(self.lie == Lie::BindsNothing && is_first);
    }
}

fn problem(status: u16, code: &str) -> Response {
    let problem = json!({ "status": status, "code": code, "requestId": "1" });
    (StatusCode::from_u16(status).unwrap(), Json(problem)).into_response()
}

async fn serve(lie: Lie) -> (Shared, Url) {
    let (bound, last, saved, titles) = Default::default();
    let service = Arc::new(Mutex::new(Service { lie, asked: 0, bound, last, saved, titles }));
    let turn = |State(service): State<Shared>, Json(body): Json<Value>| async move {
        lock(&service).turn(&body)
    };
    let session = |State(service): State<Shared>| async move {
        Json(json!({ "messages": lock(&service).saved }))
    };
    let consent = |State(service): State<Shared>| async move {
        lock(&service).consent();
        Redirect::to("/oauth2/session-binding?result=connected")
    };
    let router = Router::new()
        .route("/invocations", post(turn))
        .route("/sessions/{id}", get(session))
        .route("/consent", get(consent))
        .route("/oauth2/session-binding", get(|| async { "You are connected" }))
        .with_state(Arc::clone(&service));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (service, address)
}

/// What is found against a service that lies so.
async fn found(lie: Lie) -> Vec<Never> {
    let (service, address) = serve(lie).await;
    let application = "http://localhost".parse().unwrap();
    let (invoke, bind_session) = (address.clone(), address);
    let counts = Arc::new(Counts::default());
    let keys = ("http://issuer".to_owned(), Keys::default());
    let places = Places { application, invoke, bind_session };
    let mut site = Site::new(places, keys, Arc::clone(&counts), false);
    site.second = Duration::from_millis(1);
    let live = story::live(Person::new(USER, Arc::new(site)));
    let time = if lie == Lie::NeverAnswers { Duration::from_millis(50) } else { TIME };
    let person = timeout(time, live).await.ok();
    let titles = |_: &str| lock(&service).titles.clone();
    let nothing = tempfile::tempdir().unwrap();
    look_afterwards(vec![person], &counts, titles, nothing.path()).await;
    counts.found()
}

#[tokio::test]
async fn nothing_is_found_against_an_honest_service() {
    assert_eq!(found(Lie::None).await, []);
}

#[tokio::test]
async fn every_lie_is_found() {
    let mut missed = Vec::new();
    for (lie, never) in [
        (Lie::TellsAnothers, Never::ForeignData),
        (Lie::SavesNothing, Never::LostTurn),
        (Lie::DoesNothing, Never::SaidAndNotDone),
        (Lie::DoesItTwice, Never::DoneTwice),
        (Lie::BindsNothing, Never::BoundAndIsNot),
        (Lie::Blocks, Never::Stuck),
        (Lie::SaysNothing, Never::UnclearError),
        (Lie::NeverAnswers, Never::Unfinished),
    ] {
        if !found(lie).await.contains(&never) {
            missed.push(lie);
        }
    }
    assert_eq!(missed, []);
}
