//! Deterministic simulation: clients, a Kafka cluster and the network between them inside
//! one thread, under a virtual clock, from one seed.
//!
//! Useful alone: run your own application on `kafka-client` through years of faults in
//! minutes. What happened repeats exactly from the seed; [`Trace::hash`] proves it.
//!
//! ```
//! use kafka_client::{Assignment, Record, Start};
//! use kafka_sim::Simulation;
//!
//! let run = Simulation::new(7).brokers(3).run(|world| async move {
//!     let kafka = world.kafka().connect().await?;
//!     let producer = kafka.producer().build().await?;
//!     producer.send(Record::to("orders").value("v1")).await?.await?;
//!     world.network().cut_all();
//!     producer.send(Record::to("orders").value("v2")).await?.await?;
//!     producer.close(std::time::Duration::from_secs(10)).await
//! });
//! run.output.unwrap().unwrap();
//! assert_eq!(run.panics, []);
//! assert!(run.trace.events() > 0);
//! # let _ = Start::Earliest; let _ = Assignment::new("orders", 0, Start::Earliest);
//! ```
//!
//! # What the application must leave alone
//!
//! What comes from outside of the world differs from run to run, and a failure that does not
//! repeat can't be looked into. An application under simulation
//!
//! - asks tokio for the time, `tokio::time`, and the world's [wall clock](World::wall_clock),
//!   never `std::time::Instant::now` or `SystemTime::now`;
//! - takes its chance from [`World::random`], and does nothing in the order of a `HashMap`,
//!   which is another one in each process;
//! - spawns tasks (`tokio::spawn`, [`Process::spawn`]), no threads, nor `spawn_blocking`;
//! - opens no socket and waits for no file: virtual time does not wait for either.
//!
//! [`Simulation::run`] brings its own runtime: call it from a plain `#[test]`.
//!
//! # Is what it got what Kafka promises?
//!
//! A [`History`] tells whether an application got what Kafka promises: record what it sends
//! and what it is handed, and have it [checked](History::check). It works as well on a real
//! cluster, where [fresh readers](History::fresh_consumer) are the evidence.
//!
//! ```
//! use kafka_client::{Assignment, Record, Start};
//! use kafka_sim::{Anomaly, Evidence, History, Isolation, Promise, SendOutcome, Simulation};
//!
//! let run = Simulation::new(7).run(|world| async move {
//!     let mut history = History::new();
//!     let now = || world.trace().virtual_time();
//!     let log = history.log("orders", "", 0);
//!
//!     let kafka = world.kafka().connect().await?;
//!     let producer = kafka.producer().build().await?;
//!     let sender = history.producer("sender", Promise::ExactlyOnce);
//!     for value in ["v1", "v2"] {
//!         let send = history.send(now(), sender, value);
//!         let outcome = match producer.send(Record::to("orders").value(value)).await?.await {
//!             Ok(ack) => SendOutcome::Acknowledged { log, offset: ack.offset },
//!             Err(error) if error.possibly_written() => SendOutcome::Indeterminate,
//!             Err(_) => SendOutcome::Failed,
//!         };
//!         history.resolve(now(), send, outcome);
//!     }
//!
//!     let earliest = Assignment::new("orders", 0, Start::Earliest);
//!     let mut consumer = kafka.consumer().assign([earliest]).build().await?;
//!     let reader = history.fresh_consumer("reader", Isolation::ReadUncommitted);
//!     history.assign(now(), reader, log, Some(0));
//!     while history.records_read() < 2 {
//!         if let Some(batch) = consumer.next_batch().await? {
//!             let records = batch.records();
//!             let records = records.map(|r| (r.offset(), r.value().unwrap_or_default()));
//!             history.poll(now(), reader, log, records);
//!         }
//!     }
//!     Ok::<_, kafka_client::Error>(history)
//! });
//! let mut history = run.output.unwrap().unwrap();
//! assert_eq!(history.check(Evidence::FreshReaders), []);
//!
//! // A third that is acknowledged and never read would be found.
//! let sender = history.producer("other", Promise::AtLeastOnce);
//! let send = history.send(run.trace.virtual_time(), sender, "v3");
//! let log = history.log("orders", "", 0);
//! let outcome = SendOutcome::Acknowledged { log, offset: Some(2) };
//! history.resolve(run.trace.virtual_time(), send, outcome);
//! let found = history.check(Evidence::FreshReaders);
//! assert_eq!(found[0].anomaly(), Anomaly::Unseen);
//! ```
//!
//! Faults are data: a [`Schedule`] of them is drawn from a seed, carried out on the world,
//! and [shrunk](shrink) to the few that make an application fail. Which of the situations
//! that a client must survive ([`ROWS`]) really arose is counted. Put together, this is a
//! test of an application of one's own:
//!
//! ```
//! use std::time::Duration;
//! use kafka_client::{Error, Idempotence, Random, Record};
//! use kafka_sim::{
//!     Evidence, FaultKind, History, Promise, Schedule, SendOutcome, Simulation, Violation,
//!     World, shrink,
//! };
//!
//! /// The application: what it sends, it notes.
//! async fn application(world: World, faults: Schedule) -> Result<History, Error> {
//!     let mut history = History::new();
//!     let now = || world.trace().virtual_time();
//!     let sender = history.producer("app", Promise::ExactlyOnce);
//!     let kafka = world.kafka().request_timeout(Duration::from_secs(1)).connect().await?;
//!     let producer = kafka.producer().idempotence(Idempotence::Required).build().await?;
//!     let striking = tokio::spawn(faults.strike(world.clone()));
//!     let mut sent = Vec::new();
//!     for n in 0..50 {
//!         let value = format!("order {n}");
//!         let send = history.send(now(), sender, &value);
//!         match producer.send(Record::to("orders").value(value)).await {
//!             Ok(delivery) => sent.push((send, delivery)),
//!             // Refused at the door, which is an outcome like others.
//!             Err(_) => history.resolve(now(), send, SendOutcome::Failed),
//!         }
//!         tokio::time::sleep(Duration::from_millis(20)).await;
//!     }
//!     let _happened = striking.await;
//!     world.heal();
//!     for (send, delivery) in sent {
//!         let outcome = match delivery.await {
//!             Ok(ack) => SendOutcome::Acknowledged {
//!                 log: world.log(&mut history, "orders", ack.partition),
//!                 offset: ack.offset,
//!             },
//!             Err(error) if error.possibly_written() => SendOutcome::Indeterminate,
//!             Err(_) => SendOutcome::Failed,
//!         };
//!         history.resolve(now(), send, outcome);
//!     }
//!     world.note_ground_truth(&mut history);
//!     Ok(history)
//! }
//!
//! fn run(seed: u64, faults: &Schedule) -> Vec<Violation> {
//!     let faults = faults.clone();
//!     let simulation = Simulation::new(seed).brokers(3);
//!     let run = simulation.run(|world| application(world, faults));
//!     let mut violations = run.panics;
//!     match run.output {
//!         Ok(Ok(history)) => violations.extend(history.check(Evidence::Logs)),
//!         Ok(Err(error)) => violations.push(Violation::liveness(error.to_string())),
//!         Err(stuck) => violations.push(Violation::liveness(stuck.to_string())),
//!     }
//!     violations
//! }
//!
//! for seed in 0..50 {
//!     let random = Random::from_seed(seed);
//!     let faults = Schedule::draw(&random, FaultKind::ALL, 10, Duration::from_secs(1));
//!     let violations = run(seed, &faults);
//!     if let Some(first) = violations.first().map(Violation::anomaly) {
//!         let same = |faults: &Schedule| run(seed, faults).iter().any(|v| v.anomaly() == first);
//!         let needed = faults.only(&shrink(&faults, same));
//!         panic!("seed {seed} breaks {violations:#?} under\n{needed}");
//!     }
//! }
//! ```
//!
//! [`workload::run`] is the run that tests this project: seeded producers and consumers
//! under a seeded schedule of faults, its history checked. The binary `sim` runs it for
//! ranges of seeds.

mod cancel;
mod chance;
mod checker;
mod clock;
mod ground_truth;
mod history;
mod network;
mod pace;
mod panics;
mod process;
mod rows;
mod schedule;
pub mod speed;
mod tap;
mod trace;
pub mod workload;
mod world;

pub use cancel::{DropAfterPolls, drop_after_polls};
pub use checker::{Anomaly, Evidence, Violation};
pub use clock::SimWallClock;
pub use history::{
    ClientId, CommitId, CommitOutcome, ConsumerId, GroupId, History, Isolation, LogId, ProducerId,
    Promise, SendId, SendOutcome, TransactionId, TransactionOutcome, Visibility,
};
pub use network::{LinkProfile, Network};
pub use process::Process;
pub use rows::{Family, ROWS, Row, RowCounts, Rows};
pub use schedule::{Area, FaultCounts, FaultKind, Schedule, Strike, shrink};
pub use trace::Trace;
pub use world::{CompactedLog, RemovedLog, Run, Simulation, Stuck, World};
