//! Suites that run the client against real Kafka brokers and Kafka own tools.
