//! What a scenario stands on.

use std::future::Future;
use std::time::Duration;

use kafka_client::{
    Assignment, Consumer, CoordinatorKind, Kafka, NewTopic, OwnedRecord, Producer, Record, Router,
    Start,
};
use kafka_net::{Lane, SendOptions};
use kafka_protocol::Request;
use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::messages::metadata::MetadataRequestTopic;
use tokio::time::{sleep, timeout};

use crate::{BoxError, clock};

/// When the first record was written, in milliseconds since 1970: any time will do
/// in topics that keep their records.
pub(super) const EPOCH_MS: i64 = 1_700_000_000_000;

/// How long anything that must happen may take.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// A cluster, a client connected to it, and names that no other scenario uses.
#[derive(Debug)]
pub struct Ground {
    bootstrap: String,
    name: &'static str,
    kafka: Kafka,
}

impl Ground {
    /// Connects a client of its own.
    pub async fn connect(bootstrap: &str, name: &'static str) -> Result<Self, BoxError> {
        let kafka = Kafka::builder(bootstrap)
            .client_id("scenarios")
            .connect()
            .await?;
        Ok(Self {
            bootstrap: bootstrap.to_owned(),
            name,
            kafka,
        })
    }

    /// The client.
    pub fn kafka(&self) -> &Kafka {
        &self.kafka
    }

    /// Another client, by which no topic comes into being.
    pub async fn without_creation(&self) -> Result<Kafka, BoxError> {
        let builder = Kafka::builder(self.bootstrap.as_str()).client_id("scenarios");
        Ok(builder.allow_auto_topic_creation(false).connect().await?)
    }

    /// A name for a topic or a group.
    pub fn name(&self, of: &str) -> String {
        format!("{}-{of}", self.name)
    }

    /// A topic on one broker that keeps its records however old they claim to be.
    pub fn keeping(&self, of: &str, partitions: i32) -> NewTopic {
        NewTopic::new(self.name(of), partitions, 1).config("retention.ms", "-1")
    }

    /// Creates such a topic and waits for it.
    pub async fn create(&self, of: &str, partitions: i32) -> Result<String, BoxError> {
        self.make(self.keeping(of, partitions)).await
    }

    /// Creates a topic and waits until every broker knows it and its leaders.
    pub async fn make(&self, topic: NewTopic) -> Result<String, BoxError> {
        let name = topic.name().to_owned();
        let made = self.kafka.admin().create_topic(topic).await?;
        let partitions = usize::try_from(made.partitions.unwrap_or(0))?;
        self.known(&name, partitions).await?;
        Ok(name)
    }

    /// Waits until every broker names a leader of each of so many partitions; of
    /// none, until no broker knows the topic.
    pub async fn known(&self, topic: &str, partitions: usize) -> Result<(), BoxError> {
        let request = MetadataRequest::new()
            .with_topics(Some(vec![
                MetadataRequestTopic::new().with_name(Some(topic.into())),
            ]))
            .with_allow_auto_topic_creation(false);
        let router = self.kafka.router();
        let brokers: Vec<i32> = router.cluster().brokers().map(|broker| broker.id).collect();
        for broker in brokers {
            let what = format!("{topic} has {partitions} partitions");
            self.until(&what, async || {
                let answer = self.broker(broker, &request).await?;
                let led = answer.topics.iter().flat_map(|found| &found.partitions);
                let led = led.filter(|partition| partition.leader_id >= 0).count();
                Ok((led == partitions).then_some(()))
            })
            .await?;
        }
        router.refresh(&[topic], clock::now() + PATIENCE).await?;
        Ok(())
    }

    /// Tries again and again until there is something.
    pub async fn until<T, F>(&self, what: &str, mut attempt: F) -> Result<T, BoxError>
    where
        F: AsyncFnMut() -> Result<Option<T>, BoxError>,
    {
        let deadline = clock::now() + PATIENCE;
        loop {
            if let Some(found) = attempt().await? {
                return Ok(found);
            }
            if clock::now() >= deadline {
                return Err(format!("waited in vain until {what}").into());
            }
            sleep(POLL).await;
        }
    }

