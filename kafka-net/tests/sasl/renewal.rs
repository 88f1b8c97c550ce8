//! Logging in anew on a live connection (KIP-368).

use std::sync::atomic::Ordering;

use kafka_net::clock::now;
use kafka_net::{Credentials, ErrorKind, Sasl, SendOptions};
use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::{ApiKey, ErrorCode};
use kafka_test_broker::{Condition, Fault, Reaction};
use tokio::time::sleep;

use crate::support::{
    Client, Tokens, Vault, alice, ask, bearer, mechanisms, millis, plain, seconds, secured,
};

/// Row 51 of the table of faults: requests are under way all the time, also when
/// the login is renewed; each is answered, in order, on the one connection.
#[tokio::test(start_paused = true)]
async fn row_51_renewed_under_pipelined_requests() {
    for sasl in mechanisms() {
        let name = sasl.name().to_owned();
        // Answers take a while, so that the line is never empty.
        let slow = Fault::new(
            Condition::api(ApiKey::Metadata),
            Reaction::Delay(std::time::Duration::from_millis(70)),
        );
        let cluster = secured()
            .max_reauth(seconds(30))
            .fault(slow)
            .build_offline();
        let logins = cluster.faults().add(Fault::new(
            Condition::api(ApiKey::SaslHandshake),
            Reaction::Delay(seconds(0)),
        ));
        let client = Client::new(&cluster, sasl);
        let connection = client.connect().await.unwrap();
        let options = SendOptions::new(seconds(30));
        let start = now();
        let mut pending = std::collections::VecDeque::new();
        let mut answered = 0;
        while now() - start < seconds(130) {
            while pending.len() < 10 {
                pending.push_back(connection.start(&MetadataRequest::new(), &options));
            }
            // They are answered in the order of asking, or the connection ends.
            let next = pending.pop_front().unwrap();
            next.await.unwrap_or_else(|error| panic!("{name}: {error}"));
            answered += 1;
        }
        for rest in pending {
            rest.await.unwrap();
        }
        let logins = cluster.faults().hits(logins);
        assert!(
            (5..=6).contains(&logins),
            "{name}: {logins} logins in 130 s of 30 s each"
        );
        assert!(answered > 500, "{name}: {answered}");
        assert_eq!(client.pool.stats().connects, 1, "{name}");
        assert_eq!(client.pool.stats().traffic.lost, 0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_stays_logged_in() {
    let cluster = secured().max_reauth(seconds(10)).build_offline();
    let client = Client::new(&cluster, Sasl::scram_sha_512(alice()));
    let connection = client.connect().await.unwrap();
    for _ in 0..10 {
        sleep(seconds(13)).await;
        ask(&connection).await.unwrap();
    }
}

/// Brokers take no two renewals within a second: where logins end sooner, requests wait.
#[tokio::test(start_paused = true)]
async fn logins_shorter_than_what_brokers_take_keep_the_connection() {
    let cluster = secured().max_reauth(millis(900)).build_offline();
    let logins = cluster.faults().add(Fault::new(
        Condition::api(ApiKey::SaslHandshake),
        Reaction::Delay(seconds(0)),
    ));
    let client = Client::new(&cluster, plain(alice()));
    let connection = client.connect().await.unwrap();
    let start = now();
    while now() - start < seconds(20) {
        ask(&connection).await.unwrap();
        sleep(millis(30)).await;
    }
    let logins = cluster.faults().hits(logins);
    assert!((19..=21).contains(&logins), "{logins} logins in 20 s");
    assert_eq!(client.pool.stats().connects, 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_user_left_ends_in_spite_of_its_logins() {
    let cluster = secured().max_reauth(seconds(10)).build_offline();
    let client = Client::new(&cluster, plain(alice()));
    let connection = client.connect().await.unwrap();
    sleep(seconds(9 * 60 + 5)).await;
    assert!(connection.is_closed(), "idle, whatever the logins did");
}

#[tokio::test(start_paused = true)]
async fn a_changed_password_is_picked_up() {
    let cluster = secured()
        .user("bob", "bob-secret")
        .max_reauth(seconds(10))
        .build_offline();
    let vault = Vault::new(alice());
    let client = Client::new(&cluster, plain(vault.clone()));
    let connection = client.connect().await.unwrap();
    vault.set(Ok(Credentials::new("alice", "not-hers")));
    sleep(seconds(11)).await;
    // The renewal failed, and so does the next attempt, which says why.
    assert!(connection.is_closed());
    let error = ask(&connection).await.unwrap_err();
    assert!(
        error.to_string().contains("SASL_AUTHENTICATION_FAILED"),
        "{error}"
    );
    assert_eq!(
        client.connect().await.unwrap_err().kind(),
        &ErrorKind::Authentication
    );
    vault.set(Ok(alice()));
    ask(&client.connect().await.unwrap()).await.unwrap();
}

/// The listener has logins, or there would be none to renew.
#[tokio::test(start_paused = true)]
async fn a_renewal_out_of_place_is_not_taken_for_a_listener_without_logins() {
    let refusal = Fault::new(
        Condition::api(ApiKey::SaslHandshake).after(1),
        Reaction::Error(ErrorCode::IllegalSaslState),
    );
    let cluster = secured()
        .max_reauth(seconds(10))
        .fault(refusal)
        .build_offline();
    let client = Client::new(&cluster, plain(alice()));
    let connection = client.connect().await.unwrap();
    sleep(seconds(11)).await;
    let error = ask(&connection).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("no other login on this connection"), "{text}");
    assert!(text.contains("connections.max.reauth.ms"), "{text}");
    assert!(!text.contains("nobody logs in"), "{text}");
}

/// Those who wait while a renewal fails hear the cause; what was not sent had no
/// effect.
#[tokio::test(start_paused = true)]
async fn a_failed_renewal_is_told_to_those_who_wait() {
    let slow = Fault::new(
        Condition::api(ApiKey::SaslAuthenticate).after(1),
        Reaction::DelayBeforeApply(seconds(1)),
    );
    let cluster = secured()
        .max_reauth(seconds(10))
        .fault(slow)
        .build_offline();
    let vault = Vault::new(alice());
    let client = Client::new(&cluster, plain(vault.clone()));
    let connection = client.connect().await.unwrap();
    vault.set(Ok(Credentials::new("alice", "wrong")));
    // Long enough for the renewal to have begun, and for requests to be held.
    sleep(seconds(8)).await;
    let options = SendOptions::new(seconds(30));
    let mut held = None;
    while !connection.is_closed() {
        held = Some(connection.start(&MetadataRequest::new(), &options));
        sleep(std::time::Duration::from_millis(50)).await;
    }
    let error = held.unwrap().await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Disconnected);
    assert!(!error.possibly_written(), "it was held back");
    assert!(
        error.to_string().contains("SASL_AUTHENTICATION_FAILED"),
        "{error}"
    );
}

/// Cut in the middle of a renewal: the next connection logs in.
#[tokio::test(start_paused = true)]
async fn connections_cut_during_renewal_are_made_again() {
    for api in [ApiKey::SaslHandshake, ApiKey::SaslAuthenticate] {
        for sasl in mechanisms() {
            let cut = Fault::new(Condition::api(api).after(2), Reaction::DropAfterApply).once();
            let cluster = secured().max_reauth(seconds(10)).fault(cut).build_offline();
            let client = Client::new(&cluster, sasl);
            let start = now();
            while now() - start < seconds(60) {
                let connection = client.connect().await.unwrap();
                // A request may meet the cut; nothing else fails.
                if let Err(error) = ask(&connection).await {
                    assert!(error.is_retriable(), "{error}");
                }
                sleep(std::time::Duration::from_millis(100)).await;
            }
            assert!(client.pool.stats().connects >= 2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_are_renewed_before_they_end() {
    let tokens = Tokens::of_length(seconds(20));
    let given = tokens.given.clone();
    let cluster = secured().max_reauth(seconds(3600)).build_offline();
    let client = Client::new(&cluster, bearer(tokens));
    let connection = client.connect().await.unwrap();
    for _ in 0..100 {
        sleep(seconds(1)).await;
        ask(&connection).await.unwrap();
    }
    let given = given.load(Ordering::Relaxed);
    assert!(
        (5..=8).contains(&given),
        "{given} tokens in 100 s of 20 s each"
    );
    assert_eq!(client.pool.stats().connects, 1);
}

/// Row 52 of the table of faults: the old token is used until it ends, then the
/// error is clear.
#[tokio::test(start_paused = true)]
async fn row_52_without_a_new_token_the_login_is_used_to_its_end() {
    let tokens = Tokens::of_length(seconds(20)).limited(1);
    let cluster = secured().max_reauth(seconds(3600)).build_offline();
    let client = Client::new(&cluster, bearer(tokens));
    let connection = client.connect().await.unwrap();
    let start = now();
    for _ in 0..19 {
        ask(&connection).await.unwrap();
        sleep(seconds(1)).await;
    }
    while !connection.is_closed() {
        assert!(now() - start < seconds(21));
        // Beyond its end nothing is sent: the broker is never made to close.
        match ask(&connection).await {
            Ok(_) => sleep(std::time::Duration::from_millis(20)).await,
            Err(error) => {
                assert!(
                    error.to_string().contains("the identity provider is down"),
                    "{error}"
                );
            }
        }
    }
    let error = ask(&connection).await.unwrap_err();
    assert!(!error.possibly_written());
    let text = error.to_string();
    assert!(
        text.contains("the login has ended and could not be renewed"),
        "{text}"
    );
    assert!(text.contains("the identity provider is down"), "{text}");
    let error = client.connect_within(seconds(5)).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(error.to_string().contains("the token has ended"), "{error}");
}

/// Row 54 of the table of faults, as far as connections go: what is refused to a
/// user who is logged in costs the request, not the connection.
#[tokio::test(start_paused = true)]
async fn row_54_what_is_not_allowed_costs_no_connection() {
    let cluster = secured().max_reauth(seconds(10)).build_offline();
    let client = Client::new(&cluster, plain(alice()));
    let connection = client.connect().await.unwrap();
    ask(&connection).await.unwrap();
    let revoked = cluster.faults().add(Fault::new(
        Condition::api(ApiKey::Metadata).topic("orders"),
        Reaction::Error(ErrorCode::TopicAuthorizationFailed),
    ));
    let answer = ask(&connection).await.unwrap();
    assert_eq!(answer.topics.len(), 1);
    assert!(
        answer
            .topics
            .iter()
            .all(|topic| topic.error_code == ErrorCode::TopicAuthorizationFailed.code())
    );
    assert!(cluster.faults().hits(revoked) > 0);
    cluster.faults().remove(revoked);
    sleep(seconds(11)).await;
    ask(&connection).await.unwrap();
    assert_eq!(client.pool.stats().connects, 1);
}
