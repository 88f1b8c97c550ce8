use std::fmt;

use bytes::{Bytes, BytesMut};

/// Cuts a byte stream into frames.
///
/// Pure: read from the socket into [`FrameDecoder::buffer`], then take frames
/// with [`FrameDecoder::next`] until it returns `None`. A length is checked
/// before a byte is allocated for it. A frame comes out as a slice of the read
/// buffer, without its length prefix and without a copy.
#[derive(Debug)]
pub struct FrameDecoder {
    buffer: BytesMut,
    max_len: usize,
    preallocate: usize,
}

impl FrameDecoder {
    /// A decoder that refuses frames of more than `max_len` bytes.
    pub fn new(max_len: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            max_len,
            preallocate: DEFAULT_PREALLOCATE,
        }
    }

    /// Reserves the whole frame at once up to `bytes` (default 32 KiB). Beyond
    /// it the buffer doubles as data arrives, so that a peer's claim alone
    /// cannot take the memory. A client that asked for that much sets it to
    /// what it asked for.
    #[must_use]
    pub fn preallocate(mut self, bytes: usize) -> Self {
        self.preallocate = bytes;
        self
    }

    /// Where to append what was read, with room made: for the rest of the frame
    /// that is under way where its length is known, for a few small frames
    /// otherwise.
    pub fn buffer(&mut self) -> &mut BytesMut {
        let wanted = match self.claimed_len() {
            Some(Ok(len)) => {
                let whole = PREFIX_LEN + len;
                let allowed = self.preallocate.max(2 * self.buffer.len()).max(READ_LEN);
                whole.min(allowed)
            }
            // After an error nothing more is read.
            Some(Err(_)) => 0,
            // Frames that were taken out keep their buffer alive: it is used up
            // before there is another.
            None if self.buffer.capacity() - self.buffer.len() >= READ_LEN / 4 => 0,
            None => READ_LEN,
        };
        self.buffer
            .reserve(wanted.saturating_sub(self.buffer.len()).max(1));
        &mut self.buffer
    }

    /// The next complete frame without its length prefix, `None` when more
    /// bytes are needed.
    ///
    /// # Errors
    ///
    /// When the length is negative or above the maximum. The stream has lost
    /// its place then: close the connection.
    #[expect(
        clippy::should_implement_trait,
        reason = "fallible, and `None` is not the end"
    )]
    pub fn next(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(len) = self.claimed_len().transpose()? else {
            return Ok(None);
        };
        let whole = PREFIX_LEN + len;
        if self.buffer.len() < whole {
            return Ok(None);
        }
        let mut frame = self.buffer.split_to(whole).freeze();
        Ok(Some(frame.split_off(PREFIX_LEN)))
    }

    /// Bytes of a frame that is not complete yet: more than zero when the
    /// stream ends in the middle of one.
    pub fn pending(&self) -> usize {
        self.buffer.len()
    }

    /// What the bytes of an incomplete frame look like, if not Kafka's: lengths
    /// below the maximum may be another protocol's first bytes.
    pub fn looks_like(&self) -> Option<FrameHint> {
        FrameHint::of(self.buffer.first_chunk()?)
    }

    fn claimed_len(&self) -> Option<Result<usize, FrameError>> {
        let prefix = self.buffer.first_chunk::<PREFIX_LEN>()?;
        let claimed = i32::from_be_bytes(*prefix);
        Some(match usize::try_from(claimed) {
            Ok(len) if len <= self.max_len => Ok(len),
            Ok(len) => Err(FrameError::TooLarge {
                len,
                max: self.max_len,
                hint: FrameHint::of(prefix),
            }),
            Err(_) => Err(FrameError::Negative {
                len: claimed,
                hint: FrameHint::of(prefix),
            }),
        })
    }
}

const PREFIX_LEN: usize = 4;

/// Room for reading when no frame is under way.
const READ_LEN: usize = 16 * 1024;

const DEFAULT_PREALLOCATE: usize = 32 << 10;

/// A length prefix that cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The frame claims to be longer than is allowed.
    #[error("frame of {len} bytes is above the limit of {max}{}", Hinted(*.hint))]
    TooLarge {
        /// The claimed length.
        len: usize,
        /// The limit.
        max: usize,
        /// What the peer seems to speak, if not Kafka.
        hint: Option<FrameHint>,
    },
    /// The frame claims a negative length.
    #[error("frame length {len} is negative{}", Hinted(*.hint))]
    Negative {
        /// The claimed length.
        len: i32,
        /// What the peer seems to speak, if not Kafka.
        hint: Option<FrameHint>,
    },
}

