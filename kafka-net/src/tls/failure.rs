use std::borrow::Cow;
use std::fmt;
use std::io;
use std::net::IpAddr;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, ContentType, HandshakeType, InvalidMessage};

use super::config::TlsConfig;
use crate::text::Untrusted;
use crate::{Error, ErrorKind};

/// What happened, and what to check.
type Told = (Cow<'static, str>, Cow<'static, str>);

/// Why there is no TLS connection. `asked`: for a client certificate, by the broker.
#[cold]
pub(super) fn of_handshake(error: &io::Error, config: &TlsConfig, asked: bool) -> Error {
    if let Some(error) = cause(error) {
        if asked && is_repetition(error) {
            return told(of_silent_refusal(error));
        }
        return told(of_rustls(error, Some(config)));
    }
    let (message, hint) = match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => (
            "the connection was closed during the TLS handshake".to_owned(),
            "check that this is a TLS listener: one for plain text closes like this, and so does a \
             broker that is being stopped",
        ),
        _ => (
            format!("the connection was lost during the TLS handshake: {error}"),
            "check the network between this machine and the broker",
        ),
    };
    Error::new(ErrorKind::Disconnected)
        .with_message(message)
        .with_hint(hint)
}

/// What ended a connection whose handshake was done on our side, if it was TLS.
/// A broker that speaks TLS 1.3 judges the client's certificate only then.
#[cold]
pub(crate) fn of_established(error: &io::Error) -> Option<Error> {
    if let Some(SilentRefusal(error)) = error.get_ref()?.downcast_ref() {
        return Some(told(of_silent_refusal(error)));
    }
    let error = cause(error)?;
    let (message, hint) = of_rustls(error, None);
    let kind = match error {
        rustls::Error::AlertReceived(alert) if is_refusal(*alert) => ErrorKind::Tls,
        // Bytes changed on their way, say: another connection may do better.
        _ => ErrorKind::Disconnected,
    };
    Some(Error::new(kind).with_message(message).with_hint(hint))
}

/// What the failure of the first read means where the broker has asked for a client
/// certificate: see [`SilentRefusal`].
#[cold]
pub(super) fn of_first_read(error: io::Error) -> io::Error {
    match cause(&error) {
        Some(garbled @ rustls::Error::DecryptError) => {
            io::Error::new(error.kind(), SilentRefusal(garbled.clone()))
        }
        _ => error,
    }
}

/// A broker asked for a client certificate, and the first that came after the handshake
/// cannot be decrypted.
///
/// Brokers of old releases (2.8 still is one) that refuse a certificate do not get to send
/// their alert: before they close, they send their network buffer once more as it is, which
/// begins with what they sent last. With TLS 1.2 that is within the handshake.
#[derive(Debug)]
struct SilentRefusal(rustls::Error);

impl fmt::Display for SilentRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for SilentRefusal {}

/// Whether the broker's handshake begins anew where the client's is done.
fn is_repetition(error: &rustls::Error) -> bool {
    use rustls::Error as E;
    match error {
        E::InappropriateHandshakeMessage { got_type, .. } => {
            *got_type == HandshakeType::ServerHello
        }
        E::InappropriateMessage {
            expect_types,
            got_type,
        } => {
            *got_type == ContentType::Handshake
                && expect_types.contains(&ContentType::ChangeCipherSpec)
        }
        _ => false,
    }
}

fn cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn told((message, hint): Told) -> Error {
    Error::new(ErrorKind::Tls)
        .with_message(message)
        .with_hint(hint)
}

fn of_rustls(error: &rustls::Error, config: Option<&TlsConfig>) -> Told {
    match error {
        rustls::Error::InvalidCertificate(error) => of_certificate(error, config),
        rustls::Error::AlertReceived(alert) => of_alert(*alert),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)
        | rustls::Error::InvalidMessage(InvalidMessage::UnknownProtocolVersion)
            if config.is_some() =>
        {
            (
                "what answers does not speak TLS".into(),
                "check that this is a TLS listener, not one for plain text or another protocol"
                    .into(),
            )
        }
        rustls::Error::PeerIncompatible(why) => (
            format!("no TLS version or cipher suite in common ({why:?})").into(),
            "TLS 1.2 and 1.3 are spoken here: check ssl.enabled.protocols and ssl.cipher.suites \
             of the broker"
                .into(),
        ),
        other => (
            format!("TLS failed: {}", Untrusted(&other.to_string())).into(),
            "check that nothing between this machine and the broker changes the traffic".into(),
        ),
    }
}

fn of_certificate(error: &CertificateError, config: Option<&TlsConfig>) -> Told {
    use CertificateError as E;
    match error {
        E::UnknownIssuer => {
            let given = config.is_some_and(|config| !config.roots.is_empty());
            let hint = if given {
                "check that the root certificates given are of the authority that signed the \
                 broker's certificate, and that the broker sends its intermediate certificates"
            } else {
                "the system does not trust its authority: give the authority's certificate with \
                 TlsConfig::with_root_file"
            };
            (
                "the broker's certificate is not signed by a trusted authority".into(),
                hint.into(),
            )
        }
        E::BadSignature => (
            "the broker's certificate is not signed by the trusted authority of that name".into(),
            "check that the root certificates given are the ones in use now".into(),
        ),
        E::Expired => expired(""),
        E::ExpiredContext { time, not_after } => expired(&ago(*time, *not_after)),
        E::NotValidYet => not_valid_yet(""),
        E::NotValidYetContext { time, not_before } => not_valid_yet(&within(*time, *not_before)),
        E::NotValidForName => wrong_name("the name dialled", &[]),
        E::NotValidForNameContext {
            expected,
            presented,
        } => wrong_name(&expected.to_str(), presented),
        E::Revoked => (
            "the broker's certificate is revoked".into(),
            "renew it".into(),
        ),
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => (
            "the broker's certificate is not meant for servers".into(),
            "issue it with the extended key usage serverAuth".into(),
        ),
        E::UnsupportedSignatureAlgorithmContext { .. }
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => (
            "the broker's certificate has a key or signature of a kind that is not supported"
                .into(),
            "SHA-1 signatures and RSA keys under 2048 bits are refused: renew the certificate"
                .into(),
        ),
        other => (
            format!(
                "the broker's certificate is not valid: {}",
                Untrusted(&other.to_string())
            )
            .into(),
            "renew it; one that signs others (CA:TRUE) cannot be a broker's as well".into(),
        ),
    }
}

