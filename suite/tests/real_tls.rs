//! TLS and mutual TLS with a real broker: records both ways, what is refused and
//! with which words, and certificates that change.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::Duration;

use kafka_client::{Credentials, Error, ErrorKind, Kafka, Record, Sasl, Start, TlsConfig};
use kafka_harness::ClusterOptions;
use kafka_suite::{BoxError, Broker};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio::task::block_in_place;

const RECORDS: usize = 1000;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// Certificate and key, the latter first as Kafka wants it in one file.
    fn issue(&self, names: &[&str], last_year: i32) -> (String, String) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// Listeners of every kind, each with the key store `NAME.pem` in `dir`.
fn options(dir: &Path) -> ClusterOptions {
    let path = |name: &str| dir.join(format!("{name}.pem")).display().to_string();
    let mut options = ClusterOptions::default()
        .listener("LOGIN", "SASL_SSL")
        .property("sasl.enabled.mechanisms", "PLAIN")
        .property(
            "listener.name.login.plain.sasl.jaas.config",
            "org.apache.kafka.common.security.plain.PlainLoginModule required \
             user_alice=\"alice-secret\";",
        )
        .property("listener.name.login.ssl.keystore.type", "PEM")
        .property("listener.name.login.ssl.keystore.location", path("tls"));
    for (name, clients) in [
        ("tls", "none"),
        ("mutual", "required"),
        ("expired", "none"),
        ("elsewhere", "none"),
    ] {
        options = options.listener(&name.to_uppercase(), "SSL");
        for (key, value) in [
            ("keystore.type", "PEM".to_owned()),
            ("keystore.location", path(name)),
            ("truststore.type", "PEM".to_owned()),
            ("truststore.location", path("clients")),
            ("client.auth", clients.to_owned()),
        ] {
            options = options.property(&format!("listener.name.{name}.ssl.{key}"), value);
        }
    }
    options
}

/// Who signs what, and the files of both sides.
struct Files {
    dir: std::path::PathBuf,
    broker: Authority,
    clients: Authority,
}

impl Files {
    fn new() -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real-tls");
        std::fs::create_dir_all(&dir).unwrap();
        let files = Self {
            dir,
            broker: Authority::new("broker authority"),
            clients: Authority::new("client authority"),
        };
        let here = ["localhost", "127.0.0.1"];
        for (name, names, last_year) in [
            ("tls", &here[..], 2100),
            ("mutual", &here, 2100),
            ("expired", &here, 2021),
            ("elsewhere", &["kafka.example.org"], 2100),
        ] {
            files.write_pair(name, files.broker.issue(names, last_year));
        }
        files.write("ca", &files.broker.pem());
        files.write("clients", &files.clients.pem());
        files.write_pair("client", files.clients.issue(&["client"], 2100));
        files
    }

    fn write(&self, name: &str, pem: &str) {
        std::fs::write(self.path(name), pem).unwrap();
    }

    fn write_pair(&self, name: &str, (certificate, key): (String, String)) {
        self.write(name, &(key + &certificate));
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.join(format!("{name}.pem"))
    }

    fn trusting(&self) -> TlsConfig {
        TlsConfig::new().with_root_file(self.path("ca"))
    }

    fn known(&self) -> TlsConfig {
        let client = self.path("client");
        self.trusting().with_client_files(&client, &client)
    }
}

async fn connect(broker: &Broker, listener: &str, tls: Option<TlsConfig>) -> Result<Kafka, Error> {
    let address = broker.cluster.listener(1, listener).unwrap();
    let builder = Kafka::builder(address).connect_within(Duration::from_secs(60));
    match tls {
        Some(tls) => builder.tls(tls).connect().await,
        None => builder.connect().await,
    }
}

