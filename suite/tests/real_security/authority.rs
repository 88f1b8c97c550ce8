//! Authorities, and the files with certificates and keys of both sides.

use std::path::{Path, PathBuf};

use kafka_client::TlsConfig;
use kafka_harness::JavaTool;
use kafka_suite::{BoxError, java_file};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio::task::block_in_place;

/// Who signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// Where brokers take keys and certificates from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stores {
    Pem,
    Pkcs12,
}

/// Who signs what, and the files of both sides: `NAME.pem`, and `NAME.p12` for brokers
/// that want it.
pub(crate) struct Files {
    dir: PathBuf,
    stores: Stores,
    broker: Authority,
    clients: Authority,
}

/// Of PKCS12 stores.
pub(crate) const STORE_PASSWORD: &str = "store-secret";

/// The names by which the brokers are dialled.
const HERE: [&str; 2] = ["localhost", "127.0.0.1"];

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate and its key.
    pub(crate) fn issue(&self, names: &[&str], last_year: i32) -> (String, String) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

impl Files {
    /// In a directory of this name.
    pub(crate) fn new(name: &str, stores: Stores, java: &JavaTool) -> Result<Self, BoxError> {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&dir)?;
        let mut files = Self {
            dir,
            stores,
            broker: Authority::new("broker authority"),
            clients: Authority::new("client authority"),
        };
        files.write_pair("expired", files.broker.issue(&HERE, 2021))?;
        files.write_pair(
            "elsewhere",
            files.broker.issue(&["kafka.example.org"], 2100),
        )?;
        files.write_current()?;
        files.convert(java, &["tls", "expired", "elsewhere", "clients"])?;
        Ok(files)
    }

    /// New authorities on both sides, and new certificates under the old names.
    pub(crate) fn renew(&mut self, java: &JavaTool) -> Result<(), BoxError> {
        self.broker = Authority::new("renewed broker authority");
        self.clients = Authority::new("renewed client authority");
        self.write_current()?;
        self.convert(java, &["tls", "clients"])
    }

    /// The broker's file of this name, as its properties have it.
    pub(crate) fn store(&self, name: &str) -> PathBuf {
        let extension = match self.stores {
            Stores::Pem => "pem",
            Stores::Pkcs12 => "p12",
        };
        self.dir.join(name).with_extension(extension)
    }

    /// A client's settings to trust the broker.
    pub(crate) fn trusting(&self) -> TlsConfig {
        TlsConfig::new().with_root_file(self.pem("ca"))
    }

    /// The same of a client that has a certificate.
    pub(crate) fn known(&self) -> TlsConfig {
        let client = self.pem("client");
        self.trusting().with_client_files(&client, &client)
    }

    fn write_current(&mut self) -> Result<(), BoxError> {
        self.write("ca", &self.broker.pem())?;
        self.write("clients", &self.clients.pem())?;
        self.write_pair("tls", self.broker.issue(&HERE, 2100))?;
        self.write_pair("client", self.clients.issue(&["client"], 2100))
    }

    /// The key first, as Kafka wants it in one file.
    fn write_pair(&self, name: &str, (certificate, key): (String, String)) -> Result<(), BoxError> {
        self.write(name, &(key + &certificate))
    }

    fn write(&self, name: &str, pem: &str) -> Result<(), BoxError> {
        Ok(std::fs::write(self.pem(name), pem)?)
    }

    fn pem(&self, name: &str) -> PathBuf {
        self.dir.join(name).with_extension("pem")
    }

    /// What the broker reads becomes what it can read.
    fn convert(&self, java: &JavaTool, names: &[&str]) -> Result<(), BoxError> {
        if self.stores == Stores::Pem {
            return Ok(());
        }
        let dir = self.dir.display().to_string();
        let arguments = [&[dir.as_str(), STORE_PASSWORD], names].concat();
        block_in_place(|| java.java_program(&java_file("Stores.java"), &arguments, b""))?;
        Ok(())
    }
}
