use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, sleep_until};

use super::link::Link;
use super::login::{LoggedIn, Login, Occasion};
use crate::clock::{after, now};
use crate::{Error, ErrorKind, Random, SaslExchange};

/// Logs a connection in anew before its login ends (KIP-368).
///
/// ```text
/// logged in ─► at 85 to 95 % of its life: credentials ─► hold ─► log in ─► let go
///                                  │                                │
///                                  └ none: again, until the end     └ refused: close
/// ```
///
/// Requests in flight are answered before the broker looks at the first step;
/// those that come meanwhile wait in their order and then go on.
pub(super) struct Renewal {
    pub(super) login: Login,
    pub(super) link: Arc<Link>,
    pub(super) random: Random,
    /// For one login, the answers that the broker owes before included.
    pub(super) timeout: Duration,
}

/// As in Kafka's own client: early enough for what can be slow, and not at the
/// same time on all connections.
const EARLIEST: f64 = 0.85;
const SPREAD: f64 = 0.10;

/// Brokers take no login sooner after the last one: to them SaslHandshake is out of place
/// then, and the connection is lost. Requests wait where a login ends before.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// Between two attempts to get credentials, at most.
const MAX_PAUSE: Duration = Duration::from_secs(10);
const MIN_PAUSE: Duration = Duration::from_millis(20);

impl Renewal {
    /// Runs as long as the connection does, if its login ends at all.
    pub(super) async fn run(self, logged_in: LoggedIn) {
        tokio::select! {
            biased;
            () = self.link.ended() => {}
            () = self.renew(logged_in) => {}
        }
    }

    async fn renew(&self, mut logged_in: LoggedIn) {
        while let Some(lifetime) = logged_in.lifetime {
            let end = after(logged_in.since, lifetime);
            let part = EARLIEST + SPREAD * self.random.f64();
            // Not fetched before the wait: what is good until the login's end only, as a
            // token that no other has followed, would be out of date after it.
            let wait = lifetime.mul_f64(part).max(MIN_INTERVAL);
            sleep_until(after(logged_in.since, wait).into()).await;
            let Some(exchange) = self.credentials(end).await else {
                return;
            };
            self.link.hold();
            let deadline = after(now(), self.timeout);
            let login = &self.login;
            match login
                .run(Occasion::Renewal, &self.link, exchange, deadline)
                .await
            {
                Ok(again) => {
                    tracing::debug!(
                        broker = %self.link.peer.broker, lane = %self.link.peer.lane,
                        lifetime = ?again.lifetime, "logged in anew",
                    );
                    self.link.let_go(again.end());
                    logged_in = again;
                }
                Err(error) => {
                    tracing::warn!(
                        broker = %self.link.peer.broker, lane = %self.link.peer.lane, %error,
                        "logging in anew failed: the connection is closed",
                    );
                    self.link.close_with(error);
                    return;
                }
            }
        }
    }

    /// Tries until the login ends; then the connection takes no more requests.
    async fn credentials(&self, end: Instant) -> Option<Box<dyn SaslExchange>> {
        let peer = &self.link.peer;
        loop {
            let error = match self.login.prepare(&peer.broker, end).await {
                Ok(exchange) => return Some(exchange),
                Err(error) => error,
            };
            let left = end.saturating_duration_since(now());
            if left.is_zero() {
                tracing::warn!(
                    broker = %peer.broker, lane = %peer.lane, %error,
                    "the login has ended: the connection is given up",
                );
                self.link.retire(
                    Error::new(ErrorKind::Credentials)
                        .with_message("the login has ended and could not be renewed")
                        .with_broker(&peer.broker)
                        .with_source(error),
                );
                return None;
            }
            tracing::warn!(
                broker = %peer.broker, lane = %peer.lane, %error, ?left,
                "nothing to log in anew with; the login is still good",
            );
            sleep((left / 4).clamp(MIN_PAUSE, MAX_PAUSE).min(left)).await;
        }
    }
}

impl LoggedIn {
    /// When requests are no longer answered; `None` for never.
    pub(super) fn end(&self) -> Option<Instant> {
        self.lifetime.map(|lifetime| after(self.since, lifetime))
    }
}
