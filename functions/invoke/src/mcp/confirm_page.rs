//! `GET /confirm?call=…`: shows a person exactly what a client's call would do, to approve or decline it.
//!
//! The call is looked for among those of the person who is signed in, so that nobody is shown another
//! person's. A click on the page is the answer: the call is then done in that request, once, and its client
//! gets the result with its next identical call. No client can send that click: it has no session of the
//! person's, and its access tokens count for nothing here.

use std::{sync::Arc, time::Duration};

use agent::turn::{Answers, Verdict, result_of_call};
use edge::{
    Icon, Kind, Named, Page, PersonMark, Problem, Question, Reply, reply,
    request::{self, query, refuse_cross_site, require_json},
};
use http::{Method, StatusCode};
use identity::User;
use lambda_http::{Request, RequestExt};
use serde::{Deserialize, Serialize};
use serde_json::json;
use session::{Loaded, Pending, SessionId, ToolOutput, ToolResult, ToolStatus};
use tokio::time::timeout;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    call::{self, CallOutcome, ClientCall, Wanted},
    confirmation,
};
use crate::{
    deadline,
    state::Service,
    turn_problem::{self, Saved},
};

const LONGEST: Duration = Duration::from_secs(20);

/// A person's answer to a call that waits for their approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmationAnswer {
    /// Which call: as in the page's address.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{1,128}$")]
    call: SessionId,
    /// Which question about it: as on the page.
    #[schema(value_type = String, format = "uuid")]
    interrupt: Uuid,
    /// What they say.
    choice: Choice,
}

/// What a person says.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Choice {
    /// It is to be done, as it was shown, once.
    Approve,
    /// It is not to be done.
    Decline,
}

/// What happened then.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConfirmationResult {
    /// For the person.
    message: String,
}

/// The page, or the answer that a click on it sends.
pub(crate) async fn answer(
    service: &Arc<Service>,
    request: &mut Request,
    user: &User,
) -> Result<Reply, Problem> {
    match *request.method() {
        Method::POST => answered(service, request, user).await,
        _ => page(service, request, user).await,
    }
}

/// What is kept of a call.
enum Kept {
    Nothing,
    Waits(Pending),
    Done,
}

async fn page(service: &Service, request: &Request, user: &User) -> Result<Reply, Problem> {
    let id = query(request, "call").next().unwrap_or_default();
    let id = SessionId::parse(id).map_err(|_| nothing_waits())?;
    let inbound = &service.settings.inbound;
    let (visitor, mark) = (Named::new(user), PersonMark::new(user, &inbound.consent_keys));
    let page = Page {
        agent: Some(&inbound.agent),
        icon: Icon::Note,
        heading: "Approve this action?",
        text: "A client that you use asks for it. It is done once, exactly as it is here, and only if you \
               approve it.",
        next: "Leave it",
        visitor: Some(&visitor),
        request_id: None,
        script: None,
        question: None,
    };
    let pending = match kept(service, request, user, &id).await? {
        Kept::Waits(pending) => pending,
        Kept::Done => {
            let text = "You have answered this. Go back to your client, and let it go on.";
            let page = Page { heading: "There is nothing left to approve", text, ..page };
            return Ok(page.into_reply(StatusCode::OK));
        }
        Kept::Nothing => return Err(nothing_waits()),
    };
    let asked = confirmation::of(&pending).ok_or_else(nothing_waits)?;
    let about = confirmation::about(&pending, asked);
    let question = Question {
        about: &about,
        answers: &[("approve", "Approve"), ("decline", "Decline")],
        sends: &json!({ "call": id, "interrupt": asked.1.interrupt }),
        mark: &mark,
    };
    Ok(Page { question: Some(question), ..page }.into_reply(StatusCode::OK))
}

async fn answered(
    service: &Arc<Service>,
    request: &mut Request,
    user: &User,
) -> Result<Reply, Problem> {
    refuse_cross_site(request.method(), request.headers(), &service.settings.inbound.site)?;
    require_json(request.headers())?;
    service.limits.read(user.id(), request).await?;
    let ConfirmationAnswer { call: id, interrupt, choice } = request::json(request.body())?;
    let Kept::Waits(pending) = kept(service, request, user, &id).await? else {
        return Err(nothing_waits());
    };
    let call = ClientCall {
        service: Arc::clone(service),
        user: user.clone(),
        client: call::client_of(&pending.turn),
        id,
        time: deadline::time_left(service, request.lambda_context_ref()),
    };
    let verdict = match choice {
        Choice::Approve => Verdict::Resolved,
        Choice::Decline => Verdict::Cancelled,
    };
    let answers = Answers::from([(interrupt.to_string(), verdict)]);
    let message = match (call.run(Wanted::Answered(answers)).await?, choice) {
        (CallOutcome::Done(_), Choice::Decline) => {
            "Declined: nothing was done. Go back to your client.".to_owned()
        }
        (CallOutcome::Done(result), Choice::Approve) => done(&result),
        (CallOutcome::Waits(_), _) => {
            "Not done: it is not any more as it was shown to you, or needs your consent first. Go back to \
             your client, and let it make the same call again."
                .to_owned()
        }
    };
    reply::json(StatusCode::OK, &ConfirmationResult { message })
}

fn done(result: &ToolResult) -> String {
    let text = result.content.iter().find_map(|output| match output {
        ToolOutput::Text(text) => Some(invisible::shown_in_lines(text)),
        ToolOutput::Json(_) => None,
    });
    match result.status {
        ToolStatus::Success => "Done. Go back to your client, and let it go on.".to_owned(),
        ToolStatus::Error => format!("It did not succeed. {}", text.unwrap_or_default()),
    }
}

/// What is kept of the call `id` of `user`.
async fn kept(
    service: &Service,
    request: &Request,
    user: &User,
    id: &SessionId,
) -> Result<Kept, Problem> {
    let calls = service.clients().await.sessions.calls();
    let look = |loaded: &Loaded| match &loaded.conversation.pending {
        Some(pending) => Kept::Waits(pending.clone()),
        None if result_of_call(&loaded.conversation.messages).is_some() => Kept::Done,
        None => Kept::Nothing,
    };
    let longest = deadline::time_left(service, request.lambda_context_ref()).min(LONGEST);
    let kept = timeout(longest, calls.look(user.id(), id, look)).await;
    let kept = kept.unwrap_or_else(|slow| Err(slow.into()));
    kept.map_err(|error| turn_problem::problem(error.into(), Saved::NotAsked))
}

fn nothing_waits() -> Problem {
    let detail = "No action of yours waits here for your approval: it was answered before, or it is another \
                  person's. If somebody sent you this link, do not use it.";
    Problem::new(Kind::NotFound, detail).headed("Nothing waits for you here")
}
