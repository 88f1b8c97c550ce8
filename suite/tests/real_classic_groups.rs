//! One dialogue in raw messages about classic groups, held with a real broker and
//! with the embedded one: what they answer is the same, field for field, but for
//! the member ids that are drawn by chance.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a dialogue that takes another turn is a failed test"
)]

mod classic_groups;

use std::fmt::Debug;
use std::thread::sleep;
use std::time::Duration;

use bytes::Bytes;
use kafka_harness::ClusterOptions;
use kafka_protocol::messages::create_topics::CreatableTopic;
use kafka_protocol::messages::leave_group::MemberIdentity;
use kafka_protocol::messages::metadata::MetadataRequestTopic;
use kafka_protocol::messages::offset_delete::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::offset_fetch::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::sync_group::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    CreateTopicsRequest, DeleteGroupsRequest, DescribeGroupsRequest, FindCoordinatorRequest,
    HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, ListGroupsRequest,
    MetadataRequest, OffsetDeleteRequest, OffsetFetchRequest, SyncGroupRequest,
};
use kafka_protocol::{StrBytes, Uuid};
use kafka_suite::{BoxError, Broker};
use kafka_test_broker::TestCluster;
use tokio::task::block_in_place;

use classic_groups::{Connection, commit, join, knows, sync_nothing};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_broker_answers_as_a_real_one() -> Result<(), BoxError> {
    let embedded = TestCluster::start().await?;
    let here = block_in_place(|| Dialogue::hold(&embedded.bootstrap()));
    let real = block_in_place(|| Broker::start(&ClusterOptions::default()))?;
    let there = block_in_place(|| Dialogue::hold(&real.bootstrap()));
    let pairs = here.iter().zip(&there);
    let differences: Vec<String> = pairs
        .filter(|(here, there)| here != there)
        .map(|(here, there)| format!("embedded {here}\n    real {there}"))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(here.len(), there.len());
    assert!(here.len() > 150, "{}", here.len());
    Ok(())
}

/// A dialogue with one broker over two connections, and what came of it.
struct Dialogue {
    first: Connection,
    second: Connection,
    group: &'static str,
    /// Member ids, and what they are called here.
    names: Vec<(String, String)>,
    topic: Uuid,
    lines: Vec<String>,
}

impl Dialogue {
    fn hold(address: &str) -> Vec<String> {
        let mut dialogue = Self {
            first: Connection::open(address),
            second: Connection::open(address),
            group: "",
            names: Vec::new(),
            topic: Uuid::ZERO,
            lines: Vec::new(),
        };
        dialogue.topic = dialogue.create("t", 2);
        dialogue.create("u", 1);
        dialogue.coordinators();
        for version in 2..=9 {
            dialogue.life(version);
        }
        dialogue.refusals();
        dialogue.rebalance();
        dialogue.static_members();
        dialogue.offsets();
        dialogue.administration();
        dialogue.lines
    }

    fn coordinators(&mut self) {
        self.begin("coordinators");
        for version in 0..=6 {
            let request = FindCoordinatorRequest::new();
            let request = match version {
                0..4 => request.with_key("g"),
                _ => request.with_coordinator_keys(vec!["g".into(), "h".into()]),
            };
            let mut answer = self.first.call(&request, version);
            // Addresses are not the same.
            (answer.host, answer.port) = (StrBytes::default(), 0);
            for coordinator in &mut answer.coordinators {
                (coordinator.host, coordinator.port) = (StrBytes::default(), 0);
            }
            self.note("find", &answer);
        }
        for (kind, version) in [(2, 4), (2, 6), (9, 3), (9, 6)] {
            let request = FindCoordinatorRequest::new().with_key_type(kind);
            let request = match version {
                0..4 => request.with_key("k"),
                _ => request.with_coordinator_keys(vec!["k".into()]),
            };
            let mut answer = self.first.call(&request, version);
            if kind > 2 {
                // Their texts are their own.
                answer.error_message = None;
                for coordinator in &mut answer.coordinators {
                    coordinator.error_message = None;
                }
            }
            self.note("find other", &answer);
        }
    }

