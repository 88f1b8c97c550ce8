//! Futures that are polled a few times and then dropped.

use std::pin::Pin;
use std::task::{Context, Poll};

/// More polls than any future needs whose awaits are counted here: one that is
/// not done by then is stuck.
const MOST_POLLS: usize = 200;

/// Polls `future` at most `polls` times, each time after it was woken, and
/// drops it if it has not completed by then. `None`: it was dropped.
pub async fn polled<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    Limited {
        future: Some(Box::pin(future)),
        left: polls,
    }
    .await
}

/// Runs `case` with 0, 1, 2, … polls until what it polls completes: so its
/// future is dropped once at every await. `case` returns whether it completed,
/// having checked that nothing was lost and nothing is stuck.
///
/// Returns at how many awaits it was dropped: at least one, the future that was
/// never polled.
///
/// # Errors
/// What `case` found, with the number of polls; that it never completed.
pub async fn at_every_await<E: std::fmt::Display>(
    what: &str,
    mut case: impl AsyncFnMut(usize) -> Result<bool, E>,
) -> Result<usize, String> {
    for polls in 0..MOST_POLLS {
        let completed = case(polls)
            .await
            .map_err(|error| format!("{what}, dropped after {polls} polls: {error}"))?;
        if completed {
            return Ok(polls);
        }
    }
    Err(format!("{what} did not complete within {MOST_POLLS} polls"))
}

struct Limited<F> {
    future: Option<Pin<Box<F>>>,
    left: usize,
}

impl<F: Future> Future for Limited<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.left > 0 {
            this.left -= 1;
            let polled = this.future.as_mut().map(|future| future.as_mut().poll(cx));
            if let Some(Poll::Ready(output)) = polled {
                return Poll::Ready(Some(output));
            }
        }
        if this.left == 0 {
            this.future = None;
            return Poll::Ready(None);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    async fn three_awaits(reached: &Cell<usize>) {
        for step in 1..=3 {
            tokio::task::yield_now().await;
            reached.set(step);
        }
    }

    #[tokio::test]
    async fn it_is_dropped_once_at_each_await() {
        let mut steps = Vec::new();
        let completed = at_every_await("three awaits", async |polls| {
            let reached = Cell::new(0);
            let done = polled(polls, three_awaits(&reached)).await.is_some();
            steps.push(reached.get());
            Ok::<_, String>(done)
        });
        assert_eq!(completed.await, Ok(4));
        assert_eq!(steps, [0, 0, 1, 2, 3]);
    }

    #[tokio::test]
    async fn what_never_completes_and_what_fails_is_told() {
        let busy = async |polls| {
            Ok::<_, String>(
                polled(polls, async {
                    loop {
                        tokio::task::yield_now().await
                    }
                })
                .await
                .is_some(),
            )
        };
        assert!(
            at_every_await("busy", busy)
                .await
                .unwrap_err()
                .contains("did not complete")
        );
        let failing = async |polls| if polls == 2 { Err("lost") } else { Ok(false) };
        assert_eq!(
            at_every_await("failing", failing).await.unwrap_err(),
            "failing, dropped after 2 polls: lost"
        );
    }
}
