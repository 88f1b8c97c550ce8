//! Faults carried out, and undone.

use std::time::Duration;

use kafka_protocol::{ApiKey, ErrorCode};
use kafka_test_broker::{Condition, Fault, Reaction};

use super::{Shared, TOPIC};
use crate::chance::{below, pick};
use crate::schedule::{FaultKind, Strike};
use crate::world::World;

/// Carries out the schedule; returns when its last fault is over.
pub(super) async fn strike(world: World, strikes: Vec<Strike>, shared: Shared) {
    for strike in strikes {
        tokio::time::sleep(strike.after).await;
        world.trace().note(format_args!("fault {}", strike.kind));
        let times = carry_out(&world, &strike).await;
        *shared.lock().faults.entry(strike.kind).or_default() += times;
    }
}

/// Everything works again.
pub(super) fn heal(world: &World) {
    world.trace().note("heal");
    world.cluster().faults().clear();
    world.network().refuse_connections(false);
    for id in world.cluster().broker_ids() {
        world.cluster().start_broker(id);
    }
}

/// Returns how often the fault really happened.
async fn carry_out(world: &World, strike: &Strike) -> u64 {
    let (network, cluster) = (world.network(), world.cluster());
    match strike.kind {
        FaultKind::CutLink => u64::from(network.cut_one()),
        FaultKind::CutAll => network.cut_all() as u64,
        FaultKind::SilenceLink => u64::from(network.silence_one()),
        FaultKind::RefuseConnections => {
            network.refuse_connections(true);
            let cut = network.cut_all() as u64;
            tokio::time::sleep(strike.lasts).await;
            network.refuse_connections(false);
            cut
        }
        FaultKind::RestartBroker => {
            let ids = cluster.broker_ids();
            let Some(id) = pick(world.random(), &ids) else {
                return 0;
            };
            cluster.stop_broker(*id);
            tokio::time::sleep(strike.lasts).await;
            cluster.start_broker(*id);
            1
        }
        FaultKind::MoveLeader => {
            let ids = cluster.broker_ids();
            let partitions = cluster.partition_count(TOPIC);
            let partition =
                below(world.random(), u64::from(partitions.max(1).unsigned_abs())) as i32;
            match pick(world.random(), &ids) {
                Some(id) => u64::from(cluster.move_leader(TOPIC, partition, *id)),
                None => 0,
            }
        }
        FaultKind::DropAnswerAfterAppend => {
            during(
                world,
                strike.lasts,
                Condition::api(ApiKey::Produce).probability(0.5),
                Reaction::DropAfterApply,
            )
            .await
        }
        FaultKind::DropRequestBeforeAppend => {
            during(
                world,
                strike.lasts,
                Condition::api(ApiKey::Produce).probability(0.5),
                Reaction::DropBeforeApply,
            )
            .await
        }
        FaultKind::RefuseProduce => {
            let errors = [
                ErrorCode::NotLeaderOrFollower,
                ErrorCode::NotEnoughReplicas,
                ErrorCode::LeaderNotAvailable,
                ErrorCode::KafkaStorageError,
            ];
            let error = *pick(world.random(), &errors).unwrap_or(&ErrorCode::NotLeaderOrFollower);
            during(
                world,
                strike.lasts,
                Condition::api(ApiKey::Produce).probability(0.7),
                Reaction::Error(error),
            )
            .await
        }
        FaultKind::DelayFetch => {
            let delay = Duration::from_millis(1 + below(world.random(), 300));
            during(
                world,
                strike.lasts,
                Condition::api(ApiKey::Fetch).probability(0.5),
                Reaction::Delay(delay),
            )
            .await
        }
    }
}

async fn during(world: &World, lasts: Duration, condition: Condition, reaction: Reaction) -> u64 {
    let faults = world.cluster().faults();
    let id = faults.add(Fault::new(condition, reaction));
    tokio::time::sleep(lasts).await;
    let hits = faults.hits(id);
    faults.remove(id);
    hits
}