    /// A producer with the default settings.
    pub async fn producer(&self) -> Result<Producer, BoxError> {
        Ok(self.kafka.producer().build().await?)
    }

    /// A consumer of one partition from its beginning.
    pub async fn reader(&self, topic: &str, partition: i32) -> Result<Consumer, BoxError> {
        self.reader_from(topic, partition, Start::Earliest).await
    }

    /// A consumer of one partition.
    pub async fn reader_from(
        &self,
        topic: &str,
        partition: i32,
        start: Start,
    ) -> Result<Consumer, BoxError> {
        let consumer = self.kafka.consumer();
        let place = Assignment::new(topic, partition, start);
        Ok(consumer.assign([place]).build().await?)
    }

    /// Writes `v0`, `v1`, … to a partition: one batch each, one second apart from
    /// `EPOCH_MS` on.
    pub async fn fill(&self, topic: &str, partition: i32, count: i64) -> Result<(), BoxError> {
        let producer = self.kafka.producer().linger(Duration::ZERO).build().await?;
        for n in 0..count {
            let record = Record::to(topic)
                .partition(partition)
                .key(format!("k{n}"))
                .value(format!("v{n}"))
                .timestamp_ms(EPOCH_MS + n * 1_000);
            producer.send(record).await?.await?;
        }
        producer.close(PATIENCE).await?;
        Ok(())
    }

    /// The next records of a consumer, in the order of partitions and offsets.
    pub async fn take(
        &self,
        consumer: &mut Consumer,
        count: usize,
    ) -> Result<Vec<OwnedRecord>, BoxError> {
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            let next = within("a record", consumer.next_record()).await??;
            taken.push(next.ok_or("the consumer is closed")?);
        }
        taken.sort_by(|one, other| {
            let place = |record: &OwnedRecord| (record.topic.clone(), record.partition);
            place(one)
                .cmp(&place(other))
                .then(one.offset.cmp(&other.offset))
        });
        Ok(taken)
    }

    /// Asks any broker.
    pub async fn any<R>(&self, request: R) -> Result<R::Response, BoxError>
    where
        R: Request + Send + Sync + 'static,
        R::Response: Send + 'static,
    {
        Ok(self.router().send_any(request, deadline()).await?)
    }

    /// Asks the controller.
    pub async fn controller<R>(&self, request: R) -> Result<R::Response, BoxError>
    where
        R: Request + Send + Sync + 'static,
        R::Response: Send + 'static,
    {
        Ok(self.router().send_controller(request, deadline()).await?)
    }

    /// Asks a group's coordinator.
    pub async fn group<R>(&self, group: &str, request: R) -> Result<R::Response, BoxError>
    where
        R: Request + Send + Sync + 'static,
        R::Response: Send + 'static,
    {
        let kind = CoordinatorKind::Group;
        let router = self.router();
        Ok(router
            .send_coordinator(kind, group, request, deadline())
            .await?)
    }

    /// Asks the leader of a partition.
    pub async fn leader<R: Request>(
        &self,
        topic: &str,
        partition: i32,
        request: &R,
    ) -> Result<R::Response, BoxError> {
        let found = self.router().topic(topic, deadline()).await?;
        let leader = found.partition(partition).and_then(|found| found.leader);
        self.broker(leader.ok_or("there is no leader")?, request)
            .await
    }

    /// Asks one broker.
    pub async fn broker<R: Request>(&self, id: i32, request: &R) -> Result<R::Response, BoxError> {
        let router = self.router();
        let connection = router.connection(id, Lane::Control, deadline()).await?;
        Ok(connection
            .request(request, &SendOptions::new(PATIENCE))
            .await?)
    }

    fn router(&self) -> &Router {
        self.kafka.router()
    }
}

/// What must come, or an error that says what did not.
pub(super) async fn within<T>(what: &str, work: impl Future<Output = T>) -> Result<T, BoxError> {
    let late = |_| BoxError::from(format!("waited in vain for {what}"));
    timeout(PATIENCE, work).await.map_err(late)
}

fn deadline() -> std::time::Instant {
    clock::now() + PATIENCE
}
