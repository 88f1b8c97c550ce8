//! ListConfigResources, versions 0–1: the names of what has settings (KIP-1142).
//!
//! - 0: client metrics subscriptions only (KIP-714). 1: whichever types.

use kafka_protocol::messages::list_config_resources::ConfigResource;
use kafka_protocol::messages::{ListConfigResourcesRequest, ListConfigResourcesResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::configs::ResourceType;
use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::security::{Need, Operation};

impl Handler for ListConfigResourcesRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::DescribeConfigs)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<ListConfigResourcesResponse> {
        let types: Option<Vec<_>> = match context.version {
            0 => Some(vec![ResourceType::ClientMetrics]),
            _ if self.resource_types.is_empty() => Some(ResourceType::ALL.to_vec()),
            _ => {
                let types = self.resource_types.iter();
                types.map(|code| ResourceType::from_code(*code)).collect()
            }
        };
        let unknown = types.is_none().then_some(ErrorCode::UnsupportedVersion);
        if let Some(code) = context.plan.whole_error().or(unknown) {
            let refused = ListConfigResourcesResponse::new().with_error_code(code.code());
            return Outcome::Answer(refused);
        }
        let mut resources = Vec::new();
        // Each once, however often it is asked for.
        for kind in ResourceType::ALL {
            if types.iter().flatten().any(|wanted| *wanted == kind) {
                let names = names(context, kind).into_iter();
                resources.extend(names.map(|name| {
                    ConfigResource::new()
                        .with_resource_name(name)
                        .with_resource_type(kind.code())
                }));
            }
        }
        Outcome::Answer(ListConfigResourcesResponse::new().with_config_resources(resources))
    }
}

fn names(context: &Context<'_>, kind: ResourceType) -> Vec<StrBytes> {
    let cluster = &context.cluster;
    let text = |name: &String| StrBytes::from(name.clone());
    match kind {
        ResourceType::Topic => cluster.topics().map(|topic| topic.name.clone()).collect(),
        ResourceType::Broker | ResourceType::BrokerLogger => {
            let active = cluster.brokers().filter(|broker| broker.is_active());
            active
                .map(|broker| StrBytes::from(broker.id.to_string()))
                .collect()
        }
        ResourceType::ClientMetrics => cluster.settings.client_metrics.keys().map(text).collect(),
        ResourceType::Group => cluster.settings.groups.keys().map(text).collect(),
    }
}
