//! One user: what they have said and were answered, and how they send it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use github_local::crowd;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{counts::Never, site::Site};

/// How many times the usual time a user waits at most who was refused again and again.
const MOST_PATIENT: u64 = 6;

/// How a request for a turn ended.
#[derive(Debug, Clone)]
pub(crate) enum Turn {
    /// The words of the answer.
    Completed(String),
    /// What the user is asked.
    Interrupted(Value),
    /// A clear error: its code.
    Refused(String),
    /// No answer, or a part of one: a service was killed, or a connection ended.
    Broken,
}

/// A user.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) number: usize,
    pub(crate) site: Arc<Site>,
    /// The user's conversation.
    pub(crate) session: String,
    /// Whether it is events that they get.
    pub(crate) streams: bool,
    pub(crate) cookies: BTreeMap<String, String>,
    /// What they said whose turn was answered.
    pub(crate) answered: Vec<String>,
    /// The scopes of which a page has told them that they are connected.
    pub(crate) bound: BTreeSet<String>,
    /// The titles of the issues that they were told of.
    pub(crate) told: Vec<String>,
    /// What was sent last, for a run that goes on.
    last: (String, String),
    sent: usize,
    /// How often they were refused since their last answer.
    refused: u64,
}

impl Person {
    pub(crate) fn new(number: usize, site: Arc<Site>) -> Self {
        Self {
            number,
            site,
            // The same for all: only the user tells their conversations apart.
            session: "load".to_owned(),
            streams: number % 2 == 1,
            cookies: BTreeMap::new(),
            answered: Vec::new(),
            bound: BTreeSet::new(),
            told: Vec::new(),
            last: Default::default(),
            sent: 0,
            refused: 0,
        }
    }

    pub(crate) fn subject(&self) -> String {
        format!("user-{:04}", self.number)
    }

    /// A number that is new for each message and each issue.
    pub(crate) fn next(&mut self) -> usize {
        self.sent += 1;
        self.sent
    }

    /// A turn with a new message. If no answer comes, it is said again with the same id.
    pub(crate) async fn say(&mut self, message: &str) -> Turn {
        self.last = (format!("m{}", self.next()), message.to_owned());
        self.say_again().await
    }

    /// The same message again.
    pub(crate) async fn say_again(&mut self) -> Turn {
        let body = match self.streams {
            true => self.run(Vec::new()),
            false => json!({ "sessionId": self.session, "message": self.last.1 }),
        };
        let turn = self.turn(&body).await;
        if matches!(turn, Turn::Completed(_)) {
            self.answered.push(self.last.1.clone());
        }
        turn
    }

    /// Goes on with what waits for a consent.
    pub(crate) async fn go_on(&mut self) -> Turn {
        let body = match self.streams {
            true => self.run(Vec::new()),
            false => json!({ "sessionId": self.session }),
        };
        let turn = self.turn(&body).await;
        if matches!(turn, Turn::Completed(_)) {
            self.answered.push(self.last.1.clone());
        }
        turn
    }

    /// Sends `status` as the answer to an interrupt.
    pub(crate) async fn resolve(&mut self, interrupt: &Value, status: &str) -> Turn {
        let answer = json!({ "interruptId": interrupt["id"], "status": status });
        let body = match self.streams {
            true => self.run(vec![answer]),
            false => json!({ "sessionId": self.session, "resume": [answer] }),
        };
        let turn = self.turn(&body).await;
        if matches!(turn, Turn::Completed(_)) {
            self.answered.push(self.last.1.clone());
        }
        turn
    }

    fn run(&self, resume: Vec<Value>) -> Value {
        let (id, text) = &self.last;
        let message = json!({ "id": id, "role": "user", "content": text });
        let mut run = json!({
            "threadId": self.session, "runId": format!("r{}", self.sent), "messages": [message],
            "tools": [], "context": [], "state": {}, "forwardedProps": {},
        });
        if !resume.is_empty() {
            run["resume"] = resume.into();
        }
        run
    }

    async fn turn(&mut self, body: &Value) -> Turn {
        let address = self.site.address("/invocations");
        let request = self.site.request(Method::POST, &address, &self.subject()).json(body);
        let accept = if self.streams { "text/event-stream" } else { "application/json" };
        let request = request.header(header::ACCEPT, accept).header(header::COOKIE, self.cookie());
        let begun = Instant::now();
        let Ok(answer) = request.header("sec-fetch-site", "same-origin").send().await else {
            return self.broken().await;
        };
        self.keep_cookies(&answer);
        let (status, headers) = (answer.status(), answer.headers().clone());
        let Ok(text) = answer.text().await else { return self.broken().await };
        self.look_for_foreign(&text);
        if !status.is_success() {
            let retry =
                headers.get(header::RETRY_AFTER).and_then(|it| it.to_str().ok()?.parse().ok());
            return self.refused(status, &text, retry).await;
        }
        let turn = match self.streams {
            true => self.events(&text).await,
            false => plain(&text),
        };
        let Some(turn) = turn else {
            self.site.counts.never(Never::UnclearError, format!("{status}: {text}"));
            return Turn::Broken;
        };
        self.refused = 0;
        match &turn {
            Turn::Completed(_) => self.site.counts.answered(begun.elapsed()),
            Turn::Interrupted(_) => {
                self.site.counts.one("interrupts");
                self.site.counts.answered(begun.elapsed());
            }
            _ => {}
        }
        turn
    }

