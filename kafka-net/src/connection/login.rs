//! Logging in over a connection (KIP-43, KIP-152).
//!
//! ```text
//! SaslHandshake v1 ─► SaslAuthenticate ─► … ─► logged in      brokers from 1.0
//! SaslHandshake v0 ─► bare tokens      ─► … ─► logged in      from 0.10
//!                     bare tokens      ─► … ─► logged in      0.9, GSSAPI only
//! ```

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::frame::{decode_body, encode_request, open_response};
use kafka_protocol::messages::{
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_protocol::wire::{Limits, Segments, Sink};
use kafka_protocol::{ApiKey, EncodeError, ErrorCode, Message, Request, StrBytes};
use tokio::time::timeout_at;

use super::in_flight::Kind;
use super::link::{Link, Refused};
use super::versions::{ApiVersionsTable, Bounds};
use crate::clock::now;
use crate::text::Untrusted;
use crate::waiting::runtime_gone;
use crate::{
    BrokerAddress, Error, ErrorKind, NetConfig, Random, Sasl, SaslExchange, SaslLogin,
    SaslMechanism, SaslStep,
};

/// How one broker is logged in to.
#[derive(Debug)]
pub(super) struct Login {
    mechanism: Arc<dyn SaslMechanism>,
    framing: Framing,
    client_id: StrBytes,
    random: Random,
}

/// How tokens travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// In SaslAuthenticate of this version.
    Requests { version: i16 },
    /// Bare, after SaslHandshake.
    Bare,
    /// Bare, without SaslHandshake.
    Unannounced,
}

/// What comes before a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// Nothing: the connection is new.
    First,
    /// Another login, which is about to end.
    Renewal,
}

/// A login that the broker took.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoggedIn {
    /// When its last token was sent: the broker counts from a little later.
    pub(super) since: Instant,
    /// For how long it is good; `None` for ever.
    pub(super) lifetime: Option<Duration>,
}

/// More tokens than any mechanism sends; a broker must not keep a client talking.
const MAX_TOKENS: usize = 32;

/// Of the mechanisms that a broker enables, so many are named.
const MAX_NAMED: usize = 16;

/// The only mechanism of 0.9.
const GSSAPI: &str = "GSSAPI";

impl Login {
    /// For a broker that told its versions.
    pub(super) fn new(
        sasl: &Sasl,
        config: &NetConfig,
        random: &Random,
        versions: &ApiVersionsTable,
    ) -> Result<Self, Error> {
        let newest = |api, ours| {
            let bounds = Bounds {
                ours,
                exact: None,
                min: None,
                max: None,
            };
            versions.choose(api, &bounds)
        };
        let handshake = newest(ApiKey::SaslHandshake, SaslHandshakeRequest::VERSIONS)?;
        let authenticate = newest(ApiKey::SaslAuthenticate, SaslAuthenticateRequest::VERSIONS);
        let framing = match authenticate {
            Ok(version) if handshake >= 1 => Framing::Requests { version },
            _ => Framing::Bare,
        };
        Ok(Self::framed(sasl, config, random, framing))
    }

    /// Whether a broker that cannot tell its versions, 0.9, may take it.
    pub(super) fn is_possible_in_oldest_era(sasl: &Sasl) -> bool {
        sasl.name() == GSSAPI
    }

    /// For such a broker.
    pub(super) fn of_oldest_era(sasl: &Sasl, config: &NetConfig, random: &Random) -> Self {
        Self::framed(sasl, config, random, Framing::Unannounced)
    }

    fn framed(sasl: &Sasl, config: &NetConfig, random: &Random, framing: Framing) -> Self {
        Self {
            mechanism: sasl.shared().clone(),
            framing,
            client_id: config.client_id().clone(),
            random: random.clone(),
        }
    }

    /// Whether the broker takes another login on the same connection.
    pub(super) fn can_be_renewed(&self) -> bool {
        matches!(self.framing, Framing::Requests { .. })
    }

    /// Obtains what is needed to log in.
    pub(super) async fn prepare(
        &self,
        broker: &BrokerAddress,
        deadline: Instant,
    ) -> Result<Box<dyn SaslExchange>, Error> {
        let login = SaslLogin::new(broker, &self.random);
        let begun = match timeout_at(deadline.into(), self.mechanism.begin(login)).await {
            Ok(begun) => begun,
            Err(_) => Err(Error::new(ErrorKind::Credentials)
                .with_message("what gives passwords or tokens gave none in time")),
        };
        begun.map_err(|error| error.said_of(self.mechanism.name()).with_broker(broker))
    }

