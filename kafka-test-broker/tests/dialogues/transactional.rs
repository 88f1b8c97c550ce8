//! A transactional producer in raw messages, for dialogues with coordinators and
//! leaders.

use std::collections::BTreeMap;

use kafka_protocol::messages::add_partitions_to_txn::AddPartitionsToTxnTopic;
use kafka_protocol::messages::fetch::PartitionData;
use kafka_protocol::messages::{
    AddPartitionsToTxnRequest, EndTxnRequest, FetchRequest, FindCoordinatorRequest,
    InitProducerIdRequest, InitProducerIdResponse,
};
use kafka_protocol::records::{BatchLimits, BatchStamp, Compression, RecordBatch};
use kafka_protocol::{ErrorCode, RecordBytes, StrBytes, Uuid};
use kafka_test_broker::TestCluster;

use crate::client::{Client, code, fetch, produce, records, stamped, the_data, the_partition};

/// How a producer makes its transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// With a request for each partition, and one epoch for all transactions.
    V1,
    /// By writing, and with an epoch for each transaction (KIP-890).
    V2,
}

pub(crate) const WAYS: [Way; 2] = [Way::V1, Way::V2];

impl Way {
    /// Epochs that each transaction takes.
    pub(crate) fn bump(self) -> i16 {
        match self {
            Self::V1 => 0,
            Self::V2 => 1,
        }
    }

    fn end_version(self) -> i16 {
        match self {
            Self::V1 => 4,
            Self::V2 => 5,
        }
    }

    fn produce_version(self) -> i16 {
        match self {
            Self::V1 => 11,
            Self::V2 => 12,
        }
    }
}

/// See the module.
pub(crate) struct Producer {
    cluster: TestCluster,
    /// Connected to the coordinator.
    pub client: Client,
    pub name: &'static str,
    pub way: Way,
    pub id: i64,
    pub epoch: i16,
    sequences: BTreeMap<(String, i32), i32>,
}

impl Producer {
    /// Connects to the coordinator of a transactional id, and gets an epoch.
    pub(crate) async fn new(cluster: &TestCluster, name: &'static str, way: Way) -> Self {
        let mut producer = Self::uninitialized(cluster, name, way).await;
        let answer = producer.init().await;
        assert_eq!(code(answer.error_code), ErrorCode::None);
        producer
    }

    pub(crate) async fn uninitialized(cluster: &TestCluster, name: &'static str, way: Way) -> Self {
        let coordinator = coordinator(cluster, name).await;
        Self {
            cluster: cluster.clone(),
            client: Client::dial(cluster, coordinator),
            name,
            way,
            id: -1,
            epoch: -1,
            sequences: BTreeMap::new(),
        }
    }

    /// Connects to whoever coordinates now.
    pub(crate) async fn reconnect(&mut self) {
        let coordinator = coordinator(&self.cluster, self.name).await;
        self.client = Client::dial(&self.cluster, coordinator);
    }

    /// Asks for an epoch, and takes it.
    pub(crate) async fn init(&mut self) -> InitProducerIdResponse {
        let answer = self.client.call(&init(self.name), 5).await;
        if answer.error_code == 0 {
            self.become_producer(answer.producer_id, answer.producer_epoch);
        }
        answer
    }

    pub(crate) fn become_producer(&mut self, id: i64, epoch: i16) {
        if (id, epoch) != (self.id, self.epoch) {
            self.sequences.clear();
        }
        (self.id, self.epoch) = (id, epoch);
    }

    /// Makes partitions part of the transaction by request.
    pub(crate) async fn add(&mut self, topic: &str, partitions: &[i32]) -> ErrorCode {
        let request = add(self.name, self.id, self.epoch, topic, partitions);
        let answer = self.client.call(&request, 3).await;
        let topic = &answer.results_by_topic_v3_and_below[0];
        code(topic.results_by_partition[0].partition_error_code)
    }

    /// Writes to a partition, whatever it takes to make it part of the
    /// transaction.
    pub(crate) async fn write(
        &mut self,
        topic: &str,
        partition: i32,
        values: &[&str],
    ) -> ErrorCode {
        if self.way == Way::V1 {
            let added = self.add(topic, &[partition]).await;
            if added != ErrorCode::None {
                return added;
            }
        }
        self.write_only(topic, partition, values).await
    }

    /// Writes to a partition.
    pub(crate) async fn write_only(
        &mut self,
        topic: &str,
        partition: i32,
        values: &[&str],
    ) -> ErrorCode {
        let place = (topic.to_owned(), partition);
        let sequence = self.sequences.get(&place).copied().unwrap_or(0);
        let records = transactional(self.id, self.epoch, sequence, values);
        let request = produce(topic, Uuid::ZERO, partition, Some(records));
        let request = request.with_transactional_id(Some(self.name.into()));
        let Some(leader) = self.cluster.leader(topic, partition) else {
            return ErrorCode::LeaderNotAvailable;
        };
        let mut leader = Client::dial(&self.cluster, leader);
        let answer = leader.call(&request, self.way.produce_version()).await;
        let code = code(the_partition(answer).error_code);
        if code == ErrorCode::None {
            self.sequences.insert(place, sequence + values.len() as i32);
        }
        code
    }

