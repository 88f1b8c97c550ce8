//! What is asked, and what of the answer counts.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::frame::{decode_body, encode_request, open_response};
use kafka_protocol::messages::consumer_group_describe::Assignment;
use kafka_protocol::messages::consumer_group_heartbeat::TopicPartitions;
use kafka_protocol::messages::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolAssignmentTopicPartition,
    ConsumerProtocolSubscription,
};
use kafka_protocol::messages::create_topics::CreatableTopic;
use kafka_protocol::messages::join_group::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group::MemberIdentity;
use kafka_protocol::messages::metadata::MetadataRequestTopic;
use kafka_protocol::messages::offset_commit::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch::OffsetFetchRequestGroup;
use kafka_protocol::messages::sync_group::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, ConsumerGroupHeartbeatRequest, CreateTopicsRequest,
    DeleteGroupsRequest, DescribeGroupsRequest, FindCoordinatorRequest, HeartbeatRequest,
    JoinGroupRequest, LeaveGroupRequest, ListGroupsRequest, MetadataRequest, OffsetCommitRequest,
    OffsetFetchRequest, SyncGroupRequest,
};
use kafka_protocol::wire::Limits;
use kafka_protocol::{ErrorCode, Request, StrBytes, Uuid};

/// A dialogue with one broker, and what came of it.
pub(crate) struct Dialogue {
    stream: TcpStream,
    correlation_id: i32,
    topics: BTreeMap<Uuid, String>,
    group: &'static str,
    pub(crate) lines: Vec<String>,
}

impl Dialogue {
    pub(crate) fn with(stream: TcpStream) -> Self {
        let timeout = Some(Duration::from_secs(20));
        stream.set_read_timeout(timeout).unwrap();
        Self {
            stream,
            correlation_id: 0,
            topics: BTreeMap::new(),
            group: "",
            lines: Vec::new(),
        }
    }

