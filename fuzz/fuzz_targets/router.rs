//! Metadata answers one after the other into a router's snapshot.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kafka_protocol_fuzz::router(bytes));
