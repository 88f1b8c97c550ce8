//! What a seed means: topology, traffic, settings, faults.

use std::time::Duration;

use kafka_client::Compression;
use kafka_net::Random;

use crate::chance::below;
use crate::network::LinkProfile;
use crate::schedule::{self, Strike};

/// Everything about a run that is decided beforehand.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) brokers: i32,
    pub(super) partitions: i32,
    pub(super) producers: usize,
    pub(super) records: usize,
    pub(super) value_size: usize,
    pub(super) pause: Duration,
    pub(super) keyed: bool,
    pub(super) idempotent: bool,
    pub(super) linger: Duration,
    pub(super) batch_size: usize,
    pub(super) max_in_flight: usize,
    pub(super) compression: Compression,
    pub(super) delivery_timeout: Duration,
    pub(super) request_timeout: Duration,
    pub(super) fetch_partition_bytes: usize,
    pub(super) prefetch_bytes: usize,
    pub(super) link: LinkProfile,
    pub(super) strikes: Vec<Strike>,
}

impl Plan {
    pub(super) fn draw(seed: u64) -> Self {
        let random = Random::from_seed(seed ^ 0x706c_616e);
        let between = |least: u64, most: u64| least + below(&random, most - least + 1);
        let request_timeout = Duration::from_millis(between(400, 2000));
        Self {
            brokers: between(1, 3) as i32,
            partitions: between(1, 6) as i32,
            producers: between(1, 3) as usize,
            records: between(20, 150) as usize,
            value_size: between(20, 400) as usize,
            pause: Duration::from_millis(between(0, 8)),
            keyed: below(&random, 2) == 1,
            // Most seeds use the default; some the plain producer, whose promise is less.
            idempotent: below(&random, 5) != 0,
            linger: Duration::from_millis(between(0, 10)),
            batch_size: between(1024, 8000) as usize,
            max_in_flight: between(1, 5) as usize,
            compression: match between(0, 5) {
                0 => Compression::Gzip,
                1 => Compression::Snappy,
                2 => Compression::Lz4,
                3 => Compression::Zstd,
                _ => Compression::None,
            },
            // Either ample, so that everything must be delivered, or so short that some
            // records expire under faults.
            delivery_timeout: match below(&random, 4) {
                0 => request_timeout + Duration::from_millis(between(200, 1500)),
                _ => Duration::from_secs(120),
            },
            request_timeout,
            fetch_partition_bytes: between(1024, 20_000) as usize,
            prefetch_bytes: between(20_000, 200_000) as usize,
            link: LinkProfile {
                latency: Duration::from_micros(between(50, 5_000)),
                jitter: Duration::from_micros(between(0, 5_000)),
                max_chunk: match between(0, 3) {
                    0 => 7,
                    1 => 300,
                    _ => 64 * 1024,
                },
            },
            strikes: schedule::draw(&random),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_repeat_and_differ() {
        let of = |seed| format!("{:?}", Plan::draw(seed));
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }
}