fn expired(when: &str) -> Told {
    (
        format!("the broker's certificate has expired{when}").into(),
        "renew it, or check this machine's clock".into(),
    )
}

fn not_valid_yet(when: &str) -> Told {
    (
        format!("the broker's certificate is not valid yet{when}").into(),
        "check this machine's clock and the broker's".into(),
    )
}

fn wrong_name(expected: &str, presented: &[String]) -> Told {
    const MOST: usize = 5;
    let expected = Untrusted(expected);
    let mut names = presented
        .iter()
        .take(MOST)
        .map(|name| Untrusted(&readable(name)).to_string())
        .collect::<Vec<_>>()
        .join(", ");
    if presented.len() > MOST {
        names.push_str(", …");
    }
    let message = if names.is_empty() {
        format!("the broker's certificate names no host, so it is not for {expected}")
    } else {
        format!("the broker's certificate is for {names}, not for {expected}")
    };
    (
        message.into(),
        "dial a name in it (advertised.listeners is what clients dial), issue it with this name \
         or address as a subject alternative name, or say which name to expect with \
         TlsConfig::with_server_name"
            .into(),
    )
}

/// `DnsName("a")` as `a`.
fn readable(presented: &str) -> String {
    match presented.split_once('(') {
        Some(("DnsName", rest)) => rest.trim_end_matches(')').trim_matches('"').to_owned(),
        Some(("IpAddress", rest)) => {
            let address = rest.trim_end_matches(')');
            // As everyone else writes it.
            let parsed = address.parse::<IpAddr>();
            parsed.map_or_else(|_| address.to_owned(), |address| address.to_string())
        }
        _ => presented.to_owned(),
    }
}

/// Whether the broker will say the same next time.
fn is_refusal(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::CertificateRequired
            | A::NoCertificate
            | A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::UnknownCA
            | A::AccessDenied
            | A::DecryptError
            | A::HandshakeFailure
    )
}

const HINT_CLIENT: &str = "give a certificate that the broker's authorities signed, with its \
                           intermediate ones, to TlsConfig::with_client_files";

fn of_alert(alert: AlertDescription) -> Told {
    use AlertDescription as A;
    match alert {
        A::CertificateRequired | A::NoCertificate => (
            "the broker demands a client certificate".into(),
            HINT_CLIENT.into(),
        ),
        A::CertificateExpired => (
            "the broker refuses the client certificate: it has expired".into(),
            "renew it, or check the broker's clock".into(),
        ),
        A::UnknownCA => (
            "the broker does not know the authority of the client certificate".into(),
            "check the broker's ssl.truststore, or give a certificate of an authority it knows \
             to TlsConfig::with_client_files"
                .into(),
        ),
        A::BadCertificate
        | A::UnsupportedCertificate
        | A::CertificateRevoked
        | A::CertificateUnknown
        | A::AccessDenied
        | A::DecryptError => (
            format!("the broker refuses the client certificate, or demands one (alert {alert:?})")
                .into(),
            HINT_CLIENT.into(),
        ),
        A::HandshakeFailure | A::InsufficientSecurity => (
            format!("the broker found nothing in common (alert {alert:?})").into(),
            "check its ssl.cipher.suites, and whether it demands a client certificate".into(),
        ),
        A::ProtocolVersion => (
            "the broker speaks no TLS version that is safe".into(),
            "TLS 1.2 and 1.3 are spoken here: check ssl.enabled.protocols of the broker".into(),
        ),
        A::UnrecognisedName => (
            "the broker has no certificate for the name dialled".into(),
            "check the name, or say which to ask for with TlsConfig::with_server_name".into(),
        ),
        other => (
            format!("the broker ended TLS (alert {other:?})").into(),
            "the broker's log says why".into(),
        ),
    }
}

fn of_silent_refusal(error: &rustls::Error) -> Told {
    (
        format!(
            "the broker seems to refuse the client certificate, or to demand one: it asked for \
             one, and what it sent then makes no sense ({})",
            Untrusted(&error.to_string())
        )
        .into(),
        HINT_CLIENT.into(),
    )
}

/// ` 3 days ago`.
fn ago(now: UnixTime, then: UnixTime) -> String {
    format!(" {} ago", span(now, then))
}

/// `, but in 3 days`.
fn within(now: UnixTime, then: UnixTime) -> String {
    format!(", but in {}", span(then, now))
}

fn span(late: UnixTime, early: UnixTime) -> String {
    let seconds = late.as_secs().saturating_sub(early.as_secs());
    let units = [(86_400, "days"), (3_600, "hours"), (60, "minutes")];
    for (length, name) in units {
        if seconds >= 2 * length {
            return format!("{} {name}", seconds / length);
        }
    }
    format!("{seconds} seconds")
}
