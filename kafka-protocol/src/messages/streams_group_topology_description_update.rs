//! StreamsGroupTopologyDescriptionUpdate: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? StreamsGroupTopologyDescriptionUpdate Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 93, versions = "0", flexible = "0+", response = StreamsGroupTopologyDescriptionUpdateResponse)]
#[non_exhaustive]
pub struct StreamsGroupTopologyDescriptionUpdateRequest {
    /// ??? The streams group identifier.
    pub group_id: StrBytes,
    /// ??? The ID of the streams group member sending the push. The broker
    /// validates that this member is still in the group; mismatches (including
    /// when the group itself has been deleted) are rejected with
    /// UNKNOWN_MEMBER_ID so the client treats itself as fenced and rejoins.
    pub member_id: StrBytes,
    /// ??? The epoch of the topology being described.
    pub topology_epoch: i32,
    /// ??? The topology description.
    pub topology_description: TopologyDescription,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topology description.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopologyDescription {
    /// ??? The subtopologies that make up this topology.
    pub subtopologies: Vec<TopologyDescriptionSubtopology>,
    /// ??? Global state stores used by this topology.
    pub global_stores: Vec<TopologyDescriptionGlobalStore>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The subtopologies that make up this topology.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopologyDescriptionSubtopology {
    /// ??? The subtopology identifier, unique within the topology.
    pub subtopology_id: StrBytes,
    /// ??? The processing nodes in this subtopology.
    pub nodes: Vec<TopologyDescriptionNode>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The processing nodes in this subtopology.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopologyDescriptionNode {
    /// ??? The name of this node (e.g., KSTREAM-SOURCE-0000000000).
    pub name: StrBytes,
    /// ??? The type of this node: 1=SOURCE, 2=PROCESSOR, 3=SINK.
    pub node_type: i8,
    /// ??? The source topics this node reads from. Defined only for source
    /// nodes, may be empty if source topics are dynamically determined.
    pub source_topics: Vec<StrBytes>,
    /// ??? The topic this node writes to. Defined only for sink nodes, may be
    /// null if sink topic is dynamically determined.
    pub sink_topic: Option<StrBytes>,
    /// ??? The state store names accessed by this node. Defined only for
    /// processor nodes.
    pub stores: Vec<StrBytes>,
    /// ??? The names of successor nodes in the processing graph. Predecessor
    /// relationships are reconstructed from this field.
    pub successors: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Global state stores used by this topology.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopologyDescriptionGlobalStore {
    /// ??? The source node providing data to the global store.
    pub source: TopologyDescriptionNode,
    /// ??? The processor node that populates the global store.
    pub processor: TopologyDescriptionNode,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? StreamsGroupTopologyDescriptionUpdate Response
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
