//! Message bodies out of a text file, decoded and encoded again.
//!
//! One a line: API key, `request` or `response`, version, and the body in hex,
//! separated by tabs. Empty lines and those that begin with `#` say nothing.

use std::fmt;
use std::io::{self, BufRead};

use bytes::Bytes;
use kafka_protocol::messages::{AnyRequest, AnyResponse};
use kafka_protocol::wire::{Reader, Sink};
use kafka_protocol::{ApiKey, DecodeError, EncodeError};

/// The most bytes of one line: a frame of 100 MiB, the most that brokers take by
/// default, in hex, and its columns.
const LINE_MAX: usize = 2 * 100 * 1024 * 1024 + 64;

/// How many bodies came back as they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

/// Checks every line and reports each that fails, as it comes; holds one line at
/// a time.
///
/// Fails when the input can't be read; a line that makes no sense is a failure of
/// that line.
pub(crate) fn check(mut input: impl BufRead, report: &mut impl FnMut(String)) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        let is_whole = read_line(&mut input, &mut line)?;
        if line.is_empty() {
            return Ok(tally);
        }
        number += 1;
        let checked = match is_whole {
            true => check_line(&line),
            false => Err(format!("longer than {LINE_MAX} bytes")),
        };
        match checked {
            Ok(passed) => tally.passed += u64::from(passed),
            Err(failure) => {
                tally.failed += 1;
                report(format!("line {number}: {failure}"));
            }
        }
    }
}

/// The next line with its end, empty after the last; `false` when it was longer
/// than a line may be and the rest of it has been skipped.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut is_whole = true;
    loop {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = available.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(available.len(), |at| at + 1);
        let is_last = end.is_some() || taken == 0;
        let kept = taken.min(LINE_MAX - line.len());
        is_whole &= kept == taken;
        line.extend_from_slice(available.get(..kept).unwrap_or_default());
        input.consume(taken);
        if is_last {
            return Ok(is_whole);
        }
    }
}

/// `false` for a line that says nothing.
fn check_line(line: &[u8]) -> Result<bool, String> {
    let text = std::str::from_utf8(line).map_err(|_| "not text".to_owned())?;
    let text = text.trim_end_matches(['\n', '\r']);
    if text.trim().is_empty() || text.starts_with('#') {
        return Ok(false);
    }
    Vector::parse(text)?.check()?;
    Ok(true)
}

struct Vector {
    key: ApiKey,
    is_request: bool,
    version: i16,
    body: Bytes,
}

impl Vector {
    fn parse(text: &str) -> Result<Self, String> {
        let columns: Vec<&str> = text.split('\t').collect();
        let [key, direction, version, body] = columns.as_slice() else {
            return Err(format!(
                "{} columns, not 4 with tabs between them: \
                 api key, request or response, version, hex of the body",
                columns.len()
            ));
        };
        let code: i16 = key.parse().map_err(|_| format!("{key:?} is no API key"))?;
        Ok(Self {
            key: ApiKey::from_code(code).ok_or_else(|| format!("no API has the key {code}"))?,
            is_request: match *direction {
                "request" => true,
                "response" => false,
                other => return Err(format!("{other:?} is neither request nor response")),
            },
            version: version
                .parse()
                .map_err(|_| format!("{version:?} is no version"))?,
            body: unhex(body)?.into(),
        })
    }

    fn check(&self) -> Result<(), String> {
        let name = format!(
            "{}{} v{}",
            self.key,
            if self.is_request {
                "Request"
            } else {
                "Response"
            },
            self.version
        );
        let named = |what: String| format!("{name}: {what}");
        let mut sink = Sink::new();
        self.copy(&mut sink).map_err(named)?;
        let encoded = sink.finish().into_bytes();
        match difference(&self.body, &encoded) {
            Some(at) => Err(named(format!(
                "encoded again it differs from byte {at} on: {} was read, {} written",
                around(&self.body, at),
                around(&encoded, at)
            ))),
            None => Ok(()),
        }
    }

