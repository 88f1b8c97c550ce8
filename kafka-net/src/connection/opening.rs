use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::frame::{decode_body, encode_request, open_response};
use kafka_protocol::messages::{ApiVersionsRequest, ListOffsetsRequest};
use kafka_protocol::wire::{Limits, Segments, Sink};
use kafka_protocol::{ApiKey, EncodeError, Request};
use tokio::sync::oneshot::error::RecvError;
use tokio::time::timeout;

use super::dial::{Dial, Stage};
use super::link::{Answer, Link, Refused};
use super::login::{LoggedIn, Login, Occasion};
use super::negotiation::{Negotiation, Next};
use super::renewal::Renewal;
use super::versions::ApiVersionsTable;
use super::{Connection, Handle};
use crate::clock::now;
use crate::waiting::runtime_gone;
use crate::{Error, ErrorKind};

/// A connection whose versions are not known yet. Dropped, it is closed.
pub(super) struct Opening<'a> {
    dial: &'a Dial<'a>,
    link: Arc<Link>,
    finished: bool,
}

/// How a broker left a question without an answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// It closed the connection without having sent a byte.
    HungUp(Error),
    /// It answered the next request instead.
    PassedOver,
    Failed(Error),
}

/// ApiVersions is answered in milliseconds. After this long the broker is asked
/// something else, to see what it answers first.
const PATIENCE: Duration = Duration::from_secs(1);

impl<'a> Opening<'a> {
    pub(super) fn new(dial: &'a Dial<'a>, link: Arc<Link>) -> Self {
        Self {
            dial,
            link,
            finished: false,
        }
    }

    /// Finds out what the broker speaks.
    ///
    /// When it stays silent, it is also asked to describe no group at all, which
    /// every broker from 0.9 to 4.4 answers. Kafka answers in order: if that
    /// answer comes first, the broker has passed over ApiVersions, as 0.9.0
    /// does; if not, it was only slow. No amount of waiting could tell.
    ///
    /// Not before a login, when no broker would take that question: those that
    /// have a login this client can do know ApiVersions as well.
    pub(super) async fn negotiate(
        &self,
        mut negotiation: Negotiation,
        deadline: Instant,
    ) -> Result<ApiVersionsTable, Unanswered> {
        let config = self.dial.config;
        let request = ApiVersionsRequest::new()
            .with_client_software_name(config.client_software_name().clone())
            .with_client_software_version(config.client_software_version().clone());
        loop {
            let version = negotiation.version();
            let frame = self.ask_and_probe(&request, version, deadline).await?;
            match negotiation.on_answer(frame) {
                Ok(Next::Done(versions, throttle)) => {
                    if !throttle.is_zero() {
                        self.link.throttle(now(), throttle);
                    }
                    return Ok(versions);
                }
                Ok(Next::Ask(lower)) => negotiation = lower,
                Err(error) => {
                    return Err(Unanswered::Failed(
                        error
                            .with_api(ApiVersionsRequest::KEY)
                            .with_broker(self.dial.broker),
                    ));
                }
            }
        }
    }

    /// Logs in, if that is set. Returns with what it can be done again.
    async fn log_in(
        &self,
        versions: &ApiVersionsTable,
        deadline: Instant,
    ) -> Result<Option<(Login, LoggedIn)>, Error> {
        let dial = self.dial;
        let Some(sasl) = dial.config.sasl() else {
            return Ok(None);
        };
        (dial.on_stage)(Stage::LoggingIn(self.link.peer.address));
        let random = dial.env.random();
        let announced = versions.range(ApiKey::SaslHandshake).is_some();
        let login = match versions.is_negotiated() || announced {
            true => Login::new(sasl, dial.config, random, versions)?,
            false => Login::of_oldest_era(sasl, dial.config, random),
        };
        let exchange = login.prepare(dial.broker, deadline).await?;
        let logged_in = login
            .run(Occasion::First, &self.link, exchange, deadline)
            .await?;
        tracing::debug!(
            broker = %dial.broker, id = dial.broker.id, lane = %dial.lane,
            mechanism = sasl.name(), lifetime = ?logged_in.lifetime, "logged in",
        );
        Ok(Some((login, logged_in)))
    }

    /// Asks for the offsets of no partition, which 0.8 already answers.
    pub(super) async fn probe_oldest_era(&self, deadline: Instant) -> Result<(), Unanswered> {
        let answer = self.start(&ListOffsetsRequest::new(), 0, deadline)?;
        let frame = self.answered(answer.await)?;
        let decoded = open_response(ListOffsetsRequest::KEY, 0, frame, Limits::default()).and_then(
            |(_, body)| decode_body::<<ListOffsetsRequest as Request>::Response>(body, 0),
        );
        match decoded {
            Ok(_) => Ok(()),
            Err(cause) => Err(Unanswered::Failed(
                Error::new(ErrorKind::Malformed)
                    .with_api(ListOffsetsRequest::KEY)
                    .with_broker(self.dial.broker)
                    .with_source(cause),
            )),
        }
    }

