//! A server that sends the replies that a test gives it, in the pieces that a test gives it.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// The key that requests bring.
pub(crate) const KEY: &str = "sk-of-the-test";

/// What is answered to one request: a head without lengths, and a body by pieces.
#[derive(Clone)]
pub(crate) struct Reply {
    head: String,
    pieces: Vec<Vec<u8>>,
    /// Whether the connection breaks before the body has ended.
    breaks: bool,
    /// Whether the body does not end, and the connection stays.
    stalls: bool,
}

impl Reply {
    /// A stream of events, in one piece.
    pub(crate) fn events(text: &str) -> Self {
        Self::in_pieces(vec![text.as_bytes().to_vec()])
    }

    /// A stream of events.
    pub(crate) fn in_pieces(pieces: Vec<Vec<u8>>) -> Self {
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n".to_owned();
        Self { head, pieces, breaks: false, stalls: false }
    }

    /// The chunks of this JSON, and `[DONE]`.
    pub(crate) fn chunks(chunks: &[Value]) -> Self {
        let chunks = chunks.iter().map(|chunk| format!("data: {chunk}\n\n"));
        Self::events(&format!("{}data: [DONE]\n\n", chunks.collect::<String>()))
    }

    /// JSON with a status, after `headers`, each with its line end.
    pub(crate) fn json(status: &str, headers: &str, body: &Value) -> Self {
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}");
        let pieces = vec![body.to_string().into_bytes()];
        Self { head, pieces, breaks: false, stalls: false }
    }

    /// The same with another media type.
    pub(crate) fn typed(self, media_type: &str) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\n");
        Self { head, ..self }
    }

    /// The same, and the connection breaks.
    pub(crate) fn broken(self) -> Self {
        Self { breaks: true, ..self }
    }

    /// The same, and nothing follows.
    pub(crate) fn stalled(self) -> Self {
        Self { stalls: true, ..self }
    }
}

/// Serves `replies`, one to a request, and then the last one. Returns the base address, and the
/// requests as they arrive: their heads and their bodies.
pub(crate) async fn serve(replies: Vec<Reply>) -> (String, Arc<Mutex<Vec<(String, Value)>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            while let Some(request) = read(&mut stream).await {
                let at = {
                    let mut seen = requests.lock().unwrap();
                    seen.push(request);
                    seen.len().min(replies.len()) - 1
                };
                if answer(&mut stream, &replies[at]).await.is_err() || replies[at].breaks {
                    break;
                }
            }
        }
    });
    (base, seen)
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<(String, Value)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length?.parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, serde_json::from_slice(&body).unwrap()))
}

async fn answer(stream: &mut BufReader<TcpStream>, reply: &Reply) -> std::io::Result<()> {
    let head = format!("{}transfer-encoding: chunked\r\n\r\n", reply.head);
    stream.write_all(head.as_bytes()).await?;
    for piece in &reply.pieces {
        stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await?;
        stream.write_all(piece).await?;
        stream.write_all(b"\r\n").await?;
        stream.flush().await?;
    }
    if !reply.breaks && !reply.stalls {
        stream.write_all(b"0\r\n\r\n").await?;
    }
    stream.flush().await
}
