use bytes::Bytes;

use super::{Reader, Sink, make_room, unsigned_varint_len};
use crate::error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};

/// Tagged fields that this crate does not know in the version read (KIP-482),
/// in ascending order of their tags.
///
/// They are kept and written again, so that a proxy passes on what newer
/// brokers and clients say to each other. Empty costs no allocation.
///
/// One pointer, null where there is none: every flexible structure has this field,
/// and nearly always it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaggedFields(Option<Box<Unknown>>);

/// At least one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unknown(Vec<(u32, Bytes)>);

impl TaggedFields {
    /// No tagged field.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.fields().len()
    }

    /// Each tag with its raw contents, in ascending order of tags.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u32, &Bytes)> {
        self.fields().iter().map(|(tag, data)| (*tag, data))
    }

    /// The raw contents of one tag.
    pub fn get(&self, tag: u32) -> Option<&Bytes> {
        let fields = self.fields();
        let found = fields.binary_search_by_key(&tag, |(tag, _)| *tag).ok()?;
        fields.get(found).map(|(_, data)| data)
    }

    /// Sets the contents of one tag; returns what it held before.
    pub fn insert(&mut self, tag: u32, data: Bytes) -> Option<Bytes> {
        let Some(unknown) = &mut self.0 else {
            self.0 = Some(Box::new(Unknown(vec![(tag, data)])));
            return None;
        };
        let fields = &mut unknown.0;
        match fields.binary_search_by_key(&tag, |(tag, _)| *tag) {
            Ok(found) => fields
                .get_mut(found)
                .map(|(_, old)| std::mem::replace(old, data)),
            Err(place) => {
                fields.insert(place, (tag, data));
                None
            }
        }
    }

    fn fields(&self) -> &[(u32, Bytes)] {
        self.0.as_ref().map_or(&[], |unknown| &unknown.0)
    }

    /// Reads the section at the end of a flexible structure. `known` is asked
    /// with each tag and a reader over exactly its contents; it returns `false`,
    /// having read nothing, for a tag it does not know.
    #[inline]
    pub fn decode(
        reader: &mut Reader,
        known: impl FnMut(&mut Reader, u32) -> Result<bool, DecodeError>,
    ) -> Result<Self, DecodeError> {
        match reader.read_unsigned_varint()? {
            0 => Ok(Self::default()),
            count => Self::decode_fields(reader, count as usize, known),
        }
    }

    fn decode_fields(
        reader: &mut Reader,
        count: usize,
        mut known: impl FnMut(&mut Reader, u32) -> Result<bool, DecodeError>,
    ) -> Result<Self, DecodeError> {
        let remaining = reader.remaining();
        // A tag and a length take a byte each.
        if count > remaining / 2 {
            return Err(DecodeError::new(DecodeErrorKind::CountBeyondFrame {
                count,
                remaining,
            }));
        }
        let limit = reader.limits().max_tagged_fields;
        if count > limit {
            return Err(DecodeError::new(DecodeErrorKind::TooManyElements {
                count,
                limit,
            }));
        }
        let mut unknown = Vec::new();
        let mut previous = None;
        for left in (1..=count).rev() {
            let tag = reader.read_unsigned_varint()?;
            if let Some(previous) = previous.filter(|previous| tag <= *previous) {
                return Err(DecodeError::new(DecodeErrorKind::TagOrder {
                    tag,
                    previous,
                }));
            }
            previous = Some(tag);
            let len = reader.read_unsigned_varint()? as usize;
            let data = reader.within(len, |inner| {
                if known(inner, tag)? {
                    return Ok(None);
                }
                let len = inner.remaining();
                inner.read_slice(len).map(Some)
            })?;
            let Some(data) = data else { continue };
            if unknown.is_empty() {
                // Few of those left are known ones, if any: not worth growing for.
                let fields = left.saturating_mul(size_of::<(u32, Bytes)>());
                reader.charge(fields.saturating_add(size_of::<Unknown>()))?;
            }
            make_room(&mut unknown, left);
            unknown.push((tag, data));
        }
        Ok(if unknown.is_empty() {
            Self::new()
        } else {
            Self(Some(Box::new(Unknown(unknown))))
        })
    }

    /// Writes the section at the end of a flexible structure that knows no tag.
    #[inline]
    pub fn encode(&self, sink: &mut Sink) -> Result<(), EncodeError> {
        if self.is_empty() {
            sink.put_u8(0);
            return Ok(());
        }
        let mut writer = self.writer(sink, 0)?;
        writer.finish(sink)
    }

    /// Bytes of the section when `known_count` known fields take `known_len`
    /// bytes, their tags and lengths included.
    pub fn encoded_len(&self, known_count: usize, known_len: usize) -> usize {
        if self.is_empty() && known_count == 0 {
            return 1;
        }
        let unknown = self.fields().iter().map(|(tag, data)| {
            unsigned_varint_len(*tag) + unsigned_varint_len(data.len() as u32) + data.len()
        });
        unsigned_varint_len((known_count + self.len()) as u32) + known_len + unknown.sum::<usize>()
    }

    /// Starts the section for a structure that writes `known_count` known
    /// fields too, merged in the order of their tags.
    #[doc(hidden)]
    #[inline]
    pub fn writer<'a>(
        &'a self,
        sink: &mut Sink,
        known_count: usize,
    ) -> Result<TaggedWriter<'a>, EncodeError> {
        let count = u32::try_from(known_count + self.len()).map_err(|_| too_long(self.len()))?;
        sink.put_unsigned_varint(count);
        Ok(TaggedWriter {
            unknown: self.fields(),
        })
    }
}

