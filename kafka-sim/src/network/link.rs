//! One connection: two directions, each a queue of chunks with a time of arrival.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf, Bytes};
use kafka_net::Random;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::LinkProfile;
use crate::chance::{below, chance};
use crate::tap::Tap;
use crate::trace::Trace;

/// Bytes under way in one direction before the sender has to wait: a socket buffer's size.
const WINDOW: usize = 256 * 1024;

/// One of the two directions of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    ToBroker,
    ToClient,
}

/// Control over a link.
#[derive(Clone)]
pub(super) struct Link {
    target: Arc<str>,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    id: u64,
    profile: LinkProfile,
    random: Random,
    trace: Trace,
    tap: Option<Tap>,
    to_broker: Wire,
    to_client: Wire,
    cut: bool,
}

#[derive(Default)]
struct Wire {
    under_way: VecDeque<Chunk>,
    bytes: usize,
    /// Nothing overtakes what was sent before.
    last_arrival: Option<Instant>,
    silent: bool,
    writer_done: bool,
    reader_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

struct Chunk {
    written: Instant,
    arrival: Instant,
    bytes: Bytes,
    /// A part of it was read already.
    begun: bool,
}

impl Link {
    /// A new link, and its ends for client and broker.
    pub(super) fn open(
        id: u64,
        target: &str,
        profile: LinkProfile,
        random: Random,
        trace: Trace,
        tap: Option<Tap>,
    ) -> (Self, End, End) {
        let link = Self {
            target: target.into(),
            shared: Arc::new(Mutex::new(Shared {
                id,
                profile,
                random,
                trace,
                tap,
                to_broker: Wire::default(),
                to_client: Wire::default(),
                cut: false,
            })),
        };
        let end = |reads| End {
            link: link.clone(),
            reads,
            timer: None,
        };
        let (client, broker) = (end(Direction::ToClient), end(Direction::ToBroker));
        (link, client, broker)
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// Whether both ends still hold it.
    pub(super) fn is_open(&self) -> bool {
        let shared = self.lock();
        !shared.cut && !shared.to_broker.reader_gone && !shared.to_client.reader_gone
    }

    /// What is under way is lost; both ends see the connection reset.
    pub(super) fn cut(&self) {
        let mut shared = self.lock();
        shared.cut = true;
        shared.ended();
        let wakers = [
            shared.to_broker.reader.take(),
            shared.to_broker.writer.take(),
            shared.to_client.reader.take(),
            shared.to_client.writer.take(),
        ];
        drop(shared);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Nothing arrives in this direction until it may again; then what was held does.
    pub(super) fn silence(&self, direction: Direction, silent: bool) {
        let mut shared = self.lock();
        let wire = shared.wire(direction);
        wire.silent = silent;
        let waker = wire.reader.take();
        drop(shared);
        waker.into_iter().for_each(Waker::wake);
    }

    pub(super) fn is_silent(&self) -> bool {
        let shared = self.lock();
        shared.to_broker.silent || shared.to_client.silent
    }

    pub(super) fn set_profile(&self, profile: LinkProfile) {
        self.lock().profile = profile;
    }

    /// Requests that reached the broker and have no answer yet, if that is watched.
    pub(super) fn unanswered_produces(&self) -> usize {
        self.lock().tap.as_ref().map_or(0, Tap::unanswered_produces)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn wire(&mut self, direction: Direction) -> &mut Wire {
        match direction {
            Direction::ToBroker => &mut self.to_broker,
            Direction::ToClient => &mut self.to_client,
        }
    }

    fn ended(&mut self) {
        let silent = self.to_broker.silent || self.to_client.silent;
        if let Some(mut tap) = self.tap.take() {
            if !self.cut && !self.to_broker.reader_gone {
                let chunks = self.to_broker.under_way.iter();
                let unread = chunks.filter(|chunk| !chunk.begun);
                tap.left_behind(unread.map(|chunk| (&chunk.bytes[..], chunk.written)));
            }
            tap.ended(self.cut, silent);
        }
    }

    /// Puts bytes on their way; returns how many found room, and who is to be woken.
    fn send(&mut self, direction: Direction, mut bytes: &[u8]) -> (usize, Option<Waker>) {
        let now = Instant::now();
        let profile = self.profile;
        let mut sent = 0;
        while !bytes.is_empty() {
            let room = WINDOW.saturating_sub(self.wire(direction).bytes);
            let take = bytes.len().min(profile.max_chunk.max(1)).min(room);
            let Some((chunk, rest)) = bytes.split_at_checked(take).filter(|_| take > 0) else {
                break;
            };
            bytes = rest;
            sent += take;
            let mut arrival = now + self.travel_time();
            let wire = self.wire(direction);
            if let Some(last) = wire.last_arrival {
                arrival = arrival.max(last);
            }
            if let Some(rate) = profile.bytes_per_second {
                let micros = take as u64 * 1_000_000 / rate.max(1);
                arrival += Duration::from_micros(micros);
            }
            wire.last_arrival = Some(arrival);
            wire.bytes += take;
            wire.under_way.push_back(Chunk {
                written: now,
                arrival,
                bytes: Bytes::copy_from_slice(chunk),
                begun: false,
            });
        }
        (sent, self.wire(direction).reader.take())
    }

    fn travel_time(&self) -> Duration {
        let jitter = self.profile.jitter.as_micros() as u64;
        let extra = match jitter {
            0 => 0,
            most => below(&self.random, most + 1),
        };
        self.profile.latency + Duration::from_micros(extra)
    }

    /// Hands over what has arrived; `false` when nothing has.
    fn receive(&mut self, direction: Direction, into: &mut ReadBuf<'_>) -> bool {
        if self.wire(direction).under_way.is_empty() {
            return false;
        }
        let now = Instant::now();
        let mut received = false;
        loop {
            let Self {
                id,
                trace,
                tap,
                to_broker,
                to_client,
                ..
            } = self;
            let wire = match direction {
                Direction::ToBroker => to_broker,
                Direction::ToClient => to_client,
            };
            let Some(chunk) = wire.under_way.front_mut() else {
                return received;
            };
            if chunk.arrival > now || wire.silent || into.remaining() == 0 {
                return received;
            }
            received = true;
            if !chunk.begun {
                chunk.begun = true;
                let sign = match direction {
                    Direction::ToBroker => '>',
                    Direction::ToClient => '<',
                };
                trace.note_chunk(now, sign, *id, chunk.bytes.len());
                if let Some(tap) = tap {
                    tap.delivered(direction, &chunk.bytes, chunk.written);
                }
            }
            let take = chunk.bytes.len().min(into.remaining());
            into.put_slice(chunk.bytes.get(..take).unwrap_or_default());
            chunk.bytes.advance(take);
            wire.bytes -= take;
            if chunk.bytes.is_empty() {
                wire.under_way.pop_front();
            }
        }
    }
}

/// One end of a link.
pub(super) struct End {
    link: Link,
    reads: Direction,
    /// Goes off when the next chunk arrives, or has gone off and is used again.
    timer: Option<Pin<Box<Sleep>>>,
}

impl End {
    fn writes(&self) -> Direction {
        match self.reads {
            Direction::ToBroker => Direction::ToClient,
            Direction::ToClient => Direction::ToBroker,
        }
    }
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let mut shared = this.link.lock();
        if shared.cut {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if shared.receive(this.reads, into) {
            let writer = shared.wire(this.reads).writer.take();
            drop(shared);
            writer.into_iter().for_each(Waker::wake);
            return Poll::Ready(Ok(()));
        }
        let wire = shared.wire(this.reads);
        let arrival = wire.under_way.front().map(|chunk| chunk.arrival);
        match arrival.filter(|_| !wire.silent) {
            None if wire.writer_done && !wire.silent => return Poll::Ready(Ok(())),
            None => this.timer = this.timer.take().filter(|timer| timer.is_elapsed()),
            Some(arrival) => {
                let timer = this
                    .timer
                    .get_or_insert_with(|| Box::pin(sleep_until(arrival)));
                if timer.deadline() != arrival {
                    timer.as_mut().reset(arrival);
                }
                if timer.as_mut().poll(context).is_ready() {
                    context.waker().wake_by_ref();
                }
            }
        }
        wire.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let direction = self.writes();
        let mut shared = self.link.lock();
        let wanted: usize = slices.iter().map(|slice| slice.len()).sum();
        if shared.cut || shared.wire(direction).reader_gone {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if wanted > 0 && chance(&shared.random, shared.profile.loss) {
            let id = shared.id;
            shared.trace.note(format_args!("link {id} is lost"));
            drop(shared);
            self.link.cut();
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let mut written = 0;
        let mut reader = None;
        for slice in slices {
            let (sent, waker) = shared.send(direction, slice);
            written += sent;
            reader = reader.or(waker);
            if sent < slice.len() {
                break;
            }
        }
        if written == 0 && wanted > 0 {
            shared.wire(direction).writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        drop(shared);
        reader.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let direction = self.writes();
        let mut shared = self.link.lock();
        let wire = shared.wire(direction);
        wire.writer_done = true;
        let reader = wire.reader.take();
        drop(shared);
        reader.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let (reads, writes) = (self.reads, self.writes());
        let mut shared = self.link.lock();
        shared.wire(reads).reader_gone = true;
        shared.wire(writes).writer_done = true;
        if reads == Direction::ToClient || shared.to_client.under_way.is_empty() {
            shared.ended();
        }
        let wakers = [
            shared.wire(reads).writer.take(),
            shared.wire(writes).reader.take(),
        ];
        drop(shared);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}
