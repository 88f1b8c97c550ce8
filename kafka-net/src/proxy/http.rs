use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::{Buf, BytesMut};
use zeroize::Zeroizing;

use super::{Failure, Step};
use crate::{BrokerAddress, Credentials};

/// Asking an HTTP proxy for a tunnel by CONNECT (RFC 9110 §9.3.6).
///
/// Pure: bytes come in, bytes to send go out.
#[derive(Debug)]
pub(super) struct HttpConnect<'a> {
    target: &'a BrokerAddress,
    credentials: Option<&'a Credentials>,
    asked: bool,
    /// Of answers before the last one, so far.
    interim_bytes: usize,
}

/// What the proxy makes of the request.
#[derive(Debug)]
enum Verdict {
    /// The tunnel is there.
    Final,
    /// Another answer follows (RFC 9110 §15.2).
    Interim,
}

/// The longest head of an answer that is taken, those of interim answers included.
const MAX_HEAD: usize = 16 * 1024;

impl<'a> HttpConnect<'a> {
    pub(super) fn new(target: &'a BrokerAddress, credentials: Option<&'a Credentials>) -> Self {
        Self {
            target,
            credentials,
            asked: false,
            interim_bytes: 0,
        }
    }

    /// Takes what it understands from the front of `heard`.
    pub(super) fn step(&mut self, heard: &mut BytesMut) -> Result<Step, Failure> {
        if !self.asked {
            self.asked = true;
            return self.ask();
        }
        loop {
            let beginning = heard.get(..heard.len().min(PROTOCOL.len()));
            if beginning.is_some_and(|beginning| !PROTOCOL.starts_with(beginning)) {
                return Err(Failure::NoProxy);
            }
            let Some(end) = heard.windows(END.len()).position(|window| window == END) else {
                return match heard.len() > MAX_HEAD - self.interim_bytes {
                    true => Err(Failure::NoProxy),
                    false => Ok(Step::Read),
                };
            };
            let len = end + END.len();
            let line = heard.as_ref().split(|byte| *byte == b'\r').next();
            let verdict = judge(&String::from_utf8_lossy(line.unwrap_or_default()));
            heard.advance(len);
            match verdict? {
                Verdict::Final => return Ok(Step::Done),
                Verdict::Interim => self.interim_bytes += len,
            }
            if self.interim_bytes > MAX_HEAD {
                return Err(Failure::NoProxy);
            }
        }
    }

    fn ask(&self) -> Result<Step, Failure> {
        let host = &self.target.host;
        // It came from a broker, and must not become a header of its own.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
        if host.is_empty() || host.len() > 255 || !host.bytes().all(plain) {
            return Err(Failure::BadTarget);
        }
        let target = self.target.to_string();
        let mut request = Zeroizing::new(Vec::with_capacity(1024));
        let text = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        request.extend_from_slice(text.as_bytes());
        if let Some(credentials) = self.credentials {
            let password = credentials.password().expose();
            let pair = Zeroizing::new(format!("{}:{password}", credentials.user()));
            let encoded = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
            request.extend_from_slice(b"Proxy-Authorization: Basic ");
            request.extend_from_slice(encoded.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        Ok(Step::Send(request))
    }
}

const PROTOCOL: &[u8] = b"HTTP/1.";
const END: &[u8] = b"\r\n\r\n";

/// By the answer's first line, such as `HTTP/1.1 200 Connection established`.
fn judge(line: &str) -> Result<Verdict, Failure> {
    let rest = line.split_once(' ').map(|(_, rest)| rest);
    let (status, reason) = match rest.map(|rest| rest.split_once(' ').unwrap_or((rest, ""))) {
        Some((status, reason)) if status.len() == 3 => (status, reason),
        _ => return Err(Failure::NoProxy),
    };
    match status.parse::<u16>() {
        // Nobody asked to switch to another protocol.
        Ok(100 | 102..=199) => Ok(Verdict::Interim),
        Ok(200..=299) => Ok(Verdict::Final),
        Ok(407) => Err(Failure::NotLetIn("wants a login, or another one (407)")),
        Ok(300..=599) => Err(Failure::no_tunnel(&format!("{status} {reason}"))),
        Ok(_) | Err(_) => Err(Failure::NoProxy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(target: &BrokerAddress, credentials: Option<&Credentials>) -> String {
        let mut machine = HttpConnect::new(target, credentials);
        match machine.step(&mut BytesMut::new()) {
            Ok(Step::Send(sent)) => String::from_utf8(sent.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_request_names_the_broker_and_logs_in() {
        let target = BrokerAddress::new("kafka-1", 9092);
        assert_eq!(
            asked(&target, None),
            "CONNECT kafka-1:9092 HTTP/1.1\r\nHost: kafka-1:9092\r\n\r\n"
        );
        // RFC 7617's own example.
        let credentials = Credentials::new("Aladdin", "open sesame");
        let text = asked(&BrokerAddress::new("::1", 1), Some(&credentials));
        assert_eq!(
            text,
            "CONNECT [::1]:1 HTTP/1.1\r\nHost: [::1]:1\r\n\
             Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"
        );
    }

    #[test]
    fn a_name_never_becomes_a_header() {
        for host in ["a\r\nX: y", "a b", "", "é", "a/b"] {
            let target = BrokerAddress::new(host, 9092);
            let failed = HttpConnect::new(&target, None).step(&mut BytesMut::new());
            assert_eq!(failed.unwrap_err(), Failure::BadTarget, "{host:?}");
        }
    }

    /// However it is cut.
    #[track_caller]
    fn check(answer: &str, expected: Result<usize, Failure>) {
        let target = BrokerAddress::new("kafka-1", 9092);
        let mut machine = HttpConnect::new(&target, None);
        machine.step(&mut BytesMut::new()).unwrap();
        let mut heard = BytesMut::new();
        for byte in answer.as_bytes() {
            heard.extend([*byte]);
            match machine.step(&mut heard) {
                Ok(Step::Read) => {}
                Ok(Step::Done) => return assert_eq!(expected, Ok(heard.len())),
                Err(failure) => return assert_eq!(expected, Err(failure)),
                Ok(other) => panic!("{other:?}"),
            }
        }
        panic!("undecided");
    }

    #[test]
    fn answers() {
        check("HTTP/1.1 200 Connection established\r\n\r\n", Ok(0));
        check("HTTP/1.0 204\r\nServer: x\r\nVia: 1.1 y\r\n\r\n", Ok(0));
        check(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            Ok(0),
        );
        let no_tunnel = |text: &str| Err(Failure::NoTunnel(text.to_owned()));
        check(
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
            no_tunnel("403 Forbidden"),
        );
        check("HTTP/1.1 502 a\u{7}b\r\n\r\n", no_tunnel("502 a\\u{7}b"));
        check(
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            Err(Failure::NotLetIn("wants a login, or another one (407)")),
        );
        for bad in [
            "SSH-2.0-OpenSSH",
            "HTTP/2 200\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1\r\n\r\n",
            "HTTP/1.1 -12 OK\r\n\r\n",
            "HTTP/1.1 101 Switching\r\n\r\n",
        ] {
            check(bad, Err(Failure::NoProxy));
        }
        check(
            "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n",
            no_tunnel("403 Forbidden"),
        );
        let waiting = "HTTP/1.1 102 Processing\r\n\r\n".repeat(MAX_HEAD / 10);
        check(&waiting, Err(Failure::NoProxy));
        let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "y".repeat(2 * MAX_HEAD));
        check(&endless, Err(Failure::NoProxy));
    }
}
