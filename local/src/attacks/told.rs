//! Answers, as a step tells them: status, code and what a person reads, without secrets.

use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use url::Url;

use crate::browser::{BrowsingError, Visit};

use crate::concealed::shown;
pub(super) use crate::environment::BINDING;

/// The headings of the page `/consent`, which has no code of its own, and the code in the audit trail.
const HEADINGS: [(&str, &str); 2] = [
    ("This request is not yours", "another_user"),
    ("This was not asked for in this browser", "another_browser"),
];

impl Visit {
    /// Returns what a program would tell this answer by.
    pub(super) fn code(&self) -> String {
        let result = self.address.query_pairs().find(|(name, _)| name == "result");
        if let Some((_, code)) = result.filter(|_| self.address.path() == BINDING) {
            return code.into_owned();
        }
        let code = HEADINGS.iter().find(|(heading, _)| Some(*heading) == self.heading());
        let problem = || serde_json::from_str::<Value>(&self.text).ok();
        let problem = || problem().and_then(|it| it["code"].as_str().map(str::to_owned));
        code.map(|(_, code)| (*code).to_owned())
            .or_else(problem)
            .unwrap_or_else(|| self.status.as_str().to_owned())
    }

    /// Whether the person was turned away.
    pub(super) fn is_refusal(&self) -> bool {
        self.status.is_client_error()
    }

    /// Returns the answer in a line.
    pub(super) fn told(&self) -> String {
        let told = status_and_code(self.status, &self.code());
        match self.heading() {
            _ if self.text.is_empty() => format!("is to go on to {}", shown(&self.address)),
            Some(heading) => format!("{told}: “{heading}”"),
            None => told,
        }
    }

    fn heading(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once("<h1>")?;
        rest.split_once("</h1>").map(|(heading, _)| heading)
    }
}

fn status_and_code(status: StatusCode, code: &str) -> String {
    match code == status.as_str() {
        true => code.to_owned(),
        false => format!("{} {code}", status.as_str()),
    }
}

/// As much of `words` as one reads in a step.
fn shortened(words: &str) -> String {
    const LONGEST: usize = 100;
    match words.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
        None => words.to_owned(),
    }
}

/// The answer to a script.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Answer {
    /// Sends `request`, which is to `address`, and reads what is answered.
    pub(super) async fn to(request: RequestBuilder, address: &Url) -> Result<Self, BrowsingError> {
        let failed = |error| BrowsingError::http(address, error);
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let text = answer.text().await.map_err(failed)?;
        Ok(Self { status, body: serde_json::from_str(&text).unwrap_or_default() })
    }

    /// Returns what a program tells this answer by: the code of a problem, why a turn waits, or that it
    /// does not.
    pub(super) fn code(&self) -> String {
        let body = &self.body;
        let code = [&body["code"], &body["interrupts"][0]["reason"], &body["status"]];
        let code = code.into_iter().find_map(Value::as_str);
        code.map_or_else(|| self.status.as_str().to_owned(), str::to_owned)
    }

    /// Returns the answer in a line.
    pub(super) fn told(&self) -> String {
        let interrupt = &self.body["interrupts"][0];
        let link = interrupt["url"].as_str().and_then(|link| link.parse().ok());
        let words = [&self.body["detail"], &self.body["message"]];
        let words = words.into_iter().find_map(Value::as_str).filter(|words| !words.is_empty());
        let told = match (link, interrupt["tool"].as_str(), words) {
            (Some(link), ..) => format!(": is to consent at {}", shown(&link)),
            (None, Some(tool), _) => format!(": the user is to approve {tool}"),
            (None, None, Some(words)) => format!(": “{}”", shortened(words)),
            (None, None, None) => String::new(),
        };
        status_and_code(self.status, &self.code()) + &told
    }
}
