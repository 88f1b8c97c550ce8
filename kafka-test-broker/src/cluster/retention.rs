//! What becomes of old records.

use std::time::Duration;

use super::{Alarm, Cluster, Event, Moment, Partition, Topic};

/// Kafka's `producer.id.expiration.ms`: a day.
const PRODUCER_EXPIRATION_MS: i64 = 86_400_000;

/// Kafka's `producer.id.expiration.check.interval.ms`.
const PRODUCER_CHECK_INTERVAL: Duration = Duration::from_secs(600);

/// Kafka's `transactional.id.expiration.ms`: a week.
const TRANSACTIONAL_ID_EXPIRATION_MS: i64 = 7 * PRODUCER_EXPIRATION_MS;

impl Cluster {
    /// Begins a new segment of a partition. Returns whether there is such a
    /// partition.
    pub(crate) fn roll(&mut self, topic: &str, partition: i32, moment: Moment) -> bool {
        self.keep(topic, partition, |partition| {
            partition.log.roll(moment.wall_ms);
            false
        })
        .is_some()
    }

    /// Removes the segments of a partition that its topic's settings no longer
    /// keep. Returns whether any went.
    pub(crate) fn expire(&mut self, topic: &str, partition: i32, moment: Moment) -> bool {
        let rules = self.config.era.producer_rules();
        let gone = self.keep(topic, partition, |partition| {
            let gone = partition
                .log
                .expire(partition.replication.high_watermark(), moment.wall_ms);
            if gone {
                partition.on_log_start(rules);
            }
            gone
        });
        gone.unwrap_or(false)
    }

    /// Compacts all segments of a partition but the last, if its topic is one
    /// to be compacted. Returns whether there was anything to do.
    pub(crate) fn compact(&mut self, topic: &str, partition: i32, moment: Moment) -> bool {
        let done = self.keep(topic, partition, |partition| {
            let stable = partition.last_stable_offset(partition.high_watermark());
            partition.log.compact(stable, moment.wall_ms)
        });
        done.unwrap_or(false)
    }

    /// Makes the records of a partition before `offset` unreadable. Returns
    /// whether there is such a partition.
    pub(crate) fn delete_records(&mut self, topic: &str, partition: i32, offset: i64) -> bool {
        let rules = self.config.era.producer_rules();
        self.keep(topic, partition, |partition| {
            partition.log.delete_records(offset);
            partition.on_log_start(rules);
            true
        })
        .is_some()
    }

    /// Expires and compacts everything, forgets idle producers every ten minutes, and will
    /// again.
    pub(super) fn clean_up(&mut self, moment: Moment) {
        let count = |topic: &Topic| i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        let topics: Vec<_> = self
            .topics()
            .map(|topic| (topic.name.clone(), count(topic)))
            .collect();
        let due = *self
            .producers_due
            .get_or_insert(moment.now + PRODUCER_CHECK_INTERVAL);
        let forgets = due <= moment.now;
        if forgets {
            self.producers_due = Some(moment.now + PRODUCER_CHECK_INTERVAL);
        }
        for (topic, partitions) in topics {
            for partition in 0..partitions {
                self.expire(&topic, partition, moment);
                self.compact(&topic, partition, moment);
                if forgets && let Some(state) = self.partition_mut(&topic, partition) {
                    let producers = &mut state.producers;
                    producers.expire_idle(moment.wall_ms, PRODUCER_EXPIRATION_MS);
                }
            }
        }
        self.expire_transactional_ids(TRANSACTIONAL_ID_EXPIRATION_MS, moment);
        self.plan_clean_up(moment);
    }

    /// Sets when everything is expired and compacted next, if ever.
    pub(crate) fn plan_clean_up(&mut self, moment: Moment) {
        let next = self.config.clean_up_interval;
        self.alarms
            .set(Alarm::CleanUp, next.map(|interval| moment.now + interval));
    }

    /// Changes a partition's log by its topic's rules; who waits for it is told
    /// if it `changed`.
    fn keep(
        &mut self,
        topic: &str,
        partition: i32,
        change: impl FnOnce(&mut Partition) -> bool,
    ) -> Option<bool> {
        let topic = self.topics.get_mut(topic)?;
        let (id, rules) = (topic.id, topic.config.log);
        let state = topic.partition_mut(partition)?;
        state.log.rules = rules;
        let changed = change(state);
        if changed {
            self.events.push(Event::Changed {
                topic: id,
                partition,
            });
        }
        Some(changed)
    }
}
