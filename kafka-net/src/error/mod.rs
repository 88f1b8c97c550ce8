mod display;
mod kind;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::{ApiKey, ErrorCode, StrBytes};

pub use kind::ErrorKind;

use crate::BrokerAddress;
use crate::text::Untrusted;

/// What went wrong, where, what that means, and what to do.
///
/// One type for all crates of this client. [`Error::kind`] says who is to blame,
/// [`Error::context`] names the API, broker, topic and partition, and the text
/// is meant to be acted on:
///
/// ```text
/// Produce to broker 2 (kafka-2:9092), orders-3: no answer within 30s (timeout);
/// the request may have been applied
/// ```
///
/// A pointer in size; a clone shares, so that all records of a batch can fail
/// with the same error. The text includes the causes, which
/// [`std::error::Error::source`] gives one by one. `{:?}` is the text, too, since
/// that is what `unwrap` and `main` print; `{:#?}` shows the parts.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    context: Context,
    message: Option<Cow<'static, str>>,
    hint: Option<Cow<'static, str>>,
    possibly_written: Option<bool>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What an [`Error`] was about, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Context {
    api: Option<ApiKey>,
    broker: Option<BrokerAddress>,
    topic: Option<StrBytes>,
    partition: Option<i32>,
    attempts: Option<u32>,
}

impl Context {
    /// The request that failed.
    pub fn api(&self) -> Option<ApiKey> {
        self.api
    }

    /// The broker it went to, or was to go to.
    pub fn broker(&self) -> Option<&BrokerAddress> {
        self.broker.as_ref()
    }

    /// The topic concerned.
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// The partition concerned.
    pub fn partition(&self) -> Option<i32> {
        self.partition
    }

    /// How many times it was tried, the last time included.
    pub fn attempts(&self) -> Option<u32> {
        self.attempts
    }
}

impl Error {
    /// An error of this kind, with the kind's own text and no context yet.
    #[cold]
    pub fn new(kind: ErrorKind) -> Self {
        Self(Arc::new(Inner {
            kind,
            context: Context::default(),
            message: None,
            hint: None,
            possibly_written: None,
            source: None,
        }))
    }

    /// The broker refused with this code.
    #[cold]
    pub fn broker(code: ErrorCode) -> Self {
        Self::new(ErrorKind::Broker(code))
    }

    /// The broker refused with this code and said why.
    #[cold]
    pub fn broker_with_message(code: ErrorCode, message: Option<&str>) -> Self {
        match message {
            Some(text) if !text.is_empty() => {
                Self::broker(code).with_message(Untrusted(text).to_string())
            }
            _ => Self::broker(code),
        }
    }

