//! The snappy decompressor.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kafka_protocol_fuzz::snappy(bytes));
