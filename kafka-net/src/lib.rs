//! Multiplexed connections to Apache Kafka brokers.