/// A connection that fails at once: the reason, with all of this in its text.
async fn refused(broker: &Broker, listener: &str, tls: Option<TlsConfig>, parts: &[&str]) {
    let error = connect(broker, listener, tls).await.err().unwrap();
    println!("{listener}: {error}");
    assert_eq!(error.kind(), &ErrorKind::Tls, "{error}");
    let text = error.to_string();
    for part in parts.iter().chain(&["127.0.0.1:"]) {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
}

async fn records_both_ways(kafka: &Kafka, topic: &str) -> Result<(), BoxError> {
    let producer = kafka.producer().build().await?;
    let mut deliveries = Vec::new();
    for n in 0..RECORDS {
        let record = Record::to(topic).key("k").value(format!("{topic} {n}"));
        deliveries.push(producer.send(record).await?);
    }
    for delivery in deliveries {
        delivery.await?;
    }
    let mut consumer = kafka
        .consumer()
        .assign_topic(topic, Start::Earliest)
        .build()
        .await?;
    let mut next = 0;
    while next < RECORDS {
        let batch = consumer.next_batch().await?.unwrap();
        for record in &batch {
            assert_eq!(record.value(), Some(format!("{topic} {next}").as_bytes()));
            next += 1;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_broker_by_tls_and_mutual_tls() -> Result<(), BoxError> {
    let files = Files::new();
    let mut broker = Broker::start(&options(&files.dir))?;

    let one_way = connect(&broker, "TLS", Some(files.trusting())).await?;
    records_both_ways(&one_way, "one-way").await?;
    let mutual = connect(&broker, "MUTUAL", Some(files.known())).await?;
    records_both_ways(&mutual, "mutual").await?;

    let login = |password| {
        let address = broker.cluster.listener(1, "LOGIN").unwrap();
        let sasl = Sasl::plain(Credentials::new("alice", password));
        Kafka::builder(address).tls(files.trusting()).sasl(sasl)
    };
    let alice = login("alice-secret").connect().await?;
    records_both_ways(&alice, "login").await?;
    let error = login("guessed").connect().await.err().unwrap();
    println!("LOGIN: {error}");
    assert_ne!(error.kind(), &ErrorKind::Tls, "{error}");
    assert!(!error.to_string().contains("guessed"), "{error}");

    let wrong = || TlsConfig::new().with_root_pem(Authority::new("another").pem());
    let untrusted = ["not signed by a trusted authority", "check that the root"];
    refused(&broker, "TLS", Some(wrong()), &untrusted).await;
    let other_name = ["is for kafka.example.org, not for 127.0.0.1"];
    refused(&broker, "ELSEWHERE", Some(files.trusting()), &other_name).await;
    let named = files.trusting().with_server_name("kafka.example.org");
    connect(&broker, "ELSEWHERE", Some(named)).await?;
    let expired = ["has expired", "days ago"];
    refused(&broker, "EXPIRED", Some(files.trusting()), &expired).await;
    let demanded = ["client certificate", "with_client_files"];
    refused(&broker, "MUTUAL", Some(files.trusting()), &demanded).await;
    let (certificate, key) = Authority::new("stranger").issue(&["client"], 2100);
    let stranger = files.trusting().with_client_pem(certificate, key);
    refused(&broker, "MUTUAL", Some(stranger), &["client certificate"]).await;
    refused(&broker, "TLS", None, &["looks like a TLS listener"]).await;

    // A plaintext listener closes without a word.
    let plain = Kafka::builder(broker.bootstrap())
        .tls(files.trusting())
        .connect_within(Duration::from_secs(2))
        .connect()
        .await
        .err()
        .unwrap();
    println!("PLAINTEXT: {plain}");
    assert!(plain.to_string().contains("is a TLS listener"), "{plain}");

    // Both sides change to new authorities while the clients run.
    let renewed = Authority::new("renewed broker authority");
    let renewed_clients = Authority::new("renewed client authority");
    let here = ["localhost", "127.0.0.1"];
    files.write_pair("tls", renewed.issue(&here, 2100));
    files.write_pair("mutual", renewed.issue(&here, 2100));
    files.write("clients", &renewed_clients.pem());
    files.write("ca", &renewed.pem());
    files.write_pair("client", renewed_clients.issue(&["client"], 2100));
    block_in_place(|| {
        broker.cluster.kill_hard(1)?;
        broker.cluster.restart(1)
    })?;
    records_both_ways(&one_way, "one-way-renewed").await?;
    records_both_ways(&mutual, "mutual-renewed").await?;
    Ok(())
}
