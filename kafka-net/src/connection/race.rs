use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::time::sleep_until;

use crate::clock::{after, now};
use crate::{BoxFuture, BoxStream};

/// The addresses of one name, dialled as RFC 8305 has it ("happy eyeballs"): one after
/// the other, each a little after the one before or as soon as that has failed, until
/// one takes the connection. The others are then dropped.
///
/// The winner may yet turn out to be no broker, so the addresses that were not found
/// dead stay: [`Race::next`] goes on with them.
pub(super) struct Race {
    left: VecDeque<SocketAddr>,
    /// The time between two starts, while none has failed.
    stagger: Duration,
}

/// Of a name with very many addresses, so many are tried.
const MAX_ADDRESSES: usize = 16;

/// An address that is being dialled.
struct Runner {
    address: SocketAddr,
    since: Instant,
    connecting: BoxFuture<'static, io::Result<BoxStream>>,
}

impl Race {
    /// Keeps the order of `resolved` within a family of addresses, and begins with the
    /// family that it begins with; each address counts once.
    pub(super) fn new(resolved: Vec<SocketAddr>, stagger: Duration) -> Self {
        Self {
            left: interleaved(resolved),
            stagger,
        }
    }

    /// The addresses that are still to be tried.
    pub(super) fn left(&self) -> usize {
        self.left.len()
    }

    /// The next address that takes the connection; `None` when all are used up. Those
    /// that do not, and those that have not by the deadline, go to `failed`.
    pub(super) async fn next(
        &mut self,
        deadline: Instant,
        mut dial: impl FnMut(SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>>,
        failed: &mut Vec<(SocketAddr, io::Error)>,
    ) -> Option<(SocketAddr, BoxStream)> {
        let time = deadline.saturating_duration_since(now());
        // So that each has its turn even when the time is short.
        let share = time / u32::try_from(self.left.len()).unwrap_or(u32::MAX).max(1);
        let stagger = self.stagger.min(share);
        let mut running: Vec<Runner> = Vec::new();
        let mut start_at = now();
        loop {
            if running.is_empty() || now() >= start_at {
                if let Some(address) = self.left.pop_front() {
                    running.push(Runner {
                        address,
                        since: now(),
                        connecting: dial(address),
                    });
                    start_at = after(now(), stagger);
                } else if running.is_empty() {
                    return None;
                }
            }
            tokio::select! {
                biased;
                (runner, result) = first_done(&mut running) => match result {
                    Ok(stream) => {
                        // In their order, before those that had no turn yet.
                        for other in running.iter().rev() {
                            self.left.push_front(other.address);
                        }
                        return Some((runner.address, stream));
                    }
                    Err(error) => {
                        failed.push((runner.address, error));
                        start_at = now();
                    }
                },
                () = sleep_until(start_at.into()), if !self.left.is_empty() => {}
                () = sleep_until(deadline.into()) => {
                    let late = running.drain(..).map(|runner| {
                        (runner.address, timed_out(runner.since))
                    });
                    failed.extend(late);
                    return None;
                }
            }
        }
    }
}

/// Takes out the first that has succeeded or failed.
async fn first_done(running: &mut Vec<Runner>) -> (Runner, io::Result<BoxStream>) {
    let (index, result) = poll_fn(|cx| {
        for (index, runner) in running.iter_mut().enumerate() {
            if let Poll::Ready(result) = runner.connecting.as_mut().poll(cx) {
                return Poll::Ready((index, result));
            }
        }
        Poll::Pending
    })
    .await;
    (running.remove(index), result)
}

/// What an address fails with that was dialled at `since` and is silent.
pub(super) fn timed_out(since: Instant) -> io::Error {
    let waited = now().saturating_duration_since(since);
    io::Error::new(
        io::ErrorKind::TimedOut,
        format!("timed out after {} ms", waited.as_millis()),
    )
}

/// IPv6 and IPv4 by turns, so that a family that does not work here costs one wait.
fn interleaved(resolved: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let mut seen = Vec::with_capacity(resolved.len().min(MAX_ADDRESSES));
    let v6_first = resolved.first().is_some_and(SocketAddr::is_ipv6);
    let (mut preferred, mut others) = (VecDeque::new(), VecDeque::new());
    for address in resolved {
        if seen.len() == 2 * MAX_ADDRESSES {
            break;
        }
        if !seen.contains(&address) {
            seen.push(address);
            match address.is_ipv6() == v6_first {
                true => preferred.push_back(address),
                false => others.push_back(address),
            }
        }
    }
    let mut order = VecDeque::with_capacity(seen.len().min(MAX_ADDRESSES));
    while order.len() < MAX_ADDRESSES && !(preferred.is_empty() && others.is_empty()) {
        order.extend(preferred.pop_front());
        order.extend(others.pop_front());
    }
    order.truncate(MAX_ADDRESSES);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(resolved: &[&str], order: &[&str]) {
        let parse = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        assert_eq!(interleaved(parse(resolved)), parse(order));
    }

    #[test]
    fn families_take_turns_each_address_once() {
        check(&[], &[]);
        check(&["10.0.0.1:1", "10.0.0.2:1"], &["10.0.0.1:1", "10.0.0.2:1"]);
        check(
            &[
                "[::1]:1",
                "[::2]:1",
                "[::1]:1",
                "10.0.0.1:1",
                "10.0.0.2:1",
                "[::3]:1",
            ],
            &["[::1]:1", "10.0.0.1:1", "[::2]:1", "10.0.0.2:1", "[::3]:1"],
        );
        check(
            &["10.0.0.1:1", "[::1]:1", "[::2]:1"],
            &["10.0.0.1:1", "[::1]:1", "[::2]:1"],
        );
    }

    #[test]
    fn very_many_addresses_are_bounded_and_both_families_kept() {
        let mut many: Vec<SocketAddr> = (0..1000)
            .map(|n: u16| SocketAddr::from(([10, 0, 0, 1], n + 1)))
            .collect();
        many.insert(20, "[::1]:1".parse().unwrap());
        let order = interleaved(many);
        assert_eq!(order.len(), MAX_ADDRESSES);
        assert_eq!(order[1], "[::1]:1".parse().unwrap());
    }

    fn never() -> BoxFuture<'static, io::Result<BoxStream>> {
        Box::pin(std::future::pending())
    }