    /// Ends the transaction, and takes the epoch of the next.
    pub(crate) async fn end(&mut self, committed: bool) -> ErrorCode {
        let request = end(self.name, self.id, self.epoch, committed);
        let answer = self.client.call(&request, self.way.end_version()).await;
        if self.way == Way::V2 && answer.error_code == 0 {
            self.become_producer(answer.producer_id, answer.producer_epoch);
        }
        code(answer.error_code)
    }
}

/// Finds the coordinator of a transactional id.
pub(crate) async fn coordinator(cluster: &TestCluster, name: &str) -> i32 {
    let up = cluster
        .broker_ids()
        .into_iter()
        .find(|id| cluster.is_up(*id));
    let mut client = Client::dial(cluster, up.expect("a broker that is up"));
    let request = FindCoordinatorRequest::new()
        .with_key_type(1)
        .with_coordinator_keys(vec![StrBytes::from(name.to_owned())]);
    let answer = client.call(&request, 6).await;
    let [found] = &answer.coordinators[..] else {
        panic!("{answer:?}")
    };
    assert_eq!(code(found.error_code), ErrorCode::None);
    found.node_id
}

/// What a reader gets of a partition from `offset` on: the answer.
pub(crate) async fn read(
    client: &mut Client,
    topic: &str,
    partition: i32,
    offset: i64,
    committed: bool,
) -> PartitionData {
    let request = fetch(topic, partition, offset).with_isolation_level(i8::from(committed));
    the_data(client.call(&request, 12).await)
}

/// The values that a reader of committed records makes of an answer, as clients
/// do it: from the list of aborted transactions and the markers.
pub(crate) fn committed_values(data: &PartitionData) -> Vec<String> {
    let mut aborted = data.aborted_transactions.clone().unwrap_or_default();
    aborted.sort_by_key(|aborted| aborted.first_offset);
    let mut aborted = aborted.into_iter().peekable();
    let mut inside = std::collections::BTreeSet::new();
    let mut values = Vec::new();
    for batch in batches(data.records.clone()) {
        while let Some(next) = aborted.next_if(|next| next.first_offset <= batch.last_offset()) {
            inside.insert(next.producer_id);
        }
        if batch.is_control() {
            inside.remove(&batch.producer_id());
            continue;
        }
        if !(batch.is_transactional() && inside.contains(&batch.producer_id())) {
            values.extend(
                records(Some(batch.into()))
                    .into_iter()
                    .map(|(_, value)| value),
            );
        }
    }
    values
}

/// All whole batches.
pub(crate) fn batches(bytes: Option<RecordBytes>) -> Vec<RecordBatch> {
    let mut bytes = bytes.unwrap_or_default().into_bytes();
    let mut batches = Vec::new();
    while let Some(batch) = RecordBatch::parse(&mut bytes, &BatchLimits::default()).unwrap() {
        batches.push(batch);
    }
    batches
}

/// A batch of a transaction.
pub(crate) fn transactional(id: i64, epoch: i16, sequence: i32, values: &[&str]) -> RecordBytes {
    let stamp = BatchStamp {
        producer_id: id,
        producer_epoch: epoch,
        base_sequence: sequence,
        transactional: true,
        ..BatchStamp::default()
    };
    stamped(values, Compression::None, &stamp)
}

pub(crate) fn init(name: &'static str) -> InitProducerIdRequest {
    InitProducerIdRequest::new()
        .with_transactional_id(Some(name.into()))
        .with_transaction_timeout_ms(60_000)
}

pub(crate) fn add(
    name: &'static str,
    id: i64,
    epoch: i16,
    topic: &str,
    partitions: &[i32],
) -> AddPartitionsToTxnRequest {
    AddPartitionsToTxnRequest::new()
        .with_v3_and_below_transactional_id(name)
        .with_v3_and_below_producer_id(id)
        .with_v3_and_below_producer_epoch(epoch)
        .with_v3_and_below_topics(vec![in_topic(topic, partitions)])
}

pub(crate) fn in_topic(topic: &str, partitions: &[i32]) -> AddPartitionsToTxnTopic {
    AddPartitionsToTxnTopic::new()
        .with_name(topic.to_owned())
        .with_partitions(partitions.to_vec())
}

pub(crate) fn end(name: &'static str, id: i64, epoch: i16, committed: bool) -> EndTxnRequest {
    EndTxnRequest::new()
        .with_transactional_id(name)
        .with_producer_id(id)
        .with_producer_epoch(epoch)
        .with_committed(committed)
}

/// A fetch of committed records that waits for some.
pub(crate) fn long_poll(topic: &str, offset: i64, max_wait_ms: i32) -> FetchRequest {
    fetch(topic, 0, offset)
        .with_isolation_level(1)
        .with_max_wait_ms(max_wait_ms)
}
