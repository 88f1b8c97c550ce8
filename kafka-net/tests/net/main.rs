//! Connections and pools against scripted brokers on an in-memory network, under
//! a paused clock.

mod faults;
mod handshake;
mod pool;
mod requests;
mod support;
