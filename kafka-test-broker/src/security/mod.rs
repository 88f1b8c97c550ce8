//! Who may connect and do what: logging in by SASL, and ACLs.
//!
//! A cluster without mechanisms lets everybody in as `User:ANONYMOUS`; one
//! without an authorizer lets everybody do everything.

mod acls;
mod authorizer;
mod oauth;
mod plain;
mod scram;
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(crate) use acls::{AclBinding, AclFilter, Acls, Operation, ResourceType};
pub(crate) use authorizer::{Need, Resource};
pub(crate) use scram::{MAX_ITERATIONS, MIN_ITERATIONS, ScramCredential, ScramHash};
use session::Session;
pub(crate) use session::{Handshake, Step};

use crate::machine::ConnectionId;

/// The principal of those who need not log in.
const ANONYMOUS: &str = "User:ANONYMOUS";

/// Bytes of a salt and of the broker's part of a nonce.
const RANDOM_LEN: usize = 16;

const SECURITY_SEED: u64 = 0x7365_6375_7265;

/// A way to log in to a cluster of [`TestClusterBuilder::sasl`].
///
/// [`TestClusterBuilder::sasl`]: crate::TestClusterBuilder::sasl
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SaslMechanism {
    /// Name and password in the clear (KIP-43).
    Plain,
    /// Proof of a password by SHA-256 (KIP-84).
    ScramSha256,
    /// Proof of a password by SHA-512 (KIP-84).
    ScramSha512,
    /// An unsecured JSON web token: its `sub` is who logs in, and it is good
    /// until its `exp` (KIP-255).
    OAuthBearer,
}

/// Why logging in failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SaslFailure {
    /// Not what the mechanism says.
    Malformed,
    /// Wrong password, unknown user, expired token, or another's name.
    Refused,
}

/// What the builder says about security.
#[derive(Clone, Default)]
pub(crate) struct SecuritySettings {
    /// In the order in which clients are told of them; empty: nobody logs in.
    pub mechanisms: Vec<SaslMechanism>,
    pub passwords: BTreeMap<String, String>,
    /// Kafka's `connections.max.reauth.ms`.
    pub max_reauth: Option<Duration>,
    /// Whether ACLs decide.
    pub authorizes: bool,
    /// Principals, as `User:name`, to whom ACLs do not apply.
    pub super_users: BTreeSet<String>,
}

/// Who may connect and do what, and who is connected.
#[derive(Debug)]
pub(crate) struct Security {
    settings: SecuritySettings,
    scram: BTreeMap<(String, ScramHash), ScramCredential>,
    sessions: BTreeMap<ConnectionId, Session>,
    random: fastrand::Rng,
    pub acls: Acls,
    /// Whether whoever may write to a topic may do so as an idempotent producer:
    /// from 2.8 on (KIP-679).
    pub writers_may_be_idempotent: bool,
}

impl SaslMechanism {
    /// The mechanism's registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OAuthBearer => "OAUTHBEARER",
        }
    }

    /// The mechanism of this registered name.
    pub fn of_name(name: &str) -> Option<Self> {
        [
            Self::Plain,
            Self::ScramSha256,
            Self::ScramSha512,
            Self::OAuthBearer,
        ]
        .into_iter()
        .find(|mechanism| mechanism.name() == name)
    }
}

impl std::fmt::Debug for SecuritySettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecuritySettings")
            .field("mechanisms", &self.mechanisms)
            .field("users", &self.passwords.keys())
            .field("max_reauth", &self.max_reauth)
            .field("authorizes", &self.authorizes)
            .field("super_users", &self.super_users)
            .finish()
    }
}

impl Security {
    /// Draws its salts and nonces from `seed`.
    pub(crate) fn new(settings: SecuritySettings, seed: u64) -> Self {
        let mut security = Self {
            settings,
            scram: BTreeMap::new(),
            sessions: BTreeMap::new(),
            // Apart from what else the cluster draws.
            random: fastrand::Rng::with_seed(seed ^ SECURITY_SEED),
            acls: Acls::default(),
            writers_may_be_idempotent: true,
        };
        let hashes = [
            (SaslMechanism::ScramSha256, ScramHash::Sha256),
            (SaslMechanism::ScramSha512, ScramHash::Sha512),
        ];
        for (user, password) in security.settings.passwords.clone() {
            for (mechanism, hash) in hashes {
                // Salting takes its time: only for what can be used.
                if security.settings.mechanisms.contains(&mechanism) {
                    let salt = security.random_bytes();
                    let credential = ScramCredential::of_password(hash, &password, salt);
                    security.scram.insert((user.clone(), hash), credential);
                }
            }
        }
        security
    }

    /// What is kept of a user's password, by hash.
    pub(crate) fn credentials(&self) -> &BTreeMap<(String, ScramHash), ScramCredential> {
        &self.scram
    }

    /// Sets what is kept of a user's password, or removes it; whether there was
    /// something.
    pub(crate) fn set_credential(
        &mut self,
        user: &str,
        hash: ScramHash,
        credential: Option<ScramCredential>,
    ) -> bool {
        let key = (user.to_owned(), hash);
        match credential {
            Some(credential) => self.scram.insert(key, credential).is_some(),
            None => self.scram.remove(&key).is_some(),
        }
    }

    /// Whether ACLs decide at all.
    pub(crate) fn authorizes(&self) -> bool {
        self.settings.authorizes
    }

    fn random_bytes(&mut self) -> Vec<u8> {
        std::iter::repeat_with(|| self.random.u8(..))
            .take(RANDOM_LEN)
            .collect()
    }
}
