//! One connection: two directions, each a queue of chunks with a time of arrival.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kafka_net::{Random, watch};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep_until};

use super::LinkProfile;
use crate::chance::below;
use crate::trace::Trace;

/// Bytes under way in one direction before the sender has to wait: a socket buffer's size.
const WINDOW: usize = 256 * 1024;

/// Control over an open link.
pub(super) struct Link {
    target: Arc<str>,
    condition: watch::Sender<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Working,
    Silent,
    Cut,
}

impl Link {
    /// Joins a client's new stream to the broker's by two delayed pumps.
    pub(super) fn open(
        id: u64,
        target: String,
        broker: DuplexStream,
        profile: LinkProfile,
        random: Random,
        trace: Trace,
    ) -> (Self, DuplexStream) {
        let (client, near) = tokio::io::duplex(WINDOW);
        let (condition, watcher) = watch::channel(Condition::Working);
        let (from_client, to_client) = tokio::io::split(near);
        let (from_broker, to_broker) = tokio::io::split(broker);
        let pump = |name| Pump {
            name,
            id,
            profile,
            random: random.fork(),
            trace: trace.clone(),
            condition: watcher.clone(),
        };
        tokio::spawn(pump(">").run(from_client, to_broker));
        tokio::spawn(pump("<").run(from_broker, to_client));
        let link = Self {
            target: target.into(),
            condition,
        };
        (link, client)
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// Whether a pump still runs.
    pub(super) fn is_open(&self) -> bool {
        !self.condition.is_closed() && self.condition.with(|now| *now != Condition::Cut)
    }

    pub(super) fn cut(&self) {
        self.condition.send_replace(Condition::Cut);
    }

    pub(super) fn silence(&self) {
        self.condition.send_replace(Condition::Silent);
    }
}

/// One direction of a link.
struct Pump {
    name: &'static str,
    id: u64,
    profile: LinkProfile,
    random: Random,
    trace: Trace,
    condition: watch::Receiver<Condition>,
}

impl Pump {
    /// Forwards until the sender closes, the receiver goes away, or the link is cut. What
    /// is under way at a cut is lost.
    async fn run(mut self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut under_way: VecDeque<(Instant, Bytes)> = VecDeque::new();
        let mut bytes_under_way = 0;
        let mut buffer = vec![0; self.profile.max_chunk.clamp(1, WINDOW)];
        let mut sender_open = true;
        loop {
            if !sender_open && under_way.is_empty() {
                let _ = to.shutdown().await;
                return;
            }
            let arrival = under_way.front().map(|(at, _)| *at);
            tokio::select! {
                biased;
                changed = self.condition.changed() => {
                    if changed.is_err() || self.condition.with(|now| *now == Condition::Cut) {
                        return;
                    }
                }
                () = sleep_until(arrival.unwrap_or_else(Instant::now)), if arrival.is_some() => {
                    if let Some((_, chunk)) = under_way.pop_front() {
                        bytes_under_way -= chunk.len();
                        if self.condition.with(|now| *now == Condition::Silent) {
                            continue;
                        }
                        self.trace.note(format_args!("{}{} {}", self.name, self.id, chunk.len()));
                        if self.deliver(&mut to, &chunk).await.is_break() {
                            return;
                        }
                    }
                }
                read = from.read(&mut buffer), if sender_open && bytes_under_way < WINDOW => {
                    match read {
                        Ok(0) | Err(_) => sender_open = false,
                        Ok(n) => {
                            let at = Instant::now() + self.travel_time();
                            // In order: nothing overtakes what was sent before.
                            let at = under_way.back().map_or(at, |(last, _)| at.max(*last));
                            let chunk = Bytes::copy_from_slice(buffer.get(..n).unwrap_or_default());
                            bytes_under_way += chunk.len();
                            under_way.push_back((at, chunk));
                        }
                    }
                }
            }
        }
    }

    /// Writes one chunk, unless the link is cut meanwhile.
    async fn deliver(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        chunk: &[u8],
    ) -> std::ops::ControlFlow<()> {
        let write = to.write_all(chunk);
        tokio::pin!(write);
        loop {
            tokio::select! {
                biased;
                written = &mut write => {
                    return match written {
                        Ok(()) => std::ops::ControlFlow::Continue(()),
                        Err(_) => std::ops::ControlFlow::Break(()),
                    };
                }
                changed = self.condition.changed() => {
                    if changed.is_err() || self.condition.with(|now| *now == Condition::Cut) {
                        return std::ops::ControlFlow::Break(());
                    }
                }
            }
        }
    }

    fn travel_time(&self) -> Duration {
        let jitter = self.profile.jitter.as_micros() as u64;
        let extra = match jitter {
            0 => 0,
            most => below(&self.random, most + 1),
        };
        self.profile.latency + Duration::from_micros(extra)
    }
}
