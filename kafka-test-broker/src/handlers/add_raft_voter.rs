//! AddRaftVoter, versions 0–1: one more voter of the metadata quorum (KIP-853).
//!
//! - 1: whether the answer waits for the change to be committed (KIP-1186).
//!
//! The quorum here is static (`kraft.version` 0), as is Kafka's where voters are
//! configured: a request in which nothing else is wrong is refused for that.

use kafka_protocol::messages::{AddRaftVoterRequest, AddRaftVoterResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{CONTROLLER_LISTENER, Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::security::{Need, Operation};

impl Handler for AddRaftVoterRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Alter)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<AddRaftVoterResponse> {
        let voter = (self.voter_id, self.voter_directory_id);
        let reachable = self
            .listeners
            .iter()
            .any(|listener| listener.name.as_str() == CONTROLLER_LISTENER);
        let code = match super::check_voter(context, self.cluster_id.as_deref(), voter) {
            Err(code) => code,
            Ok(()) if !reachable => ErrorCode::InvalidRequest,
            Ok(()) => ErrorCode::UnsupportedVersion,
        };
        Outcome::Answer(
            AddRaftVoterResponse::new()
                .with_error_code(code.code())
                .with_error_message(Some(StrBytes::from_static(code.description()))),
        )
    }
}
