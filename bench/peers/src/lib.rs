//! The codecs of this project beside a bare loop and beside the published
//! `kafka-protocol` crate, on the same bytes and in one run.
//!
//! `times` measures, `allocations` counts (a counting allocator would slow down
//! whoever allocates more, so the two are separate programs). Both print lines of
//! fields with tabs between; `cargo xtask bench protocol` makes a table of them.

// The shared data calls it so.
extern crate ours as kafka_protocol;

mod case;
pub mod cases;
pub mod clock;
#[path = "../../../kafka-protocol/benches/data/mod.rs"]
mod data;
mod sum;

pub use case::{Case, Column};
