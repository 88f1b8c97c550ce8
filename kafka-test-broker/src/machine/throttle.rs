//! What quotas make of requests: pauses, as of KIP-219. The answer comes at once
//! and names the pause; the broker reads nothing until it is over.

use std::time::{Duration, Instant};

use kafka_protocol::{ApiKey, StrBytes};

use super::{ConnectionId, Machine};
use crate::handlers::Context;
use crate::quotas::{CONSUMER_BYTE_RATE, PRODUCER_BYTE_RATE, Requester};

/// What principals of users begin with.
const USER: &str = "User:";

impl Machine {
    /// Counts a request of so many bytes, and says for how long its client has
    /// to pause.
    pub(super) fn count_request(
        &mut self,
        now: Instant,
        id: ConnectionId,
        api: ApiKey,
        bytes: usize,
    ) -> Duration {
        let Some((broker, user, client_id)) = self.requester(id) else {
            return Duration::ZERO;
        };
        let who = Requester {
            broker,
            user: &user,
            client_id: &client_id,
        };
        let quotas = &mut self.cluster.quotas;
        let busy = quotas.record_request(now, who);
        if api == ApiKey::Produce {
            busy.max(quotas.record_bytes(now, who, PRODUCER_BYTE_RATE, bytes))
        } else {
            busy
        }
    }

    /// Whose connection it is; `None` without quotas, when nobody is counted.
    fn requester(&self, id: ConnectionId) -> Option<(i32, StrBytes, StrBytes)> {
        if self.cluster.quotas.is_empty() {
            return None;
        }
        let connection = self.connections.get(&id)?;
        let principal = self.cluster.security.principal(id);
        let user = StrBytes::from(user_of(principal).to_owned());
        Some((connection.broker, user, connection.client_id.clone()))
    }
}

impl Context<'_> {
    /// Counts the bytes of records that a fetch is to be answered with, and says
    /// for how long its client has to pause: then it gets none of them now.
    pub(crate) fn count_fetched(&mut self, bytes: usize) -> Duration {
        if self.cluster.quotas.is_empty() {
            return Duration::ZERO;
        }
        let principal = self.cluster.security.principal(self.ticket.connection());
        let user = StrBytes::from(user_of(principal).to_owned());
        let who = Requester {
            broker: self.broker,
            user: &user,
            client_id: &self.client_id,
        };
        let quotas = &mut self.cluster.quotas;
        let pause = quotas.record_bytes(self.now, who, CONSUMER_BYTE_RATE, bytes);
        if !pause.is_zero() {
            quotas.take_back_bytes(who, CONSUMER_BYTE_RATE, bytes);
        }
        pause
    }
}

fn user_of(principal: &str) -> &str {
    principal.strip_prefix(USER).unwrap_or(principal)
}
