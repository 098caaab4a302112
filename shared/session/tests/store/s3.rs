//! S3's stand-in on a socket that fails as S3 and networks do.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region};
use axum::body::{Body, Bytes};
use http::{Method, Request, Response, header, header::HeaderName};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tower::ServiceExt;

pub(crate) const BUCKET: &str = "conversations";

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How one request fails.
pub(crate) enum Fault {
    /// It is answered with this status and code, and nothing else happens.
    Refused(u16, &'static str),
    /// It is done, and still answered with this status and code.
    DoneButRefused(u16, &'static str),
    /// The connection ends before anything is done.
    Cut,
    /// It is done, and the connection ends without an answer.
    DoneButCut,
    /// It is done, and never answered.
    DoneButStalled,
    /// It is done, and the answer ends in its middle.
    Half,
    /// Something else happens first.
    After(Work),
    /// It is done, then something else happens, and the connection ends without an answer.
    DoneThen(Work),
}

#[derive(Clone)]
pub(crate) struct S3 {
    router: axum::Router,
    faults: Arc<Mutex<VecDeque<(Method, Fault)>>>,
    requests: Arc<Mutex<Vec<String>>>,
    tags: Arc<Mutex<BTreeMap<String, String>>>,
    demands_signed_bodies: Arc<AtomicBool>,
    endpoint: String,
    _folder: Arc<TempDir>,
}

impl S3 {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let router = s3_local::router(folder.path(), BUCKET, "AKID", "secret").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (faults, requests, tags, demands_signed_bodies) = Default::default();
        let _folder = Arc::new(folder);
        let s3 = Self { router, faults, requests, tags, demands_signed_bodies, endpoint, _folder };
        tokio::spawn(s3.clone().serve(listener));
        s3
    }

    /// What a client of it is made from.
    pub(crate) fn config(&self) -> Builder {
        Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
            .region(Region::new("eu-central-1"))
            .endpoint_url(&self.endpoint)
    }

    /// Lets the next request with `method` fail, after those that are to fail already.
    pub(crate) fn fail(&self, method: Method, fault: Fault) {
        self.faults.lock().unwrap().push_back((method, fault));
    }

    /// Lets no request fail that has not failed yet.
    pub(crate) fn forget_faults(&self) {
        self.faults.lock().unwrap().clear();
    }

    /// Refuses every PUT whose signature leaves out the hash of its body, as a bucket's policy can.
    pub(crate) fn demand_signed_bodies(&self) {
        self.demands_signed_bodies.store(true, Relaxed);
    }

    /// What was asked for since the last time: the method, the condition of a PUT, and whether its
    /// signature leaves out its body.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    /// The tags that each object has by the last PUT of it, by key.
    pub(crate) fn tags(&self) -> BTreeMap<String, String> {
        self.tags.lock().unwrap().clone()
    }

    async fn serve(self, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let s3 = self.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| s3.answer(request));
                // A connection that is cut is an error here.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let is_unsigned = self.note(&request);
        if is_unsigned && self.demands_signed_bodies.load(Relaxed) {
            return Ok(error(403, "AccessDenied"));
        }
        let fault = self.next_fault(request.method());
        let request = request.map(Body::new);
        match fault {
            None => Ok(self.real(request).await),
            Some(Fault::Refused(status, code)) => Ok(error(status, code)),
            Some(Fault::Cut) => Err(io::ErrorKind::ConnectionReset.into()),
            Some(Fault::After(work)) => {
                work.await;
                Ok(self.real(request).await)
            }
            Some(Fault::DoneButRefused(status, code)) => {
                self.real(request).await;
                Ok(error(status, code))
            }
            Some(Fault::DoneButCut) => {
                self.real(request).await;
                Err(io::ErrorKind::ConnectionReset.into())
            }
            Some(Fault::DoneThen(work)) => {
                self.real(request).await;
                work.await;
                Err(io::ErrorKind::ConnectionReset.into())
            }
            Some(Fault::DoneButStalled) => {
                self.real(request).await;
                std::future::pending().await
            }
            Some(Fault::Half) => Ok(half(self.real(request).await)),
        }
    }

    /// Returns whether the signature leaves out the hash of the body.
    fn note(&self, request: &Request<Incoming>) -> bool {
        let has = |name| request.headers().contains_key(name);
        let condition = match (has(header::IF_MATCH), has(header::IF_NONE_MATCH)) {
            (true, false) => " If-Match",
            (false, true) => " If-None-Match",
            _ => "",
        };
        let hash = request.headers().get("x-amz-content-sha256");
        let is_unsigned = hash.is_some_and(|hash| hash == "UNSIGNED-PAYLOAD");
        assert!(!is_unsigned || has(HeaderName::from_static("x-amz-checksum-crc32")));
        let unsigned = if is_unsigned { " unsigned" } else { "" };
        let noted = format!("{}{condition}{unsigned}", request.method());
        self.requests.lock().unwrap().push(noted);
        if request.method() == Method::PUT {
            let tags = request.headers().get("x-amz-tagging");
            let tags = tags.map_or("", |tags| tags.to_str().unwrap());
            let key = request.uri().path().trim_start_matches('/');
            self.tags.lock().unwrap().insert(key.to_owned(), tags.to_owned());
        }
        is_unsigned
    }

    fn next_fault(&self, method: &Method) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let at = faults.iter().position(|(of, _)| of == method)?;
        faults.remove(at).map(|(_, fault)| fault)
    }

    /// The real answer, once it is whole.
    async fn real(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Response::from_parts(parts, Body::from(body))
    }
}

fn error(status: u16, code: &str) -> Response<Body> {
    let xml = format!("<Error><Code>{code}</Code><Message>Injected.</Message></Error>");
    Response::builder().status(status).body(Body::from(xml)).unwrap()
}

fn half(answer: Response<Body>) -> Response<Body> {
    let (mut parts, body) = answer.into_parts();
    let length = http_body::Body::size_hint(&body).exact().unwrap();
    parts.headers.insert(header::CONTENT_LENGTH, length.into());
    let pieces = [Ok(Bytes::from_static(b"{")), Err(io::Error::from(io::ErrorKind::BrokenPipe))];
    Response::from_parts(parts, Body::from_stream(futures_util::stream::iter(pieces)))
}
