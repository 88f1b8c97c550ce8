//! One file per API: what a broker answers.

mod add_offsets_to_txn;
mod add_partitions_to_txn;
mod add_raft_voter;
mod alter_client_quotas;
mod alter_configs;
mod alter_partition_reassignments;
mod alter_replica_log_dirs;
mod alter_user_scram_credentials;
mod api_versions;
mod configs;
mod consumer_group_describe;
mod consumer_group_heartbeat;
mod create_acls;
mod create_delegation_token;
mod create_partitions;
mod create_topics;
mod delete_acls;
mod delete_groups;
mod delete_records;
mod delete_topics;
mod describe_acls;
mod describe_client_quotas;
mod describe_cluster;
mod describe_configs;
mod describe_delegation_token;
mod describe_groups;
mod describe_log_dirs;
mod describe_producers;
mod describe_quorum;
mod describe_topic_partitions;
mod describe_transactions;
mod describe_user_scram_credentials;
mod elect_leaders;
mod end_txn;
mod expire_delegation_token;
pub(crate) mod fetch;
mod find_coordinator;
mod heartbeat;
mod incremental_alter_configs;
mod init_producer_id;
mod join_group;
mod leader_hint;
mod leave_group;
mod list_config_resources;
mod list_groups;
mod list_offsets;
mod list_partition_reassignments;
mod list_transactions;
mod metadata;
mod offset_commit;
mod offset_delete;
mod offset_fetch;
mod offset_for_leader_epoch;
mod produce;
mod produce_in_transaction;
mod remove_raft_voter;
mod renew_delegation_token;
mod sasl_authenticate;
mod sasl_handshake;
pub(crate) mod served;
mod sync_group;
mod txn_offset_commit;
mod update_features;
mod write_txn_markers;

use std::time::Instant;

use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, AddRaftVoterRequest,
    AlterClientQuotasRequest, AlterConfigsRequest, AlterPartitionReassignmentsRequest,
    AlterReplicaLogDirsRequest, AlterUserScramCredentialsRequest, ApiVersionsRequest,
    ApiVersionsResponse, ConsumerGroupDescribeRequest, ConsumerGroupHeartbeatRequest,
    CreateAclsRequest, CreateDelegationTokenRequest, CreatePartitionsRequest, CreateTopicsRequest,
    DeleteAclsRequest, DeleteGroupsRequest, DeleteRecordsRequest, DeleteTopicsRequest,
    DescribeAclsRequest, DescribeClientQuotasRequest, DescribeClusterRequest,
    DescribeConfigsRequest, DescribeDelegationTokenRequest, DescribeGroupsRequest,
    DescribeLogDirsRequest, DescribeProducersRequest, DescribeQuorumRequest,
    DescribeTopicPartitionsRequest, DescribeTransactionsRequest,
    DescribeUserScramCredentialsRequest, ElectLeadersRequest, EndTxnRequest,
    ExpireDelegationTokenRequest, FetchRequest, FindCoordinatorRequest, HeartbeatRequest,
    IncrementalAlterConfigsRequest, InitProducerIdRequest, JoinGroupRequest, LeaveGroupRequest,
    ListConfigResourcesRequest, ListGroupsRequest, ListOffsetsRequest,
    ListPartitionReassignmentsRequest, ListTransactionsRequest, MetadataRequest,
    OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequest, OffsetForLeaderEpochRequest,
    ProduceRequest, RemoveRaftVoterRequest, RenewDelegationTokenRequest, SaslAuthenticateRequest,
    SaslHandshakeRequest, SyncGroupRequest, TxnOffsetCommitRequest, UpdateFeaturesRequest,
    WriteTxnMarkersRequest,
};
use kafka_protocol::wire::Reader;
use kafka_protocol::{ApiKey, ErrorCode, Request, StrBytes, Uuid, VersionRange};

use crate::cluster::{Cluster, Moment};
use crate::config::Config;
use crate::faults::{Plan, Target};
use crate::machine::{Exchange, Machine, Ticket};
use crate::security::Need;
use fetch::FetchWait;
pub(crate) use produce::add_leaders;

/// A request that brokers here serve.
pub(crate) trait Handler: Request<Response: 'static> {
    /// The partitions the request is about, by the names of their topics, for
    /// faults to pick from; topics alone where it names no partitions.
    fn targets(&self, _cluster: &Cluster) -> Vec<Target> {
        Vec::new()
    }

    /// What whoever asks has to be allowed.
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        Vec::new()
    }

    /// Does what is asked for.
    fn handle(self, context: &mut Context<'_>) -> Outcome<Self::Response>;
}

