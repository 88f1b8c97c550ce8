//! SCRAM-SHA-256 and SCRAM-SHA-512, the broker's side (RFC 5802, RFC 7677,
//! KIP-84).
//!
//! ```text
//! client                                          broker
//!   n,,n=alice,r=<nonce>            ─────────►
//!                                   ◄─────────  r=<nonce><more>,s=<salt>,i=<iterations>
//!   c=biws,r=<nonce><more>,p=<proof> ────────►
//!                                   ◄─────────  v=<signature>
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};

use super::SaslFailure;

/// The fewest iterations that Kafka takes of a client that sets a password.
pub(crate) const MIN_ITERATIONS: u32 = 4096;

/// The most.
pub(crate) const MAX_ITERATIONS: u32 = 16384;

/// The hash that a mechanism is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ScramHash {
    Sha256,
    Sha512,
}

/// What a broker keeps of a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ScramCredential {
    salt: Vec<u8>,
    pub iterations: u32,
    stored_key: Vec<u8>,
    server_key: Vec<u8>,
}

/// An exchange under way, after the first message.
pub(super) struct ScramExchange {
    hash: ScramHash,
    user: String,
    /// `None` for a user there is not, who learns so at the end like one with a
    /// wrong password.
    credential: Option<ScramCredential>,
    nonce: String,
    /// The first two messages as they count for the proof.
    transcript: String,
}

impl ScramHash {
    /// The number that stands for it in the protocol (KIP-554).
    pub(crate) fn number(self) -> i8 {
        match self {
            Self::Sha256 => 1,
            Self::Sha512 => 2,
        }
    }

    /// The hash behind a number of the protocol.
    pub(crate) fn of_number(number: i8) -> Option<Self> {
        [Self::Sha256, Self::Sha512]
            .into_iter()
            .find(|hash| hash.number() == number)
    }

    fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }

    fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => keyed::<Hmac<Sha256>>(key, data),
            Self::Sha512 => keyed::<Hmac<Sha512>>(key, data),
        }
    }

    fn salted(self, password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
        match self {
            Self::Sha256 => {
                pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, iterations).to_vec()
            }
            Self::Sha512 => {
                pbkdf2::pbkdf2_hmac_array::<Sha512, 64>(password, salt, iterations).to_vec()
            }
        }
    }
}