/// Collects fields in any order; of a tag given twice the last one stays.
impl FromIterator<(u32, Bytes)> for TaggedFields {
    fn from_iter<I: IntoIterator<Item = (u32, Bytes)>>(fields: I) -> Self {
        let mut collected: Vec<_> = fields.into_iter().collect();
        collected.sort_by_key(|(tag, _)| *tag);
        collected.dedup_by(|later, earlier| {
            let twice = later.0 == earlier.0;
            if twice {
                std::mem::swap(later, earlier);
            }
            twice
        });
        if collected.is_empty() {
            return Self::new();
        }
        Self(Some(Box::new(Unknown(collected))))
    }
}

/// Writes known and unknown tagged fields in the order of their tags.
#[doc(hidden)]
#[derive(Debug)]
pub struct TaggedWriter<'a> {
    unknown: &'a [(u32, Bytes)],
}

impl TaggedWriter<'_> {
    /// Announces a known field whose contents of `len` bytes are written next.
    pub fn known(&mut self, sink: &mut Sink, tag: u32, len: usize) -> Result<(), EncodeError> {
        self.unknown_below(sink, Some(tag))?;
        self.absent(tag)?;
        put_head(sink, tag, len)
    }

    /// Passes over a known field that is not written, called in the order of the
    /// tags too: no unknown one may be read in its place.
    #[inline]
    pub fn absent(&self, tag: u32) -> Result<(), EncodeError> {
        match self.unknown.binary_search_by_key(&tag, |(tag, _)| *tag) {
            Err(_) => Ok(()),
            Ok(_) => Err(EncodeError::new(EncodeErrorKind::TagCollision(tag))),
        }
    }

    /// Writes the unknown fields that are left.
    pub fn finish(&mut self, sink: &mut Sink) -> Result<(), EncodeError> {
        self.unknown_below(sink, None)
    }

    fn unknown_below(&mut self, sink: &mut Sink, bound: Option<u32>) -> Result<(), EncodeError> {
        while let Some(((tag, data), rest)) = self.unknown.split_first() {
            if bound.is_some_and(|bound| *tag >= bound) {
                break;
            }
            put_head(sink, *tag, data.len())?;
            sink.put_shared(data.clone());
            self.unknown = rest;
        }
        Ok(())
    }
}

fn put_head(sink: &mut Sink, tag: u32, len: usize) -> Result<(), EncodeError> {
    let len = i32::try_from(len).map_err(|_| too_long(len))?;
    sink.put_unsigned_varint(tag);
    sink.put_unsigned_varint(len as u32);
    Ok(())
}

