//! The network's faults, row by row of the table that the project works through
//! (41 to 50; 44 and 45 concern metadata, which kafka-router keeps), on an embedded
//! cluster under a paused clock. Those of logging in, 51, 52 and 54, are among the tests
//! of SASL, and 53 among those of TLS, by the same names.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy sees tests only where a function is one"
)]

mod row_41_half_open;
mod row_42_truncated;
mod row_43_wrong_correlation_id;
mod row_46_moved;
mod row_47_names_and_addresses;
mod row_48_throttled;
mod row_49_no_lower_version;
mod row_50_rolling_upgrade;
mod support;
