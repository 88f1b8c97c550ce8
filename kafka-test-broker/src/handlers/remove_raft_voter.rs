//! RemoveRaftVoter, version 0: one voter of the metadata quorum less (KIP-853).
//!
//! The quorum here is static (`kraft.version` 0), as is Kafka's where voters are
//! configured: a request in which nothing else is wrong is refused for that.

use kafka_protocol::messages::{RemoveRaftVoterRequest, RemoveRaftVoterResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::security::{Need, Operation};

impl Handler for RemoveRaftVoterRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Alter)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<RemoveRaftVoterResponse> {
        let voter = (self.voter_id, self.voter_directory_id);
        let checked = super::check_voter(context, self.cluster_id.as_deref(), voter);
        let code = checked.err().unwrap_or(ErrorCode::UnsupportedVersion);
        Outcome::Answer(
            RemoveRaftVoterResponse::new()
                .with_error_code(code.code())
                .with_error_message(Some(StrBytes::from_static(code.description()))),
        )
    }
}