#[cold]
fn too_long(len: usize) -> EncodeError {
    EncodeError::new(EncodeErrorKind::TooLong {
        len,
        max: i32::MAX as usize,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Limits;

    fn decode(bytes: &'static [u8]) -> Result<TaggedFields, DecodeError> {
        let mut reader = Reader::new(Bytes::from_static(bytes));
        let fields = TaggedFields::decode(&mut reader, |_, _| Ok(false))?;
        reader.expect_end()?;
        Ok(fields)
    }

    #[test]
    fn unknown_fields_are_written_as_they_were_read() {
        let bytes = b"\x03\x00\x01a\x05\x00\x80\x01\x02bc";
        let fields = decode(bytes).unwrap();
        assert_eq!(fields.len(), 3);
        assert_eq!(fields.get(128).unwrap(), "bc");
        assert_eq!(fields.get(1), None);
        assert_eq!(fields.encoded_len(0, 0), bytes.len());
        let mut sink = Sink::new();
        fields.encode(&mut sink).unwrap();
        assert_eq!(sink.finish().into_bytes(), &bytes[..]);
    }

    #[test]
    fn hostile_sections_are_refused() {
        let check = |bytes: &'static [u8], expected| {
            assert_eq!(decode(bytes).unwrap_err().kind(), &expected, "{bytes:x?}");
        };
        check(
            b"\x02\x01\x00\x01\x00",
            DecodeErrorKind::TagOrder {
                tag: 1,
                previous: 1,
            },
        );
        check(
            b"\x02\x02\x00\x01\x00",
            DecodeErrorKind::TagOrder {
                tag: 1,
                previous: 2,
            },
        );
        check(
            b"\x02\x02\x00",
            DecodeErrorKind::CountBeyondFrame {
                count: 2,
                remaining: 2,
            },
        );
        check(b"\x01\x02\x05a", DecodeErrorKind::Missing(4));
        check(b"", DecodeErrorKind::Missing(1));
    }

    #[test]
    fn unknown_fields_are_charged_before_they_are_kept() {
        let bytes = Bytes::from_static(b"\x03\x01\x00\x02\x00\x03\x00");
        let read = |max_allocation| {
            let limits = Limits {
                max_allocation,
                ..Limits::default()
            };
            let mut reader = Reader::with_limits(bytes.clone(), limits);
            TaggedFields::decode(&mut reader, |_, tag| Ok(tag == 1))
        };
        let needed = 2 * size_of::<(u32, Bytes)>() + size_of::<Unknown>();
        let fields = read(needed).unwrap();
        assert_eq!((fields.len(), fields.0.unwrap().0.capacity()), (2, 2));
        assert_eq!(
            read(needed - 1).unwrap_err().kind(),
            &DecodeErrorKind::OverBudget {
                needed,
                left: needed - 1
            }
        );
    }

    #[test]
    fn a_known_field_must_use_its_bytes_exactly() {
        let read = |bytes: &'static [u8]| {
            let mut found = None;
            let mut reader = Reader::new(Bytes::from_static(bytes));
            TaggedFields::decode(&mut reader, |reader, tag| {
                if tag == 1 {
                    found = Some(reader.read_i16()?);
                }
                Ok(tag == 1)
            })
            .map(|unknown| (found, unknown.len()))
        };
        assert_eq!(read(b"\x02\x01\x02\x00\x07\x02\x00"), Ok((Some(7), 1)));
        assert_eq!(
            read(b"\x01\x01\x03\x00\x07\x00").unwrap_err().kind(),
            &DecodeErrorKind::Trailing(1)
        );
        assert_eq!(
            read(b"\x01\x01\x01\x00\x07").unwrap_err().kind(),
            &DecodeErrorKind::Missing(1)
        );
    }

    #[test]
    fn known_and_unknown_fields_are_merged_by_tag() {
        let unknown =
            TaggedFields::from_iter([(7, Bytes::from_static(b"z")), (0, Bytes::from_static(b"a"))]);
        let mut sink = Sink::new();
        let mut writer = unknown.writer(&mut sink, 1).unwrap();
        writer.known(&mut sink, 3, 1).unwrap();
        sink.put_u8(b'k');
        writer.finish(&mut sink).unwrap();
        assert_eq!(unknown.encoded_len(1, 3), sink.len());
        assert_eq!(
            sink.finish().into_bytes(),
            "\x03\x00\x01a\x03\x01k\x07\x01z"
        );

        let mut sink = Sink::new();
        let mut writer = unknown.writer(&mut sink, 1).unwrap();
        for error in [writer.absent(7), writer.known(&mut sink, 7, 1)] {
            assert_eq!(error.unwrap_err().kind(), &EncodeErrorKind::TagCollision(7));
        }
    }

    #[test]
    fn collected_in_order_and_the_last_of_each_tag() {
        assert_eq!(TaggedFields::from_iter([]), TaggedFields::new());
        let fields = [(9, "a"), (2, "b"), (9, "c"), (4, "d"), (9, "e"), (2, "f")];
        let fields: TaggedFields = fields
            .map(|(tag, data)| (tag, Bytes::from_static(data.as_bytes())))
            .into_iter()
            .collect();
        let found: Vec<_> = fields.iter().collect();
        let expected = [(2, "f"), (4, "d"), (9, "e")];
        assert_eq!(found.len(), expected.len());
        for ((tag, data), (expected_tag, expected)) in found.into_iter().zip(expected) {
            assert_eq!((tag, &data[..]), (expected_tag, expected.as_bytes()));
        }
    }
}
