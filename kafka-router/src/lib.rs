//! Cluster metadata, leaders, coordinators and partition choice for Apache Kafka.
