//! TLS and mutual TLS: records, refusals, and certificates that change.

use std::time::Duration;

use kafka_client::{ErrorKind, Kafka, TlsConfig};
use kafka_suite::BoxError;

use crate::authority::Authority;
use crate::broker::{ELSEWHERE, EXPIRED, MUTUAL, SecureBroker, TLS};
use crate::records_both_ways;

const RECORDS: usize = 1000;

/// Clients that stay while certificates change.
pub(crate) struct Clients {
    one_way: Kafka,
    mutual: Kafka,
}

pub(crate) async fn check(broker: &SecureBroker) -> Result<Clients, BoxError> {
    let one_way = broker.connect(TLS, Some(broker.files.trusting())).await?;
    records_both_ways(&one_way, "one-way", RECORDS).await?;
    let mutual = broker.connect(MUTUAL, Some(broker.files.known())).await?;
    records_both_ways(&mutual, "mutual", RECORDS).await?;
    check_refusals(broker).await?;
    Ok(Clients { one_way, mutual })
}

/// Both sides change to new authorities while the clients run.
pub(crate) async fn check_change(
    broker: &mut SecureBroker,
    clients: &Clients,
) -> Result<(), BoxError> {
    let java = broker.cluster.installation().java_tool();
    broker.files.renew(&java)?;
    broker.restart()?;
    records_both_ways(&clients.mutual, "mutual-renewed", RECORDS).await?;
    if !broker.release.is_old {
        records_both_ways(&clients.one_way, "one-way-renewed", RECORDS).await?;
    }
    let trusting = Some(broker.files.trusting());
    refused_as_client(broker, trusting).await;
    Ok(())
}

async fn check_refusals(broker: &SecureBroker) -> Result<(), BoxError> {
    let trusting = || broker.files.trusting();
    let wrong = TlsConfig::new().with_root_pem(Authority::new("another").pem());
    let untrusted = ["not signed by a trusted authority", "check that the root"];
    refused(broker, TLS, Some(wrong), &untrusted).await;

    let (certificate, key) = Authority::new("stranger").issue(&["client"], 2100);
    let stranger = trusting().with_client_pem(certificate, key);
    refused_as_client(broker, Some(stranger)).await;

    if !broker.release.is_old {
        check_other_certificates(broker).await?;
    }

    refused(broker, TLS, None, &["looks like a TLS listener"]).await;
    // A plaintext listener closes without a word.
    let plain = Kafka::builder(broker.cluster.bootstrap())
        .tls(trusting())
        .connect_within(Duration::from_secs(5));
    let error = plain.connect().await.unwrap_err();
    println!("PLAINTEXT: {error}");
    assert!(error.to_string().contains("is a TLS listener"), "{error}");
    Ok(())
}

async fn check_other_certificates(broker: &SecureBroker) -> Result<(), BoxError> {
    let trusting = || broker.files.trusting();
    let other_name = ["is for kafka.example.org, not for 127.0.0.1"];
    refused(broker, ELSEWHERE, Some(trusting()), &other_name).await;
    let named = trusting().with_server_name("kafka.example.org");
    broker.connect(ELSEWHERE, Some(named)).await?;

    let expired = ["has expired", "days ago"];
    refused(broker, EXPIRED, Some(trusting()), &expired).await;
    Ok(())
}

/// A client whose certificate the broker does not take, or who has none. Old brokers send
/// no alert but once more what stands in their buffer.
async fn refused_as_client(broker: &SecureBroker, tls: Option<TlsConfig>) {
    let parts = match broker.release.sends_alerts {
        true => ["client certificate", "TlsConfig::with_client_files"],
        false => [
            "seems to refuse the client certificate",
            "with_client_files",
        ],
    };
    refused(broker, MUTUAL, tls, &parts).await;
}

/// A connection that fails at once: the reason, with all of this in its text.
async fn refused(broker: &SecureBroker, listener: &str, tls: Option<TlsConfig>, parts: &[&str]) {
    let error = broker.connect(listener, tls).await.unwrap_err();
    println!("{listener}: {error}");
    assert_eq!(error.kind(), &ErrorKind::Tls, "{error}");
    let text = error.to_string();
    for part in parts.iter().chain(&["127.0.0.1:"]) {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
}
