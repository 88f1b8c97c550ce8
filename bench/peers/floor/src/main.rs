//! The least that any client does.
//!
//! Producing: one frame with a prepared batch for each partition, sent again and again,
//! five unanswered at once, the answers thrown away. Consuming: fetches whose answers are
//! read and of whose batches only the headers are looked at; in variant `crc`, every
//! batch is checked and every record found.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use bytes::{Bytes, BytesMut};
use kafka_protocol::frame::{decode_body, encode_request, open_response};
use kafka_protocol::messages::fetch::{FetchPartition, FetchTopic};
use kafka_protocol::messages::produce::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{FetchRequest, FetchResponse, ProduceRequest};
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchStamp, Compressor, NewRecord, RecordBatch,
};
use kafka_protocol::wire::Limits;
use kafka_protocol::{ApiKey, RecordBytes};
use peer_contract::{Acks, Check, Job, Meter, Payload, Reading, Report, Role};

const VERSION: &str = "prepared frames";
const PRODUCE_VERSION: i16 = 8;
const FETCH_VERSION: i16 = 11;
const IN_FLIGHT: usize = 5;
const BATCH_BYTES: usize = 16 * 1024;
const BEST_BATCH_BYTES: usize = 128 * 1024;
const PARTITION_MAX_BYTES: i32 = 1024 * 1024;
const FETCH_MAX_BYTES: i32 = 50 * 1024 * 1024;
/// Of a batch: its length, which counts what comes after it, and its last record's place.
const LENGTH_AT: usize = 8;
const LAST_AT: usize = 23;

pub fn main() -> ExitCode {
    peer_contract::main(|job| match job.role {
        Role::Produce => produce(job),
        Role::Consume => consume(job),
        Role::Latency => Err("the floor has no latency".to_owned()),
    })
}

fn produce(job: &Job) -> Result<Report, String> {
    if job.acks == Acks::None {
        return Err("the floor reads an answer for each request".to_owned());
    }
    let (frame, records) = frame(job)?;
    let mut socket = connect(job)?;
    let rounds = |wanted: u64| wanted.div_ceil(records);
    send(&mut socket, &frame, rounds(job.warmup), job).map_err(said)?;
    let rounds = rounds(job.records);
    let meter = Meter::start();
    send(&mut socket, &frame, rounds, job).map_err(said)?;
    let sent = rounds * records;
    Ok(Report::new(VERSION, &meter, sent, sent * job.size as u64)
        .setting("acks", job.acks.name())
        .setting("idempotence", "none")
        .setting("batch bytes", batch_bytes(job))
        .setting("request bytes", frame.len())
        .setting("in flight", job.in_flight.unwrap_or(IN_FLIGHT))
        .setting("codec", job.codec.name()))
}

/// A request with a batch for each partition, and how many records that are.
fn frame(job: &Job) -> Result<(Bytes, u64), String> {
    let payload = Payload::of(job);
    let mut builder = BatchBuilder::new();
    let mut records = 0;
    while records == 0 || builder.batch_len() + job.size + 10 <= batch_bytes(job) {
        let record = NewRecord {
            timestamp: 1_763_700_000_000,
            key: None,
            value: Some(payload.value(records)),
            headers: &[],
        };
        builder.append(&record).map_err(said)?;
        records += 1;
    }
    let codec = job.codec.name().parse().map_err(said)?;
    let mut compressor = Compressor::new(codec).map_err(said)?;
    let sealed = builder.seal(&mut compressor).map_err(said)?;
    let batch: RecordBytes = sealed.to_record_bytes(&BatchStamp::default());
    let partitions = (0..job.partitions).map(|partition| {
        PartitionProduceData::new()
            .with_index(partition)
            .with_records(batch.clone())
    });
    let topic = TopicProduceData::new()
        .with_name(job.topic.clone())
        .with_partition_data(partitions.collect::<Vec<_>>());
    let request = ProduceRequest::new()
        .with_acks(if job.acks == Acks::All { -1 } else { 1 })
        .with_timeout_ms(30_000)
        .with_topic_data(vec![topic]);
    let frame = encode_request(&request, PRODUCE_VERSION, 1, None).map_err(said)?;
    let records = records * u64::try_from(job.partitions).unwrap_or(1);
    Ok((frame.into_bytes(), records))
}

fn send(socket: &mut TcpStream, frame: &[u8], rounds: u64, job: &Job) -> io::Result<()> {
    let most = job.in_flight.unwrap_or(IN_FLIGHT) as u64;
    let mut answer = Vec::new();
    let mut answered = 0;
    for sent in 0..rounds {
        if sent - answered == most {
            read_frame(socket, &mut answer)?;
            answered += 1;
        }
        socket.write_all(frame)?;
    }
    while answered < rounds {
        read_frame(socket, &mut answer)?;
        answered += 1;
    }
    Ok(())
}

