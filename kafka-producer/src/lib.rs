//! Batching, idempotent producer for Apache Kafka.
