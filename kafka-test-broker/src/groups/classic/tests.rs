//! Each transition, as a dialogue with the machine alone.

mod limits;

use std::time::Duration;

use kafka_protocol::messages::consumer_protocol::ConsumerProtocolSubscription;
use kafka_protocol::messages::{AnyResponse, JoinGroupResponse, SyncGroupResponse};

use super::*;
use crate::clock;
use crate::groups::AgeFrom;
use crate::machine::Ticket;
/// A group under test and the time.
struct Scene {
    group: ClassicGroup,
    start: Instant,
    now: Moment,
}

impl Scene {
    fn new(settings: GroupSettings) -> Self {
        let start = clock::now();
        let now = Moment {
            now: start,
            wall_ms: 1_000,
        };
        Self {
            group: ClassicGroup::new("g", settings, now.wall_ms),
            start,
            now,
        }
    }

    /// A stable group of these members, `a` the leader.
    fn stable(settings: GroupSettings, ids: &[&'static str]) -> Self {
        let mut scene = Self::new(settings);
        for (id, ticket) in ids.iter().zip(1..) {
            scene.group.pending_joins.insert((*id).into(), scene.start);
            scene.join(ticket, 9, id);
        }
        // All but the last had to join again.
        for (id, ticket) in ids.iter().zip(101..).take(ids.len() - 1) {
            scene.join(ticket, 9, id);
        }
        scene.replies();
        let generation = scene.group.generation;
        for (ticket, id) in (201..).zip(ids.iter().rev()) {
            scene.sync(ticket, id, generation, ids);
        }
        scene.replies();
        assert_eq!(scene.group.state, ClassicState::Stable);
        scene
    }

    fn after(&mut self, ms: u64) -> &mut Self {
        self.now.now += Duration::from_millis(ms);
        self.now.wall_ms += i64::try_from(ms).unwrap();
        self.group.advance(self.now);
        self
    }

    fn joining(&self, ticket: u64, version: i16, id: &'static str) -> Joining {
        Joining {
            waiter: Waiter {
                ticket: Ticket::fake(ticket),
                version,
            },
            client_id: "c".into(),
            client_host: "/host".into(),
            member_id: id.into(),
            fresh_id: StrBytes::from(format!("fresh-{ticket}")),
            instance_id: None,
            protocol_type: "consumer".into(),
            protocols: vec![knows("range")],
            rebalance_timeout_ms: 60_000,
            session_timeout_ms: 10_000,
        }
    }

    fn join(&mut self, ticket: u64, version: i16, id: &'static str) {
        let joining = self.joining(ticket, version, id);
        self.group.join(joining, self.now);
    }

    fn join_static(&mut self, ticket: u64, version: i16, instance: &'static str) {
        let mut joining = self.joining(ticket, version, "");
        joining.instance_id = Some(instance.into());
        self.group.join(joining, self.now);
    }

    /// Assigns to each its own name.
    fn sync(&mut self, ticket: u64, id: &str, generation: i32, ids: &[&str]) {
        let given = ids.iter().map(|id| {
            let assignment = bytes::Bytes::copy_from_slice(id.as_bytes());
            (StrBytes::from(*id), assignment)
        });
        let waiter = Waiter {
            ticket: Ticket::fake(ticket),
            version: 5,
        };
        let syncing = Syncing {
            waiter,
            member_id: id.into(),
            instance_id: None,
            generation,
            protocol_type: Some("consumer".into()),
            protocol_name: Some("range".into()),
            assignments: given.collect(),
        };
        self.group.sync(syncing, self.now);
    }

    fn beat(&mut self, id: &str) -> Result<(), ErrorCode> {
        let generation = self.group.generation;
        self.group.heartbeat(id, None, generation, self.now)
    }

    /// The tickets answered, and with which error.
    fn replies(&mut self) -> Vec<(u64, ErrorCode)> {
        let replies = self.group.take_replies().into_iter();
        replies
            .map(|(ticket, response)| {
                let code = match response {
                    AnyResponse::JoinGroup(response) => response.error_code,
                    AnyResponse::SyncGroup(response) => response.error_code,
                    other => panic!("{other:?}"),
                };
                (ticket.number(), ErrorCode::from(code))
            })
            .collect()
    }

    fn joined(&mut self) -> JoinGroupResponse {
        match &self.group.take_replies()[..] {
            [(_, AnyResponse::JoinGroup(response))] => response.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn synced(&mut self) -> SyncGroupResponse {
        match &self.group.take_replies()[..] {
            [(_, AnyResponse::SyncGroup(response))] => response.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn member_ids(&self) -> Vec<&str> {
        self.group
            .members()
            .map(|member| member.id.as_str())
            .collect()
    }
}

fn settings() -> GroupSettings {
    GroupSettings::default()
}

/// A protocol whose metadata subscribes to topic `t`.
fn knows(name: &'static str) -> Protocol {
    let subscription = ConsumerProtocolSubscription::new().with_topics(vec!["t".into()]);
    Protocol {
        name: name.into(),
        metadata: subscription.to_bytes(1).unwrap(),
    }
}

use ErrorCode::None as Fine;

#[test]
fn newcomer_gets_an_id_first_and_leads_alone() {
    let mut scene = Scene::new(settings());
    scene.join(1, 4, "");
    let told = scene.joined();
    assert_eq!(
        ErrorCode::from(told.error_code),
        ErrorCode::MemberIdRequired
    );
    assert_eq!(
        (told.member_id.as_str(), told.generation_id),
        ("fresh-1", -1)
    );
    assert_eq!(scene.group.state, ClassicState::Empty);
    scene.join(2, 9, "fresh-1");
    let told = scene.joined();
    assert_eq!((told.error_code, told.generation_id), (0, 1));
    assert_eq!((told.leader.as_str(), told.members.len()), ("fresh-1", 1));
    assert_eq!(told.protocol_name.as_deref(), Some("range"));
    assert_eq!(scene.group.state, ClassicState::CompletingRebalance);
    scene.sync(3, "fresh-1", 1, &["fresh-1"]);
    assert_eq!(scene.synced().assignment.as_ref(), b"fresh-1");
    assert_eq!(scene.group.state, ClassicState::Stable);
    assert!(scene.group.is_subscribed_to("t") && !scene.group.is_subscribed_to("u"));
}

#[test]
fn old_version_joins_at_once_and_may_not_be_told_of_null() {
    let mut scene = Scene::new(settings());
    scene.join(1, 3, "");
    assert_eq!(scene.joined().member_id.as_str(), "fresh-1");
    scene.join(2, 6, "nobody");
    let told = scene.joined();
    assert_eq!(ErrorCode::from(told.error_code), ErrorCode::UnknownMemberId);
    assert_eq!(told.protocol_name.as_deref(), Some(""));
    scene.join(3, 7, "nobody");
    assert_eq!(scene.joined().protocol_name, None);
}

#[test]
fn id_that_is_not_used_is_forgotten() {
    let mut scene = Scene::stable(settings(), &["a"]);
    scene.join(1, 9, "");
    scene.replies();
    // The group waits for whoever has an id, until its session is over.
    scene.join(2, 9, "a");
    assert_eq!(scene.replies(), []);
    scene.after(9_999);
    assert_eq!(scene.replies(), []);
    scene.after(1);
    assert_eq!(scene.replies(), [(2, Fine)]);
    assert_eq!(scene.group.generation, 2);
}

#[test]
fn members_are_gathered_and_told_by_heartbeat() {
    let mut scene = Scene::stable(settings(), &["a"]);
    scene.join(1, 3, "");
    assert_eq!(scene.group.state, ClassicState::PreparingRebalance);
    assert_eq!(scene.beat("a"), Err(ErrorCode::RebalanceInProgress));
    assert_eq!(scene.replies(), []);
    scene.join(2, 9, "a");
    assert_eq!(scene.replies(), [(2, Fine), (1, Fine)]);
    // Only the leader is told who there is; the other waits for it.
    scene.sync(3, "fresh-1", 2, &[]);
    assert_eq!(scene.replies(), []);
    assert_eq!(scene.beat("fresh-1"), Ok(()));
    scene.sync(4, "a", 2, &["a", "fresh-1"]);
    assert_eq!(scene.replies(), [(4, Fine), (3, Fine)]);
    scene.sync(5, "fresh-1", 2, &[]);
    assert_eq!(scene.synced().assignment.as_ref(), b"fresh-1");
}

#[test]
fn who_does_not_come_back_in_time_is_out() {
    let mut scene = Scene::stable(settings(), &["a", "b"]);
    scene.join(1, 9, "b");
    assert_eq!(
        scene.replies(),
        [(1, Fine)],
        "a follower that changed nothing"
    );
    scene.join(2, 9, "a");
    scene.after(9_000);
    assert_eq!(scene.beat("b"), Err(ErrorCode::RebalanceInProgress));
    for _ in 0..5 {
        scene.after(9_000);
        let _ = scene.beat("b");
    }
    assert_eq!(scene.replies(), []);
    scene.after(6_000);
    assert_eq!(scene.replies(), [(2, Fine)]);
    assert_eq!(scene.member_ids(), ["a"]);
    assert_eq!(scene.beat("b"), Err(ErrorCode::UnknownMemberId));
}

#[test]
fn leader_that_does_not_come_back_is_replaced() {
    let mut scene = Scene::stable(settings(), &["a", "b"]);
    let mut joining = scene.joining(1, 9, "b");
    joining.protocols.push(knows("sticky"));
    scene.group.join(joining, scene.now);
    scene.after(5_000);
    let _ = scene.beat("a");
    scene.after(9_000);
    let _ = scene.beat("a");
    scene.after(10_000);
    let told = scene.joined();
    assert_eq!((told.leader.as_str(), told.members.len()), ("b", 1));
}

#[test]
fn silence_ends_a_session_and_a_commit_prolongs_it() {
    let mut scene = Scene::stable(settings(), &["a", "b"]);
    scene.after(9_000);
    assert_eq!(scene.beat("a"), Ok(()));
    let committer = Committer {
        member_id: "b",
        instance_id: None,
        generation: scene.group.generation,
        transactional: false,
        version: 8,
    };
    assert_eq!(scene.group.check_commit(committer, scene.now), Ok(()));
    scene.after(9_999);
    assert_eq!(scene.member_ids(), ["a", "b"]);
    assert_eq!(scene.beat("a"), Ok(()));
    scene.after(1);
    assert_eq!(scene.member_ids(), ["a"]);
    assert_eq!(scene.group.state, ClassicState::PreparingRebalance);
    scene.after(10_000);
    assert_eq!(scene.group.state, ClassicState::Empty);
    assert_eq!(scene.group.generation, 3);
    assert_eq!(scene.group.next_due(), None);
}

#[test]
fn assignment_that_is_not_asked_for_costs_membership() {
    let mut scene = Scene::stable(settings(), &["a", "b"]);
    scene.join(1, 9, "a");
    scene.join(2, 9, "b");
    scene.replies();
    let generation = scene.group.generation;
    scene.sync(3, "b", generation, &[]);
    for _ in 0..6 {
        scene.after(9_000);
        assert_eq!(scene.beat("a"), Ok(()));
    }
    scene.after(6_000);
    assert_eq!(scene.replies(), [(3, ErrorCode::RebalanceInProgress)]);
    assert_eq!(scene.member_ids(), ["b"]);
    assert_eq!(scene.group.leader().unwrap().as_str(), "b");
}

#[test]
fn new_member_waits_five_minutes_at_most() {
    let mut scene = Scene::stable(settings(), &["a"]);
    let mut joining = scene.joining(1, 3, "");
    joining.rebalance_timeout_ms = 3_600_000;
    scene.group.join(joining, scene.now);
    for _ in 0..30 {
        scene.after(9_999);
        let _ = scene.beat("a");
    }
    assert_eq!(scene.replies(), []);
    scene.after(100);
    assert_eq!(scene.replies(), [(1, ErrorCode::UnknownMemberId)]);
    assert_eq!(scene.member_ids(), ["a"]);
}

#[test]
fn first_rebalance_waits_for_more_and_longer_if_they_come() {
    let mut scene = Scene::new(GroupSettings {
        initial_rebalance_delay: Duration::from_secs(3),
        ..settings()
    });
    scene.join(1, 3, "");
    scene.after(2_000);
    scene.join(2, 3, "");
    scene.after(1_000);
    assert_eq!(scene.replies(), []);
    scene.after(2_999);
    assert_eq!(scene.replies(), []);
    scene.after(1);
    assert_eq!(scene.replies(), [(1, Fine), (2, Fine)]);
    assert_eq!(scene.group.generation, 1);
}

#[test]
fn protocol_is_one_that_all_know_and_most_prefer() {
    let mut scene = Scene::new(settings());
    let mut protocols_of = |ticket, names: &[&'static str]| {
        let mut joining = scene.joining(ticket, 3, "");
        joining.protocols = names.iter().map(|name| knows(name)).collect();
        scene.group.join(joining, scene.now);
        scene.replies()
    };
    protocols_of(1, &["range", "roundrobin", "sticky"]);
    protocols_of(2, &["sticky", "roundrobin"]);
    protocols_of(3, &["roundrobin", "sticky"]);
    protocols_of(4, &["sticky", "roundrobin"]);
    let none_in_common = vec![(5, ErrorCode::InconsistentGroupProtocol)];
    assert_eq!(protocols_of(5, &["range"]), none_in_common);
    assert_eq!(
        protocols_of(6, &[]),
        [(6, ErrorCode::InconsistentGroupProtocol)]
    );
    assert_eq!(scene.group.select_protocol().as_deref(), Some("sticky"));
    let mut other = scene.joining(7, 3, "");
    other.protocol_type = "connect".into();
    scene.group.join(other, scene.now);
    assert_eq!(scene.replies(), [(7, ErrorCode::InconsistentGroupProtocol)]);
}

#[test]
fn ties_are_broken_as_by_a_java_hash_map() {
    let mut scene = Scene::new(settings());
    for (ticket, names) in [
        (1, ["range", "cooperative-sticky"]),
        (2, ["cooperative-sticky", "range"]),
    ] {
        let mut joining = scene.joining(ticket, 3, "");
        joining.protocols = names.iter().map(|name| knows(name)).collect();
        scene.group.join(joining, scene.now);
    }
    // jshell: new HashMap<>(Map.of("range", 1, "cooperative-sticky", 1)).keySet()
    assert_eq!(scene.group.select_protocol().as_deref(), Some("range"));
}

#[test]
fn static_member_comes_back_without_a_rebalance() {
    let mut scene = Scene::new(settings());
    scene.join_static(1, 9, "i");
    scene.replies();
    scene.sync(2, "fresh-1", 1, &["fresh-1"]);
    scene.replies();
    scene.join_static(3, 9, "i");
    let told = scene.joined();
    assert_eq!(
        (told.generation_id, told.member_id.as_str()),
        (1, "fresh-3")
    );
    assert_eq!(
        (told.leader.as_str(), told.skip_assignment),
        ("fresh-3", true)
    );
    assert_eq!(told.members.len(), 1);
    scene.sync(4, "fresh-3", 1, &[]);
    assert_eq!(scene.synced().assignment.as_ref(), b"fresh-1");
    // The old one is fenced.
    let now = scene.now;
    let old = scene.group.heartbeat("fresh-1", Some("i"), 1, now);
    assert_eq!(old, Err(ErrorCode::FencedInstanceId));
    let unknown = scene.group.heartbeat("fresh-3", Some("j"), 1, now);
    assert_eq!(unknown, Err(ErrorCode::UnknownMemberId));
    // An older version is told of the old leader, so that it does not assign.
    scene.join_static(5, 8, "i");
    let told = scene.joined();
    assert_eq!((told.leader.as_str(), told.members.len()), ("fresh-3", 0));
    assert!(!told.skip_assignment);
    // Another protocol takes a rebalance.
    let mut joining = scene.joining(6, 9, "");
    joining.instance_id = Some("i".into());
    joining.protocols = vec![knows("sticky"), knows("range")];
    scene.group.join(joining, scene.now);
    assert_eq!(scene.joined().generation_id, 2);
}

#[test]
fn static_member_that_waits_is_fenced_by_its_successor() {
    let mut scene = Scene::stable(settings(), &["a"]);
    scene.join_static(1, 9, "i");
    scene.join_static(2, 9, "i");
    assert_eq!(scene.replies(), [(1, ErrorCode::FencedInstanceId)]);
    scene.join(3, 9, "a");
    assert_eq!(scene.replies(), [(3, Fine), (2, Fine)]);
    // While the leader assigns, it takes another rebalance.
    scene.sync(4, "fresh-2", 2, &[]);
    scene.join_static(5, 9, "i");
    let fenced = (4, ErrorCode::FencedInstanceId);
    assert_eq!(scene.replies(), [fenced]);
    assert_eq!(scene.group.state, ClassicState::PreparingRebalance);
}

#[test]
fn static_members_stay_through_a_rebalance_they_miss() {
    let mut scene = Scene::new(settings());
    scene.join_static(1, 9, "i");
    scene.replies();
    scene.join(2, 3, "");
    assert_eq!(scene.replies(), []);
    scene.after(9_000);
    let _ = scene.beat("fresh-1");
    for _ in 0..6 {
        scene.after(9_000);
        let _ = scene.beat("fresh-1");
    }
    let told: Vec<_> = scene.replies();
    assert_eq!(told, [(2, Fine)]);
    assert_eq!(scene.member_ids(), ["fresh-1", "fresh-2"]);
}

#[test]
fn members_leave_and_are_taken_out() {
    let mut scene = Scene::stable(settings(), &["a", "b"]);
    scene.join_static(1, 9, "i");
    let leaving = |member_id, instance_id| Leaving {
        member_id,
        instance_id,
    };
    let now = scene.now;
    let left = scene.group.leave(
        &[
            leaving("", Some("i")),
            leaving("", Some("j")),
            leaving("nobody", None),
            leaving("a", Some("i")),
            leaving("a", None),
        ],
        now,
    );
    let unknown = Err(ErrorCode::UnknownMemberId);
    assert_eq!(left, [Ok(()), unknown, unknown, unknown, Ok(())]);
    assert_eq!(scene.replies(), [(1, ErrorCode::UnknownMemberId)]);
    assert_eq!(scene.member_ids(), ["b"]);
    assert_eq!(scene.group.state, ClassicState::PreparingRebalance);
    scene.group.leave(&[leaving("b", None)], now);
    assert_eq!(scene.group.state, ClassicState::Empty);
    assert_eq!(scene.group.protocol(), None);
    scene.join(9, 9, "");
    scene.replies();
    assert_eq!(
        scene.group.leave(&[leaving("fresh-9", None)], now),
        [Ok(())]
    );
    assert_eq!(scene.group.next_due(), None);
}
