use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::http::HttpConnect;
use super::socks5::Socks5;
use super::{Failure, Kind, Proxy, Step};
use crate::{BoxStream, BrokerAddress, Error, ErrorKind};

/// Asks the proxy at the other end of `stream` for a tunnel to `target`. The caller
/// watches the time; the error is without the broker.
pub(crate) async fn open(
    proxy: &Proxy,
    target: &BrokerAddress,
    mut stream: BoxStream,
) -> Result<BoxStream, Error> {
    let mut machine = Machine::new(proxy, target);
    let mut heard = BytesMut::new();
    let lost = |cause| {
        Error::new(ErrorKind::Connect)
            .with_message(format!("no connection through the proxy {proxy}"))
            .with_source(cause)
            .with_hint("the proxy ended it: check user and password, if it wants any, and its log")
    };
    loop {
        match machine.step(&mut heard).map_err(|why| error(proxy, why))? {
            Step::Send(bytes) => {
                stream.write_all(&bytes).await.map_err(lost)?;
                stream.flush().await.map_err(lost)?;
            }
            Step::Read => {
                // Bounded: the machines judge whatever goes beyond an answer's length.
                if stream.read_buf(&mut heard).await.map_err(lost)? == 0 {
                    return Err(lost(std::io::ErrorKind::UnexpectedEof.into()));
                }
            }
            // Brokers say nothing unasked: whatever came too early is not a broker's.
            Step::Done if heard.is_empty() => return Ok(stream),
            Step::Done => return Err(error(proxy, Failure::NoProxy)),
        }
    }
}

enum Machine<'a> {
    Socks5(Socks5<'a>),
    HttpConnect(HttpConnect<'a>),
}

impl<'a> Machine<'a> {
    fn new(proxy: &'a Proxy, target: &'a BrokerAddress) -> Self {
        let credentials = proxy.credentials.as_ref();
        match proxy.kind {
            Kind::Socks5 => Self::Socks5(Socks5::new(target, credentials)),
            Kind::HttpConnect => Self::HttpConnect(HttpConnect::new(target, credentials)),
        }
    }

    fn step(&mut self, heard: &mut BytesMut) -> Result<Step, Failure> {
        match self {
            Self::Socks5(machine) => machine.step(heard),
            Self::HttpConnect(machine) => machine.step(heard),
        }
    }
}

#[cold]
fn error(proxy: &Proxy, failure: Failure) -> Error {
    match failure {
        Failure::NotLetIn(why) => Error::new(ErrorKind::Authentication)
            .with_message(format!("the proxy {proxy} {why}"))
            .with_hint("check the proxy's user and password (Proxy::with_credentials)"),
        Failure::NoTunnel(why) => Error::new(ErrorKind::Connect)
            .with_message(format!("no connection through the proxy {proxy}: {why}"))
            .with_hint("check that the proxy can resolve and reach the broker, and may"),
        Failure::NoProxy => Error::new(ErrorKind::Malformed)
            .with_message(format!("{proxy} does not answer as a proxy does"))
            .with_hint(match proxy.kind {
                Kind::Socks5 => "check that it is a SOCKS5 proxy",
                Kind::HttpConnect => "check that it is an HTTP proxy, spoken to without TLS",
            }),
        Failure::BadTarget => Error::new(ErrorKind::Connect).with_message(format!(
            "the broker's name cannot be told to the proxy {proxy}"
        )),
    }
}
