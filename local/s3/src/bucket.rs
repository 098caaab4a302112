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
    listing::{self, Ask, Page},
};

/// A folder of objects. Its calls block; the one lock makes a condition and its write one step,
/// and an object's ETag that of the bytes that come with it.
#[derive(Debug)]
pub(super) struct Bucket {
    folder: PathBuf,
    objects: RwLock<BTreeMap<String, Stored>>,
}

/// What a PUT asks for first.
#[derive(Debug)]
pub(super) enum Condition {
    None,
    IfAbsent,
    IfMatch(ETagCondition),
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    NoSuchKey,
    PreconditionFailed,
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Bucket {
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let objects = file::all(&folder)?.into_iter();
        let objects = objects.map(|object| (object.about.key.clone(), object)).collect();
        Ok(Self { folder, objects: RwLock::new(objects) })
    }

    pub(super) fn put(
        &self,
        key: String,
        content_type: Option<String>,
        body: &[u8],
        condition: &Condition,
    ) -> Result<Stored, Failure> {
        let mut objects = self.write();
        condition.check(objects.get(&key))?;
        let stored = file::write(&self.folder, key.clone(), content_type, body)?;
        objects.insert(key, stored.clone());
        Ok(stored)
    }

    pub(super) fn get(&self, key: &str) -> Result<(Stored, Bytes), Failure> {
        let objects = self.read();
        let stored = objects.get(key).ok_or(Failure::NoSuchKey)?;
        Ok((stored.clone(), file::read(&self.folder, key)?))
    }

    pub(super) fn head(&self, key: &str) -> Result<Stored, Failure> {
        self.read().get(key).cloned().ok_or(Failure::NoSuchKey)
    }

    /// Deleting what is not there succeeds.
    pub(super) fn delete(&self, key: &str) -> Result<(), Failure> {
        let mut objects = self.write();
        if objects.contains_key(key) {
            file::remove(&self.folder, key)?;
            objects.remove(key);
        }
        Ok(())
    }

    pub(super) fn list(&self, ask: &Ask) -> Page {
        listing::page(&self.read(), ask)
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Stored>> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Stored>> {
        self.objects.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Condition {
    fn check(&self, present: Option<&Stored>) -> Result<(), Failure> {
        match (self, present) {
            (Self::None, _) | (Self::IfAbsent, None) => Ok(()),
            (Self::IfAbsent, Some(_)) => Err(Failure::PreconditionFailed),
            (Self::IfMatch(_), None) => Err(Failure::NoSuchKey),
            (Self::IfMatch(ETagCondition::Any), Some(_)) => Ok(()),
            (Self::IfMatch(ETagCondition::ETag(known)), Some(present)) => {
                let is_same = ETag::Strong(present.about.e_tag.clone()).strong_cmp(known);
                if is_same { Ok(()) } else { Err(Failure::PreconditionFailed) }
            }
        }
    }
}
