//! Plays scenarios on a cluster, several at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::LocalSet;
use tokio::time::timeout;

use super::{Ground, Scenario, Transcript, compare};
use crate::{BoxError, clock};

/// Scenarios at a time: most of them wait most of the time.
const AT_A_TIME: usize = 8;
/// A scenario that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// How a scenario ended.
#[derive(Debug)]
pub struct Outcome {
    /// Which.
    pub scenario: &'static Scenario,
    /// Its transcript, or what kept it from its end.
    pub transcript: Result<Transcript, BoxError>,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// What is wrong with it: it did not come to an end, or its transcript is not the
    /// stored one.
    pub fn failure(&self) -> Option<String> {
        let transcript = match &self.transcript {
            Ok(transcript) => transcript,
            Err(error) => return Some(format!("FAILED: {error}")),
        };
        match compare(self.scenario, transcript.text()) {
            Ok(None) => None,
            Ok(Some(difference)) => Some(format!("DIFFERS\n{difference}")),
            Err(error) => Some(format!("{error}\n{}", transcript.text())),
        }
    }
}

/// Plays the scenarios on the cluster at this address, those for clusters of another
/// size excepted, and hands out their outcomes in the order of the scenarios.
pub async fn run(bootstrap: &str, brokers: u32, scenarios: &[&'static Scenario]) -> Vec<Outcome> {
    let fitting = scenarios
        .iter()
        .copied()
        .filter(|one| one.brokers == brokers);
    let fitting: Vec<&'static Scenario> = fitting.collect();
    let set = LocalSet::new();
    let permits = Arc::new(Semaphore::new(AT_A_TIME));
    let playing: Vec<_> = fitting
        .into_iter()
        .map(|scenario| {
            let bootstrap = bootstrap.to_owned();
            let permits = Arc::clone(&permits);
            let playing = set.spawn_local(async move {
                let _permit = permits.acquire().await?;
                let begun = clock::now();
                let transcript = play(scenario, &bootstrap).await;
                Ok::<_, BoxError>((transcript, clock::now().saturating_duration_since(begun)))
            });
            (scenario, playing)
        })
        .collect();
    set.run_until(async move {
        let mut outcomes = Vec::new();
        for (scenario, playing) in playing {
            let (transcript, took) = match playing.await {
                Ok(Ok(ended)) => ended,
                Ok(Err(error)) => (Err(error), Duration::ZERO),
                Err(panicked) => (Err(panicked.into()), Duration::ZERO),
            };
            outcomes.push(Outcome {
                scenario,
                transcript,
                took,
            });
        }
        outcomes
    })
    .await
}

async fn play(scenario: &'static Scenario, bootstrap: &str) -> Result<Transcript, BoxError> {
    let playing = async {
        let ground = Ground::connect(bootstrap, scenario.name).await?;
        (scenario.play)(&ground).await
    };
    let late = |_| BoxError::from(format!("no end within {LONGEST:?}"));
    timeout(LONGEST, playing).await.map_err(late)?
}
