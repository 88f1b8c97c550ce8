//! SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677, KIP-84).
//!
//! ```text
//! client                                          broker
//!   n,,n=alice,r=<nonce>             ─────────►
//!                                    ◄─────────  r=<nonce><more>,s=<salt>,i=<iterations>
//!   c=biws,r=<nonce><more>,p=<proof> ─────────►
//!                                    ◄─────────  v=<signature>
//! ```
//!
//! The broker's signature shows that it knows the password, too.

mod hash;
mod message;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use zeroize::Zeroizing;

use super::credentials::{not_provided, unusable};
use super::{Credentials, CredentialsProvider, SaslExchange, SaslLogin, SaslMechanism, SaslStep};
use crate::{BoxFuture, Error, ErrorKind};
use hash::Salting;
pub(super) use hash::ScramHash;
use message::{ServerFirst, escaped, server_signature};

pub(super) struct Scram {
    pub(super) hash: ScramHash,
    pub(super) provider: Arc<dyn CredentialsProvider>,
}

/// `First ─► ExpectFirst ─► Salting ─► ExpectLast ─► Done`
struct ScramExchange {
    hash: ScramHash,
    credentials: Credentials,
    nonce: String,
    state: State,
}

enum State {
    First,
    ExpectFirst {
        /// The client's first message without what is about channel binding.
        bare: String,
    },
    Salting {
        salting: Box<Salting>,
        /// Both first messages and the last one without its proof.
        transcript: String,
        last: String,
    },
    ExpectLast {
        salted: Zeroizing<Vec<u8>>,
        transcript: String,
    },
    Done,
}

/// `n,,` in base64: no channel binding, and nobody acts for somebody else.
const NO_CHANNEL_BINDING: &str = "c=biws";

/// Bytes of a nonce: 18 make 24 characters without padding.
const NONCE_LEN: usize = 18;

/// Rounds of hashing between two looks at other tasks: about a millisecond.
const PORTION: u32 = 2048;

impl SaslMechanism for Scram {
    fn name(&self) -> &str {
        self.hash.mechanism()
    }

    /// Who listens can try passwords on what was said, but sees none.
    fn needs_encryption(&self) -> bool {
        false
    }

    fn begin<'a>(
        &'a self,
        login: SaslLogin<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn SaslExchange>, Error>> {
        Box::pin(async move {
            let credentials = self.provider.credentials().await;
            let credentials =
                credentials.map_err(|cause| not_provided("no password is to be had", &cause))?;
            let mut nonce = [0; NONCE_LEN];
            login.random.fill_secret(&mut nonce)?;
            let exchange = ScramExchange::new(self.hash, credentials, BASE64.encode(nonce));
            Ok(Box::new(exchange) as _)
        })
    }
}

impl ScramExchange {
    fn new(hash: ScramHash, credentials: Credentials, nonce: String) -> Self {
        Self {
            hash,
            credentials,
            nonce,
            state: State::First,
        }
    }

    fn on_first(&mut self, bare: &str, message: &[u8]) -> Result<SaslStep, Error> {
        let first = ServerFirst::parse(message, &self.nonce)?;
        // It has been parsed, so it is UTF-8.
        let said = String::from_utf8_lossy(message);
        let last = format!("{NO_CHANNEL_BINDING},r={}", first.nonce);
        let password = self.credentials.password().expose().as_bytes();
        self.state = State::Salting {
            salting: Box::new(Salting::new(
                self.hash,
                password,
                &first.salt,
                first.iterations,
            )),
            transcript: format!("{bare},{said},{last}"),
            last,
        };
        Ok(SaslStep::Working)
    }

    fn last_message(
        &mut self,
        salted: Zeroizing<Vec<u8>>,
        transcript: String,
        last: &str,
    ) -> Bytes {
        let client_key = self.hash.hmac(&salted, b"Client Key");
        let stored_key = self.hash.digest(&client_key);
        let signature = self.hash.hmac(&stored_key, transcript.as_bytes());
        let pairs = client_key.iter().zip(signature.iter());
        let proof: Zeroizing<Vec<u8>> = Zeroizing::new(pairs.map(|(a, b)| a ^ b).collect());
        self.state = State::ExpectLast { salted, transcript };
        format!("{last},p={}", BASE64.encode(&proof[..])).into()
    }

    fn on_last(&self, salted: &[u8], transcript: &str, message: &[u8]) -> Result<SaslStep, Error> {
        let signature = server_signature(message)?;
        let server_key = self.hash.hmac(salted, b"Server Key");
        if !self
            .hash
            .verifies(&server_key, transcript.as_bytes(), &signature)
        {
            return Err(Error::new(ErrorKind::Authentication)
                .with_message("the broker's signature is wrong: it does not know the password")
                .with_hint("somebody may be in between: check where the address leads"));
        }
        Ok(SaslStep::Done)
    }
}

impl SaslExchange for ScramExchange {
    fn initial(&mut self) -> Result<Bytes, Error> {
        let user = self.credentials.user();
        if user.is_empty() || self.credentials.password().expose().is_empty() {
            return Err(unusable("SCRAM takes no empty user name or password"));
        }
        let mut bare = format!("n={},r={}", escaped(user), self.nonce);
        if self.credentials.is_delegation_token() {
            bare.push_str(",tokenauth=true");
        }
        let message = format!("n,,{bare}");
        self.state = State::ExpectFirst { bare };
        Ok(message.into())
    }

    fn challenge(&mut self, challenge: &[u8]) -> Result<SaslStep, Error> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::ExpectFirst { bare } => self.on_first(&bare, challenge),
            State::ExpectLast { salted, transcript } => {
                self.on_last(&salted, &transcript, challenge)
            }
            State::First | State::Salting { .. } | State::Done => Err(out_of_turn()),
        }
    }

    fn resume(&mut self) -> Result<SaslStep, Error> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Salting {
                mut salting,
                transcript,
                last,
            } => match salting.advance(PORTION) {
                Some(salted) => {
                    let message = self.last_message(salted, transcript, &last);
                    Ok(SaslStep::Respond(message))
                }
                None => {
                    self.state = State::Salting {
                        salting,
                        transcript,
                        last,
                    };
                    Ok(SaslStep::Working)
                }
            },
            _ => Err(out_of_turn()),
        }
    }

    fn without_secrets(&self, text: &str) -> String {
        self.credentials.password().hidden_in(text)
    }
}

impl fmt::Debug for Scram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scram")
            .field("hash", &self.hash)
            .field("provider", &self.provider)
            .finish()
    }
}

#[cold]
fn out_of_turn() -> Error {
    Error::new(ErrorKind::Internal).with_message("a step of SCRAM out of its turn")
}

#[cfg(test)]
mod tests;
