//! AlterClientQuotas, versions 0–1: sets and removes quotas (KIP-546).
//!
//! - 1: flexible.

use std::net::IpAddr;

use kafka_protocol::messages::alter_client_quotas::{
    EntityData, OpData, RequestEntryData, ResponseEntryData,
};
use kafka_protocol::messages::{AlterClientQuotasRequest, AlterClientQuotasResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::quotas::{
    CONNECTION_CREATION_RATE, CONSUMER_BYTE_RATE, CONTROLLER_MUTATION_RATE, PRODUCER_BYTE_RATE,
    QuotaEntity, REQUEST_PERCENTAGE,
};
use crate::security::{Need, Operation};

impl Handler for AlterClientQuotasRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::AlterConfigs)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<AlterClientQuotasResponse> {
        let injected = context.plan.whole_error();
        let entities: Vec<_> = self.entries.iter().map(entity).collect();
        let mut results = Vec::with_capacity(self.entries.len());
        for (index, (entry, entity)) in self.entries.iter().zip(&entities).enumerate() {
            // What is named twice is answered once.
            if entities.iter().take(index).any(|before| before == entity) && entity.is_ok() {
                continue;
            }
            let times = entities.iter().filter(|other| *other == entity).count();
            let checked = match (injected, entity) {
                (Some(code), _) => Err((code, code.description().to_owned())),
                (None, Err(message)) => Err((ErrorCode::InvalidRequest, message.clone())),
                (None, Ok(entity)) => check_all(entity, &entry.ops)
                    .map(|()| entity)
                    .map_err(|message| (ErrorCode::InvalidRequest, message)),
            };
            if let Ok(entity) = &checked
                && !self.validate_only
            {
                for op in &entry.ops {
                    let limit = (!op.remove).then_some(op.value);
                    context.cluster.quotas.set(entity, &op.key, limit);
                }
            }
            let result = ResponseEntryData::new().with_entity(named(entry, entity));
            results.push(match checked {
                // As in Kafka, what came first is done all the same.
                Ok(_) if times > 1 => result
                    .with_error_code(ErrorCode::InvalidRequest.code())
                    .with_error_message(StrBytes::from_static("an entity is named twice")),
                Ok(_) => result.with_error_message(None),
                Err((code, message)) => result
                    .with_error_code(code.code())
                    .with_error_message(StrBytes::from(message)),
            });
        }
        Outcome::Answer(AlterClientQuotasResponse::new().with_entries(results))
    }
}

/// Whom the quotas are for, or what is wrong with it. Of two names of one type
/// the last one counts.
fn entity(entry: &RequestEntryData) -> Result<QuotaEntity, String> {
    let mut entity = QuotaEntity::default();
    if entry.entity.is_empty() {
        return Err("a quota is for somebody".to_owned());
    }
    for EntityData {
        entity_type: kind,
        entity_name: name,
        ..
    } in &entry.entity
    {
        if name.as_ref().is_some_and(|name| name.is_empty()) {
            return Err(format!("a {kind} needs a name"));
        }
        // Copies, so that a small name does not keep a whole request alive.
        let name = Some(name.as_ref().map(StrBytes::detach));
        match kind.as_str() {
            "user" => entity.user = name,
            "client-id" => entity.client_id = name,
            "ip" => entity.ip = name,
            _ => return Err(format!("there are no quotas for a {kind}")),
        }
    }
    if entity.ip.is_some() && (entity.user.is_some() || entity.client_id.is_some()) {
        return Err("an address has quotas of its own".to_owned());
    }
    if let Some(Some(ip)) = &entity.ip
        && ip.parse::<IpAddr>().is_err()
        && ip.as_str() != "localhost"
    {
        return Err(format!("{ip} is no address"));
    }
    Ok(entity)
}

/// The entity as the answer names it: each type once.
fn named(entry: &RequestEntryData, entity: &Result<QuotaEntity, String>) -> Vec<EntityData> {
    let kinds = match entity {
        Ok(_) => &entry.entity[..],
        Err(_) => return entry.entity.clone(),
    };
    let last = |index: usize, named: &EntityData| {
        let later = kinds.iter().skip(index + 1);
        !later
            .into_iter()
            .any(|other| other.entity_type == named.entity_type)
    };
    let names = kinds.iter().enumerate();
    let kept = names.filter(|(index, named)| last(*index, named));
    kept.map(|(_, named)| named.clone()).collect()
}

fn check_all(entity: &QuotaEntity, ops: &[OpData]) -> Result<(), String> {
    for (index, op) in ops.iter().enumerate() {
        if ops.iter().take(index).any(|before| before.key == op.key) {
            return Err(format!("{} is set twice", op.key));
        }
        if !op.remove {
            check(entity, op)?;
        }
    }
    Ok(())
}

fn check(entity: &QuotaEntity, op: &OpData) -> Result<(), String> {
    let known: &[&str] = if entity.ip.is_some() {
        &[CONNECTION_CREATION_RATE]
    } else {
        &[
            PRODUCER_BYTE_RATE,
            CONSUMER_BYTE_RATE,
            REQUEST_PERCENTAGE,
            CONTROLLER_MUTATION_RATE,
        ]
    };
    let OpData { ref key, value, .. } = *op;
    if !known.contains(&key.as_str()) {
        return Err(format!("there is no quota {key} here"));
    }
    if value.is_nan() || value <= 0.0 {
        return Err(format!("{key} is above 0, not {value}"));
    }
    let whole = [
        PRODUCER_BYTE_RATE,
        CONSUMER_BYTE_RATE,
        CONNECTION_CREATION_RATE,
    ];
    if whole.contains(&key.as_str()) && value.fract() != 0.0 {
        return Err(format!("{key} is a whole number, not {value}"));
    }
    Ok(())
}
