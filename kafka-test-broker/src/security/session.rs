//! A connection's way to being logged in (KIP-43, KIP-152), and to being logged
//! in anew (KIP-368).
//!
//! ```text
//!            SaslHandshake            tokens                 SaslHandshake
//!  Expected ───────────────► Exchange ───────► LoggedIn ─────────────────► Exchange ──► …
//!     (or Open from the start, where nobody has to log in)
//! ```

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use kafka_protocol::ApiKey;

use super::oauth::{self, INVALID_TOKEN};
use super::plain;
use super::scram::{self, ScramExchange, ScramHash};
use super::{ANONYMOUS, SaslFailure, SaslMechanism, Security};
use crate::cluster::Moment;
use crate::machine::ConnectionId;

/// See the module.
#[derive(Debug)]
pub(super) struct Session {
    state: State,
    /// Who logged in last, and how.
    login: Option<Login>,
    /// When somebody logged in began to log in anew.
    renewed_at: Option<Instant>,
}

/// Between the beginnings of two renewals, at least; the first may come at any time.
const MIN_RENEWAL_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug)]
enum State {
    Open,
    Expected,
    Exchange {
        mechanism: SaslMechanism,
        progress: Progress,
        /// Tokens come without Kafka's headers (SaslHandshake v0).
        raw: bool,
    },
    LoggedIn,
}

#[derive(Debug)]
struct Login {
    mechanism: SaslMechanism,
    principal: String,
    expires: Option<Instant>,
}

enum Progress {
    First,
    Scram(Box<ScramExchange>),
    /// The client was told that its token is not taken, and has to agree.
    TokenRefused,
}

/// What is said to SaslHandshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handshake {
    Accepted,
    /// There is no such mechanism here.
    Unsupported,
    /// Nobody has to log in here, or it is not the time for it.
    IllegalState,
}

/// What is said to a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The exchange goes on.
    Continue(Vec<u8>),
    /// Logged in. The lifetime is 0 when there is no end to it.
    Done { token: Vec<u8>, lifetime_ms: i64 },
    Failed {
        mechanism: SaslMechanism,
        failure: SaslFailure,
    },
    /// There is no exchange.
    IllegalState,
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::First => "First",
            Self::Scram(_) => "Scram",
            Self::TokenRefused => "TokenRefused",
        })
    }
}

impl Security {
    /// A connection is there.
    pub(crate) fn connected(&mut self, id: ConnectionId) {
        let state = match self.settings.mechanisms.is_empty() {
            true => State::Open,
            false => State::Expected,
        };
        let session = Session {
            state,
            login: None,
            renewed_at: None,
        };
        self.sessions.insert(id, session);
    }

    /// A connection is gone.
    pub(crate) fn disconnected(&mut self, id: ConnectionId) {
        self.sessions.remove(&id);
    }

    /// Whose connection it is, as `User:name`.
    pub(crate) fn principal(&self, id: ConnectionId) -> &str {
        self.sessions
            .get(&id)
            .and_then(|session| session.login.as_ref())
            .map_or(ANONYMOUS, |login| &login.principal)
    }

    /// Whether it is known whose connection it is.
    pub(crate) fn has_logged_in(&self, id: ConnectionId) -> bool {
        let session = self.sessions.get(&id);
        session.is_some_and(|session| session.login.is_some())
    }

    /// Whether the next frame of a connection is to be read as a request.
    pub(crate) fn expects_token(&self, id: ConnectionId) -> bool {
        self.sessions
            .get(&id)
            .is_some_and(|session| matches!(session.state, State::Exchange { raw: true, .. }))
    }

    /// Whether a request is served before, during and after logging in.
    pub(crate) fn admits(&self, id: ConnectionId, api: Option<ApiKey>, now: Instant) -> bool {
        let Some(session) = self.sessions.get(&id) else {
            return false;
        };
        match session.state {
            State::Open => true,
            State::Expected => {
                matches!(api, Some(ApiKey::ApiVersions | ApiKey::SaslHandshake))
            }
            State::Exchange { .. } => api == Some(ApiKey::SaslAuthenticate),
            State::LoggedIn => {
                let expires = session.login.as_ref().and_then(|login| login.expires);
                api == Some(ApiKey::SaslHandshake) || expires.is_none_or(|expires| now < expires)
            }
        }
    }

    /// The mechanisms, in the order in which clients are told of them.
    pub(crate) fn mechanisms(&self) -> &[SaslMechanism] {
        &self.settings.mechanisms
    }

    /// A client chooses a mechanism; `raw` when tokens will come without
    /// Kafka's headers.
    pub(crate) fn handshake(
        &mut self,
        id: ConnectionId,
        name: &str,
        raw: bool,
        now: Instant,
    ) -> Handshake {
        let mechanism = SaslMechanism::of_name(name)
            .filter(|mechanism| self.settings.mechanisms.contains(mechanism));
        let Some(session) = self.sessions.get_mut(&id) else {
            return Handshake::IllegalState;
        };
        match session.state {
            State::Expected | State::LoggedIn => {}
            State::Open | State::Exchange { .. } => return Handshake::IllegalState,
        }
        // Whoever logs in anew does it with headers.
        if raw && session.login.is_some() {
            return Handshake::IllegalState;
        }
        if session.login.is_some() {
            let recent = |last| now.saturating_duration_since(last) < MIN_RENEWAL_INTERVAL;
            if session.renewed_at.is_some_and(recent) {
                return Handshake::IllegalState;
            }
            session.renewed_at = Some(now);
        }
        let Some(mechanism) = mechanism else {
            return Handshake::Unsupported;
        };
        session.state = State::Exchange {
            mechanism,
            progress: Progress::First,
            raw,
        };
        Handshake::Accepted
    }

