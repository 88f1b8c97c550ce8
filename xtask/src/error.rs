//! What keeps a command from doing its work, as text for whoever typed it.

use std::fmt;

pub(crate) type Result<T> = std::result::Result<T, Error>;

#[derive(Debug)]
pub(crate) struct Error(String);

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<lexopt::Error> for Error {
    fn from(error: lexopt::Error) -> Self {
        Self(format!("{error}; `cargo xtask help` tells the usage"))
    }
}

impl From<kafka_harness::Error> for Error {
    fn from(error: kafka_harness::Error) -> Self {
        Self(error.to_string())
    }
}