/// What a handler works with.
pub(crate) struct Context<'a> {
    pub cluster: &'a mut Cluster,
    pub now: Instant,
    /// The wall clock, in milliseconds since 1970.
    pub wall_ms: i64,
    /// The broker that was asked.
    pub broker: i32,
    /// Names the request under way, for those who answer it later.
    pub ticket: Ticket,
    /// What the client calls itself, empty when it does not say.
    pub client_id: StrBytes,
    /// The client's address, as Kafka shows it: `/127.0.0.1`.
    pub client_host: StrBytes,
    pub version: i16,
    /// What faults do to this request.
    pub plan: &'a Plan,
}

/// What comes of a request.
pub(crate) enum Outcome<R> {
    Answer(R),
    /// The last answer on this connection.
    AnswerAndClose(R),
    /// Done, and the client wants no answer.
    NoAnswer,
    /// The connection is closed without an answer.
    Close,
    /// The answer comes later, through [`Cluster::resolve`] with the context's
    /// ticket.
    Later,
    /// A fetch waits for data.
    Wait(Box<FetchWait>),
}

impl Context<'_> {
    /// The time of the request.
    pub(crate) fn moment(&self) -> Moment {
        Moment {
            now: self.now,
            wall_ms: self.wall_ms,
        }
    }

    /// Whether whoever asks is allowed something, for answers that leave out, or
    /// refuse, single groups and the like.
    fn may(&self, need: &Need) -> bool {
        let connection = self.ticket.connection();
        self.cluster
            .security
            .allows(connection, &self.client_host, need)
    }

    /// The same, with what is answered otherwise.
    fn check_allowed(&self, need: &Need) -> Result<(), ErrorCode> {
        match self.may(need) {
            true => Ok(()),
            false => Err(need.refusal()),
        }
    }

    /// What `serve` does, unless a fault has an error for the whole answer: that
    /// is told instead, or afterwards.
    fn unless_injected<T>(
        &mut self,
        serve: impl FnOnce(&mut Self) -> Result<T, ErrorCode>,
    ) -> Result<T, ErrorCode> {
        let injected = self.plan.whole();
        if let Some(injected) = injected.filter(|injected| !injected.applied) {
            return Err(injected.code);
        }
        let served = serve(self);
        injected.map_or(served, |injected| Err(injected.code))
    }

    /// What is said of a topic whose name is not known, in an API that names
    /// topics by id from `since` on.
    fn unknown_topic(&self, since: i16) -> ErrorCode {
        if self.version >= since {
            ErrorCode::UnknownTopicId
        } else {
            ErrorCode::UnknownTopicOrPartition
        }
    }

    /// What a broker answers that cannot do what only the controller may, for it
    /// passes nothing on: one with a ZooKeeper.
    fn not_controller(&self) -> Option<ErrorCode> {
        let passes_on = !self.cluster.config.era.has_zookeeper();
        let is_controller = self.cluster.controller() == Some(self.broker);
        (!passes_on && !is_controller).then_some(ErrorCode::NotController)
    }

    /// Whether this broker speaks for `group`.
    fn check_group(&self, group: &str) -> Result<(), ErrorCode> {
        self.cluster.check_group_coordinator(self.broker, group)
    }

    /// Whether a fault fails the whole request before anything is done.
    fn check_unapplied(&self) -> Result<(), ErrorCode> {
        match self.plan.whole() {
            Some(injected) if !injected.applied => Err(injected.code),
            _ => Ok(()),
        }
    }
}

