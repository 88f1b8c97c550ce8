//! ???
pub mod classic;
pub mod consumer;
pub mod share;
pub mod streams;
