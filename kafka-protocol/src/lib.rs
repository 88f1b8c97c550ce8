//! Apache Kafka wire protocol: every frame, message and record batch.

pub mod records;
