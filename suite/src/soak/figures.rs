//! What a run shows: a line every few seconds, a table in the end.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_client::ProducerMetrics;
use kafka_sim::Violation;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::record::Recorder;
use super::strike::{Striker, Struck};
use super::traffic::Traffic;
use super::{Fault, Options};
use crate::clock;

const LINE_EVERY: Duration = Duration::from_secs(5);
const SAMPLE_EVERY: Duration = Duration::from_millis(100);

/// How a run ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Figures {
    /// What was asked for.
    pub options: Options,
    /// Faults by kind.
    pub faults: BTreeMap<Fault, Struck>,
    /// Sends acknowledged, failed for certain, and of unknown outcome.
    pub outcomes: (usize, usize, usize),
    /// Records handed to consumers, the fresh one included.
    pub read: usize,
    /// Of each producer.
    pub metrics: Vec<(&'static str, ProducerMetrics)>,
    /// The longest without an acknowledgement, and without a record read.
    pub stalls: Stalls,
    /// From healing until traffic flowed again; `None` if it did not.
    pub recovery: Option<Duration>,
    /// Promises broken.
    pub violations: Vec<Violation>,
}

/// The longest times in which nothing went on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stalls {
    /// Without an acknowledgement to any producer.
    pub acknowledged: Duration,
    /// Without a record for any consumer.
    pub read: Duration,
}

/// Three brokers lead all the time, and one at most is away: a request to that one is given
/// up after 30 s, and its partitions have another leader before.
const LONGEST_STALL: Duration = Duration::from_secs(60);

impl Stalls {
    /// Those that no fault explains.
    pub(super) fn too_long(self) -> Option<String> {
        (self.acknowledged.max(self.read) > LONGEST_STALL).then(|| {
            format!(
                "nothing was acknowledged for {:?}, nothing read for {:?}: more than \
                 {LONGEST_STALL:?}",
                self.acknowledged, self.read
            )
        })
    }
}

impl Figures {
    /// No promise broken, faults enough, and everything recovered.
    pub fn is_success(&self) -> bool {
        self.violations.is_empty()
            && self.recovery.is_some()
            && self.faults_in_flight() >= self.options.faults_expected()
    }

    /// Faults that met requests in flight.
    pub fn faults_in_flight(&self) -> u64 {
        self.faults.values().map(|struck| struck.in_flight).sum()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.options.duration.as_secs_f64() / 60.0;
        writeln!(
            f,
            "seed {}, {} brokers, {minutes:.1} minutes under faults",
            self.options.seed, self.options.brokers
        )?;
        writeln!(
            f,
            "{:<18} {:>6} {:>20}",
            "fault", "times", "requests in flight"
        )?;
        for kind in Fault::ALL {
            let struck = self.faults.get(&kind).copied().unwrap_or_default();
            writeln!(f, "{kind:<18} {:>6} {:>20}", struck.times, struck.in_flight)?;
        }
        let times: u64 = self.faults.values().map(|struck| struck.times).sum();
        let (in_flight, expected) = (self.faults_in_flight(), self.options.faults_expected());
        writeln!(f, "{:<18} {times:>6} {in_flight:>20}", "all")?;
        writeln!(
            f,
            "at least {expected} with requests in flight are expected\n"
        )?;
        for (name, metrics) in &self.metrics {
            writeln!(
                f,
                "{name:<12} {} records acknowledged, {} failed or unknown; {} requests, \
                 {} of them lost unacknowledged, {} batches retried",
                metrics.records_acked,
                metrics.records_failed,
                metrics.requests,
                metrics.requests_lost_unacknowledged,
                metrics.retries
            )?;
        }
        let (acknowledged, failed, unknown) = self.outcomes;
        writeln!(
            f,
            "records: {acknowledged} acknowledged, {failed} failed, {unknown} of unknown outcome, \
             {} handed to consumers",
            self.read
        )?;
        writeln!(
            f,
            "longest stall: {:.1} s without an acknowledgement, {:.1} s without a record read",
            self.stalls.acknowledged.as_secs_f64(),
            self.stalls.read.as_secs_f64()
        )?;
        match self.recovery {
            Some(took) => writeln!(
                f,
                "traffic flowed {:.1} s after healing",
                took.as_secs_f64()
            )?,
            None => writeln!(f, "traffic did NOT flow again after healing")?,
        }
        if let Some(kib) = peak_memory_kib() {
            writeln!(f, "memory: {} MiB at most", kib / 1024)?;
        }
        for violation in &self.violations {
            writeln!(f, "VIOLATION {violation}")?;
        }
        writeln!(f, "{} violations", self.violations.len())
    }
}

/// What the progress is read from.
pub(super) struct Watched {
    pub(super) recorder: Arc<Recorder>,
    pub(super) traffic: Arc<Traffic>,
    pub(super) striker: Arc<Striker>,
}

