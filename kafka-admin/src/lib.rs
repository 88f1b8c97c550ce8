//! Administration of Apache Kafka clusters.
