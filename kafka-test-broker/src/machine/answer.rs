use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::wire::{Segments, Sink};

use crate::faults::{Ending, FaultSet};

/// The bytes of the length in front of a frame.
const PREFIX_LEN: usize = 4;

/// An answer as it goes out, in whatever shape the faults leave it.
#[derive(Debug)]
pub(super) struct Answer {
    pub frames: Vec<Segments>,
    pub close: bool,
    /// Nothing more is ever sent on the connection.
    pub silence: bool,
}

impl Answer {
    /// `frame` includes its length.
    pub(super) fn new(frame: Segments, ending: Option<Ending>, faults: &mut FaultSet) -> Self {
        let mut answer = Self {
            frames: Vec::new(),
            close: false,
            silence: false,
        };
        match ending {
            None => answer.frames.push(frame),
            Some(Ending::DropBeforeApply | Ending::DropAfterApply) => answer.close = true,
            Some(Ending::CloseAfterAnswer) => {
                answer.frames.push(frame);
                answer.close = true;
            }
            Some(Ending::Truncate) => {
                let whole = frame.into_bytes();
                answer.frames.push(segments(whole.slice(..whole.len() / 2)));
                answer.close = true;
            }
            Some(Ending::Garbage) => {
                let garbage = faults.garbage(frame.len().saturating_sub(PREFIX_LEN));
                answer
                    .frames
                    .push(replaced(&frame.into_bytes(), PREFIX_LEN, &garbage));
            }
            Some(Ending::WrongCorrelationId) => {
                let whole = frame.into_bytes();
                let wrong: Vec<u8> = whole
                    .iter()
                    .skip(PREFIX_LEN)
                    .take(4)
                    .map(|byte| byte ^ 0x5a)
                    .collect();
                answer.frames.push(replaced(&whole, PREFIX_LEN, &wrong));
            }
            Some(Ending::OversizedLength) => {
                answer
                    .frames
                    .push(replaced(&frame.into_bytes(), 0, &i32::MAX.to_be_bytes()));
            }
            Some(Ending::DuplicateAnswer) => {
                answer.frames.push(frame.clone());
                answer.frames.push(frame);
            }
            Some(Ending::Silence) => answer.silence = true,
        }
        answer
    }
}

/// `whole` with `bytes` in the place of what is at `at`.
fn replaced(whole: &Bytes, at: usize, bytes: &[u8]) -> Segments {
    let mut changed = BytesMut::with_capacity(whole.len());
    changed.put_slice(&whole[..at.min(whole.len())]);
    changed.put_slice(bytes);
    changed.put_slice(whole.get(at + bytes.len()..).unwrap_or_default());
    segments(changed.freeze())
}

fn segments(bytes: Bytes) -> Segments {
    let mut sink = Sink::new();
    sink.put_shared(bytes);
    sink.finish()
}
