//! Bytes as they come in, most of which are thrown away unseen.

use std::io::{self, Read};
use std::mem::MaybeUninit;

use bytes::Bytes;
use socket2::Socket;

/// As much is read at once when something is to be looked at; what it has of a batch's
/// body was copied for nothing, so it is small.
const LOOK: usize = 2048;
/// Thrown away at once at most. No memory is written: this is only as large as the
/// kernel is told that it may throw away.
const DISCARD: usize = 1 << 20;
/// A request larger than this is none.
const FRAME_MAX: usize = 1 << 28;

pub(crate) struct Input<'a> {
    socket: &'a Socket,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Nothing is ever put there.
    nowhere: Vec<MaybeUninit<u8>>,
    /// Of the request that is being read.
    left: usize,
}

/// The first twelve bytes of a request, without its client id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) api_key: i16,
    pub(crate) api_version: i16,
    pub(crate) correlation_id: i32,
    /// The request's bytes with the length before it.
    pub(crate) frame_len: u64,
}

impl<'a> Input<'a> {
    pub(crate) fn new(socket: &'a Socket) -> Self {
        Self {
            socket,
            buffer: vec![0; LOOK],
            start: 0,
            end: 0,
            nowhere: vec![MaybeUninit::uninit(); DISCARD],
            left: 0,
        }
    }

    /// The header of the next request; none when the client has hung up.
    pub(crate) fn next_request(&mut self) -> io::Result<Option<Header>> {
        if self.start == self.end && !self.look()? {
            return Ok(None);
        }
        self.left = 4;
        let len = self.i32()?;
        self.left = usize::try_from(len)
            .ok()
            .filter(|len| *len <= FRAME_MAX)
            .ok_or_else(invalid)?;
        Ok(Some(Header {
            api_key: self.i16()?,
            api_version: self.i16()?,
            correlation_id: self.i32()?,
            frame_len: u64::from(len.unsigned_abs()) + 4,
        }))
    }

    /// The whole frame of a request of which only the header has been read, without the
    /// length before it.
    pub(crate) fn rest_of_frame(&mut self, header: &Header) -> io::Result<Bytes> {
        let mut frame = Vec::with_capacity(self.left + 8);
        frame.extend_from_slice(&header.api_key.to_be_bytes());
        frame.extend_from_slice(&header.api_version.to_be_bytes());
        frame.extend_from_slice(&header.correlation_id.to_be_bytes());
        let start = frame.len();
        frame.resize(start + self.left, 0);
        self.take(&mut frame[start..])?;
        Ok(frame.into())
    }

    pub(crate) fn i16(&mut self) -> io::Result<i16> {
        self.bytes().map(i16::from_be_bytes)
    }

    pub(crate) fn i32(&mut self) -> io::Result<i32> {
        self.bytes().map(i32::from_be_bytes)
    }

    /// A string with a length of 16 bits before it; null is empty.
    pub(crate) fn string(&mut self) -> io::Result<Vec<u8>> {
        let len = self.i16()?;
        let mut string = vec![0; usize::try_from(len).unwrap_or(0)];
        self.take(&mut string)?;
        Ok(string)
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.take(&mut bytes)?;
        Ok(bytes)
    }

    /// Throws bytes away; those not here yet in the kernel, uncopied.
    pub(crate) fn discard(&mut self, len: usize) -> io::Result<()> {
        self.left = self.left.checked_sub(len).ok_or_else(invalid)?;
        let here = len.min(self.end - self.start);
        self.start += here;
        let mut missing = len - here;
        while missing > 0 {
            let most = missing.min(DISCARD);
            let gone = self
                .socket
                .recv_with_flags(&mut self.nowhere[..most], libc::MSG_TRUNC)?;
            if gone == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            missing -= gone;
        }
        Ok(())
    }

    fn take(&mut self, mut into: &mut [u8]) -> io::Result<()> {
        self.left = self.left.checked_sub(into.len()).ok_or_else(invalid)?;
        while !into.is_empty() {
            if self.start == self.end && !self.look()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let here = into.len().min(self.end - self.start);
            into[..here].copy_from_slice(&self.buffer[self.start..self.start + here]);
            self.start += here;
            into = &mut into[here..];
        }
        Ok(())
    }

    /// `false` at the end of the stream.
    fn look(&mut self) -> io::Result<bool> {
        self.start = 0;
        self.end = self.socket.read(&mut self.buffer)?;
        Ok(self.end > 0)
    }
}

fn invalid() -> io::Error {
    io::ErrorKind::InvalidData.into()
}
