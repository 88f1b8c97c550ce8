//! Valid messages by their schemas, written and read in every version.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kafka_protocol_fuzz::round_trip(bytes));