pub(super) struct Progress {
    stop: watch::Sender<bool>,
    task: JoinHandle<Stalls>,
}

impl Progress {
    pub(super) fn start(watched: Watched) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self {
            stop,
            task: tokio::spawn(watched.run(stopped)),
        }
    }

    pub(super) async fn stop(self) -> Stalls {
        self.stop.send_replace(true);
        self.task.await.unwrap_or_default()
    }
}

/// When a count last grew.
struct Gauge {
    count: u64,
    since: Instant,
    worst: Duration,
}

impl Gauge {
    fn new(now: Instant) -> Self {
        Self {
            count: 0,
            since: now,
            worst: Duration::ZERO,
        }
    }

    fn sample(&mut self, now: Instant, count: u64) {
        self.worst = self.worst.max(now - self.since);
        if count != self.count {
            (self.count, self.since) = (count, now);
        }
    }
}

impl Watched {
    async fn run(self, stop: watch::Receiver<bool>) -> Stalls {
        let started = clock::now();
        let (mut acknowledged, mut read) = (Gauge::new(started), Gauge::new(started));
        let mut next_line = started + LINE_EVERY;
        while !*stop.borrow() {
            sleep(SAMPLE_EVERY).await;
            let now = clock::now();
            let records = self.recorder.with(|history, _| history.records_read());
            acknowledged.sample(now, self.traffic.acknowledged().iter().sum());
            read.sample(now, records as u64);
            if now >= next_line {
                next_line = now + LINE_EVERY;
                println!("{}", self.line(records, acknowledged.worst, read.worst));
            }
        }
        Stalls {
            acknowledged: acknowledged.worst,
            read: read.worst,
        }
    }

    fn line(&self, read: usize, acknowledged_worst: Duration, read_worst: Duration) -> String {
        let totals = self.traffic.totals();
        let faults = self.striker.counts();
        let kinds: Vec<String> = faults
            .iter()
            .map(|(kind, struck)| format!("{kind} {}/{}", struck.in_flight, struck.times))
            .collect();
        let counted: u64 = faults.values().map(|struck| struck.in_flight).sum();
        format!(
            "{:>5.0} s  sent {} acked {} failed {} unknown {} read {read}  requests in flight {}  \
             worst stall {:.1} s, reading {:.1} s  faults {counted} ({})",
            self.recorder.now().as_secs_f64(),
            totals.sent,
            totals.acknowledged,
            totals.failed,
            totals.indeterminate,
            totals.in_flight,
            acknowledged_worst.as_secs_f64(),
            read_worst.as_secs_f64(),
            kinds.join(", ")
        )
    }
}

/// The most memory that this process has held, where the system tells.
fn peak_memory_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(in_flight: u64) -> Figures {
        let struck = Struck {
            times: 200,
            in_flight,
        };
        Figures {
            options: Options::new(Duration::from_secs(3600)),
            faults: BTreeMap::from([(Fault::Kill, struck)]),
            outcomes: (1, 2, 3),
            read: 4,
            metrics: vec![("keyed", ProducerMetrics::default())],
            stalls: Stalls::default(),
            recovery: Some(Duration::from_secs(1)),
            violations: Vec::new(),
        }
    }

    #[test]
    fn an_hour_needs_a_hundred_faults_that_met_requests() {
        assert!(figures(100).is_success());
        assert!(!figures(99).is_success());
        let text = figures(99).to_string();
        for line in [
            "kill                  200                   99",
            "at least 100",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn a_broken_promise_and_traffic_that_stays_away_fail() {
        let broken = Figures {
            violations: vec![Violation::liveness("stuck")],
            ..figures(100)
        };
        assert!(!broken.is_success());
        assert!(broken.to_string().contains("VIOLATION liveness: stuck"));
        let gone = Figures {
            recovery: None,
            ..figures(100)
        };
        assert!(!gone.is_success());
        assert!(gone.to_string().contains("did NOT flow"));
    }

    #[test]
    fn a_stall_beyond_every_fault_is_told() {
        let long = Stalls {
            read: LONGEST_STALL + Duration::from_millis(1),
            ..Stalls::default()
        };
        assert!(long.too_long().is_some_and(|text| text.contains("60.001s")));
        let short = Stalls {
            acknowledged: LONGEST_STALL,
            read: LONGEST_STALL,
        };
        assert_eq!(short.too_long(), None);
    }

    #[test]
    fn a_gauge_keeps_the_longest_standstill() {
        let start = clock::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut gauge = Gauge::new(start);
        for (seconds, count) in [(1, 5), (2, 5), (8, 5), (9, 6), (12, 9)] {
            gauge.sample(at(seconds), count);
        }
        assert_eq!(gauge.worst, Duration::from_secs(8));
    }
}
