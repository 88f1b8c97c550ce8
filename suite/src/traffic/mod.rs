//! Steady traffic of one client while a real cluster of three brokers is operated on: is there
//! a gap that the brokers don't explain?
//!
//! The cluster has replication factor 3 and `min.insync.replicas` 2. One idempotent producer
//! sends to each partition ten times a second, one assigned consumer reads them all. Brokers
//! are killed, paused and restarted in turn; meanwhile leaders are moved by reassignment, one
//! topic gets more partitions, and one is deleted and created again.
//!
//! **Gaps.** A partition that can't be written to for a while is no fault of a client: a leader
//! has to be elected, a follower that went away holds acks=all back until its session
//! (`broker.session.timeout.ms`, four seconds here) is over. So each partition has a witness
//! which shares no code with the client above the message codec: a plain socket over which one
//! record at a time is written with acks=all to the leader and read back. A *window* is a time
//! through which the witness was served by one leader, within two seconds each time; it ends
//! when the witness is not served or when another leader is elected, and what follows is
//! another window. The client is asked to have no time longer than its request timeout and
//! five seconds inside any window, from its beginning to its end, in which it got no
//! acknowledgement from the partition, or the consumer no record: in that time it has to notice
//! that a broker does not answer, find the new leader, and go on. Where the whole machine is
//! slow, the witness is slow too, and the window ends.
//!
//! **Losses.** Of the topics that stay, every record is acknowledged, and the history checker of
//! `kafka-sim` finds it once, in order, in what a fresh client reads. Of the topic that is
//! deleted, every record has an outcome, and the ledger of `fleeting.rs` finds no incarnation
//! mixed with another.

mod board;
mod crew;
mod figures;
mod fleeting;
mod gaps;
mod readers;
mod schedule;
mod senders;
mod strikes;
mod witness;

use std::sync::Arc;
use std::time::Duration;

use kafka_client::{Kafka, NewTopic};
use kafka_sim::Evidence;
use tokio::time::sleep;

use crate::BoxError;
use crate::soak::arena::Arena;
use board::{Board, Place};
use crew::Crew;
pub use figures::{Figures, Gaps};
pub use fleeting::Outcomes;
pub use schedule::Fault;
use strikes::Striker;

const STEADY: &str = "steady";
/// Gets more partitions.
const GROWING: &str = "growing";
/// Is deleted and created again.
const FLEETING: &str = "fleeting";
const TOPICS: [&str; 3] = [STEADY, GROWING, FLEETING];

/// Of the client under test.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(4);
/// The longest gap in traffic to a healthy broker.
pub const LONGEST_GAP: Duration = REQUEST_TIMEOUT.saturating_add(Duration::from_secs(5));
/// How long anything may take that only has to happen at all.
const RECOVERY: Duration = Duration::from_secs(180);

/// From which seed, and until how many faults.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the faults are drawn from.
    pub seed: u64,
    /// Faults that meet requests in flight; each kind strikes several times in any case.
    pub faults: u64,
}

impl Default for Options {
    /// Seed 1, 30 faults.
    fn default() -> Self {
        Self {
            seed: 1,
            faults: 30,
        }
    }
}

/// Runs it, printing a line for each fault.
///
/// # Errors
/// What kept the run from being carried out at all. What went wrong with the traffic is
/// part of the figures.
pub async fn run(options: &Options) -> Result<Figures, BoxError> {
    let arena = Arena::start(
        3,
        false,
        &[
            ("broker.session.timeout.ms", "4000"),
            ("broker.heartbeat.interval.ms", "500"),
            ("auto.create.topics.enable", "false"),
        ],
    );
    let arena = Arc::new(arena.await?);
    let operator = arena.connect_directly().await?;
    let mut places: Vec<Place> = Vec::new();
    for name in TOPICS {
        operator.admin().create_topic(topic(name)).await?;
        places.extend((0..partitions(name)).map(|partition| (name, partition)));
    }
    let kafka = connect(&arena).await?;
    let board = Arc::new(Board::start());
    let brokers = arena.direct().split(',').map(str::to_owned).collect();
    let crew = Arc::new(Crew::start(&kafka, &board, brokers).await?);
    for place in places {
        crew.add(place)?;
    }
    let growing = partitions(GROWING);
    let striker = Striker::new(
        arena.clone(),
        crew.clone(),
        board.clone(),
        operator,
        growing,
    );
    tokio::try_join!(
        striker.processes(options.seed),
        striker.operations(options.seed, options.faults)
    )?;
    striker.in_sync().await?;
    // On for a while: what came last is seen to go on, too.
    sleep(LONGEST_GAP + Duration::from_secs(5)).await;

    let places = crew.places();
    crew.stop_sending().await;
    let took = board.now();
    let faults = striker.counts();
    let metrics = crew.senders.metrics();
    let fresh = connect(&arena).await?;
    let ends = readers::ends(&fresh, &places).await?;
    crew.reader.stop(&ends).await;
    readers::read_all(&fresh, &board, &ends).await?;
    fresh.close(Duration::from_secs(10)).await?;
    kafka.close(Duration::from_secs(10)).await?;

    Ok(board.with(|notes, _| {
        let mut problems = std::mem::take(&mut notes.problems);
        let mut gaps = Gaps::default();
        for (place, marks) in &notes.marks {
            problems.extend(gaps.enter(*place, marks, notes));
        }
        for place in &places {
            problems.extend(notes.marks.entry(*place).or_default().unused(*place));
        }
        problems.extend(notes.fleeting.judge());
        let violations = notes.history.check(Evidence::FreshReaders);
        problems.extend(violations.iter().map(ToString::to_string));
        Figures {
            options: options.clone(),
            took,
            faults,
            outcomes: notes.history.outcomes(),
            fleeting: notes.fleeting.outcomes(),
            recreated: notes.fleeting.recreated(),
            in_the_last: notes.fleeting.in_the_last(),
            partitions: places.len(),
            metrics,
            gaps,
            problems,
        }
    }))
}

/// The client under test.
async fn connect(arena: &Arena) -> Result<Kafka, BoxError> {
    let kafka = Kafka::builder(arena.direct())
        .client_id("traffic")
        .request_timeout(REQUEST_TIMEOUT)
        .connect_timeout(Duration::from_secs(3))
        // That partitions were added is noticed so.
        .metadata_max_age(Duration::from_secs(2))
        .allow_auto_topic_creation(false);
    Ok(kafka.connect().await?)
}

/// How many a topic begins with.
fn partitions(topic: &str) -> i32 {
    match topic {
        STEADY => 6,
        _ => 3,
    }
}

fn topic(name: &str) -> NewTopic {
    NewTopic::new(name, partitions(name), 3).config("min.insync.replicas", "2")
}
