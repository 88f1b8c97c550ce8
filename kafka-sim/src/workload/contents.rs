//! What a record holds besides its value is told in the value, so that readers see whether
//! keys or headers were lost or came to other records.

use kafka_client::{Headers, RecordView};

/// The name of the header that some records have.
pub(super) const HEADER: &str = "origin";

/// The beginning of the value of a record with this key and this header.
pub(super) fn told(key: Option<&[u8]>, origin: Option<&[u8]>) -> String {
    // FNV-1a; what is missing differs from what is empty.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in [key, origin] {
        let mark = [u8::from(part.is_some())];
        for byte in mark.iter().chain(part.unwrap_or_default()) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    format!("{hash:016x} ")
}

/// Whether the record is whole: its value tells of its key and its header.
pub(super) fn is_whole(record: &RecordView<'_>) -> bool {
    let origin = Headers::last(&record.headers(), HEADER).flatten();
    let told = told(record.key(), origin);
    let value = record.value().unwrap_or_default();
    value.starts_with(told.as_bytes()) && record.headers().count() == usize::from(origin.is_some())
}

#[cfg(test)]
mod tests {
    use kafka_client::{Assignment, Error, Record, Start};

    use super::*;
    use crate::Simulation;

    #[test]
    fn lost_and_exchanged_parts_are_seen() {
        let plain = |key: &str, origin| {
            let value = told(Some(key.as_bytes()), origin);
            Record::to("t").key(key.to_owned()).value(value)
        };
        let run = Simulation::new(1).run(|world| async move {
            let kafka = world.kafka().connect().await?;
            let producer = kafka.producer().build().await?;
            for record in [
                plain("k", None),
                plain("k", Some(&b"h"[..])).header(HEADER, "h"),
                plain("k", None).key("j"),
                plain("k", Some(&b"h"[..])),
                plain("k", None).header(HEADER, "h"),
            ] {
                producer.send(record).await?.await?;
            }
            let assigned = [Assignment::new("t", 0, Start::Earliest)];
            let mut consumer = kafka.consumer().assign(assigned).build().await?;
            let mut whole = Vec::new();
            while whole.len() < 5 {
                if let Some(batch) = consumer.next_batch().await? {
                    whole.extend(batch.records().map(|record| is_whole(&record)));
                }
            }
            Ok::<_, Error>(whole)
        });
        let whole = run.output.unwrap().unwrap();
        assert_eq!(whole, [true, true, false, false, false]);
    }
}
