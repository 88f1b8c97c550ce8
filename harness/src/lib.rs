//! Starts real Kafka brokers and runs Kafka own tools, for the suites and xtask.
