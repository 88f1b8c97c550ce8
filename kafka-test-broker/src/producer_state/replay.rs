use kafka_protocol::records::{BatchLimits, ControlRecord, RecordBatch};

use super::{Marker, ProducerRules, ProducerStates, SequencedBatch};

impl ProducerStates {
    /// What is left when the log is cut at `end`, and holds `batches` before it.
    ///
    /// Producers that wrote nothing from there on stay as they are, though their
    /// batches may be gone. Of the others there is what the batches tell.
    pub(crate) fn truncated(
        &self,
        end: i64,
        batches: impl IntoIterator<Item = RecordBatch>,
    ) -> Self {
        let kept = self
            .producers
            .iter()
            .filter(|(_, state)| state.last_offset < end);
        let mut states = Self {
            producers: kept.map(|(id, state)| (*id, state.clone())).collect(),
            verifications: Default::default(),
            unstable: self.unstable.truncated(end),
            aborted: self.aborted.truncated(end),
        };
        for (id, state) in &states.producers {
            if let Some(first_offset) = state.transaction_start {
                states.unstable.begin(first_offset, *id);
            }
        }
        for batch in batches {
            states.replay(&batch);
        }
        states
    }

    /// Learns from a batch that a leader has let into its log, unless it is
    /// known.
    pub(crate) fn replay(&mut self, batch: &RecordBatch) {
        let known = self.producers.get(&batch.producer_id());
        let known = known.is_some_and(|state| batch.base_offset() <= state.last_offset);
        if batch.producer_id() < 0 || known {
            return;
        }
        if batch.is_control() {
            if let Some((marker, timestamp)) = marker_of(batch) {
                self.ended(&marker, batch.base_offset(), timestamp);
            }
            return;
        }
        let sequenced = SequencedBatch {
            producer_id: batch.producer_id(),
            producer_epoch: batch.producer_epoch(),
            base_sequence: batch.base_sequence(),
            // Compaction takes records from a batch, and leaves it its sequence.
            record_count: sequence_len(batch),
            transactional: batch.is_transactional(),
            verified: true,
            rules: ProducerRules::Any,
        };
        self.appended(&sequenced, batch.base_offset(), batch.max_timestamp());
    }
}

/// How many records a batch had when its producer sent it.
fn sequence_len(batch: &RecordBatch) -> i32 {
    let len = batch.last_offset() - batch.base_offset() + 1;
    i32::try_from(len).unwrap_or(i32::MAX)
}

/// The marker that a control batch carries, and its timestamp.
fn marker_of(batch: &RecordBatch) -> Option<(Marker, i64)> {
    let records = batch.decompress(&BatchLimits::default()).ok()?;
    let record = records.get(0)?;
    let (committed, end) = match ControlRecord::read(&record).ok()? {
        ControlRecord::Commit(end) => (true, end),
        ControlRecord::Abort(end) => (false, end),
        _ => return None,
    };
    let marker = Marker {
        producer_id: batch.producer_id(),
        producer_epoch: batch.producer_epoch(),
        committed,
        coordinator_epoch: end.coordinator_epoch,
        // What the log does not say; the leader has checked it.
        transaction_version: 0,
    };
    Some((marker, record.timestamp()))
}
