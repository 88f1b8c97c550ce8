//! A real broker for a test, and a client connected to it.

use std::path::{Path, PathBuf};

use kafka_client::Kafka;
use kafka_harness::{ClusterOptions, Installation, JavaTool, KafkaVersion, RealCluster};

use crate::{BoxError, NEWEST, dump_log};

/// One node of the newest Kafka.
#[derive(Debug)]
pub struct Broker {
    /// The cluster, for what only it can do: kill, restart, pause.
    pub cluster: RealCluster,
}

impl Broker {
    /// Starts it with these options. Blocks.
    pub fn start(options: &ClusterOptions) -> Result<Self, BoxError> {
        let installation = Installation::ensure(KafkaVersion::find(NEWEST)?)?;
        Ok(Self {
            cluster: RealCluster::start(&installation, 1, options)?,
        })
    }

    /// A client connected to it.
    pub async fn connect(&self) -> Result<Kafka, BoxError> {
        Ok(Kafka::builder(self.bootstrap())
            .client_id("suite")
            .connect()
            .await?)
    }

    /// Its address.
    pub fn bootstrap(&self) -> String {
        self.cluster.bootstrap()
    }

    /// Kafka's tools of the same version.
    pub fn java(&self) -> JavaTool {
        self.cluster.installation().java_tool()
    }

    /// The batches of a topic as Kafka's log dump sees them. Blocks.
    pub fn dump(&self, topic: &str) -> Result<Vec<crate::BatchDump>, BoxError> {
        dump_log(&self.java(), &self.cluster.data_dir(1), topic)
    }

    /// Runs a Kafka tool against this broker and returns what it printed. Blocks.
    pub fn tool(&self, class: &str, arguments: &[&str], stdin: &[u8]) -> Result<String, BoxError> {
        let bootstrap = self.bootstrap();
        let mut all = vec!["--bootstrap-server", bootstrap.as_str()];
        all.extend_from_slice(arguments);
        Ok(self.java().run(class, &all, stdin)?.text())
    }
}

/// One of the Java programs of this package.
pub fn java_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("java")
        .join(name)
}
