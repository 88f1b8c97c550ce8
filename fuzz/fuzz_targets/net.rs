//! A live connection whose broker does to its answers what the input says.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kafka_protocol_fuzz::net(bytes));
