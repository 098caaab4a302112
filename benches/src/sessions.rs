//! Loading a conversation and committing one more turn to it, beside the bare GET and PUT of as many bytes.

use std::hint::black_box;

use aws_sdk_s3::Client;
use identity::UserId;
use session::{Block, ContextTokens, Message, Role, SessionId, Sessions};

use crate::{
    Effort,
    bare::{self, Bare},
    process::own_cpu,
    table::{Table, median},
    upstream::Upstream,
};

const BUCKET: &str = "bucket";
/// How many turns are written at once before it begins: few, because the oldest are sealed as they come.
const AT_ONCE: usize = 20;
const LENGTHS: [usize; 4] = [1, 50, 500, 5_000];

pub(crate) async fn measure(table: &mut Table, upstream: &Upstream, effort: Effort) {
    let config = bare::config(&upstream.address()).await;
    let sessions = Sessions::new(aws_sdk_s3::config::Builder::from(&config), BUCKET.to_owned());
    let sessions = sessions.keeping(16 * 1024 * 1024);
    let client = Client::new(&config);
    let user = UserId::parse("alice").expect("a user");
    let context: ContextTokens = "100000".parse().expect("tokens");
    for length in LENGTHS {
        let session = SessionId::parse(format!("turns-{length}")).expect("an id");
        let turns: Vec<Message> = (0..length).flat_map(turn).collect();
        for block in turns.chunks(2 * AT_ONCE) {
            let mut loaded = sessions.open(&user, &session, context).await.expect("turns");
            sessions.commit(&mut loaded, block, None).await.expect("a commit");
        }
        let bytes = upstream.last_put().await;
        let bare = Bare::new(&client, bytes).await;
        // From here on every write is taken, and none is kept: the conversation stays as long as it is.
        upstream.freeze(true).await;
        let count = u32::try_from(effort.of(10_000 / length.max(50))).expect("a number").max(2);
        let (mut ours, mut least) = (Vec::new(), Vec::new());
        for _ in 0..effort.rounds() {
            let before = own_cpu();
            for _ in 0..count {
                let mut loaded = sessions.open(&user, &session, context).await.expect("turns");
                let last = turn(length);
                sessions.commit(&mut loaded, black_box(&last), None).await.expect("a commit");
            }
            ours.push((own_cpu() - before) / count);
            least.push(bare.get_and_put(count).await);
        }
        upstream.freeze(false).await;
        let what = format!("CPU of load and commit at turn {length}");
        table.beside(what, median(ours), median(least));
    }
}

/// One turn, about as long as one in a chat.
fn turn(number: usize) -> [Message; 2] {
    let question =
        format!("Question {number}: what has changed in the repository since yesterday?");
    let answer = format!("Answer {number}: {}", "three commits by bob, on the parser. ".repeat(3));
    let answer = Message { role: Role::Assistant, content: vec![Block::Text(answer)], id: None };
    [Message::user(question), answer]
}
