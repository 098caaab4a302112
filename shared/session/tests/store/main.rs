//! Conversations in S3's stand-in, over a socket that can fail.

#![expect(clippy::panic, clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod commits;
mod connections;
mod faults;
mod interleavings;
mod listing;
mod s3;
mod saved;
mod segments;
mod strands;

use aws_sdk_s3::{Client, primitives::ByteStream};
use identity::UserId;
use session::{Block, Message, Role, SessionId, Sessions};

use crate::s3::{BUCKET, S3};

/// A bucket, and a direct way to its objects.
struct World {
    s3: S3,
    sessions: Sessions,
    objects: Client,
}

impl World {
    async fn new() -> Self {
        let s3 = S3::start().await;
        let sessions = Sessions::new(s3.config(), BUCKET.to_owned());
        let objects = Client::from_conf(s3.config().build());
        Self { s3, sessions, objects }
    }

    async fn say(&self, text: &str) {
        let loaded = self.sessions.load(&user("alice"), &id("s")).await.unwrap();
        self.sessions.commit(&mut loaded.clone(), &turn(text), None).await.unwrap();
    }

    /// What the user said in alice's conversation, in order.
    async fn said(&self) -> Vec<String> {
        said(&self.sessions.load(&user("alice"), &id("s")).await.unwrap().conversation.messages)
    }

    async fn put(&self, key: &str, body: &str) {
        let body = ByteStream::from(body.as_bytes().to_vec());
        self.objects.put_object().bucket(BUCKET).key(key).body(body).send().await.unwrap();
    }

    async fn text(&self, key: &str) -> String {
        let object = self.objects.get_object().bucket(BUCKET).key(key).send().await.unwrap();
        String::from_utf8(object.body.collect().await.unwrap().to_vec()).unwrap()
    }

    async fn delete(&self, key: &str) {
        self.objects.delete_object().bucket(BUCKET).key(key).send().await.unwrap();
    }

    async fn keys(&self) -> Vec<String> {
        let list = self.objects.list_objects_v2().bucket(BUCKET).send().await.unwrap();
        list.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
    }
}

fn user(sub: &str) -> UserId {
    UserId::parse(sub).unwrap()
}

fn id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

fn assistant(text: &str) -> Message {
    Message { role: Role::Assistant, content: vec![Block::Text(text.to_owned())], id: None }
}

/// A whole turn.
fn turn(text: &str) -> Vec<Message> {
    vec![Message::user(text), assistant(&format!("You said {text}."))]
}

/// What the user said; each time with its own answer right after it.
fn said(messages: &[Message]) -> Vec<String> {
    let turns = messages.chunks(2).map(|pair| {
        let text = pair[0].text();
        assert_eq!(pair, turn(&text));
        text
    });
    turns.collect()
}
