//! ConsumerGroupHeartbeat, versions 0–1: a member of a consumer group joins, stays
//! or leaves, and hears its partitions (KIP-848).
//!
//! - 1: regular expressions; members make their own ids (KIP-1082).

use kafka_protocol::messages::{ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::groups::consumer::Client;
use crate::security::{Need, Operation};

impl Handler for ConsumerGroupHeartbeatRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        let topics = self.subscribed_topic_names.iter().flatten();
        let topics = topics.map(|topic| Need::topic(Operation::Describe, topic.clone()));
        let group = Need::group(Operation::Read, self.group_id.clone());
        std::iter::once(group).chain(topics).collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<ConsumerGroupHeartbeatResponse> {
        let injected = context.plan.whole_error();
        let answer = match check(context, &self) {
            Err(code) => refusal(code, None),
            Ok(()) => {
                let client = Client {
                    id: context.client_id.clone(),
                    host: context.client_host.clone(),
                };
                let moment = context.moment();
                let cluster = &mut context.cluster;
                let answer =
                    cluster.consumer_group_heartbeat(&self, context.version, client, moment);
                answer.unwrap_or_else(|refused| refusal(refused.code, Some(refused.message)))
            }
        };
        Outcome::Answer(match injected {
            Some(code) => refusal(code, None),
            None => answer,
        })
    }
}

fn check(context: &Context<'_>, request: &ConsumerGroupHeartbeatRequest) -> Result<(), ErrorCode> {
    context.check_unapplied()?;
    if !context.cluster.has_consumer_groups() {
        return Err(ErrorCode::UnsupportedVersion);
    }
    // One topic that the member may not see is enough.
    let mut topics = request.subscribed_topic_names.iter().flatten();
    if let Some(code) = topics.find_map(|topic| context.plan.refusal(topic)) {
        return Err(code);
    }
    // An empty group id is found invalid with the rest of the request.
    match request.group_id.trim().is_empty() {
        true => Ok(()),
        false => context.check_group(&request.group_id),
    }
}

fn refusal(code: ErrorCode, message: Option<String>) -> ConsumerGroupHeartbeatResponse {
    ConsumerGroupHeartbeatResponse::new()
        .with_error_code(code.code())
        .with_error_message(message.map(StrBytes::from))
}
