//! What a request does in which order: by the rules of the plain shape, and by those of AG-UI.

use agent::{stop::Stop, turn::Answers};
use edge::Problem;
use session::{Loaded, Message, Sessions};
use telemetry::Audit;
use tokio::time::timeout_at;

use super::Work;
use crate::{
    agui::{Run, input::RunInput, snapshot::Snapshot},
    turn_problem::{Saved, problem},
};

impl Work<'_> {
    /// What waits is done first, then the new message.
    pub(super) async fn invocation(
        &mut self,
        message: Option<String>,
        answers: &Answers,
    ) -> Result<(), Problem> {
        let waiting = self.resume(answers)?;
        if waiting.is_none() && message.is_none() {
            let detail = "Write a message: nothing waits for you in this conversation.";
            return Err(Problem::field("message", detail));
        }
        self.start();
        if let Some(turn) = waiting {
            self.take_up(turn).await?;
        }
        match message {
            Some(message) if !self.was_stopped => self.begin(message, None).await,
            _ => Ok(()),
        }
    }

    /// The same by the rules of AG-UI: what is not answered stays open, and a message counts once.
    pub(super) async fn agui_run(
        &mut self,
        sessions: &Sessions,
        message: Option<String>,
        RunInput { message_id: id, is_reload, .. }: RunInput,
        answers: &Answers,
    ) -> Result<(), Problem> {
        let before = match id.as_deref() {
            Some(id) => Box::pin(self.turn_before(id)).await?,
            None => None,
        };
        let waits_for_it = id.as_deref().is_some_and(|id| self.lease.waits_for(id));
        let waiting = self.resume(answers)?;
        let said = match is_reload {
            true => Some(Box::pin(self.snapshot(sessions)).await?),
            false => None,
        };
        self.start();
        for (run, said) in self.heard.run.iter_mut().zip(said) {
            run.snapshot(&said);
        }
        let has_waited = waiting.is_some();
        if let Some(turn) = waiting {
            // Who answers nothing does not stop what waits, either: a page that is reloaded twice would.
            let stop = self.runner.stop.clone();
            if answers.is_empty() {
                self.runner.stop = Stop::default();
            }
            self.take_up(turn).await?;
            self.runner.stop = stop;
        }
        if waits_for_it || self.was_stopped || !self.interrupts.is_empty() {
            return Ok(());
        }
        match (message, before) {
            (Some(message), None) => self.begin(message, id).await,
            (Some(_), Some(turn)) if !has_waited => {
                self.repeat(&turn);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The turn that was finished before for the message `id`.
    async fn turn_before(&self, id: &str) -> Result<Option<Vec<Message>>, Problem> {
        let turn = timeout_at(self.runner.deadline, self.lease.turn(id)).await;
        let turn = turn.unwrap_or_else(|slow| Err(slow.into()));
        turn.map_err(|error| problem(error.into(), Saved::NotAsked))
    }

    /// Tells the answer of a turn that was finished before.
    fn repeat(&mut self, turn: &[Message]) {
        let answer = turn.last().map(Message::text).filter(|text| !text.is_empty());
        answer.into_iter().for_each(|text| self.heard.say(text));
    }

    /// Nothing is refused after this.
    fn start(&mut self) {
        self.heard.run.iter_mut().for_each(Run::start);
    }

    /// What was said in the conversation, for a client that has forgotten it.
    async fn snapshot(&self, sessions: &Sessions) -> Result<Snapshot, Problem> {
        let look = |loaded: &Loaded| Snapshot::new(&loaded.conversation);
        let said = sessions.look(&self.rules.user, self.runner.session, look);
        let said = timeout_at(self.runner.deadline, said).await;
        let said = said.unwrap_or_else(|slow| Err(slow.into()));
        let said = said.map_err(|error| problem(error.into(), Saved::NotAsked))?;
        let (user, session) = (&self.rules.user, self.runner.session.as_str());
        Audit::ConversationRead { user, session }.record();
        Ok(said)
    }
}
