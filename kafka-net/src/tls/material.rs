use std::slice;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

use super::config::{ClientIdentity, Pem, TlsConfig, Trust};
use super::files::Contents;
use super::pem::{self, NotPem};
use super::verifier::{AnyCertificate, AnyHostName};
use crate::Error;
use crate::text::Untrusted;

/// The settings as rustls takes them, with the files' contents.
pub(super) fn build(
    config: &TlsConfig,
    files: &Contents,
    system_roots: Option<&RootCertStore>,
    time: Arc<dyn TimeProvider>,
) -> Result<ClientConfig, Error> {
    let mut files = Files(files.iter());
    let provider = provider();
    let mut roots = system_roots.cloned().unwrap_or_else(RootCertStore::empty);
    for pem in &config.roots {
        add_roots(&mut roots, pem, files.contents(pem))?;
    }
    let builder = ClientConfig::builder_with_details(provider.clone(), time)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused("TLS", &error))?;
    let builder = match dangerous_verifier(config.trust, roots.clone(), &provider) {
        None => builder.with_root_certificates(roots),
        Some(verifier) => builder
            .dangerous()
            .with_custom_certificate_verifier(verifier),
    };
    let Some(client) = &config.client else {
        return Ok(builder.with_no_client_auth());
    };
    let certificates = files.contents(&client.certificates);
    let certificates = client_certificates(client, certificates)?;
    let key = client_key(client, files.contents(&client.key))?;
    builder
        .with_client_auth_cert(certificates, key)
        .map_err(|error| unfit(client, &error))
}

/// Checks what is in memory.
pub(super) fn validate(config: &TlsConfig) -> Result<(), Error> {
    let mut roots = RootCertStore::empty();
    for pem in &config.roots {
        if let Pem::Memory(contents) = pem {
            add_roots(&mut roots, pem, contents)?;
        }
    }
    if let Some(name) = &config.server_name {
        server_name(name)?;
    }
    let Some(client) = &config.client else {
        return Ok(());
    };
    let certificates = match &client.certificates {
        Pem::Memory(contents) => Some(client_certificates(client, contents)?),
        Pem::File(_) => None,
    };
    let key = match &client.key {
        Pem::Memory(contents) => Some(client_key(client, contents)?),
        Pem::File(_) => None,
    };
    if let (Some(certificates), Some(key)) = (certificates, key) {
        CertifiedKey::from_der(certificates, key, &provider())
            .map_err(|error| unfit(client, &error))?;
    }
    Ok(())
}

/// The roots that the operating system trusts. Blocks.
pub(super) fn system_roots() -> Result<RootCertStore, Error> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Whatever rustls cannot use is of no use to anyone; a few of them are old.
    let (usable, unusable) = roots.add_parsable_certificates(found.certs);
    tracing::debug!(
        usable,
        unusable,
        errors = found.errors.len(),
        "the system's TLS roots"
    );
    if usable > 0 {
        return Ok(roots);
    }
    let error = Error::config("no trusted TLS root certificate was found on this system").with_hint(
        "install the system's CA certificates (the package is mostly called ca-certificates), or \
         give roots with TlsConfig::with_root_file",
    );
    Err(match found.errors.into_iter().next() {
        Some(cause) => error.with_source(cause),
        None => error,
    })
}

/// A name as certificates have it: without the root's dot and an IPv6 zone.
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>, Error> {
    let name = host.strip_suffix('.').unwrap_or(host);
    let name = match name.split_once('%') {
        Some((address, _)) if address.contains(':') => address,
        _ => name,
    };
    let name = ServerName::try_from(name).map_err(|_| {
        Error::config(format!(
            "\"{}\" is no name that a TLS certificate can be for",
            Untrusted(host)
        ))
        .with_hint("give the name in the broker's certificate to TlsConfig::with_server_name")
    })?;
    Ok(name.to_owned())
}

fn provider() -> Arc<CryptoProvider> {
    match CryptoProvider::get_default() {
        Some(installed) => installed.clone(),
        None => Arc::new(ring::default_provider()),
    }
}

fn dangerous_verifier(
    trust: Trust,
    roots: RootCertStore,
    provider: &CryptoProvider,
) -> Option<Arc<dyn ServerCertVerifier>> {
    let algorithms = provider.signature_verification_algorithms;
    match trust {
        Trust::ChainAndHostName => None,
        Trust::DangerousAnyHostName => Some(Arc::new(AnyHostName { roots, algorithms })),
        Trust::DangerousAnyCertificate => Some(Arc::new(AnyCertificate { algorithms })),
    }
}

fn add_roots(roots: &mut RootCertStore, pem: &Pem, contents: &[u8]) -> Result<(), Error> {
    let what = "the TLS root certificates";
    let certificates = pem::certificates(contents).map_err(|not| not_pem(what, pem, not))?;
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|error| refused(&format!("{what} in {pem}"), &error))?;
    }
    Ok(())
}

fn client_certificates(
    client: &ClientIdentity,
    contents: &[u8],
) -> Result<Vec<CertificateDer<'static>>, Error> {
    pem::certificates(contents)
        .map_err(|not| not_pem("the TLS client certificate", &client.certificates, not))
}

fn client_key(client: &ClientIdentity, contents: &[u8]) -> Result<PrivateKeyDer<'static>, Error> {
    pem::private_key(contents).map_err(|not| not_pem("the TLS client key", &client.key, not))
}

#[cold]
fn not_pem(what: &str, pem: &Pem, not: NotPem) -> Error {
    Error::config(format!("{what}: {pem} {}", not.what)).with_hint(not.hint)
}

#[cold]
fn unfit(client: &ClientIdentity, error: &rustls::Error) -> Error {
    let ClientIdentity { certificates, key } = client;
    match error {
        rustls::Error::InconsistentKeys(_) => Error::config(format!(
            "the TLS client certificate in {certificates} is not for the private key in {key}"
        ))
        .with_hint("the client's own certificate comes first, before the intermediate ones"),
        rustls::Error::General(_) => Error::config(format!(
            "the TLS client key in {key} is damaged or of a kind that is not supported"
        ))
        .with_hint("supported are RSA keys of 2048 bits and more, P-256, P-384 and Ed25519"),
        other => refused(
            &format!("the TLS client certificate in {certificates}"),
            other,
        ),
    }
}

#[cold]
fn refused(what: &str, error: &rustls::Error) -> Error {
    Error::config(format!("{what}: {}", Untrusted(&error.to_string())))
}

/// Hands out the files' contents in the order of [`TlsConfig::paths`].
struct Files<'a>(slice::Iter<'a, Zeroizing<Vec<u8>>>);

impl<'a> Files<'a> {
    fn contents(&mut self, pem: &'a Pem) -> &'a [u8] {
        match pem {
            Pem::Memory(contents) => contents,
            Pem::File(_) => self.0.next().map_or(&[], |contents| contents),
        }
    }
}
