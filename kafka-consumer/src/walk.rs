//! What a fetch brought, seen from outside the batches.

use bytes::Buf;

/// Bytes before what a batch's length counts: its base offset and the length.
const PREFIX: usize = 12;
/// Where the format's number lies, in every format.
const MAGIC_AT: usize = 16;
/// Bytes of a batch's header from magic 2 on.
const HEADER: usize = 61;
/// The shortest message of the older formats, [`PREFIX`] included.
const SHORTEST_MESSAGE: usize = 26;

/// Where the batches of a fetch answer end, and with which offset.
///
/// Read from the headers alone, without checksums: the driver needs it to ask for
/// what comes next, while checking and decompressing wait until the caller takes
/// the batch. What the walk takes on trust is checked then.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Walk {
    /// Bytes of whole batches from the front.
    pub(crate) complete: usize,
    /// The offset after the last record of those; `None` if there is none.
    pub(crate) next_offset: Option<i64>,
    pub(crate) end: End,
}

/// What comes behind the last whole batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Nothing,
    /// A batch cut off by the size limit; its length, as far as it is known.
    Partial(Option<usize>),
    /// Something that is no batch, or that goes back in the log.
    Malformed,
}

impl Walk {
    pub(crate) fn over(data: &[u8]) -> Self {
        let mut walk = Self {
            complete: 0,
            next_offset: None,
            end: End::Nothing,
        };
        loop {
            let rest = data.get(walk.complete..).unwrap_or_default();
            if rest.is_empty() {
                return walk;
            }
            match Extent::of(rest) {
                Ok(Extent { len, .. }) if len > rest.len() => {
                    walk.end = End::Partial(Some(len));
                    return walk;
                }
                Ok(extent) if walk.next_offset.is_none_or(|next| extent.base >= next) => {
                    walk.complete += extent.len;
                    walk.next_offset = Some(extent.next);
                }
                Ok(_) | Err(Unreadable::Malformed) => {
                    walk.end = End::Malformed;
                    return walk;
                }
                Err(Unreadable::Short(len)) => {
                    walk.end = End::Partial(len);
                    return walk;
                }
            }
        }
    }
}

/// The first offset of the batch at the front, if it tells it, and the offset after
/// its last record.
///
/// A message of the older formats may hold others, and states the last of theirs.
pub(crate) fn first_batch(data: &[u8]) -> Option<(Option<i64>, i64)> {
    let extent = Extent::of(data).ok()?;
    let is_batch = data.get(MAGIC_AT) == Some(&2);
    Some((is_batch.then_some(extent.base), extent.next))
}

/// One batch, or one message of the older formats.
struct Extent {
    base: i64,
    next: i64,
    len: usize,
}

enum Unreadable {
    /// The data ends within the header.
    Short(Option<usize>),
    Malformed,
}