fn keyed<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length.
    <M as KeyInit>::new_from_slice(key)
        .map(|mac| mac.chain_update(data).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

impl ScramCredential {
    /// Of a password in the clear, with the fewest iterations allowed.
    pub(crate) fn of_password(hash: ScramHash, password: &str, salt: Vec<u8>) -> Self {
        let salted = hash.salted(password.as_bytes(), &salt, MIN_ITERATIONS);
        Self::of_salted(hash, &salted, salt, MIN_ITERATIONS)
    }

    /// Of a password that its user has salted.
    pub(crate) fn of_salted(
        hash: ScramHash,
        salted: &[u8],
        salt: Vec<u8>,
        iterations: u32,
    ) -> Self {
        let client_key = hash.hmac(salted, b"Client Key");
        Self {
            salt,
            iterations,
            stored_key: hash.digest(&client_key),
            server_key: hash.hmac(salted, b"Server Key"),
        }
    }
}

impl std::fmt::Debug for ScramCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScramCredential")
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// The name in the client's first message.
pub(super) fn user_of(first: &[u8]) -> Result<String, SaslFailure> {
    FirstMessage::parse(first).map(|message| message.user)
}

impl ScramExchange {
    /// Answers the client's first message. `more` is the broker's part of the
    /// nonce, `false_salt` what is told of a user there is not.
    pub(super) fn begin(
        hash: ScramHash,
        first: &[u8],
        credential: Option<ScramCredential>,
        more: &str,
        false_salt: Vec<u8>,
    ) -> Result<(Self, Vec<u8>), SaslFailure> {
        let message = FirstMessage::parse(first)?;
        let nonce = format!("{}{more}", message.nonce);
        let (salt, iterations) = match &credential {
            Some(credential) => (&credential.salt, credential.iterations),
            None => (&false_salt, MIN_ITERATIONS),
        };
        let answer = format!("r={nonce},s={},i={iterations}", BASE64.encode(salt));
        let exchange = Self {
            hash,
            user: message.user,
            credential,
            nonce,
            transcript: format!("{},{answer}", message.bare),
        };
        Ok((exchange, answer.into_bytes()))
    }

    /// Answers the client's last message: who it is, and the broker's signature.
    pub(super) fn finish(self, last: &[u8]) -> Result<(String, Vec<u8>), SaslFailure> {
        let last = text(last)?;
        let (without_proof, proof) = last.rsplit_once(",p=").ok_or(SaslFailure::Malformed)?;
        let mut fields = without_proof.split(',');
        // "n,,": no channel binding.
        if fields.next() != Some("c=biws") {
            return Err(SaslFailure::Malformed);
        }
        let nonce = fields.next().and_then(|field| field.strip_prefix("r="));
        if nonce != Some(self.nonce.as_str()) {
            return Err(SaslFailure::Malformed);
        }
        let proof = BASE64.decode(proof).map_err(|_| SaslFailure::Malformed)?;
        let credential = self.credential.ok_or(SaslFailure::Refused)?;
        let signed = format!("{},{without_proof}", self.transcript);
        let signature = self.hash.hmac(&credential.stored_key, signed.as_bytes());
        if proof.len() != signature.len() {
            return Err(SaslFailure::Refused);
        }
        let client_key: Vec<u8> = proof.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
        if self.hash.digest(&client_key) != credential.stored_key {
            return Err(SaslFailure::Refused);
        }
        let signature = self.hash.hmac(&credential.server_key, signed.as_bytes());
        let answer = format!("v={}", BASE64.encode(signature));
        Ok((self.user, answer.into_bytes()))
    }
}

/// `n,[a=…],n=user,r=nonce[,extensions]`.
struct FirstMessage {
    user: String,
    nonce: String,
    /// What follows the two fields about channel binding and identity.
    bare: String,
}

impl FirstMessage {
    fn parse(bytes: &[u8]) -> Result<Self, SaslFailure> {
        let whole = text(bytes)?;
        let malformed = || SaslFailure::Malformed;
        let (binding, rest) = whole.split_once(',').ok_or_else(malformed)?;
        let (identity, bare) = rest.split_once(',').ok_or_else(malformed)?;
        let mut fields = bare.split(',');
        let user = fields.next().and_then(|field| field.strip_prefix("n="));
        let nonce = fields.next().and_then(|field| field.strip_prefix("r="));
        let user = user.and_then(unescape).ok_or_else(malformed)?;
        let nonce = nonce
            .filter(|nonce| !nonce.is_empty())
            .ok_or_else(malformed)?;
        if binding != "n" {
            return Err(SaslFailure::Malformed);
        }
        // Nobody may act for somebody else.
        if let Some(other) = identity.strip_prefix("a=")
            && unescape(other).as_deref() != Some(user.as_str())
        {
            return Err(SaslFailure::Refused);
        }
        Ok(Self {
            user,
            nonce: nonce.to_owned(),
            bare: bare.to_owned(),
        })
    }
}

/// `=2C` stands for a comma and `=3D` for an equals sign.
fn unescape(name: &str) -> Option<String> {
    let mut parts = name.split('=');
    let mut plain = parts.next()?.to_owned();
    for part in parts {
        let (sign, rest) = if let Some(rest) = part.strip_prefix("2C") {
            (',', rest)
        } else {
            ('=', part.strip_prefix("3D")?)
        };
        plain.push(sign);
        plain.push_str(rest);
    }
    (!plain.is_empty()).then_some(plain)
}

fn text(bytes: &[u8]) -> Result<&str, SaslFailure> {
    std::str::from_utf8(bytes).map_err(|_| SaslFailure::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677: user "user", password "pencil".
    fn rfc7677() -> (ScramExchange, Vec<u8>) {
        let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let credential = ScramCredential::of_password(ScramHash::Sha256, "pencil", salt);
        ScramExchange::begin(
            ScramHash::Sha256,
            b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            Some(credential),
            "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
            Vec::new(),
        )
        .unwrap()
    }

    const LAST: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
         p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

    #[test]
    fn example_of_the_standard() {
        let (exchange, answer) = rfc7677();
        assert_eq!(
            String::from_utf8(answer).unwrap(),
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        );
        let (user, answer) = exchange.finish(LAST.as_bytes()).unwrap();
        assert_eq!(user, "user");
        assert_eq!(answer, b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn last_message_must_fit() {
        for (wrong, failure) in [
            (LAST.replace("dHzb", "dHzc"), SaslFailure::Refused),
            (LAST.replace("c=biws", "c=eSws"), SaslFailure::Malformed),
            (LAST.replace("r=rO", "r=rX"), SaslFailure::Malformed),
            (LAST.replace(",p=", ",q="), SaslFailure::Malformed),
            (LAST.replace("p=dHzb", "p=AAAA"), SaslFailure::Refused),
            ("c=biws".to_owned(), SaslFailure::Malformed),
        ] {
            let (exchange, _) = rfc7677();
            assert_eq!(
                exchange.finish(wrong.as_bytes()).unwrap_err(),
                failure,
                "{wrong}"
            );
        }
    }

    #[test]
    fn unknown_user_is_refused_at_the_end_only() {
        let first = b"n,,n=nobody,r=abc";
        let (exchange, answer) =
            ScramExchange::begin(ScramHash::Sha512, first, None, "def", vec![1; 16]).unwrap();
        assert!(answer.starts_with(b"r=abcdef,s="));
        let last = exchange.finish(b"c=biws,r=abcdef,p=AAAA");
        assert_eq!(last.unwrap_err(), SaslFailure::Refused);
    }

    #[test]
    fn first_message_must_fit() {
        for wrong in [
            &b"n,,n=,r=abc"[..],
            b"n,,n=a,r=",
            b"y,,n=a,r=abc",
            b"p=tls-unique,,n=a,r=abc",
            b"n,,m=x,n=a,r=abc",
            b"n,,n=a=2D,r=abc",
            b"n,,n=a",
            b"",
            b"\xff",
        ] {
            assert_eq!(user_of(wrong), Err(SaslFailure::Malformed), "{wrong:?}");
        }
        assert_eq!(user_of(b"n,a=b,n=a,r=abc"), Err(SaslFailure::Refused));
        assert_eq!(user_of(b"n,a=a,n=a,r=abc").as_deref(), Ok("a"));
        assert_eq!(user_of(b"n,,n=a=2Cb=3D,r=abc").as_deref(), Ok("a,b="));
    }
}
