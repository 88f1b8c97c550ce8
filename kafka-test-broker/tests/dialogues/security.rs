//! Logging in, and being allowed things.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use kafka_protocol::messages::create_acls::AclCreation;
use kafka_protocol::messages::delete_acls::DeleteAclsFilter;
use kafka_protocol::messages::metadata::MetadataRequestTopic;
use kafka_protocol::messages::offset_commit::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use kafka_protocol::messages::{
    ApiVersionsRequest, CreateAclsRequest, CreateDelegationTokenRequest, DeleteAclsRequest,
    DeleteGroupsRequest, DescribeAclsRequest, DescribeDelegationTokenRequest,
    DescribeGroupsRequest, DescribeUserScramCredentialsRequest, ExpireDelegationTokenRequest,
    FindCoordinatorRequest, InitProducerIdRequest, ListGroupsRequest, MetadataRequest,
    OffsetCommitRequest, OffsetFetchRequest, RenewDelegationTokenRequest, SaslAuthenticateRequest,
    SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_protocol::wire::Sink;
use kafka_protocol::{ErrorCode, StrBytes, Uuid};
use kafka_test_broker::{Era, SaslMechanism, TestCluster, TestClusterBuilder};
use sha2::{Digest, Sha256};

use crate::client::{Client, NOW_MS, batch, code, fetch, produce, sequenced, the_partition};

const ALL: [SaslMechanism; 4] = [
    SaslMechanism::Plain,
    SaslMechanism::ScramSha256,
    SaslMechanism::ScramSha512,
    SaslMechanism::OAuthBearer,
];

fn secured() -> TestClusterBuilder {
    TestCluster::builder()
        .sasl(ALL)
        .user("admin", "admin-secret")
        .user("alice", "alice-secret")
        .topic("orders", 1)
        .wall_clock_ms(NOW_MS)
}

async fn handshake(client: &mut Client, mechanism: &'static str) -> SaslHandshakeResponse {
    let request = SaslHandshakeRequest::new().with_mechanism(mechanism);
    client.call(&request, 1).await
}

async fn say(client: &mut Client, token: impl Into<Bytes>) -> SaslAuthenticateResponse {
    let request = SaslAuthenticateRequest::new().with_auth_bytes(token.into());
    client.call(&request, 2).await
}

async fn plain(cluster: &TestCluster, user: &str, password: &str) -> Client {
    let mut client = Client::dial(cluster, 1);
    assert_eq!(handshake(&mut client, "PLAIN").await.error_code, 0);
    let answer = say(&mut client, format!("\0{user}\0{password}")).await;
    assert_eq!(answer.error_code, 0, "{answer:?}");
    client
}

fn bearer(sub: &str, expires_ms: i64) -> String {
    let claims = format!(r#"{{"sub":"{sub}","exp":{}}}"#, expires_ms as f64 / 1e3);
    let encode = |part: &str| BASE64URL.encode(part);
    let token = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(&claims));
    format!("n,,\u{1}auth=Bearer {token}\u{1}\u{1}")
}

#[tokio::test(start_paused = true)]
async fn nothing_is_served_before_logging_in() {
    let cluster = secured().build_offline();
    let mut client = Client::dial(&cluster, 1);
    client.call(&ApiVersionsRequest::new(), 0).await;
    client.send(&MetadataRequest::new(), 12).await;
    assert_eq!(client.frame().await, None);

    let mut client = Client::dial(&cluster, 1);
    handshake(&mut client, "PLAIN").await;
    client.send(&MetadataRequest::new(), 12).await;
    assert_eq!(client.frame().await, None);
}

#[tokio::test(start_paused = true)]
async fn mechanisms_that_are_not_there_are_refused() {
    let cluster = TestCluster::builder()
        .sasl([SaslMechanism::ScramSha256])
        .build_offline();
    let mut client = Client::dial(&cluster, 1);
    let answer = handshake(&mut client, "PLAIN").await;
    assert_eq!(code(answer.error_code), ErrorCode::UnsupportedSaslMechanism);
    assert_eq!(answer.mechanisms, [StrBytes::from_static("SCRAM-SHA-256")]);
    assert_eq!(client.frame().await, None);

    let open = TestCluster::builder().build_offline();
    let answer = handshake(&mut Client::dial(&open, 1), "PLAIN").await;
    assert_eq!(code(answer.error_code), ErrorCode::IllegalSaslState);
}

#[tokio::test(start_paused = true)]
async fn plain_takes_the_right_password_only() {
    let cluster = secured().build_offline();
    let mut client = plain(&cluster, "alice", "alice-secret").await;
    client.call(&MetadataRequest::new(), 12).await;
    for wrong in ["\0alice\0wrong", "\0nobody\0alice-secret", "\0alice", ""] {
        let mut client = Client::dial(&cluster, 1);
        handshake(&mut client, "PLAIN").await;
        let answer = say(&mut client, wrong.to_owned()).await;
        assert_eq!(code(answer.error_code), ErrorCode::SaslAuthenticationFailed);
        assert!(
            answer
                .error_message
                .is_some_and(|why| why.contains("PLAIN"))
        );
        assert_eq!(client.frame().await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_without_headers() {
    let cluster = secured().build_offline();
    let request = SaslHandshakeRequest::new().with_mechanism("PLAIN");
    for (token, is_let_in) in [("\0alice\0alice-secret", true), ("\0alice\0wrong", false)] {
        let mut client = Client::dial(&cluster, 1);
        client.call(&request, 0).await;
        let mut body = Sink::new();
        body.put_shared(Bytes::from_static(token.as_bytes()));
        client.send_body(body).await;
        let answer = client.frame().await;
        assert_eq!(answer, is_let_in.then(Bytes::new));
        if is_let_in {
            client.call(&MetadataRequest::new(), 12).await;
        }
    }
}

/// The client's side of SCRAM-SHA-256, by the standard.
async fn scram(client: &mut Client, user: &str, password: &str) -> SaslAuthenticateResponse {
    let mac = |key: &[u8], data: &[u8]| -> Vec<u8> {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
        mac.chain_update(data).finalize().into_bytes().to_vec()
    };
    handshake(client, "SCRAM-SHA-256").await;
    let bare = format!("n={user},r=rOprNGfwEbeRWgbNEkqO");
    let first = say(client, format!("n,,{bare}")).await;
    assert_eq!(first.error_code, 0);
    let first = String::from_utf8(first.auth_bytes.to_vec()).unwrap();
    let mut fields = first.split(',').map(|field| &field[2..]);
    let (nonce, salt) = (fields.next().unwrap(), fields.next().unwrap());
    let iterations = fields.next().unwrap().parse().unwrap();
    assert!(nonce.len() > 20 && nonce.starts_with("rOprNGfwEbeRWgbNEkqO"));
    let salt = BASE64.decode(salt).unwrap();
    let salted = pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password.as_bytes(), &salt, iterations);
    let key = mac(&salted, b"Client Key");
    let last = format!("c=biws,r={nonce}");
    let signature = mac(
        &Sha256::digest(&key),
        format!("{bare},{first},{last}").as_bytes(),
    );
    let proof: Vec<u8> = key.iter().zip(signature).map(|(a, b)| a ^ b).collect();
    say(client, format!("{last},p={}", BASE64.encode(proof))).await
}

#[tokio::test(start_paused = true)]
async fn scram_proves_a_password() {
    let cluster = secured().build_offline();
    let mut client = Client::dial(&cluster, 1);
    let answer = scram(&mut client, "alice", "alice-secret").await;
    assert_eq!(answer.error_code, 0);
    assert!(answer.auth_bytes.starts_with(b"v="));
    let request = DescribeUserScramCredentialsRequest::new().with_users(None);
    let described = client.call(&request, 0).await;
    let users = described.results.iter().map(|result| {
        let infos = result.credential_infos.iter();
        (
            result.user.as_str(),
            infos.map(|info| info.mechanism).collect::<Vec<_>>(),
        )
    });
    assert_eq!(
        users.collect::<Vec<_>>(),
        [("admin", vec![1, 2]), ("alice", vec![1, 2])]
    );
    for (user, password) in [("alice", "wrong"), ("nobody", "alice-secret")] {
        let answer = scram(&mut Client::dial(&cluster, 1), user, password).await;
        assert_eq!(
            code(answer.error_code),
            ErrorCode::SaslAuthenticationFailed,
            "{user}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn bearer_tokens_are_good_until_they_expire() {
    let cluster = secured().build_offline();
    let mut client = Client::dial(&cluster, 1);
    handshake(&mut client, "OAUTHBEARER").await;
    let answer = say(&mut client, bearer("alice", NOW_MS + 60_000)).await;
    assert_eq!((answer.error_code, answer.session_lifetime_ms), (0, 60_000));
    client.call(&MetadataRequest::new(), 12).await;

    let mut client = Client::dial(&cluster, 1);
    handshake(&mut client, "OAUTHBEARER").await;
    let answer = say(&mut client, bearer("alice", NOW_MS)).await;
    assert_eq!(answer.error_code, 0, "the client has to agree first");
    assert!(
        answer
            .auth_bytes
            .starts_with(b"{\"status\":\"invalid_token\"")
    );
    let answer = say(&mut client, "\u{1}").await;
    assert_eq!(code(answer.error_code), ErrorCode::SaslAuthenticationFailed);
}

#[tokio::test(start_paused = true)]
async fn sessions_end_unless_renewed_by_the_same_user() {
    let cluster = secured()
        .max_reauth(Duration::from_secs(10))
        .build_offline();
    let mut client = Client::dial(&cluster, 1);
    handshake(&mut client, "PLAIN").await;
    let answer = say(&mut client, "\0alice\0alice-secret").await;
    assert_eq!(answer.session_lifetime_ms, 10_000);
    // Renewed in time, then in the nick of time, then not at all.
    for seconds in [5, 12] {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        assert_eq!(handshake(&mut client, "PLAIN").await.error_code, 0);
        let answer = say(&mut client, "\0alice\0alice-secret").await;
        assert_eq!(answer.error_code, 0);
        client.call(&MetadataRequest::new(), 12).await;
    }
    tokio::time::advance(Duration::from_secs(10)).await;
    client.send(&MetadataRequest::new(), 12).await;
    assert_eq!(client.frame().await, None);

    let mut client = plain(&cluster, "alice", "alice-secret").await;
    handshake(&mut client, "PLAIN").await;
    let answer = say(&mut client, "\0admin\0admin-secret").await;
    assert_eq!(code(answer.error_code), ErrorCode::SaslAuthenticationFailed);
}

fn acl(resource_type: i8, name: &'static str, operation: i8) -> AclCreation {
    AclCreation::new()
        .with_resource_type(resource_type)
        .with_resource_name(name)
        .with_resource_pattern_type(3)
        .with_principal("User:alice")
        .with_host("*")
        .with_operation(operation)
        .with_permission_type(3)
}

async fn produced(client: &mut Client) -> ErrorCode {
    code(client.produce("orders", 0, batch(&["v"])).await.error_code)
}

async fn fetched(client: &mut Client) -> ErrorCode {
    code(client.fetch("orders", 0, 0).await.error_code)
}

async fn allow(admin: &mut Client, acls: Vec<AclCreation>) {
    let request = CreateAclsRequest::new().with_creations(acls);
    let created = admin.call(&request, 3).await;
    assert!(created.results.iter().all(|result| result.error_code == 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_does_what_no_acl_allows() {
    let cluster = secured().acls_with_super_users(["admin"]).build_offline();
    let mut alice = plain(&cluster, "alice", "alice-secret").await;
    let mut admin = plain(&cluster, "admin", "admin-secret").await;

    let metadata = MetadataRequest::new().with_topics(None);
    assert!(alice.call(&metadata, 12).await.topics.is_empty());
    assert_eq!(admin.call(&metadata, 12).await.topics.len(), 1);
    assert_eq!(
        produced(&mut alice).await,
        ErrorCode::TopicAuthorizationFailed
    );
    assert_eq!(
        fetched(&mut alice).await,
        ErrorCode::TopicAuthorizationFailed
    );
    let init = InitProducerIdRequest::new().with_transactional_id(None);
    assert_eq!(
        code(alice.call(&init, 4).await.error_code),
        ErrorCode::ClusterAuthorizationFailed
    );
    let group =
        FindCoordinatorRequest::new().with_coordinator_keys(vec![StrBytes::from_static("billing")]);
    assert_eq!(
        code(alice.call(&group, 4).await.coordinators[0].error_code),
        ErrorCode::GroupAuthorizationFailed
    );
    let creation = CreateAclsRequest::new().with_creations(vec![acl(2, "orders", 3)]);
    assert_eq!(
        code(alice.call(&creation, 3).await.results[0].error_code),
        ErrorCode::ClusterAuthorizationFailed
    );
    assert_eq!(cluster.end_offset("orders", 0), 0);

    allow(&mut admin, vec![acl(2, "orders", 4), acl(3, "billing", 3)]).await;
    assert_eq!(alice.call(&metadata, 12).await.topics.len(), 1);
    assert_eq!(produced(&mut alice).await, ErrorCode::None);
    assert_eq!(alice.call(&init, 4).await.error_code, 0);
    assert_eq!(alice.call(&group, 4).await.coordinators[0].error_code, 0);
    assert_eq!(
        fetched(&mut alice).await,
        ErrorCode::TopicAuthorizationFailed
    );

    // Taken back in the middle while the connection lives.
    let filter = DeleteAclsFilter::new()
        .with_resource_type_filter(2)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(1)
        .with_principal_filter(Some(StrBytes::from_static("User:alice")))
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1);
    let request = DeleteAclsRequest::new().with_filters(vec![filter]);
    let deleted = admin.call(&request, 3).await;
    assert_eq!(deleted.filter_results[0].matching_acls.len(), 1);
    assert_eq!(
        produced(&mut alice).await,
        ErrorCode::TopicAuthorizationFailed
    );
    let describe = DescribeAclsRequest::new()
        .with_resource_type_filter(1)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(1)
        .with_principal_filter(None)
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1);
    let left = admin.call(&describe, 3).await;
    assert_eq!(left.resources.len(), 1);
    assert_eq!(left.resources[0].resource_name.as_str(), "billing");
}

#[tokio::test(start_paused = true)]
async fn without_an_authorizer_there_are_no_acls() {
    let cluster = TestCluster::builder().build_offline();
    let mut client = Client::dial(&cluster, 1);
    let request = CreateAclsRequest::new().with_creations(vec![acl(2, "orders", 3)]);
    let refused = client.call(&request, 3).await;
    assert_eq!(
        code(refused.results[0].error_code),
        ErrorCode::SecurityDisabled
    );
}

#[tokio::test]
async fn who_has_logged_in_is_told_that_there_are_no_tokens() {
    let cluster = secured().build_offline();
    let mut alice = plain(&cluster, "alice", "alice-secret").await;
    let disabled = ErrorCode::DelegationTokenAuthDisabled;
    let made = alice.call(&CreateDelegationTokenRequest::new(), 3).await;
    assert_eq!(
        (code(made.error_code), made.principal_name.as_str()),
        (disabled, "alice")
    );
    assert_eq!((made.max_timestamp_ms, made.hmac.len()), (0, 0));
    let renewed = alice.call(&RenewDelegationTokenRequest::new(), 2).await;
    assert_eq!(
        (code(renewed.error_code), renewed.expiry_timestamp_ms),
        (disabled, 0)
    );
    let expired = alice.call(&ExpireDelegationTokenRequest::new(), 2).await;
    assert_eq!(code(expired.error_code), disabled);
    let described = alice.call(&DescribeDelegationTokenRequest::new(), 3).await;
    assert_eq!(
        (code(described.error_code), described.tokens.len()),
        (disabled, 0)
    );
}

/// A commit of the offset 5 for a group, in no membership.
fn commit(group: &'static str) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition::new().with_committed_offset(5);
    let topic = OffsetCommitRequestTopic::new()
        .with_name("orders")
        .with_partitions(vec![partition]);
    OffsetCommitRequest::new()
        .with_group_id(group)
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![topic])
}

#[tokio::test(start_paused = true)]
async fn one_group_is_refused_and_another_not() {
    let cluster = secured().acls_with_super_users(["admin"]).build_offline();
    let mut alice = plain(&cluster, "alice", "alice-secret").await;
    let mut admin = plain(&cluster, "admin", "admin-secret").await;
    allow(&mut admin, vec![acl(3, "mine", 3), acl(3, "mine", 6)]).await;
    let both = || vec!["mine".into(), "theirs".into()];
    let refused = [ErrorCode::None, ErrorCode::GroupAuthorizationFailed];

    let find = FindCoordinatorRequest::new().with_coordinator_keys(both());
    let found = alice.call(&find, 4).await.coordinators;
    let codes: Vec<_> = found.iter().map(|it| code(it.error_code)).collect();
    assert_eq!(codes, refused);
    admin.call(&find, 4).await;
    for group in ["mine", "theirs"] {
        let answer = admin.call(&commit(group), 9).await;
        assert_eq!(answer.topics[0].partitions[0].error_code, 0);
    }

    let listed = alice.call(&ListGroupsRequest::new(), 4).await.groups;
    let listed: Vec<_> = listed.iter().map(|group| group.group_id.as_str()).collect();
    assert_eq!(listed, ["mine"]);
    let listed = admin.call(&ListGroupsRequest::new(), 4).await.groups;
    assert_eq!(listed.len(), 2);

    let describe = DescribeGroupsRequest::new().with_groups(both());
    let described = alice.call(&describe, 5).await.groups;
    let codes: Vec<_> = described.iter().map(|it| code(it.error_code)).collect();
    assert_eq!(codes, refused);

    // The group may be read, its topic may not.
    let topic = OffsetFetchRequestTopics::new()
        .with_name("orders")
        .with_partition_indexes(vec![0]);
    let wanted = |group: &'static str, all: bool| {
        OffsetFetchRequestGroup::new()
            .with_group_id(group)
            .with_topics((!all).then(|| vec![topic.clone()]))
    };
    let groups = vec![wanted("mine", false), wanted("theirs", false)];
    let request = OffsetFetchRequest::new().with_groups(groups);
    let answer = alice.call(&request, 8).await.groups;
    let codes: Vec<_> = answer.iter().map(|it| code(it.error_code)).collect();
    assert_eq!(codes, refused);
    assert_eq!(
        code(answer[0].topics[0].partitions[0].error_code),
        ErrorCode::TopicAuthorizationFailed
    );
    let request = OffsetFetchRequest::new().with_groups(vec![wanted("mine", true)]);
    assert!(alice.call(&request, 8).await.groups[0].topics.is_empty());
    allow(&mut admin, vec![acl(2, "orders", 8)]).await;
    let answer = alice.call(&request, 8).await.groups;
    assert_eq!(answer[0].topics[0].partitions[0].committed_offset, 5);

    let delete = DeleteGroupsRequest::new().with_groups_names(both());
    let deleted = alice.call(&delete, 2).await.results;
    let codes: Vec<_> = deleted.iter().map(|it| code(it.error_code)).collect();
    assert_eq!(codes, refused);
    assert_eq!(cluster.committed_offset("theirs", "orders", 0), Some(5));
}

#[tokio::test(start_paused = true)]
async fn topics_are_named_and_made_for_those_who_may() {
    let cluster = secured()
        .acls_with_super_users(["admin"])
        .auto_create_topics(true)
        .build_offline();
    let mut alice = plain(&cluster, "alice", "alice-secret").await;
    let mut admin = plain(&cluster, "admin", "admin-secret").await;
    // Asked for by id, a topic keeps its name.
    let id = cluster.topic_id("orders").unwrap();
    let by_id = MetadataRequestTopic::new()
        .with_topic_id(id)
        .with_name(None);
    let request = MetadataRequest::new().with_topics(Some(vec![by_id]));
    let topic = alice.call(&request, 12).await.topics.remove(0);
    assert_eq!(
        (code(topic.error_code), topic.name, topic.topic_id),
        (ErrorCode::TopicAuthorizationFailed, None, id)
    );
    allow(&mut admin, vec![acl(2, "new", 8)]).await;
    let by_name = MetadataRequestTopic::new().with_name(Some("new".into()));
    let request = MetadataRequest::new()
        .with_topics(Some(vec![by_name]))
        .with_allow_auto_topic_creation(true);
    let topic = alice.call(&request, 9).await.topics.remove(0);
    assert_eq!(code(topic.error_code), ErrorCode::TopicAuthorizationFailed);
    assert_eq!(cluster.topic_id("new"), None);
    allow(&mut admin, vec![acl(2, "new", 5)]).await;
    alice.call(&request, 9).await;
    assert!(cluster.topic_id("new").is_some());
}

#[tokio::test(start_paused = true)]
async fn topic_that_may_not_be_read_ends_no_wait() {
    let cluster = secured()
        .acls_with_super_users(["admin"])
        .topic("secret", 1)
        .build_offline();
    let mut alice = plain(&cluster, "alice", "alice-secret").await;
    let mut admin = plain(&cluster, "admin", "admin-secret").await;
    allow(&mut admin, vec![acl(2, "orders", 3)]).await;
    let mut request = fetch("orders", 0, 0).with_max_wait_ms(500);
    let secret = fetch("secret", 0, 0).topics.remove(0);
    request.topics.push(secret.clone());
    let start = tokio::time::Instant::now();
    let answer = alice.call(&request, 12).await;
    assert_eq!(start.elapsed(), Duration::from_millis(500));
    let codes = answer.responses.iter().map(|topic| {
        let partition = &topic.partitions[0];
        (topic.topic.as_str(), code(partition.error_code))
    });
    let expected = [
        ("orders", ErrorCode::None),
        ("secret", ErrorCode::TopicAuthorizationFailed),
    ];
    assert!(codes.eq(expected));
    // There is nothing to wait for in nothing else.
    request.topics = vec![secret];
    alice.call(&request, 12).await;
    assert_eq!(start.elapsed(), Duration::from_millis(500));
}

#[tokio::test(start_paused = true)]
async fn writers_may_be_idempotent_since_2_8() {
    for (era, expected) in [
        (Era::V2_4, ErrorCode::ClusterAuthorizationFailed),
        (Era::V2_8, ErrorCode::None),
    ] {
        let cluster = secured()
            .era(era)
            .acls_with_super_users(["admin"])
            .build_offline();
        let mut clients = Vec::new();
        for user in ["alice", "admin"] {
            let mut client = Client::dial(&cluster, 1);
            handshake(&mut client, "PLAIN").await;
            let token = format!("\0{user}\0{user}-secret");
            let login = SaslAuthenticateRequest::new().with_auth_bytes(Bytes::from(token));
            assert_eq!(client.call(&login, 1).await.error_code, 0);
            clients.push(client);
        }
        let [alice, admin] = &mut clients[..] else {
            unreachable!()
        };
        let request = CreateAclsRequest::new().with_creations(vec![acl(2, "orders", 4)]);
        let created = admin.call(&request, 1).await;
        assert_eq!(created.results[0].error_code, 0);
        let init = InitProducerIdRequest::new().with_transactional_id(None);
        let answer = alice.call(&init, 1).await;
        assert_eq!(code(answer.error_code), expected, "{era}");
        for (records, expected) in [
            (sequenced(7, 0, 0, &["a"]), expected),
            (batch(&["b"]), ErrorCode::None),
        ] {
            let request = produce("orders", Uuid::ZERO, 0, Some(records));
            let answer = the_partition(alice.call(&request, 7).await);
            assert_eq!(code(answer.error_code), expected, "{era}");
        }
    }
}
