//! Log compaction as Kafka's cleaner does it: of each key the last record stays,
//! tombstones and transaction markers go after a while, and offsets never move.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use kafka_protocol::records::{BatchLimits, ControlRecord, RecordBatch};

use super::{PartitionLog, STAMP_LEN, StoredBatch};

/// What one round knows of the log before it changes anything.
#[derive(Debug, Default)]
struct Round {
    /// The last offset of each key, of the records not compacted before.
    latest: BTreeMap<Bytes, i64>,
    /// The offset after the last record that was looked at.
    end_offset: i64,
    /// First offsets of batches whose transaction was aborted.
    aborted: BTreeSet<i64>,
    /// First offsets of batches that tell a producer's last sequence number or
    /// epoch, and stay for that, if without records.
    last_of_producers: BTreeSet<i64>,
    /// The offset after the last record that may be compacted.
    bound: i64,
}

impl PartitionLog {
    /// Compacts all segments but the last one, as far as `stable_offset`. Returns
    /// whether there was anything to do.
    pub(crate) fn compact(&mut self, stable_offset: i64, wall_ms: i64) -> bool {
        let bound = self.compactable_to(stable_offset, wall_ms);
        let from = self.compacted_to.max(self.start_offset());
        if !self.rules.compact || from >= bound {
            return false;
        }
        let round = self.survey(from, bound);
        let batches = std::mem::take(&mut self.batches);
        // Producers of transactions that left something.
        let mut left: BTreeSet<i64> = BTreeSet::new();
        let mut highest_timestamp = -1;
        for batch in batches {
            let kept = if batch.base_offset < round.end_offset {
                round.clean(self, &mut left, &batch, wall_ms)
            } else {
                Some(batch)
            };
            if let Some(mut kept) = kept {
                highest_timestamp = kept.max_timestamp.max(highest_timestamp);
                kept.highest_timestamp = highest_timestamp;
                self.batches.push_back(kept);
            }
        }
        self.compacted_to = round.end_offset;
        self.recount(i64::MIN);
        true
    }

    /// The last segment is not compacted, nor any that is too young.
    fn compactable_to(&self, stable_offset: i64, wall_ms: i64) -> i64 {
        let last = self.segments.back().map_or(0, |last| last.base_offset);
        let lag_ms = self.rules.min_compaction_lag_ms;
        let mut segments = self.segments.iter();
        let young = segments.find(|segment| lag_ms > 0 && segment.is_younger(lag_ms, wall_ms));
        let young = young.map_or(i64::MAX, |segment| segment.base_offset);
        last.min(young).min(stable_offset)
    }

    fn survey(&self, from: i64, bound: i64) -> Round {
        let mut round = Round {
            end_offset: from,
            bound,
            ..Round::default()
        };
        let mut ongoing: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        let mut last: BTreeMap<i64, (bool, i64)> = BTreeMap::new();
        for stored in &self.batches {
            let Some(batch) = parse(stored) else {
                continue;
            };
            let producer = batch.producer_id();
            if producer >= 0 {
                // A marker counts only where there is no data.
                let known = last.entry(producer).or_insert((true, stored.base_offset));
                if known.0 || !batch.is_control() {
                    *known = (batch.is_control(), stored.base_offset);
                }
            }
            if batch.is_control() {
                let transaction = ongoing.remove(&producer).unwrap_or_default();
                if is_abort(&batch) {
                    round.aborted.extend(transaction);
                }
            } else if batch.is_transactional() {
                let transaction = ongoing.entry(producer).or_default();
                transaction.push(stored.base_offset);
            }
        }
        round.last_of_producers = last.into_values().map(|(_, offset)| offset).collect();
        for stored in self.batches.range(self.index_of(from)..) {
            if stored.base_offset >= bound {
                break;
            }
            round.end_offset = stored.last_offset + 1;
            if !round.aborted.contains(&stored.base_offset) {
                round.note_keys(stored);
            }
        }
        round
    }
}

impl Round {
    fn note_keys(&mut self, stored: &StoredBatch) {
        let Some(batch) = parse(stored).filter(|batch| !batch.is_control()) else {
            return;
        };
        let Ok(records) = batch.decompress(&limits()) else {
            return;
        };
        for record in &records {
            if let Some(key) = record.key() {
                self.latest.insert(records.share(key), record.offset());
            }
        }
    }

    /// What is left of a batch; `None` when it goes as a whole.
    fn clean(
        &self,
        log: &PartitionLog,
        left: &mut BTreeSet<i64>,
        stored: &StoredBatch,
        wall_ms: i64,
    ) -> Option<StoredBatch> {
        // A batch that cannot be read was damaged on purpose: it stays.
        let Some(batch) = parse(stored) else {
            return Some(stored.clone());
        };
        let producer = batch.producer_id();
        let aborted = self.aborted.contains(&stored.base_offset);
        let (marker, empty_transaction) = if batch.is_control() {
            (true, !left.remove(&producer))
        } else {
            if batch.is_transactional() {
                left.insert(producer);
            }
            (false, false)
        };
        let over = batch.delete_horizon().is_some_and(|at| at <= wall_ms);
        let discard = aborted || (marker && empty_transaction && over);
        let keep = |key: Option<&[u8]>, offset: i64, tombstone: bool| {
            if discard || marker {
                return !discard;
            }
            if offset >= self.end_offset {
                return true;
            }
            let Some(key) = key else {
                return false;
            };
            let superseded = self.latest.get(key).is_some_and(|latest| *latest > offset);
            !(superseded || (tombstone && over))
        };
        let mut tombstones = false;
        let mut kept = 0;
        let Ok(records) = batch.decompress(&limits()) else {
            return Some(stored.clone());
        };
        for record in &records {
            let tombstone = record.value().is_none();
            if keep(record.key(), record.offset(), tombstone) {
                kept += 1;
                tombstones |= tombstone;
            }
        }
        let needed = self.last_of_producers.contains(&stored.base_offset)
            || stored.last_offset + 1 == self.bound;
        if kept == 0 && !needed {
            return None;
        }
        let horizon = (tombstones || (marker && empty_transaction))
            .then(|| wall_ms.saturating_add(log.rules.delete_retention_ms));
        let compacted = batch.compacted(
            |record| keep(record.key(), record.offset(), record.value().is_none()),
            horizon,
            &limits(),
        );
        // What cannot be written anew stays as it is.
        let Ok(compacted) = compacted else {
            return Some(stored.clone());
        };
        let bytes = compacted.raw().clone();
        Some(StoredBatch {
            max_timestamp: compacted.max_timestamp(),
            stamp: bytes.slice(..STAMP_LEN),
            sent: bytes,
            ..stored.clone()
        })
    }
}

fn limits() -> BatchLimits {
    BatchLimits::default().with_check_crc(false)
}

fn parse(stored: &StoredBatch) -> Option<RecordBatch> {
    RecordBatch::parse(&mut stored.joined(), &limits()).ok()?
}

fn is_abort(batch: &RecordBatch) -> bool {
    let records = batch.decompress(&limits());
    let control = records
        .ok()
        .and_then(|records| ControlRecord::read(&records.iter().next()?).ok());
    matches!(control, Some(ControlRecord::Abort(_)))
}
