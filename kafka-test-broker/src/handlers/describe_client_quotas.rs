//! DescribeClientQuotas, versions 0–1: quotas as they were set (KIP-546).
//!
//! - 1: flexible.

use kafka_protocol::messages::describe_client_quotas::{
    ComponentData, EntityData, EntryData, ValueData,
};
use kafka_protocol::messages::{DescribeClientQuotasRequest, DescribeClientQuotasResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::quotas::QuotaEntity;
use crate::security::{Need, Operation};

/// The kinds of match: a name, the default, or whoever has any.
const EXACT: i8 = 0;
const DEFAULT: i8 = 1;
const ANY: i8 = 2;

/// The types of entity.
const KINDS: [&str; 3] = ["user", "client-id", "ip"];

impl Handler for DescribeClientQuotasRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::DescribeConfigs)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<DescribeClientQuotasResponse> {
        let injected = context.plan.whole_error();
        let injected = injected.map(|code| (code, code.description().to_owned()));
        if let Some((code, message)) = injected.or_else(|| wrong(&self.components)) {
            let refused = DescribeClientQuotasResponse::new()
                .with_error_code(code.code())
                .with_error_message(StrBytes::from(message))
                .with_entries(None);
            return Outcome::Answer(refused);
        }
        let limits = context.cluster.quotas.limits();
        let wanted = limits.filter(|(entity, _)| fits(entity, &self.components, self.strict));
        let entries = wanted.map(|(entity, limits)| {
            let named = KINDS.into_iter().filter_map(|kind| {
                let name = part(entity, kind)?.clone();
                Some(
                    EntityData::new()
                        .with_entity_type(StrBytes::from_static(kind))
                        .with_entity_name(name),
                )
            });
            let values = limits.iter().map(|(key, value)| {
                ValueData::new()
                    .with_key(StrBytes::from(key.clone()))
                    .with_value(*value)
            });
            EntryData::new()
                .with_entity(named.collect::<Vec<_>>())
                .with_values(values.collect::<Vec<_>>())
        });
        let entries = entries.collect::<Vec<_>>();
        Outcome::Answer(DescribeClientQuotasResponse::new().with_entries(Some(entries)))
    }
}

/// What is wrong with the filter, if something is.
fn wrong(components: &[ComponentData]) -> Option<(ErrorCode, String)> {
    let invalid = |message: String| Some((ErrorCode::InvalidRequest, message));
    for (index, component) in components.iter().enumerate() {
        let kind = component.entity_type.as_str();
        if kind.is_empty() {
            return invalid("an entity without type".to_owned());
        }
        if !KINDS.contains(&kind) {
            let message = format!("there are no quotas for a {kind}");
            return Some((ErrorCode::UnsupportedVersion, message));
        }
        let mut before = components.iter().take(index);
        if before.any(|other| other.entity_type == component.entity_type) {
            return invalid(format!("{kind} is asked for twice"));
        }
        match (component.match_type, &component.matches) {
            (EXACT, Some(_)) | (DEFAULT | ANY, None) => {}
            (EXACT, None) => return invalid(format!("no name for {kind}")),
            (DEFAULT | ANY, Some(_)) => return invalid(format!("a name for any {kind}")),
            (other, _) => return invalid(format!("there is no kind {other} of match")),
        }
    }
    let has = |kind: &str| {
        let mut kinds = components
            .iter()
            .map(|component| component.entity_type.as_str());
        kinds.any(|other| other == kind)
    };
    if has("ip") && (has("user") || has("client-id")) {
        return invalid("an address has quotas of its own".to_owned());
    }
    None
}

/// Whether an entity has what each component wants, and with `strict` no more.
fn fits(entity: &QuotaEntity, components: &[ComponentData], strict: bool) -> bool {
    let fits_one = |component: &ComponentData| {
        let part = part(entity, &component.entity_type);
        part.is_some_and(|name| match component.match_type {
            EXACT => name.is_some() && *name == component.matches,
            DEFAULT => name.is_none(),
            _ => true,
        })
    };
    let parts = KINDS.iter().filter(|kind| part(entity, kind).is_some());
    components.iter().all(fits_one) && (!strict || parts.count() == components.len())
}

fn part<'a>(entity: &'a QuotaEntity, kind: &str) -> Option<&'a Option<StrBytes>> {
    match kind {
        "user" => entity.user.as_ref(),
        "client-id" => entity.client_id.as_ref(),
        _ => entity.ip.as_ref(),
    }
}
