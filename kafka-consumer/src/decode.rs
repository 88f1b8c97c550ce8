//! From fetched bytes to a batch that can be handed out.
//!
//! Runs where the caller asks for data, one batch at a time: what is decompressed
//! is handed out at once, so it never piles up, and several consumers work in
//! parallel.

use std::collections::BTreeSet;

use bytes::Bytes;
use kafka_net::Error;
use kafka_protocol::records::{BatchLimits, ControlRecordKind, Magic, RecordBatch, RecordError};

use crate::assignment::TopicPartition;
use crate::batch::Batch;
use crate::config::{ConsumerConfig, IsolationLevel};
use crate::error;
use crate::walk;

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
        let parsed = RecordBatch::parse(&mut chunk.data, &self.limits);
        let parsed = parsed.map_err(|error| Failure {
            error,
            batch: walk::first_batch(&chunk.data),
        })?;
        let Some(batch) = parsed else {
            return Ok(Step::End);
        };
        let next = batch.next_offset();
        let first = (batch.magic() == Magic::V2).then(|| batch.base_offset());
        let failed = |error| Failure {
            error,
            batch: Some((first, next)),
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
    /// First offset of the batch, if it tells it, and the offset after it, as its
    /// header says.
    batch: Option<(Option<i64>, i64)>,
}