impl Extent {
    fn of(data: &[u8]) -> Result<Self, Unreadable> {
        let mut header = data;
        let (Ok(base), Ok(length)) = (header.try_get_i64(), header.try_get_i32()) else {
            return Err(Unreadable::Short(None));
        };
        let len = usize::try_from(length)
            .ok()
            .and_then(|length| length.checked_add(PREFIX))
            .filter(|&len| base >= 0 && len >= SHORTEST_MESSAGE)
            .ok_or(Unreadable::Malformed)?;
        let Some(&magic) = data.get(MAGIC_AT) else {
            return Err(Unreadable::Short(Some(len)));
        };
        let last_delta = match magic {
            0 | 1 => 0,
            2 if len < HEADER => return Err(Unreadable::Malformed),
            2 => {
                let Some(mut delta) = data.get(23..27) else {
                    return Err(Unreadable::Short(Some(len)));
                };
                i64::from(delta.get_i32())
            }
            _ => return Err(Unreadable::Malformed),
        };
        let next = base
            .checked_add(last_delta)
            .and_then(|last| last.checked_add(1))
            .filter(|_| last_delta >= 0)
            .ok_or(Unreadable::Malformed)?;
        Ok(Self { base, next, len })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A header of magic 2 with `body` bytes behind it.
    fn batch(base: i64, last_delta: i32, body: usize) -> Vec<u8> {
        let mut batch = Vec::new();
        batch.extend(base.to_be_bytes());
        batch.extend(i32::try_from(HEADER - PREFIX + body).unwrap().to_be_bytes());
        batch.extend([0; 4]);
        batch.push(2);
        batch.extend([0; 6]);
        batch.extend(last_delta.to_be_bytes());
        batch.resize(HEADER + body, 0);
        batch
    }

    fn check(data: &[u8], complete: usize, next_offset: Option<i64>, end: End) {
        assert_eq!(
            Walk::over(data),
            Walk {
                complete,
                next_offset,
                end
            }
        );
    }

    #[test]
    fn whole_batches_count_and_a_cut_one_does_not() {
        let mut data = batch(5, 2, 10);
        data.extend(batch(20, 0, 0));
        let whole = data.len();
        check(&data, whole, Some(21), End::Nothing);
        let next = batch(21, 9, 100);
        for cut in 1..next.len() {
            let mut data = data.clone();
            data.extend(&next[..cut]);
            let len = (cut >= PREFIX).then_some(next.len());
            check(&data, whole, Some(21), End::Partial(len));
        }
        check(&[], 0, None, End::Nothing);
    }

    #[test]
    fn a_first_batch_that_does_not_fit_tells_its_length() {
        let data = batch(5, 2, 100);
        check(&data[..70], 0, None, End::Partial(Some(161)));
        check(&data[..11], 0, None, End::Partial(None));
    }

    #[test]
    fn what_is_no_batch_ends_the_walk() {
        let good = batch(5, 2, 10);
        let bad: [Vec<u8>; 6] = [
            batch(7, 0, 0),
            batch(-1, 0, 0),
            batch(i64::MAX, 0, 0),
            batch(100, -1, 0),
            {
                let mut tiny = batch(100, 0, 0);
                tiny[8..12].copy_from_slice(&30_i32.to_be_bytes());
                tiny
            },
            {
                let mut unknown = batch(100, 0, 0);
                unknown[16] = 9;
                unknown
            },
        ];
        for bad in bad {
            let mut data = good.clone();
            data.extend(bad);
            check(&data, good.len(), Some(8), End::Malformed);
        }
        let mut negative = batch(5, 0, 0);
        negative[8..12].copy_from_slice(&(-5_i32).to_be_bytes());
        check(&negative, 0, None, End::Malformed);
    }

    #[test]
    fn older_messages_count_one_by_one() {
        let mut message = Vec::new();
        message.extend(7_i64.to_be_bytes());
        message.extend(14_i32.to_be_bytes());
        message.extend([0; 4]);
        message.push(1);
        message.resize(26, 0);
        check(&message, 26, Some(8), End::Nothing);
    }

    proptest! {
        #[test]
        fn any_bytes_end_the_walk_within_them(data in proptest::collection::vec(any::<u8>(), 0..300)) {
            let walk = Walk::over(&data);
            prop_assert!(walk.complete <= data.len());
            prop_assert_eq!(walk.next_offset.is_some(), walk.complete > 0);
        }

        #[test]
        fn cut_anywhere_the_whole_batches_are_found(
            sizes in proptest::collection::vec((0..200_usize, 0..5_i32), 1..8),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut data = Vec::new();
            let mut ends = vec![(0, None)];
            let mut base = 0;
            for (body, delta) in sizes {
                data.extend(batch(base, delta, body));
                base += i64::from(delta) + 1;
                ends.push((data.len(), Some(base)));
            }
            let cut = cut.index(data.len() + 1);
            let &(complete, next) = ends.iter().rev().find(|(end, _)| *end <= cut).unwrap();
            let walk = Walk::over(&data[..cut]);
            prop_assert_eq!((walk.complete, walk.next_offset), (complete, next));
        }
    }
}
