use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::frame::{FrameDecoder, FrameError, FrameHint};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Sleep, sleep_until, timeout};

use super::end::End;
use super::in_flight::{Answered, Failed, InFlight, Kind, Submission};
use super::link::{Command, Link, Reply};
use super::throttle;
use crate::connector::BoxStream;
use crate::{Error, NetConfig, clock, transport};

/// Owns one socket: the only place that reads and writes it.
///
/// One poll loop does both, independently, so a large request never holds up
/// answers. It alone has a timer; what callers hold has none.
pub(super) struct Driver {
    link: Arc<Link>,
    stream: BoxStream,
    vectored: bool,
    needs_flush: bool,
    /// Nothing can be written any more, for this reason; what the broker said before is
    /// read until then.
    unwritable: Option<(io::Error, Instant)>,
    decoder: FrameDecoder,
    table: InFlight<Reply>,
    /// Taken from the link, on the way to `table`.
    new: VecDeque<Submission<Reply>>,
    /// Results on their way to the callers, who hear of them when the room that
    /// their requests took is free again: the next request must find it.
    results: Vec<(Reply, Result<Bytes, Error>)>,
    draining: bool,
    /// The broker wants to be left alone until then.
    throttled_until: Option<Instant>,
    throttle_warnings: throttle::Warnings,
    /// Why what was not written has been given up.
    retired: Option<Error>,
    /// The connection is gone, maybe for a reason that its login is about to
    /// tell.
    unexplained: Option<End>,
    timer: Pin<Box<Sleep>>,
    /// What the timer is set to; `None` once it has gone off.
    armed: Option<Instant>,
    counted_in_flight: usize,
    ended: bool,
}

/// Buffers of one vectored write. Linux takes 1024; beyond a few dozen the gain
/// is lost in filling the list.
const MAX_SLICES: usize = 64;

/// Reads and writes before other tasks get their turn.
const MAX_ROUNDS: usize = 64;

/// Room made at once for a response whose length is known: most fetches, so that
/// they are not moved while they arrive.
const PREALLOCATE: usize = 1 << 20;

/// For what the broker said before writing failed: it has arrived, but the runtime may
/// not have heard so yet.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_secs(1);

/// For the last flush of a connection that ends in good order.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

impl Driver {
    /// Call on the runtime: it makes the timer.
    pub(super) fn new(link: Arc<Link>, stream: BoxStream, config: &NetConfig) -> Self {
        let now = clock::now();
        Self {
            vectored: stream.is_write_vectored(),
            table: InFlight::new(now, config.max_in_flight(), config.idle_timeout()),
            decoder: FrameDecoder::new(config.max_response_len()).preallocate(PREALLOCATE),
            timer: Box::pin(sleep_until(now.into())),
            link,
            stream,
            needs_flush: false,
            unwritable: None,
            new: VecDeque::new(),
            results: Vec::new(),
            draining: false,
            throttled_until: None,
            throttle_warnings: throttle::Warnings::default(),
            retired: None,
            unexplained: None,
            armed: None,
            counted_in_flight: 0,
            ended: false,
        }
    }

