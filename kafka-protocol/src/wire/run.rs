use super::body::Body;
use crate::Uuid;

/// Room for a row of numbers in a sink: counted once instead of once for each.
#[doc(hidden)]
#[derive(Debug)]
pub struct Run<'a, const LEN: usize> {
    /// What is left of `LEN` bytes.
    room: &'a mut [u8],
    filled: &'a mut usize,
}

impl<'a, const LEN: usize> Run<'a, LEN> {
    /// `body` has `LEN` initialised bytes ahead.
    #[inline(always)]
    pub(super) fn new(body: &'a mut Body) -> Self {
        let (ahead, filled) = body.parts();
        let room = ahead.get_mut(..LEN).unwrap_or_default();
        Self { room, filled }
    }

    /// The bytes of one number; those of all together are `LEN` at most.
    #[inline(always)]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        let room = std::mem::take(&mut self.room);
        if let Some((place, rest)) = room.split_first_chunk_mut() {
            *place = bytes;
            self.room = rest;
        }
    }

    #[inline(always)]
    pub fn put_bool(&mut self, value: bool) {
        self.put([value.into()]);
    }

    #[inline(always)]
    pub fn put_i8(&mut self, value: i8) {
        self.put(value.to_be_bytes());
    }

    #[inline(always)]
    pub fn put_i16(&mut self, value: i16) {
        self.put(value.to_be_bytes());
    }

    #[inline(always)]
    pub fn put_u16(&mut self, value: u16) {
        self.put(value.to_be_bytes());
    }

    #[inline(always)]
    pub fn put_i32(&mut self, value: i32) {
        self.put(value.to_be_bytes());
    }

    #[inline(always)]
    pub fn put_u32(&mut self, value: u32) {
        self.put(value.to_be_bytes());
    }

    #[inline(always)]
    pub fn put_i64(&mut self, value: i64) {
        self.put(value.to_be_bytes());
    }

    #[inline(always)]
    pub fn put_f64(&mut self, value: f64) {
        self.put(value.to_be_bytes());
    }

    #[inline(always)]
    pub fn put_uuid(&mut self, value: Uuid) {
        self.put(*value.as_bytes());
    }

    /// Counts what was put.
    #[inline(always)]
    pub fn finish(self) {
        *self.filled += LEN - self.room.len();
    }
}
