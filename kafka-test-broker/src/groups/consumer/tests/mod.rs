//! A group by itself: dialogues, and random lives of random members.

mod dialogues;
mod lives;
mod offsets;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kafka_protocol::messages::consumer_group_heartbeat::TopicPartitions;
use kafka_protocol::messages::{ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use super::assignor::Partitions;
use super::*;
use crate::clock;
use crate::groups::GroupSettings;

/// Topics whose ids are made of their names.
#[derive(Default)]
struct FakeTopics {
    topics: BTreeMap<StrBytes, i32>,
    created: usize,
}

impl FakeTopics {
    fn set(&mut self, name: &str, partitions: i32) {
        let before = self.topics.insert(StrBytes::from(name), partitions);
        self.created += usize::from(before.is_none());
    }

    fn remove(&mut self, name: &str) {
        self.topics.remove(name);
    }
}

fn id_of(name: &str) -> Uuid {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(name.bytes()) {
        *to = from;
    }
    Uuid::from_bytes(bytes)
}

impl Topics for FakeTopics {
    fn by_name(&self, name: &str) -> Option<TopicInfo> {
        let partitions = *self.topics.get(name)?;
        Some(TopicInfo {
            id: id_of(name),
            partitions,
        })
    }

    fn name_of(&self, id: Uuid) -> Option<StrBytes> {
        self.topics.keys().find(|name| id_of(name) == id).cloned()
    }

    fn names(&self) -> Box<dyn Iterator<Item = &StrBytes> + '_> {
        Box::new(self.topics.keys())
    }

    fn created(&self) -> usize {
        self.created
    }
}

/// A group and its world.
struct World {
    group: ConsumerGroup,
    topics: FakeTopics,
    start: Instant,
    now: Instant,
}

impl World {
    fn new(topics: &[(&str, i32)]) -> Self {
        Self::with(GroupSettings::default(), topics)
    }

    fn with(settings: GroupSettings, topics: &[(&str, i32)]) -> Self {
        let now = clock::now();
        let mut world = Self {
            group: ConsumerGroup::new("g", settings),
            topics: FakeTopics::default(),
            start: now,
            now,
        };
        for (name, partitions) in topics {
            world.topics.set(name, *partitions);
        }
        world
    }

    fn moment(&self) -> Moment {
        Moment {
            now: self.now,
            wall_ms: 0,
        }
    }

    /// Lets time pass, and timers ring.
    fn pass(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
        self.group.advance(self.moment());
    }

    fn heartbeat(
        &mut self,
        request: &ConsumerGroupHeartbeatRequest,
    ) -> Result<ConsumerGroupHeartbeatResponse, ErrorCode> {
        let client = Client {
            id: StrBytes::from("client"),
            host: StrBytes::from("/127.0.0.1"),
        };
        let moment = self.moment();
        heartbeat::validate(request, 1)
            .and_then(|()| {
                self.group
                    .heartbeat(request, &request.member_id, client, &self.topics, moment)
            })
            .map_err(|refusal| refusal.code)
    }

    /// A member's heartbeat; its epoch and assignment, if it gets one.
    fn beat(&mut self, request: &ConsumerGroupHeartbeatRequest) -> (i32, Option<String>) {
        let response = self.heartbeat(request).unwrap();
        let assignment = response.assignment.map(|assignment| {
            let parts = assignment.topic_partitions.iter().map(|topic| {
                let name = self.topics.name_of(topic.topic_id).unwrap();
                format!("{name}{:?}", topic.partitions)
            });
            parts.collect::<Vec<_>>().join(" ")
        });
        (response.member_epoch, assignment)
    }

    fn refused(&mut self, request: &ConsumerGroupHeartbeatRequest) -> ErrorCode {
        self.heartbeat(request).unwrap_err()
    }
}

fn join(id: &str, topics: &[&str]) -> ConsumerGroupHeartbeatRequest {
    let topics: Vec<StrBytes> = topics.iter().map(|topic| StrBytes::from(*topic)).collect();
    stay(id, 0)
        .with_rebalance_timeout_ms(60_000)
        .with_subscribed_topic_names(Some(topics))
        .with_topic_partitions(Some(Vec::new()))
}

fn join_regex(id: &str, regex: &str) -> ConsumerGroupHeartbeatRequest {
    join(id, &[])
        .with_subscribed_topic_names(None)
        .with_subscribed_topic_regex(Some(StrBytes::from(regex)))
}

fn stay(id: &str, epoch: i32) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest::new()
        .with_group_id("g")
        .with_member_id(id)
        .with_member_epoch(epoch)
}

/// A heartbeat that says what the member owns.
fn own(id: &str, epoch: i32, owned: &[(&str, &[i32])]) -> ConsumerGroupHeartbeatRequest {
    let topics = owned.iter().map(|(name, partitions)| {
        TopicPartitions::new()
            .with_topic_id(id_of(name))
            .with_partitions(partitions.to_vec())
    });
    stay(id, epoch).with_topic_partitions(Some(topics.collect()))
}

fn is_static(request: ConsumerGroupHeartbeatRequest, name: &str) -> ConsumerGroupHeartbeatRequest {
    request.with_instance_id(Some(StrBytes::from(name)))
}
