//! Connections and pools by TLS: brokers behind rustls on an in-memory network,
//! and the embedded cluster's own TLS on sockets.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy sees tests only where a function is one"
)]

mod authority;
mod client_certificates;
mod detours;
mod listeners;
mod login;
mod repeating;
mod rotation;
mod streams;
mod support;
mod trust;
