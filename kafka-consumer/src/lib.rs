//! Fetching and consuming records from Apache Kafka.