    /// One member comes, stays for a while, and goes.
    fn life(&mut self, version: i16) {
        self.begin("life");
        let mut told = self.join(join(""), version);
        if version >= 4 {
            told = self.join(join(&told.member_id), version);
        }
        let id = told.member_id.to_string();
        self.describe(version.min(6));
        self.commit(&id, None, told.generation_id, version);
        self.sync(&id, None, told.generation_id, &[&id], version.min(5));
        self.beat(&id, None, told.generation_id, version.min(4));
        self.describe(version.min(6));
        self.list(version.min(5));
        self.commit(&id, None, told.generation_id, version);
        self.fetch(version);
        // It joins again: as leader it makes a rebalance.
        let told = self.join(join(&id), version);
        self.beat(&id, None, told.generation_id - 1, version.min(4));
        self.beat(&id, None, told.generation_id, version.min(4));
        self.leave(&[(&id, None)], version.min(5));
        self.describe(version.min(6));
        self.commit(&id, None, told.generation_id, version);
        self.commit("", None, -1, version);
        self.list(version.min(5));
    }

    fn refusals(&mut self) {
        self.begin("refusals");
        for version in [2, 6, 7, 9] {
            for request in [
                join("").with_session_timeout_ms(5_999),
                join("").with_session_timeout_ms(1_800_001),
                join("nobody"),
                join("").with_protocols(Vec::new()),
                join("").with_protocol_type(""),
            ] {
                self.join(request, version);
            }
        }
        let nameless = join("").with_group_id("");
        let answer = self.first.call(&nameless, 9);
        self.note("without group", &answer);
        self.sync("nobody", None, 1, &[], 3);
        self.sync("nobody", None, 1, &[], 5);
        self.beat("nobody", None, 1, 4);
        self.leave(&[("nobody", None)], 2);
        self.leave(&[("nobody", None), ("", Some("i")), ("", None)], 5);
        self.list(5);
        // Groups of something else.
        let told = self.join(join("").with_protocol_type("connect"), 3);
        self.join(join(""), 3);
        self.join(
            join("")
                .with_protocol_type("connect")
                .with_protocols(vec![knows("x")]),
            3,
        );
        self.delete_offsets(&[("t", 0)]);
        let answer = self.first.call(&sync_nothing(self.group, &told), 5);
        self.note("sync without protocol", &answer);
        let inconsistent = sync_nothing(self.group, &told)
            .with_protocol_type(Some("consumer".into()))
            .with_protocol_name(Some("range".into()));
        let answer = self.first.call(&inconsistent, 5);
        self.note("sync with another protocol", &answer);
        self.leave(&[(&told.member_id, None)], 4);
        self.list(5);
    }