    pub(crate) fn begin(&mut self, group: &'static str) {
        self.group = group;
        loop {
            let find = FindCoordinatorRequest::new().with_key(group);
            if self.call(&find, 1).error_code == 0 {
                break;
            }
            sleep(Duration::from_millis(100));
        }
        // The broker may be reading the group still.
        let list = ListGroupsRequest::new();
        while self.call(&list, 5).error_code != 0 {
            sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn beat(&mut self, request: ConsumerGroupHeartbeatRequest) {
        let request = request.with_group_id(self.group);
        let answer = loop {
            let answer = self.call(&request, 1);
            let loading = [
                ErrorCode::NotCoordinator,
                ErrorCode::CoordinatorLoadInProgress,
            ];
            if !loading.contains(&ErrorCode::from(answer.error_code)) {
                break answer;
            }
            sleep(Duration::from_millis(100));
        };
        let assigned = answer.assignment.map(|assignment| {
            let topics = assignment.topic_partitions.iter();
            self.sorted(topics.map(|topic| (topic.topic_id, &topic.partitions)))
        });
        self.note(format!(
            "{} at {}: {:?} {:?} at {} every {} {assigned:?}",
            request.member_id,
            request.member_epoch,
            ErrorCode::from(answer.error_code),
            answer.member_id,
            answer.member_epoch,
            answer.heartbeat_interval_ms,
        ));
    }

    pub(crate) fn describe(&mut self) {
        self.describe_but("");
    }

    /// The id of one member is not the same everywhere.
    pub(crate) fn describe_but(&mut self, unnamed: &str) {
        let request = ConsumerGroupDescribeRequest::new()
            .with_group_ids(vec![self.group.into()])
            .with_include_authorized_operations(true);
        let group = self.call(&request, 1).groups.remove(0);
        self.note(format!(
            "group: {:?} {} {} {} {} {}",
            ErrorCode::from(group.error_code),
            group.group_state,
            group.group_epoch,
            group.assignment_epoch,
            group.assignor_name,
            group.authorized_operations,
        ));
        let mut members: Vec<String> = group
            .members
            .iter()
            .map(|member| {
                let known = member.member_id.len() < 20 && member.member_id != *unnamed;
                let mut topics: Vec<&str> = member
                    .subscribed_topic_names
                    .iter()
                    .map(StrBytes::as_str)
                    .collect();
                topics.sort_unstable();
                let target = match self.group {
                    // With more than one topic their ids decide who gets what, and
                    // those are drawn by chance: only how much is the same.
                    "uniform" => {
                        let topics = member.target_assignment.topic_partitions.iter();
                        let counts = topics.map(|topic| topic.partitions.len());
                        counts.sum::<usize>().to_string()
                    }
                    _ => self.of(&member.target_assignment),
                };
                format!(
                    "  {} {:?} {:?} {} {} {} {topics:?} {:?} {} has {} target {}",
                    if known { &member.member_id } else { "someone" },
                    member.instance_id,
                    member.rack_id,
                    member.member_epoch,
                    member.client_id,
                    member.client_host,
                    member.subscribed_topic_regex,
                    member.member_type,
                    self.of(&member.assignment),
                    target,
                )
            })
            .collect();
        members.sort();
        self.note(members.join("\n"));
    }

    pub(crate) fn describe_classic(&mut self) {
        let request = DescribeGroupsRequest::new().with_groups(vec![self.group.into()]);
        for version in [5, 6] {
            let group = self.call(&request, version).groups.remove(0);
            let members = group.members.iter().map(|member| {
                let assigned = match member.member_assignment.is_empty() {
                    true => Vec::new(),
                    false => partitions(member.member_assignment.clone()),
                };
                (member.group_instance_id.clone(), assigned)
            });
            self.note(format!(
                "classic: {:?} {} {} {} {:?}",
                ErrorCode::from(group.error_code),
                group.group_state,
                group.protocol_type,
                group.protocol_data,
                members.collect::<Vec<_>>(),
            ));
        }
    }

    pub(crate) fn list(&mut self) {
        let groups = self.call(&ListGroupsRequest::new(), 5).groups;
        let group = groups.iter().find(|group| group.group_id == self.group);
        let told = group.map(|group| {
            (
                &*group.group_type,
                &*group.group_state,
                &*group.protocol_type,
            )
        });
        self.note(format!("listed: {told:?}"));
    }

    pub(crate) fn delete(&mut self) {
        let request = DeleteGroupsRequest::new().with_groups_names(vec![self.group.into()]);
        let result = self.call(&request, 2).results.remove(0);
        self.note(format!("deleted: {:?}", ErrorCode::from(result.error_code)));
    }

    pub(crate) fn commit(&mut self, member: &str, epoch: i32, version: i16) {
        let partition = OffsetCommitRequestPartition::new().with_committed_offset(5);
        let topic = OffsetCommitRequestTopic::new().with_partitions(vec![partition]);
        let topic = match version {
            10.. => topic.with_topic_id(self.id_of("t")),
            _ => topic.with_name("t"),
        };
        let request = OffsetCommitRequest::new()
            .with_group_id(self.group)
            .with_member_id(member.to_owned())
            .with_generation_id_or_member_epoch(epoch)
            .with_topics(vec![topic]);
        let answer = self
            .call(&request, version)
            .topics
            .remove(0)
            .partitions
            .remove(0);
        let code = ErrorCode::from(answer.error_code);
        self.note(format!("commit at {epoch} in v{version}: {code:?}"));
    }

    pub(crate) fn fetch_offsets(&mut self, member: Option<&str>, epoch: i32) {
        let group = OffsetFetchRequestGroup::new()
            .with_group_id(self.group)
            .with_member_id(member.map(StrBytes::from))
            .with_member_epoch(epoch)
            .with_topics(None);
        let request = OffsetFetchRequest::new().with_groups(vec![group]);
        let answer = self.call(&request, 9).groups.remove(0);
        let code = ErrorCode::from(answer.error_code);
        let offsets: Vec<i64> = answer
            .topics
            .iter()
            .flat_map(|topic| topic.partitions.iter().map(|found| found.committed_offset))
            .collect();
        self.note(format!(
            "offsets for {member:?} at {epoch}: {code:?} {offsets:?}"
        ));
    }

    /// Returns the member's id.
    pub(crate) fn join_classic(
        &mut self,
        member: &str,
        instance: Option<&str>,
        protocol: &'static str,
        owned: &[(&'static str, &[i32])],
    ) -> String {
        let owned = owned.iter().map(|(topic, partitions)| {
            kafka_protocol::messages::consumer_protocol::ConsumerProtocolSubscriptionTopicPartition::new()
                .with_topic(*topic)
                .with_partitions(partitions.to_vec())
        });
        let subscription = ConsumerProtocolSubscription::new()
            .with_topics(vec!["t".into()])
            .with_owned_partitions(owned.collect::<Vec<_>>());
        let protocol = JoinGroupRequestProtocol::new()
            .with_name(protocol)
            .with_metadata(subscription.to_bytes(3).unwrap());
        let request = JoinGroupRequest::new()
            .with_group_id(self.group)
            .with_member_id(member.to_owned())
            .with_group_instance_id(instance.map(StrBytes::from))
            .with_session_timeout_ms(10_000)
            .with_rebalance_timeout_ms(20_000)
            .with_protocol_type("consumer")
            .with_protocols(vec![protocol]);
        let answer = self.call(&request, 9);
        self.note(format!(
            "classic join: {:?} {} {:?} {:?} id {} leads {} members {} skip {}",
            ErrorCode::from(answer.error_code),
            answer.generation_id,
            answer.protocol_type,
            answer.protocol_name,
            answer.member_id.len(),
            answer.leader == answer.member_id,
            answer.members.len(),
            answer.skip_assignment,
        ));
        answer.member_id.to_string()
    }

    pub(crate) fn sync(&mut self, member: &str, generation: i32, given: &[(&str, &[i32])]) {
        let given = given.iter().map(|(member, partitions)| {
            let topic = ConsumerProtocolAssignmentTopicPartition::new()
                .with_topic("t")
                .with_partitions(partitions.to_vec());
            let assignment =
                ConsumerProtocolAssignment::new().with_assigned_partitions(vec![topic]);
            SyncGroupRequestAssignment::new()
                .with_member_id((*member).to_owned())
                .with_assignment(assignment.to_bytes(3).unwrap())
        });
        let request = SyncGroupRequest::new()
            .with_group_id(self.group)
            .with_member_id(member.to_owned())
            .with_generation_id(generation)
            .with_protocol_type(Some("consumer".into()))
            .with_protocol_name(Some("range".into()))
            .with_assignments(given.collect::<Vec<_>>());
        let answer = self.call(&request, 5);
        let code = ErrorCode::from(answer.error_code);
        let assigned = (answer.error_code == 0).then(|| partitions(answer.assignment));
        self.note(format!("sync at {generation}: {code:?} {assigned:?}"));
    }

    pub(crate) fn beat_classic(&mut self, member: &str, generation: i32) {
        let request = HeartbeatRequest::new()
            .with_group_id(self.group)
            .with_member_id(member.to_owned())
            .with_generation_id(generation);
        let code = ErrorCode::from(self.call(&request, 4).error_code);
        self.note(format!("classic heartbeat at {generation}: {code:?}"));
    }

    pub(crate) fn leave_classic(&mut self, member: &str, instance: Option<&str>) {
        let identity = MemberIdentity::new()
            .with_member_id(member.to_owned())
            .with_group_instance_id(instance.map(StrBytes::from));
        let request = LeaveGroupRequest::new()
            .with_group_id(self.group)
            .with_members(vec![identity]);
        let answer = self.call(&request, 5);
        let members: Vec<ErrorCode> = answer
            .members
            .iter()
            .map(|member| ErrorCode::from(member.error_code))
            .collect();
        let code = ErrorCode::from(answer.error_code);
        self.note(format!("classic leave: {code:?} {members:?}"));
    }

    pub(crate) fn create(&mut self, name: &'static str, partitions: i32) {
        let topic = CreatableTopic::new()
            .with_name(name)
            .with_num_partitions(partitions)
            .with_replication_factor(1);
        let request = CreateTopicsRequest::new()
            .with_topics(vec![topic])
            .with_timeout_ms(10_000);
        assert_eq!(self.call(&request, 7).topics[0].error_code, 0);
        let topic = MetadataRequestTopic::new().with_name(Some(name.into()));
        let request = MetadataRequest::new().with_topics(Some(vec![topic]));
        loop {
            let topic = self.call(&request, 12).topics.remove(0);
            if topic.error_code == 0 {
                self.topics.insert(topic.topic_id, name.to_owned());
                break;
            }
            sleep(Duration::from_millis(50));
        }
        // What sees metadata first is not always the coordinator.
        sleep(Duration::from_millis(300));
    }

    pub(crate) fn owning(
        &self,
        request: ConsumerGroupHeartbeatRequest,
        topic: &str,
        partitions: &[i32],
    ) -> ConsumerGroupHeartbeatRequest {
        let topic = TopicPartitions::new()
            .with_topic_id(self.id_of(topic))
            .with_partitions(partitions.to_vec());
        request.with_topic_partitions(Some(vec![topic]))
    }

    pub(crate) fn id_of(&self, topic: &str) -> Uuid {
        let mut topics = self.topics.iter();
        *topics.find(|(_, name)| *name == topic).unwrap().0
    }

    pub(crate) fn of(&self, assignment: &Assignment) -> String {
        let topics = assignment.topic_partitions.iter();
        self.sorted(topics.map(|topic| (topic.topic_id, &topic.partitions)))
    }

    pub(crate) fn sorted<'a>(&self, topics: impl Iterator<Item = (Uuid, &'a Vec<i32>)>) -> String {
        let mut topics: Vec<String> = topics
            .map(|(id, partitions)| {
                let mut partitions = partitions.clone();
                partitions.sort_unstable();
                format!("{}{partitions:?}", self.topics[&id])
            })
            .collect();
        topics.sort();
        topics.join(" ")
    }

    pub(crate) fn note(&mut self, line: String) {
        let number = self.lines.len();
        self.lines.push(format!("{} {number}: {line}", self.group));
    }

    pub(crate) fn call<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        self.correlation_id += 1;
        let client_id = StrBytes::from_static("suite");
        let frame = encode_request(request, version, self.correlation_id, Some(&client_id));
        self.stream.write_all(&frame.unwrap().into_bytes()).unwrap();
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).unwrap();
        let mut frame = vec![0; usize::try_from(i32::from_be_bytes(length)).unwrap()];
        self.stream.read_exact(&mut frame).unwrap();
        let frame = Bytes::from(frame);
        let (_, body) = open_response(R::KEY, version, frame, Limits::default()).unwrap();
        decode_body(body, version).unwrap()
    }
}