    async fn broken(&self) -> Turn {
        self.site.counts.one("broken connections");
        sleep(self.a_while(300)).await;
        Turn::Broken
    }

    /// An error has to be a problem document with its status and the request's id.
    async fn refused(&mut self, status: StatusCode, text: &str, retry: Option<u64>) -> Turn {
        let problem: Value = serde_json::from_str(text).unwrap_or_default();
        let code = problem["code"].as_str().unwrap_or("without a code");
        // A connection too many is refused before its request is read, so that it has no id.
        let has_id = problem["requestId"].is_string() || code == "overloaded";
        if problem["status"] != status.as_u16() || !has_id {
            self.site.counts.never(Never::UnclearError, format!("{status}: {text}"));
        }
        self.site.counts.one(format!("refused: {} {code}", status.as_u16()));
        // Each time longer, or most of what a service does would be to refuse.
        self.refused = (self.refused + 1).min(MOST_PATIENT);
        sleep(self.a_while(retry.unwrap_or(1).min(5) * 1_000 * self.refused)).await;
        Turn::Refused(code.to_owned())
    }

    /// The events of a run, which ends in one of two ways.
    async fn events(&self, text: &str) -> Option<Turn> {
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let events: Vec<Value> = data.map(serde_json::from_str).collect::<Result<_, _>>().ok()?;
        // A mark may be in pieces.
        self.look_for_foreign(
            &events.iter().filter_map(|it| it["delta"].as_str()).collect::<String>(),
        );
        let last = events.last()?;
        match last["type"].as_str()? {
            "RUN_ERROR" => {
                let code = last["code"].as_str()?;
                self.site.counts.one(format!("RUN_ERROR {code}"));
                sleep(self.a_while(1_000)).await;
                Some(Turn::Refused(code.to_owned()))
            }
            "RUN_FINISHED" if last["outcome"]["type"] == "interrupt" => {
                let mut interrupt = last["outcome"]["interrupts"][0].clone();
                for name in ["url", "scopes"] {
                    let value = interrupt["metadata"][name].clone();
                    interrupt[name] = value;
                }
                Some(Turn::Interrupted(interrupt))
            }
            "RUN_FINISHED" => {
                let said = events.iter().filter(|it| it["type"] == "TEXT_MESSAGE_CONTENT");
                Some(Turn::Completed(said.filter_map(|it| it["delta"].as_str()).collect()))
            }
            _ => None,
        }
    }

    /// Looks for the marks of other users.
    pub(crate) fn look_for_foreign(&self, text: &str) {
        if let Some(mark) = foreign(text, self.number) {
            self.site.counts.never(Never::ForeignData, format!("{mark} for {}", self.number));
        }
    }

    pub(crate) fn cookie(&self) -> String {
        let all: Vec<_> = self.cookies.iter().map(|(name, it)| format!("{name}={it}")).collect();
        all.join("; ")
    }

    pub(crate) fn keep_cookies(&mut self, answer: &Response) {
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap_or_default();
            let cookie = line.split(';').next().and_then(|it| it.split_once('='));
            if let Some((name, value)) = cookie {
                match value {
                    "" => self.cookies.remove(name),
                    _ => self.cookies.insert(name.to_owned(), value.to_owned()),
                };
            }
        }
    }

    /// About this long, so that not all come back at the same moment.
    pub(crate) fn a_while(&self, milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds / 2 + fastrand::u64(..milliseconds.max(1)))
    }
}

fn plain(text: &str) -> Option<Turn> {
    let answer: Value = serde_json::from_str(text).ok()?;
    match answer["status"].as_str()? {
        "completed" => Some(Turn::Completed(answer["message"].as_str()?.to_owned())),
        "interrupted" => Some(Turn::Interrupted(answer["interrupts"][0].clone())),
        _ => None,
    }
}

/// The first mark in `text` that is not the one of `number`.
pub(crate) fn foreign(text: &str, number: usize) -> Option<String> {
    let own = [crowd::mark(number), crowd::login(number)];
    for (begin, own) in ["mark-", "octo-crowd-"].iter().zip(own) {
        for (at, _) in text.match_indices(begin) {
            let found: String = text[at..].chars().take(own.len()).collect();
            let is_whole = found[begin.len()..].bytes().all(|it| it.is_ascii_digit());
            if found.len() == own.len() && is_whole && found != own {
                return Some(found);
            }
        }
    }
    None
}
