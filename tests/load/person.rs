//! One user: what they have said and were answered, and how they send it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    answer::{self, Turn, foreign, issues_told},
    counts::Never,
    site::Site,
};

/// How many times the usual time a user waits at most who was told again and again that there is too much to do.
const MOST_PATIENT: u64 = 6;
/// The longest that a user waits of what they are asked to, in seconds.
const LONGEST: u64 = 5;

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
    /// The issues that they were told are there, with the titles that they had asked for.
    pub(crate) told: Vec<(usize, String)>,
    /// The numbers of all issues that any answer has told of.
    pub(crate) issues: BTreeSet<usize>,
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
            issues: BTreeSet::new(),
            last: Default::default(),
            sent: 0,
            refused: 0,
        }
    }

    pub(crate) fn subject(&self) -> String {
        answer::subject(self.number)
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
            true => answer::events(&text),
            false => answer::plain(&text),
        };
        let Some(turn) = turn else {
            self.site.counts.never(Never::UnclearError, format!("{status}: {text}"));
            return Turn::Broken;
        };
        self.refused = 0;
        match &turn {
            Turn::Completed(words) => {
                // A mark may have arrived in pieces.
                self.look_for_foreign(words);
                self.issues.extend(issues_told(words));
                self.site.counts.answered(begun.elapsed());
            }
            Turn::Interrupted(_) => {
                self.site.counts.one("interrupts");
                self.site.counts.answered(begun.elapsed());
            }
            Turn::Refused(code) => {
                self.site.counts.one(format!("RUN_ERROR {code}"));
                sleep(self.a_while(1_000)).await;
            }
            Turn::Broken => {}
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
        // Each time longer, or most of what a service does would be to refuse. Who waits for something else would
        // only come late.
        self.refused = if code == "overloaded" { self.refused + 1 } else { 1 };
        let times = self.refused.min(MOST_PATIENT);
        sleep(self.a_while(retry.unwrap_or(1).min(LONGEST) * 1_000 * times)).await;
        Turn::Refused(code.to_owned())
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
        let time = milliseconds / 2 + fastrand::u64(..milliseconds.max(1));
        self.site.second.mul_f64(Duration::from_millis(time).as_secs_f64())
    }
}