impl FrameError {
    /// What the peer seems to speak, if not Kafka's protocol in the clear.
    pub fn hint(&self) -> Option<FrameHint> {
        match self {
            Self::TooLarge { hint, .. } | Self::Negative { hint, .. } => *hint,
        }
    }
}

/// What four bytes that are no length look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameHint {
    /// A TLS record: the port expects TLS, or the peer does.
    Tls,
    /// The start of an HTTP request or response.
    Http,
}

impl FrameHint {
    fn of(start: &[u8; PREFIX_LEN]) -> Option<Self> {
        match start {
            // Alert or handshake record, protocol 3.x.
            [0x15 | 0x16, 3, 0..=4, _] => Some(Self::Tls),
            b"HTTP" | b"GET " | b"POST" | b"PUT " | b"HEAD" | b"OPTI" | b"DELE" | b"CONN"
            | b"PRI " => Some(Self::Http),
            _ => None,
        }
    }
}

struct Hinted(Option<FrameHint>);

impl fmt::Display for Hinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(FrameHint::Tls) => f.write_str(": the peer seems to speak TLS"),
            Some(FrameHint::Http) => f.write_str(": the peer seems to speak HTTP"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoder(bytes: &[u8]) -> FrameDecoder {
        let mut decoder = FrameDecoder::new(100);
        decoder.buffer().extend_from_slice(bytes);
        decoder
    }

    #[test]
    fn frames_come_out_however_the_stream_is_cut() {
        let stream = b"\0\0\0\x03abc\0\0\0\0\0\0\0\x01d";
        for cut in 0..=stream.len() {
            let (first, second) = stream.split_at(cut);
            let mut decoder = FrameDecoder::new(100);
            let mut frames = Vec::new();
            for part in [first, second] {
                decoder.buffer().extend_from_slice(part);
                while let Some(frame) = decoder.next().unwrap() {
                    frames.push(frame);
                }
            }
            assert_eq!(frames, ["abc", "", "d"]);
            assert_eq!(decoder.pending(), 0);
        }
    }

    #[test]
    fn lengths_that_are_none() {
        let check = |bytes: &[u8], expected: &str| {
            let error = decoder(bytes).next().unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check(
            b"\0\0\0\x65",
            "frame of 101 bytes is above the limit of 100",
        );
        check(
            b"\x7f\xff\xff\xff",
            "frame of 2147483647 bytes is above the limit of 100",
        );
        check(b"\xff\xff\xff\xff", "frame length -1 is negative");
        check(
            b"HTTP/1.1 400",
            "frame of 1213486160 bytes is above the limit of 100: the peer seems to speak HTTP",
        );
        check(
            &[0x15, 3, 3, 0, 2, 2],
            "frame of 352518912 bytes is above the limit of 100: the peer seems to speak TLS",
        );
    }

    #[test]
    fn memory_follows_the_bytes_received_not_the_claim() {
        let mut decoder = FrameDecoder::new(usize::MAX).preallocate(1 << 16);
        decoder.buffer().extend_from_slice(&i32::MAX.to_be_bytes());
        assert!(decoder.buffer().capacity() <= 1 << 17);
        for _ in 0..100 {
            let room = decoder.buffer().capacity() - decoder.pending();
            let len = room.min(100_000);
            decoder.buffer().extend_from_slice(&vec![0; len]);
            let (held, received) = (decoder.buffer().capacity(), decoder.pending());
            assert!(
                held <= 4 * received.max(1 << 16),
                "{held} held for {received}"
            );
        }
        assert_eq!(decoder.next(), Ok(None));
    }

    #[test]
    fn small_frames_share_a_buffer() {
        let mut decoder = FrameDecoder::new(100);
        let mut frames = Vec::new();
        for _ in 0..500 {
            decoder.buffer().extend_from_slice(b"\0\0\0\x03abc");
            frames.extend(decoder.next().unwrap());
        }
        let mut buffers = 1;
        for pair in frames.windows(2) {
            let [a, b] = pair else { panic!("{pair:?}") };
            buffers += usize::from(a.as_ptr().wrapping_add(7) != b.as_ptr());
        }
        assert_eq!((frames.len(), buffers), (500, 1));
    }

    #[test]
    fn a_known_frame_is_reserved_at_once() {
        let mut decoder = FrameDecoder::new(usize::MAX).preallocate(1 << 20);
        decoder
            .buffer()
            .extend_from_slice(&500_000i32.to_be_bytes());
        let buffer = decoder.buffer();
        assert!(buffer.capacity() >= 500_004);
        let before = buffer.as_ptr();
        buffer.extend_from_slice(&vec![0; 500_000]);
        assert_eq!(buffer.as_ptr(), before, "not moved while it fills");
        assert_eq!(decoder.next().unwrap().unwrap().len(), 500_000);
    }
}