    /// Two members, and what they are told while one waits for the other.
    fn rebalance(&mut self) {
        self.begin("rebalance");
        let a = self.join(join(""), 9).member_id.to_string();
        self.join(join(&a), 9);
        self.sync(&a, None, 1, &[&a], 5);
        let b = self.join(join(""), 9).member_id.to_string();
        self.list(5);
        let request = join(&b).with_group_id(self.group);
        self.second.send(&request, 9);
        self.wait_for_rebalance();
        self.describe(6);
        self.list(5);
        self.beat(&a, None, 1, 4);
        self.commit(&a, None, 1, 8);
        self.commit(&b, None, 1, 8);
        self.sync(&a, None, 1, &[], 5);
        self.join(join(&a), 9);
        let answer = self.second.answer::<JoinGroupRequest>(9);
        self.note("joined", &answer);
        self.describe(6);
        self.commit(&a, None, 2, 8);
        // Told again, for it may not have heard.
        self.join(join(&b), 9);
        let request = sync_nothing(self.group, &answer);
        // Nothing that can be asked for tells that it has come.
        self.second.send(&request, 4);
        sleep(Duration::from_secs(2));
        self.beat(&b, None, 2, 4);
        self.sync(&a, None, 2, &[&a, &b], 5);
        let answer = self.second.answer::<SyncGroupRequest>(4);
        self.note("synced", &answer);
        self.describe(6);
        // A follower with nothing new is told what it knows.
        self.join(join(&b), 9);
        self.sync(&b, None, 2, &[], 4);
        self.join(join("").with_protocols(vec![knows("sticky")]), 9);
        self.leave(&[(&b, None)], 3);
        self.list(5);
        self.beat(&a, None, 2, 4);
        self.leave(&[(&a, None), (&b, None)], 5);
        self.describe(6);
        // Neither the one nor the other protocol is preferred by more.
        let both = |names: [&'static str; 2]| names.into_iter().map(knows).collect::<Vec<_>>();
        let told = self.join(
            join("").with_protocols(both(["range", "cooperative-sticky"])),
            3,
        );
        let other = join("").with_protocols(both(["cooperative-sticky", "range"]));
        let id = self.join(other.clone(), 9).member_id;
        let request = other.with_group_id(self.group).with_member_id(id);
        self.second.send(&request, 9);
        self.wait_for_rebalance();
        let again = join(&told.member_id).with_protocols(both(["range", "cooperative-sticky"]));
        self.join(again, 3);
        let answer = self.second.answer::<JoinGroupRequest>(9);
        self.note("joined", &answer);
    }

    fn static_members(&mut self) {
        self.begin("static");
        let named = |id: &str, name: &'static str| {
            join(id).with_group_instance_id(Some(StrBytes::from_static(name)))
        };
        let a = self.join(named("", "i"), 9).member_id.to_string();
        self.sync(&a, Some("i"), 1, &[&a], 5);
        self.describe(6);
        let b = self.join(named("", "i"), 9).member_id.to_string();
        self.sync(&b, Some("i"), 1, &[], 5);
        self.describe(6);
        let c = self.join(named("", "i"), 8).member_id.to_string();
        self.beat(&b, Some("i"), 1, 4);
        self.beat(&b, None, 1, 4);
        self.beat(&c, Some("j"), 1, 4);
        self.beat(&c, Some("i"), 1, 4);
        self.sync(&b, Some("i"), 1, &[], 5);
        self.join(named(&b, "i"), 9);
        self.commit(&b, Some("i"), 1, 9);
        self.commit(&c, Some("i"), 1, 9);
        self.commit("", None, -1, 9);
        self.leave(&[(&b, Some("i")), (&c, Some("j")), ("", Some("j"))], 5);
        let more = || vec![knows("sticky"), knows("range")];
        let d = self.join(named("", "i").with_protocols(more()), 9);
        self.beat(&d.member_id, Some("i"), 1, 4);
        self.leave(&[("", Some("i"))], 3);
        self.describe(6);
    }

    fn offsets(&mut self) {
        self.begin("offsets");
        for version in 2..=10 {
            self.commit("", None, -1, version);
            self.commit("m", None, 1, version);
            self.fetch(version);
        }
        self.fetch(1);
        let long = "x".repeat(4_097);
        for (group, generation, metadata) in [
            ("offsets", -1, &long[..]),
            ("absent", 1, ""),
            ("absent", -1, &long),
        ] {
            for version in [8, 9] {
                let mut request = commit(group, "", generation, Uuid::ZERO);
                request.topics[0].partitions[0].committed_metadata = Some(metadata.into());
                let answer = self.first.call(&request, version);
                self.note("commit", &answer);
            }
        }
        self.list(5);
        for topics in [
            &[("t", 0), ("t", 9)][..],
            &[("x", 0), ("t", 0), ("t", 1)],
            &[],
        ] {
            self.delete_offsets(topics);
        }
        self.fetch(7);
    }