    /// Logs in where that is set; then the connection is ready.
    pub(super) async fn finish(
        mut self,
        versions: ApiVersionsTable,
        deadline: Instant,
    ) -> Result<Connection, Error> {
        let dial = self.dial;
        let login = self.log_in(&versions, deadline).await?;
        self.finished = true;
        if let Some((login, logged_in)) = login
            && logged_in.lifetime.is_some()
            && login.can_be_renewed()
        {
            self.link.let_go(logged_in.end());
            let renewal = Renewal {
                login,
                link: self.link.clone(),
                random: dial.env.random().clone(),
                timeout: dial.config.request_timeout(),
            };
            dial.env.spawn(renewal.run(logged_in));
        }
        tracing::debug!(
            broker = %dial.broker, id = dial.broker.id, lane = %dial.lane,
            negotiated = versions.is_negotiated(), apis = versions.ranges().count(),
            "connected",
        );
        Ok(Connection(Arc::new(Handle {
            link: self.link.clone(),
            versions,
            client_id: dial.config.client_id().clone(),
            env: dial.env.clone(),
        })))
    }

    /// Returns the answer's frame, header included.
    async fn ask_and_probe(
        &self,
        request: &ApiVersionsRequest,
        version: i16,
        deadline: Instant,
    ) -> Result<Bytes, Unanswered> {
        let mut answer = self.start(request, version, deadline)?;
        if self.dial.config.sasl().is_some() {
            return self.answered(answer.await);
        }
        let left = deadline.saturating_duration_since(now());
        if let Ok(answer) = timeout(PATIENCE.min(left / 4), &mut answer).await {
            return self.answered(answer);
        }
        let api = ApiKey::DescribeGroups;
        let probe = self.submit((api, 0), deadline, |id| self.describe_no_group(id))?;
        let frame = self.answered(answer.await).map_err(|error| match error {
            Unanswered::Failed(error) if error.kind() == &ErrorKind::CorrelationMismatch => {
                Unanswered::PassedOver
            }
            other => other,
        })?;
        // Its answer is on its way, and of no interest.
        drop(probe);
        Ok(frame)
    }

    fn start<R: Request>(
        &self,
        request: &R,
        version: i16,
        deadline: Instant,
    ) -> Result<Answer, Unanswered> {
        let client_id = Some(self.dial.config.client_id());
        self.submit((R::KEY, version), deadline, |id| {
            encode_request(request, version, id, client_id)
        })
    }

    /// DescribeGroups in version 0, with an empty list.
    fn describe_no_group(&self, correlation_id: i32) -> Result<Segments, EncodeError> {
        let client_id = self.dial.config.client_id();
        let mut frame = Sink::new();
        frame.put_i16(ApiKey::DescribeGroups.code());
        frame.put_i16(0);
        frame.put_i32(correlation_id);
        frame.put_string(client_id, false)?;
        frame.put_i32(0);
        let mut framed = Sink::new();
        // The client id is a short string, so the frame is short as well.
        framed.put_i32(i32::try_from(frame.len()).unwrap_or(i32::MAX));
        framed.put_slice(&frame.finish().into_bytes());
        Ok(framed.finish())
    }

    fn submit(
        &self,
        (api, version): (ApiKey, i16),
        deadline: Instant,
        encode: impl FnOnce(i32) -> Result<Segments, EncodeError>,
    ) -> Result<Answer, Unanswered> {
        let timeout = deadline.saturating_duration_since(now());
        let asked = (api, version);
        let submitted = self.link.submit(asked, timeout, true, encode);
        submitted.map_err(|refused| match refused {
            // Closed before it was asked: that is an answer too.
            Refused::Error(error) => self.unanswered(error.with_api(api)),
            Refused::Full(_) => Unanswered::Failed(Error::new(ErrorKind::QueueFull).with_api(api)),
        })
    }

    fn answered(
        &self,
        answer: Result<Result<Bytes, Error>, RecvError>,
    ) -> Result<Bytes, Unanswered> {
        match answer {
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(error)) => Err(self.unanswered(error)),
            Err(_) => Err(Unanswered::Failed(runtime_gone())),
        }
    }

    fn unanswered(&self, error: Error) -> Unanswered {
        let error = error.without_effect();
        // With TLS 1.3 a broker judges the client's certificate only now.
        let told = std::error::Error::source(&error).and_then(|told| told.downcast_ref::<Error>());
        if let Some(refusal) = told.filter(|told| told.kind() == &ErrorKind::Tls) {
            return Unanswered::Failed(refusal.clone());
        }
        let silent = self.link.counters.snapshot().bytes_received == 0;
        match error.kind() {
            ErrorKind::Disconnected if silent => Unanswered::HungUp(error),
            ErrorKind::Timeout => {
                let hint = Stage::Negotiating(self.link.peer.address).hint(self.dial.transport);
                Unanswered::Failed(error.with_hint(hint.unwrap_or_default()))
            }
            _ => Unanswered::Failed(error),
        }
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.link
                .close_with(Error::closed("the attempt to connect"));
        }
    }
}
