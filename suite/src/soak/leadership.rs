//! Leadership moved, as `kafka-reassign-partitions` and `kafka-leader-election` do it.

use std::time::Duration;

use kafka_client::{ErrorCode, Kafka};
use kafka_net::{Lane, SendOptions, clock};
use kafka_protocol::messages::alter_partition_reassignments::{
    AlterPartitionReassignmentsRequest, ReassignablePartition, ReassignableTopic,
};
use kafka_protocol::messages::elect_leaders::{ElectLeadersRequest, TopicPartitions};

use crate::BoxError;

const PATIENCE: Duration = Duration::from_secs(10);

/// Who leads a partition now.
pub(crate) async fn leader(
    kafka: &Kafka,
    topic: &str,
    partition: i32,
) -> Result<Option<i32>, BoxError> {
    let cluster = kafka
        .router()
        .refresh(&[topic], clock::now() + PATIENCE)
        .await?;
    let topic = cluster.topic(topic).ok_or("the topic is not known")?;
    Ok(topic.partition(partition).and_then(|found| found.leader))
}

/// Makes another replica that is in sync the preferred leader, and then the leader;
/// `before_election` is called at the last moment. Whether it leads now.
pub(crate) async fn move_away<T>(
    kafka: &Kafka,
    name: &str,
    partition: i32,
    before_election: impl FnOnce() -> T,
) -> Result<Option<T>, BoxError> {
    let deadline = clock::now() + PATIENCE;
    let cluster = kafka.router().refresh(&[name], deadline).await?;
    let topic = cluster.topic(name).ok_or("the topic is not known")?;
    let found = topic.partition(partition).ok_or("no such partition")?;
    let other = |replica: &&i32| Some(**replica) != found.leader && found.isr.contains(replica);
    let Some(next) = found.replicas.iter().find(other) else {
        return Ok(None);
    };
    let mut replicas = vec![*next];
    replicas.extend(found.replicas.iter().filter(|replica| *replica != next));
    let controller = kafka
        .router()
        .controller_connection(Lane::Control, deadline)
        .await?;
    let options = SendOptions::new(PATIENCE);
    let reassigned = controller
        .request(
            &AlterPartitionReassignmentsRequest::new().with_topics(vec![
                ReassignableTopic::new()
                    .with_name(name)
                    .with_partitions(vec![
                        ReassignablePartition::new()
                            .with_partition_index(partition)
                            .with_replicas(Some(replicas)),
                    ]),
            ]),
            &options,
        )
        .await?;
    let partitions = reassigned.responses.iter().flat_map(|t| &t.partitions);
    let codes = partitions.map(|partition| partition.error_code);
    if codes.chain([reassigned.error_code]).any(|code| code != 0) {
        return Ok(None);
    }
    let seen = before_election();
    let elected = controller
        .request(
            &ElectLeadersRequest::new()
                .with_topic_partitions(Some(vec![
                    TopicPartitions::new()
                        .with_topic(name)
                        .with_partitions(vec![partition]),
                ]))
                .with_timeout_ms(10_000),
            &options,
        )
        .await?;
    let results = elected.replica_election_results.iter();
    let mut codes = results.flat_map(|result| &result.partition_result);
    let moved = codes.all(|result| result.error_code == ErrorCode::None.code());
    Ok((moved && elected.error_code == 0).then_some(seen))
}
