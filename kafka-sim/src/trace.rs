//! What happened in a run, in order, and its fingerprint.

use std::fmt::{self, Display, Write as _};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;

use tokio::time::Instant;

/// The log of one simulated run: every event with its virtual time.
///
/// Two runs of the same seed are the same run exactly when their [hashes](Trace::hash) are
/// equal: the network notes the size and time of every chunk it delivers, so that any
/// difference in behaviour shows. Cloning gives another handle to the same trace.
#[derive(Clone)]
pub struct Trace {
    shared: Arc<Mutex<Shared>>,
    started: Instant,
}

struct Shared {
    hash: Fnv1a,
    events: u64,
    kept: Option<Vec<String>>,
}

impl Shared {
    fn note(&mut self, at: Duration, event: &dyn Display) {
        self.events += 1;
        // Writing into a hash or a string can't fail.
        let _ = writeln!(self.hash, "{} {event}", at.as_nanos());
        if let Some(kept) = &mut self.kept {
            kept.push(format!("{:>10.3} ms  {event}", at.as_secs_f64() * 1e3));
        }
    }
}

impl Trace {
    /// An empty trace that starts now; `keep` also keeps the text of every event, for
    /// printing, instead of its hash alone.
    pub(crate) fn start(keep: bool) -> Self {
        Self {
            shared: Arc::new(Mutex::new(Shared {
                hash: Fnv1a::default(),
                events: 0,
                kept: keep.then(Vec::new),
            })),
            started: Instant::now(),
        }
    }

    /// Appends an event. Say what happened and to whom; the virtual time is added.
    pub fn note(&self, event: impl Display) {
        let at = self.virtual_time();
        self.lock().note(at, &event);
    }

    /// As [`note`](Self::note), but for an event that comes out of another's text.
    pub(crate) fn note_if_free(&self, event: impl Display) {
        let at = self.virtual_time();
        match self.shared.try_lock() {
            Ok(mut shared) => shared.note(at, &event),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().note(at, &event),
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// A chunk of so many bytes has arrived over a link, read by the end that `sign` points
    /// to: as [`note`](Self::note) of `{sign}{link} {len}`. Nearly all events of a run are
    /// of this kind, which is why this one does without the machinery of formatting.
    pub(crate) fn note_chunk(&self, now: Instant, sign: char, link: u64, len: usize) {
        let at = self.time_of(now);
        let mut shared = self.lock();
        if shared.kept.is_some() {
            return shared.note(at, &format_args!("{sign}{link} {len}"));
        }
        shared.events += 1;
        let hash = &mut shared.hash;
        // No run lasts for centuries.
        hash.decimal(u64::try_from(at.as_nanos()).unwrap_or(u64::MAX));
        hash.text(" ");
        hash.text(sign.encode_utf8(&mut [0; 4]));
        hash.decimal(link);
        hash.text(" ");
        hash.decimal(len as u64);
        hash.text("\n");
    }

    /// Adds an explanation to the kept events, if they are kept: for readers, it changes
    /// nothing of the hash or the count.
    pub(crate) fn remark(&self, text: impl FnOnce() -> String) {
        if let Some(kept) = &mut self.lock().kept {
            kept.push(format!("{:>14}{}", "", text()));
        }
    }

    /// Virtual time since the start of the run.
    pub fn virtual_time(&self) -> Duration {
        self.time_of(Instant::now())
    }

    /// The same, of an instant.
    pub(crate) fn time_of(&self, instant: Instant) -> Duration {
        instant.duration_since(self.started)
    }

    /// The fingerprint of everything so far.
    pub fn hash(&self) -> u64 {
        self.lock().hash.0
    }

    /// Number of events so far.
    pub fn events(&self) -> u64 {
        self.lock().events
    }

    /// The kept events as lines; empty unless the run was asked to keep them.
    pub fn lines(&self) -> Vec<String> {
        self.lock().kept.clone().unwrap_or_default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trace({} events, {:016x})", self.events(), self.hash())
    }
}

/// FNV-1a, 64 bits: stable over platforms and releases, unlike the standard hasher.
struct Fnv1a(u64);

impl Default for Fnv1a {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv1a {
    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// As the text of the number.
    fn decimal(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut begin = digits.len();
        let mut rest = number;
        loop {
            begin -= 1;
            digits[begin] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.bytes(&digits[begin..]);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

impl fmt::Write for Fnv1a {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> u64 {
        let mut hash = Fnv1a::default();
        hash.write_str(text).unwrap();
        hash.0
    }

    #[test]
    fn fnv1a_published_vectors() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_number_counts_as_its_text() {
        for number in [0, 9, 10, 1_000_000_007, u64::MAX] {
            let mut as_number = Fnv1a::default();
            as_number.decimal(number);
            assert_eq!(as_number.0, hash(&number.to_string()), "{number}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_chunk_is_an_event_like_others() {
        let (a, b, kept) = (Trace::start(false), Trace::start(false), Trace::start(true));
        for (millis, link, len) in [(0, 0, 1), (1, 7, 4096), (123_456_789, u64::MAX, 65_536)] {
            tokio::time::advance(Duration::from_millis(millis)).await;
            a.note(format_args!(">{link} {len}"));
            b.note_chunk(Instant::now(), '>', link, len);
            kept.note_chunk(Instant::now(), '>', link, len);
        }
        assert_eq!((a.hash(), a.events()), (b.hash(), b.events()));
        assert_eq!((a.hash(), a.events()), (kept.hash(), kept.events()));
        assert!(kept.lines()[1].ends_with("1.000 ms  >7 4096"));
    }

    #[tokio::test(start_paused = true)]
    async fn time_and_order_count() {
        let (a, b) = (Trace::start(true), Trace::start(false));
        a.note("x");
        b.note("x");
        assert_eq!(a.hash(), b.hash());
        tokio::time::advance(Duration::from_millis(1)).await;
        a.note("y");
        assert_ne!(a.hash(), b.hash());
        assert_eq!(a.events(), 2);
        assert!(a.lines()[1].contains("1.000 ms  y"), "{:?}", a.lines());
        assert!(b.lines().is_empty());
    }
}