/// Serves a request with the handler of its API, or refuses it.
pub(crate) fn dispatch(machine: &mut Machine, key: ApiKey, exchange: Exchange, body: Reader) {
    let served = served::versions(&machine.cluster().config, key);
    if !served.is_some_and(|versions| versions.contains(exchange.version())) {
        match served {
            Some(versions) if key == ApiKey::ApiVersions => {
                let era = machine.cluster().config.era;
                let response = api_versions::unsupported(era, versions);
                machine.answer_in::<ApiVersionsRequest>(&exchange, 0, response);
            }
            _ => machine.refuse(&exchange),
        }
        return;
    }
    match key {
        ApiKey::Produce => machine.serve::<ProduceRequest>(exchange, body),
        ApiKey::Fetch => machine.serve::<FetchRequest>(exchange, body),
        ApiKey::ListOffsets => machine.serve::<ListOffsetsRequest>(exchange, body),
        ApiKey::Metadata => machine.serve::<MetadataRequest>(exchange, body),
        ApiKey::OffsetCommit => machine.serve::<OffsetCommitRequest>(exchange, body),
        ApiKey::OffsetFetch => machine.serve::<OffsetFetchRequest>(exchange, body),
        ApiKey::FindCoordinator => machine.serve::<FindCoordinatorRequest>(exchange, body),
        ApiKey::JoinGroup => machine.serve::<JoinGroupRequest>(exchange, body),
        ApiKey::Heartbeat => machine.serve::<HeartbeatRequest>(exchange, body),
        ApiKey::LeaveGroup => machine.serve::<LeaveGroupRequest>(exchange, body),
        ApiKey::SyncGroup => machine.serve::<SyncGroupRequest>(exchange, body),
        ApiKey::DescribeGroups => machine.serve::<DescribeGroupsRequest>(exchange, body),
        ApiKey::ListGroups => machine.serve::<ListGroupsRequest>(exchange, body),
        ApiKey::SaslHandshake => machine.serve::<SaslHandshakeRequest>(exchange, body),
        ApiKey::ApiVersions => machine.serve::<ApiVersionsRequest>(exchange, body),
        ApiKey::CreateTopics => machine.serve::<CreateTopicsRequest>(exchange, body),
        ApiKey::DeleteTopics => machine.serve::<DeleteTopicsRequest>(exchange, body),
        ApiKey::DeleteRecords => machine.serve::<DeleteRecordsRequest>(exchange, body),
        ApiKey::InitProducerId => machine.serve::<InitProducerIdRequest>(exchange, body),
        ApiKey::OffsetForLeaderEpoch => {
            machine.serve::<OffsetForLeaderEpochRequest>(exchange, body)
        }
        ApiKey::DescribeAcls => machine.serve::<DescribeAclsRequest>(exchange, body),
        ApiKey::CreateAcls => machine.serve::<CreateAclsRequest>(exchange, body),
        ApiKey::DeleteAcls => machine.serve::<DeleteAclsRequest>(exchange, body),
        ApiKey::DescribeConfigs => machine.serve::<DescribeConfigsRequest>(exchange, body),
        ApiKey::AlterConfigs => machine.serve::<AlterConfigsRequest>(exchange, body),
        ApiKey::AlterReplicaLogDirs => machine.serve::<AlterReplicaLogDirsRequest>(exchange, body),
        ApiKey::DescribeLogDirs => machine.serve::<DescribeLogDirsRequest>(exchange, body),
        ApiKey::SaslAuthenticate => machine.serve::<SaslAuthenticateRequest>(exchange, body),
        ApiKey::CreatePartitions => machine.serve::<CreatePartitionsRequest>(exchange, body),
        ApiKey::CreateDelegationToken => {
            machine.serve::<CreateDelegationTokenRequest>(exchange, body);
        }
        ApiKey::RenewDelegationToken => {
            machine.serve::<RenewDelegationTokenRequest>(exchange, body);
        }
        ApiKey::ExpireDelegationToken => {
            machine.serve::<ExpireDelegationTokenRequest>(exchange, body);
        }
        ApiKey::DescribeDelegationToken => {
            machine.serve::<DescribeDelegationTokenRequest>(exchange, body);
        }
        ApiKey::DeleteGroups => machine.serve::<DeleteGroupsRequest>(exchange, body),
        ApiKey::ElectLeaders => machine.serve::<ElectLeadersRequest>(exchange, body),
        ApiKey::IncrementalAlterConfigs => {
            machine.serve::<IncrementalAlterConfigsRequest>(exchange, body)
        }
        ApiKey::AlterPartitionReassignments => {
            machine.serve::<AlterPartitionReassignmentsRequest>(exchange, body)
        }
        ApiKey::ListPartitionReassignments => {
            machine.serve::<ListPartitionReassignmentsRequest>(exchange, body)
        }
        ApiKey::OffsetDelete => machine.serve::<OffsetDeleteRequest>(exchange, body),
        ApiKey::DescribeClientQuotas => {
            machine.serve::<DescribeClientQuotasRequest>(exchange, body)
        }
        ApiKey::AlterClientQuotas => machine.serve::<AlterClientQuotasRequest>(exchange, body),
        ApiKey::DescribeUserScramCredentials => {
            machine.serve::<DescribeUserScramCredentialsRequest>(exchange, body)
        }
        ApiKey::AlterUserScramCredentials => {
            machine.serve::<AlterUserScramCredentialsRequest>(exchange, body)
        }
        ApiKey::DescribeQuorum => machine.serve::<DescribeQuorumRequest>(exchange, body),
        ApiKey::UpdateFeatures => machine.serve::<UpdateFeaturesRequest>(exchange, body),
        ApiKey::DescribeCluster => machine.serve::<DescribeClusterRequest>(exchange, body),
        ApiKey::ConsumerGroupHeartbeat => {
            machine.serve::<ConsumerGroupHeartbeatRequest>(exchange, body)
        }
        ApiKey::ConsumerGroupDescribe => {
            machine.serve::<ConsumerGroupDescribeRequest>(exchange, body)
        }
        ApiKey::ListConfigResources => machine.serve::<ListConfigResourcesRequest>(exchange, body),
        ApiKey::DescribeTopicPartitions => {
            machine.serve::<DescribeTopicPartitionsRequest>(exchange, body)
        }
        ApiKey::AddPartitionsToTxn => machine.serve::<AddPartitionsToTxnRequest>(exchange, body),
        ApiKey::AddOffsetsToTxn => machine.serve::<AddOffsetsToTxnRequest>(exchange, body),
        ApiKey::EndTxn => machine.serve::<EndTxnRequest>(exchange, body),
        ApiKey::TxnOffsetCommit => machine.serve::<TxnOffsetCommitRequest>(exchange, body),
        ApiKey::WriteTxnMarkers => machine.serve::<WriteTxnMarkersRequest>(exchange, body),
        ApiKey::DescribeProducers => machine.serve::<DescribeProducersRequest>(exchange, body),
        ApiKey::DescribeTransactions => {
            machine.serve::<DescribeTransactionsRequest>(exchange, body);
        }
        ApiKey::AddRaftVoter => machine.serve::<AddRaftVoterRequest>(exchange, body),
        ApiKey::RemoveRaftVoter => machine.serve::<RemoveRaftVoterRequest>(exchange, body),
        ApiKey::ListTransactions => machine.serve::<ListTransactionsRequest>(exchange, body),
        _ => machine.refuse(&exchange),
    }
}