    /// Logs in. Nothing else may be asked meanwhile; after a failure the
    /// connection is of no more use.
    pub(super) async fn run(
        &self,
        occasion: Occasion,
        link: &Link,
        mut exchange: Box<dyn SaslExchange>,
        deadline: Instant,
    ) -> Result<LoggedIn, Error> {
        let talk = Talk {
            login: self,
            occasion,
            link,
            deadline,
        };
        if self.framing != Framing::Unannounced {
            talk.handshake().await?;
        }
        let mut token = talk.in_context(exchange.initial())?;
        for _ in 0..MAX_TOKENS {
            let since = now();
            let (answer, lifetime) = talk.token(token, &mut *exchange).await?;
            let mut step = exchange.challenge(&answer);
            while let Ok(SaslStep::Working) = step {
                tokio::task::yield_now().await;
                step = exchange.resume();
            }
            token = match talk.in_context(step)? {
                SaslStep::Respond(token) => token,
                _ => return Ok(LoggedIn { since, lifetime }),
            };
        }
        talk.in_context(Err(
            Error::new(ErrorKind::Authentication).with_message("the broker comes to no end")
        ))
    }
}

/// One login under way.
struct Talk<'a> {
    login: &'a Login,
    occasion: Occasion,
    link: &'a Link,
    deadline: Instant,
}

