//! Someone who makes topics, looks at them and deletes them.

use std::time::Duration;

use kafka_client::{Error, Kafka, NewTopic};

use super::observed::Observer;
use super::produce::SLACK;

/// How long each operation may take by its own account.
const LIMIT: Duration = Duration::from_secs(5);

/// `rounds` topics come and go; what fails under faults may fail, but must end.
pub(super) async fn run(kafka: Kafka, rounds: usize, observer: Observer) {
    let admin = kafka.admin().with_timeout(LIMIT);
    for round in 0..rounds {
        let name = format!("short-lived-{round}");
        let made = admin.create_topic(NewTopic::new(&name, 2, 1));
        ended(&observer, "create", async { made.await.map(drop) }).await;
        let seen = admin.describe_topic(&name);
        ended(&observer, "describe", async { seen.await.map(drop) }).await;
        let listed = admin.list_topics();
        ended(&observer, "list", async { listed.await.map(drop) }).await;
        ended(&observer, "delete", admin.delete_topic(&name)).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn ended(
    observer: &Observer,
    what: &str,
    operation: impl Future<Output = Result<(), Error>>,
) {
    match tokio::time::timeout(LIMIT + SLACK, operation).await {
        Err(_) => observer.failed(format!("{what} topic did not end within {LIMIT:?}")),
        Ok(Err(error)) => observer
            .world()
            .trace()
            .note(format_args!("{what} topic: {error}")),
        Ok(Ok(())) => {}
    }
}