/// The answer that refuses ApiVersions and advises the versions that are served
/// all the same.
pub(crate) fn own_versions_refused(config: &Config) -> ApiVersionsResponse {
    let range = served::versions(config, ApiKey::ApiVersions);
    api_versions::unsupported(config.era, range.unwrap_or(VersionRange::new(0, 0)))
}

/// Why nothing can be said or done about ACLs, if so.
fn without_acls(context: &Context<'_>) -> Option<(ErrorCode, StrBytes)> {
    if let Some(code) = context.plan.whole_error() {
        return Some((code, StrBytes::from_static(code.description())));
    }
    (!context.cluster.security.authorizes()).then(|| {
        let message = "No Authorizer is configured.";
        (ErrorCode::SecurityDisabled, StrBytes::from_static(message))
    })
}

/// Why there are no delegation tokens, which no broker here is configured to make,
/// and the time that stands for none: only who has logged in may ask for them, and
/// with a metadata quorum it is the controller that says there are none.
fn without_tokens(context: &Context<'_>) -> (ErrorCode, i64) {
    const NO_TIME: i64 = -1;
    if let Some(code) = context.plan.whole_error() {
        return (code, NO_TIME);
    }
    let cluster = &context.cluster;
    if !cluster.security.has_logged_in(context.ticket.connection()) {
        return (ErrorCode::DelegationTokenRequestNotAllowed, NO_TIME);
    }
    let by_quorum = !cluster.config.era.has_zookeeper();
    let no_time = if by_quorum { 0 } else { NO_TIME };
    (ErrorCode::DelegationTokenAuthDisabled, no_time)
}

/// The listener by which voters of the metadata quorum reach one another.
const CONTROLLER_LISTENER: &str = "CONTROLLER";

/// What is wrong with the cluster or the voter that a change of the quorum names.
fn check_voter(
    context: &Context<'_>,
    cluster_id: Option<&str>,
    (voter, directory): (i32, Uuid),
) -> Result<(), ErrorCode> {
    if let Some(code) = context.plan.whole_error() {
        return Err(code);
    }
    if cluster_id.is_some_and(|id| id != context.cluster.id.as_str()) {
        return Err(ErrorCode::InconsistentClusterId);
    }
    match voter < 0 || directory.is_zero() {
        true => Err(ErrorCode::InvalidRequest),
        false => Ok(()),
    }
}

/// The directory that a broker has: it is a name only.
fn log_dir(broker: i32) -> String {
    format!("/memory/broker-{broker}")
}

/// A code as the clients of a version know it: before version `first` they do not
/// know `PRODUCER_FENCED`, which has the older name (KIP-588).
fn fenced_since(first: i16, version: i16, code: ErrorCode) -> ErrorCode {
    if version < first && code == ErrorCode::ProducerFenced {
        ErrorCode::InvalidProducerEpoch
    } else {
        code
    }
}

/// A topic's name, whichever way a request names it; `None` for an unknown id.
fn name_of(cluster: &Cluster, name: &StrBytes, id: Uuid) -> Option<StrBytes> {
    if !id.is_zero() {
        cluster.name_of(id).cloned()
    } else if name.is_empty() {
        None
    } else {
        Some(name.clone())
    }
}
