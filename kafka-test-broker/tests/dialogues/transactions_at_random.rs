//! Whatever transactional producers do, a reader of committed records gets the
//! records of committed transactions, and nothing else.

use std::collections::BTreeSet;

use kafka_protocol::ErrorCode;
use kafka_protocol::messages::fetch::PartitionData;
use kafka_test_broker::TestCluster;

use crate::client::{Client, batch, cluster, code, fetch, logged, the_data};
use crate::transactional::{Producer, Way, batches, committed_values};

const PRODUCERS: [&str; 4] = ["a", "b", "c", "d"];
const PARTITIONS: i32 = 3;
const STEPS: usize = 60;
const SEEDS: u64 = 60;

/// The producers, and what is known of their transactions.
struct Run {
    random: fastrand::Rng,
    cluster: TestCluster,
    producers: Vec<Producer>,
    /// What each wrote in its open transaction.
    open: Vec<Vec<String>>,
    committed: BTreeSet<String>,
    written: usize,
    held: bool,
}

#[tokio::test(start_paused = true)]
async fn readers_get_what_was_committed() {
    for seed in 0..SEEDS {
        let mut run = Run::new(seed).await;
        for _ in 0..STEPS {
            run.step().await;
        }
        run.finish().await;
        for partition in 0..PARTITIONS {
            let read = run.read(partition).await;
            let log = logged(&run.cluster, "t", partition);
            let expected: Vec<_> = log
                .into_iter()
                .map(|(_, value)| value)
                .filter(|value| run.committed.contains(value))
                .collect();
            assert_eq!(read, expected, "seed {seed}, partition {partition}");
        }
        assert!(!run.committed.is_empty(), "seed {seed} committed nothing");
    }
}

impl Run {
    async fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let cluster = cluster(random.i32(1..=3));
        cluster.create_topic("t", PARTITIONS);
        let mut producers = Vec::new();
        for name in PRODUCERS {
            let way = if random.bool() { Way::V1 } else { Way::V2 };
            producers.push(Producer::new(&cluster, name, way).await);
        }
        Self {
            random,
            open: vec![Vec::new(); producers.len()],
            cluster,
            producers,
            committed: BTreeSet::new(),
            written: 0,
            held: false,
        }
    }

    async fn step(&mut self) {
        let index = self.random.usize(..self.producers.len());
        match self.random.u32(..20) {
            0 => {
                self.held = !self.held;
                self.cluster.hold_transaction_markers(self.held);
            }
            1 => self.plain().await,
            2 => self.replace(index).await,
            3..=5 => self.end(index, true).await,
            6 | 7 => self.end(index, false).await,
            8 => self.move_somebody().await,
            9 => {
                let partition = self.random.i32(0..PARTITIONS);
                let read = self.read(partition).await;
                let wrong = read.iter().find(|value| !self.committed.contains(*value));
                assert_eq!(wrong, None);
            }
            _ => self.write(index).await,
        }
    }

    async fn write(&mut self, index: usize) {
        let count = self.random.usize(1..=3);
        let values: Vec<String> = (0..count).map(|_| self.value()).collect();
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        let partition = self.random.i32(0..PARTITIONS);
        let producer = &mut self.producers[index];
        match producer.write("t", partition, &texts).await {
            ErrorCode::None => self.open[index].extend(values),
            // Held markers keep those away who want to go on.
            ErrorCode::ConcurrentTransactions | ErrorCode::NotEnoughReplicas => assert!(self.held),
            code => panic!("{code}"),
        }
    }

    async fn plain(&mut self) {
        let value = self.value();
        let partition = self.random.i32(0..PARTITIONS);
        let leader = self.cluster.leader("t", partition).expect("a leader");
        let mut client = Client::dial(&self.cluster, leader);
        let answer = client.produce("t", partition, batch(&[&value])).await;
        assert_eq!(code(answer.error_code), ErrorCode::None);
        self.committed.insert(value);
    }

    async fn end(&mut self, index: usize, committed: bool) {
        if self.open[index].is_empty() {
            return;
        }
        match self.producers[index].end(committed).await {
            ErrorCode::None => {
                let values = std::mem::take(&mut self.open[index]);
                if committed {
                    self.committed.extend(values);
                }
            }
            ErrorCode::ConcurrentTransactions => assert!(self.held),
            code => panic!("{code}"),
        }
    }

    /// Another producer with the same transactional id takes over.
    async fn replace(&mut self, index: usize) {
        let open = !self.open[index].is_empty();
        let answer = self.producers[index].init().await;
        match code(answer.error_code) {
            ErrorCode::None => assert!(!open),
            ErrorCode::ConcurrentTransactions => {
                assert!(open || self.held);
                self.open[index].clear();
                if !self.held {
                    let answer = self.producers[index].init().await;
                    assert_eq!(code(answer.error_code), ErrorCode::None);
                } else if open {
                    // Its epoch is gone: it has to ask until it gets another.
                    self.cluster.hold_transaction_markers(false);
                    self.held = false;
                    let answer = self.producers[index].init().await;
                    assert_eq!(code(answer.error_code), ErrorCode::None);
                }
            }
            code => panic!("{code}"),
        }
    }

    /// A partition or a transactional id moves to another broker.
    async fn move_somebody(&mut self) {
        let brokers = self.cluster.broker_ids();
        let to = brokers[self.random.usize(..brokers.len())];
        if self.random.bool() {
            let partition = self.random.i32(0..PARTITIONS);
            assert!(self.cluster.move_leader("t", partition, to));
        } else {
            let name = PRODUCERS[self.random.usize(..PRODUCERS.len())];
            assert!(self.cluster.move_transaction_coordinator(name, to));
            for producer in &mut self.producers {
                producer.reconnect().await;
            }
        }
    }

    async fn finish(&mut self) {
        self.cluster.hold_transaction_markers(false);
        self.held = false;
        for index in 0..self.producers.len() {
            let committed = self.random.bool();
            self.end(index, committed).await;
        }
        for partition in 0..PARTITIONS {
            let end = self.cluster.end_offset("t", partition);
            assert_eq!(self.cluster.last_stable_offset("t", partition), end);
        }
    }

    /// All that a reader of committed records gets, in answers of random sizes.
    async fn read(&mut self, partition: i32) -> Vec<String> {
        let leader = self.cluster.leader("t", partition).expect("a leader");
        let mut client = Client::dial(&self.cluster, leader);
        let mut offset = 0;
        let mut values = Vec::new();
        loop {
            let mut request = fetch("t", partition, offset).with_isolation_level(1);
            request.topics[0].partitions[0].partition_max_bytes = self.random.i32(1..800);
            let data: PartitionData = the_data(client.call(&request, 12).await);
            let Some(last) = batches(data.records.clone()).pop() else {
                return values;
            };
            offset = last.next_offset();
            assert!(offset <= data.last_stable_offset);
            values.extend(committed_values(&data));
        }
    }

    fn value(&mut self) -> String {
        self.written += 1;
        format!("value {}", self.written)
    }
}
