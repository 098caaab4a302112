//! The requests to one S3 bucket, each retried as often as it may be.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use aws_sdk_s3::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    operation::put_object::builders::PutObjectFluentBuilder,
    primitives::ByteStream,
};
use bytes::{Bytes, BytesMut};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::{
    error::SessionError,
    retry::{S3Failure, retry},
};

const CONNECT: Duration = Duration::from_secs(2);
/// One try of one request, up to the head of the answer.
const TRY: Duration = Duration::from_secs(4);
/// How many KiB of stored conversations may be parsed at a time: parsed, one needs several times
/// its size in memory. A read that waits for its share has S3's answer and has not read its body.
const READS_AT_ONCE: u32 = 16 * 1024;

/// One bucket; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    client: Client,
    name: String,
    reads: Arc<Semaphore>,
    /// Whether the signature of a PUT leaves out the hash of its body.
    leaves_bodies_unsigned: Arc<AtomicBool>,
}

/// An object as it was read.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) body: Bytes,
    /// Its ETag.
    pub(crate) version: Option<String>,
    /// Its share of what may be parsed at a time.
    pub(crate) share: OwnedSemaphorePermit,
}

impl Bucket {
    /// The bucket `name`. Retries and time-outs are set here.
    pub(crate) fn new(config: Builder, name: String) -> Self {
        let limits =
            TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(TRY);
        let config = config.retry_config(RetryConfig::disabled()).timeout_config(limits.build());
        let client = Client::from_conf(config.build());
        let reads = Arc::new(Semaphore::new(READS_AT_ONCE as usize));
        Self { client, name, reads, leaves_bodies_unsigned: Arc::default() }
    }

