//! The operations, as `s3s` defines them.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::{
    S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result,
    dto::{
        CommonPrefix, DeleteObjectInput, DeleteObjectOutput, ETag, EncodingType, GetObjectInput,
        GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput,
        ListObjectsV2Input, ListObjectsV2Output, Object, PutObjectInput, PutObjectOutput, Range,
        StreamingBlob,
    },
    s3_error,
};

use super::{
    bucket::{Bucket, BucketFailure, Condition},
    file::Stored,
    listing::{ListPage, ListRequest},
};

const MAX_KEYS: i32 = 1_000;
/// The characters that `encoding-type=url` does not encode.
const UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// S3 with one bucket.
#[derive(Debug)]
pub(super) struct OneBucket {
    name: String,
    objects: Arc<Bucket>,
}

impl OneBucket {
    pub(super) fn new(name: &str, objects: Bucket) -> Self {
        Self { name: name.to_owned(), objects: Arc::new(objects) }
    }

    fn check(&self, bucket: &str) -> S3Result<()> {
        if bucket == self.name { Ok(()) } else { Err(s3_error!(NoSuchBucket)) }
    }

    /// Runs `work` on a thread on which blocking is allowed.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Bucket) -> Result<T, BucketFailure> + Send + 'static,
    ) -> S3Result<T> {
        let objects = Arc::clone(&self.objects);
        let done = tokio::task::spawn_blocking(move || work(&objects)).await;
        done.map_err(S3Error::internal_error)?.map_err(|failure| match failure {
            BucketFailure::NoSuchKey => s3_error!(NoSuchKey),
            BucketFailure::PreconditionFailed => s3_error!(PreconditionFailed),
            BucketFailure::Io(error) => S3Error::internal_error(error),
        })
    }
}

#[async_trait::async_trait]
impl S3 for OneBucket {
    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.check(&request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let PutObjectInput { bucket, key, content_type, body, if_match, if_none_match, .. } =
            request.input;
        self.check(&bucket)?;
        let condition = match (if_match, if_none_match) {
            (None, None) => Condition::None,
            (None, Some(condition)) if condition.is_any() => Condition::IfAbsent,
            (Some(condition), None) => Condition::IfMatch(condition),
            _ => return Err(s3_error!(NotImplemented)),
        };
        // Read whole before the lock is taken, so that a slow sender blocks no other request.
        let body = collect(body).await?;
        let put = self.run(move |objects| objects.put(key, content_type, &body, &condition));
        let e_tag = Some(e_tag(&put.await?));
        Ok(S3Response::new(PutObjectOutput { e_tag, ..Default::default() }))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let GetObjectInput { bucket, key, range, if_match, if_none_match, .. } = request.input;
        self.check(&bucket)?;
        if if_match.is_some() || if_none_match.is_some() {
            return Err(s3_error!(NotImplemented));
        }
        let (stored, body) = self.run(move |objects| objects.get(&key)).await?;
        let (body, content_range) = match range {
            Some(range) => part(&body, range)?,
            None => (body, None),
        };
        Ok(S3Response::new(GetObjectOutput {
            content_length: i64::try_from(body.len()).ok(),
            content_range,
            e_tag: Some(e_tag(&stored)),
            last_modified: Some(stored.modified.into()),
            content_type: stored.metadata.content_type,
            body: Some(StreamingBlob::from(s3s::Body::from(body))),
            ..Default::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let HeadObjectInput { bucket, key, .. } = request.input;
        self.check(&bucket)?;
        let stored = self.run(move |objects| objects.head(&key)).await?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(stored.size.cast_signed()),
            e_tag: Some(e_tag(&stored)),
            last_modified: Some(stored.modified.into()),
            content_type: stored.metadata.content_type,
            ..Default::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let DeleteObjectInput { bucket, key, if_match, .. } = request.input;
        self.check(&bucket)?;
        if if_match.is_some() {
            return Err(s3_error!(NotImplemented));
        }
        self.run(move |objects| objects.delete(&key)).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        self.check(&input.bucket)?;
        let token = input.continuation_token.as_deref().map(decode_token).transpose()?;
        let max_keys = input.max_keys.unwrap_or(MAX_KEYS).clamp(0, MAX_KEYS);
        let listing = ListRequest {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone().filter(|delimiter| !delimiter.is_empty()),
            after: token.or_else(|| input.start_after.clone()),
            at_most: usize::try_from(max_keys).unwrap_or_default(),
        };
        let ListPage { objects, prefixes, next } =
            self.run(move |objects| Ok(objects.list(&listing))).await?;
        let is_url =
            input.encoding_type.as_ref().is_some_and(|it| it.as_str() == EncodingType::URL);
        let name = |name: String| match is_url {
            true => utf8_percent_encode(&name, UNRESERVED).to_string(),
            false => name,
        };
        let count = objects.len() + prefixes.len();
        let prefixes = prefixes.into_iter().map(|it| CommonPrefix { prefix: Some(name(it)) });
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            max_keys: Some(max_keys),
            key_count: i32::try_from(count).ok(),
            is_truncated: Some(next.is_some()),
            next_continuation_token: next.map(|last| URL_SAFE_NO_PAD.encode(last)),
            continuation_token: input.continuation_token,
            contents: Some(objects.into_iter().map(|stored| object(stored, name)).collect()),
            common_prefixes: Some(prefixes.collect()),
            prefix: input.prefix.map(name),
            delimiter: input.delimiter.map(name),
            start_after: input.start_after.map(name),
            encoding_type: input.encoding_type,
            ..Default::default()
        }))
    }
}

fn object(stored: Stored, name: impl Fn(String) -> String) -> Object {
    Object {
        e_tag: Some(e_tag(&stored)),
        last_modified: Some(stored.modified.into()),
        size: Some(stored.size.cast_signed()),
        key: Some(name(stored.metadata.key)),
        ..Default::default()
    }
}

fn e_tag(stored: &Stored) -> ETag {
    ETag::Strong(stored.metadata.e_tag.clone())
}

/// Decodes a continuation token: the last entry of the previous page.
fn decode_token(token: &str) -> S3Result<String> {
    let wrong = || s3_error!(InvalidArgument, "The continuation token provided is incorrect");
    let last = URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong())?;
    String::from_utf8(last).map_err(|_| wrong())
}

async fn collect(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    let Some(body) = body else { return Ok(Bytes::new()) };
    let append = |mut whole: BytesMut, chunk: Bytes| async move {
        whole.extend_from_slice(&chunk);
        Ok(whole)
    };
    let whole = body.try_fold(BytesMut::new(), append).await;
    let broken = |error| S3Error::with_source(S3ErrorCode::IncompleteBody, error);
    Ok(whole.map_err(broken)?.freeze())
}

/// The part of `body` that is asked for, and which it is (RFC 9110, section 14.4).
fn part(body: &Bytes, range: Range) -> S3Result<(Bytes, Option<String>)> {
    let length = body.len();
    let part = range.check(length as u64).map_err(|_| s3_error!(InvalidRange))?;
    let said = format!("bytes {}-{}/{length}", part.start, part.end.saturating_sub(1));
    let at = |place: u64| usize::try_from(place).unwrap_or(length).min(length);
    Ok((body.slice(at(part.start)..at(part.end)), Some(said)))
}
