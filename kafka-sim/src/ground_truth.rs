//! What the brokers themselves hold, and held: that by which a history is judged.

use std::collections::BTreeMap;

use kafka_protocol::Uuid;
use kafka_protocol::records::{BatchLimits, RecordBatch};

use crate::history::{History, LogId, Visibility};
use crate::world::World;

impl World {
    /// The log of a partition, of the topic as it is now: for outcomes and reads of a history
    /// that [`note_ground_truth`](Self::note_ground_truth) completes.
    pub fn log(&self, history: &mut History, topic: &str, partition: i32) -> LogId {
        let id = self.cluster().topic_id(topic).unwrap_or_default();
        history.log(topic, &id.to_string(), partition)
    }

    /// Copies into the history what the brokers hold in the end, and what faults and
    /// compaction removed: the records of all logs, named as by [`log`](Self::log), and which requests to commit
    /// offsets were left without an answer. Then it can be checked by
    /// [`Evidence::Logs`](crate::Evidence::Logs). Call it once, after the last of what the
    /// application does. All records are taken for committed.
    pub fn note_ground_truth(&self, history: &mut History) {
        let cluster = self.cluster();
        for log in self.removed_since(0) {
            let id = history.log(&log.topic, &log.topic_id.to_string(), log.partition);
            history.removed_below_since(log.at, id, log.below);
            for (offset, value) in records(&log.batches) {
                if offset < log.below {
                    history.stored(id, offset, value, Visibility::Committed);
                }
            }
        }
        for log in self.compacted_since(0) {
            let id = history.log(&log.topic, &log.topic_id.to_string(), log.partition);
            history.compacted(id);
            for (offset, value) in records(&log.batches) {
                if log.removed.contains(&offset) {
                    history.stored_until(log.at, id, offset, value, Visibility::Committed);
                }
            }
        }
        for topic in cluster.topic_names() {
            for partition in 0..cluster.partition_count(&topic) {
                let id = self.log(history, &topic, partition);
                let start = cluster.start_offset(&topic, partition);
                for (offset, value) in records(&cluster.log(&topic, partition)) {
                    if offset >= start {
                        history.stored(id, offset, value, Visibility::Committed);
                    }
                }
            }
        }
        for commit in self.network().abandoned_commits() {
            let group = history.group(&commit.group);
            let names = cluster.topic_names();
            let named = names.iter().find(|name| match commit.topic_id.is_zero() {
                true => **name == *commit.topic,
                false => cluster.topic_id(name) == Some(commit.topic_id),
            });
            if let Some(topic) = named {
                let log = self.log(history, topic, commit.partition);
                history.abandoned_commit(group, log, commit.offset);
            }
        }
    }
}

impl World {
    /// Copies into the history which leader epochs clients stated, told apart by their client
    /// ids. Not of a topic that has had several incarnations, where a request names it
    /// without its id.
    pub(crate) fn note_leader_epochs(&self, history: &mut History) {
        let cluster = self.cluster();
        let present = cluster.topic_names().into_iter();
        let present = present.filter_map(|name| Some((cluster.topic_id(&name)?, name)));
        let removed = self.removed_since(0).into_iter();
        let removed = removed.map(|log| (log.topic_id, log.topic));
        let names: BTreeMap<Uuid, String> = removed.chain(present).collect();
        for (subject, epochs) in self.network().stated_epochs() {
            let log = match names.get(&subject.topic_id) {
                Some(name) => history.log(name, &subject.topic_id.to_string(), subject.partition),
                None if subject.topic.is_empty() || self.was_recreated(&subject.topic) => continue,
                None => self.log(history, &subject.topic, subject.partition),
            };
            let client = history.client(&subject.client);
            for (epoch, span) in epochs {
                history.leader_epoch(span.first, client, log, epoch);
                history.leader_epoch(span.last, client, log, epoch);
            }
        }
    }
}

/// Offset and value of every record.
pub(crate) fn records(batches: &[RecordBatch]) -> Vec<(i64, Vec<u8>)> {
    let limits = BatchLimits::default();
    let mut found = Vec::new();
    for batch in batches {
        match batch.decompress(&limits) {
            Ok(records) => {
                for record in &records {
                    found.push((record.offset(), record.value().unwrap_or_default().to_vec()));
                }
            }
            Err(error) => {
                let problem = format!("unreadable batch: {error}");
                found.push((batch.base_offset(), problem.into_bytes()));
            }
        }
    }
    found
}
