//! Reaching brokers through a proxy.

mod http;
mod socks5;
mod tunnel;

use std::fmt;

use kafka_protocol::StrBytes;

use crate::text::Untrusted;
use crate::{BrokerAddress, Credentials, Error, Secret};

pub(crate) use tunnel::open;

/// A proxy through which every broker is reached.
///
/// The proxy resolves the brokers' names; this machine resolves the proxy's own. What
/// goes through the tunnel is the same as without: TLS, if it is on, is with the broker
/// and checks the broker's name. What is said to the proxy itself, its password too,
/// goes in the clear.
///
/// ```
/// use kafka_net::{NetConfig, Proxy};
///
/// let proxy = Proxy::socks5("proxy.example.org", 1080).with_credentials("me", "secret");
/// assert!(!format!("{proxy:?}").contains("secret"));
/// let config = NetConfig::default().with_proxy(proxy);
/// # config.validate().unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    kind: Kind,
    host: StrBytes,
    port: u16,
    credentials: Option<Credentials>,
}

/// How to ask for a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Socks5,
    HttpConnect,
}

impl Proxy {
    /// A SOCKS5 proxy (RFC 1928).
    pub fn socks5(host: impl Into<StrBytes>, port: u16) -> Self {
        Self::of(Kind::Socks5, host.into(), port)
    }

    /// An HTTP proxy that takes CONNECT (RFC 9110 §9.3.6), over plain TCP.
    pub fn http_connect(host: impl Into<StrBytes>, port: u16) -> Self {
        Self::of(Kind::HttpConnect, host.into(), port)
    }

    fn of(kind: Kind, host: StrBytes, port: u16) -> Self {
        Self {
            kind,
            host,
            port,
            credentials: None,
        }
    }

    /// Logs in at the proxy: by RFC 1929 with SOCKS5, by the Basic scheme (RFC 7617)
    /// with HTTP. With SOCKS5 both are 1 to 255 bytes; with HTTP the user has no colon.
    /// Default: not at all.
    #[must_use]
    pub fn with_credentials(
        mut self,
        user: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Self {
        self.credentials = Some(Credentials::new(user, password));
        self
    }

    /// Its host name or address.
    pub fn host(&self) -> &StrBytes {
        &self.host
    }

    /// Its TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let wrong = |text: &str| Err(Error::config(format!("proxy: {text}")));
        if self.host.is_empty() || self.port == 0 {
            return wrong("needs a host, and a port between 1 and 65535");
        }
        let Some(credentials) = &self.credentials else {
            return Ok(());
        };
        let (user, password) = (credentials.user(), credentials.password().expose());
        match self.kind {
            Kind::Socks5 if !is_field(user) || !is_field(password) => {
                wrong("user and password must have 1 to 255 bytes each with SOCKS5")
            }
            Kind::HttpConnect if user.contains(':') => {
                wrong("the user must have no ':' in it with HTTP")
            }
            Kind::HttpConnect if format!("{user}{password}").contains(char::is_control) => {
                wrong("user and password must have no control characters with HTTP")
            }
            _ => Ok(()),
        }
    }
}

/// Whether SOCKS5's length byte can tell of it.
fn is_field(text: &str) -> bool {
    (1..=255).contains(&text.len())
}

/// `proxy.example.org:1080`.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", BrokerAddress::new(self.host.clone(), self.port))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Socks5 => "SOCKS5",
            Self::HttpConnect => "HTTP",
        })
    }
}

/// What a conversation with a proxy comes to.
#[derive(Debug)]
enum Step {
    /// More bytes are needed.
    Read,
    /// Send this, then go on.
    Send(zeroize::Zeroizing<Vec<u8>>),
    /// The tunnel stands.
    Done,
}

/// Why there is no tunnel.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    /// The proxy wants a login, or another one.
    NotLetIn(&'static str),
    /// It does not reach the broker, or is not willing to.
    NoTunnel(String),
    /// It answers what such a proxy does not.
    NoProxy,
    /// The broker's name cannot be told to such a proxy.
    BadTarget,
}

impl Failure {
    fn no_tunnel(text: &str) -> Self {
        Self::NoTunnel(Untrusted(text).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(proxy: Proxy, expected: Option<&str>) {
        match (proxy.validate(), expected) {
            (Ok(()), None) => {}
            (Err(error), Some(text)) => {
                let shown = error.to_string();
                assert!(shown.contains(text), "{shown}");
                assert!(!shown.contains("s3cret"), "{shown}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn wrong_settings_are_named() {
        check(Proxy::socks5("p", 1), None);
        check(Proxy::socks5("", 1), Some("host"));
        check(Proxy::http_connect("p", 0), Some("port"));
        let socks = Proxy::socks5("p", 1);
        check(socks.clone().with_credentials("me", "s3cret"), None);
        check(
            socks.clone().with_credentials("", "s3cret"),
            Some("1 to 255"),
        );
        check(socks.clone().with_credentials("me", ""), Some("1 to 255"));
        check(
            socks.with_credentials("me", "s3cret".repeat(50)),
            Some("1 to 255"),
        );
        let http = Proxy::http_connect("p", 1);
        check(http.clone().with_credentials("me", ""), None);
        check(http.clone().with_credentials("a:b", "s3cret"), Some("':'"));
        check(
            http.with_credentials("me", "s3cret\r\nX: y"),
            Some("control characters"),
        );
    }

    #[test]
    fn nothing_secret_shows() {
        let proxy = Proxy::http_connect("p", 3128).with_credentials("me", "s3cret");
        assert!(!format!("{proxy:?} {proxy:#?} {proxy}").contains("s3cret"));
        assert_eq!(proxy.to_string(), "p:3128");
    }
}
