//! What S3's failures mean, and how long to wait after one.
//!
//! Amazon S3 API Reference, "Error responses", and "How to prevent object overwrites with
//! conditional writes". The SDK's own retries are off: they can't read back what became of a
//! write whose answer was lost.

use std::{error::Error, time::Duration};

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::error::SessionError;

type Cause = Box<dyn Error + Send + Sync>;

/// What became of one request.
#[derive(Debug)]
pub(crate) enum Fault {
    /// 412: the object is not the version that the condition names.
    Lost,
    /// 409: another conditional write of the object is running.
    Running,
    /// 404 for the key: there is no such object.
    Missing,
    /// 429 or 503: S3 did nothing, and may do it later.
    Busy(Cause),
    /// 500, a time-out, or no answer at all: it may have happened or not.
    Unknown(Cause),
    /// Anything else: no repetition changes it.
    Refused(Cause),
}

impl<E> From<SdkError<E>> for Fault
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
        match (status, code) {
            (Some(412), _) => Self::Lost,
            (Some(409), _) => Self::Running,
            (Some(404), code) if code != Some("NoSuchBucket") => Self::Missing,
            (Some(429 | 503), _) => Self::Busy(Box::new(error)),
            (Some(400), Some("RequestTimeout")) | (Some(200..=299 | 500..), _) | (None, _) => {
                Self::Unknown(Box::new(error))
            }
            _ => Self::Refused(Box::new(error)),
        }
    }
}

/// Repeats what changes nothing, or nothing more the second time; nothing if S3 says 404.
pub(crate) async fn steadily<T, E, F>(request: impl Fn() -> F) -> Result<Option<T>, SessionError>
where
    Fault: From<E>,
    F: Future<Output = Result<T, E>>,
{
    let mut patience = Patience::default();
    loop {
        match request().await.map_err(Fault::from) {
            Ok(answer) => return Ok(Some(answer)),
            Err(Fault::Missing) => return Ok(None),
            Err(Fault::Refused(cause)) => return Err(SessionError::Misconfigured(cause)),
            Err(Fault::Busy(cause) | Fault::Unknown(cause)) => patience.after_fault(cause).await?,
            Err(Fault::Lost | Fault::Running) => {
                patience.after_fault("S3 speaks of a condition where there is none".into()).await?;
            }
        }
    }
}

/// The waits between the tries of one operation: doubling, and random so that those who met
/// once don't meet again.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    faults: u32,
    races: u32,
}

impl Patience {
    const MAX_FAULTS: u32 = 4;
    /// A loser of 50 gets through.
    const MAX_RACES: u32 = 24;

    /// Waits after a fault; its cause if that was the last one to be waited out.
    pub(crate) async fn after_fault(&mut self, cause: Cause) -> Result<(), SessionError> {
        self.faults += 1;
        if self.faults >= Self::MAX_FAULTS {
            return Err(SessionError::Unavailable(cause));
        }
        let first = Duration::from_millis(100);
        tokio::time::sleep(pause(first, self.faults, fastrand::f64())).await;
        Ok(())
    }

    /// Waits after a lost race, before what won is read: as briefly as possible before the next
    /// try, so that it is not lost for the same reason.
    pub(crate) async fn after_race(&mut self) {
        self.races += 1;
        let first = Duration::from_millis(20);
        tokio::time::sleep(pause(first, self.races, fastrand::f64())).await;
    }

    /// Whether no further race should be run.
    pub(crate) fn is_at_end(&self) -> bool {
        self.races >= Self::MAX_RACES
    }
}

/// `luck` is from 0 to 1.
fn pause(first: Duration, tries: u32, luck: f64) -> Duration {
    const LONGEST: Duration = Duration::from_secs(2);
    let doubled = first * 2_u32.pow(tries.saturating_sub(1).min(16));
    doubled.min(LONGEST).mul_f64(luck)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::pause;

    #[test]
    fn waits_double_up_to_a_limit() {
        let first = Duration::from_millis(20);
        let longest = [1, 2, 3, 20, 1_000].map(|tries| pause(first, tries, 1.0).as_millis());
        assert_eq!(longest, [20, 40, 80, 2_000, 2_000]);
        assert_eq!(pause(first, 3, 0.0), Duration::ZERO);
    }
}
