//! The stream of events: a bounded buffer between a turn and the one who reads its events.
//!
//! Text that is not read yet is kept as text and becomes one event when it is read, so that a slow
//! reader gets fewer events and not more memory. The first words go out at once; those that follow within
//! a millisecond go together, because each event costs a write to the socket.

use std::{
    convert::Infallible,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use agent::stop::{Stop, Stopper};
use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep, sleep};

use super::event::AgUiEvent;

/// The writer has room as long as there are fewer bytes than this. One message's calls and results
/// may come on top of it, which are bounded where they are written: 64 KiB together.
const ROOM: usize = 32 * 1024;
/// After this long without an event a comment says that the connection lives; load balancers close
/// one that is silent for 60 seconds.
const SILENCE: Duration = Duration::from_secs(15);
/// How soon after text there is text again.
const PACE: Duration = Duration::from_millis(1);
const COMMENT: &[u8] = b": \n\n";

/// What is written and not read yet.
#[derive(Debug, Default)]
struct Buffer {
    events: Vec<u8>,
    text: Option<OpenText>,
    is_ended: bool,
    nobody_reads: bool,
    /// The reader comes by itself for text, and is woken for other events.
    text_can_wait: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Text of one message that has not become an event yet.
#[derive(Debug)]
struct OpenText {
    message: String,
    delta: String,
}

impl Buffer {
    fn bytes(&self) -> usize {
        self.events.len() + self.text.as_ref().map_or(0, |text| text.delta.len())
    }

    fn flush_text(&mut self) {
        if let Some(OpenText { message, delta }) = self.text.take() {
            let event = AgUiEvent::TextMessageContent { message_id: &message, delta: &delta };
            event.encode(&mut self.events);
        }
    }

    /// What nobody reads fills no memory, and nobody waits for room.
    fn abandon(&mut self) {
        (self.events, self.text, self.nobody_reads) = (Vec::new(), None, true);
        self.writer.take().into_iter().for_each(Waker::wake);
    }

    fn wake_reader(&mut self) {
        self.reader.take().into_iter().for_each(Waker::wake);
    }
}

type Shared = Arc<Mutex<Buffer>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Buffer> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes events. The stream ends when this is dropped.
#[derive(Debug)]
pub(crate) struct EventWriter(Shared);

/// The events as the body of a response. When it is dropped, nobody listens any more.
#[derive(Debug)]
pub(crate) struct EventBody {
    shared: Shared,
    /// Ends with the silence, or with the wait for more text.
    timer: Pin<Box<Sleep>>,
    /// When text may go out again.
    next_text: Instant,
    _listens: Stopper,
}

/// Returns both ends of a stream, and what tells a turn that nobody listens any more.
pub(crate) fn stream() -> (EventWriter, EventBody, Stop) {
    let shared = Shared::default();
    let (stopper, stop) = Stop::new();
    let body = EventBody {
        shared: Arc::clone(&shared),
        timer: Box::pin(sleep(SILENCE)),
        next_text: Instant::now(),
        _listens: stopper,
    };
    (EventWriter(shared), body, stop)
}

impl EventWriter {
    pub(super) fn event(&self, event: &AgUiEvent<'_>) {
        let mut buffer = lock(&self.0);
        if !buffer.nobody_reads {
            buffer.flush_text();
            event.encode(&mut buffer.events);
            buffer.wake_reader();
        }
    }

    /// Adds text to a message that is open.
    pub(super) fn text(&self, message: &str, delta: &str) {
        let mut buffer = lock(&self.0);
        if buffer.nobody_reads {
            return;
        }
        match &mut buffer.text {
            Some(open) if open.message == message => open.delta.push_str(delta),
            _ => {
                buffer.flush_text();
                let (message, delta) = (message.to_owned(), delta.to_owned());
                buffer.text = Some(OpenText { message, delta });
            }
        }
        if !buffer.text_can_wait {
            buffer.wake_reader();
        }
    }

