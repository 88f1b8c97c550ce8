//! A minute of the soak: three brokers, every kind of client, faults, no promise broken.

use std::time::Duration;

use kafka_suite::BoxError;
use kafka_suite::soak::{self, Options};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_of_faults_breaks_no_promise() -> Result<(), BoxError> {
    let figures = soak::run(&Options::new(Duration::from_secs(60))).await?;
    println!("{figures}");
    assert!(figures.is_success(), "{figures}");
    let (acknowledged, ..) = figures.outcomes;
    assert!(acknowledged > 1_000, "hardly any traffic: {figures}");
    Ok(())
}