    /// A client says something of its mechanism.
    pub(crate) fn token(&mut self, id: ConnectionId, token: &[u8], moment: Moment) -> Step {
        let Some(session) = self.sessions.get_mut(&id) else {
            return Step::IllegalState;
        };
        let (mechanism, progress, raw) =
            match std::mem::replace(&mut session.state, State::Expected) {
                State::Exchange {
                    mechanism,
                    progress,
                    raw,
                } => (mechanism, progress, raw),
                other => {
                    session.state = other;
                    return Step::IllegalState;
                }
            };
        match self.advance(mechanism, progress, token, moment) {
            Ok(Advance::Continue(progress, token)) => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.state = State::Exchange {
                        mechanism,
                        progress,
                        raw,
                    };
                }
                Step::Continue(token)
            }
            Ok(Advance::Done {
                user,
                token,
                expires_ms,
            }) => match self.log_in(id, mechanism, &user, expires_ms, moment) {
                Some(lifetime_ms) => Step::Done { token, lifetime_ms },
                None => Step::Failed {
                    mechanism,
                    failure: SaslFailure::Refused,
                },
            },
            Err(failure) => Step::Failed { mechanism, failure },
        }
    }

    fn advance(
        &mut self,
        mechanism: SaslMechanism,
        progress: Progress,
        token: &[u8],
        moment: Moment,
    ) -> Result<Advance, SaslFailure> {
        let hash = match mechanism {
            SaslMechanism::Plain => {
                let login = plain::read(token)?;
                let password = self.settings.passwords.get(login.user);
                if password.is_none_or(|password| password != login.password) {
                    return Err(SaslFailure::Refused);
                }
                return Ok(Advance::done(login.user, None));
            }
            SaslMechanism::OAuthBearer => {
                if matches!(progress, Progress::TokenRefused) {
                    return Err(SaslFailure::Refused);
                }
                return match oauth::authenticate(token, moment.wall_ms) {
                    Ok(token) => Ok(Advance::done(&token.principal, Some(token.expires_ms))),
                    Err(SaslFailure::Refused) => Ok(Advance::Continue(
                        Progress::TokenRefused,
                        INVALID_TOKEN.into(),
                    )),
                    Err(malformed) => Err(malformed),
                };
            }
            SaslMechanism::ScramSha256 => ScramHash::Sha256,
            SaslMechanism::ScramSha512 => ScramHash::Sha512,
        };
        match progress {
            Progress::Scram(exchange) => {
                let (user, token) = exchange.finish(token)?;
                Ok(Advance::Done {
                    user,
                    token,
                    expires_ms: None,
                })
            }
            Progress::First | Progress::TokenRefused => {
                let user = scram::user_of(token)?;
                let credential = self.scram.get(&(user, hash)).cloned();
                let more = self.nonce();
                let salt = self.random_bytes();
                let (exchange, answer) =
                    ScramExchange::begin(hash, token, credential, &more, salt)?;
                Ok(Advance::Continue(
                    Progress::Scram(Box::new(exchange)),
                    answer,
                ))
            }
        }
    }

    /// Lets a user in. Returns the session's lifetime in milliseconds, 0 for no
    /// end; `None` when the connection is another's.
    fn log_in(
        &mut self,
        id: ConnectionId,
        mechanism: SaslMechanism,
        user: &str,
        expires_ms: Option<i64>,
        moment: Moment,
    ) -> Option<i64> {
        let left = expires_ms.map(|expires| expires.saturating_sub(moment.wall_ms).max(0));
        let most = self
            .settings
            .max_reauth
            .map(|most| i64::try_from(most.as_millis()).unwrap_or(i64::MAX));
        let lifetime = left.into_iter().chain(most).min().unwrap_or(0);
        // As in Kafka, nobody is cut off without `connections.max.reauth.ms`.
        let enforced = most.and(u64::try_from(lifetime).ok());
        let expires = enforced.and_then(|lifetime| {
            let lifetime = Duration::from_millis(lifetime);
            moment.now.checked_add(lifetime)
        });
        let login = Login {
            mechanism,
            principal: format!("User:{user}"),
            expires,
        };
        let session = self.sessions.get_mut(&id)?;
        if let Some(before) = &session.login
            && (before.principal != login.principal || before.mechanism != mechanism)
        {
            return None;
        }
        session.login = Some(login);
        session.state = State::LoggedIn;
        Some(lifetime)
    }

    fn nonce(&mut self) -> String {
        let mut nonce = String::new();
        for byte in self.random_bytes() {
            // Writing into a string can't fail.
            let _ = write!(nonce, "{byte:02x}");
        }
        nonce
    }
}

enum Advance {
    Continue(Progress, Vec<u8>),
    Done {
        user: String,
        token: Vec<u8>,
        /// When what was shown expires, in milliseconds since 1970.
        expires_ms: Option<i64>,
    },
}

impl Advance {
    fn done(user: &str, expires_ms: Option<i64>) -> Self {
        Self::Done {
            user: user.to_owned(),
            token: Vec::new(),
            expires_ms,
        }
    }
}
