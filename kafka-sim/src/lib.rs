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
//! println!("{} events, trace {:016x}", run.trace.events(), run.trace.hash());
//! # let _ = Start::Earliest; let _ = Assignment::new("orders", 0, Start::Earliest);
//! ```
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
//! [`workload::run`] is the run that tests this project: seeded producers and consumers
//! under a seeded schedule of faults, its history checked. The binary `sim` runs it for
//! ranges of seeds.

mod chance;
mod checker;
mod clock;
mod history;
mod network;
mod schedule;
mod trace;
pub mod workload;
mod world;

pub use checker::{Anomaly, Evidence, Violation};
pub use clock::SimWallClock;
pub use history::{
    CommitId, CommitOutcome, ConsumerId, GroupId, History, Isolation, LogId, ProducerId, Promise,
    SendId, SendOutcome, TransactionId, TransactionOutcome, Visibility,
};
pub use network::{LinkProfile, Network};
pub use schedule::{FaultCounts, FaultKind};
pub use trace::Trace;
pub use world::{Run, Simulation, Stuck, World};