    #[tokio::test(start_paused = true)]
    async fn the_others_are_dropped_and_can_be_tried_again() {
        let ports = [1, 2, 3, 4].map(|port| SocketAddr::from(([10, 0, 0, 1], port)));
        let mut race = Race::new(ports.to_vec(), Duration::from_millis(250));
        let mut failed = Vec::new();
        let mut dialled = Vec::new();
        let start = now();
        let deadline = start + Duration::from_secs(10);
        let dial = |address: SocketAddr| -> BoxFuture<'static, io::Result<BoxStream>> {
            dialled.push((address.port(), (now() - start).as_millis()));
            match address.port() {
                2 => Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) }),
                3 => Box::pin(async {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    Ok(Box::new(tokio::io::duplex(1).0) as BoxStream)
                }),
                _ => never(),
            }
        };
        let (winner, _stream) = race.next(deadline, dial, &mut failed).await.unwrap();
        assert_eq!(winner.port(), 3);
        assert_eq!(dialled, [(1, 0), (2, 250), (3, 250)]);
        assert_eq!(failed.len(), 1);
        assert_eq!(race.left, [ports[0], ports[3]]);

        let last = race.next(deadline, |_| never(), &mut failed).await;
        assert!(last.is_none());
        assert_eq!(race.left(), 0);
        let late: Vec<_> = failed.iter().map(|(address, _)| address.port()).collect();
        assert_eq!(late, [2, 1, 4]);
        assert!(now() >= deadline && now() < deadline + Duration::from_millis(2));
    }

    #[tokio::test(start_paused = true)]
    async fn each_has_its_turn_though_the_time_is_short() {
        let ports: Vec<_> = (1..=8)
            .map(|port| SocketAddr::from(([10, 0, 0, 1], port)))
            .collect();
        let mut race = Race::new(ports, Duration::from_millis(250));
        let mut failed = Vec::new();
        let deadline = now() + Duration::from_millis(400);
        let none = race.next(deadline, |_| never(), &mut failed).await;
        assert!(none.is_none());
        assert_eq!(failed.len(), 8);
    }
}