    /// Runs until the connection ends, and then resolves everyone who waits.
    pub(super) async fn run(mut self) {
        let end = poll_fn(|cx| self.poll(cx)).await;
        self.finish(&end);
        if end.is_graceful() {
            // Nobody depends on it: a failure here changes nothing.
            let _ = timeout(SHUTDOWN_TIMEOUT, self.stream.shutdown()).await;
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let now = clock::now();
        let (command, gate) = self.link.take_new(cx.waker(), &mut self.new);
        match command {
            Command::Run => {}
            Command::Drain => self.draining = true,
            Command::Retire(reason) => self.retired = Some(reason),
            Command::Close(reason) => return Poll::Ready(End::Told(reason)),
        }
        let logs_in = self.new.iter().any(|new| new.kind != Kind::Ordinary);
        if let Some(end) = self.unexplained.take() {
            if !gate.held || logs_in {
                return Poll::Ready(end);
            }
            self.unexplained = Some(end);
            return Poll::Pending;
        }
        self.throttle(now, gate.throttle);
        let held = gate.is_shut(now) || self.is_throttled(now);
        self.table.hold(held);
        self.link.counters.requests(self.new.len());
        for request in self.new.drain(..) {
            self.table.accept(now, request);
        }
        self.give_up_unsent();
        if let Err(end) = self.transfer(cx, now) {
            // A broker that refuses says so and closes: whoever logs in anew is
            // given the time to read it.
            if gate.held && end.is_transport() && !self.table.is_logging_in() {
                self.unexplained = Some(end);
                return Poll::Pending;
            }
            return Poll::Ready(end);
        }
        let leaves = self.draining || self.retired.is_some();
        if leaves && self.table.is_empty() && !self.needs_flush {
            let end = match &self.retired {
                Some(reason) => End::Told(reason.clone()),
                None => End::Drained,
            };
            if self.link.close_if_unused(|| end.reason(&self.link.peer)) {
                return Poll::Ready(end);
            }
            // A request slipped in before the end; it has woken this task.
        }
        match self.watch_time(cx) {
            Some(end) => Poll::Ready(end),
            None => Poll::Pending,
        }
    }

    /// The broker asks for a pause.
    fn throttle(&mut self, now: Instant, pause: Duration) {
        if pause.is_zero() {
            return;
        }
        let before = self.throttled_until.map_or(now, |before| before.max(now));
        let until = self.link.throttled(now, pause);
        self.throttled_until = Some(until);
        self.table.hold(true);
        // The broker reads nothing meanwhile, not what it was sent before either.
        self.table.postpone(until.saturating_duration_since(before));
        self.link.counters.throttled(pause);
        let peer = &self.link.peer;
        if self.throttle_warnings.is_due(now, pause) {
            tracing::warn!(
                broker = %peer.broker, id = peer.broker.id, lane = %peer.lane, ?pause,
                "the broker throttles this client: it has reached its quota",
            );
        } else {
            tracing::debug!(
                broker = %peer.broker, id = peer.broker.id, lane = %peer.lane, ?pause, "throttled",
            );
        }
    }

    fn is_throttled(&mut self, now: Instant) -> bool {
        self.throttled_until = self.throttled_until.filter(|until| now < *until);
        self.throttled_until.is_some()
    }

    /// When the connection is retired, what was not written goes elsewhere.
    fn give_up_unsent(&mut self) {
        let Some(reason) = &self.retired else {
            return;
        };
        let end = End::Told(reason.clone());
        for failed in self.table.give_up_unsent() {
            let error = end.error_for(&failed, reason, &self.link.peer);
            self.link.counters.errors(1);
            self.results.push((failed.reply, Err(error)));
        }
        self.publish();
    }

    /// Writes and reads until neither gets on.
    ///
    /// After a failed write, answers that had arrived before still count, and so does the
    /// reason that the broker gave for closing.
    fn transfer(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<(), End> {
        for _ in 0..MAX_ROUNDS {
            let wrote = self.unwritable.is_none()
                && self.write(cx, now).unwrap_or_else(|error| {
                    self.unwritable = Some((error, now + LAST_WORDS_TIMEOUT));
                    false
                });
            let read = self.read(cx, now).map_err(|end| self.cause_of(end))?;
            if !wrote && !read {
                return self.last_words_are_due(now);
            }
        }
        cx.waker().wake_by_ref();
        Ok(())
    }

    /// What came first, if writing failed and reading then did: that the connection is
    /// gone, the broker's reason excepted.
    fn cause_of(&mut self, end: End) -> End {
        let is_reason = match &end {
            End::Io(error) => transport::failure(error).is_some(),
            end => !end.is_transport(),
        };
        match self.unwritable.take() {
            Some((error, _)) if !is_reason => End::Io(error),
            _ => end,
        }
    }

    fn last_words_are_due(&mut self, now: Instant) -> Result<(), End> {
        match self.unwritable.take_if(|(_, until)| *until <= now) {
            Some((error, _)) => Err(End::Io(error)),
            None => Ok(()),
        }
    }

    fn write(&mut self, cx: &mut Context<'_>, now: Instant) -> io::Result<bool> {
        if self.table.has_output() {
            let stream = Pin::new(&mut self.stream);
            let written = if self.vectored {
                let mut slices = [IoSlice::new(&[]); MAX_SLICES];
                let count = self.table.output(&mut slices);
                stream.poll_write_vectored(cx, slices.get(..count).unwrap_or_default())
            } else {
                stream.poll_write(cx, self.table.output_chunk())
            };
            let count = match written {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(count)) => count,
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(false),
            };
            self.link.counters.sent(count);
            self.needs_flush = true;
            for reply in self.table.wrote(now, count) {
                self.results.push((reply, Ok(Bytes::new())));
            }
            self.publish();
            return Ok(true);
        }
        if self.needs_flush
            && let Poll::Ready(flushed) = Pin::new(&mut self.stream).poll_flush(cx)
        {
            flushed?;
            self.needs_flush = false;
        }
        Ok(false)
    }

    fn read(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<bool, End> {
        // Straight into the frame's buffer. The future holds no state between
        // polls, so making it anew each time loses nothing.
        let read = pin!(self.stream.read_buf(self.decoder.buffer())).poll(cx);
        let count = match read {
            Poll::Pending => return Ok(false),
            // What TLS says of a stream that ends without a farewell: the frames
            // tell whether anything is missing.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(self.peer_closed());
            }
            Poll::Ready(Err(error)) => return Err(End::Io(error)),
            Poll::Ready(Ok(0)) => return Err(self.peer_closed()),
            Poll::Ready(Ok(count)) => count,
        };
        self.link.counters.received(count);
        let decoded = self.take_answers(now);
        // What came before something wrong was right.
        self.publish();
        decoded.map(|()| true)
    }

    fn take_answers(&mut self, now: Instant) -> Result<(), End> {
        while let Some(frame) = self.next_frame()? {
            self.take_answer(now, frame)?;
        }
        Ok(())
    }

    fn next_frame(&mut self) -> Result<Option<Bytes>, End> {
        self.decoder.next().map_err(|error| self.bad_frame(error))
    }

    fn take_answer(&mut self, now: Instant, frame: Bytes) -> Result<(), End> {
        if self.table.expects_token() {
            if let Some(Answered { reply, took }) = self.table.token_answered(now) {
                self.link.counters.answered(took);
                self.results.push((reply, Ok(frame)));
            }
            return Ok(());
        }
        let Some(id) = frame.first_chunk() else {
            return Err(End::Stump { len: frame.len() });
        };
        let id = i32::from_be_bytes(*id);
        let answered = self.table.answered(now, id);
        let Answered { reply, took } = answered.map_err(End::Mismatch)?;
        self.link.counters.answered(took);
        tracing::trace!(
            broker = %self.link.peer.broker, lane = %self.link.peer.lane, api = %reply.api,
            version = reply.version, id, len = frame.len(), ?took, "answered",
        );
        self.throttle(now, throttle::asked_for(reply.api, reply.version, &frame));
        self.results.push((reply, Ok(frame)));
        Ok(())
    }

    fn peer_closed(&self) -> End {
        // With a large maximum, TLS may have passed for a frame until now.
        if self.hears_tls() {
            return End::TlsListener;
        }
        let mid_answer = self.decoder.pending();
        End::PeerClosed { mid_answer }
    }

    fn bad_frame(&self, error: FrameError) -> End {
        if self.hears_tls() {
            return End::TlsListener;
        }
        End::Frame(error)
    }

    /// Whether all that has come, from the first byte on, looks like TLS.
    fn hears_tls(&self) -> bool {
        let received = self.link.counters.snapshot().bytes_received;
        received == self.decoder.pending() as u64
            && self.decoder.looks_like() == Some(FrameHint::Tls)
    }

    /// Enforces deadlines and the idle time; sets the timer for the next.
    fn watch_time(&mut self, cx: &mut Context<'_>) -> Option<End> {
        while let Some(wake) = self.next_wake() {
            // A timer that goes off too early costs less than moving it with
            // every request.
            if self.armed.is_none_or(|armed| wake < armed) {
                self.timer.as_mut().reset(wake.into());
                self.armed = Some(wake);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                break;
            }
            self.armed = None;
            let now = clock::now();
            if self.throttled_until.is_some_and(|until| until <= now) {
                // What was held back can go.
                self.throttled_until = None;
                cx.waker().wake_by_ref();
            }
            if matches!(&self.unwritable, Some((_, until)) if *until <= now) {
                // The next round ends it.
                cx.waker().wake_by_ref();
            }
            let expired = self.table.expire(now);
            self.link.counters.errors(expired.failed.len());
            for failed in expired.failed {
                let end = match self.is_throttled(now) {
                    true => End::Throttled,
                    false => End::Overdue(now),
                };
                let error = end.error_for(&failed, &end.reason(&self.link.peer), &self.link.peer);
                self.results.push((failed.reply, Err(error)));
            }
            self.publish();
            if expired.must_close {
                return Some(End::Overdue(now));
            }
            if self.table.is_idle(now) {
                let reason = || End::Idle.reason(&self.link.peer);
                if self.link.close_if_unused(reason) {
                    return Some(End::Idle);
                }
                // A request is just coming in; it has woken this task.
                break;
            }
        }
        None
    }

    fn next_wake(&self) -> Option<Instant> {
        let last_words = self.unwritable.as_ref().map(|(_, until)| *until);
        let all = [self.table.next_wake(), self.throttled_until, last_words];
        all.into_iter().flatten().min()
    }

    /// Gives the room back, then tells whose it was.
    fn publish(&mut self) {
        self.link.release(self.table.take_released());
        self.count_in_flight();
        for (reply, result) in self.results.drain(..) {
            // Whoever asked may have gone; then so has the need for the result.
            let _ = reply.sender.send(result);
        }
    }

    fn count_in_flight(&mut self) {
        let now = self.table.in_flight();
        if now != self.counted_in_flight {
            self.link.counters.in_flight(self.counted_in_flight, now);
            self.counted_in_flight = now;
        }
    }

    /// Tells everyone who waits, in the order of asking.
    fn finish(&mut self, end: &End) {
        self.ended = true;
        let reason = self.reason_of(end);
        let mut failed = self.table.fail_all(end.overdue_at());
        let unseen = self.link.end(&reason);
        let new = self.new.drain(..).chain(unseen);
        failed.extend(new.map(|request| Failed {
            reply: request.reply,
            possibly_written: false,
            timed_out: None,
            was_next: false,
        }));
        let lost = failed
            .iter()
            .filter(|failed| failed.possibly_written)
            .count();
        self.link.counters.lost(lost);
        self.link.counters.errors(failed.len());
        self.count_in_flight();
        self.log_end(end, &reason, failed.len(), lost);
        for failed in failed {
            let error = end.error_for(&failed, &reason, &self.link.peer);
            let _ = failed.reply.sender.send(Err(error));
        }
        self.link.announce_end();
    }

    /// For a timeout, the first one overdue; others fail because of it.
    fn reason_of(&self, end: &End) -> Error {
        let overdue = end
            .overdue_at()
            .and_then(|now| self.table.first_overdue(now));
        match overdue {
            Some((timeout, reply)) => Error::timeout("no answer", timeout)
                .with_api(reply.api)
                .with_broker(&self.link.peer.broker)
                .with_possibly_written(true),
            None => end.reason(&self.link.peer),
        }
    }

    fn log_end(&self, end: &End, reason: &Error, failed: usize, lost: usize) {
        let peer = &self.link.peer;
        if end.is_misbehaviour() {
            tracing::warn!(
                broker = %peer.broker, id = peer.broker.id, lane = %peer.lane,
                address = %peer.address, failed, lost, %reason, "connection closed",
            );
        } else {
            tracing::debug!(
                broker = %peer.broker, id = peer.broker.id, lane = %peer.lane,
                address = %peer.address, failed, lost, %reason, "connection closed",
            );
        }
    }
}

/// The runtime drops its tasks when it shuts down; who waits must not wait on.
impl Drop for Driver {
    fn drop(&mut self) {
        if !self.ended {
            self.finish(&End::RuntimeGone);
        }
    }
}
