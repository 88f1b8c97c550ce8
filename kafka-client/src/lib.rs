//! Apache Kafka client: one entry point over producer, consumer and administration.
