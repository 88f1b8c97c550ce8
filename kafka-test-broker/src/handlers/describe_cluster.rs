//! DescribeCluster, versions 0–2: the brokers of the cluster (KIP-700).
//!
//! - 1: brokers or controllers (KIP-919). 2: fenced brokers too (KIP-1073).

use kafka_protocol::messages::describe_cluster::DescribeClusterBroker;
use kafka_protocol::messages::{DescribeClusterRequest, DescribeClusterResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::metadata::CLUSTER_OPERATIONS;
use super::{Context, Handler, Outcome};
use crate::cluster::Broker;

/// Who asks for brokers.
const ENDPOINT_BROKER: i8 = 1;

/// Who asks for controllers, at their own listeners, which there are none of.
const ENDPOINT_CONTROLLER: i8 = 2;

impl Handler for DescribeClusterRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<DescribeClusterResponse> {
        let wrong_endpoint = match self.endpoint_type {
            ENDPOINT_BROKER => None,
            ENDPOINT_CONTROLLER => Some(ErrorCode::MismatchedEndpointType),
            _ => Some(ErrorCode::UnsupportedEndpointType),
        };
        if let Some(code) = context.plan.whole_error().or(wrong_endpoint) {
            let message = StrBytes::from_static(code.description());
            let refused = DescribeClusterResponse::new()
                .with_error_code(code.code())
                .with_error_message(message);
            return Outcome::Answer(refused);
        }
        let cluster = &context.cluster;
        let listed = |broker: &&Broker| broker.is_active() || self.include_fenced_brokers;
        let brokers = cluster.brokers().filter(listed).map(|broker| {
            DescribeClusterBroker::new()
                .with_broker_id(broker.id)
                .with_host(broker.host.clone())
                .with_port(i32::from(broker.port))
                .with_rack(broker.rack.clone())
                .with_is_fenced(!broker.is_active())
        });
        let mut response = DescribeClusterResponse::new()
            .with_error_message(None)
            .with_cluster_id(cluster.id.clone())
            .with_controller_id(cluster.controller().unwrap_or(-1))
            .with_brokers(brokers.collect::<Vec<_>>());
        if self.include_cluster_authorized_operations {
            response.cluster_authorized_operations = CLUSTER_OPERATIONS;
        }
        Outcome::Answer(response)
    }
}