    /// Reads the body and writes what was read.
    fn copy(&self, sink: &mut Sink) -> Result<(), String> {
        let (key, version) = (self.key, self.version);
        let undecodable = |error: DecodeError| format!("decoding: {error}");
        let unencodable = |error: EncodeError| format!("encoding: {error}");
        let mut reader = Reader::new(self.body.clone());
        if self.is_request {
            let request = AnyRequest::decode(key, &mut reader, version).map_err(undecodable)?;
            reader.expect_end().map_err(undecodable)?;
            request.encode(sink, version).map_err(unencodable)
        } else {
            let response = AnyResponse::decode(key, &mut reader, version).map_err(undecodable)?;
            reader.expect_end().map_err(undecodable)?;
            response.encode(sink, version).map_err(unencodable)
        }
    }
}

/// The bytes that a text in hex stands for.
pub(crate) fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err("an odd number of hex digits".to_owned());
    }
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    bytes.ok_or_else(|| "not in hex".to_owned())
}

/// The first offset at which they differ.
pub(crate) fn difference(one: &[u8], other: &[u8]) -> Option<usize> {
    if one == other {
        return None;
    }
    let same = one.iter().zip(other).take_while(|(a, b)| a == b);
    Some(same.map(|_| 1).sum())
}

/// A few bytes in hex.
fn around(bytes: &[u8], at: usize) -> String {
    const SHOWN: usize = 8;
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.is_empty() {
        return "nothing".to_owned();
    }
    rest.iter()
        .take(SHOWN)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &[u8]) -> (Tally, Vec<String>) {
        let mut failures = Vec::new();
        let tally = check(text, &mut |failure| failures.push(failure)).unwrap();
        (tally, failures)
    }

    #[test]
    fn what_comes_back_as_it_was_passes() {
        let text = b"# FindCoordinator\n\n10\trequest\t0\t000167\n10\trequest\t0\t000167\r\n10\trequest\t1\t00016701";
        let (tally, failures) = run(text);
        assert_eq!((tally.passed, tally.failed), (3, 0), "{failures:?}");
        assert_eq!(tally.to_string(), "3 passed, 0 failed");
    }

    #[test]
    fn each_failure_names_its_line_and_place() {
        let check = |line: &str, expected: &str| {
            let (tally, failures) = run(format!("# first\n{line}\n").as_bytes());
            assert_eq!((tally.passed, tally.failed), (0, 1), "{line}");
            assert_eq!(failures.len(), 1);
            let failure = &failures[0];
            assert!(
                failure.starts_with("line 2: ") && failure.contains(expected),
                "{failure}"
            );
        };
        check("10\trequest\t0", "3 columns");
        check("10\trequest\t0\t\t", "5 columns");
        check("ten\trequest\t0\t", "\"ten\" is no API key");
        check("95\trequest\t0\t", "no API has the key 95");
        check("10\tanswer\t0\t", "neither request nor response");
        check("10\trequest\tzero\t", "\"zero\" is no version");
        check("10\trequest\t0\t000", "odd number");
        check("10\trequest\t0\t00zz", "not in hex");
        check("10\trequest\t99\t", "FindCoordinatorRequest v99: decoding:");
        check("10\trequest\t0\t0005", "FindCoordinatorRequest.key");
        check("10\trequest\t0\t00016700", "decoding:");
        // A length of two bytes where one would do: Kafka reads it as well.
        check(
            "10\trequest\t3\t82006700 00".replace(' ', "").as_str(),
            "differs from byte 0 on: 8200670000 was read, 02670000 written",
        );
    }

    #[test]
    fn a_line_is_never_longer_than_it_may_be() {
        let mut input = io::Cursor::new(b"12\n".to_vec());
        let mut line = Vec::new();
        assert!(read_line(&mut input, &mut line).unwrap());
        assert_eq!(line, b"12\n");
        assert!(read_line(&mut input, &mut line).unwrap() && line.is_empty());
    }

    #[test]
    fn the_first_difference() {
        assert_eq!(difference(b"abc", b"abc"), None);
        assert_eq!(difference(b"abc", b"abd"), Some(2));
        assert_eq!(difference(b"ab", b"abc"), Some(2));
        assert_eq!(around(b"ab", 2), "nothing");
        assert_eq!(around(b"ab", 0), "6162");
    }
}