    /// Whether the signature of a PUT may leave out the hash of its body: it may where TLS keeps the body
    /// whole, and S3 still compares the checksum that the SDK sends (Amazon S3 API Reference,
    /// "Authenticating Requests: Using the Authorization Header", `UNSIGNED-PAYLOAD`).
    pub(crate) fn leave_bodies_unsigned(&mut self, over_tls: bool) {
        self.leaves_bodies_unsigned = Arc::new(AtomicBool::new(over_tls));
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The object at `key`, if there is one; an error if it has more than `most` bytes.
    pub(crate) async fn get(&self, key: &str, most: usize) -> Result<Option<Object>, SessionError> {
        let call = self.client.get_object().bucket(&self.name).key(key);
        let read = || {
            let call = call.clone();
            async move {
                let object = call.send().await?;
                let share = self.share(object.content_length()).await;
                let share = share.map_err(|closed| S3Failure::Unknown(Box::new(closed)))?;
                let body = collect(object.body, most).await?;
                Ok::<_, S3Failure>(Object { body, version: object.e_tag, share })
            }
        };
        retry(read).await
    }

    /// The first `bytes` bytes of the object at `key`, or all that it has, if there is one.
    pub(crate) async fn start(&self, key: &str, bytes: u64) -> Result<Option<Bytes>, SessionError> {
        let range = format!("bytes=0-{}", bytes.saturating_sub(1));
        let call = self.client.get_object().bucket(&self.name).key(key).range(range);
        let most = usize::try_from(bytes).unwrap_or(usize::MAX);
        let read = || {
            let call = call.clone();
            async move {
                let object = call.send().await?;
                collect(object.body, most).await
            }
        };
        retry(read).await
    }

    /// Waits until an object of so many bytes may be parsed beside the others.
    async fn share(&self, bytes: Option<i64>) -> Result<OwnedSemaphorePermit, AcquireError> {
        let kib = bytes.unwrap_or(0).cast_unsigned().div_ceil(1024);
        let kib = u32::try_from(kib).unwrap_or(READS_AT_ONCE).clamp(1, READS_AT_ONCE);
        Arc::clone(&self.reads).acquire_many_owned(kib).await
    }

    /// Tries once to replace `version` of the object at `key` by `json`, or to create the object if
    /// `version` is `None`; `tags` are then all that it has, in the form of a query. Returns the new
    /// version.
    pub(crate) async fn put(
        &self,
        key: &str,
        version: Option<&str>,
        json: Bytes,
        tags: Option<&str>,
    ) -> Result<Option<String>, S3Failure> {
        let call = || {
            let call = self.client.put_object().bucket(&self.name).key(key);
            let call = call.content_type("application/json").body(ByteStream::from(json.clone()));
            let call = call.set_tagging(tags.map(str::to_owned));
            match version {
                Some(version) => call.if_match(version),
                None => call.if_none_match("*"),
            }
        };
        self.send(call).await
    }

    /// Sends a PUT. A bucket's policy can demand that bodies are signed (the condition key
    /// `s3:x-amz-content-sha256`), which S3 does not say: what is refused without is tried with, once, and
    /// if that was the reason, bodies are signed from then on. A refused PUT has changed nothing.
    async fn send(
        &self,
        call: impl Fn() -> PutObjectFluentBuilder,
    ) -> Result<Option<String>, S3Failure> {
        if self.leaves_bodies_unsigned.load(Relaxed) {
            let sent = call().customize().disable_payload_signing().send().await;
            let sent = sent.map_err(S3Failure::from);
            if !matches!(sent, Err(S3Failure::Refused(_))) {
                return Ok(sent?.e_tag);
            }
            let sent = call().send().await;
            let sent = sent.map_err(S3Failure::from);
            if !matches!(sent, Err(S3Failure::Refused(_))) {
                tracing::info!("the bucket takes signed bodies alone");
                self.leaves_bodies_unsigned.store(false, Relaxed);
            }
            return Ok(sent?.e_tag);
        }
        Ok(call().send().await?.e_tag)
    }

    /// Whether there is an object at `key`.
    pub(crate) async fn exists(&self, key: &str) -> Result<bool, SessionError> {
        let call = self.client.head_object().bucket(&self.name).key(key);
        Ok(retry(|| call.clone().send()).await?.is_some())
    }

    /// Deletes the object at `key`, if there is one.
    pub(crate) async fn delete(&self, key: &str) -> Result<(), SessionError> {
        let call = self.client.delete_object().bucket(&self.name).key(key);
        retry(|| call.clone().send()).await.map(|_| ())
    }

    /// Tries once to delete the object at `key`.
    pub(crate) async fn try_to_delete(&self, key: &str) -> Result<(), S3Failure> {
        let call = self.client.delete_object().bucket(&self.name).key(key);
        call.send().await?;
        Ok(())
    }

    /// The keys below `prefix` and when they were last written. With a delimiter, only those
    /// without another one in them.
    pub(crate) async fn list(
        &self,
        prefix: &str,
        delimiter: Option<&str>,
    ) -> Result<Vec<(String, SystemTime)>, SessionError> {
        let (mut objects, mut token) = (Vec::new(), None);
        loop {
            let call = self.client.list_objects_v2().bucket(&self.name).prefix(prefix);
            let call = call.set_delimiter(delimiter.map(str::to_owned));
            let call = call.set_continuation_token(token);
            let page = retry(|| call.clone().send()).await?;
            let Some(page) = page else { return Ok(objects) };
            for object in page.contents.into_iter().flatten() {
                let written = object.last_modified.and_then(|time| time.try_into().ok());
                if let Some(key) = object.key {
                    objects.push((key, written.unwrap_or(SystemTime::UNIX_EPOCH)));
                }
            }
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(objects);
            }
        }
    }
}

/// The whole body, unless it has more than `most` bytes, of which no more are read then.
async fn collect(mut body: ByteStream, most: usize) -> Result<Bytes, S3Failure> {
    if usize::try_from(body.size_hint().0).is_ok_and(|least| least > most) {
        return Err(S3Failure::TooLarge);
    }
    let mut all = BytesMut::new();
    while let Some(more) = body.next().await {
        all.extend_from_slice(&more.map_err(|error| S3Failure::Unknown(Box::new(error)))?);
        if all.len() > most {
            return Err(S3Failure::TooLarge);
        }
    }
    Ok(all.freeze())
}
