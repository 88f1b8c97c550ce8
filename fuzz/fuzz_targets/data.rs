//! Stand-alone data, records of internal topics, and headers.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kafka_protocol_fuzz::data(bytes));