/// Reads an answer over the one before.
fn read_frame(socket: &mut TcpStream, frame: &mut Vec<u8>) -> io::Result<()> {
    let mut len = [0; 4];
    socket.read_exact(&mut len)?;
    frame.resize(u32::from_be_bytes(len) as usize, 0);
    socket.read_exact(frame)
}

fn consume(job: &Job) -> Result<Report, String> {
    let looks = job.variant == "crc";
    let reading = Reading::begin();
    let mut socket = connect(job)?;
    let mut offsets = vec![0; usize::try_from(job.partitions).unwrap_or(0)];
    let (mut check, mut counted) = (Check::default(), 0);
    let mut buffer = BytesMut::new();
    while check.records + counted < job.records {
        let request = encode_request(&fetch(job, &offsets), FETCH_VERSION, 1, None);
        socket
            .write_all(&request.map_err(said)?.into_bytes())
            .map_err(said)?;
        let mut len = [0; 4];
        socket.read_exact(&mut len).map_err(said)?;
        buffer.resize(u32::from_be_bytes(len) as usize, 0);
        socket.read_exact(&mut buffer).map_err(said)?;
        reading.arrived();
        let frame = buffer.split().freeze();
        let (_, body) =
            open_response(ApiKey::Fetch, FETCH_VERSION, frame, Limits::default()).map_err(said)?;
        let answer: FetchResponse = decode_body(body, FETCH_VERSION).map_err(said)?;
        for partition in answer.responses.iter().flat_map(|topic| &topic.partitions) {
            let records = partition.records.clone().unwrap_or_default().into_bytes();
            let at = usize::try_from(partition.partition_index).unwrap_or(0);
            let offset = offsets
                .get_mut(at)
                .ok_or("a partition that was not asked for")?;
            if looks {
                *offset = iterate(records, *offset, &mut check)?;
            } else {
                counted += count(&records, offset)?;
            }
        }
    }
    let report = if looks {
        reading.report(job, VERSION, check)?
    } else {
        // Counted by batch headers alone, which no sum can check.
        reading.counted(VERSION, counted, counted * job.size as u64)?
    };
    Ok(report
        .setting(
            "reads",
            if looks {
                "batches, CRC checked"
            } else {
                "batch headers"
            },
        )
        .setting("fetch.max.bytes", FETCH_MAX_BYTES)
        .setting("partition fetch bytes", PARTITION_MAX_BYTES)
        .setting("check.crcs", looks))
}

fn fetch(job: &Job, offsets: &[i64]) -> FetchRequest {
    let partitions = offsets.iter().zip(0..).map(|(offset, partition)| {
        FetchPartition::new()
            .with_partition(partition)
            .with_fetch_offset(*offset)
            .with_partition_max_bytes(PARTITION_MAX_BYTES)
    });
    let topic = FetchTopic::new()
        .with_topic(job.topic.clone())
        .with_partitions(partitions.collect::<Vec<_>>());
    FetchRequest::new()
        .with_max_wait_ms(500)
        .with_min_bytes(1)
        .with_max_bytes(FETCH_MAX_BYTES)
        .with_topics(vec![topic])
}

/// Finds every record of whole batches; the offset after them.
fn iterate(mut records: Bytes, mut offset: i64, check: &mut Check) -> Result<i64, String> {
    let limits = BatchLimits::default();
    while let Some(batch) = RecordBatch::parse(&mut records, &limits).map_err(said)? {
        let next = batch.next_offset();
        let found = batch.decompress(&limits).map_err(said)?;
        for record in &found {
            check.read(record.value().unwrap_or_default());
        }
        offset = next;
    }
    Ok(offset)
}

/// How many records the whole batches say that they have.
fn count(mut records: &[u8], offset: &mut i64) -> Result<u64, String> {
    let mut counted = 0;
    while let (Some(length), Some(last)) = (number(records, LENGTH_AT), number(records, LAST_AT)) {
        let whole = LENGTH_AT + 4 + length;
        let Some(rest) = records.get(whole..) else {
            break;
        };
        counted += last as u64 + 1;
        *offset += last as i64 + 1;
        records = rest;
    }
    Ok(counted)
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    usize::try_from(i32::from_be_bytes(*bytes)).ok()
}

fn connect(job: &Job) -> Result<TcpStream, String> {
    let first = job.bootstrap.split(',').next().unwrap_or_default();
    let socket = TcpStream::connect(first).map_err(said)?;
    socket.set_nodelay(true).map_err(said)?;
    Ok(socket)
}

fn batch_bytes(job: &Job) -> usize {
    job.setting(job.batch_bytes, BEST_BATCH_BYTES)
        .unwrap_or(BATCH_BYTES)
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
