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
//! [`workload::run`] is the run that tests this project: seeded producers and consumers
//! under a seeded schedule of faults, its history checked. The binary `sim` runs it for
//! ranges of seeds.

mod chance;
mod checker;
mod clock;
mod network;
mod schedule;
mod trace;
pub mod workload;
mod world;

pub use checker::{History, Violation};
pub use clock::SimWallClock;
pub use network::{LinkProfile, Network};
pub use schedule::{FaultCounts, FaultKind};
pub use trace::Trace;
pub use world::{Run, Simulation, Stuck, World};
