//! A real cluster operated on under steady traffic: no gap that the brokers don't explain,
//! nothing lost. `kafka_suite::traffic` tells what is measured, and how.

use kafka_suite::BoxError;
use kafka_suite::traffic::{self, Fault, Options};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traffic_to_healthy_brokers_goes_on_whatever_happens_to_the_others() -> Result<(), BoxError>
{
    let options = Options::default();
    println!("seed {}", options.seed);
    let figures = traffic::run(&options).await?;
    println!("{figures}");
    assert!(figures.problems.is_empty(), "{figures}");
    assert!(figures.faults_in_flight() >= 30, "{figures}");
    for fault in Fault::ALL {
        assert!(figures.faults.contains_key(&fault), "no {fault}: {figures}");
    }
    // Else no gap could have been found.
    assert!(figures.gaps.windows >= 10, "{figures}");
    assert!(figures.gaps.struck > 0, "{figures}");
    assert_eq!(figures.outcomes.1, 0, "{figures}");
    assert!(figures.recreated >= 3, "{figures}");
    assert!(figures.in_the_last > 0, "{figures}");
    Ok(())
}
