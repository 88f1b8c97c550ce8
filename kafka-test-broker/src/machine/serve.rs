use std::any::Any;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::frame::{encode_any_response, encode_response, open_request};
use kafka_protocol::header::{RequestHeader, ResponseHeader};
use kafka_protocol::messages::{AnyResponse, ApiVersionsRequest, FetchRequest, FetchResponse};
use kafka_protocol::wire::{Limits, Reader, Segments, Sink};
use kafka_protocol::{ApiKey, EncodeError, Message, StrBytes};

use super::answer::Answer;
use super::connection::State;
use super::purgatory::{Parked, ParkedFetch};
use super::{Action, ConnectionId, Machine, Ticket};
use crate::era::UnknownRequest;
use crate::faults::{BrokerFault, Change, Ending, Plan, Subject};
use crate::handlers::{self, Context, Handler, Outcome};
use crate::security::{Resource, Step};

/// A request whose header is read, and where it came from.
#[derive(Debug)]
pub(crate) struct Exchange {
    now: Instant,
    id: ConnectionId,
    /// All of it, without length.
    frame: Bytes,
    header: RequestHeader,
    /// What faults do to it, if that was decided when it arrived.
    held: Option<Plan>,
}

impl Exchange {
    /// The version asked for.
    pub(crate) fn version(&self) -> i16 {
        self.header.api_version
    }
}

