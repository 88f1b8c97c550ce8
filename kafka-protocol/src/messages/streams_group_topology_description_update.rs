//! StreamsGroupTopologyDescriptionUpdate: hands a streams group's topology, node by
//! node, to the broker's plugin (KIP-1331); a member asks the group coordinator.
//!
//! The member sends it when StreamsGroupHeartbeat asks for it. `UNKNOWN_MEMBER_ID`
//! means that it is no longer in the group, or the group is gone, and to join
//! again; `STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED` that the plugin did not take
//! it.
//!
//! Version 0.

use crate::{Message, StrBytes, TaggedFields};

/// Describes the topology of a group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 93, versions = "0", flexible = "0+")]
#[kafka(response = StreamsGroupTopologyDescriptionUpdateResponse)]
#[non_exhaustive]
pub struct StreamsGroupTopologyDescriptionUpdateRequest {
    /// The streams group.
    pub group_id: StrBytes,
    /// The member that sends it.
    pub member_id: StrBytes,
    /// The epoch of the topology described.
    pub topology_epoch: i32,
    /// The description.
    pub topology_description: TopologyDescription,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A topology node by node.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopologyDescription {
    /// The subtopologies.
    pub subtopologies: Vec<TopologyDescriptionSubtopology>,
    /// The global state stores.
    pub global_stores: Vec<TopologyDescriptionGlobalStore>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The nodes of one subtopology.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopologyDescriptionSubtopology {
    /// Its id, unique in the topology.
    pub subtopology_id: StrBytes,
    /// The nodes.
    pub nodes: Vec<TopologyDescriptionNode>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopologyDescriptionNode {
    /// Its name, such as `KSTREAM-SOURCE-0000000000`.
    pub name: StrBytes,
    /// 1 a source, 2 a processor, 3 a sink.
    pub node_type: i8,
    /// The topics a source reads; empty for other nodes, and where they are
    /// chosen while it runs.
    pub source_topics: Vec<StrBytes>,
    /// The topic a sink writes; null for other nodes, and where it is chosen
    /// while it runs.
    pub sink_topic: Option<StrBytes>,
    /// The state stores a processor uses; empty for other nodes.
    pub stores: Vec<StrBytes>,
    /// The nodes it forwards to, by name. What precedes a node follows from
    /// these.
    pub successors: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A state store that every process holds in full.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopologyDescriptionGlobalStore {
    /// The node that reads its records.
    pub source: TopologyDescriptionNode,
    /// The node that puts them in.
    pub processor: TopologyDescriptionNode,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Whether the description was taken.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 93, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupTopologyDescriptionUpdateResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
