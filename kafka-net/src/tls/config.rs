use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::material;
use crate::Error;
use crate::text::Untrusted;

/// How connections are encrypted, and who is trusted at the other end.
///
/// With [`crate::NetConfig::with_tls`] every connection is encrypted, or fails:
/// nothing ever falls back to plain text. A broker has to show a certificate
/// for the name it is dialled by (IP addresses included; after the bootstrap
/// that is the name in its `advertised.listeners`), valid now, with a chain up
/// to a trusted root. TLS 1.2 and 1.3 are spoken, sessions are resumed, no ALPN
/// is sent.
///
/// ```
/// use kafka_net::{NetConfig, TlsConfig};
///
/// let tls = TlsConfig::new()
///     .with_root_file("/etc/kafka/ca.pem")
///     .with_client_files("/etc/kafka/client.pem", "/etc/kafka/client.key");
/// let config = NetConfig::default().with_tls(tls);
/// # let _ = config;
/// ```
///
/// # Whom it trusts
///
/// The roots given; without any, those of the operating system, read when first
/// needed. They are checked here, in one way on every platform, and not handed
/// to the platform's own verifier, which may ask the network in the middle of a
/// handshake. Where OpenSSL's variables `SSL_CERT_FILE` and `SSL_CERT_DIR` are
/// set, they name the system's roots. Revocation is not checked.
///
/// # Files
///
/// PEM, as in Kafka's `ssl.keystore.type=PEM`: certificates, and keys in PKCS#8,
/// PKCS#1 or SEC1. Java key stores, PKCS#12 files and encrypted keys are refused
/// with the command that converts them. Files are read anew for each new
/// connection, on a thread where they may block, so a renewed certificate is
/// used without a restart, by new connections. If what they hold cannot be used
/// then (a rotation half done, say), connections go on with what they held
/// before, with a warning, and [`crate::PoolStats::tls_reload_failures`] counts
/// it.
///
/// # Cryptography
///
/// By `ring`, unless the process has installed another provider as rustls's
/// default. The handshake's randomness is the provider's and does not come from
/// [`crate::Random`]; the time by which certificates are valid is that of
/// [`crate::WallClock`].
///
/// Neither keys nor certificates show in `Debug`. Two configurations are equal
/// if their settings are and key and certificates given in memory are the same
/// copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    pub(super) roots: Vec<Pem>,
    pub(super) system_roots: bool,
    pub(super) client: Option<ClientIdentity>,
    pub(super) server_name: Option<String>,
    pub(super) trust: Trust,
}

/// What is asked of a broker's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    ChainAndHostName,
    DangerousAnyHostName,
    DangerousAnyCertificate,
}

/// What a broker is shown that asks for a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClientIdentity {
    pub(super) certificates: Pem,
    pub(super) key: Pem,
}

/// PEM, or where to find it.
#[derive(Clone)]
pub(super) enum Pem {
    File(PathBuf),
    Memory(Arc<Zeroizing<Vec<u8>>>),
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl TlsConfig {
    /// The system's roots, no client certificate, chain and host name checked.
    pub fn new() -> Self {
        Self {
            roots: Vec::new(),
            system_roots: false,
            client: None,
            server_name: None,
            trust: Trust::ChainAndHostName,
        }
    }

    /// Trusts the certificates in this PEM file, one or more. May be called
    /// several times; the system's roots are not trusted then unless
    /// [`TlsConfig::with_system_roots`] says so.
    #[must_use]
    pub fn with_root_file(mut self, path: impl AsRef<Path>) -> Self {
        self.roots.push(Pem::file(path));
        self
    }

    /// Trusts the certificates in this PEM text. Otherwise as
    /// [`TlsConfig::with_root_file`].
    #[must_use]
    pub fn with_root_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(Pem::memory(pem));
        self
    }

    /// Trusts the system's roots besides those given.
    #[must_use]
    pub fn with_system_roots(mut self) -> Self {
        self.system_roots = true;
        self
    }

