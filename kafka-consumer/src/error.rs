//! The errors this crate makes itself; all of them name the setting, or the
//! partition and the offset.

use kafka_net::{Error, ErrorKind};
use kafka_protocol::ErrorCode;

use crate::assignment::TopicPartition;

/// `what` needs a group, and none is configured.
pub(crate) fn no_group(what: &str) -> Error {
    Error::config(format!(
        "{what} needs a group: set ConsumerConfig::group (group.id)"
    ))
}

pub(crate) fn closed() -> Error {
    Error::closed("the consumer")
}

pub(crate) fn not_assigned(partition: &TopicPartition) -> Error {
    at(
        partition,
        Error::new(ErrorKind::InvalidArgument).with_message("not assigned to this consumer"),
    )
}

/// Adds the partition to the error's context.
pub(crate) fn at(partition: &TopicPartition, error: Error) -> Error {
    error
        .with_topic(&partition.topic)
        .with_partition(partition.partition)
}

/// The position is not in the log, and the policy is to fail. `log` is the first
/// offset the log holds and the one after its last.
pub(crate) fn out_of_range(partition: &TopicPartition, offset: i64, log: (i64, i64)) -> Error {
    let (start, end) = log;
    at(
        partition,
        Error::new(ErrorKind::OffsetOutOfRange)
            .with_message(format!(
                "offset {offset} is not in the log, which holds offsets {start} to {end} (exclusive)"
            ))
            .with_hint("seek to an offset in the log, or set ConsumerConfig::offset_reset"),
    )
}

/// Nothing was committed, and the policy is to fail.
pub(crate) fn no_committed_offset(partition: &TopicPartition, group: &str) -> Error {
    at(
        partition,
        Error::new(ErrorKind::OffsetOutOfRange)
            .with_message(format!("group {group:?} has no committed offset"))
            .with_hint("seek to an offset, or set ConsumerConfig::offset_reset"),
    )
}

/// The topic was deleted and created anew, and the policy is to fail.
pub(crate) fn topic_recreated(partition: &TopicPartition, offset: i64) -> Error {
    at(
        partition,
        Error::new(ErrorKind::OffsetOutOfRange)
            .with_message(format!(
                "the topic was deleted and created anew; offset {offset} belonged to the old one"
            ))
            .with_hint("seek to an offset of the new topic, or set ConsumerConfig::offset_reset"),
    )
}

/// A batch that failed its checks. `skip_to` is the offset after it, as far as its
/// header can be believed.
pub(crate) fn corrupt(partition: &TopicPartition, offset: i64, skip_to: Option<i64>) -> Error {
    let error = Error::new(ErrorKind::Corrupt).with_message(format!(
        "the record batch at offset {offset} failed its checks"
    ));
    let hint = match skip_to {
        Some(next) => format!(
            "the partition is stopped; seek to {next} to go on behind the batch, \
             or to {offset} to fetch it again"
        ),
        None => format!("the partition is stopped; seek to {offset} to fetch it again"),
    };
    at(partition, error.with_hint(hint))
}

/// The broker refused a partition for good.
pub(crate) fn refused(partition: &TopicPartition, code: ErrorCode, offset: Option<i64>) -> Error {
    let kind = if code == ErrorCode::CorruptMessage {
        ErrorKind::Corrupt
    } else {
        ErrorKind::Broker(code)
    };
    let mut error = Error::new(kind);
    if code == ErrorCode::CorruptMessage {
        error = error.with_message("the broker found its own copy of the log corrupt");
    }
    let hint = match offset {
        Some(offset) => format!("the partition is stopped at offset {offset} until a seek"),
        None => "the partition is stopped until a seek".to_owned(),
    };
    at(partition, error.with_hint(hint))
}
