//! The objects, and the conditions under which one is written.

use std::{
    collections::BTreeMap,
    fs, io,
    path::PathBuf,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use bytes::Bytes;
use s3s::dto::{ETag, ETagCondition};

use super::{
    file::{self, Stored},
    listing::{self, ListPage, ListRequest},
};

/// A folder of objects. Its calls block. One lock makes a condition and its write atomic, and keeps an
/// ETag and its bytes together.
#[derive(Debug)]
pub(super) struct Bucket {
    folder: PathBuf,
    objects: RwLock<BTreeMap<String, Stored>>,
}

/// The condition of a PUT.
#[derive(Debug)]
pub(super) enum Condition {
    None,
    IfAbsent,
    IfMatch(ETagCondition),
}

/// Why an operation fails.
#[derive(Debug)]
pub(super) enum BucketFailure {
    NoSuchKey,
    PreconditionFailed,
    Io(io::Error),
}

impl From<io::Error> for BucketFailure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Bucket {
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let objects = file::all(&folder)?.into_iter();
        let objects = objects.map(|object| (object.metadata.key.clone(), object)).collect();
        Ok(Self { folder, objects: RwLock::new(objects) })
    }

    pub(super) fn put(
        &self,
        key: String,
        content_type: Option<String>,
        body: &[u8],
        condition: &Condition,
    ) -> Result<Stored, BucketFailure> {
        let mut objects = self.write();
        condition.check(objects.get(&key))?;
        let stored = file::write(&self.folder, key.clone(), content_type, body)?;
        objects.insert(key, stored.clone());
        Ok(stored)
    }

    pub(super) fn get(&self, key: &str) -> Result<(Stored, Bytes), BucketFailure> {
        let objects = self.read();
        let stored = objects.get(key).ok_or(BucketFailure::NoSuchKey)?;
        Ok((stored.clone(), file::read(&self.folder, key)?))
    }

    pub(super) fn head(&self, key: &str) -> Result<Stored, BucketFailure> {
        self.read().get(key).cloned().ok_or(BucketFailure::NoSuchKey)
    }

    /// Deletes an object; an absent one is no error.
    pub(super) fn delete(&self, key: &str) -> Result<(), BucketFailure> {
        let mut objects = self.write();
        if objects.contains_key(key) {
            file::remove(&self.folder, key)?;
            objects.remove(key);
        }
        Ok(())
    }

    pub(super) fn list(&self, request: &ListRequest) -> ListPage {
        listing::page(&self.read(), request)
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Stored>> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Stored>> {
        self.objects.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Condition {
    fn check(&self, present: Option<&Stored>) -> Result<(), BucketFailure> {
        match (self, present) {
            (Self::None, _) | (Self::IfAbsent, None) => Ok(()),
            (Self::IfAbsent, Some(_)) => Err(BucketFailure::PreconditionFailed),
            (Self::IfMatch(_), None) => Err(BucketFailure::NoSuchKey),
            (Self::IfMatch(ETagCondition::Any), Some(_)) => Ok(()),
            (Self::IfMatch(ETagCondition::ETag(known)), Some(present)) => {
                let is_same = ETag::Strong(present.metadata.e_tag.clone()).strong_cmp(known);
                if is_same { Ok(()) } else { Err(BucketFailure::PreconditionFailed) }
            }
        }
    }
}
