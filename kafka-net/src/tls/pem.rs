use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why bytes are not the PEM that was wanted: what they are, and what to do.
/// Holds nothing of the bytes themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotPem {
    pub(super) what: &'static str,
    pub(super) hint: &'static str,
}

/// Every certificate, in order; at least one.
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, NotPem> {
    let certificates: Vec<_> = sections(bytes)?
        .into_iter()
        .filter(|(kind, _)| *kind == SectionKind::Certificate)
        .map(|(_, der)| CertificateDer::from(der))
        .collect();
    if certificates.is_empty() {
        return Err(NotPem {
            what: "has no certificate",
            hint: "certificates begin with -----BEGIN CERTIFICATE-----",
        });
    }
    Ok(certificates)
}

/// The first private key.
pub(super) fn private_key(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, NotPem> {
    // Before the rest: OpenSSL's own way has lines that PEM proper does not.
    if contains(bytes, b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || contains(bytes, b"Proc-Type: 4,ENCRYPTED")
    {
        return Err(NotPem {
            what: "has an encrypted private key",
            hint: "decrypt it into a file that only this program may read: openssl pkey -in KEY \
                   -out KEY.plain",
        });
    }
    let mut sections = sections(bytes)?.into_iter();
    let key = sections.find_map(|(kind, der)| PrivateKeyDer::from_pem(kind, der));
    key.ok_or(NotPem {
        what: "has no private key",
        hint: "keys begin with -----BEGIN PRIVATE KEY-----, -----BEGIN RSA PRIVATE KEY----- or \
               -----BEGIN EC PRIVATE KEY-----",
    })
}

fn sections(bytes: &[u8]) -> Result<Vec<(SectionKind, Vec<u8>)>, NotPem> {
    if let Some(other) = other_format(bytes) {
        return Err(other);
    }
    // The library's errors quote the lines they are about.
    <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| NotPem {
            what: "is not valid PEM",
            hint: "is it cut off, or changed by an editor? PEM is Base64 between -----BEGIN …----- \
                   and -----END …-----",
        })
}

/// What else Kafka's users keep their certificates in.
fn other_format(bytes: &[u8]) -> Option<NotPem> {
    match bytes {
        [0xfe, 0xed, 0xfe, 0xed, ..] => Some(NotPem {
            what: "is a Java key store (JKS), not PEM",
            hint: "convert it: keytool -importkeystore -srckeystore STORE -destkeystore STORE.p12 \
                   -deststoretype PKCS12, then openssl pkcs12 -in STORE.p12 -nodes -out STORE.pem",
        }),
        // A DER sequence with a length of two bytes.
        [0x30, 0x82, ..] => Some(NotPem {
            what: "is DER or PKCS#12, not PEM",
            hint: "convert it: openssl pkcs12 -in STORE.p12 -nodes -out STORE.pem for a PKCS#12 \
                   store, openssl x509 -inform DER -in CERT -out CERT.pem for a certificate",
        }),
        _ => None,
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    fn key(label: &str) -> String {
        format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n")
    }

    #[test]
    fn what_is_not_wanted_is_passed_over() {
        let noise = "Bag Attributes\n  friendlyName: x\n";
        let text = [noise, &key("PRIVATE KEY"), CERTIFICATE, noise, CERTIFICATE].concat();
        assert_eq!(certificates(text.as_bytes()).unwrap().len(), 2);
        assert!(private_key(text.as_bytes()).is_ok());
        let windows = text.replace('\n', "\r\n");
        assert_eq!(certificates(windows.as_bytes()).unwrap().len(), 2);
        assert!(private_key(windows.as_bytes()).is_ok());
    }

    #[test]
    fn keys_of_every_kind() {
        let kind = |label| private_key(key(label).as_bytes());
        assert!(matches!(kind("PRIVATE KEY"), Ok(PrivateKeyDer::Pkcs8(_))));
        assert!(matches!(
            kind("RSA PRIVATE KEY"),
            Ok(PrivateKeyDer::Pkcs1(_))
        ));
        assert!(matches!(kind("EC PRIVATE KEY"), Ok(PrivateKeyDer::Sec1(_))));
        let refused = |text: &str| private_key(text.as_bytes()).unwrap_err().what;
        assert_eq!(
            refused(&key("ENCRYPTED PRIVATE KEY")),
            "has an encrypted private key"
        );
        assert_eq!(refused(&key("PUBLIC KEY")), "has no private key");
        assert_eq!(refused(""), "has no private key");
    }

    #[test]
    fn no_bytes_whatever_panic() {
        let text = [CERTIFICATE, &key("EC PRIVATE KEY")].concat();
        for cut in 0..text.len() {
            let _ = certificates(&text.as_bytes()[..cut]);
            let _ = private_key(&text.as_bytes()[cut..]);
        }
        let mut random = fastrand::Rng::with_seed(53);
        for _ in 0..2000 {
            let mut bytes = text.clone().into_bytes();
            for _ in 0..3 {
                let at = random.usize(..bytes.len());
                bytes[at] = random.u8(..);
            }
            let _ = certificates(&bytes);
            let _ = private_key(&bytes);
        }
    }
}
