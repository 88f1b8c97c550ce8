use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

/// The hash that a SCRAM mechanism is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScramHash {
    Sha256,
    Sha512,
}

impl ScramHash {
    pub(super) fn mechanism(self) -> &'static str {
        match self {
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
        }
    }

    pub(super) fn digest(self, data: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        })
    }

    pub(super) fn hmac(self, key: &[u8], data: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Sha256 => keyed::<Hmac<Sha256>>(key, data).to_vec(),
            Self::Sha512 => keyed::<Hmac<Sha512>>(key, data).to_vec(),
        })
    }

    /// Whether `expected` is the HMAC, in a time that does not tell how much of
    /// it is.
    pub(super) fn verifies(self, key: &[u8], data: &[u8], expected: &[u8]) -> bool {
        match self {
            Self::Sha256 => matches::<Hmac<Sha256>>(key, data, expected),
            Self::Sha512 => matches::<Hmac<Sha512>>(key, data, expected),
        }
    }
}

/// PBKDF2 for one block, in portions: a broker may ask for a million rounds, and
/// whoever shares the thread must not wait for all of them.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one per login, and it is boxed"
)]
pub(super) enum Salting {
    Sha256(Rounds<Hmac<Sha256>, 32>),
    Sha512(Rounds<Hmac<Sha512>, 64>),
}

pub(super) struct Rounds<M, const LEN: usize> {
    mac: M,
    last: Zeroizing<[u8; LEN]>,
    sum: Zeroizing<[u8; LEN]>,
    left: u32,
}

impl Salting {
    /// `iterations` is at least 1.
    pub(super) fn new(hash: ScramHash, password: &[u8], salt: &[u8], iterations: u32) -> Self {
        match hash {
            ScramHash::Sha256 => Self::Sha256(Rounds::new(password, salt, iterations)),
            ScramHash::Sha512 => Self::Sha512(Rounds::new(password, salt, iterations)),
        }
    }

    /// Runs up to `rounds` more; returns the salted password when they are done.
    pub(super) fn advance(&mut self, rounds: u32) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Sha256(work) => work.advance(rounds),
            Self::Sha512(work) => work.advance(rounds),
        }
    }
}

impl<M: Mac + KeyInit + Clone, const LEN: usize> Rounds<M, LEN> {
    fn new(password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let mac = of_key::<M>(password);
        let first = mac.clone().chain_update(salt).chain_update([0, 0, 0, 1]);
        let first = array(&first.finalize().into_bytes());
        Self {
            mac,
            sum: first.clone(),
            last: first,
            left: iterations.saturating_sub(1),
        }
    }

    fn advance(&mut self, rounds: u32) -> Option<Zeroizing<Vec<u8>>> {
        for _ in 0..rounds.min(self.left) {
            let next = self.mac.clone().chain_update(&self.last[..]).finalize();
            self.last = array(&next.into_bytes());
            for (sum, byte) in self.sum.iter_mut().zip(self.last.iter()) {
                *sum ^= byte;
            }
        }
        self.left = self.left.saturating_sub(rounds);
        (self.left == 0).then(|| Zeroizing::new(self.sum.to_vec()))
    }
}

/// The hash's length is `LEN`.
fn array<const LEN: usize>(bytes: &[u8]) -> Zeroizing<[u8; LEN]> {
    let mut array = Zeroizing::new([0; LEN]);
    for (to, from) in array.iter_mut().zip(bytes) {
        *to = *from;
    }
    array
}

fn keyed<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> hmac::digest::Output<M> {
    of_key::<M>(key).chain_update(data).finalize().into_bytes()
}

fn matches<M: Mac + KeyInit>(key: &[u8], data: &[u8], expected: &[u8]) -> bool {
    let mac = of_key::<M>(key).chain_update(data);
    mac.verify_slice(expected).is_ok()
}

/// HMAC takes keys of any length; the other arm keeps the compiler content.
fn of_key<M: Mac + KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).unwrap_or_else(|_| M::new(&Default::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salted(hash: ScramHash, iterations: u32, portion: u32) -> Vec<u8> {
        let mut salting = Salting::new(hash, b"password", b"salt", iterations);
        loop {
            if let Some(done) = salting.advance(portion) {
                return done.to_vec();
            }
        }
    }

    /// RFC 7914, section 11, has the 64 bytes for SHA-256; the others are those
    /// that Python's hashlib gives.
    #[test]
    fn published_vectors_whatever_the_portions() {
        let hex = |bytes: &[u8]| {
            let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
            digits.collect::<String>()
        };
        for portion in [1, 7, 4095, 4096, u32::MAX] {
            assert_eq!(
                hex(&salted(ScramHash::Sha256, 4096, portion)),
                "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"
            );
        }
        assert_eq!(
            hex(&salted(ScramHash::Sha256, 1, 1)),
            "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"
        );
        assert_eq!(
            hex(&salted(ScramHash::Sha512, 2, 1)),
            "e1d9c16aa681708a45f5c7c4e215ceb66e011a2e9f0040713f18aefdb866d53c\
             f76cab2868a39b9f7840edce4fef5a82be67335c77a6068e04112754f27ccf4e"
        );
    }
}
