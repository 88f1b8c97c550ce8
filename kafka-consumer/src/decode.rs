//! From fetched bytes to a batch that can be handed out.
//!
//! Runs where the caller asks for data, one batch at a time: what is decompressed
//! is handed out at once, so it never piles up, and several consumers work in
//! parallel.

use std::collections::BTreeSet;

use bytes::Bytes;
use kafka_net::Error;
use kafka_protocol::records::{BatchLimits, ControlRecordKind, RecordBatch, RecordError};

use crate::assignment::TopicPartition;
use crate::batch::Batch;
use crate::config::{ConsumerConfig, IsolationLevel};
use crate::error;

/// The batches that one fetch answer brought for one partition.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Whole batches, one after the other; shrinks as they are taken.
    pub(crate) data: Bytes,
    /// The broker that sent it.
    pub(crate) broker: i32,
    /// Where reading goes on: at first the offset that was asked for, before which
    /// the first batch may begin.
    pub(crate) from: i64,
    /// The offset after the last record.
    pub(crate) next_offset: i64,
    pub(crate) high_watermark: i64,
    /// Bytes of the fetch answer whose buffer `data` shares.
    pub(crate) frame: usize,
    pub(crate) aborted: AbortedTransactions,
}

/// What the next batch of a chunk turned out to be.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// Records to hand out.
    Batch(Batch),
    /// There is no record left in the chunk; reading goes on at this offset.
    Exhausted(i64),
    /// A batch failed its checks. Everything before `at` was handed out.
    Corrupt { at: i64, error: Error },
}

/// How batches are checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decoder {
    limits: BatchLimits,
    isolation: IsolationLevel,
}

impl Decoder {
    pub(crate) fn new(config: &ConsumerConfig) -> Self {
        Self {
            limits: BatchLimits::DEFAULT
                .with_check_crc(config.check_crcs)
                .with_max_decompressed(config.max_decompressed_batch),
            isolation: config.isolation,
        }
    }

    /// Takes batches off the front of `chunk` up to the first with records for
    /// the caller. Control batches, aborted transactions, and what lies before the
    /// offset that was asked for are passed over.
    pub(crate) fn next(&self, partition: &TopicPartition, chunk: &mut Chunk) -> Decoded {
        loop {
            let (batch, next) = match self.step(partition, chunk) {
                Ok(Step::Batch(batch)) => {
                    let next = batch.next_offset();
                    (Some(batch), next)
                }
                Ok(Step::Passed(next)) => (None, next),
                Ok(Step::End) => return Decoded::Exhausted(chunk.next_offset.max(chunk.from)),
                Err(failure) => {
                    let at = chunk.from;
                    let error = failure.at(partition, at);
                    return Decoded::Corrupt { at, error };
                }
            };
            chunk.from = chunk.from.max(next);
            if let Some(batch) = batch {
                return Decoded::Batch(batch);
            }
        }
    }

    fn step(&self, partition: &TopicPartition, chunk: &mut Chunk) -> Result<Step, Failure> {
        let Some(batch) = RecordBatch::parse(&mut chunk.data, &self.limits)? else {
            return Ok(Step::End);
        };
        let next = batch.next_offset();
        let failed = |error| Failure {
            error,
            batch: Some((batch.base_offset(), next)),
        };
        if batch.is_control() {
            if self.isolation == IsolationLevel::ReadCommitted
                && ends_aborted(&batch, &self.limits).map_err(failed)?
            {
                chunk
                    .aborted
                    .ended(batch.producer_id(), batch.last_offset());
            }
            return Ok(Step::Passed(next));
        }
        if next <= chunk.from || batch.record_count() == 0 {
            return Ok(Step::Passed(next));
        }
        if self.isolation == IsolationLevel::ReadCommitted
            && batch.is_transactional()
            && chunk
                .aborted
                .covers(batch.producer_id(), batch.last_offset())
        {
            return Ok(Step::Passed(next));
        }
        let records = batch.decompress(&self.limits).map_err(failed)?;
        let batch = Batch::starting_at(
            chunk.from,
            partition,
            &batch,
            records,
            chunk.high_watermark,
            chunk.frame,
        );
        Ok(batch.map_or(Step::Passed(next), Step::Batch))
    }
}

enum Step {
    Batch(Batch),
    /// Nothing for the caller up to this offset.
    Passed(i64),
    End,
}

struct Failure {
    error: RecordError,
    /// Base offset of the batch and the offset after it, once its header can be
    /// believed.
    batch: Option<(i64, i64)>,
}

impl Failure {
    /// The error for the caller; `at` is where reading had come to.
    fn at(self, partition: &TopicPartition, at: i64) -> Error {
        if let RecordError::UnsupportedMagic { magic: 0..=1, .. } = self.error {
            return error::old_format(partition, at).with_source(self.error);
        }
        let (offset, skip_to) = match self.batch {
            Some((base, next)) => (at.max(base), Some(next)),
            None => (at, None),
        };
        error::corrupt(partition, offset, skip_to).with_source(self.error)
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        Self { error, batch: None }
    }
}

/// Whether a control batch says that its producer's transaction was aborted.
fn ends_aborted(batch: &RecordBatch, limits: &BatchLimits) -> Result<bool, RecordError> {
    let records = batch.decompress(limits)?;
    let kind = records
        .iter()
        .next()
        .and_then(|record| ControlRecordKind::from_key(record.key()?));
    Ok(kind == Some(ControlRecordKind::Abort))
}

/// The aborted transactions that reach into a chunk.
///
/// The broker lists them by producer and first offset, in no order. A transaction
/// lasts from there to its abort marker, of which there may be more than one.
#[derive(Debug, Default)]
pub(crate) struct AbortedTransactions {
    /// (first offset, producer id), the lowest offset last.
    waiting: Vec<(i64, i64)>,
    /// Producers whose aborted transaction the walk is in.
    open: BTreeSet<i64>,
}

impl AbortedTransactions {
    /// From pairs of producer id and first offset.
    pub(crate) fn new(listed: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let mut waiting: Vec<_> = listed
            .into_iter()
            .map(|(producer, first)| (first, producer))
            .collect();
        waiting.sort_unstable_by(|a, b| b.cmp(a));
        Self {
            waiting,
            open: BTreeSet::new(),
        }
    }

    /// Whether a transactional batch of `producer` that ends at `last_offset`
    /// belongs to one. Asked in the order of the log.
    fn covers(&mut self, producer: i64, last_offset: i64) -> bool {
        self.advance(last_offset);
        self.open.contains(&producer)
    }

    /// An abort marker of `producer` at `offset` was passed. Compaction may have
    /// left nothing else of the transaction, so it may begin only now.
    fn ended(&mut self, producer: i64, offset: i64) {
        self.advance(offset);
        self.open.remove(&producer);
    }

    fn advance(&mut self, last_offset: i64) {
        while let Some(&(first, aborted)) = self.waiting.last()
            && first <= last_offset
        {
            self.waiting.pop();
            self.open.insert(aborted);
        }
    }
}
