//! What the coordinators of groups keep.

mod offsets;

pub(crate) use offsets::{CommittedOffset, OffsetStore};