impl Machine {
    /// Serves one request.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        id: ConnectionId,
        frame: Bytes,
        held: Option<Plan>,
    ) {
        if self.cluster.security.expects_token(id) {
            return self.receive_token(now, id, &frame);
        }
        let Ok((header, body)) = open_request(frame.clone(), Limits::default()) else {
            tracing::debug!(connection = id.0, "request header is malformed");
            return self.close(id);
        };
        let key = ApiKey::from_code(header.api_key);
        if !self.cluster.security.admits(id, key, now) {
            tracing::debug!(connection = id.0, ?key, "not logged in");
            return self.close(id);
        }
        let exchange = Exchange {
            now,
            id,
            frame,
            header,
            held,
        };
        let Some(key) = key else {
            return self.refuse(&exchange);
        };
        if exchange.held.is_none() {
            *self.requests.entry(key).or_default() += 1;
        }
        handlers::dispatch(self, key, exchange, body);
    }

    /// A token that comes without Kafka's headers, after SaslHandshake v0.
    fn receive_token(&mut self, now: Instant, id: ConnectionId, token: &[u8]) {
        let moment = self.moment(now);
        match self.cluster.security.token(id, token, moment) {
            Step::Continue(token) | Step::Done { token, .. } => {
                let mut sink = Sink::new();
                sink.put_i32(i32::try_from(token.len()).unwrap_or(i32::MAX));
                sink.put_shared(Bytes::from(token));
                self.outputs.push((id, Action::Send(sink.finish())));
            }
            // There is no way to say why.
            Step::Failed { .. } | Step::IllegalState => self.close(id),
        }
    }

    /// Puts what the sender of a request may not do into its plan.
    fn authorize<R: Handler>(&self, id: ConnectionId, request: &R, plan: &mut Plan) {
        let security = &self.cluster.security;
        if !security.authorizes() {
            return;
        }
        let Some(connection) = self.connections.get(&id) else {
            return;
        };
        for need in request.needs(&self.cluster) {
            if !security.allows(id, &connection.client_host, &need) {
                let code = need.refusal();
                match need.resource {
                    Resource::Topic(topic) => plan.refuse_topic(topic, code),
                    _ => plan.refuse(code),
                }
            }
        }
    }

    /// Serves one request of a known API, in a version that is served.
    pub(crate) fn serve<R: Handler>(&mut self, exchange: Exchange, mut body: Reader) {
        let Exchange {
            now,
            id,
            frame,
            header,
            held,
        } = exchange;
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let broker = connection.broker;
        connection.requests += 1;
        let version = header.api_version;
        // Like Kafka, which does not look at what follows: librdkafka asks for all
        // topics with three bytes too many.
        let request = match R::decode(&mut body, version) {
            Ok(request) => request,
            Err(error) => {
                tracing::debug!(connection = id.0, %error, "request is malformed");
                return self.close(id);
            }
        };
        let mut plan = match held {
            Some(plan) => plan,
            None if self.faults.is_empty() => Plan::default(),
            None => {
                let subject = Subject {
                    api: R::KEY,
                    broker,
                    client_id: header.client_id.as_deref().unwrap_or_default(),
                    targets: request.targets(&self.cluster),
                };
                let plan = self.faults.plan(&subject);
                if !plan.delay_before.is_zero() {
                    return self.wait(
                        id,
                        now + plan.delay_before,
                        State::HeldRequest(frame, Box::new(plan)),
                    );
                }
                plan
            }
        };
        if plan.ending == Some(Ending::DropBeforeApply) {
            return self.close(id);
        }
        for change in &plan.changes {
            self.carry_out(now, change);
        }
        if R::KEY == ApiKey::ApiVersions && plan.refuse_own_versions {
            let response = handlers::own_versions_refused(&self.cluster.config);
            return self.answer::<ApiVersionsRequest>(
                now,
                id,
                0,
                header.correlation_id,
                response,
                &plan,
            );
        }
        self.authorize(id, &request, &mut plan);
        let client_id = header.client_id.unwrap_or_default();
        if let Some(connection) = self.connections.get_mut(&id)
            && connection.client_id != client_id
        {
            // A copy, so that a small name does not keep a whole request alive.
            connection.client_id = client_id.detach();
        }
        let pause = self.count_request(now, id, R::KEY, frame.len());
        plan.throttle = plan.throttle.max(pause);
        let Some(mut context) = self.context(now, id, client_id, version, &plan) else {
            return;
        };
        let ticket = context.ticket;
        match request.handle(&mut context) {
            Outcome::Answer(response) => {
                self.answer::<R>(now, id, version, header.correlation_id, response, &plan);
            }
            Outcome::AnswerAndClose(response) => {
                plan.ending.get_or_insert(Ending::CloseAfterAnswer);
                self.answer::<R>(now, id, version, header.correlation_id, response, &plan);
            }
            Outcome::NoAnswer => {
                if !self.broker_fails(now, id, &plan) {
                    self.finish_unanswered(now, id, &plan);
                }
            }
            Outcome::Close => self.close(id),
            Outcome::Later => self.park(
                id,
                Parked {
                    ticket,
                    version,
                    correlation_id: header.correlation_id,
                    plan,
                },
            ),
            Outcome::Wait(wait) => {
                let due = wait.deadline;
                self.purgatory.add(id, &wait);
                let correlation_id = header.correlation_id;
                let parked = ParkedFetch {
                    wait,
                    version,
                    correlation_id,
                    plan,
                };
                self.wait(id, due, State::Fetching(Box::new(parked)));
            }
        }
    }

    /// Answers a request in a version that is not the one asked for.
    pub(crate) fn answer_in<R: Handler>(
        &mut self,
        exchange: &Exchange,
        version: i16,
        response: R::Response,
    ) {
        let Exchange {
            now,
            id,
            ref header,
            ..
        } = *exchange;
        self.answer::<R>(
            now,
            id,
            version,
            header.correlation_id,
            response,
            &Plan::default(),
        );
    }

    /// Does what brokers of the era do when they are asked for an API or version
    /// that is not served.
    pub(crate) fn refuse(&mut self, exchange: &Exchange) {
        let RequestHeader {
            api_key,
            api_version,
            ..
        } = exchange.header;
        tracing::debug!(
            connection = exchange.id.0,
            api_key,
            api_version,
            "not served"
        );
        match self.cluster.config.era.unknown_request() {
            UnknownRequest::Closed => self.close(exchange.id),
            UnknownRequest::PassedOver => {}
        }
    }

    /// Answers a fetch with what there is now.
    pub(super) fn finish_fetch(&mut self, now: Instant, id: ConnectionId, parked: ParkedFetch) {
        let ParkedFetch {
            wait,
            version,
            correlation_id,
            plan,
        } = parked;
        let connection = self.connections.get(&id);
        let client_id = connection.map(|connection| connection.client_id.clone());
        let client_id = client_id.unwrap_or_default();
        let Some(mut context) = self.context(now, id, client_id, version, &plan) else {
            return;
        };
        let response = wait.finish(&mut context);
        self.answer::<FetchRequest>(now, id, version, correlation_id, response, &plan);
    }

    /// Whether a fetch that waits is to be answered, now that one of its
    /// partitions has changed.
    pub(super) fn is_fetch_due(&mut self, now: Instant, id: ConnectionId) -> bool {
        let Some(connection) = self.connections.get_mut(&id) else {
            return false;
        };
        let mut parked = match std::mem::replace(&mut connection.state, State::Idle) {
            State::Fetching(parked) => parked,
            other => {
                connection.state = other;
                return false;
            }
        };
        let (version, plan) = (parked.version, &parked.plan);
        let context = self.context(now, id, StrBytes::default(), version, plan);
        let due = context.is_some_and(|context| parked.wait.is_due(&context));
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.state = State::Fetching(parked);
        }
        due
    }

    /// Answers a request that was left for later.
    pub(super) fn finish_parked(&mut self, now: Instant, ticket: Ticket, response: &AnyResponse) {
        let id = ticket.connection;
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let parked = match std::mem::replace(&mut connection.state, State::Idle) {
            State::Parked(parked) if parked.ticket == ticket => parked,
            other => {
                connection.state = other;
                return;
            }
        };
        self.runnable.push_back(id);
        let header = ResponseHeader {
            correlation_id: parked.correlation_id,
            ..ResponseHeader::default()
        };
        let edited = parked.plan.edited(&self.cluster, response);
        let response = edited.as_ref().unwrap_or(response);
        let frame = encode_any_response(&header, parked.version, response);
        self.finish(now, id, frame, response.schema().name, &parked.plan);
    }

    /// Sends an answer that was held back, or is ready.
    pub(super) fn send(&mut self, id: ConnectionId, answer: Answer) {
        self.outputs.extend(
            answer
                .frames
                .into_iter()
                .map(|frame| (id, Action::Send(frame))),
        );
        if answer.close {
            self.close(id);
        } else if answer.silence {
            self.silence(id);
        }
    }

    /// What a handler works with; `None` when the connection is gone.
    fn context<'a>(
        &'a mut self,
        now: Instant,
        id: ConnectionId,
        client_id: StrBytes,
        version: i16,
        plan: &'a Plan,
    ) -> Option<Context<'a>> {
        let moment = self.moment(now);
        let connection = self.connections.get(&id)?;
        Some(Context {
            cluster: &mut self.cluster,
            now,
            wall_ms: moment.wall_ms,
            broker: connection.broker,
            ticket: Ticket {
                connection: id,
                request: connection.requests,
            },
            client_id,
            client_host: connection.client_host.clone(),
            version,
            plan,
        })
    }

    fn park(&mut self, id: ConnectionId, parked: Parked) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.state = State::Parked(Box::new(parked));
        }
    }

    fn answer<R: Handler>(
        &mut self,
        now: Instant,
        id: ConnectionId,
        version: i16,
        correlation_id: i32,
        mut response: R::Response,
        plan: &Plan,
    ) {
        let any: &dyn Any = &response;
        // What a fetch brings is counted when it is known, which is last.
        let pause = any.downcast_ref::<FetchResponse>().map_or(0, |fetched| {
            u64::try_from(fetched.throttle_time_ms).unwrap_or(0)
        });
        let pause = Duration::from_millis(pause);
        let mut throttled;
        let plan = if pause > plan.throttle {
            throttled = plan.clone();
            throttled.throttle = pause;
            &throttled
        } else {
            plan
        };
        plan.edit(&self.cluster, &mut response);
        let frame = encode_response(R::KEY, version, correlation_id, &response);
        self.finish(now, id, frame, R::Response::SCHEMA.name, plan);
    }

    /// Sends an answer, in whatever way the faults leave it.
    fn finish(
        &mut self,
        now: Instant,
        id: ConnectionId,
        frame: Result<Segments, EncodeError>,
        response: &str,
        plan: &Plan,
    ) {
        if self.broker_fails(now, id, plan) {
            return;
        }
        match frame {
            Ok(frame) => {
                let answer = Answer::new(frame, plan.ending, &mut self.faults);
                let frozen = !self.paused.is_empty()
                    && self
                        .connections
                        .get(&id)
                        .is_some_and(|connection| self.is_paused(connection.broker));
                if plan.delay.is_zero() && !frozen {
                    let answered = !answer.close && !answer.silence;
                    self.send(id, answer);
                    if answered && !plan.throttle.is_zero() {
                        self.wait(id, now + plan.throttle, State::Muted);
                    }
                } else {
                    self.wait(id, now + plan.delay, State::HeldAnswer(answer));
                }
            }
            Err(error) => {
                tracing::error!(connection = id.0, response, %error, "cannot be encoded");
                self.close(id);
            }
        }
    }

    /// Something happens to the cluster, of which those who wait are told later.
    fn carry_out(&mut self, now: Instant, change: &Change) {
        let moment = self.moment(now);
        match change {
            Change::MoveLeader(target) => {
                let partitions: Vec<i32> =
                    match (target.partition, self.cluster.topic(&target.topic)) {
                        (Some(partition), _) => vec![partition],
                        (None, Some(topic)) => (0..).take(topic.partitions.len()).collect(),
                        (None, None) => Vec::new(),
                    };
                for partition in partitions {
                    self.cluster
                        .move_leader_on(&target.topic, partition, moment);
                }
            }
            Change::MoveCoordinators => self.cluster.move_coordinators(moment),
            Change::RecreateTopic(topic) => {
                self.cluster.recreate_topic(topic);
            }
            Change::JumpWallClock(by_ms) => self.jump_wall_clock(now, *by_ms),
        }
        // The request is served by what is true from now on.
        self.cluster.settle(moment);
    }

    /// Takes the broker down or freezes it, if that is the plan; then there is
    /// nothing left to do for the request.
    fn broker_fails(&mut self, now: Instant, id: ConnectionId, plan: &Plan) -> bool {
        let Some(fault) = plan.broker else {
            return false;
        };
        let Some(connection) = self.connections.get(&id) else {
            return false;
        };
        let broker = connection.broker;
        match fault {
            BrokerFault::Stop => {
                self.take_down(now, broker);
                true
            }
            BrokerFault::Pause => {
                self.pause_broker(now, broker);
                false
            }
        }
    }

    fn finish_unanswered(&mut self, now: Instant, id: ConnectionId, plan: &Plan) {
        match plan.ending {
            Some(Ending::DropAfterApply | Ending::CloseAfterAnswer) => self.close(id),
            Some(Ending::Silence) => self.silence(id),
            _ if !plan.throttle.is_zero() => self.wait(id, now + plan.throttle, State::Muted),
            _ => {}
        }
    }

    fn silence(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.state = State::Silent;
        }
    }
}
