//! Groups as an administrator sees them: those that only commit, without members.

use kafka_protocol::messages::list_groups::ListedGroup;
use kafka_protocol::messages::offset_fetch::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, DeleteGroupsRequest, DescribeGroupsRequest,
    FindCoordinatorRequest, ListGroupsRequest, OffsetFetchRequest,
};
use kafka_protocol::{StrBytes, Uuid};

use super::ground::Ground;
use super::transcript::Transcript;
use crate::BoxError;

type Result<T> = std::result::Result<T, BoxError>;

/// Commits for a group without joining it.
pub(super) async fn commit(ground: &Ground, group: &str, topic: &str) -> Result<()> {
    let consumer = ground.kafka().consumer().group(group).build().await?;
    Ok(consumer.commit_offsets([((topic, 0), 5)]).await?)
}

/// This scenario's groups among those that one broker lists.
pub(super) async fn listed(
    ground: &Ground,
    broker: i32,
    states: &[&str],
    types: &[&str],
) -> Result<(i16, Vec<ListedGroup>)> {
    let texts = |texts: &[&str]| texts.iter().map(|text| StrBytes::from(*text)).collect();
    let states: Vec<StrBytes> = texts(states);
    let types: Vec<StrBytes> = texts(types);
    let request = ListGroupsRequest::new()
        .with_states_filter(states)
        .with_types_filter(types);
    let mut answer = ground.broker(broker, &request).await?;
    let own = ground.name("");
    answer
        .groups
        .retain(|group| group.group_id.starts_with(&own));
    answer
        .groups
        .sort_by(|one, other| one.group_id.cmp(&other.group_id));
    Ok((answer.error_code, answer.groups))
}

/// With and without filters.
pub(super) async fn listing(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    for group in ["one", "two"] {
        commit(ground, &ground.name(group), &topic).await?;
    }
    let broker = ground.kafka().router().cluster();
    let broker = broker.brokers().next().ok_or("no broker")?.id;
    for (states, types) in [
        (&[][..], &[][..]),
        (&["Empty"], &[]),
        (&["empty", "Stable"], &[]),
        (&["Stable"], &[]),
        (&["Nonsense"], &[]),
        (&[], &["classic"]),
        (&[], &["Consumer"]),
        (&["Empty"], &["Classic", "share"]),
        (&[], &["nonsense"]),
    ] {
        let (code, groups) = listed(ground, broker, states, types).await?;
        transcript.say(format_args!("{states:?} {types:?}: code {code}"));
        for group in groups {
            transcript.say(format_args!(
                "  {} {:?} {:?} {:?}",
                group.group_id, group.group_state, group.group_type, group.protocol_type
            ));
        }
    }
    Ok(transcript)
}

/// By both APIs, known and unknown.
pub(super) async fn describing(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let (known, unknown) = (ground.name("known"), ground.name("unknown"));
    commit(ground, &known, &topic).await?;
    for group in [known.as_str(), &unknown, ""] {
        for operations in [false, true] {
            let request = DescribeGroupsRequest::new()
                .with_groups(vec![group.into()])
                .with_include_authorized_operations(operations);
            let answer = ground.group(&known, request).await?;
            transcript.answer(&format!("describe {group:?}"), &answer)?;
        }
        let request = ConsumerGroupDescribeRequest::new().with_group_ids(vec![group.into()]);
        let answer = ground.group(&known, request).await?;
        transcript.answer(&format!("describe {group:?}, KIP-848"), &answer)?;
    }
    for keys in [vec![known.as_str()], vec![known.as_str(), ""], vec![]] {
        for kind in [0, 2, 9] {
            let keys: Vec<StrBytes> = keys.iter().map(|key| StrBytes::from(*key)).collect();
            let count = keys.len();
            let request = FindCoordinatorRequest::new()
                .with_key_type(kind)
                .with_coordinator_keys(keys);
            let answer = ground.any(request).await?;
            transcript.answer(&format!("coordinator of {count}, type {kind}"), &answer)?;
        }
    }
    Ok(transcript)
}

/// Those that exist, those that do not, and both at once.
pub(super) async fn deleting(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    for group in ["one", "two", "three"] {
        commit(ground, &ground.name(group), &topic).await?;
    }
    for groups in [vec!["unknown"], vec!["one"], vec!["one", "two", "unknown"]] {
        let names: Vec<StrBytes> = groups
            .iter()
            .map(|group| StrBytes::from(ground.name(group)))
            .collect();
        let request = DeleteGroupsRequest::new().with_groups_names(names);
        let answer = ground.group(&ground.name("one"), request).await?;
        transcript.answer(&format!("delete {groups:?}"), &answer)?;
    }
    let request = DeleteGroupsRequest::new().with_groups_names(vec!["".into()]);
    let answer = ground.group(&ground.name("one"), request).await?;
    transcript.answer("delete one without a name", &answer)?;
    let broker = ground.kafka().router().cluster();
    let broker = broker.brokers().next().ok_or("no broker")?.id;
    for group in listed(ground, broker, &[], &[]).await?.1 {
        transcript.say(format_args!("left: {}", group.group_id));
    }
    let consumer = ground
        .kafka()
        .consumer()
        .group(ground.name("two"))
        .build()
        .await?;
    let committed = consumer.committed([(topic.as_str(), 0)]).await;
    transcript.outcome("committed", &committed.map(super::producing::short));
    Ok(transcript)
}

/// All that groups have committed, by one request.
pub(super) async fn fetching(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let id = ground.kafka().admin().describe_topic(&topic).await?.id();
    let group = ground.name("g");
    commit(ground, &group, &topic).await?;
    let named = |name: &str, topic_id: Uuid| {
        OffsetFetchRequestTopics::new()
            .with_name(name)
            .with_topic_id(topic_id)
            .with_partition_indexes(vec![0, 1])
    };
    let of = |group: &str| OffsetFetchRequestGroup::new().with_group_id(group);
    for (what, asked) in [
        ("all topics", of(&group).with_topics(None)),
        (
            "one topic",
            of(&group).with_topics(Some(vec![named(&topic, id)])),
        ),
        (
            "an unknown topic",
            of(&group).with_topics(Some(vec![named("", Uuid::from_bytes([9; 16]))])),
        ),
        (
            "an unknown group",
            of(&ground.name("unknown")).with_topics(None),
        ),
        (
            "as a member",
            of(&group)
                .with_topics(None)
                .with_member_id(Some("nobody".into()))
                .with_member_epoch(3),
        ),
        ("no name", of("").with_topics(None)),
    ] {
        let request = OffsetFetchRequest::new().with_groups(vec![asked]);
        transcript.answer(what, &ground.group(&group, request).await?)?;
    }
    Ok(transcript)
}
