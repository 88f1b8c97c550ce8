//! A few seeds of the workload: the binary `sim` runs as many as one likes.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use kafka_client::{Assignment, Record, Start};
use kafka_sim::workload::{self, Options};
use kafka_sim::{FaultCounts, Simulation};

fn run(seed: u64, keep_events: bool) -> workload::Report {
    let options = Options {
        keep_events,
        ..Options::default()
    };
    workload::run(seed, &options)
}

#[test]
fn seeds_keep_every_promise_and_repeat() {
    let mut faults = FaultCounts::new();
    let mut delivered = 0;
    for seed in 0..30 {
        let report = run(seed, false);
        assert_eq!(report.violations, [], "{report}");
        delivered += report.outcomes.0;
        for (kind, times) in report.faults {
            *faults.entry(kind).or_default() += times;
        }
        let again = run(seed, true);
        assert_eq!(report.hash, again.hash, "seed {seed} differs from itself");
        assert!(again.lines.len() as u64 >= again.events);
    }
    assert!(delivered > 500, "{delivered}");
    let happened = faults.values().filter(|times| **times > 0).count();
    assert!(happened > 20, "{faults:?}");
    assert_ne!(run(1, false).hash, run(2, false).hash);
}

#[test]
fn processes_and_jobs_leave_the_same_traces() {
    let hashes = |jobs: &str| -> BTreeMap<String, String> {
        let mut sim = Command::new(env!("CARGO_BIN_EXE_sim"));
        let output = sim.args(["--seeds", "0..12", "--jobs", jobs]).output();
        let output = String::from_utf8(output.unwrap().stdout).unwrap();
        let lines = output.lines().filter_map(|line| line.strip_prefix("seed "));
        lines
            .filter_map(|line| line.split_once(" hash "))
            .map(|(seed, rest)| (seed.to_owned(), rest[..16].to_owned()))
            .collect()
    };
    let one = hashes("1");
    assert_eq!(one.len(), 12);
    assert_eq!(one, hashes("2"));
    let inside = format!("{:016x}", run(3, false).hash);
    assert_eq!(one["3"], inside, "another process");
}

#[test]
fn fewer_faults_leave_the_rest_as_they_were() {
    let whole = workload::schedule(5, workload::Profile::Default);
    let options = Options {
        only: Some(vec![0]),
        ..Options::default()
    };
    let report = workload::run(5, &options);
    assert_eq!(report.schedule.strikes(), &whole.strikes()[..1]);
}

#[test]
fn resumed_runs_add_up() {
    let folder = std::env::temp_dir().join(format!("kafka-sim-{}", std::process::id()));
    // Of a process that had this number before, and was killed.
    let _ = std::fs::remove_dir_all(&folder);
    let file = folder.join("counts");
    let sim = |seeds: &str| {
        let mut sim = Command::new(env!("CARGO_BIN_EXE_sim"));
        let arguments = ["--profile", "quick", "--seeds", seeds, "--resume"];
        sim.args(arguments).arg(&file).output().unwrap();
        std::fs::read_to_string(&file).unwrap()
    };
    let whole = sim("0..6");
    let known = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("wall"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(known(&sim("2..5")), known(&whole), "nothing is run twice");
    std::fs::remove_file(&file).unwrap();
    sim("0..4");
    assert_eq!(known(&sim("0..6")), known(&whole));
    std::fs::remove_dir_all(folder).unwrap();
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

#[tokio::test]
async fn within_a_runtime_it_says_so() {
    let run = Simulation::new(1).run(|_world| async {});
    let why = run.output.expect_err("it can't run").to_string();
    assert!(why.contains("outside of asynchronous code"), "{why}");
}

#[test]
fn an_application_that_hangs_is_given_up() {
    let run = Simulation::new(1)
        .time_limit(Duration::from_secs(5))
        .run(|_world| std::future::pending::<()>());
    let stuck = run.output.expect_err("it hangs").to_string();
    assert!(stuck.contains("5s"), "{stuck}");
}
