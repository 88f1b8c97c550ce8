//! The records of `__consumer_offsets`: the groups of every kind, and the
//! positions of consumers.

pub mod classic;
pub mod consumer;
pub mod share;
pub mod streams;
