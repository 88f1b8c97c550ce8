//! DescribeProducers, version 0: the producers that a partition remembers
//! (KIP-664). Any replica answers.

use kafka_protocol::messages::describe_producers::{
    PartitionResponse, ProducerState, TopicRequest, TopicResponse,
};
use kafka_protocol::messages::{DescribeProducersRequest, DescribeProducersResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::{Cluster, invalid_name};
use crate::faults::Target;
use crate::security::{Need, Operation};

impl Handler for DescribeProducersRequest {
    fn targets(&self, _cluster: &Cluster) -> Vec<Target> {
        let targets = self.topics.iter().flat_map(|topic| {
            topic.partition_indexes.iter().map(|partition| Target {
                topic: topic.name.clone(),
                partition: Some(*partition),
            })
        });
        targets.collect()
    }

    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        let topics = self.topics.iter();
        let topics = topics.map(|topic| Need::topic(Operation::Read, topic.name.clone()));
        topics.collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<DescribeProducersResponse> {
        let topics = self.topics.iter().map(|topic| describe(context, topic));
        Outcome::Answer(DescribeProducersResponse::new().with_topics(topics.collect::<Vec<_>>()))
    }
}

fn describe(context: &Context<'_>, topic: &TopicRequest) -> TopicResponse {
    let problem = invalid_name(&topic.name).map(|message| {
        let code = ErrorCode::InvalidTopicException;
        (code, StrBytes::from(message))
    });
    let problem = problem.or_else(|| {
        let code = ErrorCode::UnknownTopicOrPartition;
        let known = context.cluster.topic(&topic.name).is_some();
        (!known).then(|| (code, StrBytes::from_static(code.description())))
    });
    let partitions = topic.partition_indexes.iter().map(|index| {
        let response = PartitionResponse::new().with_partition_index(*index);
        if let Some(injected) = context.plan.error(&topic.name, *index) {
            return response.with_error_code(injected.code.code());
        }
        if let Some((code, message)) = &problem {
            let response = response.with_error_code(code.code());
            return response.with_error_message(message.clone());
        }
        match producers(context, &topic.name, *index) {
            Ok(producers) => response.with_active_producers(producers),
            Err(code) => response.with_error_code(code.code()),
        }
    });
    TopicResponse::new()
        .with_partitions(partitions.collect::<Vec<_>>())
        .with_name(topic.name.clone())
}

fn producers(
    context: &Context<'_>,
    topic: &str,
    index: i32,
) -> Result<Vec<ProducerState>, ErrorCode> {
    let partition = context.cluster.partition(topic, index);
    let partition = partition.ok_or(ErrorCode::UnknownTopicOrPartition)?;
    if !partition.replicas.contains(&context.broker) {
        return Err(ErrorCode::NotLeaderOrFollower);
    }
    let producers = partition.producers.producers().map(|(id, state)| {
        ProducerState::new()
            .with_producer_id(id)
            .with_producer_epoch(i32::from(state.epoch))
            .with_last_sequence(state.last_sequence())
            .with_last_timestamp(state.last_timestamp)
            .with_coordinator_epoch(state.coordinator_epoch)
            .with_current_txn_start_offset(state.transaction_start.unwrap_or(-1))
    });
    Ok(producers.collect())
}
