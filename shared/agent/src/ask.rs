//! Asks the model, and asks it again for less, or without what was said before, when it refuses.

use std::time::Duration;

use session::{Message, json_bytes};
use telemetry::metrics::Measurement;
use tokio::time::Instant;

use crate::{
    error::{TurnError, with_causes},
    event::{Event, Hearing, Listener},
    model::{ModelAnswer, ModelError, Prompt, Usage},
    run::Runner,
    traced,
    turn::Turn,
};

impl Runner<'_> {
    /// Asks the model; if the turn is stopped meanwhile, what was said until then is its answer.
    pub(crate) async fn ask_unless_stopped(
        &self,
        turn: &mut Turn,
        history: &[Message],
        usage: &mut Usage,
        listener: &mut dyn Listener,
    ) -> Result<(), TurnError> {
        let mut hearing = Hearing { said: String::new(), listener };
        tokio::select! {
            asked = self.ask_model(turn, history, usage, &mut hearing) => return asked,
            () = self.stop.stopped() => {}
        }
        // The model's provider bills what it never told us of.
        let read = json_bytes(&turn.messages()) + json_bytes(&history);
        let (input_tokens, output_tokens) = (tokens(read), tokens(hearing.said.len()));
        *usage += Usage { input_tokens, output_tokens, ..Usage::default() };
        turn.stop(&hearing.said);
        Ok(())
    }

    async fn ask_model(
        &self,
        turn: &mut Turn,
        history: &[Message],
        usage: &mut Usage,
        listener: &mut dyn Listener,
    ) -> Result<(), TurnError> {
        let history = if turn.is_without_history() { &[] } else { history };
        let mut answer = self.prompt(turn, history, listener).await;
        spend(&answer, usage);
        if is_refused(&answer) && !history.is_empty() {
            listener.hear(Event::TextDiscarded);
            let again = self.prompt(turn, &[], listener).await;
            spend(&again, usage);
            if again.is_ok() && !is_refused(&again) {
                tracing::warn!("the model refuses a conversation, and answers without it");
                turn.leave_history_out();
            }
            // A withheld answer is one, and better than none.
            if again.is_ok() || answer.is_err() {
                answer = again;
            }
        }
        match answer {
            Ok(answer) => {
                turn.model_answered(answer.message, &answer.unreadable, history);
                Ok(())
            }
            // Without this, the turn would be refused again whenever it is taken up.
            Err(TurnError::Model(
                error @ (ModelError::Rejected(_) | ModelError::TooLong(_) | ModelError::Refused(_)),
            )) if turn.ends_with_refusal() => {
                tracing::error!(cause = with_causes(&error), "the model does not go on");
                turn.report_results();
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Asks for an answer to as much as the model takes, half of it each time that it is too long.
    async fn prompt(
        &self,
        turn: &Turn,
        history: &[Message],
        listener: &mut dyn Listener,
    ) -> Result<ModelAnswer, TurnError> {
        let user = self.authorizer.asker.user;
        let mut context = self.context.now(user);
        loop {
            let prompt = Prompt {
                system: self.system,
                messages: context.view(history, turn.messages()),
                tools: turn.tools().specs(history.iter().chain(turn.messages())),
                max_tokens: self.max_tokens,
            };
            let began = Instant::now();
            let answer = self.model.answer(prompt, listener);
            let answer = self.in_time(async { Ok(answer.await?) });
            let answer = traced::chat(self.model, self.session.as_str(), answer).await;
            measure(&answer, began.elapsed());
            if answer.is_ok() {
                self.context.was_taken(user, context);
            }
            let Err(TurnError::Model(ModelError::TooLong(_))) = answer else { return answer };
            let Some(less) = context.half(history, turn.messages()) else { return answer };
            tracing::warn!(tokens = less.get(), "the model is shown less: it takes no more");
            listener.hear(Event::TextDiscarded);
            context = less;
        }
    }
}

/// About how many tokens so many bytes are.
fn tokens(bytes: usize) -> u64 {
    bytes as u64 / 4
}

/// How long the model took, what for, and how that ended.
fn measure(answer: &Result<ModelAnswer, TurnError>, time: Duration) {
    let (outcome, usage) = match answer {
        Ok(answer) => ("ok", answer.usage),
        Err(TurnError::Model(error)) => (error.kind(), Usage::default()),
        Err(_) => ("too_slow", Usage::default()),
    };
    let Usage { input_tokens, output_tokens, .. } = usage;
    Measurement::Model { outcome, time, input_tokens, output_tokens }.record();
}

/// Counts what an answer has cost, also if it is not the one that counts.
fn spend(answer: &Result<ModelAnswer, TurnError>, usage: &mut Usage) {
    if let Ok(answer) = answer {
        *usage += answer.usage;
    }
}

/// Whether it may be what was said before that the model, or its content filter, does not take.
fn is_refused(answer: &Result<ModelAnswer, TurnError>) -> bool {
    match answer {
        Ok(answer) => answer.message.is_withheld(),
        Err(error) => matches!(error, TurnError::Model(ModelError::Rejected(_))),
    }
}
