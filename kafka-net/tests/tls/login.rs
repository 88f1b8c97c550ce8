//! Logins inside of TLS.

use kafka_net::clock::now;
use kafka_net::{
    Credentials, Environment, Error, ErrorKind, Lane, NetConfig, Pool, Sasl, TlsConfig,
};
use kafka_test_broker::{SaslMechanism, TestCluster};
use std::time::Duration;

use crate::authority::Authority;
use crate::support::question;

async fn cluster(authority: &Authority) -> TestCluster {
    TestCluster::builder()
        .tls(authority.server(&["127.0.0.1", "localhost"]).listener())
        .sasl([SaslMechanism::Plain, SaslMechanism::ScramSha512])
        .user("alice", "alice-secret")
        .start()
        .await
        .unwrap()
}

async fn ask(cluster: &TestCluster, tls: TlsConfig, sasl: Sasl) -> Result<(), Error> {
    let config = NetConfig::default().with_tls(tls).with_sasl(sasl);
    let pool = Pool::new(config, Environment::system()?)?;
    let broker = cluster.bootstrap().parse()?;
    let deadline = now() + Duration::from_secs(60);
    let connection = pool.attempt(&broker, Lane::Control, deadline).await?;
    question(&connection).await.map(|_| ())
}

#[tokio::test]
async fn by_tls_passwords_may_be_sent() {
    let authority = Authority::new("ours");
    let cluster = cluster(&authority).await;
    let tls = || TlsConfig::new().with_root_pem(authority.pem());
    let alice = || Credentials::new("alice", "alice-secret");
    ask(&cluster, tls(), Sasl::plain(alice())).await.unwrap();
    let scram = Sasl::scram_sha_512(alice());
    ask(&cluster, tls(), scram).await.unwrap();
    let wrong = Sasl::plain(Credentials::new("alice", "guessed"));
    let error = ask(&cluster, tls(), wrong).await.unwrap_err();
    assert_ne!(error.kind(), &ErrorKind::Tls, "{error}");
    assert!(!error.to_string().contains("guessed"), "{error}");
}

/// Whom TLS does not trust hears no password.
#[tokio::test]
async fn no_password_before_trust() {
    let authority = Authority::new("ours");
    let cluster = cluster(&authority).await;
    let other = TlsConfig::new().with_root_pem(Authority::new("theirs").pem());
    let sasl = Sasl::plain(Credentials::new("alice", "alice-secret"));
    let error = ask(&cluster, other, sasl).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Tls, "{error}");
}
