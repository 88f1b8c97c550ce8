//! One broker with a listener of every kind, and how clients come in.

use std::path::Path;
use std::time::Duration;

use kafka_client::{Credentials, Error, Kafka, Sasl, TlsConfig};
use kafka_harness::{ClusterOptions, Installation, KafkaVersion, RealCluster};
use kafka_suite::BoxError;
use tokio::task::block_in_place;

use crate::authority::{Files, STORE_PASSWORD, Stores};

/// What brokers of a release have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Release {
    pub(crate) version: &'static str,
    pub(crate) mechanisms: &'static [&'static str],
    /// PEM since 2.7 (KIP-651), but with keys in the clear only later.
    stores: Stores,
    /// Listeners have no settings of their own (before 0.11), logins are set up in a file
    /// (before 1.1), and SCRAM passwords in ZooKeeper (before 2.7).
    pub(crate) is_old: bool,
    /// To clients whose certificate they refuse.
    pub(crate) sends_alerts: bool,
}

pub(crate) const NEWEST: Release = Release {
    version: kafka_suite::NEWEST,
    mechanisms: &["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"],
    stores: Stores::Pem,
    is_old: false,
    sends_alerts: true,
};

pub(crate) const WITH_ZOOKEEPER: Release = Release {
    version: "2.8.2",
    stores: Stores::Pkcs12,
    sends_alerts: false,
    ..NEWEST
};

