//! A listener that is slow, or goes away.

use std::task::{Context, Poll};

use agent::event::{Event, Listener};
use session::Message;
use tokio::sync::oneshot;

use crate::{
    Heard, ask_model, model,
    server::{Reply, serve},
    streams::{end, said},
};

/// Has room for one event at a time.
#[derive(Default)]
struct Narrow {
    is_full: bool,
    heard: usize,
}

impl Listener for Narrow {
    fn hear(&mut self, _: Event<'_>) {
        assert!(!self.is_full, "there is no room");
        (self.is_full, self.heard) = (true, self.heard + 1);
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::take(&mut self.is_full) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

#[tokio::test]
async fn the_stream_is_read_as_fast_as_the_listener_takes_it() {
    let chunks: Vec<_> = (0..100).map(|_| said("Yes ")).chain([end("stop")]).collect();
    let (base, _) = serve(vec![Reply::chunks(&chunks)]).await;
    let mut narrow = Narrow::default();
    let answer = ask_model(&model(&base), &[Message::user("Hello!")], &mut narrow).await;
    assert_eq!((answer.unwrap().message.text().len(), narrow.heard), (400, 100));
}

/// Tells of the first event.
struct Told(Option<oneshot::Sender<()>>);

impl Listener for Told {
    fn hear(&mut self, _: Event<'_>) {
        self.0.take().unwrap().send(()).unwrap();
    }
}

#[tokio::test]
async fn an_answer_that_is_stopped_is_hung_up() {
    let stalled = Reply::events(&format!("data: {}\n\n", said("Ye"))).stalled();
    let (base, seen) = serve(vec![stalled, Reply::chunks(&[said("Yes"), end("stop")])]).await;
    let (model, question) = (model(&base), [Message::user("Hello!")]);
    let (told, begun) = oneshot::channel();
    let mut told = Told(Some(told));
    tokio::select! {
        answer = ask_model(&model, &question, &mut told) => unreachable!("{answer:?}"),
        begun = begun => begun.unwrap(),
    }
    // This server looks at one connection at a time: with the first one open, this would wait for ever.
    let answer = ask_model(&model, &question, &mut Heard::default()).await;
    assert_eq!((answer.unwrap().message.text().as_str(), seen.lock().unwrap().len()), ("Yes", 2));
}
