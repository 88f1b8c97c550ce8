use std::net::IpAddr;

use bytes::{Buf, BytesMut};
use zeroize::Zeroizing;

use super::{Failure, Step};
use crate::{BrokerAddress, Credentials};

/// Asking a SOCKS5 proxy for a tunnel (RFC 1928, RFC 1929).
///
/// ```text
/// Start ─methods─► Methods ─► Connecting ─► done
///                     └─► LoggingIn ─┘
/// ```
///
/// Pure: bytes come in, bytes to send go out.
#[derive(Debug)]
pub(super) struct Socks5<'a> {
    target: &'a BrokerAddress,
    credentials: Option<&'a Credentials>,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Start,
    Methods,
    LoggingIn,
    Connecting,
}

const VERSION: u8 = 5;
const NO_LOGIN: u8 = 0;
const PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
/// Of the login, which is a protocol of its own.
const LOGIN_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

impl<'a> Socks5<'a> {
    pub(super) fn new(target: &'a BrokerAddress, credentials: Option<&'a Credentials>) -> Self {
        Self {
            target,
            credentials,
            state: State::Start,
        }
    }

    /// Takes what it understands from the front of `heard`.
    pub(super) fn step(&mut self, heard: &mut BytesMut) -> Result<Step, Failure> {
        match self.state {
            State::Start => {
                self.state = State::Methods;
                Ok(send(match self.credentials {
                    None => vec![VERSION, 1, NO_LOGIN],
                    Some(_) => vec![VERSION, 2, NO_LOGIN, PASSWORD],
                }))
            }
            State::Methods => match heard.first_chunk() {
                None => Ok(Step::Read),
                Some([VERSION, method]) => {
                    let method = *method;
                    heard.advance(2);
                    self.on_method(method)
                }
                Some(_) => Err(Failure::NoProxy),
            },
            State::LoggingIn => match heard.first_chunk() {
                None => Ok(Step::Read),
                Some([LOGIN_VERSION, 0]) => {
                    heard.advance(2);
                    self.ask()
                }
                Some([LOGIN_VERSION, _]) => Err(Failure::NotLetIn("refuses user and password")),
                Some(_) => Err(Failure::NoProxy),
            },
            State::Connecting => Self::on_reply(heard),
        }
    }

    fn on_method(&mut self, method: u8) -> Result<Step, Failure> {
        match (method, self.credentials) {
            (NO_LOGIN, _) => self.ask(),
            (PASSWORD, Some(credentials)) => {
                self.state = State::LoggingIn;
                let mut login = Zeroizing::new(vec![LOGIN_VERSION]);
                for text in [credentials.user(), credentials.password().expose()] {
                    // The setting was checked.
                    login.push(u8::try_from(text.len()).map_err(|_| Failure::NoProxy)?);
                    login.extend_from_slice(text.as_bytes());
                }
                Ok(Step::Send(login))
            }
            (NO_METHOD, None) => Err(Failure::NotLetIn("wants a login and none is set")),
            (NO_METHOD, Some(_)) => Err(Failure::NotLetIn("takes no login by password")),
            _ => Err(Failure::NoProxy),
        }
    }

    /// Names the target as it is, so that the proxy resolves it.
    fn ask(&mut self) -> Result<Step, Failure> {
        self.state = State::Connecting;
        let mut request = vec![VERSION, CONNECT, 0];
        match self.target.host.parse() {
            Ok(IpAddr::V4(address)) => {
                request.push(IPV4);
                request.extend(address.octets());
            }
            Ok(IpAddr::V6(address)) => {
                request.push(IPV6);
                request.extend(address.octets());
            }
            Err(_) => {
                let name = self.target.host.as_bytes();
                let len = u8::try_from(name.len()).map_err(|_| Failure::BadTarget)?;
                if len == 0 || name.contains(&0) {
                    return Err(Failure::BadTarget);
                }
                request.extend([NAME, len]);
                request.extend(name);
            }
        }
        request.extend(self.target.port.to_be_bytes());
        Ok(send(request))
    }

    fn on_reply(heard: &mut BytesMut) -> Result<Step, Failure> {
        let Some(&[version, reply, _, kind, first]) = heard.first_chunk() else {
            return match heard.first_chunk() {
                // Some say no more than this before they close.
                Some(&[VERSION, reply]) if reply != 0 => Err(refusal(reply)),
                _ => Ok(Step::Read),
            };
        };
        if version != VERSION {
            return Err(Failure::NoProxy);
        }
        if reply != 0 {
            return Err(refusal(reply));
        }
        let address = match kind {
            IPV4 => 4,
            IPV6 => 16,
            NAME => 1 + usize::from(first),
            _ => return Err(Failure::NoProxy),
        };
        let len = 4 + address + 2;
        if heard.len() < len {
            return Ok(Step::Read);
        }
        heard.advance(len);
        Ok(Step::Done)
    }
}

fn send(bytes: Vec<u8>) -> Step {
    Step::Send(Zeroizing::new(bytes))
}