impl Talk<'_> {
    async fn handshake(&self) -> Result<(), Error> {
        let version = match self.login.framing {
            Framing::Requests { .. } => 1,
            _ => 0,
        };
        let name = StrBytes::from(self.login.mechanism.name());
        let request = SaslHandshakeRequest::new().with_mechanism(name);
        let response: SaslHandshakeResponse = self.ask(&request, version).await?;
        let error = |error: Error| {
            error
                .with_api(ApiKey::SaslHandshake)
                .with_broker(&self.link.peer.broker)
        };
        match ErrorCode::from(response.error_code) {
            ErrorCode::None => Ok(()),
            ErrorCode::UnsupportedSaslMechanism => Err(error(self.not_enabled(&response))),
            ErrorCode::IllegalSaslState => Err(error(self.out_of_place())),
            code => Err(error(Error::broker(code))),
        }
    }

    /// The broker is not ready for a login.
    fn out_of_place(&self) -> Error {
        let (message, hint) = match self.occasion {
            Occasion::First => (
                "nobody logs in at this listener (ILLEGAL_SASL_STATE)",
                "leave sasl out, or connect to a listener that is set up for SASL",
            ),
            Occasion::Renewal => (
                "the broker takes no other login on this connection now (ILLEGAL_SASL_STATE)",
                "brokers take no two within a second: let logins live longer \
                 (connections.max.reauth.ms of the broker, or the tokens' own lifetime)",
            ),
        };
        Error::new(ErrorKind::Authentication)
            .with_message(message)
            .with_hint(hint)
    }

    fn not_enabled(&self, response: &SaslHandshakeResponse) -> Error {
        let name = self.login.mechanism.name();
        let mut enabled = String::new();
        for mechanism in response.mechanisms.iter().take(MAX_NAMED) {
            if !enabled.is_empty() {
                enabled.push_str(", ");
            }
            enabled.push_str(&Untrusted(mechanism).to_string());
        }
        let enabled = match enabled.is_empty() {
            true => "none".to_owned(),
            false => enabled,
        };
        Error::new(ErrorKind::Authentication)
            .with_message(format!(
                "the broker does not enable {name} (UNSUPPORTED_SASL_MECHANISM); it enables: \
                 {enabled}"
            ))
            .with_hint(
                "choose one of these, or add to the broker's sasl.enabled.mechanisms for this \
                 listener",
            )
    }

    /// Sends one token. Returns the answer, and for how long a login that ends
    /// with it is good.
    async fn token(
        &self,
        token: Bytes,
        exchange: &mut dyn SaslExchange,
    ) -> Result<(Bytes, Option<Duration>), Error> {
        let Framing::Requests { version } = self.login.framing else {
            let encode = |_| bare(&token);
            let api = ApiKey::SaslAuthenticate;
            let answer = self.submit(api, Kind::Token, encode).await;
            return Ok((answer.map_err(with_old_brokers_hint)?, None));
        };
        let request = SaslAuthenticateRequest::new().with_auth_bytes(token);
        let response: SaslAuthenticateResponse = self.ask(&request, version).await?;
        match ErrorCode::from(response.error_code) {
            ErrorCode::None => {
                let lifetime = u64::try_from(response.session_lifetime_ms).unwrap_or(0);
                let lifetime = Some(lifetime).filter(|lifetime| *lifetime > 0);
                Ok((response.auth_bytes, lifetime.map(Duration::from_millis)))
            }
            code => Err(self.refusal(code, &response, exchange)),
        }
    }

    fn refusal(
        &self,
        code: ErrorCode,
        response: &SaslAuthenticateResponse,
        exchange: &mut dyn SaslExchange,
    ) -> Error {
        let name = self.login.mechanism.name();
        let said = response.error_message.as_deref().unwrap_or_default();
        let said = exchange.without_secrets(said);
        let error = match code {
            ErrorCode::SaslAuthenticationFailed | ErrorCode::IllegalSaslState => {
                let mut text = format!("the broker refused {name}: {}", code.name());
                if !said.is_empty() {
                    text = format!("{text}: {}", Untrusted(&said));
                }
                if let Some(complaint) = exchange.refused() {
                    text = format!("{text}; of the token it said {complaint}");
                }
                Error::new(ErrorKind::Authentication)
                    .with_message(text)
                    .with_hint(what_to_check(name))
            }
            code => Error::broker_with_message(code, Some(&said)),
        };
        error
            .with_api(ApiKey::SaslAuthenticate)
            .with_broker(&self.link.peer.broker)
    }

    async fn ask<R: Request>(&self, request: &R, version: i16) -> Result<R::Response, Error>
    where
        R::Response: Message,
    {
        let client_id = Some(&self.login.client_id);
        let encode = |id| encode_request(request, version, id, client_id);
        let frame = self.submit(R::KEY, Kind::Login, encode).await?;
        open_response(R::KEY, version, frame, Limits::default())
            .and_then(|(_, body)| decode_body(body, version))
            .map_err(|cause| {
                Error::new(ErrorKind::Malformed)
                    .with_message(format!("the answer (version {version}) does not decode"))
                    .with_api(R::KEY)
                    .with_broker(&self.link.peer.broker)
                    .with_source(cause)
            })
    }

    async fn submit(
        &self,
        api: ApiKey,
        kind: Kind,
        encode: impl FnOnce(i32) -> Result<Segments, EncodeError>,
    ) -> Result<Bytes, Error> {
        let timeout = self.deadline.saturating_duration_since(now());
        let submitted = self.link.submit_login(api, timeout, kind, encode);
        let answer = match submitted {
            Ok(answer) => answer.await.unwrap_or_else(|_| Err(runtime_gone())),
            Err(Refused::Error(error)) => Err(error),
            Err(Refused::Full(_)) => Err(Error::new(ErrorKind::QueueFull)),
        };
        answer.map_err(|error| {
            let error = error
                .without_effect()
                .with_api(api)
                .with_broker(&self.link.peer.broker);
            match error.kind() {
                ErrorKind::Disconnected if !error.has_hint() => error.with_hint(format!(
                    "this was during the login by {}: the broker's log says why",
                    self.login.mechanism.name()
                )),
                _ => error,
            }
        })
    }

    /// The mechanism's own errors know no broker.
    fn in_context<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| {
            error
                .said_of(self.login.mechanism.name())
                .with_api(ApiKey::SaslAuthenticate)
                .with_broker(&self.link.peer.broker)
        })
    }
}

/// A token behind its length.
fn bare(token: &Bytes) -> Result<Segments, EncodeError> {
    let mut frame = Sink::new();
    frame.put_i32(i32::try_from(token.len()).unwrap_or(i32::MAX));
    frame.put_slice(token);
    Ok(frame.finish())
}

/// They have no other way to refuse.
#[cold]
fn with_old_brokers_hint(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Disconnected => error.with_hint(
            "the broker closed the connection during authentication: most brokers before 1.0 do \
             so on wrong credentials",
        ),
        _ => error,
    }
}

fn what_to_check(mechanism: &str) -> &'static str {
    if mechanism.starts_with("SCRAM") {
        "check user name and password, and that the user has a password for this SCRAM mechanism"
    } else if mechanism == "OAUTHBEARER" {
        "check the token's issuer, audience and end, and what the broker trusts"
    } else {
        "check user name and password"
    }
}
