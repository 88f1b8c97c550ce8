//! Connections and pools against scripted brokers on an in-memory network, under
//! a paused clock.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy sees tests only where a function is one"
)]

mod addresses;
mod drops;
mod faults;
mod greedy;
mod handshake;
mod pool;
mod proxy;
mod requests;
mod support;
mod tcp;
mod throttle;
