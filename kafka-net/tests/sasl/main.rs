//! Logging in, against the embedded cluster under a paused clock.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy sees tests only where a function is one"
)]

mod login;
mod renewal;
mod support;