    pub(super) fn poll_ready(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut buffer = lock(&self.0);
        if buffer.bytes() < ROOM {
            return Poll::Ready(());
        }
        buffer.writer = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for EventWriter {
    fn drop(&mut self) {
        let mut buffer = lock(&self.0);
        buffer.is_ended = true;
        buffer.wake_reader();
    }
}

impl EventBody {
    /// Whether there is text alone, and too soon after the last.
    fn waits_for_text(&mut self, context: &mut Context<'_>) -> bool {
        let shared = Arc::clone(&self.shared);
        let mut buffer = lock(&shared);
        let is_text_alone = buffer.events.is_empty() && buffer.text.is_some() && !buffer.is_ended;
        if !is_text_alone || Instant::now() >= self.next_text {
            return false;
        }
        self.timer.as_mut().reset(self.next_text);
        if self.timer.as_mut().poll(context).is_ready() {
            return false;
        }
        buffer.reader = Some(context.waker().clone());
        buffer.text_can_wait = true;
        true
    }
}

impl Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.waits_for_text(context) {
            return Poll::Pending;
        }
        let mut buffer = lock(&self.shared);
        let has_text = buffer.text.is_some();
        buffer.flush_text();
        let events = mem::take(&mut buffer.events);
        if events.is_empty() && buffer.is_ended {
            return Poll::Ready(None);
        }
        buffer.reader = Some(context.waker().clone());
        buffer.text_can_wait = false;
        let writer = buffer.writer.take();
        drop(buffer);
        let frame = if !events.is_empty() {
            writer.into_iter().for_each(Waker::wake);
            Bytes::from(events)
        } else if self.timer.as_mut().poll(context).is_ready() {
            Bytes::from_static(COMMENT)
        } else {
            return Poll::Pending;
        };
        let now = Instant::now();
        if has_text {
            self.next_text = now + PACE;
        }
        self.timer.as_mut().reset(now + SILENCE);
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }
}

impl Drop for EventBody {
    fn drop(&mut self) {
        lock(&self.shared).abandon();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::poll_fn,
        task::{Context, Poll, Waker},
    };

    use http_body_util::BodyExt;

    use super::{AgUiEvent, PACE, ROOM, SILENCE, stream};

    const NOTHING: &AgUiEvent<'_> = &AgUiEvent::TextMessageEnd { message_id: "m" };

    #[tokio::test]
    async fn a_slow_reader_slows_the_writer_and_gets_text_in_one_piece() {
        let (writer, mut body, _stop) = stream();
        let fragment = "x".repeat(1024);
        let mut context = Context::from_waker(Waker::noop());
        let mut written = 0;
        while writer.poll_ready(&mut context).is_ready() {
            writer.text("m", &fragment);
            written += 1;
        }
        assert_eq!(written * fragment.len(), ROOM);
        let mut waits = tokio::spawn(async move {
            poll_fn(|context| writer.poll_ready(context)).await;
            writer
        });
        assert!(
            poll_fn(|context| Poll::Ready(
                std::pin::Pin::new(&mut waits).poll(context).is_pending()
            ))
            .await
        );
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        let text = String::from_utf8(frame.to_vec()).unwrap();
        assert_eq!(text.matches("TEXT_MESSAGE_CONTENT").count(), 1, "{text}");
        assert_eq!(text.matches('x').count(), ROOM);
        drop(waits.await.unwrap());
        assert!(body.frame().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_comment_says_every_fifteen_seconds_of_silence_that_the_connection_lives() {
        let (writer, mut body, _stop) = stream();
        let began = tokio::time::Instant::now();
        for times in 1..=2 {
            let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!(&*frame, b": \n\n");
            let silent = began.elapsed();
            assert!(silent >= SILENCE * times && silent < SILENCE * (times + 1), "{silent:?}");
        }
        writer.event(NOTHING);
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(frame.starts_with(b"data: {") && frame.ends_with(b"}\n\n"));
    }

    #[tokio::test(start_paused = true)]
    async fn words_within_a_millisecond_go_together_and_the_first_ones_at_once() {
        let (writer, mut body, _stop) = stream();
        let mut words = async || {
            let before = tokio::time::Instant::now();
            let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
            (String::from_utf8(frame.to_vec()).unwrap(), before.elapsed())
        };
        writer.text("m", "one ");
        let (frame, time) = words().await;
        assert!(frame.contains("one ") && time.is_zero(), "{frame} after {time:?}");
        writer.text("m", "two ");
        writer.text("m", "three ");
        let (frame, time) = words().await;
        assert!(frame.contains("two three ") && time >= PACE && time < 3 * PACE, "{time:?}");
        // Anything else takes the words before it along.
        writer.text("m", "four ");
        writer.event(NOTHING);
        let (frame, time) = words().await;
        assert!(frame.contains("four ") && time.is_zero(), "{frame} after {time:?}");
        tokio::time::advance(SILENCE - PACE).await;
        let (frame, time) = words().await;
        assert!(frame == ": \n\n" && time <= 2 * PACE, "{frame} after {time:?}");
    }

    #[tokio::test]
    async fn what_nobody_reads_is_not_kept() {
        let (writer, body, _stop) = stream();
        writer.text("m", &"x".repeat(2 * ROOM));
        drop(body);
        writer.event(NOTHING);
        writer.text("m", &"x".repeat(2 * ROOM));
        assert!(writer.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
        assert_eq!(super::lock(&writer.0).bytes(), 0);
    }
}
