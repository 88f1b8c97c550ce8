use std::fmt;

use bytes::Bytes;

use crate::{BoxFuture, BrokerAddress, Error, Random};

/// A way to log in.
///
/// Shared by all connections; what belongs to one login is in the
/// [`SaslExchange`] that it begins. PLAIN, SCRAM and OAUTHBEARER are here (see
/// [`Sasl`](crate::Sasl)); others, such as `AWS_MSK_IAM` or GSSAPI, can be
/// brought by whoever needs them.
pub trait SaslMechanism: Send + Sync + 'static + fmt::Debug {
    /// The registered name, such as `PLAIN`.
    fn name(&self) -> &str;

    /// Whether who listens on the wire learns what is needed to log in. Such a
    /// mechanism is refused without TLS. Default `true`.
    fn needs_encryption(&self) -> bool {
        true
    }

    /// Begins one login, after obtaining what it needs: a password from a
    /// vault, a token. Called for each connection and for each time that one
    /// logs in anew, so that what has changed meanwhile is used.
    ///
    /// Runs on the client's runtime, within the time for connecting; may be
    /// dropped at any await.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) when they
    /// cannot be had now, and may be later;
    /// [`ErrorKind::Authentication`](crate::ErrorKind::Authentication) when they
    /// cannot work. The text must not contain them.
    fn begin<'a>(
        &'a self,
        login: SaslLogin<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn SaslExchange>, Error>>;
}

/// What a login is for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SaslLogin<'a> {
    /// The broker, by the name that was dialled.
    pub broker: &'a BrokerAddress,
    /// For nonces: [`Random::fill_secret`].
    pub random: &'a Random,
}

impl<'a> SaslLogin<'a> {
    /// A login at `broker`.
    pub fn new(broker: &'a BrokerAddress, random: &'a Random) -> Self {
        Self { broker, random }
    }
}

/// One login: what is said, and what is made of the answers.
///
/// ```text
/// initial ─► token ─► broker ─► challenge ─► Respond ─► token ─► broker ─► …
///                                   │  ▲
///                                   │  └ resume ◄── Working
///                                   └─► Done
/// ```
///
/// It knows neither sockets nor time. After an error it is not used any more.
pub trait SaslExchange: Send {
    /// What the client says first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`](crate::ErrorKind::Authentication) when the
    /// mechanism cannot express the credentials.
    fn initial(&mut self) -> Result<Bytes, Error>;

    /// The broker's answer to the last token; empty where it has nothing to say.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`](crate::ErrorKind::Authentication) when the
    /// broker refuses, or is not who it has to be.
    fn challenge(&mut self, challenge: &[u8]) -> Result<SaslStep, Error>;

    /// Goes on with what takes long, after [`SaslStep::Working`].
    ///
    /// # Errors
    ///
    /// As [`SaslExchange::challenge`].
    fn resume(&mut self) -> Result<SaslStep, Error> {
        Ok(SaslStep::Done)
    }

    /// The broker has refused. What it said before in the mechanism's own
    /// words, if it did, without secrets.
    fn refused(&mut self) -> Option<String> {
        None
    }

    /// What a broker says, without the secrets of this login in it.
    fn without_secrets(&self, text: &str) -> String;
}

/// What follows from a broker's answer.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaslStep {
    /// The client has to say this. Debug shows it: it must not be logged.
    Respond(Bytes),
    /// There is more to compute: [`SaslExchange::resume`], after other tasks had
    /// their turn.
    Working,
    /// Both sides are content.
    Done,
}
