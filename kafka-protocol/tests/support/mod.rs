//! What the tests over all messages share.

#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod codecs;
pub(crate) mod generator;
mod headers;
pub(crate) mod mutate;
pub(crate) mod vectors;
pub(crate) mod wide;
