//! A few seeds of the workload: the binary `sim` runs as many as one likes.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

use std::time::Duration;

use kafka_client::{Assignment, Record, Start};
use kafka_sim::{FaultCounts, FaultKind, Simulation, workload};

#[test]
fn seeds_keep_every_promise_and_repeat() {
    let mut faults = FaultCounts::new();
    for seed in 0..40 {
        let report = workload::run(seed, false);
        assert_eq!(report.violations, [], "{report}");
        assert!(report.outcomes.0 > 0, "nothing was delivered: {report}");
        for (kind, times) in report.faults {
            *faults.entry(kind).or_default() += times;
        }
        let again = workload::run(seed, true);
        assert_eq!(report.hash, again.hash, "seed {seed} differs from itself");
        assert_eq!(again.lines.len() as u64, again.events);
    }
    for kind in FaultKind::ALL {
        assert!(
            faults.get(&kind).is_some_and(|times| *times > 0),
            "{kind} never happened"
        );
    }
    assert_ne!(workload::run(1, false).hash, workload::run(2, false).hash);
}

#[test]
fn a_silent_network_is_noticed_and_overcome() {
    let run = Simulation::new(5).run(|world| async move {
        let kafka = world
            .kafka()
            .request_timeout(Duration::from_secs(2))
            .connect()
            .await?;
        let producer = kafka.producer().build().await?;
        producer.send(Record::to("t").value("one")).await?.await?;
        let before = world.trace().virtual_time();
        // By chance each time: often enough to reach every one of a handful of links.
        for _ in 0..100 {
            world.network().silence_one();
        }
        producer.send(Record::to("t").value("two")).await?.await?;
        let took = world.trace().virtual_time() - before;
        let mut consumer = kafka
            .consumer()
            .assign([Assignment::new("t", 0, Start::Earliest)])
            .build()
            .await?;
        let mut values = Vec::new();
        while values.len() < 2 {
            if let Some(batch) = consumer.next_batch().await? {
                values.extend((&batch).into_iter().map(|r| r.value().map(<[u8]>::to_vec)));
            }
        }
        Ok::<_, kafka_client::Error>((took, values))
    });
    let (took, values) = run.output.expect("in time").expect("no error");
    assert_eq!(values, [Some(b"one".to_vec()), Some(b"two".to_vec())]);
    assert!(
        took >= Duration::from_secs(2),
        "noticed by the request timeout: {took:?}"
    );
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn an_application_that_hangs_is_given_up() {
    let run = Simulation::new(1)
        .time_limit(Duration::from_secs(5))
        .run(|_world| std::future::pending::<()>());
    let stuck = run.output.expect_err("it hangs").to_string();
    assert!(stuck.contains("5s"), "{stuck}");
}
