//! IncrementalAlterConfigs, versions 0–1: changes single settings of resources
//! (KIP-339).
//!
//! - 1: flexible.

use kafka_protocol::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterConfigsResourceResponse, AlterableConfig,
};
use kafka_protocol::messages::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::configs::{self, Changes, Operation, ResourceType};
use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::faults::Target;
use crate::security::{Need, Operation as Allowed};

/// The operations, by their numbers.
const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

impl Handler for IncrementalAlterConfigsRequest {
    fn targets(&self, _cluster: &Cluster) -> Vec<Target> {
        let topics = self
            .resources
            .iter()
            .filter(|resource| resource.resource_type == ResourceType::Topic.code());
        let target = |resource: &AlterConfigsResource| Target {
            topic: resource.resource_name.clone(),
            partition: None,
        };
        topics.map(target).collect()
    }

    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        let resources = self.resources.iter();
        resources
            .map(
                |resource| match ResourceType::from_code(resource.resource_type) {
                    Some(ResourceType::Topic) => {
                        Need::topic(Allowed::AlterConfigs, resource.resource_name.clone())
                    }
                    _ => Need::cluster(Allowed::AlterConfigs),
                },
            )
            .collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<IncrementalAlterConfigsResponse> {
        let all: Vec<Changes> = self.resources.iter().map(changes).collect();
        let results = configs::alter(context, &all, self.validate_only);
        let responses = all.into_iter().zip(results).map(|(changes, result)| {
            let (code, message) = match result {
                Ok(()) => (ErrorCode::None, None),
                Err(refusal) => (
                    refusal.code,
                    (!refusal.message.is_empty()).then(|| StrBytes::from(refusal.message)),
                ),
            };
            AlterConfigsResourceResponse::new()
                .with_error_code(code.code())
                .with_error_message(message)
                .with_resource_type(changes.resource_type)
                .with_resource_name(changes.name)
        });
        let responses: Vec<_> = responses.collect();
        Outcome::Answer(IncrementalAlterConfigsResponse::new().with_responses(responses))
    }
}

fn changes(resource: &AlterConfigsResource) -> Changes {
    let operation = |setting: &AlterableConfig| {
        let value = setting.value.as_ref().map(ToString::to_string);
        let operation = match (setting.config_operation, value) {
            (DELETE, _) => Operation::Delete,
            (SET..=SUBTRACT, None) => Operation::NoValue,
            (SET, Some(value)) => Operation::Set(value),
            (APPEND, Some(items)) => Operation::Append(items),
            (SUBTRACT, Some(items)) => Operation::Subtract(items),
            _ => Operation::Unknown,
        };
        (setting.name.clone(), operation)
    };
    Changes {
        resource_type: resource.resource_type,
        name: resource.resource_name.clone(),
        operations: resource.configs.iter().map(operation).collect(),
        replace: false,
    }
}
