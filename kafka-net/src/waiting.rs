use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::{Error, ErrorKind};

/// The result of work that runs on the client's runtime, under a deadline that
/// the runtime watches.
///
/// Holds a waker and no timer, so it may be polled anywhere. The work runs
/// whether this is polled or not. Dropping it drops the work, unless
/// [`Waiting::keep_running`] was called. When the runtime shuts down before the
/// work is done, it resolves with [`ErrorKind::Closed`].
#[must_use = "dropping it drops the work"]
pub struct Waiting<T> {
    state: State<T>,
}

enum State<T> {
    Ready(Result<T, Error>),
    Running {
        result: oneshot::Receiver<Result<T, Error>>,
        work: AbortHandle,
        abort_on_drop: bool,
    },
    Taken,
}

impl<T> Waiting<T> {
    /// Resolves with `result` when first polled.
    pub fn ready(result: Result<T, Error>) -> Self {
        Self {
            state: State::Ready(result),
        }
    }

    pub(crate) fn on(result: oneshot::Receiver<Result<T, Error>>, work: AbortHandle) -> Self {
        Self {
            state: State::Running {
                result,
                work,
                abort_on_drop: true,
            },
        }
    }

    /// Lets the work go on when this is dropped.
    pub fn keep_running(mut self) -> Self {
        if let State::Running { abort_on_drop, .. } = &mut self.state {
            *abort_on_drop = false;
        }
        self
    }

    /// Lets the work go on, to its end or its deadline, without waiting for it.
    pub fn detach(self) {
        drop(self.keep_running());
    }
}

impl<T> Future for Waiting<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let State::Running { result, .. } = &mut this.state {
            let result = ready!(Pin::new(result).poll(cx));
            this.state = State::Taken;
            return Poll::Ready(result.unwrap_or_else(|_| Err(runtime_gone())));
        }
        match std::mem::replace(&mut this.state, State::Taken) {
            State::Ready(result) => Poll::Ready(result),
            _ => Poll::Ready(Err(polled_after_end())),
        }
    }
}

// The result is moved out whole; nothing in here is ever pinned in place.
impl<T> Unpin for Waiting<T> {}

impl<T> Drop for Waiting<T> {
    fn drop(&mut self) {
        if let State::Running {
            work,
            abort_on_drop: true,
            ..
        } = &self.state
        {
            work.abort();
        }
    }
}

impl<T> fmt::Debug for Waiting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Ready(_) => "Waiting(ready)",
            State::Running { .. } => "Waiting(running)",
            State::Taken => "Waiting(taken)",
        })
    }
}

#[cold]
pub(crate) fn runtime_gone() -> Error {
    Error::closed("the runtime that the client was built on")
}

#[cold]
pub(crate) fn polled_after_end() -> Error {
    Error::new(ErrorKind::InvalidArgument).with_message("the future was polled after its end")
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::task::yield_now;

    use super::*;
    use crate::Environment;
    use crate::clock::now;

    /// Work that never ends, and the proof of whether it is still there.
    fn endless() -> (Waiting<()>, Arc<()>) {
        let env = Environment::system().unwrap();
        let alive = Arc::new(());
        let held = alive.clone();
        let waiting = env.within(
            now() + Duration::from_secs(60),
            || Error::config("late"),
            async move {
                let _held = held;
                pending().await
            },
        );
        (waiting, alive)
    }

    #[tokio::test(start_paused = true)]
    async fn dropping_it_drops_the_work() {
        let (waiting, alive) = endless();
        yield_now().await;
        assert_eq!(Arc::strong_count(&alive), 2);
        drop(waiting);
        yield_now().await;
        assert_eq!(Arc::strong_count(&alive), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn detached_work_goes_on_until_its_deadline() {
        let (waiting, alive) = endless();
        waiting.detach();
        tokio::time::sleep(Duration::from_secs(59)).await;
        assert_eq!(Arc::strong_count(&alive), 2);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(Arc::strong_count(&alive), 1);
    }

    #[tokio::test]
    async fn polled_after_its_end_it_does_not_panic() {
        let mut waiting = Waiting::ready(Ok(1));
        assert_eq!((&mut waiting).await.unwrap(), 1);
        assert!((&mut waiting).await.is_err());
        let env = Environment::system().unwrap();
        let deadline = now() + Duration::from_secs(1);
        let mut waiting = env.within(deadline, || Error::config("late"), async { Ok(2) });
        assert_eq!((&mut waiting).await.unwrap(), 2);
        assert!((&mut waiting).await.is_err());
    }
}