    /// Shows this certificate to brokers that ask for one (mutual TLS): a PEM
    /// file that begins with the client's own certificate and goes on with the
    /// intermediate ones, and a PEM file with its private key. They may be the
    /// same file.
    #[must_use]
    pub fn with_client_files(
        mut self,
        certificates: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Self {
        self.client = Some(ClientIdentity {
            certificates: Pem::file(certificates),
            key: Pem::file(key),
        });
        self
    }

    /// Like [`TlsConfig::with_client_files`], from memory. The key is overwritten
    /// when the last clone of these settings is dropped.
    #[must_use]
    pub fn with_client_pem(
        mut self,
        certificates: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        self.client = Some(ClientIdentity {
            certificates: Pem::memory(certificates),
            key: Pem::memory(key),
        });
        self
    }

    /// The name or IP address that every broker's certificate has to be for, in
    /// the place of the one dialled; it is what brokers are told as well (SNI).
    /// For a tunnel or a port forward whose address is in no certificate.
    #[must_use]
    pub fn with_server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Takes a certificate with a trusted chain whatever host it is for, as
    /// Kafka's empty `ssl.endpoint.identification.algorithm` does.
    ///
    /// Whoever has any certificate of a trusted authority can then pose as any
    /// broker.
    #[must_use]
    pub fn dangerous_skip_host_name(mut self) -> Self {
        if self.trust == Trust::ChainAndHostName {
            self.trust = Trust::DangerousAnyHostName;
        }
        self
    }

    /// Takes any certificate of anybody, expired ones included.
    ///
    /// Whoever can get in between then reads and changes everything, passwords
    /// included. For experiments; to trust a self-signed certificate give it to
    /// [`TlsConfig::with_root_file`] instead.
    #[must_use]
    pub fn dangerous_accept_any_certificate(mut self) -> Self {
        self.trust = Trust::DangerousAnyCertificate;
        self
    }

    /// Checks what can be checked without reading files.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        material::validate(self)
    }

    /// Every file, in the order in which [`super::files`] reads them.
    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let client = self.client.iter();
        let client = client.flat_map(|client| [&client.certificates, &client.key]);
        self.roots.iter().chain(client).filter_map(|pem| match pem {
            Pem::File(path) => Some(path),
            Pem::Memory(_) => None,
        })
    }

    pub(super) fn wants_system_roots(&self) -> bool {
        let verified = self.trust != Trust::DangerousAnyCertificate;
        verified && (self.system_roots || self.roots.is_empty())
    }
}

impl Pem {
    fn file(path: impl AsRef<Path>) -> Self {
        Self::File(path.as_ref().to_owned())
    }

    fn memory(pem: impl Into<Vec<u8>>) -> Self {
        Self::Memory(Arc::new(Zeroizing::new(pem.into())))
    }
}

impl PartialEq for Pem {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(a), Self::File(b)) => a == b,
            (Self::Memory(a), Self::Memory(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Eq for Pem {}

/// Where it is, never what it is.
impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => Untrusted(&path.to_string_lossy()).fmt(f),
            Self::Memory(_) => f.write_str("(from memory)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_dangers_and_no_secret() {
        let given = TlsConfig::new()
            .with_root_pem("ROOT-CANARY")
            .with_root_file("/etc/kafka/ca.pem")
            .with_client_pem("CERT-CANARY", "KEY-CANARY")
            .dangerous_skip_host_name();
        let shown = format!("{given:?}");
        assert!(!shown.contains("CANARY"), "{shown}");
        assert!(shown.contains("/etc/kafka/ca.pem"), "{shown}");
        assert!(shown.contains("DangerousAnyHostName"), "{shown}");
        let shown = format!("{:?}", given.dangerous_accept_any_certificate());
        assert!(shown.contains("DangerousAnyCertificate"), "{shown}");
        assert!(!format!("{:?}", TlsConfig::new()).contains("Dangerous"));
    }

    #[test]
    fn the_lesser_danger_does_not_undo_the_greater() {
        let both = TlsConfig::new()
            .dangerous_accept_any_certificate()
            .dangerous_skip_host_name();
        assert_eq!(both.trust, Trust::DangerousAnyCertificate);
    }

    #[test]
    fn equal_are_the_same_settings() {
        let files = || {
            TlsConfig::new()
                .with_root_file("a")
                .with_client_files("b", "c")
        };
        assert_eq!(files(), files());
        assert_ne!(files(), files().with_system_roots());
        let memory = TlsConfig::new().with_root_pem("a");
        assert_eq!(memory, memory.clone());
        assert_ne!(memory, TlsConfig::new().with_root_pem("a"));
    }

    #[test]
    fn system_roots_are_the_default_only() {
        assert!(TlsConfig::new().wants_system_roots());
        let given = TlsConfig::new().with_root_file("a");
        assert!(!given.wants_system_roots());
        assert!(given.with_system_roots().wants_system_roots());
    }
}