/// The first with SCRAM and with listeners that have names.
pub(crate) const OLDEST: Release = Release {
    version: "0.10.2.2",
    mechanisms: &["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
    stores: Stores::Pkcs12,
    is_old: true,
    sends_alerts: false,
};

/// Of a login. The last 5 % of it, more than a second, is what a renewal may take.
pub(crate) const LIFETIME: Duration = Duration::from_secs(24);

/// By TLS.
pub(crate) const TLS: &str = "TLS";
/// By TLS with a client certificate.
pub(crate) const MUTUAL: &str = "MUTUAL";
/// By TLS, with a certificate that has ended.
pub(crate) const EXPIRED: &str = "EXPIRED";
/// By TLS, with a certificate for another name.
pub(crate) const ELSEWHERE: &str = "ELSEWHERE";
/// Logged in, without TLS.
pub(crate) const OPEN_LOGIN: &str = "OPENLOGIN";
/// Logged in, by TLS.
pub(crate) const TLS_LOGIN: &str = "TLSLOGIN";
/// Logged in by PLAIN and by nothing else, without TLS.
pub(crate) const PLAIN_LOGIN: &str = "PLAINLOGIN";

/// A broker that is taken care of, and how its clients come in.
pub(crate) struct SecureBroker {
    pub(crate) cluster: RealCluster,
    pub(crate) files: Files,
    pub(crate) release: &'static Release,
}

impl SecureBroker {
    /// Blocks.
    pub(crate) fn start(release: &'static Release) -> Result<Self, BoxError> {
        block_in_place(|| {
            let installation = Installation::ensure(KafkaVersion::find(release.version)?)?;
            let java = installation.java_tool();
            let name = format!("real-security-{}", release.version);
            let files = Files::new(&name, release.stores, &java)?;
            let cluster = RealCluster::start(&installation, 1, &options(release, &files))?;
            give_alice_passwords(&cluster, release)?;
            Ok(Self {
                cluster,
                files,
                release,
            })
        })
    }

    /// `kill -9`, and the broker starts again with the files as they are; from then on a
    /// broker without settings for listeners demands certificates of its clients. Blocks.
    pub(crate) fn restart(&mut self) -> Result<(), BoxError> {
        block_in_place(|| {
            if self.release.is_old {
                self.cluster.set_property("ssl.client.auth", "required")?;
            }
            self.cluster.kill_hard(1)?;
            Ok(self.cluster.restart(1)?)
        })
    }

    pub(crate) fn address(&self, listener: &str) -> String {
        self.cluster.listener(1, listener).unwrap()
    }

    pub(crate) async fn connect(
        &self,
        listener: &str,
        tls: Option<TlsConfig>,
    ) -> Result<Kafka, Error> {
        self.connect_within(Duration::from_secs(60), listener, tls, None)
            .await
    }

    /// Connects by `OPEN_LOGIN` or `TLS_LOGIN`.
    pub(crate) async fn log_in(&self, by_tls: bool, sasl: Sasl) -> Result<Kafka, Error> {
        let limit = Duration::from_secs(60);
        self.log_in_within(limit, by_tls, sasl).await
    }

    pub(crate) async fn log_in_within(
        &self,
        limit: Duration,
        by_tls: bool,
        sasl: Sasl,
    ) -> Result<Kafka, Error> {
        let (listener, tls, sasl) = match by_tls {
            true => (TLS_LOGIN, Some(self.files.trusting()), sasl),
            false => (OPEN_LOGIN, None, sasl.dangerous_without_tls()),
        };
        self.connect_within(limit, listener, tls, Some(sasl)).await
    }

    pub(crate) async fn connect_within(
        &self,
        limit: Duration,
        listener: &str,
        tls: Option<TlsConfig>,
        sasl: Option<Sasl>,
    ) -> Result<Kafka, Error> {
        let mut builder = Kafka::builder(self.address(listener)).client_id("suite");
        if let Some(tls) = tls {
            builder = builder.tls(tls);
        }
        if let Some(sasl) = sasl {
            builder = builder.sasl(sasl);
        }
        builder.connect_within(limit).connect().await
    }
}

pub(crate) fn alice() -> Credentials {
    Credentials::new("alice", "alice-secret")
}

fn options(release: &Release, files: &Files) -> ClusterOptions {
    let mut options = ClusterOptions::default()
        .property("sasl.enabled.mechanisms", release.mechanisms.join(","))
        .property("connections.max.reauth.ms", LIFETIME.as_millis());
    for (name, protocol) in [
        (TLS, "SSL"),
        (MUTUAL, "SSL"),
        (EXPIRED, "SSL"),
        (ELSEWHERE, "SSL"),
        (TLS_LOGIN, "SASL_SSL"),
        (OPEN_LOGIN, "SASL_PLAINTEXT"),
        (PLAIN_LOGIN, "SASL_PLAINTEXT"),
    ] {
        options = options.listener(name, protocol);
    }
    let stores = match release.is_old {
        true => vec![(String::new(), "tls", "requested")],
        false => vec![
            (prefix(TLS), "tls", "none"),
            (prefix(MUTUAL), "tls", "required"),
            (prefix(EXPIRED), "expired", "none"),
            (prefix(ELSEWHERE), "elsewhere", "none"),
            (prefix(TLS_LOGIN), "tls", "none"),
        ],
    };
    for (prefix, store, clients) in stores {
        options = options.property(&format!("{prefix}ssl.client.auth"), clients);
        for (kind, path) in [
            ("keystore", files.store(store)),
            ("truststore", files.store("clients")),
        ] {
            let prefix = format!("{prefix}ssl.{kind}.");
            options = with_store(options, &prefix, release.stores, &path);
        }
        if release.stores == Stores::Pkcs12 {
            options = options.property(&format!("{prefix}ssl.key.password"), STORE_PASSWORD);
        }
    }
    with_logins(options, release)
}

fn with_store(
    options: ClusterOptions,
    prefix: &str,
    stores: Stores,
    path: &Path,
) -> ClusterOptions {
    // A backslash would be an escape.
    let path = path.display().to_string().replace('\\', "/");
    let options = options.property(&format!("{prefix}location"), path);
    match stores {
        Stores::Pem => options.property(&format!("{prefix}type"), "PEM"),
        Stores::Pkcs12 => options
            .property(&format!("{prefix}type"), "PKCS12")
            .property(&format!("{prefix}password"), STORE_PASSWORD),
    }
}

fn with_logins(mut options: ClusterOptions, release: &Release) -> ClusterOptions {
    if release.is_old {
        let (plain, scram) = (login_module("PLAIN"), login_module("SCRAM"));
        return options.jaas(format!("KafkaServer {{\n{plain}\n{scram}\n}};\n"));
    }
    options = options.property(
        &format!("{}sasl.enabled.mechanisms", prefix(PLAIN_LOGIN)),
        "PLAIN",
    );
    for name in [OPEN_LOGIN, TLS_LOGIN, PLAIN_LOGIN] {
        for mechanism in release.mechanisms {
            let name = format!(
                "{}{}.sasl.jaas.config",
                prefix(name),
                mechanism.to_lowercase()
            );
            options = options.property(&name, login_module(mechanism));
        }
    }
    options
}

/// Of a listener's own properties.
fn prefix(listener: &str) -> String {
    format!("listener.name.{}.", listener.to_lowercase())
}

fn login_module(mechanism: &str) -> &'static str {
    match mechanism {
        "PLAIN" => {
            "org.apache.kafka.common.security.plain.PlainLoginModule required \
             user_alice=\"alice-secret\" user_carol=\"a\\u00aab\";"
        }
        "OAUTHBEARER" => {
            "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \
             unsecuredLoginStringClaim_sub=\"kafka\";"
        }
        _ => "org.apache.kafka.common.security.scram.ScramLoginModule required;",
    }
}

/// For SCRAM, by Kafka's own tool.
fn give_alice_passwords(cluster: &RealCluster, release: &Release) -> Result<(), BoxError> {
    let scram = release.mechanisms.iter();
    let credentials: Vec<_> = scram
        .filter(|name| name.starts_with("SCRAM"))
        .map(|mechanism| format!("{mechanism}=[iterations=8192,password=alice-secret]"))
        .collect();
    // Since 2.7 brokers are asked (KIP-554), of which KRaft takes no two at a time for
    // the same user; before, ZooKeeper is told.
    let (whom, address, changes) = match release.is_old {
        false => ("--bootstrap-server", cluster.bootstrap(), credentials),
        true => (
            "--zookeeper",
            cluster.zookeeper()?,
            vec![credentials.join(",")],
        ),
    };
    for change in changes {
        let arguments = [
            whom,
            &address,
            "--alter",
            "--add-config",
            &change,
            "--entity-type",
            "users",
            "--entity-name",
            "alice",
        ];
        let java = cluster.installation().java_tool();
        java.run("kafka.admin.ConfigCommand", &arguments, b"")?;
    }
    Ok(())
}