fn partitions(assignment: Bytes) -> Vec<i32> {
    let (assignment, _) = ConsumerProtocolAssignment::from_bytes(assignment).unwrap();
    let topics = assignment.assigned_partitions.into_iter();
    let mut partitions: Vec<i32> = topics.flat_map(|topic| topic.partitions).collect();
    partitions.sort_unstable();
    partitions
}

pub(crate) fn join(member: &str, topics: &[&str]) -> ConsumerGroupHeartbeatRequest {
    let topics = topics.iter().map(|topic| StrBytes::from(*topic));
    stay(member, 0)
        .with_rebalance_timeout_ms(60_000)
        .with_subscribed_topic_names(Some(topics.collect()))
        .with_topic_partitions(Some(Vec::new()))
}

pub(crate) fn join_regex(member: &str, regex: &str) -> ConsumerGroupHeartbeatRequest {
    join(member, &[])
        .with_subscribed_topic_names(None)
        .with_subscribed_topic_regex(Some(StrBytes::from(regex)))
}

pub(crate) fn stay(member: &str, epoch: i32) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest::new()
        .with_member_id(member.to_owned())
        .with_member_epoch(epoch)
}

/// A target is at most one a second.
pub(crate) fn tick() {
    sleep(Duration::from_millis(1_100));
}
