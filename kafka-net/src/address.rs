use std::fmt;
use std::str::FromStr;

use kafka_protocol::StrBytes;

use crate::text::Untrusted;
use crate::{Error, ErrorKind};

/// Where a broker listens, and which broker that is once known.
///
/// Parsed from `host:port` (`[::1]:9092` for IPv6), as in a bootstrap list; such
/// an address has no id. Addresses from metadata carry the broker's id. Two
/// addresses that differ in id, host or port get connections of their own, so a
/// broker that moves is dialled at its new place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BrokerAddress {
    /// The broker's node id; `None` for a bootstrap address.
    pub id: Option<i32>,
    /// Host name or IP address, without brackets.
    pub host: StrBytes,
    /// TCP port.
    pub port: u16,
}

impl BrokerAddress {
    /// An address whose broker is not known yet, as in a bootstrap list.
    pub fn new(host: impl Into<StrBytes>, port: u16) -> Self {
        Self {
            id: None,
            host: host.into(),
            port,
        }
    }

    /// The same address, known to be that of broker `id`.
    #[must_use]
    pub fn with_id(mut self, id: i32) -> Self {
        self.id = Some(id);
        self
    }
}

impl FromStr for BrokerAddress {
    type Err = Error;

    /// # Errors
    ///
    /// [`ErrorKind::Config`] when it is not `host:port`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |what: &str| {
            Error::new(ErrorKind::Config)
                .with_message(format!("{what} in broker address \"{}\"", Untrusted(text)))
                .with_hint("write host:port, for example localhost:9092 or [::1]:9092")
        };
        let text = text.trim();
        if text.contains("://") {
            return Err(wrong("a URL"));
        }
        if text.contains(',') {
            return Err(wrong("several addresses"));
        }
        let Some((host, port)) = text.rsplit_once(':') else {
            return Err(wrong("no port"));
        };
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']').ok_or_else(|| wrong("no ']'"))?,
            None if host.contains(':') => return Err(wrong("IPv6 without brackets")),
            None => host,
        };
        if host.is_empty() {
            return Err(wrong("no host"));
        }
        if host
            .chars()
            .any(|char| char.is_whitespace() || char.is_control())
        {
            return Err(wrong("an invalid character in the host"));
        }
        match port.parse() {
            Ok(0) | Err(_) => Err(wrong("no port between 1 and 65535")),
            Ok(port) => Ok(Self::new(host, port)),
        }
    }
}

/// `kafka-2:9092`, or `[::1]:9092`; the id is not shown.
impl fmt::Display for BrokerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = Untrusted(&self.host);
        if self.host.contains(':') {
            write!(f, "[{host}]:{}", self.port)
        } else {
            write!(f, "{host}:{}", self.port)
        }
    }
}

/// Which of a broker's connections a request travels on.
///
/// A broker works on one request per connection at a time, so a fetch that waits
/// for data would hold up the produce behind it. Each lane is a connection of
/// its own, opened when first used.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Metadata, look-ups, administration: short requests.
    Control,
    /// Produce.
    Produce,
    /// Fetch, which waits on the broker for data.
    Fetch,
    /// Group membership and offsets; joining and syncing wait on the broker.
    Group,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 4] = [Self::Control, Self::Produce, Self::Fetch, Self::Group];

    /// `control`, `produce`, `fetch` or `group`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Produce => "produce",
            Self::Fetch => "fetch",
            Self::Group => "group",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(&str, u16), &str>) {
        match (text.parse::<BrokerAddress>(), expected) {
            (Ok(address), Ok((host, port))) => {
                assert_eq!(address, BrokerAddress::new(host, port));
            }
            (Err(error), Err(part)) => {
                assert_eq!(error.kind(), &ErrorKind::Config);
                assert!(error.to_string().contains(part), "{error}");
            }
            (got, _) => panic!("{text}: {got:?}"),
        }
    }

    #[test]
    fn addresses() {
        check("localhost:9092", Ok(("localhost", 9092)));
        check(
            " kafka-1.example.org:65535 ",
            Ok(("kafka-1.example.org", 65535)),
        );
        check("[::1]:9092", Ok(("::1", 9092)));
        check("127.0.0.1:1", Ok(("127.0.0.1", 1)));
        check("localhost", Err("no port in broker address \"localhost\""));
        check("localhost:", Err("no port between 1 and 65535"));
        check("localhost:0", Err("no port between 1 and 65535"));
        check("localhost:65536", Err("no port between 1 and 65535"));
        check(":9092", Err("no host"));
        check("::1:9092", Err("IPv6 without brackets"));
        check("[::1:9092", Err("no ']'"));
        check("kafka://localhost:9092", Err("a URL"));
        check("a b:9092", Err("an invalid character"));
        check("a:1,b:2", Err("several addresses"));
    }

    #[test]
    fn shown_without_id_and_escaped() {
        let address = BrokerAddress::new("kafka-2", 9092).with_id(2);
        assert_eq!(address.to_string(), "kafka-2:9092");
        assert_eq!(BrokerAddress::new("::1", 1).to_string(), "[::1]:1");
        assert_eq!(BrokerAddress::new("a\nb", 1).to_string(), "a\\nb:1");
    }
}
