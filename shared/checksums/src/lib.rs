#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

use crc::{CRC_32_ISCSI, CRC_64_NVME, Crc, Table};

/// The usual table of 256 values; larger ones are faster, and weigh more than they are worth here.
type Small = Table<1>;

static CRC32C: Crc<u32, Small> = Crc::<u32, Small>::new(&CRC_32_ISCSI);
static CRC64_NVME: Crc<u64, Small> = Crc::<u64, Small>::new(&CRC_64_NVME);

/// The algorithms that S3 knows (Amazon S3 User Guide, "Checking object integrity").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// CRC-32.
    Crc32IsoHdlc,
    /// CRC-32C.
    Crc32Iscsi,
    /// CRC-64/NVME.
    Crc64Nvme,
}

/// A checksum as its bytes arrive.
#[derive(Clone)]
pub struct Digest(State);

#[derive(Clone)]
enum State {
    Crc32(crc32fast::Hasher),
    Crc32c(crc::Digest<'static, u32, Small>),
    Crc64Nvme(crc::Digest<'static, u64, Small>),
}

impl Digest {
    /// The checksum of nothing yet.
    #[must_use]
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        Self(match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => State::Crc32(crc32fast::Hasher::new()),
            CrcAlgorithm::Crc32Iscsi => State::Crc32c(CRC32C.digest()),
            CrcAlgorithm::Crc64Nvme => State::Crc64Nvme(CRC64_NVME.digest()),
        })
    }

    /// Adds `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Crc32(digest) => digest.update(bytes),
            State::Crc32c(digest) => digest.update(bytes),
            State::Crc64Nvme(digest) => digest.update(bytes),
        }
    }

    /// Returns the checksum, in the lowest bits.
    #[must_use]
    pub fn finalize(&self) -> u64 {
        match &self.0 {
            State::Crc32(digest) => digest.clone().finalize().into(),
            State::Crc32c(digest) => digest.clone().finalize().into(),
            State::Crc64Nvme(digest) => digest.clone().finalize(),
        }
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Digest").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{CrcAlgorithm, Digest};

    /// The check values of the algorithms' catalogue (reveng.sourceforge.io, "Catalogue of
    /// parametrised CRC algorithms"): the checksums of `123456789`.
    #[test]
    fn each_algorithm_has_the_check_value_of_the_catalogue() {
        for (algorithm, check) in [
            (CrcAlgorithm::Crc32IsoHdlc, 0xcbf4_3926),
            (CrcAlgorithm::Crc32Iscsi, 0xe306_9283),
            (CrcAlgorithm::Crc64Nvme, 0xae8b_1486_0a79_9888),
        ] {
            let mut digest = Digest::new(algorithm);
            digest.update(b"1234");
            digest.update(b"56789");
            assert_eq!(digest.finalize(), check, "{algorithm:?}");
        }
    }
}
