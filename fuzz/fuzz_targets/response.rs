//! The body of some response in some version, and its whole frame.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kafka_protocol_fuzz::response(bytes));
