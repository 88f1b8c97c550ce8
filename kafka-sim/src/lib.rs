//! Deterministic simulation of Apache Kafka clients and clusters.