    /// A setting is invalid, or two contradict each other; `text` names them.
    #[cold]
    pub fn config(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config).with_message(text)
    }

    /// `what` (for example "the producer") is closed.
    #[cold]
    pub fn closed(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Closed).with_message(format!("{what} is closed"))
    }

    /// `what` (for example "no answer") held for all of `after`.
    #[cold]
    pub fn timeout(what: impl fmt::Display, after: Duration) -> Self {
        let after = rounded(after);
        Self::new(ErrorKind::Timeout).with_message(format!("{what} within {after:?} (timeout)"))
    }

    /// Who is to blame for what.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What it was about.
    pub fn context(&self) -> &Context {
        &self.0.context
    }

    /// The code the broker refused with, if it is that.
    pub fn broker_error(&self) -> Option<ErrorCode> {
        match self.0.kind {
            ErrorKind::Broker(code) => Some(code),
            _ => None,
        }
    }

    /// Whether the same call may succeed if it is made again.
    ///
    /// Says nothing about duplicates: see [`Error::possibly_written`].
    pub fn is_retriable(&self) -> bool {
        self.0.kind.is_retriable()
    }

    /// Whether the client that returned it can do no more, for example a
    /// producer fenced by a newer one.
    pub fn is_fatal(&self) -> bool {
        self.broker_error().is_some_and(ErrorCode::is_fatal)
    }

    /// Whether the open transaction can only be aborted.
    pub fn requires_abort(&self) -> bool {
        self.broker_error().is_some_and(kind::requires_abort)
    }

    /// Whether the request may have taken effect although it failed.
    ///
    /// `false` means that it had no effect: no byte of it reached the socket, or
    /// the broker refused it. It is also `false` for an error that no request led
    /// to.
    pub fn possibly_written(&self) -> bool {
        self.0.possibly_written.unwrap_or(false)
    }

    /// Replaces the kind's own text; what follows the context in the message.
    #[must_use]
    pub fn with_message(self, text: impl Into<Cow<'static, str>>) -> Self {
        self.change(|inner| inner.message = Some(text.into()))
    }

    /// Names the request.
    #[must_use]
    pub fn with_api(self, api: ApiKey) -> Self {
        self.change(|inner| inner.context.api = Some(api))
    }

    /// Names the broker.
    #[must_use]
    pub fn with_broker(self, broker: impl Into<BrokerAddress>) -> Self {
        self.change(|inner| inner.context.broker = Some(broker.into()))
    }

    /// Names the topic.
    #[must_use]
    pub fn with_topic(self, topic: impl Into<StrBytes>) -> Self {
        self.change(|inner| inner.context.topic = Some(topic.into()))
    }

    /// Names the partition.
    #[must_use]
    pub fn with_partition(self, partition: i32) -> Self {
        self.change(|inner| inner.context.partition = Some(partition))
    }

    /// Says how many times it was tried, the last time included.
    #[must_use]
    pub fn with_attempts(self, attempts: u32) -> Self {
        self.change(|inner| inner.context.attempts = Some(attempts))
    }

    /// Gives the cause.
    #[must_use]
    pub fn with_source(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.change(|inner| inner.source = Some(Arc::new(source)))
    }

    /// Says what to do about it.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.change(|inner| inner.hint = Some(hint.into()))
    }

    /// Says whether the request may have taken effect.
    #[must_use]
    pub fn with_possibly_written(self, possibly: bool) -> Self {
        self.change(|inner| inner.possibly_written = Some(possibly))
    }

    /// For a request whose effect nobody asks about, such as a handshake's.
    pub(crate) fn without_effect(self) -> Self {
        self.change(|inner| inner.possibly_written = None)
    }

    /// Puts `before` in front of the text, whose context stays.
    pub(crate) fn said_of(self, before: &str) -> Self {
        let kind = *self.kind();
        self.change(|inner| {
            let text = inner.message.take();
            let text = text.as_deref().unwrap_or_else(|| kind.default_message());
            inner.message = Some(format!("{before}: {text}").into());
        })
    }

    /// Whether it says what to do.
    pub(crate) fn has_hint(&self) -> bool {
        self.0.hint.is_some()
    }

    /// Copies first when clones share it, so that they stay as they are.
    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

/// To what a reader cares about: what is left of a deadline comes in
/// nanoseconds.
fn rounded(duration: Duration) -> Duration {
    let step_ms = if duration < Duration::from_secs(1) {
        1
    } else {
        10
    };
    let ms = duration.as_micros().saturating_add(step_ms * 500) / (step_ms * 1000) * step_ms;
    Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX))
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<&BrokerAddress> for BrokerAddress {
    fn from(address: &BrokerAddress) -> Self {
        address.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn one_pointer_shared_between_threads() {
        fn shared<T: Clone + Send + Sync + 'static>() {}
        shared::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Option<Error>>(), size_of::<usize>());
    }

    #[test]
    fn a_changed_clone_leaves_the_original() {
        let first = Error::timeout("no answer", Duration::from_secs(1));
        let second = first.clone().with_topic("orders").with_partition(1);
        assert_eq!(first.context().topic(), None);
        assert_eq!(second.context().topic(), Some("orders"));
        assert_eq!(second.context().partition(), Some(1));
    }

    #[test]
    fn the_source_is_there_with_its_type() {
        let error = Error::new(ErrorKind::Connect)
            .with_source(io::Error::from(io::ErrorKind::ConnectionRefused));
        let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(source.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn unknown_whether_written_counts_as_not() {
        assert!(!Error::new(ErrorKind::Timeout).possibly_written());
        assert!(
            Error::new(ErrorKind::Timeout)
                .with_possibly_written(true)
                .possibly_written()
        );
    }
}
