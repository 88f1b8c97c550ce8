//! Dialogues with the brokers in raw messages: for every API what is answered,
//! in every version, and what is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a dialogue that takes another turn is a failed test"
)]

mod admin;
mod brokers;
mod classic_groups;
mod classic_groups_admin;
mod client;
mod configs;
mod consumer_groups;
mod eras;
mod faults;
mod fetch;
mod fetch_sessions;
mod groups;
mod groups_requests;
mod idempotence;
mod list_offsets;
mod log_admin;
mod metadata;
mod produce;
mod quotas;
mod replication;
mod retention;
mod security;
mod tcp;
#[cfg(feature = "tls")]
mod tls;
mod topics;
mod transactional;
mod transactions;
mod transactions_admin;
mod transactions_at_random;
mod transactions_held;
mod transactions_offsets;
mod unconfigured;
mod upheaval;
mod versions;
