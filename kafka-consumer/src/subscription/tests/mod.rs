//! Dialogues: what is asked, what is answered, what is handed out.

mod doubtful;
mod fetching;
mod handing;
mod positions;
mod random;
mod room;
mod world;

use std::time::Duration;

use kafka_net::{Error, ErrorKind};
use kafka_protocol::ErrorCode;

use super::*;
use crate::assignment::Assignment;
use crate::config::OffsetReset;
use crate::test_support::{concat, damaged, made};
use world::{World, failed, none, records};

const P: usize = 10_000;

fn config() -> ConsumerConfig {
    ConsumerConfig::default()
        .partition_fetch_bytes(P)
        .fetch_max_bytes(10 * P)
        .prefetch_bytes(20 * P)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The partitions of topic "t" of these numbers, from offset 0, led by broker 1.
fn one_broker(config: ConsumerConfig, partitions: i32) -> World {
    let mut world = World::new(config);
    for partition in 0..partitions {
        world.lead("t", partition, 1);
    }
    let assignments = (0..partitions).map(|p| Assignment::new("t", p, Start::Offset(0)));
    world.assign(assignments);
    world
}