    fn administration(&mut self) {
        self.begin("administration");
        self.delete(&["nothing", ""], 2);
        self.delete_offsets(&[("t", 0)]);
        let id = self.join(join(""), 9).member_id.to_string();
        self.delete(&["administration"], 1);
        self.describe(6);
        self.join(join(&id), 9);
        let told = self.join(join(""), 3);
        self.commit("", None, -1, 8);
        self.join(join(&told.member_id), 9);
        self.delete(&["administration", "offsets", "offsets"], 2);
        self.delete_offsets(&[("t", 0), ("u", 0), ("x", 0)]);
        for (states, types) in [
            (&["empty"][..], &[][..]),
            (&[" Stable", "COMPLETINGREBALANCE"], &["Classic"]),
            (&[], &["consumer", "share"]),
            (&["Dead", "nonsense"], &["nonsense"]),
        ] {
            let names = |names: &[&'static str]| -> Vec<StrBytes> {
                names
                    .iter()
                    .map(|name| StrBytes::from_static(name))
                    .collect()
            };
            let request = ListGroupsRequest::new()
                .with_states_filter(names(states))
                .with_types_filter(names(types));
            self.list_with(&request, 5);
        }
        for version in 0..=6 {
            let groups = vec!["nothing".into(), "".into()];
            let request = DescribeGroupsRequest::new()
                .with_groups(groups)
                .with_include_authorized_operations(version >= 3);
            let mut answer = self.first.call(&request, version);
            answer.groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));
            self.note("describe others", &answer);
        }
    }

    fn join(&mut self, request: JoinGroupRequest, version: i16) -> JoinGroupResponse {
        let request = request.with_group_id(self.group);
        let mut answer = self.first.call(&request, version);
        self.name(&answer);
        let names = &self.names;
        let place = |id: &StrBytes| names.iter().position(|(known, _)| known == id.as_str());
        answer
            .members
            .sort_by_key(|member| place(&member.member_id));
        self.note(&format!("join v{version}"), &answer);
        answer
    }

    fn name(&mut self, answer: &JoinGroupResponse) {
        let id = answer.member_id.to_string();
        if id.len() > 30 && !self.names.iter().any(|(known, _)| *known == id) {
            let (prefix, _) = id.split_at(id.len() - 36);
            let name = format!("{prefix}{}", self.names.len());
            self.names.push((id, name));
        }
    }

    fn sync(
        &mut self,
        id: &str,
        instance: Option<&str>,
        generation: i32,
        given: &[&str],
        version: i16,
    ) {
        let given = given.iter().zip(0..).map(|(id, number)| {
            SyncGroupRequestAssignment::new()
                .with_member_id((*id).to_owned())
                .with_assignment(Bytes::from(format!("part {number}")))
        });
        let request = SyncGroupRequest::new()
            .with_group_id(self.group)
            .with_generation_id(generation)
            .with_member_id(id.to_owned())
            .with_group_instance_id(instance.map(StrBytes::from))
            .with_protocol_type(Some("consumer".into()))
            .with_protocol_name(Some("range".into()))
            .with_assignments(given.collect::<Vec<_>>());
        let answer = self.first.call(&request, version);
        self.note("sync", &answer);
    }

    fn beat(&mut self, id: &str, instance: Option<&str>, generation: i32, version: i16) {
        let request = HeartbeatRequest::new()
            .with_group_id(self.group)
            .with_generation_id(generation)
            .with_member_id(id.to_owned())
            .with_group_instance_id(instance.map(StrBytes::from));
        let answer = self.first.call(&request, version);
        self.note("beat", &answer);
    }

    fn leave(&mut self, members: &[(&str, Option<&str>)], version: i16) {
        let request = LeaveGroupRequest::new().with_group_id(self.group);
        let request = match (version, members) {
            (0..3, [(id, _)]) => request.with_member_id((*id).to_owned()),
            _ => {
                let members = members.iter().map(|(id, instance)| {
                    MemberIdentity::new()
                        .with_member_id((*id).to_owned())
                        .with_group_instance_id(instance.map(StrBytes::from))
                });
                request.with_members(members.collect::<Vec<_>>())
            }
        };
        let answer = self.first.call(&request, version);
        self.note("leave", &answer);
    }

    /// Until the second connection's request to join has come.
    fn wait_for_rebalance(&mut self) {
        let request = DescribeGroupsRequest::new().with_groups(vec![self.group.into()]);
        for _ in 0..3_000 {
            let answer = self.first.call(&request, 5);
            if answer.groups[0].group_state == "PreparingRebalance" {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("{} does not rebalance", self.group);
    }

    fn describe(&mut self, version: i16) {
        let request = DescribeGroupsRequest::new()
            .with_groups(vec![self.group.into()])
            .with_include_authorized_operations(version >= 3);
        let mut answer = self.first.call(&request, version);
        let names = &self.names;
        let place = |id: &StrBytes| names.iter().position(|(known, _)| known == id.as_str());
        answer.groups[0]
            .members
            .sort_by_key(|member| place(&member.member_id));
        self.note("describe", &answer);
    }

    fn list(&mut self, version: i16) {
        self.list_with(&ListGroupsRequest::new(), version);
    }

    fn list_with(&mut self, request: &ListGroupsRequest, version: i16) {
        let mut answer = self.first.call(request, version);
        answer.groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));
        self.note("list", &answer);
    }

    fn commit(&mut self, id: &str, instance: Option<&str>, generation: i32, version: i16) {
        let mut request = commit(self.group, id, generation, self.topic);
        if version >= 7 {
            request.group_instance_id = instance.map(StrBytes::from);
        }
        let mut answer = self.first.call(&request, version);
        for topic in &mut answer.topics {
            topic.topic_id = Uuid::ZERO;
        }
        self.note("commit", &answer);
    }

    fn fetch(&mut self, version: i16) {
        let request = OffsetFetchRequest::new();
        let old = |name: &'static str, indexes: Vec<i32>| {
            OffsetFetchRequestTopic::new()
                .with_name(name)
                .with_partition_indexes(indexes)
        };
        let new = |name: &'static str, id: Uuid, indexes: Vec<i32>| {
            OffsetFetchRequestTopics::new()
                .with_name(name)
                .with_topic_id(id)
                .with_partition_indexes(indexes)
        };
        let request = if version < 8 {
            let topics = vec![old("x", vec![0]), old("t", vec![0, 1, 9])];
            request.with_group_id(self.group).with_topics(Some(topics))
        } else {
            let unknown = Uuid::from_bytes([7; 16]);
            let topics = vec![
                new("x", unknown, vec![0]),
                new("t", self.topic, vec![0, 1, 9]),
            ];
            let group = |name: &'static str, topics| {
                OffsetFetchRequestGroup::new()
                    .with_group_id(name)
                    .with_topics(topics)
            };
            let groups = vec![group(self.group, Some(topics)), group("absent", None)];
            request.with_groups(groups).with_require_stable(true)
        };
        let mut answer = self.first.call(&request, version);
        for topic in answer.groups.iter_mut().flat_map(|group| &mut group.topics) {
            topic.topic_id = Uuid::ZERO;
        }
        self.note("fetch", &answer);
    }

    fn delete(&mut self, groups: &[&'static str], version: i16) {
        let names = groups.iter().map(|name| StrBytes::from_static(name));
        let request = DeleteGroupsRequest::new().with_groups_names(names.collect::<Vec<_>>());
        let mut answer = self.first.call(&request, version);
        answer.results.sort_by(|a, b| a.group_id.cmp(&b.group_id));
        self.note("delete", &answer);
    }

    fn delete_offsets(&mut self, places: &[(&'static str, i32)]) {
        let topics = places.iter().map(|(topic, partition)| {
            let partition = OffsetDeleteRequestPartition::new().with_partition_index(*partition);
            OffsetDeleteRequestTopic::new()
                .with_name(*topic)
                .with_partitions(vec![partition])
        });
        // Each topic once: of others Kafka takes the first.
        let mut topics: Vec<OffsetDeleteRequestTopic> = topics.collect();
        topics.dedup_by(|later, first| {
            let same = later.name == first.name;
            if same {
                first.partitions.append(&mut later.partitions);
            }
            same
        });
        let request = OffsetDeleteRequest::new()
            .with_group_id(self.group)
            .with_topics(topics);
        let answer = self.first.call(&request, 0);
        self.note("delete offsets", &answer);
    }

    fn begin(&mut self, group: &'static str) {
        self.group = group;
        let find = FindCoordinatorRequest::new().with_key(group);
        while self.first.call(&find, 1).error_code != 0 {
            sleep(Duration::from_millis(100));
        }
        // The broker may be reading the groups still.
        let list = ListGroupsRequest::new();
        let describe = DescribeGroupsRequest::new().with_groups(vec![group.into()]);
        while self.first.call(&list, 5).error_code != 0
            || ![0, 69].contains(&self.first.call(&describe, 5).groups[0].error_code)
        {
            sleep(Duration::from_millis(100));
        }
    }

    fn create(&mut self, name: &'static str, partitions: i32) -> Uuid {
        let topic = CreatableTopic::new()
            .with_name(name)
            .with_num_partitions(partitions)
            .with_replication_factor(1);
        let request = CreateTopicsRequest::new()
            .with_topics(vec![topic])
            .with_timeout_ms(10_000);
        assert_eq!(self.first.call(&request, 7).topics[0].error_code, 0);
        let topic = MetadataRequestTopic::new().with_name(Some(name.into()));
        let request = MetadataRequest::new().with_topics(Some(vec![topic]));
        loop {
            let topic = self.first.call(&request, 12).topics.remove(0);
            if topic.error_code == 0 {
                return topic.topic_id;
            }
            sleep(Duration::from_millis(50));
        }
    }

    fn note(&mut self, what: &str, answer: &impl Debug) {
        let mut line = format!("{} {}: {what}: {answer:?}", self.group, self.lines.len());
        for (id, name) in &self.names {
            line = line.replace(id, name);
        }
        self.lines.push(line);
    }
}
