use kafka_protocol::ErrorCode;

use super::{Cluster, CreationError, Partition};

impl Cluster {
    /// Gives a topic more partitions, `count` in all, on the brokers that
    /// `assigned` names for each new one, or spread; says why not. With
    /// `dry_run`, adds none.
    pub(crate) fn add_partitions(
        &mut self,
        topic: &str,
        count: i32,
        assigned: Option<&[Vec<i32>]>,
        dry_run: bool,
    ) -> Result<(), CreationError> {
        let refuse = |code, message| Err(CreationError { code, message });
        let Some(known) = self.topic(topic) else {
            return refuse(ErrorCode::UnknownTopicOrPartition, String::new());
        };
        let present = known.partitions.len();
        let factor = known
            .partitions
            .first()
            .map_or(1, |partition| partition.replicas.len());
        let wanted = usize::try_from(count).unwrap_or(0);
        if wanted <= present {
            let message = format!("{topic} has {present} partitions, and {count} are not more");
            return refuse(ErrorCode::InvalidPartitions, message);
        }
        if wanted - present > MAX_NEW_PARTITIONS {
            let message = format!("more than {MAX_NEW_PARTITIONS} new partitions at once");
            return refuse(ErrorCode::PolicyViolation, message);
        }
        let replicas = match assigned {
            None => self.spread_more(present, wanted, factor)?,
            Some(assigned) if assigned.len() != wanted - present => {
                let message = format!(
                    "{} new partitions, and replicas for {}",
                    wanted - present,
                    assigned.len()
                );
                return refuse(ErrorCode::InvalidReplicaAssignment, message);
            }
            Some(assigned) => self.assigned(assigned)?,
        };
        if dry_run {
            return Ok(());
        }
        let new: Vec<_> = replicas
            .into_iter()
            .map(|replicas| Partition::new(replicas, |id| self.is_up(id)))
            .collect();
        if let Some(topic) = self.topics.get_mut(topic) {
            topic.partitions.extend(new);
        }
        Ok(())
    }

    /// Goes on where the topic's present partitions end.
    fn spread_more(
        &self,
        present: usize,
        wanted: usize,
        factor: usize,
    ) -> Result<Vec<Vec<i32>>, CreationError> {
        let ids = self.broker_ids();
        if factor > ids.len() {
            return Err(CreationError {
                code: ErrorCode::InvalidReplicationFactor,
                message: format!("{factor} replicas on {} brokers", ids.len()),
            });
        }
        let replicas = |partition| ids.iter().cycle().skip(partition % ids.len()).take(factor);
        Ok((present..wanted)
            .map(|partition| replicas(partition).copied().collect())
            .collect())
    }
}

/// How many partitions one request may add to a topic.
const MAX_NEW_PARTITIONS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::super::tests::cluster;
    use super::super::{NewTopic, Placement};
    use super::*;

    #[test]
    fn topics_grow_and_never_shrink() {
        let mut cluster = cluster(2);
        let topic = NewTopic::new("t", Placement::Assigned(vec![vec![2, 1]]));
        cluster.create_topic(&topic, false).unwrap();
        let mut check = |count, assigned: Option<&[Vec<i32>]>, expected| {
            let result = cluster.add_partitions("t", count, assigned, false);
            let code = result.err().map_or(ErrorCode::None, |error| error.code);
            assert_eq!(code, expected, "{count} {assigned:?}");
        };
        check(1, None, ErrorCode::InvalidPartitions);
        check(0, None, ErrorCode::InvalidPartitions);
        check(i32::MAX, None, ErrorCode::PolicyViolation);
        check(2, Some(&[]), ErrorCode::InvalidReplicaAssignment);
        check(2, Some(&[vec![9]]), ErrorCode::InvalidReplicaAssignment);
        check(2, Some(&[vec![1, 1]]), ErrorCode::InvalidReplicaAssignment);
        check(2, Some(&[vec![1, 2]]), ErrorCode::None);
        check(4, None, ErrorCode::None);
        let leaders: Vec<_> = (0..4)
            .map(|index| cluster.partition("t", index).unwrap().leader)
            .collect();
        assert_eq!(leaders, [Some(2), Some(1), Some(1), Some(2)]);
        assert!(cluster.add_partitions("t", 9, None, true).is_ok());
        assert_eq!(cluster.topic("t").unwrap().partitions.len(), 4);
        let unknown = cluster.add_partitions("nope", 9, None, true).unwrap_err();
        assert_eq!(unknown.code, ErrorCode::UnknownTopicOrPartition);
    }
}
