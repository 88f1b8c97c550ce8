use bytes::Bytes;
use kafka_protocol::messages::consumer_group_describe::DescribedGroup;
use kafka_protocol::messages::consumer_protocol::ConsumerProtocolAssignment;

use super::Group;
use super::classic::{ClassicGroup, Member};
use crate::cluster::Cluster;

/// A group as its coordinator sees it: see
/// [`TestCluster::group`](crate::TestCluster::group).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupView {
    /// Its type as ListGroups tells it: `classic` or `consumer`.
    pub kind: String,
    /// Its state as ListGroups tells it: `Empty`, `Stable` and so on.
    pub state: String,
    /// The generation of a classic group, the epoch of a consumer group.
    pub generation: i32,
    /// The protocol or assignor its members agreed on, empty before they did.
    pub protocol: String,
    /// Its members: of a classic group in the order in which they joined, the
    /// leader anywhere among them; of a consumer group ordered by id.
    pub members: Vec<MemberView>,
}

/// A member of a [`GroupView`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberView {
    /// The id that the coordinator knows it by.
    pub id: String,
    /// Its `group.instance.id`, if it is a static member.
    pub instance_id: Option<String>,
    /// Its `client.id`.
    pub client_id: String,
    /// Its address, as Kafka shows it: `/127.0.0.1`.
    pub client_host: String,
    /// Whether it is the one that assigns in a classic group.
    pub leads: bool,
    /// Topics and partitions it was given, ordered; none in groups that are not
    /// of consumers.
    pub assignment: Vec<(String, i32)>,
}

impl Group {
    /// The group as tests see it; its topics are those of `cluster`.
    pub(crate) fn view(&self, cluster: &Cluster) -> GroupView {
        match self {
            Self::Classic(group) => view_classic(self, group),
            Self::Consumer(group) => view_consumer(self, &group.describe(cluster)),
        }
    }
}

fn view_consumer(group: &Group, described: &DescribedGroup) -> GroupView {
    let members = described.members.iter().map(|member| {
        let topics = member.assignment.topic_partitions.iter();
        let partitions = topics.flat_map(|topic| {
            let name = topic.topic_name.to_string();
            let indexes = topic.partitions.iter();
            indexes.map(move |index| (name.clone(), *index))
        });
        let mut assignment: Vec<(String, i32)> = partitions.collect();
        assignment.sort();
        MemberView {
            id: member.member_id.to_string(),
            instance_id: member.instance_id.as_ref().map(ToString::to_string),
            client_id: member.client_id.to_string(),
            client_host: member.client_host.to_string(),
            leads: false,
            assignment,
        }
    });
    GroupView {
        kind: group.kind().to_owned(),
        state: group.state().to_owned(),
        generation: described.group_epoch,
        protocol: described.assignor_name.to_string(),
        members: members.collect(),
    }
}

fn view_classic(group: &Group, classic: &ClassicGroup) -> GroupView {
    let members = classic.members().map(|member| MemberView {
        id: member.id.to_string(),
        instance_id: member.instance_id.as_ref().map(ToString::to_string),
        client_id: member.client_id.to_string(),
        client_host: member.client_host.to_string(),
        leads: classic.leader() == Some(&member.id),
        assignment: match classic.is_of_consumers() {
            true => assigned(member),
            false => Vec::new(),
        },
    });
    GroupView {
        kind: group.kind().to_owned(),
        state: group.state().to_owned(),
        generation: classic.generation(),
        protocol: classic
            .protocol()
            .map_or_else(String::new, ToString::to_string),
        members: members.collect(),
    }
}

fn assigned(member: &Member) -> Vec<(String, i32)> {
    let bytes = Bytes::clone(&member.assignment);
    let Ok((assignment, _)) = ConsumerProtocolAssignment::from_bytes(bytes) else {
        return Vec::new();
    };
    let topics = assignment.assigned_partitions.iter();
    let mut partitions: Vec<(String, i32)> = topics
        .flat_map(|topic| {
            let name = topic.topic.to_string();
            topic
                .partitions
                .iter()
                .map(move |index| (name.clone(), *index))
        })
        .collect();
    partitions.sort();
    partitions
}
