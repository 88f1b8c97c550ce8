//! TLS: settings, certificates, the handshake, and what its failures mean.

mod client;
mod config;
mod failure;
mod files;
mod material;
mod pem;
mod refusal;
mod verifier;

pub(crate) use client::TlsClient;
pub use config::TlsConfig;
pub(crate) use failure::of_established;
