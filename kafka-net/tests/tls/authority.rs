//! Certificates of every kind, made anew for each test.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

/// Signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
    der: CertificateDer<'static>,
    key_der: Vec<u8>,
}

/// When a certificate is valid.
#[derive(Clone, Copy)]
pub(crate) enum Valid {
    Now,
    Past,
    Future,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn server(&self, names: &[&str]) -> Issued {
        self.server_valid(names, Valid::Now)
    }

    pub(crate) fn server_valid(&self, names: &[&str], valid: Valid) -> Issued {
        self.issue(names, valid, ExtendedKeyUsagePurpose::ServerAuth)
    }

    pub(crate) fn client(&self, valid: Valid) -> Issued {
        self.issue(&[], valid, ExtendedKeyUsagePurpose::ClientAuth)
    }

    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }

    fn issue(&self, names: &[&str], valid: Valid, usage: ExtendedKeyUsagePurpose) -> Issued {
        self.sign(params(names, valid), usage, &KeyPair::generate().unwrap())
    }

    /// A client's certificate for this key.
    pub(crate) fn client_with(&self, key: KeyPair) -> Issued {
        let usage = ExtendedKeyUsagePurpose::ClientAuth;
        self.sign(params(&[], Valid::Now), usage, &key)
    }

    fn sign(
        &self,
        mut params: CertificateParams,
        usage: ExtendedKeyUsagePurpose,
        key: &KeyPair,
    ) -> Issued {
        params.extended_key_usages = vec![usage];
        let certificate = params.signed_by(key, &self.0).unwrap();
        Issued::new(&certificate, key)
    }
}

/// A certificate that nobody signed but its own key.
pub(crate) fn self_signed(names: &[&str]) -> Issued {
    let key = KeyPair::generate().unwrap();
    let certificate = params(names, Valid::Now).self_signed(&key).unwrap();
    Issued::new(&certificate, &key)
}

fn params(names: &[&str], valid: Valid) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    let (from, to) = match valid {
        Valid::Now => (2020, 2100),
        Valid::Past => (2020, 2021),
        Valid::Future => (2100, 2101),
    };
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params
}

impl Issued {
    fn new(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            der: certificate.der().clone(),
            key_der: key.serialize_der(),
        }
    }

    /// The same key written otherwise.
    pub(crate) fn with_key(mut self, pem: impl Into<String>) -> Self {
        self.key = pem.into();
        self
    }

    pub(crate) fn certified(&self) -> Arc<CertifiedKey> {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key_der.clone()));
        let provider = rustls::crypto::ring::default_provider();
        Arc::new(CertifiedKey::from_der(vec![self.der.clone()], key, &provider).unwrap())
    }

    /// A server that shows this certificate and wants none.
    pub(crate) fn listener(&self) -> Arc<ServerConfig> {
        self.listener_of(rustls::DEFAULT_VERSIONS, None)
    }

    pub(crate) fn listener_of(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        clients: Option<&Authority>,
    ) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(versions)
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(authority.roots().into(), provider)
                    .build()
                    .unwrap(),
            ),
        };
        Arc::new(builder.with_cert_resolver(Arc::new(Shown(self.certified()))))
    }
}

#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}
