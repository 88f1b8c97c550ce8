//! The simplest requests about one partition of topic t, as error codes.

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::list_offsets::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_commit::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch::OffsetFetchRequestTopic;
use kafka_protocol::messages::{ListOffsetsRequest, OffsetCommitRequest, OffsetFetchRequest};

use crate::client::{Client, code};

/// Group g commits offset 5.
pub(crate) async fn commit(client: &mut Client, partition: i32) -> ErrorCode {
    let partition = OffsetCommitRequestPartition::new()
        .with_partition_index(partition)
        .with_committed_offset(5);
    let topic = OffsetCommitRequestTopic::new()
        .with_name("t")
        .with_partitions(vec![partition]);
    let request = OffsetCommitRequest::new()
        .with_group_id("g")
        .with_topics(vec![topic]);
    code(client.call(&request, 8).await.topics[0].partitions[0].error_code)
}

/// Group g asks what it committed.
pub(crate) async fn look_up(client: &mut Client, partition: i32) -> ErrorCode {
    let indexes = vec![partition];
    let topic = OffsetFetchRequestTopic::new()
        .with_name("t")
        .with_partition_indexes(indexes);
    let request = OffsetFetchRequest::new()
        .with_group_id("g")
        .with_topics(Some(vec![topic]));
    code(client.call(&request, 7).await.topics[0].partitions[0].error_code)
}

/// Asks for the end of the log.
pub(crate) async fn list(client: &mut Client, partition: i32) -> ErrorCode {
    let partition = ListOffsetsPartition::new()
        .with_partition_index(partition)
        .with_timestamp(-1);
    let topic = ListOffsetsTopic::new()
        .with_name("t")
        .with_partitions(vec![partition]);
    let request = ListOffsetsRequest::new().with_topics(vec![topic]);
    code(client.call(&request, 9).await.topics[0].partitions[0].error_code)
}
