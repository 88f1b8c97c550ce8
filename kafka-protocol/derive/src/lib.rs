//! Derive macro of kafka-protocol.