impl Failure {
    /// The error for the caller; `at` is where reading had come to.
    fn at(self, partition: &TopicPartition, at: i64) -> Error {
        let (offset, skip_to) = match self.batch {
            Some((first, next)) => (first.unwrap_or(at).max(at), Some(next)),
            None => (at, None),
        };
        error::corrupt(partition, offset, skip_to).with_source(self.error)
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

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use kafka_net::ErrorKind;
    use kafka_protocol::records::{Compression, Compressor, MessageSetBuilder, NewRecord};

    use super::*;
    use crate::test_support::{concat, damaged, emptied, made, marker, with_last_offset};

    fn chunk(from: i64, next_offset: i64, data: Bytes) -> Chunk {
        Chunk {
            frame: data.len(),
            data,
            broker: 1,
            from,
            next_offset,
            high_watermark: 1_000,
            aborted: AbortedTransactions::default(),
        }
    }

    fn partition() -> TopicPartition {
        TopicPartition::new("t", 7)
    }

    /// Offsets that come out of the chunk, batch by batch, up to its end.
    fn offsets(config: &ConsumerConfig, mut chunk: Chunk) -> (Vec<Vec<i64>>, i64) {
        let decoder = Decoder::new(config);
        let mut batches = Vec::new();
        loop {
            match decoder.next(&partition(), &mut chunk) {
                Decoded::Batch(batch) => {
                    assert_eq!(batch.topic_partition(), partition());
                    assert_eq!(batch.len(), batch.records().count());
                    assert_eq!(
                        batch.first_offset(),
                        batch.records().next().unwrap().offset()
                    );
                    assert_eq!(chunk.from, batch.next_offset());
                    for record in &batch {
                        let value = record.offset().to_string();
                        assert_eq!(record.value(), Some(value.as_bytes()));
                    }
                    batches.push(batch.records().map(|record| record.offset()).collect());
                }
                Decoded::Exhausted(next) => return (batches, next),
                Decoded::Corrupt { error, .. } => panic!("{error}"),
            }
        }
    }

    fn uncommitted() -> ConsumerConfig {
        ConsumerConfig::default()
    }

    fn committed() -> ConsumerConfig {
        uncommitted().isolation(IsolationLevel::ReadCommitted)
    }

    #[test]
    fn records_before_the_offset_asked_for_are_passed_over() {
        for compression in Compression::ALL {
            let data = concat([
                made(10, 3).compressed(compression).bytes(),
                made(13, 2).compressed(compression).bytes(),
            ]);
            let all = |from| offsets(&uncommitted(), chunk(from, 15, data.clone()));
            assert_eq!(all(10), (vec![vec![10, 11, 12], vec![13, 14]], 15));
            assert_eq!(all(12), (vec![vec![12], vec![13, 14]], 15));
            assert_eq!(all(13), (vec![vec![13, 14]], 15));
        }
    }

    #[test]
    fn gaps_and_emptied_batches_move_the_position_only() {
        let data = concat([
            emptied(0, 9),
            with_last_offset(&made(10, 1).bytes(), 10, 19),
            emptied(20, 29),
        ]);
        let (batches, next) = offsets(&uncommitted(), chunk(0, 30, data.clone()));
        assert_eq!((batches, next), (vec![vec![10]], 30));
        // The only record lies before the offset asked for.
        let (batches, next) = offsets(&uncommitted(), chunk(11, 30, data));
        assert_eq!((batches, next), (Vec::<Vec<i64>>::new(), 30));
    }

    #[test]
    fn control_batches_are_never_handed_out() {
        let data = concat([
            made(0, 2).in_transaction_of(5).bytes(),
            marker(2, 5, ControlRecordKind::Commit),
            made(3, 1).bytes(),
            marker(4, 5, ControlRecordKind::Unknown(77)),
        ]);
        for config in [uncommitted(), committed()] {
            let (batches, next) = offsets(&config, chunk(0, 5, data.clone()));
            assert_eq!((batches, next), (vec![vec![0, 1], vec![3]], 5));
        }
    }

    #[test]
    fn aborted_transactions_are_left_out_when_only_committed_ones_are_wanted() {
        let data = concat([
            made(0, 1).in_transaction_of(5).bytes(),
            made(1, 1).in_transaction_of(6).bytes(),
            marker(2, 6, ControlRecordKind::Abort),
            made(3, 1).in_transaction_of(6).bytes(),
            marker(4, 5, ControlRecordKind::Abort),
            // A marker may be there twice.
            marker(5, 5, ControlRecordKind::Abort),
            made(6, 1).in_transaction_of(5).bytes(),
            made(7, 1).bytes(),
            made(8, 1).in_transaction_of(7).bytes(),
            marker(9, 5, ControlRecordKind::Commit),
            marker(10, 6, ControlRecordKind::Commit),
        ]);
        let with_aborted = || {
            let mut chunk = chunk(0, 11, data.clone());
            // In no order, and one that began before what was fetched.
            chunk.aborted = AbortedTransactions::new([(7, 8), (6, 1), (5, -20)]);
            chunk
        };
        let (batches, next) = offsets(&committed(), with_aborted());
        assert_eq!((batches, next), (vec![vec![3], vec![6], vec![7]], 11));
        let (batches, _) = offsets(&uncommitted(), with_aborted());
        assert_eq!(batches.concat(), [0, 1, 3, 6, 7, 8]);
    }

    #[test]
    fn a_transaction_of_which_only_the_marker_is_left_ends_there() {
        // Compaction removed the aborted records; the producer's next transaction
        // was committed and must be seen.
        let data = concat([
            marker(4, 5, ControlRecordKind::Abort),
            made(5, 2).in_transaction_of(5).bytes(),
            marker(7, 5, ControlRecordKind::Commit),
        ]);
        let mut chunk = chunk(0, 8, data);
        chunk.aborted = AbortedTransactions::new([(5, 1)]);
        let (batches, next) = offsets(&committed(), chunk);
        assert_eq!((batches, next), (vec![vec![5, 6]], 8));
    }

    #[test]
    fn a_damaged_batch_is_named_and_what_precedes_it_is_not_lost() {
        let data = concat([
            made(0, 3).bytes(),
            emptied(3, 4),
            damaged(&made(5, 2).bytes()),
            made(7, 1).bytes(),
        ]);
        let mut bad = chunk(0, 8, data.clone());
        let decoder = Decoder::new(&uncommitted());
        let first = decoder.next(&partition(), &mut bad);
        assert!(matches!(first, Decoded::Batch(batch) if batch.len() == 3));
        let Decoded::Corrupt { at, error } = decoder.next(&partition(), &mut bad) else {
            panic!("the damage was not seen");
        };
        assert_eq!(at, 5);
        assert_eq!(*error.kind(), ErrorKind::Corrupt);
        assert_eq!(error.context().topic(), Some("t"));
        assert_eq!(error.context().partition(), Some(7));
        let text = error.to_string();
        assert!(text.contains("offset 5") && text.contains("CRC"), "{text}");
        assert!(text.contains("seek to 7 to go on"), "{text}");
        // Without the check the record is taken as it is.
        let unchecked = Decoder::new(&uncommitted().check_crcs(false));
        let mut bad = chunk(0, 8, data);
        let mut count = 0;
        while let Decoded::Batch(batch) = unchecked.next(&partition(), &mut bad) {
            count += batch.len();
        }
        assert_eq!(count, 6);
    }

    #[test]
    fn a_batch_that_grows_too_large_is_refused_with_the_way_around_it() {
        let batch = made(5, 2_000).padded(100).compressed(Compression::Zstd);
        let mut bad = chunk(5, 2_005, batch.bytes());
        let decoder = Decoder::new(&uncommitted().max_decompressed_batch(100_000));
        let Decoded::Corrupt { at, error } = decoder.next(&partition(), &mut bad) else {
            panic!("the bound did not hold");
        };
        assert_eq!(at, 5);
        let text = error.to_string();
        assert!(text.contains("seek to 2005"), "{text}");
    }

    /// Whoever seeks where the error says to fetch it again loses nothing: a wrapper
    /// states its last offset, and the records before it are in it.
    #[test]
    fn a_damaged_message_set_is_named_by_where_reading_had_come_to() {
        let wrapper = |builder: MessageSetBuilder| {
            let mut builder = builder.with_base_offset(15);
            for _ in 0..5 {
                builder.append(&NewRecord::default()).unwrap();
            }
            let mut gzip = Compressor::new(Compression::Gzip).unwrap();
            builder.seal(&mut gzip).unwrap().raw().to_vec()
        };
        for builder in [MessageSetBuilder::v0(), MessageSetBuilder::v1()] {
            let good = wrapper(builder);
            let mut data = good.clone();
            *data.last_mut().unwrap() ^= 1;
            // Where the checksum is not looked at, the codec notices.
            for config in [uncommitted(), uncommitted().check_crcs(false)] {
                let mut bad = chunk(15, 20, Bytes::from(data.clone()));
                let decoded = Decoder::new(&config).next(&partition(), &mut bad);
                let Decoded::Corrupt { at: 15, error } = decoded else {
                    panic!("{decoded:?}");
                };
                let text = error.to_string();
                assert!(text.contains("the record batch at offset 15"), "{text}");
                assert!(text.contains("seek to 20 to go on"), "{text}");
                assert!(text.contains("or to 15 to fetch it again"), "{text}");
            }
        }
    }

    #[test]
    fn a_log_that_outlived_upgrades_is_read_like_any_other() {
        let set = |builder: MessageSetBuilder, base: i64, codec| {
            let mut builder = builder.with_base_offset(base);
            for _ in 0..5 {
                builder.append(&NewRecord::default()).unwrap();
            }
            let mut compressor = Compressor::new(codec).unwrap();
            builder.seal(&mut compressor).unwrap().raw().clone()
        };
        let mut log = BytesMut::new();
        log.extend(set(MessageSetBuilder::v0(), 0, Compression::None));
        log.extend(set(MessageSetBuilder::v0(), 5, Compression::Snappy));
        log.extend(set(MessageSetBuilder::v1(), 10, Compression::None));
        log.extend(set(MessageSetBuilder::v1(), 15, Compression::Gzip));
        log.extend(made(20, 5).bytes());
        // From within the first wrapper, which the broker sends whole.
        let walk = walk::Walk::over(&log);
        assert_eq!((walk.complete, walk.next_offset), (log.len(), Some(25)));
        let mut old = chunk(7, 25, log.freeze());
        let decoder = Decoder::new(&uncommitted());
        let mut offsets = Vec::new();
        while let Decoded::Batch(batch) = decoder.next(&partition(), &mut old) {
            offsets.extend(batch.records().map(|record| record.offset()));
        }
        assert_eq!(offsets, (7..25).collect::<Vec<_>>());
    }
}
