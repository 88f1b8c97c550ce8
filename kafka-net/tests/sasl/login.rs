//! The first login of a connection.

use kafka_net::clock::now;
use kafka_net::{Credentials, Error, ErrorKind, NetConfig, Sasl};
use kafka_protocol::{ApiKey, ErrorCode, VersionRange};
use kafka_test_broker::{Condition, Era, Fault, Reaction, SaslMechanism, TestCluster};

use crate::support::{
    Client, Tokens, Vault, alice, ask, bearer, mechanisms, plain, seconds, secured,
};

#[track_caller]
fn is_refused(error: &Error, expected: &[&str]) {
    assert_eq!(error.kind(), &ErrorKind::Authentication, "{error}");
    assert!(!error.is_retriable());
    for part in expected {
        assert!(error.to_string().contains(part), "{part:?} in {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_mechanism_logs_in() {
    let cluster = secured().build_offline();
    for sasl in mechanisms() {
        let name = sasl.name().to_owned();
        let connection = Client::new(&cluster, sasl).connect().await.unwrap();
        let answer = ask(&connection).await.unwrap();
        assert_eq!(answer.topics.len(), 1, "{name}");
    }
}

/// SaslHandshake v0 and tokens without headers; SaslAuthenticate v0.
#[tokio::test(start_paused = true)]
async fn brokers_of_each_era_that_have_it() {
    for era in [
        Era::V0_10_2,
        Era::V0_11,
        Era::V1_1,
        Era::V2_0,
        Era::V2_8,
        Era::V3_9,
    ] {
        let cluster = secured().era(era).build_offline();
        for sasl in [
            plain(alice()),
            Sasl::scram_sha_256(alice()),
            Sasl::scram_sha_512(alice()),
        ] {
            let connection = Client::new(&cluster, sasl).connect().await.unwrap();
            ask(&connection).await.unwrap();
        }
        let start = now();
        let wrong = Sasl::scram_sha_256(Credentials::new("alice", "wrong"));
        let refused = Client::new(&cluster, wrong).connect().await.unwrap_err();
        if era < Era::V1_1 {
            assert_eq!(refused.kind(), &ErrorKind::Timeout, "{refused}");
            let text = refused.to_string();
            assert!(
                text.contains("most brokers before 1.0 do so on wrong credentials"),
                "{text}"
            );
        } else {
            is_refused(&refused, &["SCRAM-SHA-256", "SASL_AUTHENTICATION_FAILED"]);
            assert!(now() - start < seconds(5), "at once");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_passwords_and_unknown_users_are_told_at_once() {
    let cluster = secured().build_offline();
    for credentials in [
        Credentials::new("alice", "wrong-canary"),
        Credentials::new("nobody", "wrong-canary"),
    ] {
        for sasl in [
            plain(credentials.clone()),
            Sasl::scram_sha_256(credentials.clone()),
            Sasl::scram_sha_512(credentials.clone()),
        ] {
            let name = sasl.name().to_owned();
            let start = now();
            let error = Client::new(&cluster, sasl).connect().await.unwrap_err();
            is_refused(
                &error,
                &[
                    "SaslAuthenticate to broker 1 (",
                    &name,
                    "SASL_AUTHENTICATION_FAILED",
                    "invalid credentials",
                    "check user name and password",
                ],
            );
            assert!(!format!("{error:?}{error}").contains("canary"));
            assert!(now() - start < seconds(1));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_have_ended_are_told_with_what_the_broker_says() {
    let cluster = secured().build_offline();
    let sasl = bearer(Tokens::of_length(seconds(0)));
    let error = Client::new(&cluster, sasl).connect().await.unwrap_err();
    is_refused(&error, &["OAUTHBEARER", "invalid_token", "issuer"]);
}

#[tokio::test(start_paused = true)]
async fn mechanisms_that_are_not_enabled_are_told_with_those_that_are() {
    let enabled = [SaslMechanism::ScramSha256, SaslMechanism::ScramSha512];
    let cluster = TestCluster::builder().sasl(enabled).build_offline();
    let error = Client::new(&cluster, plain(alice()))
        .connect()
        .await
        .unwrap_err();
    is_refused(
        &error,
        &[
            "does not enable PLAIN",
            "it enables: SCRAM-SHA-256, SCRAM-SHA-512",
        ],
    );
    let open = TestCluster::builder().build_offline();
    let error = Client::new(&open, plain(alice()))
        .connect()
        .await
        .unwrap_err();
    is_refused(&error, &["nobody logs in at this listener"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_login_the_broker_closes() {
    let cluster = secured().build_offline();
    let client = Client::with(&cluster, NetConfig::default());
    let connection = client.connect().await.unwrap();
    assert_eq!(
        ask(&connection).await.unwrap_err().kind(),
        &ErrorKind::Disconnected
    );
}

/// The probe that tells an old broker must not go before the login: the broker
/// would close.
#[tokio::test(start_paused = true)]
async fn a_slow_broker_is_not_asked_anything_else_before_the_login() {
    let slow = Fault::new(
        Condition::api(ApiKey::ApiVersions),
        Reaction::DelayBeforeApply(seconds(3)),
    );
    let cluster = secured().fault(slow).build_offline();
    let client = Client::new(&cluster, plain(alice()));
    let connection = client.connect().await.unwrap();
    ask(&connection).await.unwrap();
    assert_eq!(client.pool.stats().connect_failures, 0);
}

/// Whatever is lost on the way, the next attempt gets through; nobody is told
/// that the password is wrong.
#[tokio::test(start_paused = true)]
async fn connections_cut_at_each_step_are_made_again() {
    for api in [
        ApiKey::ApiVersions,
        ApiKey::SaslHandshake,
        ApiKey::SaslAuthenticate,
    ] {
        for nth in [1, 2] {
            for reaction in [Reaction::DropBeforeApply, Reaction::DropAfterApply] {
                let cut = Fault::new(Condition::api(api).nth(nth), reaction.clone());
                let cluster = secured().fault(cut).build_offline();
                for sasl in mechanisms() {
                    let connection = Client::new(&cluster, sasl).connect().await.unwrap();
                    ask(&connection).await.unwrap();
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_falls_silent_is_told_with_the_step() {
    for api in [ApiKey::SaslHandshake, ApiKey::SaslAuthenticate] {
        let silent = Fault::new(Condition::api(api), Reaction::Delay(seconds(3600)));
        let cluster = secured().fault(silent).build_offline();
        let client = Client::new(&cluster, plain(alice()));
        let error = client.connect().await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Timeout);
        assert!(error.to_string().contains(&api.to_string()), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_refuses_for_now_is_asked_again() {
    let busy = Fault::new(
        Condition::api(ApiKey::SaslHandshake).first(2),
        Reaction::TopLevelError(ErrorCode::CoordinatorLoadInProgress),
    );
    let cluster = secured().fault(busy).build_offline();
    let client = Client::new(&cluster, plain(alice()));
    ask(&client.connect().await.unwrap()).await.unwrap();
    assert_eq!(client.pool.stats().connect_failures, 2);
}

/// A wrong password is not tried again and again: accounts get locked.
#[tokio::test(start_paused = true)]
async fn refusals_are_not_repeated_quickly() {
    let cluster = secured().build_offline();
    let client = Client::new(&cluster, plain(Credentials::new("alice", "wrong")));
    let start = now();
    let mut refusals = 0;
    while now() - start < seconds(60) {
        match client.connect_within(seconds(2)).await.unwrap_err() {
            error if error.kind() == &ErrorKind::Authentication => refusals += 1,
            error => {
                // During the pause one hears at the deadline why there is one.
                assert_eq!(error.kind(), &ErrorKind::Timeout);
                assert!(error.to_string().contains("invalid credentials"), "{error}");
            }
        }
    }
    assert!((3..=12).contains(&refusals), "{refusals} in a minute");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_fails_is_asked_again() {
    let cluster = secured().build_offline();
    let vault = Vault::new(alice());
    vault.set(Err("the vault is sealed"));
    let client = Client::new(&cluster, plain(vault.clone()));
    let error = client.connect_within(seconds(5)).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(
        error
            .to_string()
            .contains("PLAIN: no password is to be had: the vault is sealed")
    );
    vault.set(Ok(alice()));
    ask(&client.connect().await.unwrap()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_who_waits_hears_of_a_change_of_password() {
    let cluster = secured().build_offline();
    let vault = Vault::new(Credentials::new("alice", "old"));
    let client = Client::new(&cluster, Sasl::scram_sha_256(vault.clone()));
    client.connect().await.unwrap_err();
    vault.set(Ok(alice()));
    ask(&client.connect().await.unwrap()).await.unwrap();
}

/// A broker that has SaslHandshake and no SaslAuthenticate is one before 1.0,
/// whatever else it says.
#[tokio::test(start_paused = true)]
async fn the_versions_decide_how_tokens_travel() {
    let cluster = secured()
        .without_api(ApiKey::SaslAuthenticate)
        .build_offline();
    ask(&Client::new(&cluster, plain(alice()))
        .connect()
        .await
        .unwrap())
    .await
    .unwrap();
    let first = VersionRange::new(0, 0);
    let cluster = secured()
        .api_versions(ApiKey::SaslHandshake, first)
        .build_offline();
    ask(&Client::new(&cluster, plain(alice()))
        .connect()
        .await
        .unwrap())
    .await
    .unwrap();
}
