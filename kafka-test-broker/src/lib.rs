//! An Apache Kafka cluster inside the process, for tests.
