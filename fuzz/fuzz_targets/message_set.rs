//! Message sets of magic 0 and 1, and mixes of all formats.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kafka_protocol_fuzz::message_set(bytes));
