//! The messages: one file per API, holding its request, its response and the
//! structures inside them.
//!
//! The struct is the specification. Names are Kafka's own, in snake case for
//! fields; the attributes of [`crate::Message`]'s derive say which versions carry
//! a field, in which it may be null, and what it is when absent. Every version
//! from 0 to the newest of Kafka 4.4 can be written and read. A structure that
//! two messages share by name, such as `LeaderIdAndEpoch`, is found in the module
//! of each.

mod any;
pub mod api_versions;
pub mod create_topics;
pub mod delete_topics;
pub mod fetch;
pub mod find_coordinator;
pub mod init_producer_id;
pub mod list_offsets;
pub mod metadata;
pub mod offset_commit;
pub mod offset_fetch;
pub mod produce;

pub use any::{AnyRequest, AnyResponse, SCHEMAS};
pub use api_versions::{ApiVersionsRequest, ApiVersionsResponse};
pub use create_topics::{CreateTopicsRequest, CreateTopicsResponse};
pub use delete_topics::{DeleteTopicsRequest, DeleteTopicsResponse};
pub use fetch::{FetchRequest, FetchResponse};
pub use find_coordinator::{FindCoordinatorRequest, FindCoordinatorResponse};
pub use init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
pub use list_offsets::{ListOffsetsRequest, ListOffsetsResponse};
pub use metadata::{MetadataRequest, MetadataResponse};
pub use offset_commit::{OffsetCommitRequest, OffsetCommitResponse};
pub use offset_fetch::{OffsetFetchRequest, OffsetFetchResponse};
pub use produce::{ProduceRequest, ProduceResponse};
