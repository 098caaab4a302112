//! A part of a conversation for a person: its newest messages, or those of one segment.

use identity::UserId;

use crate::{
    conversation::Conversation,
    error::SessionError,
    key::{SessionId, segment_key},
    loaded::Loaded,
    message::Message,
    segment::Segment,
    store::Sessions,
};

/// A part of a conversation.
#[derive(Debug)]
pub struct Excerpt {
    /// The conversation up to the end of this part; its messages are those of this part.
    pub conversation: Conversation,
    /// Whether anything was ever said in it.
    pub exists: bool,
    /// Whether its last turn waits for the user.
    pub waits: bool,
}

impl Sessions {
    /// What `look` returns for the part of the conversation `session` of `user` that ends before the message
    /// with the index `before`, or with the newest one. Messages that a person is not shown are not counted.
    /// Costs one request, and one more for an older part.
    ///
    /// # Errors
    /// When it can't be read; see [`SessionError`].
    pub async fn look_before<T>(
        &self,
        user: &UserId,
        session: &SessionId,
        before: Option<usize>,
        look: impl FnOnce(&Excerpt) -> T,
    ) -> Result<T, SessionError> {
        let mut loaded = self.load(user, session).await?;
        let (exists, waits) = (loaded.exists(), loaded.conversation.pending.is_some());
        let number = before.and_then(|before| loaded.conversation.segment_before(before));
        let Some(number) = number else {
            return Ok(look(&Excerpt { conversation: loaded.conversation, exists, waits }));
        };
        // Nothing waits for the share of another object while it has one.
        loaded.share = None;
        let mut conversation = loaded.conversation;
        let key = segment_key(&self.key(user, session), &conversation.segments[number].id);
        // What waits is after this part.
        (conversation.pending, conversation.messages) = (None, Vec::new());
        // The share is held while its messages are looked at.
        let object = self.get(&key).await?;
        match &object {
            Some(object) => {
                conversation.messages = conversation.segments[number].read(&object.body)?;
                conversation.segments.truncate(number);
            }
            None => conversation.forget(number),
        }
        Ok(look(&Excerpt { conversation, exists, waits }))
    }

    /// The finished turn of `loaded` that began with the message `id`, if there is one. A turn that is in a
    /// segment costs one request; without messages it is returned if the segment is gone.
    ///
    /// # Errors
    /// When it can't be read; see [`SessionError`].
    pub async fn turn(
        &self,
        loaded: &Loaded,
        id: &str,
    ) -> Result<Option<Vec<Message>>, SessionError> {
        if let Some(turn) = loaded.conversation.turn(id) {
            return Ok(Some(turn));
        }
        let Some((segment, first)) = loaded.conversation.segment_with(id) else { return Ok(None) };
        let Some(object) = self.get(&segment_key(&loaded.key, &segment.id)).await? else {
            return Ok(Some(Vec::new()));
        };
        let mut sealed = Conversation::from_messages(segment.read(&object.body)?)?;
        sealed.removed_turns = first;
        Ok(sealed.turn(id))
    }
}

impl Conversation {
    /// Which segment holds the message before the one with the index `before`.
    fn segment_before(&self, before: usize) -> Option<usize> {
        let mut end = 0;
        self.segments.iter().position(|segment| {
            end += segment.shown;
            before <= end
        })
    }

    /// The segment that may hold the turn of the message `id`, and the number of its first turn.
    pub(crate) fn segment_with(&self, id: &str) -> Option<(&Segment, u64)> {
        let mut end = self.removed_turns;
        let numbered = self.segments.iter().map(|segment| {
            end += segment.turns;
            (segment, end - segment.turns)
        });
        let place = Self::place(id);
        let has = |(segment, first): &(&Segment, u64)| {
            segment.ids.iter().any(|own| own == id)
                || place.is_some_and(|it| (*first..first + segment.turns).contains(&it))
        };
        let mut numbered = numbered;
        numbered.find(has)
    }

    /// Counts the turns of the segment `number`, and of those before it, as removed: a rule of the bucket
    /// deletes the oldest first.
    fn forget(&mut self, number: usize) {
        let gone = self.segments.drain(..).take(number + 1);
        self.removed_turns += gone.map(|segment| segment.turns).sum::<u64>();
    }
}
