//! Futures dropped at some await.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Polls a future at most `polls` times and then drops it, wherever it stands.
///
/// Resolves with its output, or with `None` when it was dropped while it waited. With the
/// number of polls drawn from a seed, every await is reached sooner or later.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use kafka_sim::drop_after_polls;
///
/// assert_eq!(drop_after_polls(1, async { 7 }).await, Some(7));
/// assert_eq!(drop_after_polls(3, tokio::task::yield_now()).await, Some(()));
/// assert_eq!(drop_after_polls(1, tokio::task::yield_now()).await, None);
/// # }
/// ```
pub fn drop_after_polls<F: Future>(polls: u32, future: F) -> DropAfterPolls<F> {
    DropAfterPolls {
        future: Some(Box::pin(future)),
        polls,
    }
}

/// See [`drop_after_polls`].
pub struct DropAfterPolls<F> {
    future: Option<Pin<Box<F>>>,
    polls: u32,
}

impl<F: Future> Future for DropAfterPolls<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.future else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        self.polls = self.polls.saturating_sub(1);
        if self.polls == 0 {
            self.future = None;
            return Poll::Ready(None);
        }
        Poll::Pending
    }
}