/// In RFC 1928's words.
fn refusal(reply: u8) -> Failure {
    Failure::no_tunnel(match reply {
        1 => "general SOCKS server failure",
        2 => "connection not allowed by ruleset",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => return Failure::NoTunnel(format!("refused with code {reply}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Dialogue<'a> {
        machine: Socks5<'a>,
        heard: BytesMut,
    }

    impl<'a> Dialogue<'a> {
        fn new(target: &'a BrokerAddress, credentials: Option<&'a Credentials>) -> Self {
            Self {
                machine: Socks5::new(target, credentials),
                heard: BytesMut::new(),
            }
        }

        #[track_caller]
        fn sends(&mut self, bytes: &[u8]) {
            match self.machine.step(&mut self.heard) {
                Ok(Step::Send(sent)) => assert_eq!(&sent[..], bytes),
                other => panic!("{other:?}"),
            }
        }

        /// A byte at a time, each but the last leaving it waiting.
        #[track_caller]
        fn hears(&mut self, bytes: &[u8]) {
            let (last, before) = bytes.split_last().unwrap();
            for byte in before {
                let step = self.machine.step(&mut self.heard);
                assert!(matches!(step, Ok(Step::Read)), "{step:?}");
                self.heard.extend([*byte]);
            }
            let step = self.machine.step(&mut self.heard);
            assert!(matches!(step, Ok(Step::Read)), "{step:?}");
            self.heard.extend([*last]);
        }

        #[track_caller]
        fn fails(&mut self, failure: Failure) {
            assert_eq!(self.machine.step(&mut self.heard).unwrap_err(), failure);
        }
    }

    #[test]
    fn a_name_is_for_the_proxy_to_resolve() {
        let target = BrokerAddress::new("kafka-1", 9092);
        let mut dialogue = Dialogue::new(&target, None);
        dialogue.sends(&[5, 1, 0]);
        dialogue.hears(&[5, 0]);
        dialogue.sends(b"\x05\x01\0\x03\x07kafka-1\x23\x84");
        dialogue.hears(&[5, 0, 0, 1, 10, 0, 0, 1, 0x1f, 0x90]);
        let done = dialogue.machine.step(&mut dialogue.heard);
        assert!(matches!(done, Ok(Step::Done)));
        assert!(dialogue.heard.is_empty());
    }

    #[test]
    fn a_login_and_addresses_of_every_kind() {
        let credentials = Credentials::new("me", "secret");
        for (host, request, reply) in [
            (
                "10.0.0.7",
                &b"\x05\x01\0\x01\x0a\0\0\x07\0\x50"[..],
                &b"\x05\0\0\x03\x02ab\0\0"[..],
            ),
            (
                "::1",
                b"\x05\x01\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x50",
                b"\x05\0\0\x04abcdabcdabcdabcd\0\0",
            ),
        ] {
            let target = BrokerAddress::new(host, 80);
            let mut dialogue = Dialogue::new(&target, Some(&credentials));
            dialogue.sends(&[5, 2, 0, 2]);
            dialogue.hears(&[5, 2]);
            dialogue.sends(b"\x01\x02me\x06secret");
            dialogue.hears(&[1, 0]);
            dialogue.sends(request);
            dialogue.hears(reply);
            let done = dialogue.machine.step(&mut dialogue.heard);
            assert!(matches!(done, Ok(Step::Done)));
        }
    }

    #[test]
    fn refusals_say_why() {
        let target = BrokerAddress::new("kafka-1", 9092);
        let credentials = Credentials::new("me", "secret");
        let asked = |credentials| {
            let mut dialogue = Dialogue::new(&target, credentials);
            let greeting = dialogue.machine.step(&mut dialogue.heard);
            assert!(matches!(greeting, Ok(Step::Send(_))));
            dialogue
        };
        let mut dialogue = asked(None);
        dialogue.hears(&[5, 0xff]);
        dialogue.fails(Failure::NotLetIn("wants a login and none is set"));
        // It asks for what was not offered.
        let mut dialogue = asked(None);
        dialogue.hears(&[5, 2]);
        dialogue.fails(Failure::NoProxy);
        let mut dialogue = asked(Some(&credentials));
        dialogue.hears(&[5, 0xff]);
        dialogue.fails(Failure::NotLetIn("takes no login by password"));
        let mut dialogue = asked(Some(&credentials));
        dialogue.hears(&[5, 2]);
        dialogue.sends(b"\x01\x02me\x06secret");
        dialogue.hears(&[1, 1]);
        dialogue.fails(Failure::NotLetIn("refuses user and password"));
        for (reply, text) in [(5, "connection refused"), (99, "refused with code 99")] {
            let mut dialogue = asked(None);
            dialogue.hears(&[5, 0]);
            dialogue.machine.step(&mut dialogue.heard).unwrap();
            dialogue.hears(&[5, reply]);
            dialogue.fails(Failure::NoTunnel(text.to_owned()));
        }
        let mut dialogue = asked(None);
        dialogue.hears(b"HT");
        dialogue.fails(Failure::NoProxy);
    }

    #[test]
    fn names_that_do_not_fit_are_refused() {
        for host in [String::new(), "x".repeat(256), "a\0b".to_owned()] {
            let target = BrokerAddress::new(host, 9092);
            let mut dialogue = Dialogue::new(&target, None);
            dialogue.sends(&[5, 1, 0]);
            dialogue.hears(&[5, 0]);
            dialogue.fails(Failure::BadTarget);
        }
    }
}
