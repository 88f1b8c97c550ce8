//! What derived code reads with: each value into its place, since structures are
//! large and moving one costs more than most fields.

use bytes::Bytes;

use super::Reader;
use super::reader::unexpected_null;
use crate::error::DecodeError;
use crate::{RecordBytes, StrBytes};

impl Reader {
    /// The same as [`Reader::read_string`], into its place.
    #[doc(hidden)]
    pub fn fill_string(&mut self, place: &mut StrBytes, flexible: bool) -> Result<(), DecodeError> {
        let len = self.string_len(flexible)?.ok_or_else(unexpected_null)?;
        // What is in place is the default already, or must not stay.
        if len != 0 || !place.is_empty() {
            *place = self.text(len)?;
        }
        Ok(())
    }

    /// A string or, if `nullable`, null, into its place.
    #[doc(hidden)]
    pub fn fill_nullable_string(
        &mut self,
        place: &mut Option<StrBytes>,
        flexible: bool,
        nullable: bool,
    ) -> Result<(), DecodeError> {
        match self.string_len(flexible)? {
            // What is in place is often the same.
            Some(0) if place.as_ref().is_some_and(|text| text.is_empty()) => {}
            Some(len) => *place = Some(self.text(len)?),
            None if nullable => *place = None,
            None => return Err(unexpected_null()),
        }
        Ok(())
    }

    /// The same as [`Reader::read_bytes`], into its place.
    #[doc(hidden)]
    pub fn fill_bytes(&mut self, place: &mut Bytes, flexible: bool) -> Result<(), DecodeError> {
        *place = self.read_bytes(flexible)?;
        Ok(())
    }

    /// Bytes or, if `nullable`, null, into their place.
    #[doc(hidden)]
    pub fn fill_nullable_bytes(
        &mut self,
        place: &mut Option<Bytes>,
        flexible: bool,
        nullable: bool,
    ) -> Result<(), DecodeError> {
        match self.read_len(flexible)? {
            Some(len) => *place = Some(self.read_slice(len)?),
            None if nullable => *place = None,
            None => return Err(unexpected_null()),
        }
        Ok(())
    }

    /// The same as [`Reader::read_records`], into its place.
    #[doc(hidden)]
    pub fn fill_records(
        &mut self,
        place: &mut RecordBytes,
        flexible: bool,
    ) -> Result<(), DecodeError> {
        *place = self.read_records(flexible)?;
        Ok(())
    }

    /// Record data or, if `nullable`, null, into its place.
    #[doc(hidden)]
    pub fn fill_nullable_records(
        &mut self,
        place: &mut Option<RecordBytes>,
        flexible: bool,
        nullable: bool,
    ) -> Result<(), DecodeError> {
        match self.read_len(flexible)? {
            Some(len) => *place = Some(RecordBytes::from(self.read_slice(len)?)),
            None if nullable => *place = None,
            None => return Err(unexpected_null()),
        }
        Ok(())
    }

    /// An array of values of `N` bytes each that must not be null, into its place.
    #[doc(hidden)]
    pub fn fill_scalars<const N: usize, T>(
        &mut self,
        place: &mut Vec<T>,
        flexible: bool,
        from_bytes: impl Fn([u8; N]) -> T,
    ) -> Result<(), DecodeError> {
        let count = self.read_count::<T>(flexible, N)?;
        *place = self.scalars(count.ok_or_else(unexpected_null)?, from_bytes);
        Ok(())
    }

    /// An array of values of `N` bytes each or, if `nullable`, null, into its place.
    #[doc(hidden)]
    pub fn fill_nullable_scalars<const N: usize, T>(
        &mut self,
        place: &mut Option<Vec<T>>,
        flexible: bool,
        nullable: bool,
        from_bytes: impl Fn([u8; N]) -> T,
    ) -> Result<(), DecodeError> {
        match self.read_count::<T>(flexible, N)? {
            Some(count) => *place = Some(self.scalars(count, from_bytes)),
            None if nullable => *place = None,
            None => return Err(unexpected_null()),
        }
        Ok(())
    }
}
